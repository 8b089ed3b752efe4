"""Processor time of reading dumps beside OVITO and MDAnalysis, and of `ionscape transport`. Run by `make bench`.

Reading: 200 frames of 8,000 ions, `id type q xu yu zu`, as text and packed; each program opens the file and passes
through all frames, on one thread (ionscape unpacks in a second one, whose time counts as well). The programs take turns,
each figure is the median of several repetitions after a warm one, and speeds are per megabyte of unpacked text.

Transport: 10,000 frames of 1,000 ions, the whole program with reading.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COSTS = ["cargo", "bench", "--locked", "--quiet", "--bench", "costs", "--"]
PROGRAM = "target/release/ionscape"
REPETITIONS = 3


def ovito(path):
    from ovito.io import import_file

    pipeline = import_file(path)
    total = 0.0
    for frame in range(pipeline.num_frames):
        total += pipeline.compute(frame).particles.positions[0][0]
    return pipeline.num_frames


def mdanalysis(path):
    import MDAnalysis

    universe = MDAnalysis.Universe(path, topology_format="LAMMPSDUMP", format="LAMMPSDUMP")
    total, frames = 0.0, 0
    for step in universe.trajectory:
        total += step.positions[0][0]
        frames += 1
    return frames


PEERS = {"OVITO": ovito, "MDAnalysis": mdanalysis}


def time_peer(name, path, n_frames):
    """In a process of its own: seconds of processor time, median of several readings, the first not counted."""
    import warnings

    warnings.simplefilter("ignore")
    seconds = []
    for _ in range(REPETITIONS + 1):
        # MDAnalysis keeps the places of frames in a file beside the dump; each reading is a first one.
        for offsets in Path(path).parent.glob(".*_offsets.*"):
            offsets.unlink()
        began = time.process_time()
        found = PEERS[name](path)
        seconds.append(time.process_time() - began)
        if found != n_frames:
            sys.exit(f"{found} frames")
    print(statistics.median(seconds[1:]))


def run_peer(name, path, n_frames):
    """Seconds, or none where the program does not read such a file."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OVITO_THREAD_COUNT": "1"}
    command = [sys.executable, __file__, name, str(path), str(n_frames)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def version(package):
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def costs(*arguments):
    return subprocess.run([*COSTS, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def reading(folder):
    frames, ions = 200, 8000
    size = None
    print(f"\nReading dumps of {frames} frames x {ions} ions: MB of text per second of processor time")
    print("| dump | ionscape | OVITO | MDAnalysis | ionscape over OVITO | over MDAnalysis |")
    print("|---|---|---|---|---|---|")
    for ending in ("", ".gz", ".zst"):
        dump = folder / f"ions.lammpstrj{ending}"
        costs("write", dump, frames, ions)
        size = size or dump.stat().st_size / 1e6
        ours = size / float(costs("read", dump))
        theirs = [seconds and size / seconds for seconds in (run_peer(name, dump, frames) for name in PEERS)]
        missing = ["not installed" if version(name) is None else "does not read it" for name in PEERS]
        speeds = [f"{speed:.1f}" if speed else why for speed, why in zip(theirs, missing)]
        ratios = [f"{ours / speed:.1f}" if speed else "-" for speed in theirs]
        print("|", " | ".join([ending or f"plain, {size:.0f} MB", f"{ours:.0f}", *speeds, *ratios]), "|", flush=True)
        dump.unlink()


def transport(folder):
    frames, ions = 10_000, 1000
    dump = folder / "run.lammpstrj"
    costs("write", dump, frames, ions)
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
        f"\nionscape transport, {frames} frames x {ions} ions, {size:.0f} MB of text, one thread: "
        f"{statistics.median(seconds[1:]):.2f} s of processor time with reading, {memory / 1024:.0f} MB at most"
    )


def processor():
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].split(":")[1].strip() if names else platform.processor()


def main():
    print(
        f"\n{processor()}, Python {platform.python_version()}, OVITO {version('ovito')}, "
        f"MDAnalysis {version('MDAnalysis')}"
    )
    with tempfile.TemporaryDirectory() as folder:
        reading(Path(folder))
        transport(Path(folder))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        time_peer(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
