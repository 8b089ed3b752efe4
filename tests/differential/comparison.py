"""One batch: random settings and a random model, and what ionscape makes of many random frames beside the formulas."""

import json
from dataclasses import dataclass, field

import numpy as np

from . import configurations, descriptor, frames, network, program

# Species of a batch: name, charge. Types are numbered in this order; the last type is named NULL.
SALTS = [
    {"cation": 1.0, "anion": -1.0},
    {"cation": 1.0, "anion": -1.0, "solvent": 0.0},
    {"Li": 1.0, "K": 1.0, "Cl": -1.0},
    {"Ca": 2.0, "Cl": -1.0, "water": 0.0, "oil": 0.0},
]

# What the dump's decimals leave open of conductivity, deviation and grade.
DECIMALS = [0.51e-9, 0.51e-9, 0.51e-6]


@dataclass
class Summary:
    """Counts, and the largest differences in units of what they may be."""

    counts: dict = field(default_factory=dict)
    worst: dict = field(default_factory=dict)

    def count(self, what, by=1):
        self.counts[what] = self.counts.get(what, 0) + by

    def compare(self, what, found, expected, allowed, where):
        """Fails where any difference exceeds what is allowed, or anything is not finite."""
        assert found.shape == expected.shape, f"{where}: {what} is {found.shape}, and should be {expected.shape}"
        assert np.isfinite(found).all(), f"{where}: {what} is not finite"
        if found.size == 0:
            return
        share = abs(found - expected) / np.broadcast_to(allowed, found.shape)
        place = np.unravel_index(np.argmax(share), share.shape)
        self.worst[what] = max(self.worst.get(what, 0.0), float(share.max()))
        assert share.max() <= 1, (
            f"{where}: {what} {place} is {found[place]!r}, and should be {expected[place]!r} within "
            f"{np.broadcast_to(allowed, found.shape)[place]:.1e}")


@dataclass
class Case:
    """A frame, the atoms in it that are ions, in the order of their ids, and their features."""

    frame: frames.Frame
    atoms: np.ndarray
    described: descriptor.Described


def draw(rng, part, charges, by_species, n_frames):
    """Frames, none with a distance of which rounding decides whether it counts, or what direction it has."""
    out = []
    while len(out) < n_frames:
        frame = configurations.frame(rng, part.reach, len(charges) + 1)
        case = describe(part, frame, charges, by_species)
        least = 1e-13 if isinstance(part, descriptor.Gto) else 1e-9
        if case.described.margin > least * (frame.extent() + part.reach):
            out.append(case)
    return out


def channels(species, charges, by_species):
    """For a center of some species: the channel of each point by its species, and the number of channels."""
    neutral = [name for name in charges if charges[name] == 0]

    def of(center):
        if by_species:
            return np.array([list(charges).index(name) for name in species]), len(charges)
        unlike = {name: int(charges[name] * charges[center] < 0) for name in charges}
        kinds = [2 + neutral.index(name) if name in neutral else unlike[name] for name in species]
        return np.array(kinds), 2 + len(neutral)

    return of


def describe(part, frame, charges, by_species):
    order = np.argsort(frame.ids)
    names = list(charges)
    order = order[frame.types[order] <= len(names)]
    species = [names[kind - 1] for kind in frame.types[order]]
    of = channels(species, charges, by_species)
    ions = np.array([charges[name] != 0 for name in species], bool)
    described = descriptor.features(
        part, frame.vectors, frame.positions[order], frame.origin, frame.periodic,
        lambda i: of(species[i]) if ions[i] else None)
    return Case(frame, order[ions], described)


def options(settings):
    named = {key: value for key, value in settings.items() if key != "kind"}
    return [word for key, value in named.items() for word in ("--" + key.replace("_", "-"), value)]


