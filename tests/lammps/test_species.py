"""Ions beyond one cation and one anion that are atoms: molecules, solvent, several species, a temperature."""

import json
import re
import subprocess

import numpy as np
import pytest

import harness
import models
from harness import assert_close, read_dump

CHARGES = {"lithium": 1.0, "anion": -1.0, "water": 0.0}
NAMES = "lithium anion anion water"
EDGE = 9.0
DUMP = """
dump d all custom 20 out.lammpstrj id type mol mass q x y z c_lam[1] c_lam[2] c_lam[3]
dump_modify d sort id format float %.17g
"""


def write(path, seed=5, tilt=(0, 0, 0), apart=0.9):
    """Sixty cations, sixty anions of two bonded atoms of unlike mass and charge, and sixty neutral atoms with a charge of
    their own, as water's oxygen has; many molecules lie across the boundary of the box."""
    rng = np.random.default_rng(seed)
    cells = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    places = (rng.permutation(cells)[:180] + rng.uniform(-0.1, 0.1, (180, 3))) * EDGE / 6
    xy, xz, yz = tilt
    vectors = np.array([[1, 0, 0], [xy / EDGE, 1, 0], [xz / EDGE, yz / EDGE, 1]])
    atoms, bonds = [], []
    for molecule, place in enumerate(places, 1):
        kind = (molecule - 1) % 3
        x = place @ vectors
        if kind == 0:
            atoms.append((molecule, 1, 1.0, x))
        elif kind == 2:
            atoms.append((molecule, 4, -0.8, x))
        else:
            direction = rng.normal(size=3)
            atoms.append((molecule, 2, -0.7, x))
            atoms.append((molecule, 3, -0.3, x + apart * direction / np.linalg.norm(direction)))
            bonds.append((len(atoms) - 1, len(atoms)))
    lines = ["salt", "", f"{len(atoms)} atoms", "4 atom types", f"{len(bonds)} bonds", "1 bond types"]
    lines += [f"0 {EDGE} {axis}lo {axis}hi" for axis in "xyz"]
    if any(tilt):
        lines.append(f"{xy} {xz} {yz} xy xz yz")
    lines += ["", "Masses", "", "1 0.5", "2 3", "3 1", "4 1.5", "", "Atoms # full", ""]
    lines += [f"{i} {m} {t} {q} " + " ".join(f"{v:.15g}" for v in x) for i, (m, t, q, x) in enumerate(atoms, 1)]
    lines += ["", "Bonds", ""] + [f"{k} 1 {i} {j}" for k, (i, j) in enumerate(bonds, 1)]
    path.write_text("\n".join(lines) + "\n")


def script(model="model.onnx", names=NAMES, keywords="", style="full", group="all", run="run 60", dump=DUMP, box=""):
    return f"""
units lj
atom_style {style}
newton on
pair_style lj/cut 1.1225
bond_style harmonic
read_data salt.data
{box}
pair_coeff * * 1 1
bond_coeff * 60 0.9
special_bonds lj/coul 0 0 0
neighbor 0.4 bin
comm_modify cutoff 4.0
group lithium type 1
plugin load {harness.PLUGIN}
compute lam {group} conductivity/atom {model} {names} {keywords}

thermo 20
thermo_style custom step temp c_lam
thermo_modify format float %.12g
velocity all create 1.0 11
fix move all nve
fix bath all langevin 1 1 0.5 99
minimize 0 1e-3 50 200
reset_timestep 0
{dump}
timestep 0.003
{run}
"""


def offline(folder, temperature=None, species=NAMES):
    bare, out = harness.without_field(folder / "out.lammpstrj"), folder / "predicted.lammpstrj"
    more = ["--temperature", temperature] if temperature else []
    harness.ionscape("predict", folder / "model.onnx", bare, "-o", out, "--species", species.replace(" ", ","), *more,
                     "--json", folder / "predicted.json")
    return read_dump(out)


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("tilt", [(0, 0, 0), (2.5, -1.5, 3.0)], ids=["orthogonal", "triclinic"])
def test_molecules_have_the_field_of_their_centre_on_any_ranks_and_offline(tmp_path, ranks, tilt):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"], conditions=["temperature"])
    write(tmp_path / "salt.data", tilt=tilt)
    text = script(keywords="temperature 1.3")
    if any(tilt):
        # A box that changes as well.
        text = text.replace("fix move all nve", "fix move all nph aniso 2.0 2.0 0.5")
    run = harness.run(text, tmp_path, ranks=ranks)
    frames, expected = read_dump(tmp_path / "out.lammpstrj"), offline(tmp_path, 1.3)
    assert len(frames) == len(expected) == 4
    means = run.thermo("c_lam")
    for frame, other, mean in zip(frames, expected, means[-4:], strict=True):
        assert_close(frame.field(), other.field())
        anions = np.isin(frame["type"], [2, 3])
        assert (frame["c_lam[1]"][frame["type"] == 4] == 0).all() and (frame["c_lam[1]"][anions] != 0).all()
        first, second = (frame["c_lam[1]"][frame["type"] == t] for t in (2, 3))
        np.testing.assert_array_equal(first, second)
        # Each ion counts once, however many atoms it has.
        ions = np.concatenate([frame["c_lam[1]"][frame["type"] == 1], first])
        assert abs(mean - ions.mean()) < 1e-9 * abs(ions).max()


