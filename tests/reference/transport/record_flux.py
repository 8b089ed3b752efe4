"""Current and force of two model electrolytes under Langevin dynamics, flux_dilute.npy and flux_dense.npy.

float32 [n, 6]: J = sum q v and F = sum q f of 200 cations and 200 anions, averages over 10 steps of 0.005 time units,
written every 10 steps without gaps; f are the forces between the ions, without those of the thermostat. All in lj
units: mass, charge, kT, diameter and well depth are 1, and the damping time is 1.

| file | density of ions | Bjerrum length | time units |
|---|---|---|---|
| flux_dilute.npy | 0.002 | 1 | 300 |
| flux_dense.npy | 0.4 | 1 | 600 |

The recorded files are from LAMMPS of 22 July 2025 by the protocol below; the dense run was continued from a restart
after 300 time units. A run of this script gives other numbers of the same distribution.

Run: python record_flux.py lmp OUTPUT_FOLDER; the dense system takes some minutes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SYSTEMS = {
    # Density, real-space cutoff, skin, seed, steps. The cutoff only shares the Coulomb work between pairs and grid.
    "flux_dilute": (0.002, 18.0, 1.5, 101, 60000),
    "flux_dense": (0.4, 4.2, 0.4, 106, 120000),
}

PROTOCOL = """
units lj
atom_style charge
variable edge equal (400/{density})^(1.0/3.0)
region box block 0 ${{edge}} 0 ${{edge}} 0 ${{edge}}
create_box 2 box
create_atoms 1 random 200 {seed}1 box overlap 0.9 maxtry 2000
create_atoms 2 random 200 {seed}2 box overlap 0.9 maxtry 2000
mass * 1.0
set type 1 charge 1.0
set type 2 charge -1.0
group cations type 1
group anions type 2
dielectric 1.0
pair_style lj/cut/coul/long 1.122462048309373 {cutoff}
pair_coeff * * 1.0 1.0
pair_modify shift yes
kspace_style pppm 0.001
kspace_modify order 5
neighbor {skin} bin
neigh_modify every 1 delay 0 check yes
timestep 0.005
thermo 10000

# Overlaps go first, then memory of the start: strong friction, weak friction, that of the run.
minimize 1e-4 1e-4 200 2000
velocity all create 1.0 {seed}3 mom yes
fix move all nve
fix heat all langevin 1.0 1.0 0.1 {seed}4
run 1000
fix heat all langevin 1.0 1.0 5.0 {seed}5
run 8000
fix heat all langevin 1.0 1.0 1.0 {seed}6
run 2000
unfix heat
unfix move
reset_timestep 0

# The forces are kept before the thermostat adds its own.
fix forces all store/force
fix move all nve
fix heat all langevin 1.0 1.0 1.0 {seed}7
compute plus cations reduce sum f_forces[1] f_forces[2] f_forces[3]
compute minus anions reduce sum f_forces[1] f_forces[2] f_forces[3]
variable Fx equal c_plus[1]-c_minus[1]
variable Fy equal c_plus[2]-c_minus[2]
variable Fz equal c_plus[3]-c_minus[3]
variable Jx equal 200*(vcm(cations,x)-vcm(anions,x))
variable Jy equal 200*(vcm(cations,y)-vcm(anions,y))
variable Jz equal 200*(vcm(cations,z)-vcm(anions,z))
fix flux all ave/time 1 10 10 v_Jx v_Jy v_Jz v_Fx v_Fy v_Fz file flux.dat
run {steps}
"""


def main(lmp, folder):
    for name, (density, cutoff, skin, seed, steps) in SYSTEMS.items():
        with tempfile.TemporaryDirectory() as work:
            text = PROTOCOL.format(density=density, cutoff=cutoff, skin=skin, seed=seed, steps=steps)
            (Path(work) / "in.flux").write_text(text)
            subprocess.run([lmp, "-in", "in.flux", "-screen", "none"], cwd=work, check=True)
            # The fix writes a sample at step 0 too, which is no average.
            flux = np.loadtxt(Path(work) / "flux.dat")
            np.save(Path(folder) / f"{name}.npy", flux[flux[:, 0] > 0, 1:].astype(np.float32))


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()) if "/" in sys.argv[1] else sys.argv[1], sys.argv[2])
