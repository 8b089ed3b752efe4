"""The golden runs: commands, what they write, and the numbers in it that are kept."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np

from golden import inputs

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
PROGRAM = ROOT / "target/release/ionscape"
KEPT = FOLDER / "values.json"

PREDICT = "../ions.lammpstrj -o out.lammpstrj --json out.json"
TRAIN = "train ../dataset.toml --seed 5 --cache cache --json out.json --plot out.svg -o model.onnx --config "
# Each in a folder of its own, beside its inputs.
COMMANDS = {
    "predict-version1": f"predict {FOLDER}/version1.onnx {PREDICT}",
    "predict-version2": f"predict {FOLDER}/version2.onnx {PREDICT} --temperature 1.1",
    "featurize-dscribe": "featurize ../ions.lammpstrj -o out.npy --cation 1 --anion 2",
    "featurize-compact": "featurize ../ions.lammpstrj -o out.npy --cation 1 --anion 2 --convention compact",
    "train-gaussian": TRAIN + "../gaussian.toml",
    "train-network": TRAIN + "../version2.toml",
    "evaluate": f"evaluate {FOLDER}/version2.onnx ../dataset.toml --json out.json",
    "transport": "transport ../walk.lammpstrj --units lj --temperature 1 --timestep 0.005 --cation 1 --anion 2"
                 " --json out.json --plot out.svg",
    "analyze": "analyze ../field.lammpstrj --units lj --pair-distance 2 --json out.json --csv csv --plot figures",
    "report": "report ../field.lammpstrj -o out.html",
}


def write_inputs(folder):
    inputs.write_all(folder)


def run(name, folder, threads, *before):
    """Runs a command in a folder beside its inputs; what it said is left there, too."""
    folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "RUST_LOG"} | {"RAYON_NUM_THREADS": str(threads)}
    done = subprocess.run([*before, PROGRAM, *COMMANDS[name].split()], cwd=folder, capture_output=True, timeout=300,
                          env=environment)
    assert done.returncode == 0, f"{name}: exit status {done.returncode}:\n{done.stderr.decode()[-3000:]}"
    (folder / "stdout").write_bytes(done.stdout)
    (folder / "stderr").write_bytes(done.stderr)
    return folder


def written(folder):
    """Name and content of every file that a run left; features of earlier runs are no output."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {str(name): path.read_bytes() for name, path in files.items() if name.parts[0] != "cache"}


def numbers(value, name=""):
    """The numbers of a JSON value by their place in it, of lists the first three."""
    if isinstance(value, dict):
        return {k: n for key, v in value.items() for k, n in numbers(v, f"{name}.{key}" if name else key).items()}
    if isinstance(value, list):
        return {k: n for i, v in enumerate(value[:3]) for k, n in numbers(v, f"{name}[{i}]").items()}
    return {name: value} if isinstance(value, (int, float)) and not isinstance(value, bool) else {}


def columns(path, every=25):
    """The columns of conductivity/atom, of some ions."""
    rows = [line.split() for line in path.read_text().splitlines()]
    rows = [row[-3:] for row in rows if len(row) == 9 and row[0] != "ITEM:"][::every]
    return {f"c_lam[{k + 1}] {i}": float(x) for i, row in enumerate(rows) for k, x in enumerate(row)}


def features(path):
    """Some features of some ions."""
    table = np.load(path)[::100]
    return {f"{i}.{j}": float(table[i, j]) for i in range(len(table)) for j in range(0, table.shape[1], 17)}


def values(folder):
    """The numbers that a run is kept by."""
    found = {}
    for name, read in [("out.json", lambda p: numbers(json.loads(p.read_text()))), ("out.lammpstrj", columns),
                       ("out.npy", features)]:
        if (folder / name).exists():
            found.update(read(folder / name))
    return found
