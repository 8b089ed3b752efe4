"""Writes the kept values anew: tests/golden/values.json. Kept model files stay as they are."""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from golden import runs  # noqa: E402

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    runs.write_inputs(folder)
    found = {name: runs.values(runs.run(name, folder / name, threads=1)) for name in runs.COMMANDS}
    found = {name: {key: float(f"{x:.12g}") for key, x in values.items()} for name, values in found.items() if values}
    runs.KEPT.write_text(json.dumps(found, indent=0) + "\n")