def batch(folder, seed, number, n_frames, summary):
    """Fails at the first value of one batch that is not as the formulas have it."""
    rng = np.random.default_rng([seed, number])
    settings = configurations.settings(rng)
    part = descriptor.radial(settings)
    charges = SALTS[rng.choice(len(SALTS), p=[0.55, 0.15, 0.15, 0.15])]
    by_species = bool(rng.random() < 0.4)
    conditions = ["temperature"] if rng.random() < 0.2 else []
    cases = draw(rng, part, charges, by_species, n_frames)
    where = f"seed {seed}, batch {number}"
    summary.count(settings["convention"], n_frames)
    dump = frames.write(folder / "dump", [case.frame for case in cases])
    with_ions = [case for case in cases if len(case.atoms)]
    summary.count("frames without ions", n_frames - len(with_ions))
    if not with_ions:
        return
    rows = np.concatenate([case.described.rows for case in with_ions])
    exact = np.concatenate([configurations.exactness(part, case.frame, case.described.depths) for case in with_ions])
    summary.count("environments", len(rows))
    if charges is SALTS[0] and not by_species:
        compare_features(folder, dump, settings, cases, rows, exact, summary, where)

    # What stands behind the features: which ion it is, and the temperature.
    ion_names = [name for name in charges if charges[name] != 0]
    kinds = np.concatenate([case.frame.types[case.atoms] for case in cases])
    inputs, errors = rows, exact[:, None] * abs(rows).max(1, keepdims=True) * np.ones_like(rows)
    temperature = rng.uniform(0.5, 2.0)
    beside = []
    if by_species and len(ion_names) > 1:
        beside += [(kinds == 1 + list(charges).index(name)).astype(float) for name in ion_names]
    if conditions:
        beside.append(np.full(len(rows), temperature))
    inputs = np.column_stack([inputs, *beside])
    errors = np.column_stack([errors, *[np.zeros(len(rows))] * len(beside)])

    head, net, members, refused = network.random_for(rng, inputs)
    summary.count("models drawn again for a Softplus beyond 80", refused)
    values, bounds = net.forward(inputs)
    box = network.domain(rng, inputs) if rng.random() < 0.7 else None
    metadata = {
        "version": 2, "units": str(rng.choice(["lj", "real", "metal"])), "species": list(charges), "charges": charges,
        "channels": "by-species" if by_species else "charge-symmetric", "descriptor": settings,
        "conditions": conditions}
    net.save(folder / "model.onnx", members, metadata | ({"domain": box} if box else {}))
    summary.count(f"models of {head}")
    # By how much values move with what the features are uncertain by.
    moved, _ = net.forward(inputs + errors)
    bounds = bounds + 2 * abs(moved - values)
    arguments = [folder / "model.onnx", dump, "-o", folder / "out", "--species", ",".join([*charges, "NULL"])]
    found = program.results(folder, "predict", "--varying-atoms", *arguments, *(["--temperature", temperature] if conditions else []))
    field = frames.read(folder / "out", "id", *[f"c_lam[{k}]" for k in (1, 2, 3)])

    ours = np.zeros((len(rows), 3))
    start = 0
    for case, written in zip(cases, field, strict=True):
        ids = np.sort(case.frame.ids)
        assert (written[:, 0] == ids).all(), where
        at = np.searchsorted(ids, case.frame.ids[case.atoms])
        ours[start : start + len(at)] = written[at, 1:]
        assert (np.delete(written[:, 1:], at, axis=0) == 0).all(), f"{where}: an atom that is no ion has a value"
        start += len(at)
    size = abs(values).max()
    summary.compare("conductivity", ours[:, 0], values.mean(1), bounds.mean(1) + DECIMALS[0], where)
    # A deviation moves by no more than the value that moves most.
    summary.compare("deviation", ours[:, 1], values.std(1), bounds.max(1) + DECIMALS[1], where)
    if box:
        grades, loose = network.grade(box, inputs)
        half = (np.array(box["high"], float) - np.array(box["low"], float)) / 2
        summary.compare("grade", ours[:, 2], grades, loose + (errors / half).max(1) + DECIMALS[2], where)
    else:
        assert (ours[:, 2] == -1).all(), where
    summary.worst["float32, relative"] = max(
        summary.worst.get("float32, relative", 0), float(abs(ours[:, 0] - values.mean(1)).max() / size))
    assert (found["n_ions"], found["n_frames"]) == (len(rows) / len(with_ions), len(with_ions)), where
    summary.compare("mean", np.array(found["mean"]), values.mean(), bounds.mean(), where)


def compare_features(folder, dump, settings, cases, rows, exact, summary, where):
    arguments = [dump, "-o", folder / "features.npy", "--cation", 1, "--anion", 2, *options(settings)]
    program.succeed("featurize", "--varying-atoms", *arguments)
    found = np.load(folder / "features.npy")
    table = np.loadtxt(folder / "features.csv", delimiter=",", skiprows=1, dtype=int, ndmin=2)
    expected = [[t, case.frame.ids[i]] for t, case in enumerate(cases) for i in case.atoms]
    assert table.tolist() == expected, where
    largest = abs(rows).max(1, keepdims=True)
    summary.compare("features", found, rows, exact[:, None] * largest + 1e-300, where)
    name = f"features in {settings['convention']}, relative to the largest of an ion"
    difference = (abs(found - rows) / (largest + 1e-300)).max()
    summary.worst[name] = max(summary.worst.get(name, 0.0), float(difference))
    summary.count("environments through featurize", len(rows))
