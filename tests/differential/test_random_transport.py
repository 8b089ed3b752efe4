"""`ionscape transport` on random runs: its curves, estimates and conversions beside sums over all origins."""

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import frames, program, transport
from .comparison import Summary

SPECIES = ["Na", "Ca", "Cl"]


class Run:
    """Ions whose velocities are correlated in time and with each other, in a box that may change."""

    def __init__(self, rng):
        self.n_frames, self.dt = int(rng.integers(90, 260)), rng.uniform(0.2, 2.0)
        self.charges = np.array([1.0, 2.0, -1.0]) if rng.random() < 0.5 else np.array([rng.uniform(0.5, 2), 1.0, -1.5])
        counts = rng.integers(2, 6, 3)
        self.kinds = np.repeat(np.arange(3), counts)
        n = len(self.kinds)
        memory = rng.uniform(0.4, 0.85)
        shared, own = rng.normal(size=(self.n_frames, 1, 3)), rng.normal(size=(self.n_frames, n, 3))
        drive = own + rng.uniform(0, 0.5) * shared * rng.choice([-1, 1], n)[:, None]
        self.v = np.zeros((self.n_frames, n, 3))
        self.v[0] = drive[0]
        for t in range(1, self.n_frames):
            self.v[t] = memory * self.v[t - 1] + np.sqrt(1 - memory**2) * drive[t]
        self.x = rng.random((n, 3)) * 8 + np.cumsum(0.3 * self.v, 0) * self.dt
        # Forgotten by whoever is asked to leave out the motion of the whole.
        self.mass = rng.uniform(1, 3, 3)
        self.edges = np.full((self.n_frames, 3), 8.0)
        self.flags = rng.random() < 0.5
        if self.flags:
            self.in_a_box_that_changes(rng)

    def in_a_box_that_changes(self, rng):
        """Wrapped places and image flags instead; steps are those that the documentation defines, relative to the box's middle."""
        self.edges = 8 + 0.05 * np.cumsum(rng.normal(size=(self.n_frames, 3)), 0)
        edges = self.edges[:, None, :]
        moved = rng.random((1, len(self.kinds), 3)) + np.cumsum(0.3 * self.v * self.dt / 8, 0)
        self.images = np.floor(moved)
        self.wrapped = (moved - self.images) * edges
        steps = np.diff(self.wrapped - edges / 2, axis=0) + np.diff(self.images, axis=0) * edges[1:]
        self.x = np.concatenate([np.zeros_like(steps[:1]), np.cumsum(steps, 0)])

    def dump(self, rng, velocities):
        out = []
        for t in range(self.n_frames):
            places, columns = self.x[t], {"q": self.charges[self.kinds], "mass": self.mass[self.kinds]}
            if self.flags:
                places = self.wrapped[t]
                columns |= dict(zip(("ix", "iy", "iz"), self.images[t].T))
            if velocities:
                columns |= dict(zip(("vx", "vy", "vz"), self.v[t].T))
            order = rng.permutation(len(self.kinds))
            out.append(frames.Frame(
                np.diag(self.edges[t]), self.kinds[order] + 1, places[order], ids=order + 1,
                coordinates="x" if self.flags else "xu",
                columns={name: column[order] for name, column in columns.items()}))
        return out


def centred(values, mass):
    return values - np.einsum("i,tic->tc", mass, values)[:, None] / mass.sum()


@pytest.mark.parametrize("number", range(8))
def test_a_run_is_what_its_sums_say(tmp_path, number):
    check(tmp_path, [11, number], Summary())


