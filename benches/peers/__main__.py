"""Times of ionscape beside those of its peers, and the page `docs/benchmarks.md`. Run by `make bench-peers`.

    .venv-bench/bin/python benches/peers [SECTION...]

measures the sections named, or all, keeps what they gave in target/bench-peers, and writes the page anew from
everything that is kept there. `page` as the only word writes the page alone.
"""

import os

# Before numpy is imported, and for every program that is started: one thread.
for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON"):
    os.environ[f"{name}_NUM_THREADS"] = "1"

import json
import sys
import tempfile
import traceback
from pathlib import Path

import conductivity
import cores
import descriptors
import dumps
import neighbors
import networks
import page
import predict
import start
import training
from clock import ROOT

SECTIONS = {
    "gto": descriptors.gto,
    "compact": descriptors.compact,
    "neighbors": neighbors.section,
    "networks": networks.section,
    "conductivity": conductivity.section,
    "dumps": dumps.section,
    "predict": predict.section,
    "training": training.section,
    "cores": cores.section,
    "start": start.section,
}
KEPT = ROOT / "target/bench-peers"


def measure(name):
    """Keeps a section with where and when it was measured, and prints it."""
    before = page.circumstances()
    with tempfile.TemporaryDirectory() as folder:
        section = SECTIONS[name](Path(folder))
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = {"section": section.to_json(), **before, "load_after": os.getloadavg()[0]}
    (KEPT / f"{name}.json").write_text(json.dumps(kept, indent=1))
    print(f"\n## {section.title}\n\n{section.markdown()}", flush=True)


def main(names):
    for name in names:
        if name not in SECTIONS:
            sys.exit(f"no section {name}; there are {', '.join(SECTIONS)}")
    failed = []
    for name in names:
        try:
            measure(name)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    files = [KEPT / f"{name}.json" for name in SECTIONS]
    page.write({file.stem: json.loads(file.read_text()) for file in files if file.exists()})
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}; the page has what they gave before, if anything")


words = sys.argv[1:]
main([] if words == ["page"] else words or list(SECTIONS))
