"""Processor time of the descriptor beside DScribe's, at equal results, on one thread. Run by `make bench`.

Random ions with a hard core of 0.9, half of them cations, N = 8,000, in a cubic periodic box; cutoff 5, n_max 6,
l_max 5. The two programs take turns; each figure is the median of several warm repetitions.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from dscribe.descriptors import SOAP

N = 8000
REPETITIONS = 3


def random_ions(rng, density):
    """Box length and positions, no two (periodic) closer than 0.9."""
    length = (N / density) ** (1 / 3)
    # Cells of the size of the core: only the 27 around a newcomer can hold one that is too close.
    n_cells = int(length / 0.9)
    cells, positions = {}, []
    while len(positions) < N:
        p = rng.random(3) * length
        home = np.minimum((p / length * n_cells).astype(int), n_cells - 1)
        around = [tuple((home + [i, j, k]) % n_cells) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
        near = [q for c in around for q in cells.get(c, ())]
        if near:
            d = np.array(near) - p
            d -= length * np.round(d / length)
            if (d**2).sum(1).min() < 0.81:
                continue
        cells.setdefault(tuple(home), []).append(p)
        positions.append(p)
    return length, np.array(positions)


def write_dump(path, length, positions, types):
    rows = "".join(f"{i + 1} {t} {x!r} {y!r} {z!r}\n" for i, (t, (x, y, z)) in enumerate(zip(types, positions.tolist())))
    bounds = f"0 {length!r}\n" * 3
    path.write_text(
        f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{N}\nITEM: BOX BOUNDS pp pp pp\n{bounds}"
        f"ITEM: ATOMS id type x y z\n{rows}"
    )


def dscribe_features(soap, length, positions, types):
    out = np.empty((N, soap.get_number_of_features()))
    for kind in (1, 2):
        atoms = Atoms(np.where(types == kind, "H", "He"), positions=positions, cell=[length] * 3, pbc=True)
        centers = np.flatnonzero(types == kind)
        out[centers] = soap.create(atoms, centers=centers.tolist())
    return out


COSTS = ["cargo", "bench", "--locked", "--quiet", "--bench", "costs", "--"]
PROGRAM = "target/release/ionscape"


def main():
    rng = np.random.default_rng(1)
    print("| density | sigma | DScribe, us per ion | ionscape, us per ion | ratio | largest difference |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        dump, npy = Path(folder) / "ions.lammpstrj", Path(folder) / "features.npy"
        for density in (0.02, 0.1, 0.4):
            length, positions = random_ions(rng, density)
            types = rng.permutation(np.repeat([1, 2], N // 2))
            write_dump(dump, length, positions, types)
            for sigma in (0.5, 1.0):
                soap = SOAP(species=["H", "He"], r_cut=5.0, n_max=6, l_max=5, sigma=sigma, rbf="gto", periodic=True)
                theirs, ours = [], []
                for _ in range(REPETITIONS):
                    began = time.process_time()
                    expected = dscribe_features(soap, length, positions, types)
                    theirs.append(1e6 * (time.process_time() - began) / N)
                    out = subprocess.run([*COSTS, "descriptor", dump, str(sigma)], check=True, capture_output=True)
                    ours.append(float(out.stdout))
                options = ["--sigma", str(sigma), "--cation", "1", "--anion", "2"]
                subprocess.run([PROGRAM, "featurize", dump, "-o", npy, *options], check=True)
                difference = np.abs(np.load(npy) - expected).max() / np.abs(expected).max()
                a, b = statistics.median(theirs), statistics.median(ours)
                print(f"| {density} | {sigma} | {a:.1f} | {b:.2f} | {a / b:.1f} | {difference:.0e} |", flush=True)


if __name__ == "__main__":
    main()
