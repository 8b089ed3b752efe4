"""Campaigns in real LAMMPS: killed and gone on with, free ions with their exact conductivity, refusals of LAMMPS itself."""

import json
import random
import re
import signal
import subprocess
import time
import tomllib

import pytest

import harness

SCRIPT = harness.ROOT / "examples/campaign/in.electrolyte"

CAMPAIGN = """
input = "in.electrolyte"
units = "lj"
species = { 1 = "cation", 2 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
temperature = 1.0
timestep = 0.005
name = "r{rho}_l{lB}"
bjerrum_length = "lB"
[variables]
ions = 20
cutoff = 2.5
skin = 0.6
accuracy = 0.01
[grid]
rho = [0.05, 0.1]
lB = [1.0, 2.0, 3.0]
[thermostat]
langevin_damp = 1.0
forces = "bare"
[production]
chunk = 10
spacing = 1
snapshots = 11
[label]
target_error = 0.3
longest = 100
[response]
length = 8
batch = 8
most_pairs = 8
linearity_every = 0
"""


@pytest.fixture
def campaign(tmp_path):
    """A folder with the example's script and a campaign of six small systems."""
    (tmp_path / "in.electrolyte").write_text(SCRIPT.read_text())
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    return tmp_path


def command(folder, *arguments):
    return [harness.PROGRAM, "simulate", "campaign.toml", "--lammps", harness.VENV / "bin/lmp", *arguments]


def simulate(folder, *arguments):
    return subprocess.run(command(folder, *arguments), cwd=folder, text=True, capture_output=True, timeout=500)


