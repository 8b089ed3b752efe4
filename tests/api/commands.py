"""The commands of the program with their arguments and options, as its help lists them: one a line."""

import re
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "target/release/ionscape"
# An argument or an option at the start of its entry, with what it takes.
ENTRY = re.compile(r"^ {2,6}((?:-\w, )?--[\w-]+(?: \[?<[^>]+>\]?)?|[<\[][\w.<>\[\]]+)(?:  |$)")


def help_of(*command):
    done = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True,
                          env={"COLUMNS": "100"})
    return done.stdout.splitlines()


def commands():
    lines = help_of()
    listed = lines[lines.index("Commands:") + 1:lines.index("Options:")]
    names = [found[1] for line in listed if (found := re.match(r" {2}(\w+)  ", line))]
    return [name for name in names if name != "help"]


def render():
    lines = []
    for name in commands():
        entries = [found[1] for line in help_of(name) if (found := ENTRY.match(line))]
        assert any("--help" in entry for entry in entries), name
        lines += [f"ionscape {name} {entry}" for entry in entries]
    return sorted(lines)
