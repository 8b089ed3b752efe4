"""Small electrolytes as LAMMPS data files, and the scripts that run them."""

import numpy as np

import harness

PAIR = """
dielectric 0.2
pair_style lj/cut/coul/cut 1.122462048309373 4.0
pair_coeff * * 1 1
pair_modify shift yes
"""

DUMP = """
dump d all custom 5 out.lammpstrj id type q x y z c_lam[1] c_lam[2] c_lam[3]
dump_modify d sort id format float %.17g
"""


def positions(n, lengths, seed):
    """Atoms on a shaken lattice, `[n, 3]` in fractions of the box."""
    rng = np.random.default_rng(seed)
    spacing = (np.prod(lengths) / n) ** (1 / 3)
    cells = np.ceil(np.asarray(lengths) / spacing).astype(int)
    grid = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), -1).reshape(-1, 3)
    chosen = rng.permutation(len(grid))[:n]
    return (grid[chosen] + 0.5 + rng.uniform(-0.15, 0.15, (n, 3))) / cells


def write(path, n_ions, n_solvent, lengths, tilt=(0, 0, 0), stretch=1, seed=1, bonds=(), unit=1.0):
    """Types 1 and 2 are cations and anions in turn, type 3 is neutral. `stretch` adds vacuum along x.

    Lengths are divided by `unit` in the file.
    """
    n = n_ions + n_solvent
    xy, xz, yz = tilt
    vectors = np.array([[lengths[0], 0, 0], [xy, lengths[1], 0], [xz, yz, lengths[2]]], float)
    x = positions(n, lengths, seed) @ vectors / unit
    types = [1 + i % 2 if i < n_ions else 3 for i in range(n)]
    charge = {1: 1, 2: -1, 3: 0}
    lines = ["electrolyte", "", f"{n} atoms", "3 atom types"]
    if bonds:
        lines += [f"{len(bonds)} bonds", "1 bond types", "2 extra bond per atom", "4 extra special per atom"]
    for axis, length in zip("xyz", (lengths[0] * stretch, lengths[1], lengths[2])):
        lines.append(f"0 {length / unit!r} {axis}lo {axis}hi")
    if any(tilt):
        lines.append(f"{xy} {xz} {yz} xy xz yz")
    lines += ["", "Masses", "", "1 1", "2 1", "3 1", "", "Atoms # " + ("full" if bonds else "charge"), ""]
    molecule = "1 " if bonds else ""
    for i in range(n):
        place = " ".join(f"{v:.15g}" for v in x[i])
        lines.append(f"{i + 1} {molecule}{types[i]} {charge[types[i]]} {place}")
    if bonds:
        lines += ["", "Bonds", ""] + [f"{k + 1} 1 {i} {j}" for k, (i, j) in enumerate(bonds)]
    path.write_text("\n".join(lines) + "\n")


def write_all(folder):
    """Every data file that scripts may read."""
    write(folder / "ions.data", 200, 20, [13.0] * 3)
    write(folder / "tilted.data", 200, 20, [13.0, 12.0, 14.0], tilt=(3.0, -2.0, 2.5))
    write(folder / "tiny.data", 24, 2, [5.0, 4.6, 5.5])
    write(folder / "slab.data", 100, 10, [9.0] * 3, stretch=4)
    write(folder / "bonded.data", 100, 40, [13.0] * 3, bonds=[(1, 2), (101, 102)])
    write(folder / "solvent_bonded.data", 100, 40, [13.0] * 3, bonds=[(101, 102), (1, 103)])


def setup(data="ions.data", before="", pair=PAIR, neighbor="neighbor 0.5 bin\ncomm_modify cutoff 7.5", style="charge"):
    """A system that is ready to run, and the plugin."""
    return f"""
units lj
atom_style {style}
{before}
read_data {data}
plugin load {harness.PLUGIN}
{pair}
{neighbor}
velocity all create 1.0 4711 loop geom
fix nve all nve
fix limit all langevin 1.0 1.0 1.0 4712
timestep 0.002
thermo 5
"""


def compute(group="all", species=harness.SPECIES, keywords="", model=harness.MODEL):
    return f"compute lam {group} conductivity/atom {model} {species} {keywords}\n"


def script(group="all", species=harness.SPECIES, keywords="", after="", run="run 10", **options):
    """A whole script: the system, the compute in thermo output and in a dump, and the run."""
    return (setup(**options) + after + compute(group, species, keywords) + "thermo_style custom step pe c_lam\n" + DUMP
            + run + "\n")
