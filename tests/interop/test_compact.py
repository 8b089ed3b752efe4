"""The `compact` descriptor equals its formulas, written down with scipy's spherical harmonics."""

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest

special = pytest.importorskip("scipy.special")

ROOT = Path(__file__).resolve().parents[2]
DUMPS = ROOT / "tests/reference/dscribe"
PROGRAM = ROOT / "target/release/ionscape"


def read_dump(path):
    """Cell (rows are vectors), types and positions in id order."""
    lines = path.read_text().splitlines()
    low, high, *tilt = np.array([line.split() for line in lines[5:8]], float).T
    xy, xz, yz = tilt[0] if tilt else np.zeros(3)
    lx, ly, lz = high - low - [max(0, xy, xz, xy + xz) - min(0, xy, xz, xy + xz), abs(yz), 0]
    names = lines[8].split()[2:]
    atoms = dict(zip(names, np.array([line.split() for line in lines[9:]], float).T))
    order = np.argsort(atoms["id"])
    positions = np.stack([atoms[axis] for axis in "xyz"], axis=1)
    return np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]]), atoms["type"][order], positions[order]


def features(cell, types, positions, cutoff, n_max, l_max, switching):
    """`[n_ions, n_features]`, every image of every ion looked at."""
    # Heights of the cell: as many images as the cutoff reaches over.
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    reach = [range(-int(cutoff // h) - 1, int(cutoff // h) + 2) for h in heights]
    shifts = np.array(list(itertools.product(*reach))) @ cell
    l = np.repeat(np.arange(l_max + 1), 2 * np.arange(l_max + 1) + 1)
    m = np.concatenate([np.arange(-k, k + 1) for k in range(l_max + 1)])
    rows = []
    for i, center in enumerate(positions):
        expansion = []
        for like in (True, False):
            d = (positions[(types == types[i]) == like][:, None] + shifts - center).reshape(-1, 3)
            r = np.linalg.norm(d, axis=1)
            d, r = d[(r > 1e-9) & (r < cutoff)], r[(r > 1e-9) & (r < cutoff)]
            x = np.clip((r - cutoff + switching) / switching, 0, 1)
            weight = 1 - 10 * x**3 + 15 * x**4 - 6 * x**5
            n = np.arange(1, n_max + 1)[:, None]
            radial = np.sqrt(2 / cutoff) * np.sin(n * np.pi * r / cutoff) / r * weight
            theta, phi = np.arccos(d[:, 2] / r), np.arctan2(d[:, 1], d[:, 0])
            # Complex harmonics: their invariants are those of the real ones.
            y = special.sph_harm_y(l[:, None], m[:, None], theta, phi)
            expansion.append(radial @ y.T)
        row = []
        for a, b in [(0, 0), (0, 1), (1, 1)]:
            for degree in range(l_max + 1):
                p = (expansion[a][:, l == degree] @ expansion[b][:, l == degree].conj().T).real
                p *= np.pi * np.sqrt(8 / (2 * degree + 1))
                row.append(p[np.triu_indices(n_max)] if a == b else p.ravel())
        rows.append(np.concatenate(row))
    return np.array(rows)


@pytest.mark.parametrize("case", ["cubic", "triclinic", "small", "dilute"])
@pytest.mark.parametrize("cutoff, n_max, l_max, switching", [(5.0, 6, 5, 2.0), (6.5, 8, 3, 6.5), (3.0, 4, 9, 0.5)])
def test_features_are_those_of_the_formulas(case, cutoff, n_max, l_max, switching, tmp_path):
    options = ["--convention", "compact", "--cutoff", cutoff, "--n-max", n_max, "--l-max", l_max]
    options += ["--switching", switching, "--cation", 1, "--anion", 2, "-o", tmp_path / "f.npy"]
    dump = DUMPS / f"{case}.lammpstrj"
    subprocess.run([PROGRAM, "featurize", dump, *map(str, options)], check=True, timeout=60)
    found, expected = np.load(tmp_path / "f.npy"), features(*read_dump(dump), cutoff, n_max, l_max, switching)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * abs(expected).max())
