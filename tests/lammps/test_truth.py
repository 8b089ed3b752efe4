"""`ionscape truth` in real LAMMPS: exact responses, a kill, refusals."""

import functools
import json
import math
import random
import signal
import subprocess
import time
import tomllib

import numpy as np
import pytest
import zstandard

import harness

FREE = """
units lj
atom_style bond
if "${stage} == equilibrate" then &
  "region all block 0 60 0 60 0 60" &
  "create_box 4 all bond/types 1 extra/bond/per/atom 1 extra/special/per/atom 1" &
  "create_atoms 1 random 20 ${seed} all overlap 3.0 maxtry 5000" &
  "create_atoms 2 random 20 $(v_seed+1) all overlap 3.0 maxtry 5000" &
  "create_atoms 3 random 20 $(v_seed+2) all overlap 3.0 maxtry 5000" &
  "create_atoms 4 random 20 $(v_seed+3) all overlap 3.0 maxtry 5000" &
else "read_restart ${restart}"
mass * 1.0
pair_style zero 1.0 nocoeff
pair_coeff * *
# Few and large bins: those of this wide box would take LAMMPS longer than its atoms.
neighbor 5.0 bin
comm_modify cutoff 6.0
timestep 0.005
BONDS
if "${stage} == equilibrate" then "velocity all create 1.0 ${seed}"
fix move all nve
fix fast all langevin 1.0 1.0 1.0 $(v_seed+2) CHARGES
include ${stage_file}
"""

CAMPAIGN = """
input = "in.free"
name = "free"
units = "lj"
species = { 1 = "cation", 2 = "anion", 3 = "cation", 4 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
temperature = 1.0
timestep = 0.005
[[point]]
rho = 0.1
[truth]
configurations = 2
spacing = 2
times = [0.5, 1.0, 2.0]
time = 1.0
reliability = 0.0
most_pairs = 16
linearity_every = 4
"""


@pytest.fixture
def campaign(tmp_path):
    def write(script, text=CAMPAIGN):
        # efield needs charges, which atom_style bond has not.
        script = script.replace("atom_style bond", "atom_style full").replace("BONDS", "").replace(" CHARGES", "")
        charges = "".join(f'  "set type {t} charge {q}" &\n' for t, q in ((1, 1), (2, -1), (3, 1), (4, -1)))
        (tmp_path / "in.free").write_text(script.replace("else \"read", charges + "else \"read", 1))
        (tmp_path / "campaign.toml").write_text(text)
        return tmp_path
    return write


def command(*arguments):
    return [harness.PROGRAM, "truth", "campaign.toml", "--lammps", harness.VENV / "bin/lmp", *arguments]


def truth(folder, *arguments):
    return subprocess.run(command(*arguments), cwd=folder, text=True, capture_output=True, timeout=500)


def drift(t, damp=1.0, perturbation="field"):
    """Molar conductivity of a free ion of mass 1 up to a time, two of which make a pair: by its mean drift under a field, or by
    its displacement after an impulse."""
    after_impulse = 1 - math.exp(-t / damp)
    return 2 * damp * (after_impulse if perturbation == "impulse" else 1 - damp / t * after_impulse)


def responding_to(perturbation, text=CAMPAIGN):
    return text.replace("time = 1.0\n", f'time = 1.0\nperturbation = "{perturbation}"\n')


both = pytest.mark.parametrize("perturbation", ["field", "impulse"])


def frames(folder):
    path = folder / "truth.lammpstrj"
    with open(folder / "out/free/truth.lammpstrj.zst", "rb") as packed, open(path, "wb") as plain:
        zstandard.ZstdDecompressor().copy_stream(packed, plain)
    return harness.read_dump(path)


