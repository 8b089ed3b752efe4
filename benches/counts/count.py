"""Instructions that the kernels of kernels.rs take, beside those on record.

usage: count.py [--record]

Counts do not depend on how busy the machine is, and little on which it is: valgrind, which counts, shows programs the
same processor everywhere, with AVX2 and without AVX-512. They do depend on the compiler, whose version stands in the
record: what another one compiled may be further off. --record writes what is counted now into counts.json.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv-processors"
RECORD = Path(__file__).with_name("counts.json")
PROGRAM = ROOT / "target/release/examples/counts"
# Shares of the recorded count by which one may be off: with the compiler of the record, and with another.
MARGIN, MARGIN_OF_OTHERS = 0.03, 0.15


def lacking():
    """Why nothing can be counted here; None if it can."""
    if not (TOOLS / "valgrind").exists():
        reason = TOOLS / "reason"
        return reason.read_text().strip() if reason.exists() else "make test fetches valgrind, and has not yet"
    flags = Path("/proc/cpuinfo").read_text() if platform.machine() == "x86_64" else ""
    return None if re.search(r"\bavx2\b", flags) and re.search(r"\bfma\b", flags) else "the processor lacks AVX2 or FMA"


def compiler():
    return subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def count(kernel):
    """Instructions inside `under_count`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [TOOLS / "valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*under_count*",
                   f"--callgrind-out-file={folder}/out", PROGRAM, kernel]
        done = subprocess.run(command, env={**os.environ, "VALGRIND_LIB": str(TOOLS / "valgrind-lib")},
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{kernel} under valgrind ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return int(re.search(r"^totals: (\d+)", (Path(folder) / "out").read_text(), re.MULTILINE).group(1))


def counts():
    """Counts of all kernels, by name."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--example", "counts"], cwd=ROOT, check=True)
    names = subprocess.run([PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(names, pool.map(count, names)))


def recorded():
    return json.loads(RECORD.read_text())


def differences(now, record, margin):
    """A line for each kernel whose count is off by more than the margin, or that only one of both has."""
    lines = []
    for name in sorted({*now, *record}):
        new, old = now.get(name), record.get(name)
        if new is None or old is None:
            lines.append(f"{name}: {'on record' if new is None else 'counted'} alone")
        elif abs(new / old - 1) > margin:
            lines.append(f"{name}: {old} on record, {new} now, {new / old:.3f} times as many")
    return lines


def main():
    why = lacking()
    if why:
        sys.exit(f"no instructions counted: {why}")
    now = counts()
    if sys.argv[1:] == ["--record"]:
        RECORD.write_text(json.dumps({"compiler": compiler(), "instructions": now}, indent=2) + "\n")
    record = recorded()["instructions"]
    for name, new in now.items():
        old = record.get(name)
        print(f"{name:12} {new:12}" + (f" {new / old:7.3f} of the record" if old else ""))


if __name__ == "__main__":
    main()
