"""The plugin shows one symbol, and loads into the LAMMPS that it was built for alone."""

import os
import subprocess

import pytest

import harness


def test_one_symbol_is_exported():
    listing = subprocess.run(["nm", "-D", "--defined-only", harness.PLUGIN], capture_output=True, text=True, check=True)
    assert [line.split()[-1] for line in listing.stdout.splitlines()] == ["lammpsplugin_init"]


def test_stack_is_not_executable():
    listing = subprocess.run(["readelf", "-lW", harness.PLUGIN], capture_output=True, text=True, check=True)
    stack = [line for line in listing.stdout.splitlines() if "GNU_STACK" in line]
    assert stack and "RWE" not in stack[0]


def build(folder, *definitions, sizes="SMALLBIG", version=20250722):
    """A plugin of its entry point alone, enough to be refused: what it lacks is never called, so weak is enough."""
    site = next((harness.VENV / "lib").glob("python3*/site-packages/lammps/include/lammps"))
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, "-std=c++17", "-O0", "-fPIC", "-c", f"-DLAMMPS_{sizes}",
               f"-DIONSCAPE_LAMMPS_VERSION={version}", '-DIONSCAPE_ROOT="/path/to/ionscape"',
               '-DIONSCAPE_BUILD_COMMAND="cmake -S cmake -B build && cmake --build build"', *definitions,
               "-isystem", site, "-isystem", harness.VENV / "include", "-I", harness.ROOT / "cpp",
               harness.ROOT / "cpp/plugin.cpp", "-o", folder / "plugin.o"]
    subprocess.run(command, check=True, timeout=120)
    subprocess.run(["objcopy", "--weaken", folder / "plugin.o"], check=True)
    subprocess.run([compiler, "-shared", folder / "plugin.o", "-o", folder / "otherplugin.so"], check=True)
    return folder / "otherplugin.so"


@pytest.mark.parametrize("options, message", [
    ({"version": 20240829}, "was built for LAMMPS 20240829, and this is LAMMPS 20250722"),
    ({"sizes": "BIGBIG"}, "was built for a LAMMPS with 64-bit counts and 64-bit atom ids, and this one has 64 and 32"),
    ({"definitions": ["-DOMPI_MAJOR_VERSION=4"]}, "was built with Open MPI, and this LAMMPS runs with MPICH"),
    ({"definitions": ["-DMPI_STUBS"]}, "was built with no MPI, and this LAMMPS runs with MPICH"),
])
def test_refuses_a_lammps_that_it_was_not_built_for(lammps, tmp_path, options, message):
    plugin = build(tmp_path, *options.pop("definitions", []), **options)
    run = lammps(f"plugin load {plugin}\n", ranks=2, ok=False)
    text = " ".join(run.output.split())
    assert message in text
    assert "Rebuild it for this LAMMPS: cd /path/to/ionscape && cmake -S cmake -B build && cmake --build build" in text
