"""Runs ionscape."""

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("IONSCAPE_PROGRAM", ROOT / "target/release/ionscape"))


def run(*arguments, timeout=120):
    """What the program did: exit status, output, messages."""
    command = [PROGRAM, "--threads", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, errors="replace")


def succeed(*arguments):
    done = run(*arguments)
    assert done.returncode == 0, f"{' '.join(map(str, arguments))}\n{done.stderr}"
    return done


def results(folder, command, *arguments):
    """All that a command says, from its JSON."""
    succeed(command, *arguments, "--json", folder / "out.json")
    return json.loads((folder / "out.json").read_text())


def refusal(*arguments):
    """The message with which the program refuses; fails where it does not, panics or dies."""
    done = run(*arguments)
    assert done.returncode == 1, f"exit status {done.returncode} of {' '.join(map(str, arguments))}\n{done.stderr}"
    assert "panic" not in done.stderr, done.stderr
    return done.stderr
