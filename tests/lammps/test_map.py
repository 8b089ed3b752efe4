"""`ionscape analyze --map` has the chunks that LAMMPS has of the same run."""

import json

import numpy as np
import pytest

import harness
from electrolyte import DUMP, compute, setup

# One average over all samples of the run: `ave running` is a mean of the samples' own means, however many ions each has.
CHUNKS = """
dump_modify d delay 5
group ions type 1 2
compute bins ions chunk/atom bin/1d z lower 0.25 units reduced
fix bins ions ave/chunk 5 {samples} {steps} bins c_lam[1] norm all ave one file bins.txt
compute grid ions chunk/atom bin/2d x lower 0.25 y lower 0.2 units reduced
fix grid ions ave/chunk 5 {samples} {steps} grid c_lam[1] norm all ave one file grid.txt
thermo_style custom step pe c_lam
"""

NPT = """
unfix nve
unfix limit
fix npt all npt temp 1.0 1.0 0.2 x 6 6 0.4 y 2 2 0.4 z 4 4 0.4
"""


def last_chunks(path):
    """Rows of the last step of a file of fix ave/chunk: chunk, places, ions, mean."""
    lines = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    n = int(lines[0][1])
    return np.array(lines[-n:], float)


@pytest.mark.parametrize("data, more, steps", [("ions.data", "", 40), ("tilted.data", "", 40), ("ions.data", NPT, 200)])
@pytest.mark.parametrize("ranks", [1, 2])
def test_maps_are_those_of_fix_ave_chunk(lammps, data, more, steps, ranks):
    chunks = CHUNKS.format(samples=steps // 5, steps=steps)
    done = lammps(setup(data) + more + compute() + DUMP + chunks + f"run {steps}\n", ranks=ranks)
    dump, out = done.folder / "out.lammpstrj", done.folder / "map.json"
    for file, axes, bins in [("bins.txt", "z", "4"), ("grid.txt", "xy", "4,5")]:
        harness.ionscape("analyze", dump, "--map", axes, "--map-bins", bins, "--json", out)
        found, chunks = json.loads(out.read_text())["map"]["values"], last_chunks(done.folder / file)
        assert len(found) == len(chunks)
        # LAMMPS writes six digits.
        np.testing.assert_allclose([v["ions"][0] for v in found], chunks[:, -2], rtol=1e-5)
        np.testing.assert_allclose([v["mean"][0] for v in found], chunks[:, -1], rtol=1e-5)
    if more:
        lines = dump.read_text().splitlines()
        bounds = [lines[at + 1 : at + 4] for at, line in enumerate(lines) if line.startswith("ITEM: BOX")]
        lengths = np.array([[np.ptp(np.array(line.split(), float)) for line in of_frame] for of_frame in bounds])
        assert (np.ptp(lengths, axis=0) > 0.1).all(), "the box changes along each axis"
