"""An epoch of training beside PyTorch's, which has an environment of its own: it is large."""

import json
import subprocess

from clock import ROOT
from table import Row, Section, missing

PYTHON = ROOT / ".venv-torch/bin/python"


def installed():
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode == 0


def section(folder):
    rows, versions = beside_pytorch() if installed() else ([Row("all rows at once", [], note=missing("PyTorch"))], {})
    return Section(
        "Training",
        "One epoch, forward, backward and Adam, on 200,000 environments of 468 inputs in 40 systems, network "
        "468-100-100-1, at losses that agree to 1e-4. PyTorch takes the rows at once, as one writes it down, or "
        "system by system with the gradients added up, which keeps its activations in the cache.",
        ("PyTorch", "ionscape, s", "PyTorch, s", "ionscape over PyTorch"),
        rows,
        versions,
    )


def beside_pytorch():
    command = [PYTHON, ROOT / "benches/against_pytorch.py"]
    measured = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout)
    seconds = measured["seconds"]
    ours = seconds.pop("ionscape")
    note = f"ionscape's largest resident memory is {measured['memory']:.2f} of the features"
    rows = [
        Row("all rows at once", ours, seconds["at once"], at_most=0.5, note=note),
        Row("system by system", ours, seconds["by system"]),
    ]
    return rows, {"PyTorch": measured["version"]}
