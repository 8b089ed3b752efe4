"""Random networks: graphs as ONNX in float32, and their values in float64 with a bound on what float32 may lose."""

import itertools
import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy import special

# Half a unit in the last place of float32.
UNIT = 2.0**-24
# Rounding errors are taken to be independent, and sums of them to be within so many times their root mean square:
# N. J. Higham and T. Mary, SIAM J. Sci. Comput. 41, A2815 (2019).
SELDOM = 6.0

ACTIVATIONS = {
    "Relu": lambda x: np.maximum(x, 0),
    "Tanh": np.tanh,
    "Sigmoid": special.expit,
    "Softplus": lambda x: np.logaddexp(x, 0),
    "Elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "LeakyRelu": lambda x: np.where(x > 0, x, 0.01 * x),
    "Softsign": lambda x: x / (1 + abs(x)),
}


class Network:
    """A graph in the making. Each step also goes forward: values and the errors of single precision, both `[n, width]`.

    Names matter: ionscape runs graphs that are written as its own are by itself, and others by a library.
    """

    def __init__(self, n_features):
        self.nodes, self.tensors, self.steps, self.n_features = [], {}, [], n_features
        # Whether a graph of this form is left to the library, and the largest argument of a Softplus so far.
        self.by_library, self.largest_softplus = False, 0.0

    def tensor(self, values, name=None):
        name = name or f"t{len(self.tensors)}"
        self.tensors[name] = numpy_helper.from_array(np.asarray(values, np.float32), name)
        return name

    def node(self, kind, inputs, step, name=None, **attributes):
        name = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        self.steps.append((inputs, step, name))
        return name

    def affine(self, x, weights, bias, names=(None, None, None), transposed=False):
        """`x weights + bias`."""
        weights, bias = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
        w, b = weights.astype(float), bias.astype(float)

        def step(value, error):
            terms = np.sqrt(value**2 @ w**2 + b**2)
            return value @ w + b, np.sqrt(error**2 @ w**2) + np.sqrt(len(w) + 1) * UNIT * terms

        inputs = [x, self.tensor(weights.T if transposed else weights, names[0]), self.tensor(bias, names[1])]
        return self.node("Gemm", inputs, step, names[2], **({"transB": 1} if transposed else {}))

    def activate(self, x, kind):
        function = ACTIVATIONS[kind]

        def step(value, error):
            if kind == "Softplus":
                self.largest_softplus = max(self.largest_softplus, value.max())
            out = function(value)
            # Slopes are at most 1; the functions themselves are good to some units.
            return out, error + 8 * UNIT * (abs(out) + (kind in NEAR_ONE))

        return self.node(kind, [x], step)

    def elementwise(self, kind, x, constant, names=(None, None)):
        constant = np.asarray(constant, np.float32)
        c = constant.astype(float)

        def step(value, error):
            out, slope = {
                "Add": lambda: (value + c, 1.0), "Sub": lambda: (value - c, 1.0),
                "Mul": lambda: (value * c, abs(c)), "Div": lambda: (value / c, 1 / abs(c))
            }[kind]()
            return out, error * slope + 2 * UNIT * abs(out)

        return self.node(kind, [x, self.tensor(constant, names[0])], step, names[1])

    def cosine(self, x):
        """Of `2 pi x`."""
        angles = self.elementwise("Mul", x, 2 * np.pi, ("turn", "angles"))
        # The angle is as good as the number of turns is small, and 2 pi in single precision is not 2 pi.
        return self.node("Cos", [angles], lambda v, e: (np.cos(v), e + 8 * UNIT * (1 + abs(v))), "waves")

    def soft_root(self, x, factor):
        """`s/(sqrt(|s| + 1) + 1)` with `s = factor x`, in six nodes."""
        scaled = self.elementwise("Mul", x, factor, ("factor", "scaled"))
        one = self.tensor(1.0, "one")
        size = self.node("Abs", [scaled], lambda v, e: (abs(v), e), "size")
        plus = lambda v, e: (v + 1, e + UNIT * (v + 1))
        raised = self.node("Add", [size, one], plus, "raised")
        root = self.node("Sqrt", [raised], lambda v, e: (np.sqrt(v), e / (2 * np.sqrt(v)) + UNIT * np.sqrt(v)), "root")
        divisor = self.node("Add", [root, one], plus, "divisor")

        def divide(v, e, w, f):
            return v / w, e / w + abs(v) * f / w**2 + 2 * UNIT * abs(v / w)

        return self.node("Div", [scaled, divisor], divide, "transformed")

    def concatenate(self, columns):
        def step(*pairs):
            return np.concatenate(pairs[::2], 1), np.concatenate(pairs[1::2], 1)

        return self.node("Concat", columns, step, axis=1)

    def forward(self, features):
        """`[n, n_members]` and its bounds; features are rounded to single precision, as the graph takes them."""
        known = {"descriptor": (features, UNIT * abs(features))}
        for inputs, step, name in self.steps:
            known[name] = step(*[part for i in inputs if i in known for part in known[i]])
        values, errors = known[name]
        return values, SELDOM * errors

    def save(self, path, n_members, metadata):
        self.nodes[-1].output[0] = self.nodes[-1].name = "local_conductivity"
        tensor = TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes, "network",
            [helper.make_tensor_value_info("descriptor", tensor, ["N", self.n_features])],
            [helper.make_tensor_value_info("local_conductivity", tensor, ["N", n_members])],
            list(self.tensors.values()))
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(proto, {"ionscape": json.dumps(metadata)})
        onnx.save(proto, path)


