"""What in LAMMPS takes per-atom values takes these; and nothing is computed twice, or changed."""

import json
import re

import numpy as np
import pytest

import harness
from electrolyte import DUMP, compute, script, setup
from harness import assert_as_offline, read_dump, without_field

CONSUMERS = """
group cat type 1
variable high atom c_lam[1]>1.5
group high dynamic all var high every 5
variable twice atom 2*c_lam[1]
compute sum all reduce sum c_lam[1] v_twice
compute top cat reduce max c_lam[1]
variable n equal count(high)
fix mean all ave/atom 1 5 5 c_lam[1]
fix histogram all ave/histo 5 1 5 0 4 20 c_lam[1] kind peratom mode vector file histogram.txt
thermo_style custom step c_lam c_sum[1] c_sum[2] c_top v_n
thermo_modify norm no
dump m all custom 5 mean.lammpstrj id type f_mean
dump_modify m sort id format float %.17g
"""


@pytest.mark.parametrize("ranks", [1, 2])
def test_consumers(lammps, ranks):
    text = setup() + compute() + DUMP.replace("custom 5", "custom 1") + CONSUMERS + "run 10\n"
    run = lammps(text, ranks=ranks)
    frames = assert_as_offline(run.folder / "out.lammpstrj")
    value = np.array([frame["c_lam[1]"] for frame in frames])
    at = [0, 5, 10]
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6)
    close(run.thermo("c_sum[1]"), value[at].sum(1))
    close(run.thermo("c_sum[2]"), 2 * value[at].sum(1))
    close(run.thermo("c_top"), value[at][:, frames[0]["type"] == 1].max(1))
    np.testing.assert_array_equal(run.thermo("v_n"), (value[at] > 1.5).sum(1))
    mean = read_dump(run.folder / "mean.lammpstrj")
    close(mean[1]["f_mean"], value[1:6].mean(0))
    close(mean[2]["f_mean"], value[6:11].mean(0))
    bins = [float(line.split()[2]) for line in (run.folder / "histogram.txt").read_text().splitlines()
            if len(line.split()) == 4 and not line.startswith("#")]
    np.testing.assert_array_equal(np.reshape(bins, (3, 20)), [np.histogram(v, 20, (0, 4))[0] for v in value[at]])


def test_dynamic_group_as_the_compute_s_own(lammps):
    """The centers follow a group whose members change."""
    after = "region left block 0 6 INF INF INF INF\ngroup left dynamic all region left every 1\n"
    run = lammps(script(group="left", after=after, run="run 10"), ranks=2)
    inside = lambda frame: frame["c_lam[1]"] != 0
    frames = assert_as_offline(run.folder / "out.lammpstrj", centers=inside)
    for frame in frames:
        ions = frame["type"] != 3
        clear = abs(frame["x"] - 6) > 0.1
        assert ((frame["c_lam[1]"] != 0) == (ions & (frame["x"] < 6) & (frame["x"] > 0)))[clear & (frame["x"] > 0)].all()


def report(output):
    """Evaluations, ions and microseconds of the report that a compute prints after each run."""
    pattern = (r"Compute (\S+) \((\S+)\): (\d+) evaluations of ([\d.]+) ions, (\S+) s on the slowest rank "
               r"\((\S+)% of this run's loop\), (\S+) microseconds per ion and rank")
    return [(m[1], int(m[3]), float(m[4]), float(m[5]), float(m[6]), float(m[7])) for m in re.finditer(pattern, output)]


def test_one_evaluation_a_step_whoever_asks(lammps):
    more = DUMP.replace("dump d", "dump e").replace("modify d", "modify e").replace("out.", "more.")
    sums = "compute sum all reduce sum c_lam[1]\nthermo_style custom step c_lam c_sum\n"
    run = lammps(setup() + compute() + DUMP + more + sums + "run 20\nrun 10 pre no\n", ranks=2)
    first, second = report(run.output)
    assert first[1:3] == (5, 200.0) and second[1:3] == (2, 200.0)
    assert 0 < first[4] < 100 and 0 < first[5] < 1e5
    np.testing.assert_allclose(first[5], 1e6 * first[3] * 2 / (5 * 200), rtol=0.01)