def check(folder, seed, summary):
    rng = np.random.default_rng(seed)
    run, velocities = Run(rng), rng.random() < 0.7
    units, frame = str(rng.choice(["lj", "real", "metal"])), str(rng.choice(["none", "com"]))
    temperature, timestep = rng.uniform(0.5, 400), run.dt
    dump = frames.write(folder / "dump", run.dump(rng, velocities))
    found = program.results(
        folder, "transport", dump, "--units", units, "--temperature", temperature, "--timestep", timestep,
        "--frame", frame, *[word for k, name in enumerate(SPECIES) for word in ("--ion", f"{name}:{k + 1}")])

    mass, q = run.mass[run.kinds], run.charges[run.kinds]
    x, v = (centred(values, mass) if frame == "com" else values for values in (run.x, run.v))
    m, j = np.einsum("i,tic->tc", q, x), np.einsum("i,tic->tc", q, v)
    volume = run.edges.prod(1).mean()
    assert found["volume"] == pytest.approx(volume, rel=1e-12)
    assert [s["charge"] for s in found["species"]] == pytest.approx(run.charges)

    # Two species with as many charges of either sign have formula units; others have equivalents.
    positive, negative = q[q > 0].sum(), -q[q < 0].sum()
    assert found["amount"]["number"] == pytest.approx(max(positive, negative), rel=1e-12)
    estimates = {e["method"]: e for e in found["estimates"]}
    for method in estimates:
        summary.count(f"estimates by {method}")
    for e in estimates.values():
        for suffix in ("", "_error"):
            expected = transport.molar(e["sigma" + suffix], volume, found["amount"]["number"], units)
            assert e["molar_conductivity" + suffix] == pytest.approx(expected, rel=1e-9)

    def is_conductivity(method, k, error=None, **tolerance):
        assert estimates[method]["sigma"] == pytest.approx(
            transport.conductivity(k, volume, temperature, units), **tolerance)
        if error is not None:
            assert estimates[method]["sigma_error"] == pytest.approx(
                transport.conductivity(error, volume, temperature, units), **tolerance)

    einstein = found["einstein_helfand"]
    lags = np.rint(np.array(einstein["lags"]) / timestep).astype(int)
    assert einstein["msd"] == pytest.approx(transport.displacement(m, lags), rel=1e-9)
    spacing = round(einstein["fit_from"] / timestep)
    count = round(einstein["fit_to"] / einstein["fit_from"])
    # Line and covariance can be brought to agree where the displacement is nearly a line; the program says where not.
    if einstein["diffusive"]["quality"] > 0.01:
        summary.count("lines fitted again")
        slope, error, weights = transport.line_of_displacement(m, spacing, count)
        slope, error = slope / 6 / timestep, error / 6 / timestep
        # They are taken to agree when the line moves by less than 1e-4.
        assert einstein["estimate"]["value"] == pytest.approx(slope, rel=2e-4)
        # To which the choice of the spacing adds.
        stated = einstein["estimate"]["error"] / einstein["widening"]
        assert stated > 0.999 * error
        widening, clear = transport.widening(m, spacing, weights, stated * 6 * timestep)
        if clear:
            summary.count("errors widened" if widening > 1 else "errors as stated")
            assert einstein["widening"] == pytest.approx(widening, rel=2e-3)
    is_conductivity("einstein-helfand", einstein["estimate"]["value"], einstein["estimate"]["error"], rel=1e-9)

    if found.get("green_kubo"):
        kubo = found["green_kubo"]
        lags = np.rint(np.array(kubo["times"]) / timestep).astype(int)
        acf = transport.autocorrelation(j, lags)
        assert kubo["acf"] == pytest.approx(acf, abs=1e-9 * acf[0])
        running = np.concatenate([[0], np.cumsum((acf[1:] + acf[:-1]) / 2)]) * timestep / 3
        # A mean over windows of the running integral lies between its least and its largest value.
        low, high = (transport.conductivity(k, volume, temperature, units) for k in (running.min(), running.max()))
        assert low * (1 - 1e-9) - 1e-12 <= estimates["green-kubo"]["sigma"] <= high * (1 + 1e-9)
    if "cepstral" in estimates:
        kept = found["cepstral"]["n_coefficients"]
        k, error, picked = transport.cepstral(j, timestep, kept)
        is_conductivity("cepstral", k, error * einstein["widening"], rel=1e-8)
        assert kept == min(3 * picked, len(j) // 2)
    elif velocities:
        acf = transport.autocorrelation(j, [0, 1])
        assert acf[1] < 0.3 * acf[0] and found["notes"], "velocities are left out for a reason"

    diffusion = np.empty(3)
    for k, (species, own) in enumerate(zip(found["species"], found["self_diffusion"])):
        lags = np.rint(np.array(own["lags"]) / timestep).astype(int)
        expected = transport.displacement_of_particles(x[:, run.kinds == k], lags)
        assert own["msd"] == pytest.approx(expected, rel=1e-9)
        diffusion[k] = own["estimate"]["value"]
        scale = 1.0
        if units != "lj":
            time, length = transport.UNITS[units]
            scale = length**2 / time
        assert species["self_diffusion"] == pytest.approx(diffusion[k] * scale, rel=1e-12)
        assert species["n_ions"] == np.sum(run.kinds == k)
    numbers = np.bincount(run.kinds)
    nernst_einstein = transport.conductivity(np.sum(numbers * run.charges**2 * diffusion), volume, temperature, units)
    assert found["nernst_einstein_sigma"] == pytest.approx(nernst_einstein, rel=1e-9)
    assert found["nernst_einstein"] == pytest.approx(
        transport.molar(nernst_einstein, volume, found["amount"]["number"], units), rel=1e-9)
    best = estimates[found["best"]]["sigma"]
    assert found["haven_ratio"] == pytest.approx(nernst_einstein / best, rel=1e-9)

    onsager = np.empty((3, 3))
    for entry in found["onsager"]:
        a, b = (SPECIES.index(name) for name in entry["species"])
        onsager[a, b] = onsager[b, a] = entry["total"]
        if a == b:
            self_part = transport.conductivity(numbers[a] * diffusion[a], volume, temperature, units)
            assert entry["self"] == pytest.approx(self_part, rel=0.5, abs=5 * entry["self_error"])
            assert entry["distinct"] == pytest.approx(entry["total"] - entry["self"], abs=1e-9 * abs(entry["total"]))
    expected = transport.transference(run.charges, onsager)
    assert [s["transference_number"] for s in found["species"]] == pytest.approx(expected, rel=1e-9, abs=1e-9)
