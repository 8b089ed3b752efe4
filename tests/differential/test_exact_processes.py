"""`ionscape transport` on random processes of known coefficients: Brownian motion, and correlated velocities."""

import numpy as np
import pytest
from numpy.random import default_rng

from . import frames, program

N_RUNS, N_FRAMES, EDGE = 12, 500, 9.0
COUNTS, CHARGES, DT = {"cation": 4, "anion": 4}, {"cation": 1.0, "anion": -1.0}, 0.5
# If errors are right, a sum of 12 squared deviations in units of them is outside these with a probability of 1e-4.
LEAST, MOST = 1.5, 39.0

# Deviation and memory of velocities.
PROCESSES = {
    "Brownian": {"cation": (0.6, 0.0), "anion": (0.3, 0.0)},
    "correlated": {"cation": (0.4, 0.7), "anion": (0.3, 0.5)},
}


def coefficient(deviation, memory):
    """`D` of steps `DT v`, `v' = memory v + noise`: `DT <v^2> (1/2 + sum memory^k)`, also by the trapezoidal rule."""
    return DT * deviation**2 * (0.5 + memory / (1 - memory))


def run(folder, process, seed):
    """What the program makes of one run of independent ions."""
    rng = default_rng([21, list(PROCESSES).index(process), seed])
    dump, kinds, steps = [], [], []
    for kind, (name, count) in enumerate(COUNTS.items(), 1):
        deviation, memory = PROCESSES[process][name]
        v = np.empty((N_FRAMES, count, 3))
        v[0] = rng.normal(0, deviation, (count, 3))
        for t in range(1, N_FRAMES):
            v[t] = memory * v[t - 1] + np.sqrt(1 - memory**2) * rng.normal(0, deviation, (count, 3))
        kinds += [kind] * count
        steps.append(v)
    v = np.concatenate(steps, axis=1)
    # Positions are sums of velocities averaged over the step before.
    x = np.cumsum(v, 0) * DT
    for t in range(N_FRAMES):
        columns = dict(zip(("vx", "vy", "vz"), v[t].T)) if process == "correlated" else {}
        dump.append(frames.Frame(np.eye(3) * EDGE, kinds, x[t], coordinates="xu", columns=columns))
    frames.write(folder / "dump", dump)
    ions = ["--cation", 1, "--anion", 2]
    units = ["--units", "lj", "--temperature", 1, "--timestep", DT]
    return program.results(folder, "transport", folder / "dump", *units, *ions)


@pytest.mark.parametrize("process", PROCESSES)
def test_known_coefficients_lie_within_the_stated_errors(tmp_path, process):
    d = {name: coefficient(*PROCESSES[process][name]) for name in COUNTS}
    volume = EDGE**3
    onsager = {name: COUNTS[name] * d[name] / volume for name in COUNTS}
    known = {"sigma": sum(onsager.values()), "t+": d["cation"] / (d["cation"] + d["anion"])}
    found = {}
    for seed in range(N_RUNS):
        result = run(tmp_path, process, seed)

        def take(what, value, error, exact):
            found.setdefault(what, []).append((value - exact) / error)

        for e in result["estimates"]:
            take(e["method"], e["sigma"], e["sigma_error"], known["sigma"])
        take("Nernst-Einstein", result["nernst_einstein"], result["nernst_einstein_error"], d["cation"] + d["anion"])
        for species in result["species"]:
            take(f"D {species['name']}", species["self_diffusion"], species["self_diffusion_error"], d[species["name"]])
        cation = result["species"][0]
        take("t+", cation["transference_number"], cation["transference_number_error"], known["t+"])
        for entry in result["onsager"]:
            a, b = entry["species"]
            take(f"L {a} {b}", entry["total"], entry["total_error"], onsager[a] if a == b else 0.0)
            if a == b:
                take(f"distinct {a}", entry["distinct"], entry["distinct_error"], 0.0)
    methods = {"einstein-helfand"} | ({"green-kubo", "cepstral"} if process == "correlated" else set())
    assert methods <= set(found)
    squares = {what: sum(z * z for z in deviations) for what, deviations in found.items()}
    assert all(len(deviations) == N_RUNS for deviations in found.values()), found.keys()
    assert all(LEAST < square < MOST for square in squares.values()), squares
