"""Where onnxruntime gives NaN for an ion, no number is predicted; where it gives numbers, the same ones are."""

import subprocess

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import test_hostile_models as models

IONS = 12
NODE = helper.make_node


def to_output(operator, *inputs, **attributes):
    return [NODE(operator, ["r", *inputs], ["local_conductivity"], **attributes)]


def of_row(operator):
    """A reduction over the features of a row, which the members share."""
    return [NODE(operator, ["r"], ["m"], axes=[1]), NODE("Mul", ["m", "ones"], ["local_conductivity"])]


ENDS = {
    "Relu": to_output("Relu"), "LeakyRelu": to_output("LeakyRelu"), "PRelu": to_output("PRelu", "low"),
    "Max": to_output("Max", "low"), "Min": to_output("Min", "high"), "Clip": to_output("Clip", "low", "high"),
    "Sigmoid": to_output("Sigmoid"), "Tanh": to_output("Tanh"), "HardSigmoid": to_output("HardSigmoid"),
    "HardSwish": to_output("HardSwish"), "Celu": to_output("Celu"), "Elu": to_output("Elu"), "Selu": to_output("Selu"),
    "Softplus": to_output("Softplus"), "Softsign": to_output("Softsign"), "Softmax": to_output("Softmax", axis=1),
    "Abs": to_output("Abs"), "Erf": to_output("Erf"), "ReduceMax": of_row("ReduceMax"), "ReduceMin": of_row("ReduceMin"),
    "of a product": [NODE("MatMul", ["r", "square"], ["p"]), NODE("Relu", ["p"], ["local_conductivity"])],
    "replaced": [NODE("Relu", ["r"], ["f"]), NODE("Greater", ["y", "zero"], ["c"]),
                 NODE("Where", ["c", "f", "low"], ["local_conductivity"])],
}


def model_of(beginning, end):
    """`end` of the root of a product, or of its logarithm."""
    rng = np.random.default_rng(7)
    constants = {"low": 0.2, "high": 0.9, "zero": 0.0, "ones": np.ones((1, 3)), "square": rng.normal(size=(3, 3)),
                 "weights": rng.normal(size=(models.FEATURES, 3)) * 0.1, "bias": np.full(3, 0.3)}
    nodes = [NODE("Gemm", ["descriptor", "weights", "bias"], ["y"]), NODE(beginning, ["y"], ["r"]), *ENDS[end]]
    tensors = [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in constants.items()]
    return models.model(*nodes, constants=tensors, outputs=3)


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """Dumps of one frame, and the features of its ions in the order of the dump."""
    folder = tmp_path_factory.mktemp("frames")
    found = []
    for seed in range(6):
        places = np.random.default_rng(seed).uniform(0, 7, (IONS, 3))
        atoms = "".join(f"{i + 1} {1 + i % 2} {1 - 2 * (i % 2)} {x:.5f} {y:.5f} {z:.5f}\n" for i, (x, y, z) in enumerate(places))
        dump = folder / f"{seed}.dump"
        dump.write_text(f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n{IONS}\nITEM: BOX BOUNDS pp pp pp\n" + "0 7\n" * 3
                        + "ITEM: ATOMS id type q x y z\n" + atoms)
        table = folder / f"{seed}.npy"
        subprocess.run([models.PROGRAM, "featurize", dump, "-o", table, "--convention", "compact", "--cutoff", "3", "--n-max", "2",
                        "--l-max", "1", "--switching", "1", "--cation", "1", "--anion", "2"], check=True, capture_output=True)
        found.append((dump, np.load(table).reshape(IONS, -1).astype(np.float32)))
    return found


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("beginning", ["Sqrt", "Log"])
def test_what_onnxruntime_does_not_know_is_not_predicted(tmp_path, features, beginning, end):
    runtime = pytest.importorskip("onnxruntime")
    content = model_of(beginning, end).SerializeToString()
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    session = runtime.InferenceSession(content)
    # Its largest and smallest of NaN and numbers depend on their order.
    inner = runtime.InferenceSession(model_of(beginning, "Abs").SerializeToString())
    for dump, rows in features:
        expected = session.run(None, {"descriptor": rows})[0]
        if end.startswith("Reduce"):
            expected[np.isnan(inner.run(None, {"descriptor": rows})[0]).any(axis=1)] = np.nan
        done = subprocess.run([models.PROGRAM, "predict", file, dump, "-o", tmp_path / "out.dump"], capture_output=True, text=True)
        if np.isfinite(expected).all():
            assert done.returncode == 0, done.stderr
            lines = (tmp_path / "out.dump").read_text().split("ITEM: ATOMS")[1].splitlines()
            column = lines[0].split().index("c_lam[1]")
            found = np.array([float(line.split()[column]) for line in lines[1:]])
            np.testing.assert_allclose(found, expected.mean(axis=1), rtol=1e-4, atol=1e-5)
        else:
            assert done.returncode == 1 and "for finite features" in done.stderr, (expected, done.stdout)