def of_ions(frame):
    """Types and places where each anion is one atom at its centre of mass, and how far its atoms are apart in the file."""
    kind, x = frame["type"], np.stack([frame[k] for k in "xyz"], 1)
    apart = x[kind == 3] - x[kind == 2]
    x[kind == 2] += 0.25 * (apart - EDGE * np.round(apart / EDGE))
    return kind[kind != 3], x[kind != 3], apart


def write_frame(path, kinds, places):
    text = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{len(kinds)}\nITEM: BOX BOUNDS pp pp pp\n" + f"0 {EDGE}\n" * 3
    text += "ITEM: ATOMS id type q x y z\n"
    charge = {1: 1, 2: -1, 4: 0}
    rows = [f"{i} {t} {charge[t]} " for i, t in enumerate(map(int, kinds), 1)]
    path.write_text(text + "".join(row + " ".join(f"{v:.17g}" for v in p) + "\n" for row, p in zip(rows, places)))


def both_ways(tmp_path):
    """A folder for the model of anions as atoms, and a frame of a run with that of molecules."""
    folder = tmp_path / "as_atoms"
    folder.mkdir()
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    models.linear(folder / "model.onnx", CHARGES, "by-species")
    write(tmp_path / "salt.data")
    harness.run(script(run="run 0"), tmp_path, ranks=2)
    frame = read_dump(tmp_path / "out.lammpstrj")[0]
    return folder, frame


def test_a_centre_is_where_the_formula_says(tmp_path):
    """Each anion's features are those of one atom at its centre of mass."""
    folder, frame = both_ways(tmp_path)
    kind, places, apart = of_ions(frame)
    assert (abs(apart) > EDGE / 2).any(), "no molecule lies across the boundary"
    write_frame(folder / "out.lammpstrj", np.concatenate([kind[kind == t] for t in (1, 2, 4)]),
                np.concatenate([places[kind == t] for t in (1, 2, 4)]))
    atoms = offline(folder, species="lithium anion NULL water")[0]
    field, kind = frame.field(), frame["type"]
    assert_close(np.concatenate([field[kind == 1], field[kind == 2]]), atoms.field()[:120])


def test_analyze_counts_an_ion_of_several_atoms_once(tmp_path):
    """As it does where each molecule is one atom, at its centre of mass; with and without the field's columns."""
    folder, frame = both_ways(tmp_path)
    write_frame(folder / "out.lammpstrj", *of_ions(frame)[:2])

    def analyzed(dump, model, species):
        out = tmp_path / "found.json"
        harness.ionscape("analyze", dump, "--model", model, "--species", species, "--json", out, "--pair-distance", "2")
        return json.loads(out.read_text())

    molecular = tmp_path / "model.onnx"
    names = NAMES.replace(" ", ",")
    expected = analyzed(folder / "out.lammpstrj", folder / "model.onnx", "lithium,anion,NULL,water")
    for dump in [tmp_path / "out.lammpstrj", harness.without_field(tmp_path / "out.lammpstrj")]:
        found = analyzed(dump, molecular, names)
        assert found["n_ions"] == expected["n_ions"] == 120
        for name in ("mean", "density"):
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)
        assert found["states"]["sizes"] == expected["states"]["sizes"]


