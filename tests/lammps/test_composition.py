"""What the atoms of all ranks, or of a frame, tell together: charges in another ratio than the model's, solvent that is not there, and
ions that are part of a liquid."""

import re
import subprocess

import numpy as np
import pytest

import harness
import models
from harness import read_dump

CHARGES = {"A": 1.0, "B": 2.0, "X": -1.0, "S": 0.0}
NAMES = "A B X S"
EDGE = 8.0
RATIO = "no common factor makes the ones the others"
ABSENT = "ions of this model see S, and "
PART = "of part of a liquid or of ions with a net charge"


def write(path, numbers=(16, 16, 48, 40), charges=(1, 2, -1, 0), style="charge", spread=0.0):
    """So many atoms of each of four types; charges fluctuate by `spread` of themselves, and add up to nothing all the same."""
    rng = np.random.default_rng(7)
    n = sum(numbers)
    grid = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    x = (rng.permutation(grid)[:n] + rng.uniform(0.2, 0.8, (n, 3))) * EDGE / 6
    types = np.repeat([1, 2, 3, 4], numbers)
    q = np.array(charges, float)[types - 1] * (1 + spread * rng.uniform(-1, 1, n))
    if spread:
        q[types == 3] -= q.sum() / numbers[2]
    lines = ["salt", "", f"{n} atoms", "4 atom types"] + [f"0 {EDGE} {a}lo {a}hi" for a in "xyz"]
    lines += ["", "Masses", "", "1 1", "2 1", "3 1", "4 1", "", f"Atoms # {style}", ""]
    for i in range(n):
        charge = "" if style == "atomic" else f" {q[i]:.10g}"
        lines.append(f"{i + 1} {'1 ' if style == 'full' else ''}{types[i]}{charge} " + " ".join(f"{v:.12g}" for v in x[i]))
    path.write_text("\n".join(lines) + "\n")


def script(names=NAMES, group="all", style="charge", run="run 2\nrun 2", before="", more=""):
    columns = "id type x y z" if style == "atomic" else "id type q x y z"
    return f"""
units lj
atom_style {style}
read_data salt.data
pair_style zero 3.0
pair_coeff * *
comm_modify cutoff 4.0
plugin load {harness.PLUGIN}
group A type 1
group AX type 1 3
{before}
compute lam {group} conductivity/atom model.onnx {names}
velocity all create 1.0 4711
fix move all nve
timestep 0.001
dump d all custom 2 out.lammpstrj {columns} c_lam[1] c_lam[2] c_lam[3]
dump_modify d sort id format float %.17g
thermo_style custom step c_lam
thermo 1
{more}
{run}
"""


@pytest.fixture
def said(tmp_path):
    """What LAMMPS says, and `predict` of what it dumps."""
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species")

    def run(names=NAMES, ranks=2, **options):
        done = harness.run(script(names, **options), tmp_path, ranks=ranks)
        return " ".join(done.output.split()), predict(names)

    def predict(names):
        bare = harness.without_field(tmp_path / "out.lammpstrj")
        arguments = ["predict", tmp_path / "model.onnx", bare, "-o", tmp_path / "predicted", "--species", names.replace(" ", ",")]
        return harness.ionscape(*arguments).stderr

    return run


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_swapped_cations_are_told_of_once(tmp_path, said, ranks):
    write(tmp_path / "salt.data")
    for told in said("B A X S", ranks):
        assert told.count(RATIO) == 1, told
        assert "q of type 2 (A) is +2 an ion and the species has +1, and q of type 1 (B) is +1 an ion and the species has +2" in told
    for told in said(NAMES, ranks):
        assert RATIO not in told and ABSENT not in told, told


@pytest.mark.parametrize("charges, spread", [((0.8, 1.6, -0.8, 0), 0), ((1, 2, -1, 0), 0.5), ((1.05, 2, -1.016, -0.8), 0)])
def test_scaled_and_fluctuating_charges_are_no_other_salt(tmp_path, said, charges, spread):
    write(tmp_path / "salt.data", charges=charges, spread=spread)
    for told in said():
        assert RATIO not in told, told


def test_charges_that_are_scaled_are_compared(tmp_path, said):
    write(tmp_path / "salt.data", charges=(1.5, 0.75, -0.75, 0), spread=0.3)
    for told in said():
        assert told.count(RATIO) == 1, told


