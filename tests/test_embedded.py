"""LAMMPS in Python and within `ionscape`, and the bindings that the latter rests on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv/bin/python"
PROGRAM = ROOT / "target/release/ionscape"
SITE = next((ROOT / ".venv/lib").glob("python3*/site-packages"))
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(ROOT / ".venv/lib"), "OMP_NUM_THREADS": "1"}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=1200, **options)


def test_the_python_example_runs():
    done = run(PYTHON, ROOT / "examples/python.py", env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^216 ions, mean local molar conductivity \d\.\d{4}$", done.stdout, re.MULTILINE)


def test_bindings_are_those_of_the_header(tmp_path):
    native = SITE / "clang/native"
    if not native.is_dir() or not shutil.which("rustfmt"):
        pytest.skip("needs the Python package libclang in .venv, and rustfmt")
    header = SITE / "lammps/include/lammps/library.h"
    done = run("cargo", "run", "--locked", "--quiet", "--manifest-path", ROOT / "tools/bindings/Cargo.toml",
               "--target-dir", ROOT / "target/tools", "--", header, env={**os.environ, "LIBCLANG_PATH": str(native)},
               cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "src/embedded/bindings.rs").read_text()


def lmp(folder, text, *options, ranks=1):
    (folder / "in.test").write_text(text)
    return run(ROOT / ".venv/bin/mpiexec", "-n", str(ranks), PROGRAM, "lmp", *options, "-in", "in.test", "-log", "none",
               cwd=folder, env=ENVIRONMENT)


SALT = f"""
units lj
atom_style charge
lattice sc 0.1
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box
set group all type/fraction 2 0.5 4711
set type 1 charge 1
set type 2 charge -1
mass * 1
pair_style zero 6.5
pair_coeff * *
comm_modify cutoff 8.0
compute lam all conductivity/atom {ROOT}/examples/models/baseline.onnx cation anion
run 0
print "mean $(c_lam:%.12g)"
"""


def means(done):
    return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("mean ")]


def test_lmp_has_the_styles_also_after_clear(tmp_path):
    one = lmp(tmp_path, SALT)
    assert one.returncode == 0, one.stdout + one.stderr
    two = lmp(tmp_path, SALT + "clear\n" + SALT, ranks=2)
    assert two.returncode == 0, two.stdout + two.stderr
    assert means(two) == pytest.approx(2 * means(one), rel=1e-9) and len(means(one)) == 1


@pytest.mark.parametrize("ranks", [1, 2])
def test_lmp_fails_as_lammps_does(tmp_path, ranks):
    done = lmp(tmp_path, "units lj\nfoo bar\n", ranks=ranks)
    assert done.returncode == 1
    assert done.stdout.count("ERROR: Unknown command: foo bar") == 1


def test_lmp_says_what_it_lacks(tmp_path):
    done = run(PROGRAM, "lmp", "-in", "in.none", cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 1 and "in.none: there is no such input file" in done.stderr
    done = run(PROGRAM, "lmp", "-log", "none", cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 1 and "an input file is needed: -in FILE" in done.stderr
    done = lmp(tmp_path, "units lj\n", "--lammps", "/usr/bin/true")
    assert done.returncode == 1 and "no liblammps.so was found for it" in done.stderr
    done = lmp(tmp_path, "units lj\n", "--plugin", PROGRAM)
    assert done.returncode == 1 and "ionscape: LAMMPS:" in done.stderr