@pytest.mark.parametrize("ranks", [1, 2])
def test_report_tells_how_far_the_ensemble_agrees_on_the_mean(lammps, ranks):
    """As `ionscape predict` does for the dump of the same run."""
    model = harness.MODEL.with_name("electrolyte.onnx")
    run = lammps(setup() + compute(model=model) + DUMP + "run 10\nrun 10\n", ranks=ranks)
    found = re.findall(r"Compute lam \(conductivity/atom\): mean (\S+), deviation over the ensemble (\S+), (\S+) times the "
                       r"largest of a training system", run.output)
    assert len(found) == 2
    # The second run's: steps 10, 15 and 20 of the dump, in which step 10 stands once.
    lines = without_field(run.folder / "out.lammpstrj").read_text().splitlines(keepends=True)
    size = len(lines) // 5
    (run.folder / "second.lammpstrj").write_text("".join(lines[2 * size:]))
    harness.ionscape("predict", model, run.folder / "second.lammpstrj", "-o", run.folder / "predicted", "--json",
                     run.folder / "predicted.json", "--species", "cation,anion,NULL")
    expected = json.loads((run.folder / "predicted.json").read_text())
    names = ["mean", "mean_ensemble_deviation", "system_extrapolation"]
    np.testing.assert_allclose([float(v) for v in found[1]], [expected[name] for name in names], rtol=6e-3)


def test_nothing_is_evaluated_that_nobody_asks_for(lammps):
    run = lammps(setup() + compute() + "run 10\n")
    assert report(run.output) == []


def test_memory_is_counted(lammps):
    megabytes = lambda text: float(re.search(r"memory allocation \(min/avg/max\) = (\S+)", text)[1])
    without = megabytes(lammps(setup() + "run 0\n").output)
    with_four = megabytes(lammps(setup() + compute(keywords="threads 4") + "run 0\n").output)
    assert with_four > without + 2.0, "four threads hold 256 x 468 float32 each"


@pytest.mark.parametrize("ranks", [1, 2])
def test_trajectory_is_the_same_to_the_last_bit(lammps, ranks):
    watch = "dump w all custom 5 {} id x y z vx vy vz fx fy fz\ndump_modify w sort id format float %.17g\n"
    neighbor = "neighbor 0.5 bin\ncomm_modify cutoff 7.5\nfix b all balance 10 1.0 shift xyz 5 1.01"
    lammps(setup(neighbor=neighbor) + watch.format("without.lammpstrj") + "run 40\n", ranks=ranks)
    text = setup(neighbor=neighbor) + compute() + "thermo_style custom step c_lam\nthermo 1\n"
    run = lammps(text + watch.format("with.lammpstrj") + "run 40\n", ranks=ranks)
    assert (run.folder / "with.lammpstrj").read_bytes() == (run.folder / "without.lammpstrj").read_bytes()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("data, box", [("ions.data", "fix box all press/berendsen iso 0.1 0.5 0.2 modulus 1"),
                                       ("tilted.data", "fix box all deform 1 x vel 1.0 xy vel 0.5 remap x")])
def test_what_looks_at_ghosts_in_the_same_step_finds_them_as_without(lammps, data, box, ranks):
    """A fix that changes the box at the end of a step leaves ghosts where they were, and forces may depend on that."""
    others = """
compute near all coord/atom cutoff 2.5
fix near all ave/atom 1 1 1 c_near
variable push atom 0.1*f_near
fix push all addforce v_push 0 0
"""
    watch = "dump w all custom 5 {} id x y z vx vy vz fx fy fz c_near\ndump_modify w sort id format float %.17g\nrun 40\n"
    values = compute() + "fix values all ave/time 1 1 1 c_lam\n"
    for name, asked in ("without", ""), ("with", values):
        run = lammps(setup(data=data) + box + "\n" + asked + others + watch.format(f"{name}.lammpstrj"), ranks=ranks)
    assert (run.folder / "with.lammpstrj").read_bytes() == (run.folder / "without.lammpstrj").read_bytes()


@pytest.mark.parametrize("command", ["uncompute lam", "plugin unload compute conductivity/atom",
                                     "uncompute lam\n" + compute()])
def test_a_run_without_setup_goes_on_after_the_compute_is_gone(lammps, command):
    """The compute's fix goes with it, and LAMMPS knew the later ones by their places."""
    energies = {}
    for name, before, after in ("without", "", ""), ("with", compute(), command):
        text = setup().replace("fix nve", before + "fix nve").replace("fix limit all langevin 1.0 1.0 1.0 4712", "")
        run = lammps(text + f"thermo_style custom step pe ke\nrun 10\n{after}\nrun 40 pre no\n")
        energies[name] = re.findall(r"^ +50 +(\S+) +(\S+)", run.output, re.MULTILINE)[-1]
    np.testing.assert_allclose(*(np.array(e, float) for e in energies.values()), rtol=1e-6)
