"""Which descriptor makes the learned field most true: descriptors.py FOLDER.

For each setting a model is trained on data/training, compared with the responses of data/unseen, and applied to those
configurations; two tables are printed. Models in FOLDER that are there already are taken as they are. About a minute each.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1] / "target/release/ionscape"
DATA = HERE / "data"
SETTINGS = {
    "default": "",
    "cutoff3": "cutoff = 3.0",
    "cutoff4": "cutoff = 4.0",
    "cutoff7": "cutoff = 7.0",
    "sigma0.3": "sigma = 0.3",
    "sigma1": "sigma = 1.0",
    "sigma1cutoff7": "sigma = 1.0\ncutoff = 7.0",
    "n4l3": "n_max = 4\nl_max = 3",
    "n8l7": "n_max = 8\nl_max = 7",
    "n8l2": "n_max = 8\nl_max = 2",
    "n8l0": "n_max = 8\nl_max = 0",
    "n8l0sigma1": "n_max = 8\nl_max = 0\nsigma = 1.0",
    "compact3": 'convention = "compact"\ncutoff = 3.0',
    "compact5": 'convention = "compact"',
    "compact7": 'convention = "compact"\ncutoff = 7.0',
    "compact5n8l0": 'convention = "compact"\nn_max = 8\nl_max = 0',
}


def ionscape(*arguments):
    subprocess.run([PROGRAM, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def trained(folder, name):
    """The model of a setting, and what `evaluate` says of it."""
    model, result, config = (folder / f"{name}.{ending}" for ending in ("onnx", "json", "toml"))
    if not result.exists():
        config.write_text(f"[descriptor]\n{SETTINGS[name]}\n")
        data = DATA / "training/dataset.toml"
        ionscape("train", data, "-o", model, "--config", config, "--folds", "0")
        ionscape("evaluate", model, DATA / "unseen/dataset.toml", "--json", result)
    return model, json.loads(result.read_text())


def field(folder, model, system):
    """`[frame][ion]`, ions in the order of their ids."""
    out = folder / f"{model.stem}_{system}.lammpstrj"
    if not out.exists():
        ionscape("predict", model, DATA / "unseen" / system / "truth.lammpstrj.zst", "-o", out)
    lines, frames = out.read_text().splitlines(), []
    while lines:
        n, names = int(lines[3]), lines[8].split()[2:]
        rows = np.array([line.split() for line in lines[9 : 9 + n]], float)
        frames.append(rows[np.argsort(rows[:, names.index("id")]), names.index("c_lam[1]")])
        del lines[: 9 + n]
    return frames


def row(*cells):
    print("|", " | ".join(cells), "|")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    models, systems = {}, None
    for name in SETTINGS:
        models[name], result = trained(folder, name)
        found = {system["name"]: system["local"] for system in result["systems"]}
        if systems is None:
            systems = sorted(found, key=lambda s: (float(s[1:].split("_l")[0]), float(s.split("_l")[1])))
            row("descriptor", "R2", "RMSE", *systems, "mean", "slopes", "mean z^2")
        correlations = [found[s]["corrected_correlation"][0] for s in systems]
        slopes = [found[s]["slope"][0] for s in systems]
        z = [found[s]["mean_squared_z"] for s in systems]
        row(
            name,
            f"{result['r2']:.3f}",
            f"{result['rmse']:.3f}",
            *(f"{c:.2f}" for c in correlations),
            f"{np.mean(correlations):.3f}",
            f"{min(slopes):.2f} to {max(slopes):.2f}",
            f"{min(z):.1f} to {max(z):.1f}",
        )
    print("\nCorrelation over ions with the field of the default descriptor; in the last row the least of any two.")
    least = []
    for system in systems:
        fields = [field(folder, models[name], system) for name in SETTINGS]
        both = np.array([np.corrcoef(frames) for frames in np.swapaxes(fields, 0, 1)]).mean(0)
        least.append((both[0], both.min()))
    for i, name in enumerate(SETTINGS):
        row(name, *(f"{first[i]:.2f}" for first, _ in least))
    row("least", *(f"{value:.2f}" for _, value in least))


if __name__ == "__main__":
    main()
