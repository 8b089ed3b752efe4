"""`ionscape doctor` on the checkout's own LAMMPS, MPI and plugin."""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/ionscape"


def doctor(*arguments, json_file):
    command = [PROGRAM, "doctor", "--json", json_file, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    findings = json.loads(Path(json_file).read_text())
    return done, {check["name"]: check for check in findings["checks"]}


def test_the_checkout_fits(tmp_path):
    done, checks = doctor(json_file=tmp_path / "findings.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {check["verdict"] for check in checks.values()} == {"fits"}, done.stdout
    assert "22 Jul 2025" in checks["LAMMPS"]["found"]
    assert "in LAMMPS and here" in checks["evaluation"]["found"]


def test_files_may_lie_where_lammps_input_cannot_say(tmp_path):
    folder = tmp_path / "célula # $1 'x'"
    folder.mkdir()
    for source in [ROOT / "target/release/ionscapeplugin.so", ROOT / "examples/models/electrolyte.onnx"]:
        shutil.copy(source, folder)
    done, checks = doctor("--plugin", folder / "ionscapeplugin.so", "--model", folder / "electrolyte.onnx",
                          json_file=tmp_path / "findings.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert checks["evaluation"]["verdict"] == "fits"


def test_a_damaged_plugin_is_found_out(tmp_path):
    plugin = tmp_path / "ionscapeplugin.so"
    whole = (ROOT / "target/release/ionscapeplugin.so").read_bytes()
    for content, complaint in [(b"no plugin", "file too short"), (whole[:5000], "it ended with")]:
        plugin.write_bytes(content)
        done, checks = doctor("--plugin", plugin, json_file=tmp_path / "findings.json")
        assert done.returncode == 1
        assert checks["plugin"]["verdict"] == "wrong"
        assert "does not load" in checks["plugin"]["found"] and complaint in checks["plugin"]["found"]


def test_a_model_that_is_none_is_found_out(tmp_path):
    model = tmp_path / "model.onnx"
    model.write_bytes(b"no model")
    done, checks = doctor("--model", model, json_file=tmp_path / "findings.json")
    assert done.returncode == 1
    assert checks["evaluation"]["verdict"] == "wrong" and str(model) in checks["evaluation"]["found"]
