"""Random studies in LAMMPS, a few of the many that `python tests/lammps/stress` makes, and what these have found."""

import re
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


def asked_after(lammps, text, ranks=2):
    """A run that asks for values after it; none where a release refuses values that are of no run's last step."""
    run = lammps(text, ranks=ranks, ok=None)
    if run.status and "not current" in run.output:
        return None
    assert run.status == 0, run.output
    return run


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_since_the_last_run_has_its_own_values(lammps, change, ranks):
    """Neighbours and ghosts that LAMMPS knows are those of the last run."""
    text = setup(pair=IDEAL) + compute() + "thermo_style custom step pe\nrun 7\n" + CHANGES[change]
    run, printed = asked_after(lammps, text + ASK, ranks), asked_after(lammps, text + PRINT, ranks)
    if not run or not printed:
        return
    frame, = assert_as_offline(run.folder / "asked.lammpstrj")
    mean = float(printed.output.split("\nMEAN ")[1].split()[0])
    np.testing.assert_allclose(mean, frame["c_lam[1]"][frame["type"] != 3].mean(), rtol=1e-6)


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_after_the_last_step_was_asked_for_has_its_own_values(lammps, change):
    """LAMMPS does not ask again for what it was told at the same step, unless it is made to; those of 2022 and before never do."""
    text = setup(pair=IDEAL) + compute() + "thermo_style custom step c_lam\n" + DUMP + "run 5\n" + CHANGES[change] + ASK
    run = asked_after(lammps, text)
    if run and int(re.search(r"LAMMPS \(\d+ \w+ (\d+)", run.output)[1]) > 2022:
        assert_as_offline(run.folder / "asked.lammpstrj")


@pytest.mark.parametrize("command", ["write_restart end.restart", "write_data end.data", "comm_style tiled"])
def test_commands_that_choose_ghosts_anew_change_no_values(lammps, command):
    text = setup() + compute() + DUMP + f"run 33\nundump d\n{command}\n" + ASK
    # LAMMPS itself does not go on without a set-up where another style communicates.
    text += "run 5\n" if "tiled" in command else "run 5 pre no\n"
    text += ASK.replace("asked", "later")
    if run := asked_after(lammps, text):
        for name in ("asked", "later"):
            assert_as_offline(run.folder / f"{name}.lammpstrj")


