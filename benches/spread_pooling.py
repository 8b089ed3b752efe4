"""What the spread of an electrolyte's environments says beside their mean, by ridge regression.

python benches/spread_pooling.py DATASET.toml prints R2 and chi2 of five-fold cross-validation over systems for inputs that are
each system's mean descriptor, its deviation between ions, or both; the ridge's strength is chosen within the training
systems. A model on the spread is not one of single ions, and `ionscape train` has none; this tells what that costs.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import numpy as np

IONSCAPE = Path(__file__).parents[1] / "target" / "release" / "ionscape"
STRENGTHS = 10.0 ** np.arange(-6, 2)
LABEL_FLOOR = 0.01


def pooled(path):
    """Means and deviations over ions, `[n_systems, n_features]` each, and labels with errors."""
    data = tomllib.loads(path.read_text())
    kinds = {name: number for number, name in data["species"].items()}
    means, deviations, labels = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "features.npy"
        for system in data["system"]:
            types = [f"--{name}={kinds[name]}" for name in ("cation", "anion")]
            subprocess.run([IONSCAPE, "featurize", path.parent / system["snapshots"], "-o", made, *types],
                           check=True, capture_output=True)
            # The roots of the amplitudes, as ionscape's transform makes them.
            x = np.load(made)
            x = np.sign(x) * np.sqrt(np.abs(x))
            means.append(x.mean(0))
            deviations.append(x.std(0))
            labels.append((system["molar_conductivity"], system["molar_conductivity_error"]))
    labels = np.array(labels)
    return np.array(means), np.array(deviations), labels[:, 0], np.maximum(labels[:, 1], LABEL_FLOOR * labels[:, 0])


def ridge(x, y, strength, unknown):
    """Unweighted, on features of deviation 1 over the systems."""
    centre, scale = x.mean(0), x.std(0)
    scale = (scale + 1e-3 * scale.max()) * np.sqrt(x.shape[1])
    a, b = (x - centre) / scale, (unknown - centre) / scale
    return y.mean() + b @ a.T @ np.linalg.solve(a @ a.T + strength * np.eye(len(y)), y - y.mean())


def best_strength(x, y):
    everyone = np.arange(len(y))

    def loss(strength):
        return sum((ridge(x[everyone != k], y[everyone != k], strength, x[[k]])[0] - y[k]) ** 2 for k in everyone)

    return min(STRENGTHS, key=loss)


def main():
    means, deviations, labels, errors = pooled(Path(sys.argv[1]))
    print("| input | R2, seeds 0, 1, 2 | chi2 |\n|---|---|---|")
    for name, x in [("mean", means), ("spread", deviations), ("mean and spread", np.hstack([means, deviations]))]:
        r2, chi2 = [], []
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(len(labels))
            predicted = np.empty(len(labels))
            for held in np.array_split(order, 5):
                rest = np.setdiff1d(order, held)
                strength = best_strength(x[rest], labels[rest])
                predicted[held] = ridge(x[rest], labels[rest], strength, x[held])
            r2.append(1 - np.sum((predicted - labels) ** 2) / np.sum((labels - labels.mean()) ** 2))
            chi2.append(np.mean(((predicted - labels) / errors) ** 2))
        print(f"| {name} | {', '.join(f'{v:.3f}' for v in r2)} | {', '.join(f'{v:.1f}' for v in chi2)} |")


if __name__ == "__main__":
    main()
