"""Draws configurations, fields or runs, and goes on where one differs.

Run `python -m differential --count 10000 --seed 1` in the folder `tests`. Exit status 1 if anything differed; `--batch`
draws one batch again by its number.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from . import comparison, test_random_fields, test_random_transport


def main():
    parser = argparse.ArgumentParser(prog="python -m differential", description=__doc__)
    parser.add_argument("--what", choices=["configurations", "fields", "runs"], default="configurations")
    parser.add_argument("--count", type=int, default=1000, help="configurations, fields or runs in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--frames", type=int, default=25, help="configurations in a batch, of one model")
    parser.add_argument("--batch", type=int, help="draw this batch, field or run alone")
    options = parser.parse_args()
    size = options.frames if options.what == "configurations" else 1
    numbers = range(-(-options.count // size)) if options.batch is None else [options.batch]
    summary, failures, begin = comparison.Summary(), [], time.monotonic()

    def check(folder, number):
        if options.what == "configurations":
            comparison.batch(folder, options.seed, number, options.frames, summary)
        else:
            of = {"fields": test_random_fields, "runs": test_random_transport}[options.what]
            of.check(folder, [options.seed, number], summary)

    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(Path(folder), number)
            except AssertionError as failure:
                failures.append(number)
                print(f"{number}: {failure}", flush=True)
    seconds = time.monotonic() - begin
    print(f"{len(numbers) * size} {options.what} in {seconds:.0f} s; {len(failures)} of {len(numbers)} batches differ")
    for what, count in sorted(summary.counts.items()):
        print(f"  {count:8}  {what}")
    if summary.worst:
        print("largest differences, in units of what is allowed unless they are said to be relative:")
    for what, share in sorted(summary.worst.items()):
        print(f"  {share:8.1e}  {what}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
