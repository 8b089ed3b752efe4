"""Random settings, cells and ions."""

import numpy as np

from . import descriptor
from .frames import Frame

# About as many neighbours as the slow sums can take.
MOST_NEIGHBORS = 90


def settings(rng):
    """Parameters of a descriptor, as they stand in a model file."""
    l_max = int(rng.choice(10, p=WEIGHTS_OF_DEGREES))
    out = {"kind": "soap-power-spectrum", "n_max": int(rng.integers(1, 9)), "l_max": l_max}
    if rng.random() < 0.5:
        out |= {"convention": "compact", "cutoff": rng.uniform(0.5, 8.0), "n_max": int(rng.integers(1, 17))}
        return out | {"switching": out["cutoff"] * rng.choice([1.0, rng.uniform(0.05, 1.0)])}
    out |= {"convention": "dscribe-gto", "cutoff": rng.uniform(1.5, 7.0), "sigma": rng.uniform(0.2, 1.2)}
    # The table of radial functions is right to 1e-11 of their largest magnitude without the Gaussian that they share,
    # which high degrees have at the reach. Near by, that can be more than 1e-9 of features beyond degree 7 or with one
    # function.
    out |= {"n_max": max(out["n_max"], 2), "l_max": min(out["l_max"], 7)}
    # Functions that are too alike have no inverse root in double precision.
    while rounding(descriptor.radial(out)) > 1e-7:
        out["n_max" if out["n_max"] > 2 else "l_max"] -= 1
    return out


# High degrees cost time and are the same code.
WEIGHTS_OF_DEGREES = np.array([4, 4, 4, 4, 4, 4, 2, 1, 1, 2]) / 30


def rounding(part):
    """By how much features may differ relative to the largest, wherever ions are.

    That is what the contract with DScribe allows, and what double precision leaves of an inverse root.
    """
    if isinstance(part, descriptor.Compact):
        return 1e-11
    return 1e-9 + descriptor.EPSILON * part.condition


def cell(rng, volume):
    """Vectors of a cell and how the dump writes them."""
    shape = np.exp(rng.normal(0, 0.35, 3))
    edges = shape * (volume / shape.prod()) ** (1 / 3)
    kind = rng.choice(["orthogonal", "triclinic", "leaning", "general"], p=[0.35, 0.35, 0.15, 0.15])
    vectors = np.diag(edges)
    if kind in ("triclinic", "leaning"):
        # LAMMPS flips boxes that lean by more than half, unless it is told not to.
        most = 0.5 if kind == "triclinic" else 3.0
        vectors[1, 0], vectors[2, 0] = rng.uniform(-most, most, 2) * edges[0]
        vectors[2, 1] = rng.uniform(-most, most) * edges[1]
    if kind == "general":
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        vectors = (vectors + np.tril(rng.uniform(-0.5, 0.5, (3, 3)), -1) * edges) @ turn
    return vectors, "general" if kind == "general" else "lammps"


def frame(rng, reach, types, n=None):
    """Ions of random types in a cell, with as many neighbours within reach as the slow sums can take."""
    n = n or int(rng.integers(1, 41))
    neighbors = np.exp(rng.uniform(np.log(0.3), np.log(MOST_NEIGHBORS)))
    vectors, box = cell(rng, n / neighbors * 4 / 3 * np.pi * reach**3)
    origin = rng.choice([0.0, 1.0, 100.0]) * rng.normal(size=3) * reach
    whole = rng.random((n, 3))
    if rng.random() < 0.05:
        # Almost all of the cell is empty: some ions in a box up to a million times as wide.
        width = 10 ** rng.uniform(1, 5) * np.linalg.norm(vectors, axis=1).max()
        whole = rng.random(3) + whole @ vectors / width
        vectors, box = np.eye(3) * width, "lammps"
    if rng.random() < 0.2:
        # On faces, edges and corners.
        whole = np.where(rng.random((n, 3)) < 0.2, rng.integers(0, 2, (n, 3)), whole)
    if rng.random() < 0.3:
        whole += rng.integers(-3, 4, (n, 3))
    periodic = (True,) * 3 if rng.random() < 0.75 else tuple(rng.random(3) < 0.5)
    return Frame(
        vectors=vectors,
        types=rng.integers(1, types + 1, n),
        positions=origin + whole @ vectors,
        origin=origin,
        periodic=periodic,
        ids=rng.permutation(3 * n)[:n] + 1,
        box=box,
        coordinates=str(rng.choice(["x", "xu", "xs", "xsu"])),
    )


def exactness(part, frame, depths):
    """By how much features of each ion may differ relative to its largest: rounding of radial functions, and of places.

    `depths` say how far within reach the nearest neighbours are: with `compact`, a weight near its end is as inexact as
    the small distance from there.
    """
    place = 16 * descriptor.EPSILON * max(frame.extent(), part.reach)
    narrowest = part.narrowest()
    if isinstance(part, descriptor.Compact):
        narrowest = np.minimum(narrowest, np.maximum(depths, 1e-300) / 3)
    return rounding(part) + place * (part.l_max + 1) / narrowest * np.ones(len(depths))
