"""What `ionscape analyze` takes: CPU time on one thread and memory, by number of frames and of ions.

    python benches/analysis.py [FRAMES IONS]...        by default 1000 8000, and half of either

Ions walk in a periodic box at a density of 0.1, with a field that follows a wave in space and a memory of its own. Correlation
in space to r = 6, course in time, structure factor, states and coordination within 1.6: everything but a model's reasons.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

PROGRAM = Path(__file__).parents[1] / "target/release/ionscape"
DENSITY, RADIUS, DISTANCE = 0.1, 6.0, 1.6


def write(path, frames, ions):
    random = np.random.default_rng(1)
    side = (ions / DENSITY) ** (1 / 3)
    x = random.random((ions, 3)) * side
    own = random.normal(size=ions)
    kinds = np.repeat([1, 2], [ions // 2, ions - ions // 2])
    ids = np.arange(1, ions + 1)
    with open(path, "w") as out:
        for t in range(frames):
            field = 1.0 + 0.2 * np.sin(2 * np.pi * x[:, 0] / side) + 0.1 * own
            out.write(f"ITEM: TIMESTEP\n{100 * t}\nITEM: NUMBER OF ATOMS\n{ions}\nITEM: BOX BOUNDS pp pp pp\n")
            out.write(f"0 {side!r}\n" * 3 + "ITEM: ATOMS id type q x y z c_lam[1] c_lam[2] c_lam[3]\n")
            np.savetxt(
                out,
                np.column_stack([ids, kinds, 3 - 2 * kinds, x, field, np.full(ions, 0.1), np.full(ions, 0.5)]),
                "%d %d %d %.6g %.6g %.6g %.6f %.2f %.2f",
            )
            x = (x + 0.1 * random.normal(size=x.shape)) % side
            own = 0.9 * own + np.sqrt(1 - 0.9**2) * random.normal(size=ions)


def measure(frames, ions):
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "dump"
        write(dump, frames, ions)
        command = [PROGRAM, "--threads", "1", "analyze", dump, "--radius", str(RADIUS), "--pair-distance", str(DISTANCE)]
        # In a process of its own, whose children's largest memory is this one's.
        script = (
            "import json, resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
            "u = resource.getrusage(resource.RUSAGE_CHILDREN);"
            "print(json.dumps([u.ru_utime + u.ru_stime, u.ru_maxrss / 1024]))"
        )
        run = subprocess.run([sys.executable, "-c", script, *map(str, command)], check=True, capture_output=True, text=True)
        seconds, megabytes = json.loads(run.stdout)
        size = os.path.getsize(dump) / 1e6
    per = 1e6 * seconds / (frames * ions)
    print(f"{frames:>7} frames  {ions:>7} ions  {size:>7.0f} MB  {seconds:>7.1f} s  {per:>6.2f} us an ion and frame  {megabytes:>6.0f} MB of memory")


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    cases = list(zip(numbers[::2], numbers[1::2])) or [(1000, 8000), (500, 8000), (1000, 4000)]
    for frames, ions in cases:
        measure(frames, ions)
