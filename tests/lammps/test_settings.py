"""Settings that take pairs out of LAMMPS's own lists, and with them forces: they take no neighbour from an ion."""

import pytest

import harness
from electrolyte import PAIR, script

BOND = "bond_style harmonic\nbond_coeff 1 1.0 6.0\n"

CASES = {
    "excluded types": {"after": "neigh_modify exclude type 1 2\n"},
    "excluded group": {"after": "group salt type 1 2\nneigh_modify exclude group salt salt\n"},
    "included group": {"before": "atom_modify first salt", "after": "group salt id <= 100\nneigh_modify include salt\n"},
    "neighbor multi": {"neighbor": "neighbor 0.5 multi\ncomm_modify cutoff 7.5"},
    "bonded": {"data": "bonded.data", "style": "full", "after": BOND},
    "bonded with a tiny factor": {
        "data": "bonded.data", "style": "full", "after": BOND,
        "pair": PAIR + "special_bonds lj/coul 1.0e-50 1.0e-50 1.0e-50"},
    "bonded with a kspace style": {
        "data": "bonded.data", "style": "full", "after": BOND,
        "pair": PAIR + "pair_style lj/cut/coul/long 1.12 4.0\npair_coeff * * 1 1\nkspace_style pppm 1e-2"},
    "bonded solvent": {"data": "solvent_bonded.data", "style": "full", "after": BOND},
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_all_neighbors_count(lammps, case, ranks):
    run = lammps(script(**CASES[case]), ranks=ranks)
    harness.assert_as_offline(run.folder / "out.lammpstrj")


def test_bonds_that_are_made_in_a_run_take_no_neighbor(lammps):
    after = """
bond_coeff 1 1.0 6.0
special_bonds lj/coul 0 1 1
delete_bonds all bond 1 remove special
fix make all bond/create 4 1 2 2.0 1 iparam 1 1 jparam 1 2
"""
    run = lammps(script(data="bonded.data", style="full", before="bond_style harmonic", after=after))
    harness.assert_as_offline(run.folder / "out.lammpstrj")


# Hot ions, and boxes that grow by more than the skin in a step, with or without the atoms.
RARELY = "neigh_modify every 50 delay 50 check no\nvelocity all scale 40.0\nunfix limit\n"
GROWS = "fix grow all deform 1 x final 0.0 33.0 units box remap {}\n"
PRESSED = "fix press all press/berendsen iso 50.0 50.0 0.1\n"


def test_a_compute_without_its_fix_is_refused(lammps):
    run = lammps(script(run="run 5\nunfix lam_ionscape_report\nrun 5"), ok=False)
    assert "its fix lam_ionscape_report is gone" in run.output and "define the compute again" in run.output


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    "after", [RARELY, RARELY.replace("every 50 delay 50 check no", "every 1 delay 0 check yes"), GROWS.format("none"),
              GROWS.format("x"), PRESSED])
def test_moves_farther_than_ghosts_allow_for_miss_no_neighbor(lammps, after, ranks):
    every_step = "dump_modify d every 1\n" if after is PRESSED else ""
    run = lammps(script(after=after, run=every_step + "run 20"), ranks=ranks)
    harness.assert_as_offline(run.folder / "out.lammpstrj")


@pytest.mark.parametrize(("after", "warned"), [(RARELY, True), ("", False)])
def test_moves_farther_than_ghosts_allow_for_are_told_where_atoms_have_no_ids(lammps, after, warned):
    run = lammps(f"""
units lj
atom_style charge
atom_modify id no
region box block 0 13 0 13 0 13
create_box 2 box
create_atoms 1 random 100 71 box overlap 0.9 maxtry 500
create_atoms 2 random 100 72 box overlap 0.9 maxtry 500
mass * 1.0
set type 1 charge 1
set type 2 charge -1
plugin load {harness.PLUGIN}
pair_style zero 4.0
pair_coeff * *
neighbor 0.5 bin
comm_modify cutoff 7.5
velocity all create 1.0 4711 loop geom
fix nve all nve
fix limit all momentum 100 linear 1 1 1
timestep 0.002
{after}
compute lam all conductivity/atom {harness.MODEL} cation anion
thermo_style custom step c_lam
thermo 5
run 20
""")
    said = [line for line in run.output.splitlines() if "neighbors may" in line]
    assert len(said) == 2 * warned, said
    if warned:
        assert "'atom_modify id yes'" in said[0] and "evaluations; see above" in said[1]
