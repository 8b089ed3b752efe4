"""Kills each command at random moments for as long as asked, as the tests do for seconds.

    .venv/bin/python tests/faults/kill.py --seconds 600 [--seed 1]
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import writing
from test_killed import killed_and_run_again


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    end = time.monotonic() + asked.seconds
    kills = dict.fromkeys(writing.BY_NAME, 0)
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs"
        inputs.mkdir()
        writing.prepare(inputs)
        known = {}
        while time.monotonic() < end:
            command = chance.choice(writing.COMMANDS)
            with tempfile.TemporaryDirectory(dir=folder) as place:
                out = Path(place) / "out"
                if command.name not in known:
                    writing.fill(inputs, out)
                    began = time.monotonic()
                    assert writing.run(command.argv(out), inputs).returncode == 0
                    known[command.name] = writing.files(out), time.monotonic() - began
                    continue
                moments = [chance.uniform(0, 1.1) for _ in range(5)]
                killed_and_run_again(command, inputs, out, *known[command.name], moments)
                kills[command.name] += len(moments)
    print(", ".join(f"{name} {count}" for name, count in kills.items()))
    print(f"{sum(kills.values())} kills: every result was whole, as before, or not there, "
          "and every command ended when run again")


main()