SECOND_RUNS = {
    "dynamic group": ("variable high atom c_lam[1]>1.5\ngroup high dynamic all var high every 5\n", "run 5\nrun 5"),
    "adapted pair style": ("variable e equal 1.0+0.01*c_lam\nfix a all adapt 1 pair lj/cut/coul/cut epsilon * * v_e\n",
                           "run 5\nrun 0\nrun 5"),
    "run every": ("variable high atom c_lam[1]>1.5\ngroup high dynamic all var high every 5\n",
                  'run 10 every 5 "displace_atoms all random 0.2 0.2 0.2 5"'),
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("case", SECOND_RUNS)
def test_values_are_known_while_a_run_is_set_up(lammps, case, ranks):
    after, run = SECOND_RUNS[case]
    done = lammps(setup() + compute() + after + DUMP + run + "\n", ranks=ranks)
    assert_as_offline(done.folder / "out.lammpstrj")


@pytest.mark.parametrize("ranks", [1, 2])
def test_types_that_change_in_a_run_change_those_of_ghosts(lammps, ranks):
    """LAMMPS gives ghosts their types when it chooses them."""
    swap = """
variable t atom "(type<3)*(3-type) + (type==3)*3"
variable q atom "-q"
group early id <= 60
fix swap all set 7 1 group early type v_t charge v_q
"""
    run = lammps(setup() + compute() + swap + DUMP.replace(" 5 ", " 1 ") + "run 20\n", ranks=ranks, ok=None)
    if run.status and "Unrecognized fix style 'set'" in run.output:
        pytest.skip("this LAMMPS has no fix set")
    assert run.status == 0, run.output
    assert_as_offline(run.folder / "out.lammpstrj")


def test_an_atom_that_was_just_inserted_stays_where_it_is(lammps):
    """A fix that balances asks when ghosts are still those of the atoms before."""
    fixes = """
variable w atom 1+WEIGHT
region d block 1 12 1 12 1 12
fix deposit all deposit 20 3 10 12345 region d near 0.1
fix balance all balance 1 1.0 shift x 5 1.01 weight var w
dump all all custom 1 all.lammpstrj id type x y z
dump_modify all sort id format float %.17g
"""
    run = lammps(setup(pair=IDEAL) + compute() + fixes.replace("WEIGHT", "c_lam[1]") + "run 3\n")
    frame = read_dump(run.folder / "all.lammpstrj")[1]
    new = frame["id"] == 221
    plain = lammps(setup(pair=IDEAL) + fixes.replace("WEIGHT", "x") + "run 3\n")
    expected = read_dump(plain.folder / "all.lammpstrj")[1]
    for axis in "xyz":
        assert frame[axis][new] == expected[axis][expected["id"] == 221]


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


def test_what_was_asked_for_between_runs_is_in_no_report(lammps):
    """Not even in that of a run without set-up, which nothing tells the compute of."""
    between = PRINT + "change_box all x scale 0.8 remap\nundump d\n"
    run = asked_after(lammps, script(run=f"run 5\n{between}run 0 pre no"), ranks=1)
    if not run:
        return
    assert re.findall(r"(\d+) evaluations of", run.output)[-1] == "1"
    mean = float(re.findall(r"mean (\S+), deviation", run.output)[-1])
    shown = float(re.findall(r"^ +5 +\S+ +(\S+)", run.output, re.MULTILINE)[-1])
    np.testing.assert_allclose(mean, shown, rtol=1e-5)


def hosted(run, change, ask):
    """What a Python host prints that runs LAMMPS, and asks after a change."""
    (run.folder / "host.py").write_text(f"""
import numpy as np
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string({setup(pair=IDEAL) + compute() + "run 7" + chr(10)!r})
values = lambda: lmp.numpy.extract_compute("lam", 1, 2)[:lmp.extract_setting("nlocal")].copy()
mean = lambda: lmp.extract_compute("lam", 0, 0)
first = values(), mean()
assert (values() == first[0]).all() and mean() == first[1] and first[0].any()
lmp.commands_string({change!r})
before = lmp.numpy.extract_atom("x")[:240].copy()
asked = {ask}
print((lmp.numpy.extract_atom("x")[:240] == before).all())
tags = lmp.numpy.extract_atom("id")[:lmp.extract_setting("nlocal")].copy()
lmp.command("run 0")
again = {ask}
order = lmp.numpy.extract_atom("id")[:lmp.extract_setting("nlocal")]
if hasattr(asked, "shape"):
    asked, again = asked[tags.argsort()], again[order.argsort()]
print(np.abs(asked - again).max() < 1e-6, np.abs(asked).max() > 0.5)
""")
    done = subprocess.run([harness.VENV / "bin/python", "host.py"], cwd=run.folder, env=harness.ENVIRONMENT, timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("ask", ["values()", "mean()"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_program_that_asks_again_is_told_what_is(lammps, change, ask):
    """And no atom is moved by it."""
    assert hosted(lammps("units lj\n"), CHANGES[change], ask) == "True\nTrue True\n"


FORKS = """
import os, time
child = os.fork()
if child == 0:
    lmp.command("run 3")
    print(mean(), flush=True)
    os._exit(0)
gone, until = 0, time.monotonic() + 30
while not gone and time.monotonic() < until:
    gone, status = os.waitpid(child, os.WNOHANG)
    time.sleep(0.01)
if not gone:
    os.kill(child, 9)
    raise SystemExit("the child hangs")
lmp.command("run 3")
print(mean())
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_a_program_may_fork(lammps, threads):
    """A child has none of the threads that a compute has begun."""
    run = lammps("units lj\n")
    (run.folder / "host.py").write_text(f"""
from lammps import lammps
lmp = lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string({setup() + compute(keywords=f"threads {threads}") + "thermo_style custom step c_lam" + chr(10) + "run 3" + chr(10)!r})
mean = lambda: lmp.extract_compute("lam", 0, 0)
{FORKS}
""")
    done = subprocess.run([harness.VENV / "bin/python", "host.py"], cwd=run.folder, env=harness.ENVIRONMENT, timeout=60,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    of_child, of_parent = map(float, done.stdout.split())
    assert of_child == of_parent > 0.5


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("change, back", [("comm_modify cutoff 1", "comm_modify cutoff 9"),
                                          ("comm_modify group some", "comm_modify group some")], ids=["cutoff", "group"])
def test_ghosts_reach_as_far_as_when_they_were_chosen(lammps, change, back, ranks):
    """A run without set-up takes settings over late, or never where the box stays."""
    run = f"group some type 1\natom_modify first some\nrun 2\n{change}\nrun 40 pre no\n{back}\nrun 5 pre no"
    text = script(after="fix box all nph iso 0 0 0.5\n", run=run)
    assert_as_offline(lammps(text, ranks=ranks).folder / "out.lammpstrj")


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