def test_solvent_is_seen_and_has_no_field(tmp_path):
    """A neutral species of atoms, in a list of neighbours as LAMMPS makes it; without it the field is another."""
    charges = {"lithium": 1.0, "iodide": -1.0, "water": 0.0}
    models.linear(tmp_path / "model.onnx", charges, "charge-symmetric")
    write(tmp_path / "salt.data")
    names = "lithium iodide NULL water"
    for ranks in (1, 3):
        harness.run(script(names=names), tmp_path, ranks=ranks)
        frames, expected = read_dump(tmp_path / "out.lammpstrj"), offline(tmp_path, species=names)
        for frame, other in zip(frames, expected, strict=True):
            assert_close(frame.field(), other.field())
            assert (frame["c_lam[1]"][frame["type"] >= 3] == 0).all()
    dry = offline(tmp_path, species="lithium iodide NULL NULL")
    assert not np.allclose(dry[0]["c_lam[1]"], frames[0]["c_lam[1]"])
    out = tmp_path / "ranks.lammpstrj"
    harness.ionscape("predict", tmp_path / "model.onnx", harness.without_field(tmp_path / "out.lammpstrj"), "-o", out,
                     "--species", names.replace(" ", ","), "--ranks", 2)
    for frame, other in zip(read_dump(out), expected, strict=True):
        assert_close(frame.field(), other.field())


@pytest.mark.parametrize("source", ["number", "variable", "compute"])
def test_the_temperature_is_what_is_given(tmp_path, source):
    weights = models.linear(tmp_path / "model.onnx", CHARGES, "by-species", ["anion"], ["temperature"])
    write(tmp_path / "salt.data")
    base = harness.run(script(keywords="temperature 1.0"), tmp_path).thermo("c_lam")
    keyword = {"number": "temperature 1.5", "variable": "temperature v_T", "compute": "temperature c_thermo_temp"}[source]
    run = harness.run(script(keywords=keyword).replace("compute lam", "variable T equal 1+step/1000\ncompute lam"), tmp_path)
    steps, mean = run.thermo("Step"), run.thermo("c_lam")
    expected = {"number": np.full(len(steps), 1.5), "variable": 1 + steps / 1000, "compute": run.thermo("Temp")}[source]
    np.testing.assert_allclose(mean - base, (expected - 1.0) * weights[-1].mean(), atol=2e-5)


def test_a_temperature_is_that_of_the_atoms_as_they_are(tmp_path):
    """Also where a thermostat or a command has changed velocities since the compute was last asked, in the same step."""
    weights = models.linear(tmp_path / "model.onnx", CHARGES, "by-species", ["anion"], ["temperature"])
    write(tmp_path / "salt.data")

    def run(source):
        text = script(keywords=f"temperature {source}", run="run 20").replace("compute lam", "compute t all temp\ncompute lam")
        text = text.replace("fix bath all langevin 1 1 0.5 99", "fix bath all temp/rescale 10 1.3 1.3 0 1\nfix_modify bath temp t")
        text = text.replace("thermo 20", "thermo 10").replace("step temp c_lam", "step c_lam c_t")
        text += 'velocity all scale 2.6\nprint "asked: $(c_lam:%.12g)"\n'
        return harness.run(text, tmp_path)

    warm, fixed = run("c_t"), run("1.3")
    expected = (warm.thermo("c_t") - 1.3) * weights[-1].mean()
    assert abs(warm.thermo("c_t")[-2:] - 1.3).max() < 1e-6
    np.testing.assert_allclose(warm.thermo("c_lam") - fixed.thermo("c_lam"), expected, atol=2e-5)
    last = [float(re.search(r"^asked: (.*)", done.output, re.M).group(1)) for done in (warm, fixed)]
    assert abs(last[0] - last[1] - 1.3 * weights[-1].mean()) < 2e-5


