"""Model files that mean harm, or are damaged so that they might do it: each is refused in a sentence, in little memory and time.

Nothing outside the file is read, and nothing is computed whose size the file can choose."""

import json
import os
import pathlib
import resource
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = ROOT / "target/release/ionscape"

# The program needs less than half of it for every model of `examples`.
MEMORY = 2 << 30
FEATURES = 20
CARD = {"version": 1, "units": "lj", "species": ["cation", "anion"], "charges": {"cation": 1.0, "anion": -1.0},
        "channels": "charge-symmetric",
        "descriptor": {"kind": "soap-power-spectrum", "convention": "compact", "cutoff": 3.0, "n_max": 2, "l_max": 1,
                       "switching": 1.0}}
WEIGHTS = numpy_helper.from_array(np.ones((FEATURES, 1), np.float32), "w")
PRODUCT = helper.make_node("MatMul", ["descriptor", "w"], ["y"])


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def model(*nodes, constants=(), card=CARD, outputs=1):
    graph = helper.make_graph(
        list(nodes), "graph", [helper.make_tensor_value_info("descriptor", TensorProto.FLOAT, ["N", FEATURES])],
        [helper.make_tensor_value_info("local_conductivity", TensorProto.FLOAT, ["N", outputs])], [WEIGHTS, *constants])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(proto, {"ionscape": card if isinstance(card, str) else json.dumps(card)})
    return proto


def linear(**options):
    return model(helper.make_node("MatMul", ["descriptor", "w"], ["local_conductivity"]), **options)


def added(*nodes, constants=()):
    """A model that adds to its output the sum of what the nodes make, 'big'."""
    last = [helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
            helper.make_node("Add", ["y", "sum"], ["local_conductivity"])]
    return model(PRODUCT, *nodes, *last, constants=constants)


def constant_of_any_shape():
    return added(helper.make_node("ConstantOfShape", ["shape"], ["big"]), constants=[integers("shape", 1 << 20, 1 << 20)])


def constant_of_computed_shape():
    nodes = [helper.make_node("Mul", ["edge", "edge"], ["square"]), helper.make_node("ConstantOfShape", ["square"], ["big"])]
    return added(*nodes, constants=[integers("edge", 1 << 14)])


def expanded_constant():
    return added(helper.make_node("Expand", ["w", "shape"], ["big"]), constants=[integers("shape", 1 << 28, FEATURES, 1)])


def tiled_again_and_again():
    nodes = [helper.make_node("Tile", [f"t{k}", "twice"], [f"t{k + 1}"]) for k in range(60)]
    nodes[0].input[0], nodes[-1].output[0] = "w", "big"
    return added(*nodes, constants=[integers("twice", 2, 1)])


def joined_to_itself():
    nodes = [helper.make_node("Concat", [f"t{k}", f"t{k}"], [f"t{k + 1}"], axis=0) for k in range(60)]
    nodes[0].input[0] = nodes[0].input[1] = "w"
    nodes[-1].output[0] = "big"
    return added(*nodes)


def outer_product():
    column = numpy_helper.from_array(np.ones((1 << 20, 1), np.float32), "column")
    nodes = [helper.make_node("Transpose", ["column"], ["row"]), helper.make_node("MatMul", ["column", "row"], ["big"])]
    return added(*nodes, constants=[column])


def wide_for_every_row():
    nodes = [helper.make_node("Tile", ["y", "times"], ["wide"]),
             helper.make_node("ReduceSum", ["wide", "axes"], ["local_conductivity"], keepdims=1)]
    return model(PRODUCT, *nodes, constants=[integers("times", 1, 1 << 30), integers("axes", 1)])


def tensor_without_its_data():
    tensor = helper.make_tensor("b", TensorProto.FLOAT, [1], [0.0])
    tensor.dims[0] = 1 << 25
    return model(PRODUCT, helper.make_node("Add", ["y", "b"], ["local_conductivity"]), constants=[tensor])


def tensor_of_negative_size():
    tensor = helper.make_tensor("b", TensorProto.FLOAT, [1], [0.0])
    tensor.dims[0] = -1
    return model(PRODUCT, helper.make_node("Add", ["y", "b"], ["local_conductivity"]), constants=[tensor])


def data_of_another_file():
    proto = linear()
    tensor = proto.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, "../../../../etc/passwd", length=4 * FEATURES)
    tensor.ClearField("raw_data")
    return proto


