"""Systems that all are measured on: random ions with a hard core, half of them cations, in a cubic periodic box."""

import numpy as np

N = 8000
CORE = 0.9
DENSITIES = (0.02, 0.1, 0.4)
CUTOFF = 5.0


class Ions:
    """Box length, positions, and types 1 and 2."""

    def __init__(self, density, seed=1):
        rng = np.random.default_rng(seed)
        self.density = density
        self.length = (N / density) ** (1 / 3)
        self.positions = hard_core(rng, self.length)
        self.types = rng.permutation(np.repeat([1, 2], N // 2))

    def write(self, path):
        """As a LAMMPS dump of one frame."""
        rows = zip(self.types, self.positions.tolist())
        text = "".join(f"{i + 1} {kind} {x!r} {y!r} {z!r}\n" for i, (kind, (x, y, z)) in enumerate(rows))
        bounds = f"0 {self.length!r}\n" * 3
        path.write_text(
            f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{N}\nITEM: BOX BOUNDS pp pp pp\n{bounds}"
            f"ITEM: ATOMS id type x y z\n{text}"
        )

    def ase(self):
        """As hydrogen and helium for programs that know elements."""
        from ase import Atoms

        symbols = np.where(self.types == 1, "H", "He")
        return Atoms(symbols, positions=self.positions, cell=[self.length] * 3, pbc=True)


def hard_core(rng, length):
    """Positions, no two (periodic) closer than the core."""
    # Cells of the size of the core: only the 27 around a newcomer can hold one that is too close.
    n_cells = int(length / CORE)
    cells, positions = {}, []
    while len(positions) < N:
        p = rng.random(3) * length
        home = np.minimum((p / length * n_cells).astype(int), n_cells - 1)
        around = [tuple((home + [i, j, k]) % n_cells) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)]
        near = [q for c in around for q in cells.get(c, ())]
        if near:
            d = np.array(near) - p
            d -= length * np.round(d / length)
            if (d**2).sum(1).min() < CORE**2:
                continue
        cells.setdefault(tuple(home), []).append(p)
        positions.append(p)
    return np.array(positions)
