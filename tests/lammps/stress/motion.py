"""What moves the atoms in a run, changes the box and how many there are, and deals them to the ranks."""

from .actions import number

TIMESTEP = 0.004


def integrator(world):
    """Fixes that move the atoms, with names; large changes of volume among them."""
    rng = world.rng
    bath = f"fix bath all langevin 1.5 1.5 0.5 {number(world)}"
    # Atoms that were put on others would fly away.
    slow = ["fix move all nve/limit 0.05", bath]
    if not world.periodic:
        return slow
    pressure = round(rng.choice([-3, 5, 20]) * rng.uniform(0.5, 1), 2)
    shape = "tri" if world.triclinic else rng.choice(["iso", "aniso"])
    barostat = f"fix move all nph {shape} {pressure} {pressure} 0.4"
    berendsen = f"fix box all press/berendsen iso {pressure} {pressure} 0.2 modulus 20"
    # Up to a tenth of the skin in a step, after the forces: the next step looks whether lists still hold.
    speed = [round(rng.uniform(-0.1, 0.1) * world.skin / TIMESTEP, 3) for _ in range(3)]
    shear = f" xz vel {speed[2]}" if world.triclinic else ""
    deform = f"fix box all deform 1 x vel {speed[0]} z vel {speed[1]}{shear} remap {rng.choice(['x', 'none'])}"
    choices = [slow, slow, [barostat, bath], [*slow, deform], [*slow, deform]]
    if not world.triclinic:
        choices.append([*slow, berendsen])
    return rng.choice(choices)


def exchange(world, ranks):
    """Fixes that bring atoms, take them away or send them to other ranks, with names."""
    rng = world.rng
    found = []
    if ranks > 1 and rng.random() < 0.3:
        how = "rcb" if world.tiled else f"shift {rng.choice(['x', 'xyz'])} 5 1.01"
        found.append(f"fix share all balance {rng.choice([1, 3])} 1.0 {how}")
    if not world.molecular and not world.triclinic and rng.random() < 0.25:
        found.append(f"fix come all deposit 4 3 2 {number(world)} region middle near 0.7 attempt 50")
    # LAMMPS evaporates nothing where a group of atoms comes first.
    if not world.molecular and not world.first and rng.random() < 0.25:
        found.append(f"fix go all evaporate 2 2 middle {number(world)}")
    return found


def run(world, fixes):
    """A command that makes steps."""
    rng = world.rng
    steps = rng.choice([2, 3, 5, 8, 8, 20])
    box_moves = any(" box " in fix or "nph" in fix for fix in fixes)
    choices = [f"run {steps}", f"run {steps}", f"run {steps} post no", "run 0",
               f'run {steps} every 2 "group early id 1"']
    if not box_moves:
        choices.append("minimize 0 0 5 20")
    return rng.choice(choices)
