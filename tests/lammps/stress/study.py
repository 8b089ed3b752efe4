"""What a random study is: inputs for LAMMPS, and what is expected of their outputs."""

from dataclasses import dataclass, field

import harness
import models

# What lies in a study's folder before it runs.
MOLECULE = """# an anion of two atoms

2 atoms
1 bonds

Coords

1 0.0 0.0 0.0
2 0.9 0.0 0.0

Types

1 2
2 3

Charges

1 -0.7
2 -0.3

Bonds

1 1 1 2

Special Bond Counts

1 1 0 0
2 1 0 0

Special Bonds

1 2
2 1
"""

ATOMS = {"cation": 1.0, "anion": -1.0}
WATER = {"cation": 1.0, "anion": -1.0, "water": 0.0}


@dataclass(frozen=True)
class Model:
    """A model file, the names that it is given in LAMMPS, and how far it sees.

    `accuracy` is what single precision leaves of a value, in parts of the largest value of a frame.
    """

    file: str
    names: str
    reach: float
    accuracy: float = 1e-6
    warm: bool = False
    molecules: bool = False


ATOM_MODELS = [
    Model(str(harness.MODEL), "cation anion NULL", 6.8584611),
    # Its members are small differences of large numbers.
    Model(str(harness.MODEL.with_name("electrolyte.onnx")), "cation anion NULL", 6.8584611, accuracy=1e-5),
    Model("compact.onnx", "cation anion NULL", 4.5),
    Model("linear.onnx", "cation anion NULL", 3.0),
    Model("water.onnx", "cation anion water", 3.0, warm=True),
]
MOLECULE_MODELS = [
    Model("centres.onnx", "cation anion anion water", 3.0, warm=True, molecules=True),
    Model("sites.onnx", "cation anion NULL water", 3.0),
]


def prepare(folder):
    """Writes the model files and the molecule that inputs name."""
    (folder / "anion.molecule").write_text(MOLECULE)
    models.with_compact_descriptor(folder / "compact.onnx")
    models.linear(folder / "linear.onnx", ATOMS, "charge-symmetric")
    models.linear(folder / "water.onnx", WATER, "by-species", conditions=["temperature"])
    models.linear(folder / "centres.onnx", WATER, "by-species", molecules=["anion"], conditions=["temperature"])
    models.linear(folder / "sites.onnx", WATER, "charge-symmetric")


@dataclass
class Compute:
    """A compute: `temperature` is what its model takes at a step, or none."""

    name: str
    style: str
    model: Model
    group: str
    keywords: str
    temperature: object = None
    # Features that are dumped, counted from 1.
    features: tuple = ()

    @property
    def command(self):
        model = f"{self.model.file} {self.model.names}"
        return f"compute {self.name} {self.group} {self.style} {model} {self.keywords}".rstrip()

    @property
    def columns(self):
        return [f"c_{self.name}[{k}]" for k in self.features or (1, 2, 3)]


@dataclass
class Output:
    """A dump of every so many steps with values of computes, files with their scalars, and fixes that write these."""

    file: str
    computes: list
    every: int = 1
    scalars: dict = field(default_factory=dict)
    fixes: list = field(default_factory=list)


@dataclass
class Part:
    """An input script, once with the computes and once without, and its ranks.

    A part that is not `alike` has no counterpart without computes. One that is not `exact` is another on each run,
    whatever is computed: in a tiled box, and where a box flips, LAMMPS takes atoms from other ranks in the order in which they
    come.
    """

    name: str
    ranks: int
    with_computes: list = field(default_factory=list)
    without: list = field(default_factory=list)
    alike: bool = True
    exact: bool = True


@dataclass
class Study:
    seed: int
    files: dict = field(default_factory=dict)
    parts: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    features: set = field(default_factory=set)
    # The message of the compute that ends the last part, if it is to end so.
    refusal: str = ""

    def text(self):
        """All of its input, to be read."""
        return "\n".join(f"# {part.name}, {part.ranks} ranks\n" + "\n".join(part.with_computes) for part in self.parts)