# Computed as a difference of numbers of size 1 by whoever likes.
NEAR_ONE = ("Tanh", "Sigmoid", "Softplus", "Elu")


def random(rng, typical):
    """A network and its number of members, for features of some typical sizes."""
    n_features, members = len(typical), int(rng.integers(1, 9))
    net = Network(n_features)
    scale = typical = np.maximum(typical, 1e-6 * typical.max() + 1e-30)
    x, width = "descriptor", n_features
    head = rng.choice(["linear", "perceptrons", "waves", "other"], p=[0.15, 0.35, 0.35, 0.15])
    scaling = "soft-root" if head == "waves" else rng.choice(["none", "scaler", "soft-root"])
    net.by_library = scaling == "scaler" or head == "other"
    if scaling == "scaler":
        x = net.elementwise("Sub", x, typical * rng.normal(size=n_features))
        x = net.elementwise("Div", x, typical)
        scale = np.ones(n_features)
    if scaling == "soft-root":
        largest = 10 ** rng.uniform(-1, 4)
        x = net.soft_root(x, largest / typical.max())
        s = largest * typical / typical.max()
        scale = s / (np.sqrt(s + 1) + 1)
    if scaling == "soft-root" or rng.random() < 0.3:
        # Principal components: some directions, whitened.
        components = int(rng.integers(1, min(n_features, 30) + 1))
        weights = rng.normal(size=(n_features, components)) / scale[:, None] / np.sqrt(n_features)
        names = ("components", "input_offset", "inputs")
        x, width, scale = net.affine(x, weights, rng.normal(size=components), names), components, np.ones(components)

    def layer(inputs, outputs, scale):
        weights = rng.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        return weights / np.reshape(scale, (-1, 1)), rng.normal(size=outputs)

    if head == "linear":
        net.affine(x, *layer(width, members, scale))
    elif head == "waves":
        n = int(rng.integers(2, 200))
        directions = rng.normal(size=(width, n)) * rng.uniform(0.05, 0.5)
        turns = net.affine(x, directions, rng.random(n), ("directions", "phases", "turns"))
        weights = rng.normal(size=(n, members)) / np.sqrt(n)
        net.affine(net.cosine(turns), weights, rng.normal(size=members), ("weights", "offsets", None))
    else:
        # Relu or Softplus throughout is what ionscape runs by itself.
        kind = str(rng.choice(["Relu", "Softplus"] if head == "perceptrons" else list(ACTIVATIONS)))
        hidden, columns, transposed = rng.integers(1, 40, rng.integers(1, 4)), [], bool(rng.random() < 0.5)
        for _ in range(members):
            y, before, size = x, width, scale
            for n in hidden:
                y = net.activate(net.affine(y, *layer(before, n, size), transposed=transposed), kind)
                before, size = n, np.ones(n)
            columns.append(net.affine(y, *layer(before, 1, size), transposed=transposed))
        last = net.concatenate(columns)
        if head == "other":
            net.elementwise("Add", net.elementwise("Mul", last, rng.uniform(0.5, 2.0)), rng.normal())
    return str(head), net, members


def random_for(rng, features):
    """A random network for such features, and how many were drawn that the library cannot run on them.

    Its Softplus is `log(1 + exp(x))`, of which there is none above 88: ionscape then refuses to go on.
    """
    for refused in itertools.count():
        head, net, members = random(rng, np.quantile(abs(features), 0.9, axis=0))
        net.forward(features)
        if not (net.by_library and net.largest_softplus > 80):
            return head, net, members, refused


def domain(rng, features):
    """A box about some of the environments, so that others are outside; wide enough that no width counts as another."""
    low, high = np.quantile(features, [rng.uniform(0, 0.4), rng.uniform(0.6, 1)], axis=0)
    least = 1e-5 * max((high - low).max(), abs(features).max(), 1e-30)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, least)
    low, high = np.float32(middle - half), np.float32(middle + half)
    return {"kind": "box", "n_environments": len(features), "low": low.tolist(), "high": high.tolist()}


def grade(box, features):
    """`max_f |x - (low + high)/2| / ((high - low)/2)` and what single precision may lose of it."""
    low, high = np.array(box["low"], float), np.array(box["high"], float)
    middle, half = (low + high) / 2, (high - low) / 2
    ratio = abs(features - middle) / half
    return ratio.max(1), ((4 * UNIT * (abs(features) + abs(middle)) / half) + 4 * UNIT * ratio).max(1)
