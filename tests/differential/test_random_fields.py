"""`ionscape analyze` on random fields and settings beside sums over all pairs and instants."""

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import configurations, frames, program
from .comparison import Summary
from .correlations import Run


def off_the_edges(rng, run, lengths):
    """Moves ions until no distance is so near a bin's edge, or another length, that single precision decides."""
    for t in range(len(run.field)):
        while True:
            i, _, r = run.pairs(t, 1.01 * max(lengths))
            near = np.unique(i[np.min([abs(r - length) for length in lengths], axis=0) < 3e-5])
            if near.size == 0:
                break
            run.positions[t, near] += 1e-3 * rng.normal(size=(near.size, 3))
            run.known.clear()


def draw(rng):
    """A run of ions that walk, with solvent between them that has no field."""
    n, n_frames = int(rng.integers(6, 30)), int(rng.integers(16, 40))
    vectors, box = configurations.cell(rng, n / rng.uniform(0.05, 0.5))
    kinds = rng.permutation(np.where(np.arange(n) % int(rng.integers(2, 4)) == 0, 1, -1))
    steps = rng.normal(0, rng.uniform(0.03, 0.4), (n_frames, n, 3))
    positions = rng.random((n, 3)) @ vectors + np.cumsum(steps, 0)
    own, memory = np.zeros((n_frames, n)), rng.uniform(0, 0.95)
    for t in range(n_frames):
        own[t] = memory * own[t - 1] + np.sqrt(1 - memory**2) * rng.normal(size=n)
    field = rng.normal() + own + 0.5 * np.sin(positions[..., 0]) + 0.3 * kinds
    return Run(vectors, positions, field, kinds), box


def values(curve):
    return np.array([np.nan if value is None else value for value, _ in curve])


@pytest.mark.parametrize("number", range(6))
def test_the_field_is_described_as_its_sums_have_it(tmp_path, number):
    check(tmp_path, [5, number], Summary())


def check(folder, seed, summary):
    rng = np.random.default_rng(seed)
    run, box = draw(rng)
    n_frames, n = run.field.shape
    # Within half the least width of the cell, where an ion sees no two images of another.
    half = 0.5 / np.linalg.norm(np.linalg.inv(run.vectors), axis=0).max()
    radius, bins, distance = rng.uniform(0.5, 0.99) * half, int(rng.integers(5, 30)), rng.uniform(0.3, 0.9) * half
    off_the_edges(rng, run, [*np.linspace(0, radius, bins + 1)[1:], distance])
    with_charges, solvent = bool(rng.random() < 0.7), int(rng.integers(0, 5))
    dump = []
    order = rng.permutation(n + solvent)
    for t in range(n_frames):
        places = np.concatenate([run.positions[t], rng.random((solvent, 3)) @ run.vectors])
        columns = {"c_lam[1]": np.append(run.field[t], np.zeros(solvent))}
        if with_charges:
            columns = {"q": np.append(run.kinds, np.zeros(solvent)), **columns}
        types = np.append(np.where(run.kinds > 0, 1, 2), np.full(solvent, 3))
        frame = frames.Frame(
            run.vectors, types[order], places[order], ids=order + 1, box=box,
            coordinates=str(rng.choice(["xu", "xsu"])),
            columns={name: column[order] for name, column in columns.items()})
        dump.append(frame)
    path = frames.write(folder / "dump", dump)
    found = program.results(
        folder, "analyze", path, "--radius", radius, "--bins", bins, "--pair-distance", distance)

    assert (found["n_frames"], found["n_ions"]) == (n_frames, n)
    assert found["mean"] == pytest.approx(run.field.mean(), rel=1e-12)
    per_frame = [frame["mean"] for frame in found["distribution"]["frames"]]
    assert per_frame == pytest.approx(run.field.mean(1), abs=1e-12)
    for (name, what), expected in run.spatial(radius, bins).items():
        curve = values(found["spatial"][name][what])
        assert curve == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), (name, what)
    most = n_frames // 4
    for name, expected in run.temporal(most).items():
        # The course in time is kept in single precision.
        assert values(found["temporal"][name]) == pytest.approx(expected, abs=2e-6), name
    share, mean = run.states(distance)
    states = {state["state"]: state for state in found["states"]["states"]}
    for state, s, m in zip(["free", "pair", "balanced-cluster", "unbalanced-cluster"], share, mean):
        assert states[state]["share"][0] == pytest.approx(s, abs=1e-12)
        assert s == 0 or states[state]["mean"][0] == pytest.approx(m, rel=1e-9)
    lifetimes = run.lifetimes(distance, most)
    summary.count("ions", n)
    summary.count("frames", n_frames)
    if lifetimes is None:
        summary.count("fields without a bond at any origin")
        # Where no two ions are in contact at an origin, there is no curve.
        states = found["states"]
        assert (states["intermittent"], states["continuous"], states["continuous_lifetime"]) == ([], [], None)
    else:
        assert values(found["states"]["intermittent"]) == pytest.approx(lifetimes[0], abs=1e-12)
        assert values(found["states"]["continuous"]) == pytest.approx(lifetimes[1], abs=1e-12)
    like, unlike = run.coordination(distance)
    assert found["coordination"]["mean_like"][0] == pytest.approx(like, rel=1e-12)
    assert found["coordination"]["mean_unlike"][0] == pytest.approx(unlike, rel=1e-12)
