"""Fixtures of the tests in real LAMMPS."""

import pytest

import electrolyte
import harness


@pytest.fixture
def lammps(tmp_path):
    """Runs an input script on some ranks, in a folder of its own that holds the data files."""
    electrolyte.write_all(tmp_path)
    return lambda script, **options: harness.run(script, tmp_path, **options)


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """One run on one rank that several tests compare with: its log and its dump with conductivities."""
    folder = tmp_path_factory.mktemp("reference")
    electrolyte.write_all(folder)
    return harness.run(electrolyte.script(run="run 20"), folder)
