"""`ionscape analyze` beside freud, MDAnalysis and sums written out in numpy, on the same frames."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "target/release/ionscape"
N_IONS, N_FRAMES, RADIUS, BINS, DISTANCE = 160, 48, 4.0, 40, 1.6
KINDS = np.repeat([1, -1], N_IONS // 2)
CELLS = {"cubic": (9.0, 9.0, 9.0, 0.0, 0.0, 0.0), "triclinic": (9.0, 10.0, 11.0, 1.5, -1.0, 2.0)}


class Case:
    """A run of ions that walk and of a field that follows where they are and what they were, with its analysis."""

    def __init__(self, folder, cell):
        lx, ly, lz, xy, xz, yz = cell
        self.cell = np.array([[lx, 0, 0], [xy, ly, 0], [xz, yz, lz]])
        random = np.random.default_rng(7)
        x = random.random((N_IONS, 3)) @ self.cell
        own = random.normal(size=N_IONS)
        frames = []
        for _ in range(N_FRAMES):
            x = self.off_the_edges(x, random)
            frames.append((x.copy(), 1.0 + 0.2 * np.sin(x[:, 0]) + 0.1 * own))
            x = x + 0.15 * random.normal(size=x.shape)
            own = 0.8 * own + 0.6 * random.normal(size=N_IONS)
        self.positions = np.array([x for x, _ in frames])
        self.field = np.array([field for _, field in frames])
        corners = np.array([[0, 0], [0, 0], [0, 0]], float)
        corners[0] = min(0, xy, xz, xy + xz), lx + max(0, xy, xz, xy + xz)
        corners[1] = min(0, yz), ly + max(0, yz)
        corners[2] = 0, lz
        tilted = any(cell[3:])
        with open(folder / "dump", "w") as out:
            for t, (x, field) in enumerate(frames):
                out.write(f"ITEM: TIMESTEP\n{10 * t}\nITEM: NUMBER OF ATOMS\n{N_IONS}\n")
                out.write(f"ITEM: BOX BOUNDS {'xy xz yz ' if tilted else ''}pp pp pp\n")
                for (low, high), tilt in zip(corners.tolist(), (xy, xz, yz)):
                    out.write(f"{low!r} {high!r}" + (f" {tilt!r}\n" if tilted else "\n"))
                out.write("ITEM: ATOMS id type q xu yu zu c_lam[1]\n")
                for i in random.permutation(N_IONS):
                    place = " ".join(map(repr, x[i].tolist()))
                    out.write(f"{i + 1} {1 if KINDS[i] > 0 else 2} {KINDS[i]} {place} {field[i].item()!r}\n")
        command = [PROGRAM, "analyze", "dump", "--json", "out.json", "--radius", str(RADIUS), "--bins", str(BINS)]
        subprocess.run([*command, "--pair-distance", str(DISTANCE)], check=True, cwd=folder, stdout=subprocess.DEVNULL)
        self.found = json.loads((folder / "out.json").read_text())

    def off_the_edges(self, x, random):
        """Moves ions a little until no distance is at the edge of a bin, where single precision would tell another bin."""
        while True:
            where = self.distances_of(x) / (RADIUS / BINS)
            close = (np.abs(where - np.round(where)) < 1e-4) & (where < BINS + 1)
            ions = np.unique(np.nonzero(close)[0])
            if ions.size == 0:
                return x
            x = x.copy()
            x[ions] += 1e-3 * random.normal(size=(ions.size, 3))

    def vectors(self, x):
        """`[ion, ion, image, 3]` from every ion to all images of every other that may be within the radius."""
        whole = np.linalg.solve(self.cell.T, x.T).T
        apart = whole[None] - whole[:, None]
        apart -= np.round(apart)
        images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), -1).reshape(-1, 3)
        return (apart[:, :, None] + images) @ self.cell

    def distances_of(self, x):
        d = np.linalg.norm(self.vectors(x), axis=-1)
        d[np.arange(N_IONS), np.arange(N_IONS)] = 1e9
        return d

    def distances(self, t):
        return self.distances_of(self.positions[t])


@pytest.fixture(scope="module", params=CELLS)
def case(request, tmp_path_factory):
    return Case(tmp_path_factory.mktemp(request.param), CELLS[request.param])


def values(points):
    return np.array([np.nan if value is None else value for value, _ in points])


def test_the_authors_definition_of_spatial_correlation(case):
    """The mean of each snapshot taken away; all pairs by distance; those of ions above and below the mean apart."""
    pairs = {}
    variance = 0.0
    for t in range(N_FRAMES):
        d = case.field[t] - case.field[t].mean()
        variance += (d**2).mean() / N_FRAMES
        r = case.distances(t)
        i, j, image = np.nonzero(r < RADIUS)
        where = (r[i, j, image] / (RADIUS / BINS)).astype(int)
        alike = KINDS[i] == KINDS[j]
        for name, chosen in [("like", alike), ("unlike", ~alike)]:
            for curve, side in [("correlation", d[i] == d[i]), ("above_mean", d[i] > 0), ("below_mean", d[i] <= 0)]:
                mask = chosen & side
                count, total = pairs.setdefault((name, curve), (np.zeros(BINS), np.zeros(BINS)))
                np.add.at(count, where[mask], 1)
                np.add.at(total, where[mask], (d[i] * d[j])[mask])
    spatial = case.found["spatial"]
    for (name, curve), (count, total) in pairs.items():
        with np.errstate(invalid="ignore"):
            expected = total / count / variance
        assert values(spatial[name][curve]) == pytest.approx(expected, abs=1e-9, nan_ok=True), (name, curve)


def test_freud_has_the_same_radial_distribution_and_correlation(case):
    freud = pytest.importorskip("freud")
    box = freud.box.Box.from_matrix(case.cell.T)
    # freud puts its box's middle in the origin; shifts change nothing.
    functions = {}
    for t in range(N_FRAMES):
        x = box.wrap(case.positions[t])
        d = case.field[t] - case.field[t].mean()
        for name, a, b in [("++", 1, 1), ("--", -1, -1), ("+-", 1, -1)]:
            first = t == 0
            if first:
                functions[name] = (
                    freud.density.RDF(BINS, RADIUS, normalization_mode="exact" if a != b else "finite_size"),
                    freud.density.CorrelationFunction(BINS, RADIUS),
                )
            rdf, correlation = functions[name]
            other = dict(query_points=x[KINDS == b]) if a != b else {}
            rdf.compute((box, x[KINDS == a]), reset=first, **other)
            alike = {"r_max": RADIUS, "exclude_ii": a == b}
            correlation.compute(
                (box, x[KINDS == a]), d[KINDS == a], x[KINDS == b], d[KINDS == b], neighbors=alike, reset=first
            )
    variance = ((case.field - case.field.mean(1, keepdims=True)) ** 2).mean()
    spatial = case.found["spatial"]
    plus, minus, cross = (functions[name] for name in ("++", "--", "+-"))
    edges = np.linspace(0, RADIUS, BINS + 1)
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    n, volume = N_IONS // 2, np.linalg.det(case.cell)
    like = [np.asarray(part[0].bin_counts, float) / (n * (n - 1) / volume * shells) / N_FRAMES for part in (plus, minus)]
    unlike = np.asarray(cross[0].bin_counts, float) / (n * n / volume * shells) / N_FRAMES
    for name, expected, theirs in [
        ("like", 0.5 * (like[0] + like[1]), 0.5 * (np.asarray(plus[0].rdf) + np.asarray(minus[0].rdf))),
        ("unlike", unlike, np.asarray(cross[0].rdf)),
    ]:
        assert values(spatial[name]["g"]) == pytest.approx(expected, rel=1e-9)
        # freud's own division by the volumes of shells is one of numbers of 24 bits.
        assert values(spatial[name]["g"]) == pytest.approx(theirs, abs=5e-6)
    for name, parts in [("like", [plus, minus]), ("unlike", [cross])]:
        count = sum(np.asarray(part[1].bin_counts, float) for part in parts)
        total = sum(np.real(part[1].correlation) * np.asarray(part[1].bin_counts) for part in parts)
        expected = np.divide(total, count, out=np.full(BINS, np.nan), where=count > 0) / variance
        assert values(spatial[name]["correlation"]) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_the_authors_definition_of_temporal_correlation_and_transitions(case):
    temporal = case.found["temporal"]
    most = N_FRAMES // 4

    def autocorrelation(d):
        products = [(d[: N_FRAMES - lag] * d[lag:]).mean() for lag in range(most + 1)]
        return np.array(products) / products[0]

    field = case.field
    # The program keeps the course in single precision.
    assert values(temporal["full"]) == pytest.approx(autocorrelation(field - field.mean()), abs=1e-6)
    departures = field - field.mean(1, keepdims=True)
    assert values(temporal["fluctuation"]) == pytest.approx(autocorrelation(departures), abs=1e-6)

    ordered = np.sort(field.astype(np.float32), axis=None)
    bounds = ordered[[ordered.size // 3, 2 * ordered.size // 3]]
    state = (field.astype(np.float32)[..., None] >= bounds).sum(-1)
    moves = np.zeros((3, 3))
    np.add.at(moves, (state[:-1].ravel(), state[1:].ravel()), 1)
    for a in range(3):
        assert values(temporal["transitions"][a]) == pytest.approx(moves[a] / moves[a].sum(), abs=1e-12)
    visits = [[], [], []]
    for ion in state.T:
        ends = np.flatnonzero(np.diff(ion)) + 1
        for start, end in zip(ends[:-1], ends[1:]):
            visits[ion[start]].append(end - start)
    assert values(temporal["mean_dwell"]) == pytest.approx([np.mean(v) for v in visits], rel=1e-12)
    for a in range(3):
        shares = np.bincount(visits[a])[1:] / len(visits[a])
        assert temporal["dwell"][a] == pytest.approx(shares, abs=1e-12)


def test_pairs_within_1_6_and_what_they_are_part_of(case):
    sparse = pytest.importorskip("scipy.sparse")
    ions, total = np.zeros(4), np.zeros(4)
    for t in range(N_FRAMES):
        close = (case.distances(t).min(-1) < DISTANCE) & (KINDS[:, None] != KINDS)
        n, part = sparse.csgraph.connected_components(sparse.csr_matrix(close), directed=False)
        size, charge = np.bincount(part), np.bincount(part, KINDS)
        kind = np.select([size == 1, size == 2, charge == 0], [0, 1, 2], 3)[part]
        ions += np.bincount(kind, minlength=4)
        total += np.bincount(kind, case.field[t], minlength=4)
    states = case.found["states"]["states"]
    assert [s["state"] for s in states] == ["free", "pair", "balanced-cluster", "unbalanced-cluster"]
    assert [s["share"][0] for s in states] == pytest.approx(ions / ions.sum(), abs=1e-12)
    assert [s["mean"][0] for s in states] == pytest.approx(total / ions, rel=1e-12)


def test_mdanalysis_has_the_same_lifetimes_of_pairs(case):
    distances = pytest.importorskip("MDAnalysis.lib.distances")
    from MDAnalysis.lib.correlations import autocorrelation
    from MDAnalysis.lib.mdamath import triclinic_box

    box = triclinic_box(*case.cell)
    bonds = []
    for x in case.positions.astype(np.float32):
        found = distances.capped_distance(x[KINDS > 0], x[KINDS < 0], DISTANCE, box=box, return_distances=False)
        bonds.append({(int(a), int(b)) for a, b in found})
    most = N_FRAMES // 4
    _, _, shares = autocorrelation(bonds, most)
    # Ours are bonds over bonds of all instants that the longest lag can start from; theirs a list of shares of instants.
    origins = range(N_FRAMES - most)
    weights = np.array([len(bonds[t]) for t in origins])
    continuous = [np.average(shares[lag - 1][: len(weights)], weights=weights) for lag in range(1, most + 1)]
    assert values(case.found["states"]["continuous"]) == pytest.approx([1.0, *continuous], abs=1e-12)
    intermittent = [sum(len(bonds[t] & bonds[t + lag]) for t in origins) / weights.sum() for lag in range(most + 1)]
    assert values(case.found["states"]["intermittent"]) == pytest.approx(intermittent, abs=1e-12)