def test_a_compute_that_no_run_has_made_ready_gives_no_temperature(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", ["anion"], ["temperature"])
    write(tmp_path / "salt.data")
    text = script(keywords="temperature c_t", run="run 0").replace("compute lam", "compute t all temp\ncompute lam")
    text += 'uncompute t\ncompute other all temp\ncompute t all temp\nprint "$(c_lam)"\n'
    assert "no run has begun since compute t was defined" in harness.run(text, tmp_path, ok=False).output


def test_a_biased_temperature_is_told_of(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", ["anion"], ["temperature"])
    write(tmp_path / "salt.data")
    for style, told in [("temp", False), ("temp/com", True)]:
        text = script(keywords="temperature c_t", run="run 0").replace("compute lam", f"compute t all {style}\ncompute lam")
        assert ("takes a bias off velocities" in harness.run(text, tmp_path).output) == told


def test_a_group_has_its_ions_alone(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    harness.run(script(run="run 0"), tmp_path)
    everyone = read_dump(tmp_path / "out.lammpstrj")[0]
    run = harness.run(script(run="run 0", group="lithium"), tmp_path, ranks=2)
    some = read_dump(tmp_path / "out.lammpstrj")[0]
    ions = some["type"] == 1
    assert_close(some.field()[ions], everyone.field()[ions])
    assert (some.field()[~ions] == 0).all()
    assert abs(run.thermo("c_lam")[-1] - everyone["c_lam[1]"][ions].mean()) < 1e-6


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_an_atom_of_the_other_sign_stands_for_its_molecule(tmp_path, ranks):
    """As phosphorus does for hexafluorophosphate; bonds lie across the boundaries of ranks."""
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species")
    names = "lithium anion NULL water"

    def charged(center, other):
        write(tmp_path / "salt.data")
        text = (tmp_path / "salt.data").read_text()
        text = re.sub(r"^(\d+ \d+ 2) -0.7", rf"\1 {center}", text, flags=re.M)
        (tmp_path / "salt.data").write_text(re.sub(r"^(\d+ \d+ 3) -0.3", rf"\1 {other}", text, flags=re.M))

    charged(-0.7, -0.3)
    harness.run(script(names=names), tmp_path, ranks=ranks)
    expected = read_dump(tmp_path / "out.lammpstrj")
    charged(0.5, -1.5)
    harness.run(script(names=names), tmp_path, ranks=ranks)
    found = read_dump(tmp_path / "out.lammpstrj")
    for a, b, c in zip(expected, found, offline(tmp_path, species=names), strict=True):
        assert_close(b.field(), a.field())
        assert_close(c.field(), a.field())
        assert b.field()[b["type"] == 2].all()
    refused = "are the species in the order of the atom types?"
    bare = harness.without_field(tmp_path / "out.lammpstrj")
    analyzed = ["analyze", bare, "--model", tmp_path / "model.onnx", "--species", names.replace(" ", ","), "--json", tmp_path / "a.json"]
    harness.ionscape(*analyzed)
    assert json.loads((tmp_path / "a.json").read_text())["n_ions"] == 120
    bare.write_text(bare.read_text().replace(" -1.5 ", " -0.25 "))
    done = subprocess.run([harness.PROGRAM, "predict", tmp_path / "model.onnx", bare, "-o", tmp_path / "no", "--species",
                           names.replace(" ", ",")], capture_output=True, text=True)
    assert done.returncode == 1 and refused in done.stderr, done.stderr
    both_named = script(names="lithium anion anion water")
    assert refused in harness.run(both_named, tmp_path, ranks=ranks, ok=False).output
    for change in ("set type 3 charge 1.5", "set atom 2 mol 0"):
        run = f"run 20\n{change}\nrun 20 pre no"
        assert refused in harness.run(script(names=names, run=run), tmp_path, ranks=ranks, ok=False).output, change
    charged(0.5, -0.25)
    assert refused in harness.run(script(names=names), tmp_path, ranks=ranks, ok=False).output


def test_features_of_molecules(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    text = script(run="run 0", dump="dump d all custom 1 out.lammpstrj id type c_env[1] c_env[136] c_env[137]\n"
                                    "dump_modify d sort id\n")
    text = text.replace("dump d", f"compute env all soap/atom model.onnx {NAMES}\ndump d")
    harness.run(text, tmp_path, ranks=2)
    frame = read_dump(tmp_path / "out.lammpstrj")[0]
    lithium, anion = frame["c_env[136]"], frame["c_env[137]"]
    for kind, expected in [(1, (1, 0)), (2, (0, 1)), (3, (0, 1)), (4, (0, 0))]:
        assert ((lithium[frame["type"] == kind], anion[frame["type"] == kind]) == np.array(expected)[:, None]).all()


REFUSED = {
    "no temperature": ({}, {}, "the model takes the temperature of the system; add 'temperature T'"),
    "negative temperature": ({"keywords": "temperature -1"}, {}, "the temperature is '-1', and must be a number above 0"),
    "infinite temperature": ({"keywords": "temperature 1e400"}, {}, "the temperature is '1e400', and must be a number above 0"),
    "temperature of nothing": ({"keywords": "temperature 1e-400"}, {}, "the temperature is '1e-400', and must be a number"),
    "its own temperature": ({"keywords": "temperature c_lam"}, {}, "the temperature that it takes depends on its own values"),
    "no variable": ({"keywords": "temperature v_T"}, {}, "there is no equal-style variable T, for the temperature"),
    "no compute": ({"keywords": "temperature c_T"}, {}, "there is no compute T with a scalar, for the temperature"),
    "a temperature too many": ({"keywords": "temperature 1"}, {"conditions": ()}, "the model takes no temperature"),
    "half a molecule": (
        {"names": "lithium anion NULL water", "keywords": "temperature 1"}, {"molecules": ()}, None),
    "unknown molecule": ({}, {"molecules": ["water", "glycol"]}, "'glycol' is said to be a molecule and is not among"),
    "unnamed ions": ({"names": "NULL NULL NULL water", "keywords": "temperature 1"}, {}, "there is no ion"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(tmp_path, case):
    arguments, model, message = REFUSED[case]
    settings = {"molecules": ["anion"], "conditions": ["temperature"], **model}
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", **settings)
    write(tmp_path / "salt.data")
    run = harness.run(script(**arguments), tmp_path, ranks=2, ok=message is None)
    assert message is None or message in run.output


def test_molecules_without_a_centre_stop_the_run(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    text = script(run="run 0").replace("minimize", "set type 2*3 mol 7\nminimize")
    run = harness.run(text, tmp_path, ranks=2, ok=False)
    assert "of the cell away from the ion's first atom" in run.output and "atom " in run.output
    text = script(run="run 0").replace("minimize", "set type 2*3 charge 0.5\nminimize")
    assert "the atoms of an ion anion, whose charge is -1, have the charge +1 together" in harness.run(
        text, tmp_path, ranks=2, ok=False).output
    (tmp_path / "salt.data").write_text("")
    atoms = script(style="charge").split("read_data")[0].replace("bond_style harmonic", "region b block 0 9 0 9 0 9")
    atoms += "create_box 4 b\ncreate_atoms 1 single 1 1 1\nmass * 1\nset type 1 charge 1\npair_coeff * * 1 1\n"
    atoms += f"plugin load {harness.PLUGIN}\ncompute lam all conductivity/atom model.onnx {NAMES}\n"
    atoms += "thermo_style custom step c_lam\nrun 0\n"
    assert "use an atom_style with molecule ids" in harness.run(atoms, tmp_path, ok=False).output


def test_dumps_that_lack_what_molecules_need_are_refused(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"], conditions=["temperature"])
    write(tmp_path / "salt.data")
    harness.run(script(run="run 0", keywords="temperature 1"), tmp_path)
    bare = harness.without_field(tmp_path / "out.lammpstrj").read_text()

    def refusal(text, *more):
        (tmp_path / "in.lammpstrj").write_text(text)
        done = subprocess.run([harness.PROGRAM, "predict", tmp_path / "model.onnx", tmp_path / "in.lammpstrj", "-o",
                               tmp_path / "out", "--species", NAMES.replace(" ", ","), *more], capture_output=True, text=True)
        assert done.returncode == 1 and not (tmp_path / "out").exists()
        return done.stderr

    warm = ["--temperature", "1"]
    assert "give what it takes, as in --temperature" in refusal(bare)
    assert "add mol to the dump" in refusal(bare.replace("id type mol", "id type other"), *warm)
    assert "add mass to the dump" in refusal(bare.replace("mol mass", "mol other"), *warm)
    assert "ions that are centres of mass are not evaluated on --ranks" in refusal(bare, *warm, "--ranks", "2")


def test_a_molecule_that_lacks_an_atom_is_named(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    harness.run(script(run="run 0"), tmp_path)
    whole = harness.without_field(tmp_path / "out.lammpstrj")

    def said(dump):
        done = subprocess.run([harness.PROGRAM, "predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out",
                               "--species", NAMES.replace(" ", ",")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    assert "all there" not in said(whole)
    lines = whole.read_text().splitlines()
    gone = max(k for k, line in enumerate(lines) if len(line.split()) > 6 and line.split()[1] == "3")
    molecule = lines.pop(gone).split()[2]
    lines[3] = str(int(lines[3]) - 1)
    cut = tmp_path / "cut.lammpstrj"
    cut.write_text("\n".join(lines) + "\n")
    assert f"molecule {molecule} has 1 atoms of anion, and molecule " in said(cut)


def test_doctor_tries_models_of_molecules(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"], conditions=["temperature"])
    done = subprocess.run([harness.PROGRAM, "doctor", "--plugin", harness.PLUGIN, "--model", tmp_path / "model.onnx",
                           "--json", tmp_path / "found.json"], capture_output=True, text=True)
    found = {check["name"]: check for check in json.loads((tmp_path / "found.json").read_text())["checks"]}
    assert found["evaluation"]["verdict"] == "fits", done.stdout + done.stderr


def test_dumps_that_state_their_units_are_converted(tmp_path):
    """The same ions in angstrom and in nanometers; reduced lengths are refused."""
    models.linear(tmp_path / "model.onnx", {"lithium": 1.0, "iodide": -1.0}, "by-species", units="real")
    places = np.random.default_rng(2).uniform(0, 9, (40, 3))

    def predicted(units, length):
        text = f"ITEM: UNITS\n{units}\nITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n40\nITEM: BOX BOUNDS pp pp pp\n"
        text += f"0 {9 * length!r}\n" * 3 + "ITEM: ATOMS id type x y z\n"
        rows = [f"{i + 1} {1 + i % 2} " + " ".join(repr(float(v * length)) for v in p) for i, p in enumerate(places)]
        (tmp_path / "in.lammpstrj").write_text(text + "\n".join(rows) + "\n")
        return subprocess.run([harness.PROGRAM, "predict", tmp_path / "model.onnx", tmp_path / "in.lammpstrj", "-o",
                               tmp_path / f"{units}.csv", "--json", tmp_path / f"{units}.json"], capture_output=True, text=True)

    for units, length in [("real", 1.0), ("metal", 1.0), ("nano", 0.1), ("si", 1e-10), ("electron", 1 / 0.529177210903)]:
        assert predicted(units, length).returncode == 0
        mean = json.loads((tmp_path / f"{units}.json").read_text())["mean"]
        assert mean == pytest.approx(json.loads((tmp_path / "real.json").read_text())["mean"], rel=1e-5), units
    assert "the dump is in lj units, and the model is for real units" in predicted("lj", 1.0).stderr


SWAP = "variable q equal 1-2*(step>20)\nfix swap lithium adapt 1 atom charge v_q\n"


@pytest.mark.parametrize("ranks", [1, 2])
def test_charges_that_change_in_a_run_stop_it_also_where_all_ranks_atoms_are_gathered(tmp_path, ranks):
    """Ions that are molecules always are, and atoms that moved beyond the skin."""
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    run = harness.run(script(run=SWAP + "run 60"), tmp_path, ranks=ranks, ok=False)
    assert "lithium" in run.output and "charge" in run.output, run.output
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species")
    far = "neigh_modify every 1000 delay 1000 check no\nneighbor 0.02 bin\n"
    run = harness.run(script(run=far + SWAP + "run 60"), tmp_path, ranks=ranks, ok=False)
    assert "lithium" in run.output and "charge" in run.output, run.output
    # Between runs a dump asks anew.
    between = "run 20\nset group lithium charge -1\nwrite_dump all custom after.lammpstrj id c_lam[1]\n"
    run = harness.run(script(run=between), tmp_path, ranks=ranks, ok=False)
    assert "lithium" in run.output and "Loop time" in run.output, run.output


@pytest.mark.parametrize("ranks", [1, 3])
def test_ions_that_lost_atoms_are_told_of_once(tmp_path, ranks):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", molecules=["anion"])
    write(tmp_path / "salt.data")
    whole = harness.run(script(run="run 20"), tmp_path, ranks=ranks).output
    cut = script(run="group lost id 3 7\ndelete_atoms group lost bond yes mol no\nrun 20\nrun 20")
    run = " ".join(harness.run(cut, tmp_path, ranks=ranks).output.split())
    assert "are all there?" not in whole and run.count("are all there?") == 1, run
    bare = harness.without_field(tmp_path / "out.lammpstrj")
    said = harness.ionscape("predict", tmp_path / "model.onnx", bare, "-o", tmp_path / "predicted", "--species", NAMES.replace(" ", ","))
    assert said.stderr.count("are all there?") == 1, said.stderr


def test_a_scalar_that_is_no_temperature_is_told_of_and_a_loop_without_a_timer_has_no_share(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species", conditions=["temperature"])
    write(tmp_path / "salt.data")
    run = harness.run("timer off\n" + script(keywords="temperature c_thermo_temp", run="run 20"), tmp_path)
    assert "is none by LAMMPS's own word" not in run.output and "of this run's loop" not in run.output
    assert re.search(r"evaluations of [\d.]+ ions, \S+ s on the slowest rank, \S+ microseconds", run.output), run.output
    run = harness.run(script(keywords="temperature c_thermo_pe", run="run 20"), tmp_path, ok=None)
    assert "its temperature c_thermo_pe is none by LAMMPS's own word (compute thermo_pe is of style pe)" in " ".join(run.output.split())
