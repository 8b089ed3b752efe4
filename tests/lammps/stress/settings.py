"""How LAMMPS holds a system: the commands before and around its box."""

import electrolyte
import numpy as np

SPECIAL = "special_bonds lj/coul 0 0 0"


class World:
    """What is known of a system while its study is written."""

    def __init__(self, rng):
        self.rng = rng
        self.molecular = rng.random() < 0.25
        self.n_atoms = 0
        self.triclinic = rng.random() < 0.3
        walls = not self.molecular and not self.triclinic and rng.random() < 0.2
        self.boundary = rng.choice(["p p f", "s p p", "f f f", "m s p"]) if walls else "p p p"
        self.tiled = rng.random() < 0.25
        self.skin = rng.choice([0.3, 0.5, 1.0])
        self.pair = rng.choice(self.pairs())
        self.openmp = rng.random() < 0.2
        self.first = not self.molecular and rng.random() < 0.1

    @property
    def periodic(self):
        return self.boundary == "p p p"

    @property
    def charges(self):
        return {1: 1, 2: -0.7, 3: -0.3, 4: -0.8} if self.molecular else {1: 1, 2: -1, 3: 0}

    def pairs(self):
        found = ["coulomb", "soft", "ideal", "overlay"]
        if not self.molecular:
            found.append("none")
        if self.periodic and not self.tiled:
            found.append("long-range")
        return found

    def before_box(self, ranks):
        """Commands that must come before a box or a restart file."""
        rng = self.rng
        lines = ["units lj"]
        if self.openmp:
            lines += [f"package omp {rng.choice([1, 2])} neigh {rng.choice(['yes', 'no'])}", "suffix omp"]
        lines.append("newton " + rng.choice(["on", "on", "off"]))
        if ranks > 1 and rng.random() < 0.4:
            lines.append("processors " + rng.choice([f"{ranks} 1 1", f"* 1 {ranks}", f"1 {ranks} *"]))
        if self.tiled:
            lines.append("comm_style tiled")
        return lines

    def atom_settings(self):
        rng = self.rng
        lines = ["atom_style " + ("full" if self.molecular else "charge"), f"boundary {self.boundary}"]
        sort = rng.choice(["0 0", "1 1.0", "3 2.0"])
        # LAMMPS sorts none where a group comes first.
        order = "first early" if self.first else f"sort {sort}"
        lines.append(f"atom_modify map {rng.choice(['array', 'hash'])} {order}")
        return lines

    def interactions(self):
        """Pair style and its kin, anew."""
        lines = {
            "coulomb": ["dielectric 0.2", "pair_style lj/cut/coul/cut 1.122462048309373 4.0", "pair_coeff * * 1 1"],
            "overlay": ["pair_style hybrid/overlay lj/cut 1.122462048309373 coul/cut 3.0", "pair_coeff * * lj/cut 1 1",
                        "pair_coeff * * coul/cut"],
            "soft": ["pair_style soft 1.2", "pair_coeff * * 10"],
            "ideal": ["pair_style zero 1.5", "pair_coeff * *"],
            "none": ["pair_style none"],
            "long-range": ["dielectric 0.2", "pair_style lj/cut/coul/long 1.122462048309373 4.0", "pair_coeff * * 1 1",
                           "kspace_style pppm 1e-3"],
        }[self.pair]
        if self.molecular:
            lines = [*lines, "bond_style harmonic", "bond_coeff 1 60 0.9", SPECIAL]
        return lines

    def neighbors(self, reach):
        """Lists and ghosts that go as far as the models see."""
        rng = self.rng
        # A tiled box of LAMMPS wants its ghosts no farther than they are needed, the others do not care.
        farther = rng.choice([0.01, 0.6])
        lines = [f"neighbor {self.skin} {rng.choice(['bin', 'bin', 'nsq'])}",
                 f"comm_modify cutoff {round(reach + self.skin + farther, 3)} vel {rng.choice(['yes', 'no'])}"]
        # Without a look at the distances lists may live as long as no atom can go half a skin.
        often = rng.choice(["every 1 delay 0 check yes", "every 1 delay 0 check no", "every 2 delay 0 check no"])
        binsize = rng.choice([0, 0, round(rng.uniform(0.5, 3), 2)])
        return [*lines, f"neigh_modify {often} binsize {binsize} one 10000 page 200000"]


def data_file(world, edges, numbers, rng):
    """Cations, anions (of two atoms if molecular) and neutral atoms on a shaken lattice, as a data file."""
    n_cations, n_anions, n_water = numbers
    tilts = [round(rng.uniform(-0.49, 0.49) * edges[k], 3) if world.triclinic else 0.0 for k in (0, 0, 1)]
    xy, xz, yz = tilts
    vectors = np.array([[edges[0], 0, 0], [xy, edges[1], 0], [xz, yz, edges[2]]])
    places = electrolyte.positions(sum(numbers), edges, rng.randrange(10**6)) @ vectors
    species = [1] * n_cations + [2] * n_anions + [4 if world.molecular else 3] * n_water
    atoms, bonds = [], []
    for molecule, (kind, place) in enumerate(zip(species, places), 1):
        atoms.append((molecule, kind, place))
        if world.molecular and kind == 2:
            atoms.append((molecule, 3, place + [0.0, 0.0, 0.9]))
            bonds.append((len(atoms) - 1, len(atoms)))
    masses = [0.5, 3, 1, 1.5] if world.molecular else [1, 1.5, 1]
    lines = ["system", "", f"{len(atoms)} atoms", f"{len(masses)} atom types"]
    lines += [f"{len(bonds)} bonds", "1 bond types"] if world.molecular else []
    lines += [f"0 {edge} {axis}lo {axis}hi" for axis, edge in zip("xyz", edges)]
    lines += [f"{xy} {xz} {yz} xy xz yz"] if world.triclinic else []
    lines += ["", "Masses", "", *(f"{k} {mass}" for k, mass in enumerate(masses, 1)), "", "Atoms", ""]
    for i, (molecule, kind, place) in enumerate(atoms, 1):
        which = f"{molecule} " if world.molecular else ""
        lines.append(f"{i} {which}{kind} {world.charges[kind]} " + " ".join(f"{v:.15g}" for v in place))
    lines += ["", "Bonds", "", *(f"{k} 1 {i} {j}" for k, (i, j) in enumerate(bonds, 1))] if bonds else []
    return "\n".join(lines) + "\n"
