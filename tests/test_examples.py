"""Each example from its README line, shortened: that it runs, and what must come out of it whatever its length."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(example, out, **variables):
    """What an example printed."""
    command = ["sh", ROOT / "examples" / example / "run.sh", out]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def evaluated(text):
    """Evaluations and the mean that the compute reports at the end of a run."""
    found = re.search(r"\(conductivity/atom\): (\d+) evaluations of", text), re.search(r"conductivity/atom\): mean (\S+),", text)
    assert all(found), text[-2000:]
    return int(found[0][1]), float(found[1][1])


def test_molten_salts(tmp_path):
    text = run("molten-salts", tmp_path, SHORT="1")
    # Densities are those of melts, and the table has a row for each system.
    densities = [float(row.split()[1]) for row in text.splitlines() if re.match(r"li\d+_na\d+_k\d+_\d+K +\d\.\d+ ", row)]
    assert len(densities) == 5 and all(1.0 < density < 1.8 for density in densities)
    # The model that was trained here, and the one that is kept.
    for model in [tmp_path / "model.onnx", ROOT / "examples/models/molten-salts.onnx"]:
        about = tmp_path / "model.json"
        subprocess.run([ROOT / "target/release/ionscape", "inspect", model, "--json", about], check=True)
        found = json.loads(about.read_text())
        assert (found["species"], found["channels"]) == (["Li", "Na", "K", "Cl"], "by-species")
        assert (found["version"], found["conditions"]) == (2, ["temperature"])
    assert [s["name"] for s in json.loads((tmp_path / "evaluate.json").read_text())["systems"]] == ["li90_na0_k18_1200K"]
    assert evaluated(text)[0] >= 2 and (tmp_path / "report.html").stat().st_size > 10_000


def test_brine(tmp_path):
    text = run("brine", tmp_path, SHORT="1")
    assert len(re.findall(r"\(conductivity/atom\): [2-4] evaluations of 36.0 ions", text)) == 2
    for name, species in [("dataset", ["Na", "Cl", "water"]), ("dry", ["Na", "Cl"])]:
        about = tmp_path / "model.json"
        subprocess.run([ROOT / "target/release/ionscape", "inspect", tmp_path / f"{name}.onnx", "--json", about], check=True)
        assert json.loads(about.read_text())["species"] == species


def test_ionic_liquid(tmp_path):
    text = run("ionic-liquid", tmp_path, SHORT="1")
    assert re.search(r"\(conductivity/atom\): \d+ evaluations of 250.0 ions", text)
    # The compute's report in LAMMPS and predict on its dump, whose positions are rounded.
    bare = tmp_path / "bare.lammpstrj"
    with open(tmp_path / "field.lammpstrj") as source, open(bare, "w") as target:
        for line in source:
            line = line.replace(" c_lam[1] c_lam[2] c_lam[3]", "")
            words = line.split()
            target.write(" ".join(words[:8]) + "\n" if len(words) == 11 and line[0].isdigit() else line)
    done = subprocess.run([ROOT / "target/release/ionscape", "predict", tmp_path / "model.onnx", bare, "-o",
                           tmp_path / "out.lammpstrj", "--species", "bmim,bmim,bmim,pf6", "--temperature", "525", "--json",
                           tmp_path / "out.json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["n_ions"] == 250 and found["mean"] == pytest.approx(evaluated(text)[1], rel=1e-3)


SHORTER = {
    "in.nacl": [("index 100000", "index 6000"), ("run           5000", "run           300")],
    "in.campaign": [("run 5000", "run 300")],
    "in.field": [("index 20000", "index 500")],
    "campaign.toml": [("chunk = 50 ", "chunk = 1.6 "), ("spacing = 2.5", "spacing = 0.1"), ("snapshots = 40", "snapshots = 10"),
                      ("longest = 300", "longest = 1.6")],
}
SHORTER["unseen.toml"] = SHORTER["campaign.toml"]


def test_tutorial(tmp_path):
    """Every command of docs/tutorial.md, in its order, in a copy of the folder that it is about."""
    folder = tmp_path / "examples/tutorial"
    shutil.copytree(ROOT / "examples/tutorial", folder, ignore=shutil.ignore_patterns("out", "*.lammpstrj", "campaign", "unseen"))
    (tmp_path / "target").symlink_to(ROOT / "target")
    for name, changes in SHORTER.items():
        text = (folder / name).read_text()
        for long, short in changes:
            assert long in text, f"{name} has no longer {long!r}"
            text = text.replace(long, short)
        (folder / name).write_text(text)
    page = (ROOT / "docs/tutorial.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 6
    environment = {**os.environ, "PATH": f"{ROOT}/target/release:{ROOT}/.venv/bin:{os.environ['PATH']}",
                   "LD_LIBRARY_PATH": f"{ROOT}/.venv/lib", "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    for block in blocks:
        if "make build" in block:
            continue
        done = subprocess.run(["sh", "-eu", "-c", block], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    # What the page says is written.
    for name in re.findall(r"`([\w./-]+)` is written", page):
        assert (folder / name).exists(), name