@pytest.mark.parametrize("channels", ["charge-symmetric", "by-species"])
def test_a_model_of_another_salt_is_told_of(tmp_path, said, channels):
    """A 1:1 model on a 2:1 salt, of which no ion is missing."""
    models.linear(tmp_path / "model.onnx", {"A": 1.0, "X": -1.0}, channels)
    write(tmp_path / "salt.data", numbers=(0, 20, 40, 30))
    lammps, predicted = said("NULL A X NULL")
    for told in (lammps, predicted):
        assert "q of type 2 (A) is +2 an ion and the species has +1, and q of type 3 (X) is -1 an ion and the species has -1" in told
    assert "missing" not in predicted, predicted
    # As of its ions' own charges they are a part.
    assert PART in lammps


def test_molecule_ids_that_all_atoms_share_change_nothing(tmp_path, said):
    write(tmp_path / "salt.data", style="full")
    swapped, right = said("B A X S", style="full"), said(style="full")
    assert all(told.count(RATIO) == 1 for told in swapped) and not any(RATIO in told for told in right)


def test_atoms_without_charges_are_not_compared(tmp_path, said):
    write(tmp_path / "salt.data", style="atomic")
    assert not any(RATIO in told for told in said("B A X S", style="atomic"))


def test_atoms_that_may_stand_for_an_ion_of_several_are_not_compared(tmp_path, said):
    """Other atoms have no species: this one's charge need not be that of an ion."""
    write(tmp_path / "salt.data", numbers=(32, 0, 32, 32), charges=(1, 2, -0.66, -0.34))
    assert not any(RATIO in told for told in said("A B X NULL"))


def test_solvent_that_is_not_named_or_not_there_is_told_of(tmp_path, said):
    write(tmp_path / "salt.data")
    for told in said("A B X NULL"):
        assert told.count(ABSENT) == 1 and ABSENT + "no atom type is named so" in told, told
    write(tmp_path / "salt.data", numbers=(16, 16, 48, 0))
    for told in said():
        assert told.count(ABSENT) == 1 and ABSENT + "there is no atom of type 4" in told, told
    dump = tmp_path / "out.lammpstrj"
    arguments = ["--model", tmp_path / "model.onnx", "--species", "A,B,X,S", "--pair-distance", "1.5"]
    for path in (dump, harness.without_field(dump)):
        assert ABSENT in harness.ionscape("analyze", path, *arguments).stderr


def test_part_of_the_ions_is_not_compared_with_training_systems(tmp_path):
    write(tmp_path / "salt.data", numbers=(40, 0, 40, 0))

    def report(group):
        text = script("cation NULL anion NULL", group).replace("model.onnx", str(harness.MODEL)).replace("cutoff 4.0", "cutoff 7.5")
        done = harness.run(text, tmp_path, ranks=2)
        lines = [line for line in done.output.splitlines() if "deviation over the ensemble" in line]
        assert len(lines) == 2
        return lines[-1]

    whole, both, part = report("all"), report("AX"), report("A")
    assert PART not in whole and PART not in both and PART in part
    for line in (whole, both, part):
        assert ("times the largest of a training system" in line) == ("times the largest" in whole and line is not part)


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("fix, evaluations", [("", 6), ("fix box all deform 1 x scale 1.01 remap x", 11)])
def test_atoms_that_join_other_groups_are_not_evaluated_anew(tmp_path, ranks, fix, evaluations):
    """A group that the values choose asks for them before thermo output does: once a step, and twice where the box is then another."""
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species")
    write(tmp_path / "salt.data")
    more = "variable hot atom c_lam[1]>0\ngroup hot dynamic all var hot every 1\nvariable n equal count(hot)\n" \
           f"thermo_style custom step c_lam v_n\n{fix}\n"
    done = harness.run(script(run="run 5", more=more), tmp_path, ranks=ranks)
    assert re.search(rf"\(conductivity/atom\): {evaluations} evaluations of ", done.output), done.output
    counts, frame = done.thermo("v_n"), read_dump(tmp_path / "out.lammpstrj")[0]
    assert counts[0] == (frame["c_lam[1]"] > 0).sum() > 0


def test_ions_that_join_the_group_are_evaluated(tmp_path):
    models.linear(tmp_path / "model.onnx", CHARGES, "by-species")
    write(tmp_path / "salt.data")
    before = "variable right atom x>4\ngroup right dynamic all var right every 1"
    harness.run(script(run="run 5", group="right", before=before), tmp_path, ranks=2)
    for frame in read_dump(tmp_path / "out.lammpstrj"):
        inside = (frame["x"] > 4) & (frame["type"] != 4)
        assert (frame["c_lam[1]"][inside] != 0).all() and (frame["c_lam[1]"][~inside] == 0).all()
