"""Processor time of a full neighbour list beside vesin's, both indices and the vector of each pair, on one thread. Run by `make bench`.

Random ions with a hard core of 0.9, N = 8,000, in a cubic periodic box, neighbours within 5. The two programs take turns; each
figure is the median of several warm repetitions.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from vesin import NeighborList

from against_dscribe import COSTS, N, REPETITIONS, random_ions, write_dump

CUTOFF = 5.0


def main():
    rng = np.random.default_rng(1)
    print("| density | vesin, us per ion | ionscape, us per ion | ratio | neighbours |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "ions.lammpstrj"
        for density in (0.02, 0.1, 0.4):
            length, positions = random_ions(rng, density)
            write_dump(dump, length, positions, np.repeat([1, 2], N // 2))
            box = np.eye(3) * length
            search = NeighborList(cutoff=CUTOFF, full_list=True)
            theirs, ours = [], []
            for repetition in range(REPETITIONS + 1):
                began = time.process_time()
                i, j, vectors = search.compute(points=positions, box=box, periodic=True, quantities="ijD")
                # The first run of a program is not warm.
                if repetition > 0:
                    theirs.append(1e6 * (time.process_time() - began) / N)
                    out = subprocess.run([*COSTS, "neighbors", dump, str(CUTOFF)], check=True, capture_output=True)
                    ours.append(float(out.stdout))
            a, b = statistics.median(theirs), statistics.median(ours)
            print(f"| {density} | {a:.2f} | {b:.2f} | {a / b:.2f} | {len(i) / N:.1f} |", flush=True)


if __name__ == "__main__":
    main()
