"""How near the kernels come to what the processor can do: arithmetic, memory traffic and shares of the peaks.

    .venv-bench/bin/python benches/peers/roofline.py

prints a table for docs/performance.md. Peaks are numpy's matrix products and copies, measured in the same turns.
"""

import os

for name in ("OMP", "OPENBLAS", "MKL", "RAYON"):
    os.environ[f"{name}_NUM_THREADS"] = "1"

import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from clock import MODEL, ROOT, Served, bench, costs, cpu_of, in_turns
from systems import N, Ions

N_MAX, L_MAX = 6, 5
# Of the polynomials that radial functions are tabled as: coefficients in float64 and in float32.
TERMS, TERM_BYTES = 5, 2 * 8 + 3 * 4
HARMONICS = (L_MAX + 1) ** 2
FUNCTIONS = N_MAX * (L_MAX + 1)


def descriptor(n_neighbors):
    """Operations and bytes of one ion: a neighbour's harmonics, tabled functions and sums; then products of channels."""
    harmonics = 4 * HARMONICS
    functions, sums = 2 * FUNCTIONS * (TERMS - 1), 2 * HARMONICS * N_MAX
    products = 3 * 2 * HARMONICS * N_MAX**2
    read = n_neighbors * (FUNCTIONS * TERM_BYTES + 24)
    return n_neighbors * (harmonics + functions + sums) + products, read + 8 * 468


def within(ions, radius):
    return 4 / 3 * np.pi * radius**3 * ions.density


def dense(*layers):
    """Operations and bytes of one row through dense layers, whose weights are read once for each block of 128 rows."""
    pairs = list(zip(layers, layers[1:]))
    return 2 * sum(a * b for a, b in pairs), 4 * (sum(layers) + sum(a * b for a, b in pairs) / 128)


def peaks():
    works = {}
    for kind in (np.float32, np.float64):
        a, b = (np.random.default_rng(1).standard_normal((1024, 1024)).astype(kind) for _ in range(2))
        works[np.dtype(kind).name] = cpu_of(lambda a=a, b=b: a @ b)
    big = np.zeros(1 << 24)
    other = np.ones_like(big)
    works["copy"] = cpu_of(lambda: np.copyto(big, other))
    return works


def main():
    print("| kernel | work | us | kflop | kB | GFLOP/s | of the peak | GB/s |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder, served, rows = Path(name), {}, {}
        for density, sigma, reach in ((0.1, 0.5, 6.8585), (0.4, 1.0, 8.7169)):
            ions = Ions(density)
            dump = folder / f"{density}.lammpstrj"
            ions.write(dump)
            key = f"descriptor, density {density}, sigma {sigma}"
            served[key] = Served("descriptor", dump, sigma)
            rows[key] = ("an ion", N, *descriptor(within(ions, reach)), "float64")
            key = f"neighbours, density {density}"
            served[key] = Served("neighbors", dump, 5.0)
            rows[key] = ("an ion", N, 9 * 2 * within(ions, 5.0), 40 * within(ions, 5.0), "float64")
        network = folder / "ensemble.onnx"
        subprocess.run([bench("training"), "ensemble", "25", network], cwd=ROOT, check=True)
        served["25 networks 468-100-100-1"] = Served("forward", network, 256)
        flops, moved = dense(468, 100, 100, 1)
        rows["25 networks 468-100-100-1"] = ("a row", 256, 25 * flops, 25 * moved, "float32")
        # Each of 384 projections gives a cosine and a sine.
        shipped = np.add(dense(468, 100, 384), dense(768, 32))
        served["shipped model, waves"] = Served("forward", MODEL, 256)
        rows["shipped model, waves"] = ("a row", 256, *shipped, "float32")
        dump = folder / "read.lammpstrj"
        costs("write", dump, 20, N)
        served["dump, plain"] = Served("read", dump)
        rows["dump, plain"] = ("a row", 20 * N, 0, dump.stat().st_size / (20 * N), "float64")
        tops = peaks()
        taken = in_turns({**{key: work.cpu for key, work in served.items()}, **tops})
        for work in served.values():
            work.__exit__()
    medians = {key: statistics.median(values) for key, values in taken.items()}
    for key, (unit, count, flops, moved, kind) in rows.items():
        seconds, peak = medians[key] / count, 2 * 1024**3 / medians[kind]
        share = f"{flops / seconds / peak:.0%}" if flops else "-"
        print(f"| {key} | {unit} | {1e6 * seconds:.2f} | {flops / 1e3:.1f} | {moved / 1e3:.2f} | {flops / seconds / 1e9:.1f} | "
              f"{share} | {moved / seconds / 1e9:.2f} |")
    for kind in ("float32", "float64"):
        print(f"peak, {kind} product of 1024^2: {2e-9 * 1024**3 / medians[kind]:.1f} GFLOP/s")
    print(f"copy: {2 * 8 * (1 << 24) / medians['copy'] / 1e9:.1f} GB/s")


if __name__ == "__main__":
    main()
