"""Networks beside onnxruntime, at equal outputs: one, and an ensemble of 25 in whatever layout is fastest there."""

import subprocess

import numpy as np

from clock import ROOT, Served, bench, costs, cpu_of, in_turns
from table import Row, Section, missing, version

MEMBERS = 25
WIDTHS = (468, 100, 100, 1)
SIZES = (1, 32, 256, 1000, 8000)
# Smaller batches than these do not occur in a run, but for the rest of a frame.
WITH_TARGET = {1: SIZES, MEMBERS: (256, 1000, 8000)}


def section(folder):
    rows = [row for members in (MEMBERS, 1) for row in beside_onnxruntime(folder, members)]
    return Section(
        "Networks",
        f"Networks {'-'.join(map(str, WIDTHS))} with ReLU in float32, one and an ensemble of {MEMBERS}, on so many "
        "rows at once. The ensemble runs in onnxruntime as one graph of 25 branches, as one with a wide first "
        "layer whose output is split, as one with a wide first layer and batched products, as one of batched "
        "products alone, and as 25 sessions; all take turns, and each row of the table is against the fastest for "
        "its size. Outputs agree to 1e-4.",
        ("members, rows", "ionscape, us per row", "onnxruntime's best, us per row", "ionscape over onnxruntime"),
        rows,
        {"onnxruntime": version("onnxruntime")},
    )


def beside_onnxruntime(folder, members):
    ours = folder / f"{members}.onnx"
    subprocess.run([bench("training"), "ensemble", str(members), ours], cwd=ROOT, check=True)
    here = version("onnxruntime") is not None
    why = "" if here else missing("onnxruntime")
    layouts = onnxruntime_layouts(folder, ours, members) if here else {}
    for size in SIZES:
        x = rows_of_features(size)
        if layouts:
            npy = folder / "outputs.npy"
            costs("outputs", ours, size, npy)
            for name, layout in layouts.items():
                check(np.load(npy), layout(x), f"{name} on {size} rows")
        works = {name: cpu_of(lambda layout=layout: layout(x)) for name, layout in layouts.items()}
        with Served("forward", ours, size) as served:
            taken = in_turns({"ours": served.cpu, **works})
        at_most = 1.0 if size in WITH_TARGET[members] else None
        best = min(works, key=lambda name: np.median(taken[name]), default=None)
        theirs = per_row(taken[best], size) if best else []
        note = (best if members > 1 else "") if here else why
        yield Row(f"{members}, {size}", per_row(taken["ours"], size), theirs, at_most=at_most, note=note)


def rows_of_features(n):
    """As benches/costs.rs makes them."""
    i, j = np.arange(n)[:, None], np.arange(WIDTHS[0])
    return (((i * 7 + j * 13) % 97).astype(np.float32) / np.float32(50) - np.float32(1)).astype(np.float32)


def check(ours, theirs, where):
    difference = np.abs(ours - theirs) / np.maximum(np.abs(ours), 1)
    if not difference.max() < 1e-4:
        raise RuntimeError(f"outputs differ by {difference.max():.1e}: {where}")


def onnxruntime_layouts(folder, file, members):
    """Functions that run the network in onnxruntime, by their names."""
    branches = session(file.read_bytes())
    layouts = {"25 branches" if members > 1 else "as written": branches}
    if members > 1 and version("onnx") is not None:
        import layouts as made

        weights = made.weights(file)
        single = [session(made.branches([layers])) for layers in weights]
        layouts["25 sessions"] = lambda x: np.hstack([run(x) for run in single])
        layouts["wide and split"] = session(made.wide_and_split(weights))
        layouts["wide and batched"] = session(made.wide_and_batched(weights))
        layouts["batched"] = session(made.batched(weights))
    return layouts


def session(model):
    """A function that runs a serialised model on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    prepared = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = prepared.get_inputs()[0].name
    return lambda x: prepared.run(None, {name: x})[0]


def per_row(seconds, size):
    return [1e6 * s / size for s in seconds]
