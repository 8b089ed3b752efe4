"""Inputs of the tests of faults, made once."""

import time

import pytest

import writing


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    writing.prepare(folder)
    return folder


@pytest.fixture(scope="session")
def whole(inputs):
    """What each command writes when nothing is in its way: files by name, and the seconds that it takes."""
    found = {}
    for command in writing.COMMANDS:
        out = inputs / f"out-{command.name}"
        writing.fill(inputs, out)
        began = time.monotonic()
        done = writing.run(command.argv(out), inputs)
        assert done.returncode == 0, (command.name, done.stderr)
        found[command.name] = (writing.files(out), time.monotonic() - began)
    return found
