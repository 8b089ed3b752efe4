"""A model trained with PyTorch on DScribe features, and what PyTorch itself predicts: the other files of this folder.

Two small networks learn from the mean conductivities of eight systems, as in arXiv:2208.03182; scales of features and
labels are buffers, so that they lie inside the graph. Both of PyTorch's exporters write it. README.md names the versions.

Run: pip install torch onnx onnxscript dscribe ase numpy; python make.py [OUTPUT_FOLDER]
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from ase import Atoms
from dscribe.descriptors import SOAP

N_IONS = 40
DENSITIES = [0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3]
WRITTEN = 4
STEPS = 400
SOAP_SETTINGS = dict(r_cut=4.0, n_max=4, l_max=3, sigma=0.5)

CARD = """\
# A model of PyTorch's on features of DScribe's; see make.py.
units = "lj"
species = ["cation", "anion"]
charges = { cation = 1.0, anion = -1.0 }
channels = "charge-symmetric"
[descriptor]
kind = "soap-power-spectrum"
convention = "dscribe-gto"
cutoff = 4.0
n_max = 4
l_max = 3
sigma = 0.5
[provenance]
method = "two networks of PyTorch's on eight random systems, for tests"
"""


def configuration(density, rng):
    """Box length and positions of ions that are no closer than 0.9; cations and anions in turn."""
    side = round((N_IONS / density) ** (1 / 3), 6)
    positions = []
    while len(positions) < N_IONS:
        x = rng.uniform(0, side, 3)
        apart = [d - side * np.round(d / side) for d in (x - y for y in positions)]
        if all(np.linalg.norm(d) > 0.9 for d in apart):
            positions.append(x)
    return side, np.array(positions)


def features(side, positions):
    """DScribe's power spectra with channels relative to the center: like-charged ions are called H, the others He."""
    soap = SOAP(species=["H", "He"], rbf="gto", periodic=True, dtype="float64", **SOAP_SETTINGS)
    out = np.empty((len(positions), soap.get_number_of_features()))
    types = np.arange(len(positions)) % 2
    for kind in (0, 1):
        centers = np.flatnonzero(types == kind)
        atoms = Atoms(np.where(types == kind, "H", "He"), positions=positions, cell=[side] * 3, pbc=True)
        out[centers] = soap.create(atoms, centers=centers.tolist())
    return torch.from_numpy(out.astype(np.float32))


class Scaled(torch.nn.Module):
    """An ensemble between the scales of its features and labels: `[N, n_features]` to `[N, n_members]`."""

    def __init__(self, x, labels):
        super().__init__()
        self.register_buffer("center", x.mean(0))
        self.register_buffer("width", x.std(0) + 1e-3 * x.std(0).max())
        self.register_buffer("label_center", labels.mean())
        self.register_buffer("label_width", labels.std())
        self.members = torch.nn.ModuleList(
            torch.nn.Sequential(
                torch.nn.Linear(x.shape[1], 24), torch.nn.ReLU(), torch.nn.Linear(24, 24), torch.nn.Tanh(),
                torch.nn.Linear(24, 1))
            for _ in range(2))

    def forward(self, descriptor):
        x = (descriptor - self.center) / self.width
        return torch.cat([member(x) for member in self.members], dim=1) * self.label_width + self.label_center


def train(systems):
    x, labels = torch.cat(systems), torch.tensor([1 / (1 + 10 * density) for density in DENSITIES])
    model = Scaled(x, labels)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(STEPS):
        adam.zero_grad()
        means = model(x).view(len(systems), -1, 2).mean(1)
        ((means - labels[:, None]) ** 2).mean().backward()
        adam.step()
    return model.eval()


def export(model, x, folder):
    names = dict(input_names=["descriptor"], output_names=["local_conductivity"])
    rows = torch.export.Dim("rows")
    torch.onnx.export(model, (x,), folder / "dynamo.onnx", dynamo=True, external_data=False, dynamic_shapes=({0: rows},),
                      **names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(model, (x,), folder / "torchscript.onnx", dynamo=False,
                          dynamic_axes={"descriptor": {0: "N"}, "local_conductivity": {0: "N"}}, **names)
    forget_paths(folder / "dynamo.onnx")


def forget_paths(path):
    """Takes the stack traces out, which name folders of the machine that exported."""
    proto = onnx.load(path)
    for node in proto.graph.node:
        kept = [p for p in node.metadata_props if "stack_trace" not in p.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    onnx.save(proto, path)


def write_data(path, side, positions):
    lines = ["ions", "", f"{len(positions)} atoms", "2 atom types", *(f"0 {side!r} {a}lo {a}hi" for a in "xyz")]
    lines += ["", "Masses", "", "1 1", "2 1", "", "Atoms # charge", ""]
    for i, x in enumerate(positions):
        lines.append(" ".join([str(i + 1), str(1 + i % 2), str(1 - 2 * (i % 2)), *(repr(float(v)) for v in x)]))
    path.write_text("\n".join(lines) + "\n")


def main(folder):
    torch.manual_seed(5)
    torch.set_num_threads(1)
    rng = np.random.default_rng(5)
    systems = [configuration(density, rng) for density in DENSITIES]
    descriptors = [features(*system) for system in systems]
    model = train(descriptors)
    export(model, descriptors[WRITTEN], folder)
    (folder / "card.toml").write_text(CARD)
    write_data(folder / "ions.data", *systems[WRITTEN])
    with torch.no_grad():
        members = model(descriptors[WRITTEN]).numpy()
    table = np.column_stack([np.arange(1, N_IONS + 1), members])
    np.savetxt(folder / "predicted.csv", table, fmt=["%d", "%.9g", "%.9g"], delimiter=",", comments="",
               header="id,member1,member2")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
