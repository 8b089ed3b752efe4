"""What is done to a system between two runs."""


def number(world):
    return world.rng.randrange(1, 10**6)


def charges(world):
    """Atoms that are new have no charge yet."""
    return [f"set type {t} charge {q}" for t, q in world.charges.items()]


def some_ids(world):
    first = world.rng.randrange(1, world.n_atoms + 1)
    return f"{first}:{first + world.rng.randrange(0, max(2, world.n_atoms // 6))}"


def delete_atoms(world):
    options = " bond yes mol yes" if world.molecular else world.rng.choice(["", " compress no"])
    return [f"group gone id {some_ids(world)}", f"delete_atoms group gone{options}", "group gone delete"]


def create_atoms(world):
    rng = world.rng
    how = "NULL overlap 0.9 maxtry 20"
    if world.molecular and rng.random() < 0.5:
        return [f"create_atoms 0 random {rng.randrange(1, 8)} {number(world)} NULL mol anion {number(world)} "
                "overlap 1.3 maxtry 20", *charges(world)]
    kind = rng.choice([1, 4] if world.molecular else [1, 2, 3])
    return [f"create_atoms {kind} random {rng.randrange(1, 20)} {number(world)} {how}", *charges(world)]


def create_on_the_edge(world):
    """Two ions in corners of the box, of which one is inside."""
    corners = "$(xlo) $(ylo) $(zlo)", "$(xhi) $(yhi) $(zhi)"
    return [*(f"create_atoms {kind} single {at} units box" for kind, at in enumerate(corners, 1)), *charges(world)]


def create_on_another(world):
    """Two ions in the same place."""
    at = "$(0.3*xlo+0.7*xhi) $(0.5*ylo+0.5*yhi) $(0.5*zlo+0.5*zhi) units box"
    return [f"create_atoms 1 single {at}", f"create_atoms 2 single {at}", *charges(world)]


def scale_box(world):
    factors = [round(world.rng.uniform(0.85, 1.15), 3) for _ in range(3)]
    return ["change_box all " + " ".join(f"{axis} scale {f}" for axis, f in zip("xyz", factors)) + " remap"]


def tilt_box(world):
    world.triclinic = True
    tilts = [f"{name} final $({round(world.rng.uniform(-0.45, 0.45), 3)}*{edge})"
             for name, edge in [("xy", "lx"), ("xz", "lx"), ("yz", "ly")]]
    return ["change_box all triclinic", f"change_box all {' '.join(tilts)} remap", *world.interactions()]


def straighten_box(world):
    world.triclinic = False
    return ["change_box all xy final 0 xz final 0 yz final 0 remap", "change_box all ortho", *world.interactions()]


def displace_atoms(world):
    far = 0.05 if world.molecular else world.rng.choice([0.1, 3.0])
    return [f"displace_atoms all random {far} {far} {far} {number(world)}"]


def move_everything(world):
    return [f"displace_atoms all move {round(world.rng.uniform(-20, 20), 2)} 0 {round(world.rng.uniform(-20, 20), 2)}"]


def change_species(world):
    return [f"set type 3 type/fraction {world.rng.choice([1, 2])} 0.3 {number(world)}",
            f"set type 1 type/fraction 2 0.2 {number(world)}", *charges(world)]


def redefine_group(world):
    return ["group early clear", f"group early id {some_ids(world)} {some_ids(world)}"]


def freeze_group(world):
    return ["group moving static"]


def thaw_group(world):
    return ["group moving dynamic all region left every 1"]


def balance(world):
    return ["balance 1.0 " + ("rcb" if world.tiled else f"shift {world.rng.choice(['x', 'xyz', 'zy'])} 8 1.01")]


def new_velocities(world):
    return [f"velocity all create {round(world.rng.uniform(0.5, 3), 2)} {number(world)} loop geom"]


def reset_ids(world):
    return ["reset_atoms id" + world.rng.choice(["", " sort yes"])]


def reset_molecules(world):
    return ["reset_atoms mol all"]


def reset_timestep(world):
    return [f"reset_timestep {world.rng.choice([0, 1, 1000, 3_000_000_000])}"]


def replicate(world):
    world.n_atoms *= 2
    return ["replicate " + world.rng.choice(["2 1 1", "1 2 1", "1 1 2"])]


def skin(world):
    world.skin = world.rng.choice([0.2, 0.4, 0.8, 1.2])
    return []


def interactions(world):
    """Another pair style; LAMMPS keeps a kspace style until it is told."""
    before = ["kspace_style none"] if world.pair == "long-range" else []
    world.pair = world.rng.choice(world.pairs())
    return [*before, *world.interactions()]


def possible(world):
    """The actions that LAMMPS allows now."""
    found = [delete_atoms, create_atoms, displace_atoms, redefine_group, freeze_group, thaw_group, balance,
             new_velocities, reset_ids, reset_timestep, skin, interactions]
    if world.molecular:
        found.append(reset_molecules)
    else:
        found.append(change_species)
        # Atoms on one another push each other infinitely, but for these.
        if world.pair in ("ideal", "none"):
            found += [create_on_another, create_on_the_edge]
    if world.periodic:
        found += [scale_box, move_everything]
        found.append(straighten_box if world.triclinic else tilt_box)
        if not world.molecular and world.n_atoms < 150:
            found.append(replicate)
    return found
