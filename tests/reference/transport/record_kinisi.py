"""The coefficient of current.npy by kinisi, from the displacement that is its integral, recorded in kinisi.json.

record_sportran.py says what current.npy is. The charge displacement goes to kinisi as the path of one particle in a
box that it never leaves, beside one at rest; its self-diffusion coefficient is then K. kinisi takes times for
picoseconds and lengths for angstrom: 1 cm2/s stands for 1e4 of our units.

Run: pip install kinisi==2.1.0 MDAnalysis numpy; python record_kinisi.py
"""

import json
from pathlib import Path

import MDAnalysis
import numpy as np
import scipp
from kinisi.analyze import DiffusionAnalyzer
from MDAnalysis.coordinates.memory import MemoryReader

HERE = Path(__file__).parent
SPACING = 0.05
EVERY = 10
BOX = 1e6


def main():
    np.random.seed(0)
    current = np.load(HERE / "current.npy").astype(float)
    # The current is an average over each interval: its sum is the displacement without approximation.
    path = np.vstack([np.zeros(3), np.cumsum(current, 0) * SPACING])[::EVERY]
    positions = np.full((len(path), 2, 3), BOX / 2)
    positions[:, 0] += path
    universe = MDAnalysis.Universe.empty(2, trajectory=False)
    universe.add_TopologyAttr("types", ["M", "F"])
    universe.load_new(positions, format=MemoryReader, dimensions=np.array([BOX, BOX, BOX, 90, 90, 90]))
    lags = scipp.array(dims=["time interval"], values=np.arange(1, 81) * SPACING * EVERY, unit="ps")
    analyzer = DiffusionAnalyzer.from_universe(
        universe,
        specie="M",
        time_step=scipp.scalar(SPACING, unit="ps"),
        step_skip=scipp.scalar(EVERY),
        dt=lags,
        progress=False,
    )
    results = []
    for start in (2.0, 5.0):
        analyzer.diffusion(scipp.scalar(start, unit="ps"))
        samples = 1e4 * analyzer.D.values
        results.append({"from": start, "to": 40.0, "k": samples.mean(), "error": samples.std()})
    (HERE / "kinisi.json").write_text(json.dumps(results, indent=1) + "\n")


main()
