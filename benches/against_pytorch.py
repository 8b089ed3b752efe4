"""Processor time of a training epoch beside PyTorch's, at equal losses, on one thread, as one JSON object.

`benches/peers` runs it in the environment that has PyTorch.

200,000 random environments of 468 inputs in 40 systems, the network 468-100-100-1, and one Adam step on the loss over
all of them: forward, backward and update. PyTorch takes them at once, as one writes it down, or system by system, with
the gradients added up, which keeps its activations in the cache. The programs start from the same weights and take
turns; seconds are those of every epoch but the first of a turn.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

N_SYSTEMS = 40
PER_SYSTEM = 5000
WIDTHS = [468, 100, 100, 1]
EPOCHS = 3
ROUNDS = 3
BENCH = ["cargo", "bench", "--locked", "--quiet", "--bench", "training", "--", "epoch"]


def network(weights):
    """The network of layers `[out, in]` and biases, one after the other."""
    layers, at = [], 0
    for n_in, n_out in zip(WIDTHS, WIDTHS[1:]):
        layer = torch.nn.Linear(n_in, n_out)
        for parameter in (layer.weight, layer.bias):
            values = weights[at : at + parameter.numel()].reshape(parameter.shape)
            parameter.data = torch.from_numpy(values.copy())
            at += parameter.numel()
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def whole(net, x, labels):
    loss = ((net(x).view(N_SYSTEMS, PER_SYSTEM).mean(1) - labels) ** 2).mean()
    loss.backward()
    return loss.item()


def by_system(net, x, labels):
    total = 0.0
    for rows, label in zip(x.split(PER_SYSTEM), labels):
        loss = (net(rows).mean() - label) ** 2 / N_SYSTEMS
        loss.backward()
        total += loss.item()
    return total


def pytorch(form, x, labels, weights):
    """Seconds of each epoch, and the loss before each."""
    net = network(weights)
    seconds, losses = [], []
    for epoch in range(EPOCHS):
        rate = 1e-3 * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * epoch / (EPOCHS - 1))))
        if epoch == 0:
            adam = torch.optim.Adam(net.parameters(), lr=rate)
        adam.param_groups[0]["lr"] = rate
        began = time.process_time()
        adam.zero_grad()
        losses.append(form(net, x, labels))
        adam.step()
        seconds.append(time.process_time() - began)
    return seconds[1:], losses


def main():
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((N_SYSTEMS * PER_SYSTEM, WIDTHS[0]), dtype=np.float32)
    # Systems differ, as they do in what is learnt from.
    x += 0.3 * rng.standard_normal((N_SYSTEMS, 1, WIDTHS[0]), dtype=np.float32).repeat(PER_SYSTEM, 1).reshape(x.shape)
    labels = np.sin(np.arange(N_SYSTEMS))
    deviation = labels.std()
    standardised = torch.from_numpy(((labels - labels.mean()) / deviation).astype(np.float32))
    forms = {"at once": whole, "by system": by_system}
    seconds = {name: [] for name in ["ionscape", *forms]}
    with tempfile.TemporaryDirectory() as folder:
        features, start = Path(folder) / "x.npy", Path(folder) / "weights.f32"
        np.save(features, x)
        x = torch.from_numpy(x)
        for _ in range(ROUNDS):
            command = [*BENCH, features, str(N_SYSTEMS), str(EPOCHS), start]
            ours = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            seconds["ionscape"] += ours["seconds"]
            weights = np.fromfile(start, np.float32)
            for name, form in forms.items():
                theirs, losses = pytorch(form, x, standardised, weights)
                seconds[name] += theirs
                losses = np.array(losses) * deviation**2
                if not np.allclose(losses, ours["losses"], rtol=1e-4):
                    raise SystemExit(f"losses differ: {name} {losses}, ionscape {ours['losses']}")
    print(json.dumps({"seconds": seconds, "memory": ours["memory"], "version": torch.__version__}))


if __name__ == "__main__":
    main()