@both
def test_free_ions_drift_as_computed_by_hand(campaign, perturbation):
    """To the error of the time step; no noise is left, for it acts on both runs of a pair alike."""
    folder = campaign(FREE, responding_to(perturbation))
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    (system,) = json.loads((folder / "out.json").read_text())
    assert system["pairs"] == [16, 16] and system["ions"] == 80
    for at in system["at"]:
        assert at["mean"][0] == pytest.approx(drift(at["time"], perturbation=perturbation), rel=0.004)
        assert all(axis[0] == pytest.approx(at["mean"][0], rel=1e-5) for axis in at["axes"])
        assert abs(at["stronger_field"][0]) < 1e-5 and at["relative_error"] < 1e-4
    found = frames(folder)
    assert len(found) == 2
    for frame in found:
        assert frame["lambda_1"] == pytest.approx(np.full(80, drift(1.0, perturbation=perturbation)), rel=0.004)
    assert f'local_perturbation = "{perturbation}"' in (folder / "out/dataset.toml").read_text()


def test_solvent_stays_in_the_configurations(campaign):
    """And has no response."""
    text = CAMPAIGN.replace('3 = "cation", 4 = "anion"', '3 = "water", 4 = "water"').replace("-1.0 }", "-1.0, water = 0.0 }")
    folder = campaign(FREE, text)
    script = (folder / "in.free").read_text()
    (folder / "in.free").write_text(script.replace("type 3 charge 1", "type 3 charge 0").replace("type 4 charge -1", "type 4 charge 0"))
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    (system,) = json.loads((folder / "out.json").read_text())
    assert system["ions"] == 40 and system["doubts"] == []
    for frame in frames(folder):
        ion = frame["type"] < 3
        assert ion.sum() == 40 and len(ion) == 80
        assert frame["lambda_1"][ion] == pytest.approx(np.full(40, drift(1.0)), rel=0.004)
        assert not frame["lambda_1"][~ion].any() and not frame["error_1"][~ion].any()
    assert "temperature = 1.0\n" in (folder / "out/dataset.toml").read_text()


def test_another_temperature_and_a_missing_species_are_doubtful(campaign):
    text = CAMPAIGN.replace("temperature = 1.0", "temperature = 2.0").replace(', 4 = "anion"', "").replace("most_pairs = 16", "most_pairs = 8")
    folder = campaign(FREE, text)
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    (system,) = json.loads((folder / "out.json").read_text())
    net, mean = system["doubts"]
    assert net == "the campaign's ions have a net charge of +20.0000; is one of them missing?"
    assert mean.startswith("the mean temperature is ") and mean.endswith(", and that of the campaign 2")
    assert f"free is doubtful: {net}; {mean}" in done.stdout
    # Before the pairs are run.
    told = done.stderr.index(f"free: doubtful: {net}; {mean}")
    assert told < done.stderr.index("configuration 1, 8 pairs")
    assert tomllib.loads((folder / "out/dataset.toml").read_text())["system"][0]["provenance"]["doubts"] == [net, mean]


def test_units_that_are_not_the_script_s_are_refused(campaign):
    """Also where a variable holds them, and where responses are there that an earlier version took for those of other units."""
    other = CAMPAIGN.replace('"lj"', '"real"')
    message = "the script's units are lj, and those of the campaign real"
    folder = campaign(FREE, other)
    done = truth(folder, "-o", "none", "--dry-run")
    assert done.returncode == 1 and message in done.stderr, done.stderr
    folder = campaign(FREE.replace("units lj", "variable style string lj\nunits ${style}"), other)
    done = truth(folder, "-o", "out")
    assert done.returncode == 1 and message in done.stderr and "stage equilibrate" in done.stderr, done.stderr
    (folder / "campaign.toml").write_text(CAMPAIGN)
    assert truth(folder, "-o", "out").returncode == 0
    state = folder / "out/free/state.json"
    state.write_text(state.read_text().replace('"units": "lj"', '"units": "real"'))
    (folder / "campaign.toml").write_text(other)
    done = truth(folder, "-o", "out", "--collect")
    assert done.returncode == 1 and f"equilibrate/last.restart: {message}" in done.stderr, done.stderr


@pytest.mark.parametrize(("change", "message"), [
    (('units = "lj"', 'units = "real"'), "its labels are in real units, and the campaign is in lj"),
    (("cation = 1.0", "cation = 2.0"), "so that its labels are of other ions"),
    (('name = "free"', 'name = "bound"'), "none of its systems is one of the campaign's with a label"),
])
def test_labels_of_other_units_or_ions_are_refused(campaign, change, message):
    folder = campaign(FREE)
    (folder / "labels.toml").write_text("""
units = "lj"
species = { 1 = "cation", 2 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
[[system]]
name = "free"
molar_conductivity = 1.0
molar_conductivity_error = 0.1
""".replace(*change))
    done = truth(folder, "-o", "out", "--labels", "labels.toml", "--dry-run")
    assert done.returncode == 1 and message in done.stderr, done.stderr