def constant_of_another_file():
    tensor = numpy_helper.from_array(np.ones(1, np.float32), "inner")
    onnx.external_data_helper.set_external_data(tensor, "/etc/passwd", length=4)
    tensor.ClearField("raw_data")
    return model(PRODUCT, helper.make_node("Constant", [], ["c"], value=tensor),
                 helper.make_node("Add", ["y", "c"], ["local_conductivity"]))


def loop():
    body = helper.make_graph([], "body", [], [])
    return model(PRODUCT, helper.make_node("Loop", ["", "", "y"], ["local_conductivity"], body=body))


def branch():
    body = helper.make_graph([], "body", [], [])
    return model(PRODUCT, helper.make_node("Add", ["y", "y"], ["local_conductivity"], then_branch=body))


def operator_of_elsewhere():
    return model(helper.make_node("MatMul", ["descriptor", "w"], ["local_conductivity"], domain="com.microsoft"))


def random_operator():
    return model(PRODUCT, helper.make_node("RandomNormalLike", ["y"], ["local_conductivity"]))


def graph_that_bites_its_tail():
    return model(PRODUCT, helper.make_node("Add", ["y", "b"], ["a"]), helper.make_node("Add", ["y", "a"], ["b"]),
                 helper.make_node("Add", ["a", "b"], ["local_conductivity"]))


def node_without_its_input():
    return model(PRODUCT, helper.make_node("Add", ["y", "nowhere"], ["local_conductivity"]))


def output_that_nothing_computes():
    return model(PRODUCT)


def function_of_its_own():
    proto = linear()
    proto.functions.append(helper.make_function("own", "f", ["x"], ["z"], [helper.make_node("Relu", ["x"], ["z"])],
                                                [helper.make_opsetid("", 17)]))
    return proto


def sparse_weights():
    proto = linear()
    values = helper.make_tensor("values", TensorProto.FLOAT, [1], [1.0])
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(values, integers("indices", 0), [1 << 40]))
    return proto


def nested_metadata():
    return linear(card="[" * 200_000)


def descriptor_beyond_all_bounds():
    return linear(card={**CARD, "descriptor": {**CARD["descriptor"], "n_max": 10**9}})


def metadata_of_a_later_version():
    return linear(card={**CARD, "version": 999})


def less(*nodes, constants=()):
    """A model whose output is 'y' less what the nodes make, 'm'."""
    return model(PRODUCT, *nodes, helper.make_node("Sub", ["y", "m"], ["local_conductivity"]), constants=constants)


def mean_over_rows():
    return less(helper.make_node("ReduceMean", ["y"], ["m"], axes=[0]))


def mean_over_all():
    return less(helper.make_node("ReduceMean", ["y"], ["m"], keepdims=1))


def small_share_of_the_largest_row():
    nodes = [helper.make_node("ReduceMax", ["y"], ["largest"], axes=[0]), helper.make_node("Mul", ["largest", "share"], ["m"])]
    return less(*nodes, constants=[numpy_helper.from_array(np.float32(1e-3), "share")])


def mean_over_rows_beyond_a_bound():
    nodes = [helper.make_node("ReduceMean", ["y"], ["mean"], axes=[0]), helper.make_node("Sub", ["mean", "bound"], ["above"]),
             helper.make_node("Relu", ["above"], ["m"])]
    return less(*nodes, constants=[numpy_helper.from_array(np.float32(100), "bound")])


def first_row():
    return less(helper.make_node("Gather", ["y", "first"], ["m"], axis=0), constants=[integers("first", 0)])


def softmax_over_rows():
    return model(PRODUCT, helper.make_node("Softmax", ["y"], ["local_conductivity"], axis=0))


def layer_norm(axis, scale):
    node = helper.make_node("LayerNormalization", ["descriptor", "scale"], ["n"], axis=axis)
    return model(node, helper.make_node("MatMul", ["n", "w"], ["local_conductivity"]),
                 constants=[numpy_helper.from_array(np.linspace(1, 2, scale, dtype=np.float32), "scale")])


def layer_norm_over_rows():
    return layer_norm(0, FEATURES)


def number_of_rows():
    nodes = [helper.make_node("Shape", ["descriptor"], ["shape"]), helper.make_node("Gather", ["shape", "first"], ["n"], axis=0),
             helper.make_node("Cast", ["n"], ["rows"], to=TensorProto.FLOAT),
             helper.make_node("Div", ["y", "rows"], ["local_conductivity"])]
    return model(PRODUCT, *nodes, constants=[integers("first", 0)])


