"""Each operator that a model may use gives what ONNX Runtime gives of it."""

import json
import re

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper

from . import frames, program

CHARGES = {"cation": 1.0, "anion": -1.0}
DESCRIPTOR = {
    "kind": "soap-power-spectrum", "convention": "compact", "cutoff": 4.0, "n_max": 2, "l_max": 1, "switching": 1.0}
FEATURES = 20
rng = np.random.default_rng(0)
VALUES = {name: rng.normal(size=6) for name in ("a", "b")} | {
    "positive": rng.random(6) + 0.1, "square": rng.normal(size=(6, 6)), "six": np.array(6), "half": np.array(0.5),
    "low": np.array(-0.5), "three": rng.normal(size=(6, 3))}
INDICES = {
    "one_six": [1, 6],
    "one": [1], "last": [-1], "minus5": [-5], "minus2": [-2], "many": [100], "some": [-1, 0, 2], "two_four": [2, 4],
    "once_twice": [1, 2], "zero23": [0, 2, 3], "pairs": [-1, 2], "by23": [-1, 2, 3], "width": [6], "third": [2]}


def node(operator, inputs, output="y", **attributes):
    return helper.make_node(operator, inputs.split(), output.split(), **attributes)


def alone(operator, opset=17, **attributes):
    return [node(operator, "x", **attributes)], 6, opset


def cast(name, output="y"):
    return node("Cast", name, output, to=TensorProto.FLOAT)


