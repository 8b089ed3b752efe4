"""`dscribe-gto` beside DScribe with random settings, where a Python has it: this one, or that of `make bench-peers`."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
pytest.importorskip("onnx")

from . import configurations, descriptor, frames, program
from .comparison import options

COUNT = 10


def python_with_dscribe():
    if importlib.util.find_spec("dscribe"):
        return sys.executable
    there = program.ROOT / ".venv-bench"
    if not list(there.glob("lib/python3*/site-packages/dscribe")):
        pytest.skip("no Python here has DScribe; `make bench-peers` installs it")
    return there / "bin/python"


def test_features_are_dscribe_s(tmp_path):
    python, rng, given, cases = python_with_dscribe(), np.random.default_rng(12), {"count": COUNT}, []
    while len(cases) < COUNT:
        settings = configurations.settings(rng)
        # DScribe has an inverse root in double precision too, so that two such programs differ by twice its rounding.
        if settings["convention"] != "dscribe-gto" or descriptor.radial(settings).condition > 1e8:
            continue
        part = descriptor.radial(settings)
        # DScribe takes cells as they are, with no images missing, but atoms in the cell.
        frame = configurations.frame(rng, part.reach, types=2)
        frame.periodic, frame.box = (True,) * 3, "general"
        frame.positions = descriptor.wrapped(frame.positions, frame.vectors, frame.origin, frame.periodic)
        order = np.argsort(frame.ids)
        pairs = descriptor.neighbors(frame.vectors, frame.positions, frame.origin, frame.periodic, part.reach * 1.01)
        if min(abs(np.linalg.norm(d, axis=1) - part.reach).min() for _, d in pairs) < 1e-9 or frame.extent() > 1e3:
            continue
        k = len(cases)
        given[f"settings{k}"] = [settings[name] for name in ("cutoff", "n_max", "l_max", "sigma")]
        given |= {f"types{k}": frame.types[order], f"positions{k}": (frame.positions - frame.origin)[order]}
        given[f"vectors{k}"] = frame.vectors
        cases.append((settings, frame))
    np.savez(tmp_path / "in.npz", **given)
    script = Path(__file__).with_name("dscribe_opinion.py")
    subprocess.run([python, script, tmp_path / "in.npz", tmp_path / "out.npz"], check=True, timeout=120)
    theirs = np.load(tmp_path / "out.npz")
    for k, (settings, frame) in enumerate(cases):
        dump = frames.write(tmp_path / "dump", [frame])
        program.succeed("featurize", dump, "-o", tmp_path / "f.npy", "--cation", 1, "--anion", 2, *options(settings))
        expected, found = theirs[f"features{k}"], np.load(tmp_path / "f.npy")
        largest = abs(expected).max()
        difference = abs(found - expected)
        good = (difference <= 1e-6 * abs(expected)) | (difference <= 1e-9 * largest)
        place = np.unravel_index(np.argmax(np.where(good, 0, difference)), good.shape)
        what = f"case {k}, {settings}: feature {place} is {found[place]!r}, and DScribe has {expected[place]!r}"
        assert good.all(), what
