"""What differed once: each is right, or refused with the reason."""

import json

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.15")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from . import comparison, descriptor, frames, network, program
from .test_operators import CHARGES, DESCRIPTOR, FEATURES, alone, environments, model, node

METADATA = {
    "version": 2, "units": "lj", "species": list(CHARGES), "charges": CHARGES, "channels": "charge-symmetric",
    "descriptor": DESCRIPTOR}

GRAPHS = {
    "Celu, alpha": alone("Celu", alpha=2.0),
    "Swish, alpha": alone("Swish", 24, alpha=2.0),
    "a mean for each column": ([node("ReduceMean", "x", "m", axes=[1]), node("Shape", "x", "s"), node("Expand", "m s")], 6, 17),
    "tiled": ([node("ReduceMean", "x", "m", axes=[1]), node("Tile", "m one_six")], 6, 17),
    "mean beside values": ([
        node("ReduceMean", "x", "m", axes=[1]), node("Shape", "x", "s"), node("Expand", "m s", "e"),
        node("Concat", "e x", axis=1)], 12, 17),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_a_graph_is_right_or_refused(environments, tmp_path, case):
    dump, features = environments
    proto = model(*GRAPHS[case])
    onnx.save(proto, tmp_path / "model.onnx")
    done = program.run("predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out")
    if done.returncode == 1:
        return
    expected = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {"descriptor": features})[0].ravel()
    found = frames.read(tmp_path / "out", "c_lam[1]")[0].ravel()
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * max(1, abs(expected).max()))


def constant(path, value, activation=None, library=False):
    """A model of one value for all ions."""
    net = network.Network(FEATURES)
    x = net.elementwise("Sub", "descriptor", np.zeros(FEATURES)) if library else "descriptor"
    y = net.affine(x, np.zeros((FEATURES, 1)), [value])
    if activation:
        net.affine(net.activate(y, activation), [[1.0]], [0.0])
    net.save(path, 1, METADATA)


@pytest.mark.parametrize("value", [3e-10, 2.34567e-8, 1e-30, 1.0, 1e20])
def test_small_conductivities_do_not_become_zero(environments, tmp_path, value):
    dump, _ = environments
    constant(tmp_path / "model.onnx", value)
    program.succeed("predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out")
    assert frames.read(tmp_path / "out", "c_lam[1]")[0].ravel() == pytest.approx(np.float32(value), rel=1e-7, abs=0)


@pytest.mark.parametrize("library", [False, True])
@pytest.mark.parametrize("value", [-200.0, 80.0, 100.0, 1e4])
def test_a_softplus_of_large_values(environments, tmp_path, value, library):
    dump, _ = environments
    constant(tmp_path / "model.onnx", value, "Softplus", library)
    program.succeed("predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out")
    assert frames.read(tmp_path / "out", "c_lam[1]")[0].ravel() == pytest.approx(max(value, 0), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("lean", [0.5, 1.0, 3.0])
def test_a_molecule_in_a_box_that_leans(tmp_path, lean):
    """Two atoms a fifth of the box apart, which are nobody's nearer images of each other."""
    vectors = np.array([[10, 0, 0], [10 * lean, 10, 0], [0, 0, 10.0]])
    first, second, anion = np.array([5.0, 1, 5]), np.array([5.0, 3, 5]), np.array([7.0, 1, 5])
    columns = {"mol": np.array([1, 1, 2]), "mass": np.ones(3)}
    molecule = frames.Frame(vectors, [1, 1, 2], [first, second, anion], columns=columns)
    atom = frames.Frame(vectors, [1, 2], [(first + second) / 2, anion])
    values = []
    for frame, names in [(molecule, ["cation"]), (atom, [])]:
        net = network.Network(FEATURES)
        net.affine("descriptor", np.random.default_rng(0).normal(size=(FEATURES, 1)), [1.0])
        net.save(tmp_path / "model.onnx", 1, METADATA | {"molecules": names})
        dump = frames.write(tmp_path / "dump", [frame])
        program.succeed("predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out")
        values.append(frames.read(tmp_path / "out", "c_lam[1]")[0].ravel()[[0, -1]])
    assert values[0] == pytest.approx(values[1], rel=1e-6)


@pytest.mark.parametrize("n_max", range(6, 17))
def test_many_radial_functions_are_right_or_refused(tmp_path, n_max):
    settings = {"convention": "dscribe-gto", "cutoff": 5.0, "n_max": n_max, "l_max": 0, "sigma": 0.5}
    places = 9 * np.random.default_rng(0).random((20, 3))
    frame = frames.Frame(np.eye(3) * 9, np.arange(20) % 2 + 1, places)
    dump, ions = frames.write(tmp_path / "dump", [frame]), ["--cation", 1, "--anion", 2]
    done = program.run("featurize", dump, "-o", tmp_path / "f.npy", *ions, *comparison.options(settings))
    if done.returncode == 2:
        assert "too alike" in done.stderr
        return
    expected = comparison.describe(descriptor.radial(settings), frame, CHARGES, False).described.rows
    difference = abs(np.load(tmp_path / "f.npy") - expected)
    if n_max < 10:
        assert ((difference <= 1e-6 * abs(expected)) | (difference <= 1e-9 * abs(expected).max())).all()
    # The overlap's condition grows tenfold with each function, and takes digits from all that is orthonormalised in float64.
    assert (difference <= 1e-6 * abs(expected).max()).all()


def test_the_table_of_radial_functions_near_by(tmp_path):
    """High degrees, a reach of many widths: 1e-6 of each feature, or 1e-9 of the largest."""
    settings = {"convention": "dscribe-gto", "cutoff": 6.76, "n_max": 1, "l_max": 7, "sigma": 0.2586}
    places = 6 * np.random.default_rng(3).random((26, 3))
    frame = frames.Frame(np.eye(3) * 6, np.arange(26) % 2 + 1, places)
    dump, ions = frames.write(tmp_path / "dump", [frame]), ["--cation", 1, "--anion", 2]
    program.succeed("featurize", dump, "-o", tmp_path / "f.npy", *ions, *comparison.options(settings))
    expected = comparison.describe(descriptor.radial(settings), frame, CHARGES, False).described.rows
    difference = abs(np.load(tmp_path / "f.npy") - expected)
    assert ((difference <= 1e-6 * abs(expected)) | (difference <= 1e-9 * abs(expected).max())).all()


def test_a_field_without_changes_is_told_without_nan(tmp_path):
    places = 9 * np.random.default_rng(0).random((6, 3))
    frame = frames.Frame(np.eye(3) * 9, [1, 2] * 3, places, columns={"c_lam[1]": np.ones(6)})
    dump = frames.write(tmp_path / "dump", [frame] * 20)
    assert "NaN" not in program.succeed("analyze", dump).stdout
