"""Model files made from the one that ships, by changing something in it."""

import json

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


def that_fails(path):
    """Writes a model that gives NaN for every ion with neighbours."""
    def take_the_root_of_less_than_nothing(graph):
        from onnx import TensorProto, helper
        last = graph.node[-1]
        last.output[0] = "conductivity"
        graph.initializer.append(helper.make_tensor("minus", TensorProto.FLOAT, [1], [-1e6]))
        graph.node.append(helper.make_node("Add", ["conductivity", "minus"], ["less"]))
        graph.node.append(helper.make_node("Sqrt", ["less"], ["local_conductivity"]))
    changed(path, graph=take_the_root_of_less_than_nothing)
