"""Inputs of the tests of faults, made once."""

import time

import pytest

import commands


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    commands.prepare(folder)
    return folder


@pytest.fixture(scope="session")
def whole(inputs):
    """What each command writes when nothing is in its way: files by name, and the seconds that it takes."""
    found = {}
    for command in commands.COMMANDS:
        out = inputs / f"out-{command.name}"
        commands.fill(inputs, out)
        began = time.monotonic()
        done = commands.run(command.argv(out), inputs)
        assert done.returncode == 0, (command.name, done.stderr)
        found[command.name] = (commands.files(out), time.monotonic() - began)
    return found
