"""A model trained with PyTorch on DScribe features gives in LAMMPS, and in `ionscape predict`, what it gives in PyTorch."""

import numpy as np
import pytest

import harness
from electrolyte import script
from harness import ionscape, predict

FOLDER = harness.ROOT / "tests/pytorch"
SPECIES = "cation anion"


@pytest.fixture(scope="module")
def expected():
    """Mean and deviation over the members for each ion in id order, as PyTorch's outputs have them."""
    members = np.loadtxt(FOLDER / "predicted.csv", delimiter=",", skiprows=1)[:, 1:]
    assert members.shape == (40, 2)
    return np.stack([members.mean(1), members.std(1)], axis=1)


def assert_as_pytorch(frame, expected):
    np.testing.assert_allclose(frame["c_lam[1]"], expected[:, 0], rtol=1e-5)
    # A deviation is a difference of float32 values of the size of the conductivity.
    np.testing.assert_allclose(frame["c_lam[2]"], expected[:, 1], rtol=1e-5, atol=1e-6 * expected[:, 0].max())


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
@pytest.mark.parametrize("ranks", [1, 2])
def test_an_imported_model_gives_what_pytorch_gives(lammps, expected, tmp_path, exporter, ranks):
    model = tmp_path / "model.onnx"
    done = ionscape("import", FOLDER / f"{exporter}.onnx", "--card", FOLDER / "card.toml", "-o", model)
    assert not done.stderr
    text = script(data=FOLDER / "ions.data", species=SPECIES, run="run 0").replace(str(harness.MODEL), str(model))
    run = lammps(text, ranks=ranks)
    [frame] = run.dump()
    assert_as_pytorch(frame, expected)
    np.testing.assert_allclose(run.thermo("c_lam"), expected[:, 0].mean(), rtol=1e-5)
    [offline] = predict(run.folder / "out.lammpstrj", species=SPECIES, model=model)
    assert_as_pytorch(offline, expected)


def test_what_was_exported_is_small():
    assert all(path.stat().st_size < 100_000 for path in FOLDER.iterdir())
