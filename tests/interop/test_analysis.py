"""`ionscape analyze` beside freud, MDAnalysis and sums written out in numpy, on the same frames."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "target/release/ionscape"
N_IONS, N_FRAMES, RADIUS, BINS, DISTANCE = 160, 48, 4.0, 40, 1.6
# Bins of the structure factor that have no more waves than this hold all of them.
MOST_WAVES = 6
KINDS = np.repeat([1, -1], N_IONS // 2)
CELLS = {"cubic": (9.0, 9.0, 9.0, 0.0, 0.0, 0.0), "triclinic": (9.0, 10.0, 11.0, 1.5, -1.0, 2.0)}


def analyze(folder, *more):
    """All results of the program on the dump in a folder."""
    command = [PROGRAM, "analyze", "dump", "--json", "out.json", *more]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return json.loads((folder / "out.json").read_text())


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
        self.folder = folder
        self.found = self.analyze()

    def analyze(self, *more):
        return analyze(
            self.folder, "--radius", str(RADIUS), "--bins", str(BINS), "--pair-distance", str(DISTANCE), *more
        )

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


def test_pairs_in_contact_are_those_within_the_distance(case):
    pairs, total, variance = {}, {}, 0.0
    for t in range(N_FRAMES):
        d = case.field[t] - case.field[t].mean()
        variance += (d**2).mean() / N_FRAMES
        i, j, _ = np.nonzero(case.distances(t) < DISTANCE)
        for name, chosen in [("like", KINDS[i] == KINDS[j]), ("unlike", KINDS[i] != KINDS[j])]:
            pairs[name] = pairs.get(name, 0) + chosen.sum()
            total[name] = total.get(name, 0) + (d[i] * d[j])[chosen].sum()
    for name in pairs:
        assert case.found["contact"][name][0] == pytest.approx(total[name] / pairs[name] / variance, abs=1e-9)


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


def test_sizes_and_charges_of_clusters_are_freud_s(case):
    freud = pytest.importorskip("freud")
    box = freud.box.Box.from_matrix(case.cell.T)
    sizes, charges = np.zeros(N_IONS + 1), {}
    for x in case.positions:
        near = freud.locality.AABBQuery(box, box.wrap(x)).query(
            box.wrap(x), {"mode": "ball", "r_max": DISTANCE, "exclude_ii": True}
        )
        bonds = near.toNeighborList()
        bonds.filter(KINDS[bonds.query_point_indices] != KINDS[bonds.point_indices])
        clusters = freud.cluster.Cluster()
        clusters.compute((box, box.wrap(x)), neighbors=bonds)
        for members in clusters.cluster_keys:
            n = len(members)
            sizes[n] += n
            if n > 2:
                charge = int(KINDS[members].sum())
                charges[charge] = charges.get(charge, 0) + n
    states = case.found["states"]
    shares = np.array([*sizes[1:51], sizes[51:].sum()]) / sizes.sum()
    found = values(states["sizes"])
    assert found == pytest.approx(shares[: len(found)], abs=1e-12) and shares[len(found) :].sum() == 0
    found = {charge: share for charge, (share, _) in states["charges"]}
    assert found == pytest.approx({q: n / sum(charges.values()) for q, n in charges.items()}, abs=1e-12)


def test_the_field_by_coordination_and_the_plane_through_it(case):
    counts = {True: [], False: []}
    for t in range(N_FRAMES):
        near = (case.distances(t) < DISTANCE).sum(-1)
        for like in counts:
            counts[like].append((near * ((KINDS[:, None] == KINDS) == like)).sum(1))
    like, unlike = (np.ravel(counts[kind]) for kind in (True, False))
    field = case.field.ravel()
    found = case.found["coordination"]
    assert found["distance"] == DISTANCE and max(like.max(), unlike.max()) <= found["most"]
    assert found["mean_like"][0] == pytest.approx(like.mean(), rel=1e-12)
    assert found["mean_unlike"][0] == pytest.approx(unlike.mean(), rel=1e-12)
    cells = found["cells"]
    assert {(c["like"], c["unlike"]) for c in cells} == set(zip(like.tolist(), unlike.tolist()))
    for cell in cells:
        own = field[(like == cell["like"]) & (unlike == cell["unlike"])]
        assert cell["share"][0] == pytest.approx(own.size / field.size, rel=1e-12)
        assert cell["mean"][0] == pytest.approx(own.mean(), rel=1e-12)
        assert cell["deviation"] == pytest.approx(own.std(), abs=1e-7)
    plane = np.stack([np.ones_like(field), like, unlike], axis=1)
    _, per_like, per_unlike = np.linalg.lstsq(plane, field, rcond=None)[0]
    assert (found["per_like"][0], found["per_unlike"][0]) == pytest.approx((per_like, per_unlike), rel=1e-8)


@pytest.mark.parametrize("axes, bins", [("z", [4]), ("xy", [5, 3]), ("zyx", [2, 3, 4])])
def test_maps_are_numpy_s_histograms(case, axes, bins):
    found = case.analyze("--map", axes, "--map-bins", ",".join(map(str, bins)))["map"]
    whole = np.linalg.solve(case.cell.T, case.positions.reshape(-1, 3).T).T % 1.0
    places, ranges = whole[:, ["xyz".index(axis) for axis in axes]], [(0, 1)] * len(axes)
    ions = np.histogramdd(places, bins, ranges)[0].ravel()
    total = np.histogramdd(places, bins, ranges, weights=case.field.ravel())[0].ravel()
    assert (found["axes"], found["bins"]) == (list(axes), bins)
    assert [v["ions"][0] for v in found["values"]] == pytest.approx(ions / N_FRAMES, rel=1e-12)
    assert [v["mean"][0] for v in found["values"]] == pytest.approx(total / ions, rel=1e-12)
    for axis, n, middles in zip(axes, bins, found["coordinates"]):
        extent = case.cell["xyz".index(axis), "xyz".index(axis)]
        assert middles == pytest.approx(extent * (np.arange(n) + 0.5) / n, rel=1e-12)


def longest_waves(case, found):
    """Vectors of the waves in each bin, from the longest on, up to the first bin that does not hold all of its waves.

    A bin states the mean length of its waves. Of each pair of opposite ones there is one.
    """
    side = np.arange(-6, 7)
    m = np.stack(np.meshgrid(side, side, side, indexing="ij"), -1).reshape(-1, 3)
    m = m[len(m) // 2 + 1 :]
    vectors = 2 * np.pi * m @ np.linalg.inv(case.cell).T
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths)
    vectors, lengths = vectors[order], lengths[order]
    bins, start = [], 0
    for k in found["k"]:
        means = np.cumsum(lengths[start:]) / np.arange(1, len(lengths) - start + 1)
        equal = np.flatnonzero(np.isclose(means, k, rtol=1e-9))
        if equal.size == 0 or equal[-1] >= MOST_WAVES:
            break
        bins.append(vectors[start : start + equal[-1] + 1])
        start += equal[-1] + 1
    return bins


def test_waves_have_the_power_that_sums_over_ions_give(case):
    found = case.found["structure_factor"]
    bins = longest_waves(case, found)
    assert len(bins) >= 4
    for vectors, (field, _), (number, _) in zip(bins, found["field"], found["number"]):
        expected = []
        for x, local in zip(case.positions, case.field):
            d = local - local.mean()
            phases = np.exp(1j * x @ vectors.T)
            expected.append([np.mean(abs(d @ phases) ** 2) / (d @ d), np.mean(abs(phases.sum(0)) ** 2) / N_IONS])
        assert (field, number) == pytest.approx(np.mean(expected, 0), rel=1e-9)


def test_freud_has_the_same_structure_factor_of_places(case):
    freud = pytest.importorskip("freud")
    if not np.allclose(case.cell, 9 * np.eye(3)):
        pytest.skip("freud takes waves of one octant, and leaning boxes as if they were upright")
    box = freud.box.Box.cube(9)
    found = case.found["structure_factor"]
    for multiple in (1, 2):
        # Waves along the three axes: no others are as long, and all are in the octant.
        k = multiple * 2 * np.pi / 9
        narrow = freud.diffraction.StaticStructureFactorDirect(bins=1, k_min=k * (1 - 1e-5), k_max=k * (1 + 1e-5))
        for t, x in enumerate(case.positions):
            narrow.compute((box, box.wrap(x)), reset=t == 0)
        (bin_of,) = np.flatnonzero(np.isclose(found["k"], k, rtol=1e-9))
        assert narrow.S_k[0] == pytest.approx(found["number"][bin_of][0], rel=1e-4)


@pytest.mark.parametrize("indices, waves_of_that_length", [((1, 0, 0), 3), ((1, 1, 0), 6), ((1, 1, 1), 4), ((0, 2, 0), 3)])
def test_a_planted_wave_has_its_power_at_its_wave_number(tmp_path, indices, waves_of_that_length):
    """Half the ions' number, shared by the waves that are as long; waves as short as a lattice's own would alias."""
    n = 12
    x = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3)
    field = 2.0 + 0.3 * np.cos(2 * np.pi * x @ indices / n)
    with open(tmp_path / "dump", "w") as out:
        out.write(f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{n**3}\nITEM: BOX BOUNDS pp pp pp\n")
        out.write(f"0 {n}\n" * 3 + "ITEM: ATOMS id type x y z v_field\n")
        for i, (place, value) in enumerate(zip(x.tolist(), field.tolist())):
            out.write(f"{i + 1} 1 {place[0]} {place[1]} {place[2]} {value!r}\n")
    found = analyze(tmp_path, "--column", "v_field", "--radius", "2")["structure_factor"]
    power = values(found["field"])
    there = np.isclose(found["k"], 2 * np.pi / n * np.linalg.norm(indices), rtol=1e-9)
    assert there.sum() == 1
    assert power[there] == pytest.approx(n**3 / 2 / waves_of_that_length, rel=1e-9)
    assert power[~there & (np.array(found["k"]) < 5)] == pytest.approx(0, abs=1e-9)
