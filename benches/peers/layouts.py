"""One ensemble of perceptrons as ONNX graphs of several layouts, from `[N, inputs]` to `[N, members]`."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


def weights(file):
    """Of each member the layers, `[in, out]` and biases, of a file that benches/training.rs writes."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer}
    members = sum(name.startswith("weights") and name.endswith(".0") for name in stored)
    return [[(stored[f"weights{m}.{l}"], stored[f"biases{m}.{l}"]) for l in range(3)] for m in range(members)]


class Graph:
    """Nodes and constants in the making."""

    def __init__(self):
        self.nodes, self.constants, self.n = [], [], 0

    def constant(self, array):
        self.n += 1
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), f"c{self.n}"))
        return f"c{self.n}"

    def node(self, kind, inputs, outputs=1, **attributes):
        """Names of the node's outputs, or the one name."""
        names = [f"v{self.n + 1 + k}" for k in range(outputs)]
        self.n += outputs
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names if outputs > 1 else names[0]

    def dense(self, x, layer, active):
        """A layer of a single network."""
        out = self.node("Gemm", [x, *map(self.constant, layer)])
        return self.node("Relu", [out]) if active else out

    def stacked(self, x, layers, active):
        """A layer of all networks at once, `[members, N, in]` or, for the input, `[N, in]`."""
        products = self.node("MatMul", [x, self.constant(np.stack([w for w, _ in layers]))])
        out = self.node("Add", [products, self.constant(np.stack([b[None, :] for _, b in layers]))])
        return self.node("Relu", [out]) if active else out

    def rows_first(self, x):
        """`[members, N, 1]` as `[N, members]`."""
        flat = self.node("Squeeze", [x, self.constant(np.array([2], np.int64))])
        return self.node("Transpose", [flat], perm=[1, 0])

    def finish(self, out, n_inputs, members):
        self.nodes.append(helper.make_node("Identity", [out], ["out"]))
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])
                for name, width in (("in", n_inputs), ("out", members))]
        graph = helper.make_graph(self.nodes, "ensemble", ends[:1], ends[1:], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        return model.SerializeToString()


def branches(members):
    """Each network by itself, side by side."""
    graph = Graph()
    outs = []
    for layers in members:
        x = "in"
        for number, layer in enumerate(layers):
            x = graph.dense(x, layer, number < 2)
        outs.append(x)
    out = graph.node("Concat", outs, axis=1) if len(outs) > 1 else outs[0]
    return graph.finish(out, inputs(members), len(members))


def wide(graph, members):
    """The first layers of all as one product."""
    first = [layers[0] for layers in members]
    return graph.dense("in", (np.hstack([w for w, _ in first]), np.hstack([b for _, b in first])), True)


def wide_and_split(members):
    """A wide first layer, whose output is cut up for the networks."""
    graph = Graph()
    sizes = graph.constant(np.array([len(layers[0][1]) for layers in members], np.int64))
    parts = graph.node("Split", [wide(graph, members), sizes], outputs=len(members), axis=1)
    outs = [graph.dense(graph.dense(x, layers[1], True), layers[2], False) for x, layers in zip(parts, members)]
    return graph.finish(graph.node("Concat", outs, axis=1), inputs(members), len(members))


def wide_and_batched(members):
    """A wide first layer, and batched products after it."""
    graph = Graph()
    shape = graph.constant(np.array([0, len(members), -1], np.int64))
    hidden = graph.node("Transpose", [graph.node("Reshape", [wide(graph, members), shape])], perm=[1, 0, 2])
    hidden = graph.stacked(hidden, [layers[1] for layers in members], True)
    out = graph.stacked(hidden, [layers[2] for layers in members], False)
    return graph.finish(graph.rows_first(out), inputs(members), len(members))


def batched(members):
    """Batched products alone."""
    graph = Graph()
    x = "in"
    for number in range(3):
        x = graph.stacked(x, [layers[number] for layers in members], number < 2)
    return graph.finish(graph.rows_first(x), inputs(members), len(members))


def inputs(members):
    return members[0][0][0].shape[0]