def number_of_rows_beyond_a_hundred():
    nodes = [helper.make_node("Shape", ["descriptor"], ["shape"]), helper.make_node("Gather", ["shape", "first"], ["n"], axis=0),
             helper.make_node("Cast", ["n"], ["rows"], to=TensorProto.FLOAT), helper.make_node("Sub", ["rows", "many"], ["more"]),
             helper.make_node("Relu", ["more"], ["m"])]
    return less(*nodes, constants=[integers("first", 0), numpy_helper.from_array(np.float32(100), "many")])


def whole_numbers_of_no_number():
    nodes = [helper.make_node("Sqrt", ["y"], ["root"]), helper.make_node("Cast", ["root"], ["whole"], to=TensorProto.INT64),
             helper.make_node("Cast", ["whole"], ["m"], to=TensorProto.FLOAT)]
    return less(*nodes)


def batch_norm_in_training():
    one = [numpy_helper.from_array(np.ones(1, np.float32), name) for name in ("scale", "shift", "mean", "variance")]
    node = helper.make_node("BatchNormalization", ["y", "scale", "shift", "mean", "variance"],
                            ["local_conductivity", "means", "variances"], training_mode=1)
    return model(PRODUCT, node, constants=one)


MIXED = "depends on the other rows"

REFUSED = {
    mean_over_rows: MIXED,
    mean_over_all: MIXED,
    small_share_of_the_largest_row: MIXED,
    mean_over_rows_beyond_a_bound: MIXED,
    first_row: MIXED,
    softmax_over_rows: MIXED,
    layer_norm_over_rows: MIXED,
    number_of_rows: MIXED,
    number_of_rows_beyond_a_hundred: MIXED,
    whole_numbers_of_no_number: "casts to whole numbers what may be no number",
    batch_norm_in_training: MIXED,
    constant_of_any_shape: "elements",
    constant_of_computed_shape: "elements",
    expanded_constant: "elements",
    tiled_again_and_again: "elements",
    joined_to_itself: "elements",
    outer_product: "elements",
    wide_for_every_row: "elements",
    tensor_without_its_data: "",
    tensor_of_negative_size: "impossible dimensions",
    data_of_another_file: "lies in another file",
    constant_of_another_file: "lies in another file",
    loop: "operator Loop",
    branch: "holds a graph of its own",
    operator_of_elsewhere: "operator com.microsoft.MatMul",
    random_operator: "operator RandomNormalLike",
    graph_that_bites_its_tail: "cannot be run",
    node_without_its_input: "cannot be run",
    output_that_nothing_computes: "no node computes its output",
    function_of_its_own: "functions of its own",
    sparse_weights: "sparse",
    nested_metadata: "metadata is not JSON",
    descriptor_beyond_all_bounds: "n_max 1000000000 must be from 1 to 16",
    metadata_of_a_later_version: "version 999",
}


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def refusal(path):
    done = subprocess.run([PROGRAM, "inspect", path], capture_output=True, text=True, timeout=60, preexec_fn=limited)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("ionscape: ") and "panicked" not in done.stderr, done.stderr
    assert done.stderr.count("\n") <= 2 and len(done.stderr) < 2000, done.stderr
    return done.stderr


@pytest.mark.parametrize("hostile", REFUSED, ids=lambda make: make.__name__)
def test_hostile_models_are_refused(tmp_path, hostile):
    (tmp_path / "model.onnx").write_bytes(hostile().SerializeToString())
    message = refusal(tmp_path / "model.onnx")
    assert "model.onnx: " in message and REFUSED[hostile] in message, message


def test_a_model_of_the_same_make_is_taken(tmp_path):
    """What the others are refused for is what was added to this."""
    nodes = [helper.make_node("Tile", ["w", "twice"], ["big"])]
    (tmp_path / "model.onnx").write_bytes(added(*nodes, constants=[integers("twice", 2, 1)]).SerializeToString())
    subprocess.run([PROGRAM, "inspect", tmp_path / "model.onnx"], check=True, preexec_fn=limited)


def test_normalisation_over_features_is_taken(tmp_path):
    (tmp_path / "model.onnx").write_bytes(layer_norm(-1, FEATURES).SerializeToString())
    subprocess.run([PROGRAM, "inspect", tmp_path / "model.onnx"], check=True, preexec_fn=limited)


def test_files_without_end_are_refused():
    assert "models of more than 268435456 are not read" in refusal("/dev/zero")


def test_large_files_are_refused_unread(tmp_path):
    with open(tmp_path / "model.onnx", "wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    assert f"it has {1 << 40} bytes" in refusal(tmp_path / "model.onnx")


def test_a_folder_is_no_model(tmp_path):
    assert "directory" in refusal(tmp_path)
