"""Processor time and memory of `ionscape transport`. Run by `make bench`.

10,000 frames of 1,000 ions, the whole program with reading on one thread; the median of several repetitions after a
warm one.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = "target/release/ionscape"
FRAMES, IONS = 10_000, 1000
REPETITIONS = 5


def main():
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "run.lammpstrj"
        costs = ["cargo", "bench", "--locked", "--quiet", "--bench", "costs", "--"]
        subprocess.run([*costs, "write", dump, str(FRAMES), str(IONS)], check=True)
        command = [PROGRAM, "--threads", "1", "transport", dump, "--units", "lj", "--temperature", "1"]
        command += ["--timestep", "0.005", "--cation", "1", "--anion", "2"]
        seconds, memory = [], 0
        for _ in range(REPETITIONS + 1):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            if status != 0:
                sys.exit("ionscape transport failed")
            seconds.append(usage.ru_utime + usage.ru_stime)
            memory = max(memory, usage.ru_maxrss)
        size = dump.stat().st_size / 1e6
    print(
        f"ionscape transport, {FRAMES} frames x {IONS} ions, {size:.0f} MB of text, one thread: "
        f"{statistics.median(seconds[1:]):.2f} s of processor time with reading, {memory / 1024:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
