"""Model files made from the one that ships, by changing something in it."""

import json

import numpy as np
import pytest

import harness


def changed(path, metadata=lambda metadata: metadata, graph=lambda graph: None):
    """Writes the model with other metadata (none where the function gives None) or another graph."""
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(harness.MODEL)
    text = {p.key: json.loads(p.value) for p in proto.metadata_props}["ionscape"]
    del proto.metadata_props[:]
    text = metadata(text)
    if text is not None:
        onnx.helper.set_model_props(proto, {"ionscape": json.dumps(text)})
    graph(proto.graph)
    onnx.save(proto, path)


def in_units(path, units):
    """Writes the model as one for lengths in angstrom."""
    changed(path, metadata=lambda text: {**text, "units": units})


def with_compact_descriptor(path):
    """Writes the model for features of the other convention: as many, and of other meaning."""
    compact = {"kind": "soap-power-spectrum", "convention": "compact", "cutoff": 4.5, "n_max": 6, "l_max": 5,
               "switching": 2.0}
    changed(path, metadata=lambda text: {**text, "descriptor": compact})


def that_fails(path, below=1e6):
    """Writes a model that gives NaN where a member of the one that ships is below a value: for every ion by default."""
    def take_the_root_of_less_than_nothing(graph):
        from onnx import TensorProto, helper
        last = graph.node[-1]
        last.output[0] = "conductivity"
        graph.initializer.append(helper.make_tensor("minus", TensorProto.FLOAT, [1], [-below]))
        graph.node.append(helper.make_node("Add", ["conductivity", "minus"], ["less"]))
        graph.node.append(helper.make_node("Sqrt", ["less"], ["local_conductivity"]))
    changed(path, graph=take_the_root_of_less_than_nothing)


SPECIES_DESCRIPTOR = {"kind": "soap-power-spectrum", "convention": "compact", "cutoff": 3.0, "n_max": 3, "l_max": 2,
                      "switching": 1.0}


def linear(path, charges, channels, molecules=(), conditions=(), units="lj"):
    """Writes a model of any species that is linear in its inputs, with two members."""
    onnx = pytest.importorskip("onnx")
    n_channels = len(charges) if channels == "by-species" else 2 + sum(q == 0 for q in charges.values())
    same, cross = 3 * 6, 3 * 9
    n_features = n_channels * same + n_channels * (n_channels - 1) // 2 * cross
    if channels == "by-species":
        n_features += sum(q != 0 for q in charges.values())
    n_features += len(conditions)
    weights = np.random.default_rng(3).normal(size=(n_features, 2)).astype(np.float32)
    if conditions:
        weights[-1] *= 0.01
    tensor = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["descriptor", "weights"], ["local_conductivity"])], "linear",
        [onnx.helper.make_tensor_value_info("descriptor", tensor, ["N", n_features])],
        [onnx.helper.make_tensor_value_info("local_conductivity", tensor, ["N", 2])],
        [onnx.numpy_helper.from_array(weights, "weights")])
    proto = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    card = {"version": 2, "units": units, "species": list(charges), "charges": charges, "channels": channels,
            "descriptor": SPECIES_DESCRIPTOR, "molecules": list(molecules), "conditions": list(conditions)}
    onnx.helper.set_model_props(proto, {"ionscape": json.dumps(card)})
    onnx.save(proto, path)
    return weights
