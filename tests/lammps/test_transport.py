"""Displacements and correlations from a dump are those that LAMMPS computes itself while it runs."""

import json

import numpy as np
import pytest

import harness

EVERY = 10
WINDOWS = 300
LAGS = 12

# Each window is a run with new computes, whose origin is its start. Type 3 is one cation apart.
SCRIPT = f"""
units lj
atom_style charge
region box block 0 11 0 11 0 11
create_box 3 box
create_atoms 1 random 59 11 box overlap 0.9 maxtry 2000
create_atoms 3 random 1 13 box overlap 0.9 maxtry 2000
create_atoms 2 random 60 12 box overlap 0.9 maxtry 2000
mass * 1.0
set type 1 charge 1.0
set type 2 charge -1.0
set type 3 charge 1.0
group cations type 1 3
group anions type 2
group tracer type 3
dielectric 0.2
pair_style lj/cut/coul/cut 1.122462048309373 4.0
pair_coeff * * 1.0 1.0
pair_modify shift yes
timestep 0.005
minimize 1e-4 1e-4 200 2000
reset_timestep 0
velocity all create 1.0 21
fix move all nve
fix solvent all langevin 1.0 1.0 1.0 31
run 500
reset_timestep 0
variable Jx equal 60*(vcm(cations,x)-vcm(anions,x))
variable Jy equal 60*(vcm(cations,y)-vcm(anions,y))
variable Jz equal 60*(vcm(cations,z)-vcm(anions,z))
fix flux all ave/time {EVERY} 1 {EVERY} v_Jx v_Jy v_Jz file flux.dat format " %.12g"
fix correlate all ave/correlate {EVERY} {LAGS} {EVERY * WINDOWS} v_Jx v_Jy v_Jz type auto ave running file correlate.dat
dump d all custom {EVERY} out.lammpstrj id type q xu yu zu vx vy vz
dump_modify d sort id format float %.12g
thermo 1000000
thermo_modify norm no
variable i loop {WINDOWS}
label window
compute cations cations msd
compute anions anions msd
compute tracer tracer vacf
thermo_style custom step c_cations[4] c_anions[4] c_tracer[4]
run {EVERY}
variable m1 equal c_cations[4]
variable m2 equal c_anions[4]
variable v equal c_tracer[4]
print "window $(v_m1:%.12g) $(v_m2:%.12g) $(v_v:%.12g)" append windows.dat screen no
thermo_style one
uncompute cations
uncompute anions
uncompute tracer
next i
jump SELF window
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return harness.run(SCRIPT, tmp_path_factory.mktemp("transport"), ranks=2, timeout=300)


def transport(run, *arguments, timestep="0.005"):
    out = run.folder / "transport.json"
    harness.ionscape("transport", *arguments, "--units", "lj", "--timestep", timestep, "--temperature", "1",
                     "--json", out)
    return json.loads(out.read_text())


def windows(run):
    lines = (run.folder / "windows.dat").read_text().splitlines()
    return np.array([line.split()[1:] for line in lines if line.startswith("window ")], float)


def test_mean_squared_displacement_is_that_of_compute_msd(run):
    result = transport(run, run.folder / "out.lammpstrj", "--cation", "1,3", "--anion", "2")
    expected = windows(run)[:, :2].mean(axis=0)
    # Lag of one frame, averaged over all frames: the windows.
    ours = [species["msd"][0] for species in result["self_diffusion"]]
    assert result["n_frames"] == WINDOWS + 1
    np.testing.assert_allclose(ours, expected, rtol=1e-8)


def test_current_correlation_is_that_of_compute_vacf_for_one_ion(run):
    result = transport(run, run.folder / "out.lammpstrj", "--ion", "tracer:3")
    curve = result["green_kubo"]
    assert curve["times"][1] == pytest.approx(EVERY * 0.005)
    np.testing.assert_allclose(curve["acf"][1], windows(run)[:, 2].mean(), rtol=1e-8)


def test_current_correlation_is_that_of_fix_ave_correlate(run):
    rows = [line.split() for line in (run.folder / "correlate.dat").read_text().splitlines()]
    table = np.array([row for row in rows if len(row) == 6][-LAGS:], float)
    expected = table[:, 3:].sum(axis=1)
    result = transport(run, run.folder / "out.lammpstrj", "--cation", "1,3", "--anion", "2")
    np.testing.assert_allclose(result["green_kubo"]["acf"][:LAGS], expected, rtol=1e-4)
    # The same current out of fix ave/time.
    size = ("--volume", "1331", "--formula-units", "60")
    series = transport(run, "--current", run.folder / "flux.dat", *size)
    np.testing.assert_allclose(series["green_kubo"]["acf"][:LAGS], result["green_kubo"]["acf"][:LAGS], rtol=1e-2)


# Free ions in a box that is sheared all the time and flipped back every 20 time units.
FLIPS = """
units lj
atom_style charge
region box prism 0 10 0 10 0 10 4.5 0 0
create_box 2 box
create_atoms 1 random 50 12345 box
create_atoms 2 random 50 54321 box
mass * 1.0
set type 1 charge 1.0
set type 2 charge -1.0
pair_style zero 2.0
pair_coeff * *
comm_modify cutoff 3
velocity all create 1.0 4928
fix move all nve
fix solvent all langevin 1 1 0.2 8888
fix shear all deform 1 xy vel 0.5 remap none flip yes
timestep 0.01
dump unwrapped all custom 50 unwrapped.lammpstrj id type q xu yu zu
dump images all custom 50 images.lammpstrj id type q x y z ix iy iz
thermo_style custom step xy
thermo 50
run 20000
"""


def test_ions_in_a_box_that_flips_diffuse_as_free_ions_do(tmp_path):
    flipping = harness.run(FLIPS, tmp_path, timeout=300)
    assert (np.diff(flipping.thermo("Xy")) < 0).sum() == 10
    results = [transport(flipping, tmp_path / f"{name}.lammpstrj", "--cation", "1", "--anion", "2",
                         timestep="0.01")
               for name in ("unwrapped", "images")]
    for species in [species for result in results for species in result["species"]]:
        # D = kT damp / m.
        assert abs(species["self_diffusion"] - 0.2) < 3 * species["self_diffusion_error"] < 0.03, species
    sigma, error = (results[0]["estimates"][0][key] for key in ("sigma", "sigma_error"))
    assert abs(sigma - 0.02) < 3 * error < 0.01
    assert results[1]["estimates"][0]["sigma"] == pytest.approx(sigma, rel=1e-3)
