"""Processor time to a cross-validation error beside PyTorch's, on one thread.

python benches/fit_against_pytorch.py DATASET.toml [STEPS] takes PyTorch from `.venv-torch`, which `make bench-peers`
makes, and `target/release/ionscape`. `ionscape train` runs at its default, with five folds over systems; its time includes
features and the final fit. On the same features and folds PyTorch trains the network 468-100-100-1 on standardised
features, Adam at 1e-3, 128 ions of each system a step, pooled by 64, errors of labels as ionscape floors them. Its time
is that of the steps alone, and the held-out systems, which no one has in earnest, choose the step to stop at.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import json
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import numpy as np
import torch

from against_pytorch import WIDTHS

IONS, GROUP = 128, 64
CHECK_EVERY = 100
LABEL_FLOOR = 0.01
IONSCAPE = Path(__file__).parents[1] / "target" / "release" / "ionscape"


def ionscape(*arguments):
    """Runs it on one thread; its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([IONSCAPE, *map(str, arguments), "--threads", "1"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def features(path, folder):
    system = tomllib.loads(path.read_text())
    kinds = {name: number for number, name in system["species"].items()}
    out = []
    for entry in system["system"]:
        made = folder / "features.npy"
        dump, types = path.parent / entry["snapshots"], [f"--{name}={kinds[name]}" for name in ("cation", "anion")]
        ionscape("featurize", dump, "-o", made, *types)
        out.append(np.load(made).astype(np.float32))
    return out


def network():
    torch.manual_seed(0)
    layers = [f(a, b) for a, b in zip(WIDTHS, WIDTHS[1:]) for f in (torch.nn.Linear, lambda *_: torch.nn.ReLU())]
    return torch.nn.Sequential(*layers[:-1])


def train_fold(systems, labels, errors, held, steps, rng):
    """Seconds of training and predictions for the held-out systems, `[n_held]`, at each look."""
    learned = [k for k in range(len(systems)) if k not in held]
    sample = np.concatenate([systems[k][:: max(1, len(systems[k]) // 2000)] for k in learned])
    mean, deviation = sample.mean(0), sample.std(0)
    deviation[deviation == 0] = 1
    standardised = [torch.from_numpy((x - mean) / deviation) for x in systems]
    shift, scale = labels[learned].mean(), labels[learned].std()
    target = torch.from_numpy(((labels[learned] - shift) / scale).astype(np.float32))[:, None]
    weight = torch.from_numpy((1 / errors[learned] ** 2).astype(np.float32))[:, None]
    weight /= weight.mean()
    net = network()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    seconds, looks = 0.0, []
    for step in range(1, steps + 1):
        began = time.process_time()
        drawn = [torch.from_numpy(rng.integers(len(standardised[k]), size=IONS)) for k in learned]
        rows = torch.cat([standardised[k][d] for k, d in zip(learned, drawn)])
        adam.zero_grad()
        means = net(rows).view(len(learned), IONS // GROUP, GROUP).mean(2)
        (weight * (means - target) ** 2).mean().backward()
        adam.step()
        seconds += time.process_time() - began
        if step % CHECK_EVERY == 0:
            with torch.no_grad():
                means = [net(standardised[k]).mean().item() for k in held]
            looks.append((seconds, np.array(means) * scale + shift))
    return looks


def main():
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        report = folder / "report.json"
        written = ["-o", folder / "m.onnx", "--json", report, "--cache", folder]
        ours = ionscape("train", path, "--seed", 0, "--folds", 5, *written)
        report = json.loads(report.read_text())
        systems = features(path, folder)
    labels = np.array([s["true"] for s in report["systems"]])
    errors = np.maximum([s["true_error"] for s in report["systems"]], LABEL_FLOOR * np.abs(labels))
    folds = np.array([s["fold"] for s in report["systems"]])
    rng = np.random.default_rng(0)
    n_looks = steps // CHECK_EVERY
    seconds, predicted = np.zeros(n_looks), np.zeros((n_looks, len(labels)))
    for fold in sorted(set(folds)):
        held = np.flatnonzero(folds == fold)
        for look, (passed, means) in enumerate(train_fold(systems, labels, errors, held.tolist(), steps, rng)):
            seconds[look] += passed
            predicted[look, held] = means
    rmse = np.sqrt(((predicted - labels) ** 2).mean(1))
    print(f"ionscape: RMSE {report['rmse']:.4f} after {ours:.0f} s")
    print("| PyTorch, steps | seconds | RMSE |\n|---|---|---|")
    for look in range(n_looks):
        print(f"| {(look + 1) * CHECK_EVERY} | {seconds[look]:.0f} | {rmse[look]:.4f} |")
    reached = np.flatnonzero(rmse <= report["rmse"])
    if len(reached):
        theirs = seconds[reached[0]]
        print(f"\nPyTorch reaches ionscape's error after {theirs:.0f} s: ionscape's share is {ours / theirs:.2f}.")
    else:
        print(f"\nPyTorch does not reach ionscape's error in {seconds[-1]:.0f} s; its best is {rmse.min():.4f}.")


if __name__ == "__main__":
    main()