@both
def test_equilibrium_runs_say_the_same(campaign, perturbation):
    """Ten long runs: the charge's own fluctuations, within three of their errors."""
    text = responding_to(perturbation, CAMPAIGN.replace("configurations = 2", "configurations = 10")
                         .replace("spacing = 2\n", "spacing = 60\n").replace("most_pairs = 16", "most_pairs = 8"))
    folder = campaign(FREE, text)
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    (system,) = json.loads((folder / "out.json").read_text())
    for at in system["at"]:
        value, error = at["equilibrium"]
        assert error < 0.1 * value and abs(value - at["mean"][0]) < 3 * error, at


@both
def test_two_mobilities_are_told_apart(campaign, perturbation):
    """Types 3 and 4 have four times the friction."""
    folder = campaign(FREE.replace(" CHARGES", " scale 3 0.25 scale 4 0.25"), responding_to(perturbation))
    expect = functools.partial(drift, perturbation=perturbation)
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    for frame in frames(folder):
        for t in (0.5, 1.0, 2.0):
            expected = np.where(frame["type"] <= 2, expect(t), expect(t, damp=0.25))
            assert frame[f"lambda_{t:g}"] == pytest.approx(expected, rel=0.01)
    (system,) = json.loads((folder / "out.json").read_text())
    at = next(at for at in system["at"] if at["time"] == 1.0)
    # Half of the ions at each value.
    assert at["deviation"] == pytest.approx(abs(expect(1.0) - expect(1.0, damp=0.25)) / 2, rel=0.02)
    assert at["reliability"] > 0.999