# Nodes from x to y, [N, 6] to [N, width]; width; operator set.
CASES = {name: alone(name) for name in [
    "Abs", "Celu", "Cos", "Elu", "Erf", "Exp", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Neg", "Reciprocal",
    "Relu", "Selu", "Sigmoid", "Sign", "Sin", "Softmax", "Softplus", "Softsign", "Tanh", "Dropout"]} | {
    "Elu, alpha": alone("Elu", alpha=3.0), "Selu, alpha": alone("Selu", alpha=2.0, gamma=0.5),
    "LeakyRelu, alpha": alone("LeakyRelu", alpha=0.3), "HardSigmoid, alpha": alone("HardSigmoid", alpha=0.3, beta=0.1),
    "Gelu": alone("Gelu", 20), "Gelu, tanh": alone("Gelu", 20, approximate="tanh"), "Mish": alone("Mish", 18),
    "Swish": alone("Swish", 24),
    "Softmax, axis": alone("Softmax", axis=1), "Softmax, old": alone("Softmax", 11, axis=1),
    "Sqrt": ([node("Abs", "x", "s"), node("Sqrt", "s")], 6, 17),
    "Log": ([node("Abs", "x", "s"), node("Log", "s")], 6, 17),
    "Pow": ([node("Abs", "x", "s"), node("Pow", "s half")], 6, 17), "Pow, whole": ([node("Pow", "x third")], 6, 17),
    "PRelu": ([node("PRelu", "x positive")], 6, 17), "Clip": ([node("Clip", "x low half")], 6, 17),
    "Clip, one side": ([node("Clip", "x low")], 6, 17),
    **{name: ([node(name, "x a")], 6, 17) for name in ("Add", "Sub", "Mul", "Div", "Max", "Min")},
    "Sum": ([node("Sum", "x a b")], 6, 17), "Max, three": ([node("Max", "x a b")], 6, 17),
    "CastLike": ([node("CastLike", "x a")], 6, 17),
    "Cast": ([node("Cast", "x", "i", to=TensorProto.INT64), cast("i")], 6, 17),
    "Constant": ([
        node("Constant", "", "k", value=numpy_helper.from_array(np.float32([2.5]))), node("Mul", "x k")], 6, 17),
    "ConstantOfShape": ([
        node("Shape", "x", "s"), node("ConstantOfShape", "s", "k", value=numpy_helper.from_array(np.float32([2.5]))),
        node("Mul", "x k")], 6, 17),
    "LayerNormalization": ([node("LayerNormalization", "x a b", epsilon=0.01, axis=-1)], 6, 17),
    "LayerNormalization, no bias": ([node("LayerNormalization", "x a", axis=1)], 6, 17),
    "BatchNormalization": ([node("BatchNormalization", "x a b a positive", epsilon=0.1)], 6, 17),
    "Gemm": ([node("Gemm", "x square a", alpha=0.5, beta=2.0, transB=1)], 6, 17),
    "Gemm, no sum": ([node("Gemm", "x square", alpha=-0.25)], 6, 17),
    "MatMul": ([node("Unsqueeze", "x one", "u"), node("MatMul", "u three", "p"), node("Squeeze", "p one")], 3, 17),
    "Einsum": ([node("Einsum", "x three", equation="ni,ij->nj")], 3, 17),
    **{name: ([node(name, "x", axes=[-1])], 1, 17)
       for name in ("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMin", "ReduceMean")},
    "ReduceMean, new": ([node("ReduceMean", "x last")], 1, 18),
    "ReduceSum": ([node("ReduceSum", "x one", "s", keepdims=0), node("Unsqueeze", "s one")], 1, 17),
    "Slice": ([node("Slice", "x one many last")], 5, 17),
    "Slice, backwards": ([node("Slice", "x last minus5 one minus2")], 2, 17),
    "Gather": ([node("Gather", "x some", axis=1)], 3, 17),
    "Split": ([node("Split", "x two_four", "u y", axis=1)], 4, 17),
    "Split, equal": ([node("Split", "x", "u y", axis=1, num_outputs=2)], 3, 18),
    "Concat": ([node("Concat", "x x", axis=-1)], 12, 17), "Tile": ([node("Tile", "x once_twice")], 12, 17),
    "Transpose": ([node("Transpose", "x", "t", perm=[1, 0]), node("Transpose", "t")], 6, 17),
    "Reshape": ([
        node("Reshape", "x zero23", "t"), node("ReduceMax", "t", "u", axes=[2], keepdims=0),
        node("Reshape", "u pairs")], 2, 17),
    "Flatten": ([node("Reshape", "x by23", "t"), node("Flatten", "t", axis=-2)], 6, 17),
    "Where": ([node("Greater", "x half", "g"), node("Where", "g x a")], 6, 17),
    **{name: ([node(name, "x half", "g"), cast("g", "f"), node("Mul", "f x")], 6, 17)
       for name in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")},
    "And, Or, Not": ([
        node("Greater", "x low", "g"), node("Less", "x half", "l"), node("And", "g l", "b1"), node("Not", "b1", "b2"),
        node("Or", "b2 g", "b3"), cast("b3", "f"), node("Add", "f x")], 6, 17),
    "Shape, Expand": ([
        node("Shape", "x", "s", start=0, end=1), node("Concat", "s width", "t", axis=0), node("Expand", "half t", "e"),
        node("Mul", "e x")], 6, 17),
}


@pytest.fixture(scope="module")
def environments(tmp_path_factory):
    """A dump and its features."""
    folder = tmp_path_factory.mktemp("operators")
    frame = frames.Frame(np.eye(3) * 10, [1, 2, 1, 2], [[1, 1, 1], [2, 1, 1], [3.2, 1.5, 1], [2, 2.5, 2]])
    dump = frames.write(folder / "dump", [frame])
    sizes = ["--convention", "compact", "--cutoff", 4, "--n-max", 2, "--l-max", 1, "--switching", 1]
    program.succeed("featurize", dump, "-o", folder / "f.npy", "--cation", 1, "--anion", 2, *sizes)
    return dump, np.load(folder / "f.npy").astype(np.float32)


def model(nodes, width, opset):
    """From features to six values of either sign, through the nodes, to a sum with weights."""
    random = np.random.default_rng(1)
    tensors = VALUES | {"w0": 3 * random.normal(size=(FEATURES, 6)), "w1": random.normal(size=(width, 1))}
    constants = {name: np.asarray(value, np.float32) for name, value in tensors.items()}
    constants |= {name: np.array(value, np.int64) for name, value in INDICES.items()}
    nodes = [node("Gemm", "descriptor w0 a", "x"), *nodes, node("MatMul", "y w1", "local_conductivity")]
    used = {name for n in nodes for name in n.input}
    graph = helper.make_graph(
        nodes, "operators",
        [helper.make_tensor_value_info("descriptor", TensorProto.FLOAT, ["N", FEATURES])],
        [helper.make_tensor_value_info("local_conductivity", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10 if opset > 20 else 8)
    metadata = {
        "version": 2, "units": "lj", "species": list(CHARGES), "charges": CHARGES, "channels": "charge-symmetric",
        "descriptor": DESCRIPTOR}
    helper.set_model_props(proto, {"ionscape": json.dumps(metadata)})
    return proto


@pytest.mark.parametrize("case", CASES)
def test_an_operator_is_right(environments, tmp_path, case):
    dump, features = environments
    proto = model(*CASES[case])
    onnx.save(proto, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    expected = session.run(None, {"descriptor": features})[0].ravel()
    program.succeed("predict", tmp_path / "model.onnx", dump, "-o", tmp_path / "out")
    found = frames.read(tmp_path / "out", "c_lam[1]")[0].ravel()
    # Sums of a few numbers of single precision; some activations of the library are good to 7e-6.
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * max(1, abs(expected).max()))


def test_all_operators_are_tried(tmp_path):
    onnx.save(model([node("Hardmax", "x")], 6, 17), tmp_path / "model.onnx")
    message = program.refusal("inspect", tmp_path / "model.onnx")
    allowed = set(re.search(r"they may use (.*)", message)[1].split(", "))
    assert allowed == {n.op_type for nodes, _, _ in CASES.values() for n in nodes}