def test_killed_at_ten_moments_it_ends_as_one_left_alone(campaign):
    began = time.monotonic()
    assert simulate(campaign, "-o", "whole").returncode == 0
    took = time.monotonic() - began
    moments = random.Random(7)
    for k in range(10):
        child = subprocess.Popen(command(campaign, "-o", "cut", "--concurrent", "1"), cwd=campaign,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # One system at a time takes longer than all ten together.
        time.sleep(took * moments.uniform(0.0, 0.15))
        child.send_signal(signal.SIGKILL if k % 2 else signal.SIGTERM)
        assert child.wait(timeout=30) != 0
    assert simulate(campaign, "-o", "cut").returncode == 0
    whole = (campaign / "whole/dataset.toml").read_bytes()
    assert whole == (campaign / "cut/dataset.toml").read_bytes()
    systems = tomllib.loads(whole.decode())["system"]
    assert len(systems) == 6 and all(system["provenance"]["pairs"] == 8 for system in systems)
    left = {path.name for path in (campaign / "cut/r0.05_l1").iterdir()}
    assert left == {"drift", "last.restart", "lock", "snapshots.lammpstrj.zst", "state.json"}


def test_ions_without_charge_on_each_other_have_a_conductivity_of_two(campaign):
    """Free ions under Langevin friction: D = kT damp / m = 1, and Lambda = 2."""
    text = re.sub(r"rho = .*", "rho = [1e-5]", CAMPAIGN).replace("lB = [1.0, 2.0, 3.0]", "lB = [1e-6]")
    (campaign / "campaign.toml").write_text(text)
    # No lattice sum for a box without interactions.
    script = SCRIPT.read_text().replace("lj/cut/coul/long", "lj/cut/coul/cut").replace("kspace_style", "#")
    (campaign / "in.electrolyte").write_text(script)
    done = simulate(campaign, "-o", "out")
    assert done.returncode == 0, done.stderr
    (system,) = tomllib.loads((campaign / "out/dataset.toml").read_text())["system"]
    assert system["provenance"]["response"][0] == pytest.approx(2.0, rel=0.005)


@pytest.mark.parametrize("temperature, is_told", [(1.0, False), (1.5, True)])
def test_a_temperature_that_is_not_the_script_s_is_told(campaign, temperature, is_told):
    text = CAMPAIGN.replace("temperature = 1.0", f"temperature = {temperature}").replace("[0.05, 0.1]", "[0.1]")
    text = text.replace("[1.0, 2.0, 3.0]", "[1.0]").replace("[response]", "[response]\nenabled = false")
    (campaign / "campaign.toml").write_text(text)
    done = simulate(campaign, "-o", "out")
    assert ("the mean temperature is " in done.stdout) == is_told, done.stdout + done.stderr
    assert not is_told or "and that of the campaign 1.5" in done.stdout


def test_ions_that_are_not_neutral_together_are_told(campaign):
    text = CAMPAIGN.replace(', 2 = "anion"', "").replace(", anion = -1.0", "").replace("[0.05, 0.1]", "[0.1]")
    text = text.replace("[1.0, 2.0, 3.0]", "[1.0]").replace("[response]", "[response]\nenabled = false")
    (campaign / "campaign.toml").write_text(text)
    done = simulate(campaign, "-o", "out")
    doubt = "doubtful: the campaign's ions have a net charge of +10.0000; is one of them missing?"
    assert doubt in done.stdout, done.stdout + done.stderr
    # After the first chunk already.
    assert doubt in next(line for line in done.stderr.splitlines() if "r0.1_l1: " in line), done.stderr


def test_units_that_are_not_the_script_s_are_refused(campaign):
    """Before anything runs where the script names them, else by the first restart, and so are results of earlier versions."""
    text = CAMPAIGN.replace("[0.05, 0.1]", "[0.1]").replace("[1.0, 2.0, 3.0]", "[1.0]")
    text = text.replace("[response]", "[response]\nenabled = false")
    other = text.replace('units = "lj"', 'units = "real"')
    message = "the script's units are lj, and those of the campaign real: correct the one that is wrong"
    (campaign / "campaign.toml").write_text(other)
    done = simulate(campaign, "-o", "none")
    assert done.returncode == 1 and message in done.stderr and not (campaign / "none").exists(), done.stderr
    script = SCRIPT.read_text()
    script = re.sub(r"^units +lj\n", "variable style string lj\nunits ${style}\n", script, count=1, flags=re.M)
    assert "units ${style}" in script
    (campaign / "in.electrolyte").write_text(script)
    done = simulate(campaign, "-o", "refused")
    assert done.returncode == 1 and message in done.stderr and "stage equilibrate" in done.stderr, done.stderr
    assert not (campaign / "refused/r0.1_l1/state.json").exists()
    (campaign / "campaign.toml").write_text(text)
    assert simulate(campaign, "-o", "out").returncode == 0
    assert simulate(campaign, "-o", "out", "--collect").returncode == 0
    state = campaign / "out/r0.1_l1/state.json"
    state.write_text(state.read_text().replace('"units": "lj"', '"units": "real"'))
    (campaign / "campaign.toml").write_text(other)
    for more in ([], ["--collect"]):
        done = simulate(campaign, "-o", "out", *more)
        assert done.returncode == 1 and f"r0.1_l1/last.restart: {message}" in done.stderr, done.stderr


def test_why_the_equilibrium_run_has_no_say_is_told(campaign):
    """Ions on springs do not diffuse."""
    script = SCRIPT.read_text()
    assert "include       ${stage_file}" in script
    held = script.replace("include       ${stage_file}", "fix held all spring/self 20.0\ninclude ${stage_file}")
    (campaign / "in.electrolyte").write_text(held)
    text = CAMPAIGN.replace("[0.05, 0.1]", "[0.1]").replace("[1.0, 2.0, 3.0]", "[1.0]").replace("longest = 100", "longest = 20")
    (campaign / "campaign.toml").write_text(text)
    done = simulate(campaign, "-o", "out", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    (system,) = json.loads((campaign / "out.json").read_text())
    assert system["equilibrium"] is None and system["pairs"] == 8
    why = system["equilibrium_left_out"]
    assert why.startswith("not diffusive: ") and f"the equilibrium run has no say: {why}" in done.stdout, done.stdout
    # Nor is it forgotten where nothing is left to be run.
    assert f"the equilibrium run has no say: {why}" in simulate(campaign, "-o", "out", "--collect").stdout


def test_a_file_that_the_script_includes_is_part_of_the_campaign(campaign):
    script = SCRIPT.read_text()
    assert "timestep      0.005\n" in script
    (campaign / "in.electrolyte").write_text(script.replace("timestep      0.005\n", "include ${folder}/step.in\n"))
    (campaign / "step.in").write_text("timestep 0.005\n")
    text = CAMPAIGN.replace("[0.05, 0.1]", "[0.1]").replace("[1.0, 2.0, 3.0]", "[1.0]")
    (campaign / "campaign.toml").write_text(text.replace("[response]", "[response]\nenabled = false"))
    assert simulate(campaign, "-o", "out").returncode == 0
    changing = 'timestep 0.005\nshell echo timestep 0.001 > ${folder}/step.in\n'
    (campaign / "step.in").write_text(changing)
    done = simulate(campaign, "-o", "changing")
    assert done.returncode == 1 and "step.in: it has changed since this command began" in done.stderr, done.stderr
    (campaign / "step.in").write_text("timestep 0.005 # the same, and yet another file\n")
    done = simulate(campaign, "-o", "out")
    assert done.returncode == 1 and "it was begun with sha256 of ${folder}/step.in = " in done.stderr, done.stderr


def test_results_without_a_state_are_refused(campaign):
    text = CAMPAIGN.replace("[0.05, 0.1]", "[0.1]").replace("[1.0, 2.0, 3.0]", "[1.0]")
    (campaign / "campaign.toml").write_text(text.replace("[response]", "[response]\nenabled = false"))
    assert simulate(campaign, "-o", "out").returncode == 0
    (campaign / "out/r0.1_l1/state.json").rename(campaign / "kept.json")
    done = simulate(campaign, "-o", "out")
    assert done.returncode == 1 and "there is no state.json beside it, which says what it is of" in done.stderr, done.stderr
    (campaign / "kept.json").rename(campaign / "out/r0.1_l1/state.json")
    assert simulate(campaign, "-o", "out").returncode == 0
    # A lower target goes on from snapshots whose chunks are gone.
    text = (campaign / "campaign.toml").read_text().replace("target_error = 0.3", "target_error = 0.02")
    (campaign / "campaign.toml").write_text(text)
    (campaign / "out/r0.1_l1/snapshots.lammpstrj.zst").unlink()
    done = simulate(campaign, "-o", "out")
    assert done.returncode == 1 and "it is gone, with the snapshots of " in done.stderr, done.stderr


def test_what_lammps_refuses_is_told(campaign):
    script = SCRIPT.read_text()
    for change, to, message in [
        ("set           type 2 charge -1.0", "set           type 2 charge -0.5", "another charge than the -1 of the campaign"),
        # One ion more and another less than the campaign says, which have its sum.
        ('"set           type 2 charge -1.0" &', '"set type 2 charge -1.0" &\n  "set atom 1 charge 1.5" &\n  "set atom 2 charge 0.5" &',
         "2 atoms have another charge than the campaign says of their type"),
        ("timestep      0.005", "timestep      0.0040", "the timestep is 0.004, and that of the campaign 0.005"),
        ("kspace_style  pppm", "kspace_style  none_such", "ERROR: Unrecognized kspace style 'none_such'"),
    ]:
        assert change in script
        (campaign / "in.electrolyte").write_text(script.replace(change, to))
        done = simulate(campaign, "-o", f"out-{len(to)}", "--system", "r0.1_l1")
        assert done.returncode == 1 and message in done.stderr and "log.lammps" in done.stderr, done.stderr
