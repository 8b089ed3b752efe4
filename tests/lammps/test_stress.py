"""Random studies in LAMMPS, a few of the many that `python tests/lammps/stress` makes, and what these have found."""

import subprocess

import numpy as np
import pytest

import harness
from electrolyte import DUMP, compute, script, setup
from harness import assert_as_offline, read_dump
from stress.check import check
from stress.writer import study

# Molecules and atoms, tilted and tiled boxes, restarts, reloads, reruns and refusals are among them.
SEEDS = [2, 3, 8, 11, 32, 52, 111, 120]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_study(tmp_path, seed):
    one = study(seed)
    try:
        tally = check(one, tmp_path)
    except AssertionError as error:
        again = f"again: .venv/bin/python tests/lammps/stress --count 1 --seed {seed}"
        raise AssertionError(f"{error}\n{one.text()}\n{again}") from None
    assert not tally.void, tally.void
    assert tally.values > 0


IDEAL = "pair_style zero 1.0\npair_coeff * *"
ASK = ("write_dump all custom asked.lammpstrj id type q x y z c_lam[1] c_lam[2] c_lam[3] modify sort id "
       "format float %.17g\n")
PRINT = 'print "MEAN $(c_lam:%.17g)"\n'
CHANGES = {
    "created": "create_atoms 3 random 20 77 NULL\n",
    "deleted": "group gone id 1:10\ndelete_atoms group gone\n",
    "displaced": "displace_atoms all random 0.1 0.1 0.1 5\n",
    "scaled": "change_box all x scale 0.9 remap\n",
    "another species": "set atom 1 type 2\nset atom 1 charge -1\n",
}


