"""Time and memory of conductivity/atom in LAMMPS against the number of ions and of ranks.

usage: scaling.py [LARGEST [DUMP]], in .venv; the largest system has a million ions, DUMP 400 ions of density 0.1

One configuration is replicated: `run 0` evaluates it once. Time is the compute's own, per ion and times the
ranks, the median over evaluations.
Memory is the peak of each rank's resident set, with the compute less without it, and altogether.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MODEL = ROOT / "examples/models/electrolyte.onnx"
DUMP = ROOT / "examples/campaign/data/r0.1_l5/snapshots.lammpstrj.zst"
COPIES = {10_000: (5, 5, 1), 20_000: (5, 5, 2), 100_000: (5, 5, 10), 200_000: (5, 10, 10), 1_000_000: (10, 10, 25)}
EVALUATIONS = 5

SCRIPT = """
units lj
atom_style atomic
region box block 0 {length} 0 {length} 0 {length}
create_box 2 box
mass * 1
pair_style zero 4.0
pair_coeff * *
neighbor 0.5 bin
comm_modify cutoff 7.5
read_dump {dump} {step} x y z box yes add yes
replicate {copies}
plugin load {plugin}
{compute}
thermo_style custom step {column}
"""

# A rank, and what it held at most.
RANK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True, close_fds=False)
print(done.stdout, "PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, flush=True)
sys.exit(done.returncode)
"""


def frame(folder):
    """Writes the first frame as plain text; its step and its box length."""
    dump = sys.argv[2] if len(sys.argv) > 2 else DUMP
    subprocess.run([ROOT / "target/release/ionscape", "predict", MODEL, dump, "-o", folder / "all"], check=True,
                   capture_output=True)
    lines = (folder / "all").read_text().splitlines()
    n = int(lines[3])
    if n != 400:
        sys.exit(f"{dump} has {n} atoms, not 400")
    (folder / "frame").write_text("\n".join(lines[: 9 + n]) + "\n")
    low, high = map(float, lines[5].split())
    return int(lines[1]), high - low


def run(folder, n, ranks, compute, step, length):
    """Microseconds for each ion in every evaluation, and the peak of each rank in bytes."""
    words = {"dump": "frame", "step": step, "length": length, "copies": " ".join(map(str, COPIES[n])),
             "plugin": ROOT / "target/release/ionscapeplugin.so"}
    command = f"compute lam all conductivity/atom {MODEL} cation anion threads 1" if compute else ""
    script = SCRIPT.format(compute=command, column="c_lam" if compute else "atoms", **words)
    # Every run lays new ghosts and lists.
    (folder / "in.scaling").write_text(script + "run 0\n" * EVALUATIONS)
    program = [sys.executable, "-c", RANK, lammps(), "-in", "in.scaling", "-log", "none"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(VENV / "lib"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([VENV / "bin/mpiexec", "-n", str(ranks), *program], cwd=folder, env=environment,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    times = [float(t) for t in re.findall(r"([0-9.e+-]+) microseconds per ion", done.stdout)]
    return times, [float(p) for p in re.findall(r"PEAK (\S+)", done.stdout)], done.stdout


def lammps():
    """The program itself, without the Python that starts it."""
    ask = "import os, lammps.executable as e; print(os.path.join(e.ROOT_DIR, 'lmp'))"
    return subprocess.run([VENV / "bin/python", "-c", ask], capture_output=True, text=True, check=True).stdout.split()[-1]


def main():
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        step, length = frame(folder)
        print(f"{'ions':>9} {'ranks':>5} {'us/ion':>8} {'spread':>7} {'bytes/ion':>10} {'without':>8} {'MB a rank':>10}")
        for n in (n for n in COPIES if n <= largest):
            for ranks in (1, 2):
                times, peaks, screen = run(folder, n, ranks, True, step, length)
                if len(times) != EVALUATIONS:
                    sys.exit(f"{len(times)} evaluations are reported:\n{screen[-3000:]}")
                _, without, _ = run(folder, n, ranks, False, step, length)
                spread = max(times) - min(times)
                print(f"{n:9} {ranks:5} {statistics.median(times):8.2f} {spread:7.2f} {(sum(peaks) - sum(without)) / n:10.0f} "
                      f"{sum(without) / n:8.0f} {max(peaks) / 1e6:10.1f}", flush=True)


main()
