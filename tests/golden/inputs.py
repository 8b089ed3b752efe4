"""What the golden runs read, the same on every machine: made from `random.random()` alone, which never changes."""

import random

HEADER = "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n}\nITEM: BOX BOUNDS pp pp pp\n" + 3 * "0 {edge:.4f}\n"


def write_frames(path, frames, edge, columns):
    with open(path, "w") as file:
        for step, rows in frames:
            file.write(HEADER.format(step=step, n=len(rows), edge=edge) + f"ITEM: ATOMS {columns}\n")
            file.writelines(" ".join(map(str, row)) + "\n" for row in rows)


def ion(i):
    """Id, type and charge: types take turns."""
    return [i + 1, 1 + i % 2, 1 - 2 * (i % 2)]


def write_configurations(path, seed, n, density, n_frames):
    """Ions anywhere in a cubic box."""
    place, edge = random.Random(seed), (n / density) ** (1 / 3)

    def frame():
        return [ion(i) + [f"{edge * place.random():.4f}" for _ in range(3)] for i in range(n)]

    write_frames(path, [(k, frame()) for k in range(n_frames)], edge, "id type q x y z")


def write_trajectory(path, seed, n, n_frames):
    """A walk of each ion, by steps that remember the one before; with unwrapped coordinates and velocities."""
    walk = random.Random(seed)
    at = [[8 * walk.random() for _ in range(3)] for _ in range(n)]
    velocity, frames = [[0.0] * 3 for _ in range(n)], []
    for k in range(n_frames):
        rows = []
        for i in range(n):
            velocity[i] = [0.7 * v + walk.random() - 0.5 for v in velocity[i]]
            at[i] = [x + 0.1 * v for x, v in zip(at[i], velocity[i])]
            rows.append(ion(i) + [f"{x:.4f}" for x in at[i]] + [f"{v:.4f}" for v in velocity[i]])
        frames.append((20 * k, rows))
    write_frames(path, frames, 8.0, "id type q xu yu zu vx vy vz")


SYSTEMS = [(0.02, 1.61), (0.06, 1.32), (0.12, 1.08), (0.2, 0.83), (0.3, 0.71), (0.4, 0.52)]

DATASET = """units = "lj"
species = { 1 = "cation", 2 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
"""

SYSTEM = """[[system]]
name = "r{density}"
snapshots = "r{density}.lammpstrj"
molar_conductivity = {label}
molar_conductivity_error = 0.02
temperature = {temperature}
"""

SMALL = """[descriptor]
convention = "compact"
cutoff = 3.0
n_max = 2
l_max = 2
"""

# How models are trained: the first way by default; the others made version1.onnx and version2.onnx.
GAUSSIAN = "members = 3\nfolds = 3\n" + SMALL
VERSION1 = "kind = 'mlp'\nmembers = 2\nfolds = 0\nmlp.hidden = [4]\nmlp.steps = 1000\n" + SMALL
VERSION2 = "channels = 'by-species'\nconditions = ['temperature']\n" + VERSION1


def write_field(path, seed, n, n_frames):
    """Ions anywhere, with columns like those of conductivity/atom."""
    write_configurations(path, seed, n, density=0.1, n_frames=n_frames)
    field, lines = random.Random(seed + 1), []
    for line in path.read_text().splitlines():
        if line.startswith("ITEM: ATOMS"):
            line += " c_lam[1] c_lam[2] c_lam[3]"
        elif len(line.split()) == 6 and line[0] != "I":
            line += " " + " ".join(f"{field.random():.5f}" for _ in range(3))
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


def write_all(folder):
    """Everything that the runs need; enough ions and frames for several threads to have work."""
    write_configurations(folder / "ions.lammpstrj", seed=1, n=300, density=0.1, n_frames=4)
    write_trajectory(folder / "walk.lammpstrj", seed=2, n=32, n_frames=500)
    write_field(folder / "field.lammpstrj", seed=20, n=200, n_frames=12)
    text = DATASET
    for k, (density, label) in enumerate(SYSTEMS):
        write_configurations(folder / f"r{density}.lammpstrj", seed=3 + k, n=24, density=density, n_frames=2)
        text += SYSTEM.format(density=density, label=label, temperature=1.0 + 0.1 * (k % 3))
    (folder / "dataset.toml").write_text(text)
    for name, settings in [("gaussian", GAUSSIAN), ("version1", VERSION1), ("version2", VERSION2)]:
        (folder / f"{name}.toml").write_text(settings)