@pytest.mark.parametrize("ask, ranks", [(ASK, 2), (PRINT, 1)], ids=["dump", "variable"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_since_the_last_run_is_refused(lammps, change, ask, ranks):
    """Neighbours and ghosts are those of the last run."""
    text = setup(pair=IDEAL) + compute() + "thermo_style custom step pe\nrun 7\n" + CHANGES[change] + ask
    run = lammps(text, ranks=ranks, ok=False)
    assert "add 'run 0' before asking for values" in " ".join(run.output.split())


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_after_the_last_step_was_asked_for_is_refused(lammps, change):
    """LAMMPS does not ask again for what it was told at the same step, unless it is made to."""
    text = setup(pair=IDEAL) + compute() + "thermo_style custom step c_lam\n" + DUMP + "run 5\n" + CHANGES[change] + ASK
    run = lammps(text, ranks=2, ok=False)
    assert "add 'run 0' before asking for values" in " ".join(run.output.split())


def test_atoms_that_are_new_have_no_values_where_lammps_does_not_ask_again(lammps):
    """As the last run left the others, asked for twice between runs."""
    change = "create_atoms 1 random 20000 77 NULL\nset group all charge 1\n"
    text = setup(pair=IDEAL) + compute() + "run 5\n" + ASK + change + ASK.replace("asked", "again")
    run = lammps(text, ranks=2, ok=None)
    if run.status:
        # Releases that ask again, or that know that a value is not current.
        assert "run 0" in run.output or "not current" in run.output
        return
    asked, again = (read_dump(run.folder / f"{name}.lammpstrj")[0] for name in ("asked", "again"))
    np.testing.assert_array_equal(again.field()[:220], asked.field())
    assert again.field()[220:].tolist() == [[0.0, 0.0, -2.0]] * 20000


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_system_with_computes_is_replicated(lammps, ranks):
    run = lammps(setup(pair=IDEAL) + compute() + DUMP + "run 5\nundump d\nreplicate 2 1 1\n"
                 + DUMP.replace("out.", "again.") + "run 5\n", ranks=ranks)
    assert_as_offline(run.folder / "again.lammpstrj")


def test_what_has_not_changed_since_the_last_run_is_told(lammps):
    """Also where a fix has moved the box in the last step, and the group is another one since."""
    more = "group few id 1:30\n" + ASK.replace("asked", "again")
    deform = "fix d all deform 1 x scale 1.05 remap x\n"
    text = setup(pair=IDEAL) + compute() + deform + "thermo_style custom step pe\nrun 7\n"
    run = lammps(text + ASK + PRINT + more + "run 3 pre no\n" + ASK.replace("asked", "later"), ranks=2)
    for name in ("asked", "again", "later"):
        frame, = assert_as_offline(run.folder / f"{name}.lammpstrj")
    mean = float(run.output.split("\nMEAN ")[1].split()[0])
    asked = read_dump(run.folder / "asked.lammpstrj")[0]
    np.testing.assert_allclose(mean, asked["c_lam[1]"][asked["type"] != 3].mean(), rtol=1e-12)


def hosted(run, change, ask):
    """What a Python host prints that runs LAMMPS, and asks after a change."""
    (run.folder / "host.py").write_text(f"""
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string({setup(pair=IDEAL) + compute() + "run 7" + chr(10)!r})
values = lambda: lmp.numpy.extract_compute("lam", 1, 2)[:lmp.extract_setting("nlocal")].copy()
mean = lambda: lmp.extract_compute("lam", 0, 0)
first = values(), mean()
assert (values() == first[0]).all() and mean() == first[1] and first[0].any()
lmp.commands_string({change!r})
before = lmp.numpy.extract_atom("x")[:240].copy()
try:
    {ask}
    print("told")
except Exception as error:
    print("refused", "add 'run 0'" in str(error), (lmp.numpy.extract_atom("x")[:240] == before).all())
""")
    done = subprocess.run([harness.VENV / "bin/python", "host.py"], cwd=run.folder, env=harness.ENVIRONMENT, timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_new_atoms_stay_where_they_are(lammps):
    """A compute that is asked in vain between two runs moves nothing."""
    assert hosted(lammps("units lj\n"), CHANGES["created"], f"lmp.command({PRINT!r})") == "refused True True\n"


@pytest.mark.parametrize("ask", ["values()", "mean()"])
@pytest.mark.parametrize("change", ["deleted", "another species"])
def test_a_program_that_asks_again_is_not_given_what_was(lammps, change, ask):
    assert hosted(lammps("units lj\n"), CHANGES[change], ask) == "refused True True\n"


@pytest.mark.parametrize("change", ["change_box all x scale 1.4 y scale 1.4 remap", "change_box all x scale 0.8 remap"])
def test_another_box_in_the_same_step_has_its_own_neighbours(lammps, change):
    """LAMMPS keeps the stencil of bins for lists that are not built with all others, where the step stays the same."""
    run = lammps(script(run=f"run 0\nundump d\n{change}\n{DUMP.replace('out.', 'again.')}\nrun 0"), ranks=2)
    assert_as_offline(run.folder / "again.lammpstrj")


def test_atoms_that_swing_are_neighbours_when_they_are_near(lammps):
    """Both stay within half a skin of where LAMMPS last looked for neighbours, and are first seen at their farthest."""
    skin, reach = 1.0, 6.858461
    apart = reach + skin / 2
    text = f"""
units lj
atom_style charge
atom_modify map array sort 0 0
region box block 0 40 0 40 0 40
create_box 2 box
create_atoms 1 single 10 20 20
create_atoms 2 single {10 + apart} 20 20
create_atoms 2 single 8 20 21
mass * 1
set type 1 charge 1
set type 2 charge -1
group left id 1
group right id 2
plugin load {harness.PLUGIN}
pair_style zero 7
pair_coeff * *
neighbor {skin} bin
timestep 1
reset_timestep 1
fix left left move wiggle {-0.49 * skin} 0 0 20
fix right right move wiggle {0.49 * skin} 0 0 20
compute lam all conductivity/atom {harness.MODEL} cation anion
thermo_style custom step pe
""" + DUMP + "run 15\n"
    run = lammps(text)
    frames = assert_as_offline(run.folder / "out.lammpstrj", species="cation anion")
    distance = [frame["x"][1] - frame["x"][0] for frame in frames]
    assert distance[0] > reach + skin and distance[-1] < reach
    assert "Neighbor list builds = 0" in run.output


def test_ghosts_of_a_group_alone_are_refused(lammps):
    text = script(before="atom_modify first few", after="group few id 1:100\ncomm_modify group few\n")
    run = lammps(text, ranks=2, ok=False)
    assert "'comm_modify group' hides ions from each other" in " ".join(run.output.split())


def test_two_dimensions_are_refused(lammps):
    text = f"""
units lj
dimension 2
atom_style charge
region box block 0 20 0 20 -0.5 0.5
create_box 3 box
mass * 1
plugin load {harness.PLUGIN}
"""
    run = lammps(text + compute(), ranks=2, ok=False)
    assert "needs a simulation in three dimensions, not 'dimension 2'" in run.output
