"""Random studies in LAMMPS for some time, with a summary.

usage: python tests/lammps/stress [--seconds N | --count N] [--seed S] [--plugin PATH] [--before WORDS]
"""

import argparse
import collections
import os
import sys
import tempfile
import time
from pathlib import Path


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long studies are begun")
    parser.add_argument("--count", type=int, help="how many studies, in place of --seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the first study; the next has the next")
    parser.add_argument("--plugin", help="ionscapeplugin.so, if not the checkout's")
    parser.add_argument("--before", default="", help="words before lmp on each rank with computes, such as valgrind")
    parser.add_argument("--keep", action="store_true", help="go on after a failure")
    return parser.parse_args()


def main():
    options = arguments()
    if options.plugin:
        os.environ["IONSCAPE_PLUGIN"] = str(Path(options.plugin).resolve())
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from stress.check import check, words
    from stress.writer import study

    counts, void, failed = collections.Counter(), collections.Counter(), []
    studies = values = n_frames = forces = refused = torn = 0
    largest = 0.0
    began = time.monotonic()
    seed = options.seed
    while studies < options.count if options.count else time.monotonic() - began < options.seconds:
        one = study(seed)
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = check(one, Path(folder), words(options.before))
            except AssertionError as error:
                failed.append(seed)
                print(f"seed {seed} fails: {error}\n{one.text()}\n"
                      f"again: .venv/bin/python tests/lammps/stress --count 1 --seed {seed}\n", flush=True)
                if not options.keep:
                    break
                found = None
        print(f"seed {seed}: {len(one.parts)} parts, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        studies += 1
        seed += 1
        if found is None:
            continue
        counts.update(one.features)
        values, n_frames, forces = values + found.values, n_frames + found.frames, forces + found.forces
        largest, refused, torn = max(largest, found.largest), refused + found.refused, torn + found.torn
        if found.void:
            void[found.void] += 1
    print(f"{studies} studies from seed {options.seed} in {time.monotonic() - began:.0f} s",
          f"{n_frames} frames with {values} values compared with offline",
          f"largest difference {largest:.2g} of a frame's largest value",
          f"{forces} rows of trajectories equal to the bit",
          f"{refused} refusals as expected, {torn} of torn molecules",
          f"{sum(void.values())} stopped by LAMMPS itself, with and without computes",
          f"failed: {failed or 'none'}", sep="\n")
    for reason, n in void.most_common():
        print(f"{n:6} {reason}")
    for name, n in sorted(counts.items()):
        print(f"{n:6} {name}")
    return 1 if failed else 0


sys.exit(main())
