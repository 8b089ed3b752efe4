"""The plugin shows one symbol, and loads into the LAMMPS that it was built for alone."""

import os
import subprocess

import pytest

import harness


def test_entry_points_alone_are_exported():
    listing = subprocess.run(["nm", "-D", "--defined-only", harness.PLUGIN], capture_output=True, text=True, check=True)
    assert sorted(line.split()[-1] for line in listing.stdout.splitlines()) == [
        "ionscape_abort", "ionscape_built_for", "ionscape_register", "lammpsplugin_init"]


def test_stack_is_not_executable():
    listing = subprocess.run(["readelf", "-lW", harness.PLUGIN], capture_output=True, text=True, check=True)
    stack = [line for line in listing.stdout.splitlines() if "GNU_STACK" in line]
    assert stack and "RWE" not in stack[0]


MODULE = next((harness.VENV / "lib").glob("python3*/site-packages/lammps"))
VERSION = "%d%02d%02d" % tuple(map(int, next(MODULE.parent.glob("lammps-*.dist-info")).name[7:].split(".")[:3]))


def build(folder, *definitions, sizes="SMALLBIG", version=VERSION):
    """A plugin of its entry point alone, enough to be refused: what it lacks is never called, so weak is enough."""
    compiler = os.environ.get("CXX", "c++")
    objects = []
    for source, abi in [("plugin", 1), ("misfit", 1), ("refusal", 0), ("refusal", 1)]:
        objects.append(folder / f"{source}{abi}.o")
        command = [compiler, "-std=c++17", "-O0", "-fPIC", "-c", f"-DLAMMPS_{sizes}", f'-DIONSCAPE_SIZES="{sizes}"',
                   f"-D_GLIBCXX_USE_CXX11_ABI={abi}", f"-DIONSCAPE_LAMMPS_VERSION={version}",
                   '-DIONSCAPE_ROOT="/path/to/ionscape"', '-DIONSCAPE_BUILD_COMMAND="never shown"', *definitions,
                   "-isystem", MODULE / "include/lammps", "-isystem", harness.VENV / "include",
                   "-I", harness.ROOT / "cpp", harness.ROOT / f"cpp/{source}.cpp", "-o", objects[-1]]
        subprocess.run(command, check=True, timeout=120)
        subprocess.run(["objcopy", "--weaken", objects[-1]], check=True)
    subprocess.run([compiler, "-shared", *objects, "-o", folder / "otherplugin.so"], check=True)
    return folder / "otherplugin.so"


@pytest.mark.parametrize("options, message", [
    ({"version": 20200303}, f"was built for LAMMPS 20200303, and this is LAMMPS {VERSION}"),
    ({"sizes": "BIGBIG"}, "was built for a LAMMPS with 64-bit counts and 64-bit atom ids, and this one has 64 and 32"),
    ({"definitions": ["-DOMPI_MAJOR_VERSION=4"]}, "was built with Open MPI, and this LAMMPS runs with MPICH"),
    ({"definitions": ["-DMPI_STUBS"]}, "was built with no MPI, and this LAMMPS runs with MPICH"),
])
def test_refuses_a_lammps_that_it_was_not_built_for(lammps, tmp_path, options, message):
    plugin = build(tmp_path, *options.pop("definitions", []), **options)
    run = lammps(f"plugin load {plugin}\n", ranks=2, ok=False)
    text = " ".join(run.output.split())
    assert message in text
    package = text.split("LAMMPS_DIR=")[1].split()[0]
    assert os.path.samefile(package, MODULE / "cmake/LAMMPS")
    assert (f"Rebuild it for this LAMMPS: cd /path/to/ionscape && cmake -S cmake -B build-{VERSION} -D "
            f"LAMMPS_DIR={package} && cmake --build build-{VERSION}") in text