@both
def test_bound_ions_stop_drifting_as_computed_by_hand(campaign, perturbation):
    """A cation and an anion on a spring: half their distance, pulled by both charges, relaxes to E/2k."""
    script = FREE.replace('"create_atoms 1 random 20 ${seed} all overlap 3.0 maxtry 5000" &\n',
                          '"create_atoms 1 random 20 ${seed} all overlap 8.0 maxtry 5000" &\n')
    pairs = "".join(f'  "create_atoms {2 if i % 2 else 1} single {6 * (i // 2) + 3 + 0.5 * (i % 2)} 3 3" &\n'
                    for i in range(20))
    begin = script.index('  "create_atoms 1'), script.index("else \"read")
    script = script[:begin[0]] + pairs + script[begin[1]:]
    bonds = "bond_style harmonic\nbond_coeff 1 2.0 0.0\nspecial_bonds lj/coul 0 1 1\n" \
            'if "${stage} == equilibrate" then "group cations type 1" "group anions type 2" ' \
            '"create_bonds many cations anions 1 0.1 1.0"\n'
    text = CAMPAIGN.replace(', 3 = "cation", 4 = "anion"', "").replace("times = [0.5, 1.0, 2.0]", "times = [1.0, 4.0, 8.0]")
    folder = campaign(script.replace("BONDS", bonds), responding_to(perturbation, text))
    done = truth(folder, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    # LAMMPS's K r^2: the distance obeys y'' = -2 k y - y' + 2 E with k = 2 K.
    k = 4.0
    omega = math.sqrt(2 * k - 0.25)
    (system,) = json.loads((folder / "out.json").read_text())
    for at in system["at"]:
        t = at["time"]
        if perturbation == "field":
            y = (1 - math.exp(-t / 2) * (math.cos(omega * t) + math.sin(omega * t) / (2 * omega))) / k
            assert at["mean"][0] == pytest.approx(2 * (y / 2) / t, rel=0.01)
        else:
            # The derivative of that, in the same measure.
            slope = 2 / omega * math.exp(-t / 2) * math.sin(omega * t)
            assert at["mean"][0] == pytest.approx(slope, abs=0.01 * 2 / omega)
    assert abs(system["at"][-1]["mean"][0]) < 0.04 * drift(8.0)


def test_killed_at_random_moments_it_ends_with_the_same_bytes(campaign):
    folder = campaign(FREE)
    began = time.monotonic()
    assert truth(folder, "-o", "whole").returncode == 0
    took = time.monotonic() - began
    moments = random.Random(3)
    for k in range(5):
        child = subprocess.Popen(command("-o", "cut"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(took * moments.uniform(0.05, 0.3))
        child.send_signal(signal.SIGKILL if k % 2 else signal.SIGTERM)
        child.wait(timeout=30)
    assert truth(folder, "-o", "cut").returncode == 0
    for name in ("dataset.toml", "free/truth.lammpstrj.zst"):
        assert (folder / "whole" / name).read_bytes() == (folder / "cut" / name).read_bytes()


@pytest.mark.parametrize("change, to, message", [
    ("time = 1.0\nrel", "time = 3.0\nrel", "truth.time is 3; it must be one of the times"),
    ("time = 1.0\nrel", "time = 1.0\nfield = -0.5\nrel", "truth.field is -0.5; it must be above zero"),
    ("times = [0.5, 1.0, 2.0]", "times = [0.5, 1.001, 2.0]\n", "truth.time is 1"),
    ("[0.5, 1.0, 2.0]", "[0.5, 1.0, 2.001]", "no multiple of the timestep"),
    ("[0.5, 1.0, 2.0]", "[2.0, 1.0]", "they must ascend"),
    ("spacing = 2\n", "spacing = 2.2\n", "it must be a multiple of that"),
    # No whole number of steps, though rounded it would be.
    ("spacing = 2\n", "spacing = 2.002\n", "it must be a multiple of that"),
    ("reliability = 0.0", "reliability = 1.0", "from 0 to below 1"),
    ("time = 1.0\nrel", 'time = 1.0\nperturbation = "push"\nrel', "unknown variant `push`, expected `field` or `impulse`"),
    ("most_pairs = 16", "most_pair = 16", "unknown field `most_pair`"),
    ("most_pairs = 16", "most_pairs = 0", "truth.most_pairs is 0; it must be above zero"),
    ("most_pairs = 16", "most_pairs = 1.5", "truth.most_pairs is 1.5 for free; it is a whole number from 1"),
    ("most_pairs = 16", 'most_pairs = "pairs"', "truth.most_pairs names the variable pairs, which"),
])
def test_settings_that_make_no_sense_are_refused(campaign, change, to, message):
    assert change in CAMPAIGN
    folder = campaign(FREE, CAMPAIGN.replace(change, to))
    done = truth(folder, "-o", "out")
    assert done.returncode == 1 and message in done.stderr and not (folder / "out").exists(), done.stderr


def test_what_lammps_says_and_other_campaigns_are_told(campaign):
    folder = campaign(FREE.replace("pair_style zero", "pair_style none_such"))
    done = truth(folder, "-o", "out")
    assert done.returncode == 1 and "none_such" in done.stderr and "log.lammps" in done.stderr, done.stderr
    folder = campaign(FREE)
    done = truth(folder, "-o", "empty", "--collect")
    assert done.returncode == 1 and "no configuration is done yet" in done.stderr, done.stderr
    (folder / "campaign.toml").write_text(CAMPAIGN.replace("most_pairs = 16", "most_pairs = 8"))
    assert truth(folder, "-o", "good").returncode == 0
    (folder / "campaign.toml").write_text(CAMPAIGN.replace("temperature = 1.0", "temperature = 2.0"))
    done = truth(folder, "-o", "good")
    assert done.returncode == 1 and "temperature = 1, and the campaign now says 2" in done.stderr, done.stderr
    # More pairs go on from those that are there.
    (folder / "campaign.toml").write_text(CAMPAIGN)
    done = truth(folder, "-o", "good")
    assert done.returncode == 0 and "8 pairs" not in done.stderr and "16 pairs" in done.stderr, done.stderr
    plan = truth(folder, "--dry-run")
    assert "at most 16 pairs" in plan.stdout and not (folder / "campaign-truth").exists(), plan.stdout
