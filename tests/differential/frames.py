"""Frames of dumps: made, written, read back."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Frame:
    """Atoms in a cell whose vectors are the rows of `vectors`; positions are as they stand in the dump."""

    vectors: np.ndarray
    types: np.ndarray
    positions: np.ndarray
    origin: np.ndarray = field(default_factory=lambda: np.zeros(3))
    periodic: tuple = (True, True, True)
    ids: np.ndarray = None
    columns: dict = field(default_factory=dict)
    # How the dump gives the box and the places: "lammps" or "general", and "x", "xu", "xs" or "xsu".
    box: str = "lammps"
    coordinates: str = "x"

    def __post_init__(self):
        self.vectors = np.asarray(self.vectors, float)
        self.positions = np.asarray(self.positions, float).reshape(-1, 3)
        self.types = np.asarray(self.types, int)
        if self.ids is None:
            self.ids = np.arange(1, len(self.types) + 1)

    def extent(self):
        """The largest length in it, which says how exact places are."""
        return max(abs(self.positions).max(initial=0), abs(self.origin).max(), abs(self.vectors).max())

    def header(self, step):
        flags = " ".join("pp" if periodic else "ff" for periodic in self.periodic)
        text = f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{len(self.types)}\nITEM: BOX BOUNDS "
        if self.box == "general":
            text += f"abc origin {flags}\n"
            rows = np.column_stack([self.vectors, self.origin])
        else:
            (lx, _, _), (xy, ly, _), (xz, yz, lz) = self.vectors
            low, high = self.origin.copy(), self.origin + [lx, ly, lz]
            tilted = any((xy, xz, yz))
            low += [min(0, xy, xz, xy + xz), min(0, yz), 0]
            high += [max(0, xy, xz, xy + xz), max(0, yz), 0]
            text += f"{'xy xz yz ' if tilted else ''}{flags}\n"
            rows = np.column_stack([low, high, [xy, xz, yz]] if tilted else [low, high])
        return text + "".join(" ".join(map(repr, row)) + "\n" for row in rows.tolist())

    def text(self, step=0):
        """The frame as LAMMPS would write it, with all digits."""
        places = self.positions
        if "s" in self.coordinates:
            places = np.linalg.solve(self.vectors.T, (places - self.origin).T).T
        names = [name + self.coordinates[1:] for name in "xyz"]
        lines = [self.header(step) + " ".join(["ITEM: ATOMS id type", *names, *self.columns])]
        rest = np.column_stack([places, *self.columns.values()]).tolist() if len(self.types) else []
        for name, kind, row in zip(self.ids.tolist(), self.types.tolist(), rest):
            lines.append(f"{name} {kind} " + " ".join(str(int(v)) if v.is_integer() else repr(v) for v in row))
        return "\n".join(lines) + "\n"


def write(path, frames):
    """One dump of all frames."""
    path.write_text("".join(frame.text(step) for step, frame in enumerate(frames)))
    return path


def read(path, *columns):
    """These columns of each frame, rows in the order of ids, `[n_atoms, n_columns]`."""
    lines, at, frames = path.read_text().splitlines(), 0, []
    while at < len(lines):
        n = int(lines[at + 3])
        names = lines[at + 8].split()[2:]
        rows = np.array([line.split() for line in lines[at + 9 : at + 9 + n]], float).reshape(n, len(names))
        rows = rows[np.argsort(rows[:, names.index("id")])]
        frames.append(rows[:, [names.index(name) for name in columns]])
        at += 9 + n
    return frames
