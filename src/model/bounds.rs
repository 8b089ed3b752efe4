//! How large the numbers of a graph may become, and whether they stay numbers.

use std::collections::{HashMap, HashSet};

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto, tensor_proto};

/// Features are taken to be no larger: those of a few ions within the reach are of the order of one, of many some thousand.
const FEATURES: f64 = 1e6;

/// Terms that a sum along an axis, or a product of two computed matrices, is taken to have at most.
const TERMS: f64 = (1 << 20) as f64;

/// An argument of which the exponential is within float32.
const EXPONENT: f64 = 88.0;

/// Names of the values of a graph that are numbers of float32 wherever features are; `nodes` are in the order of their work.
pub(super) fn certain(graph: &GraphProto, nodes: &[NodeProto]) -> HashSet<String> {
    let mut constants: HashMap<&str, &TensorProto> =
        graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    constants.extend(nodes.iter().filter_map(constant));
    let mut largest: HashMap<String, f64> = graph.input.iter().map(|input| (input.name.clone(), FEATURES)).collect();
    largest.extend(constants.iter().map(|(name, tensor)| ((*name).into(), within(sizes(tensor).fold(0.0, worse)))));
    let mut bounds = Bounds { constants, largest };
    for node in nodes.iter().filter(|node| constant(node).is_none()) {
        let largest = within(bounds.output(node));
        bounds.largest.extend(node.output.iter().map(|output| (output.clone(), largest)));
    }
    bounds.largest.into_iter().filter(|(_, largest)| largest.is_finite()).map(|(name, _)| name).collect()
}

/// The largest size of each value; infinite where it may leave float32, or be no number.
struct Bounds<'a> {
    constants: HashMap<&'a str, &'a TensorProto>,
    largest: HashMap<String, f64>,
}

impl Bounds<'_> {
    fn of(&self, name: &str) -> f64 {
        self.largest.get(name).copied().unwrap_or(f64::INFINITY)
    }

    fn output(&self, node: &NodeProto) -> f64 {
        let given = || node.input.iter().filter(|name| !name.is_empty()).map(|name| self.of(name));
        let largest = given().fold(0.0, worse);
        let input = |k: usize| node.input.get(k).filter(|name| !name.is_empty()).map(|name| self.of(name));
        let first = input(0).unwrap_or(f64::INFINITY);
        match node.op_type.as_str() {
            "And" | "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "Not" | "Or" => 1.0,
            "Shape" => TERMS,
            "ConstantOfShape" => {
                node.attribute.iter().find_map(|a| a.t.as_ref()).map_or(0.0, |tensor| sizes(tensor).fold(0.0, worse))
            }
            "Constant" => {
                let numbers = |a: &AttributeProto| {
                    let floats = a.floats.iter().chain([&a.f]).map(|v| f64::from(v.abs())).fold(0.0, worse);
                    a.ints.iter().chain([&a.i]).fold(floats, |largest, v| largest.max(v.unsigned_abs() as f64))
                };
                node.attribute.iter().map(numbers).fold(0.0, worse)
            }
            "Log" | "Reciprocal" | "Sqrt" => f64::INFINITY,
            "Exp" if first <= EXPONENT => first.exp(),
            "Exp" => f64::INFINITY,
            "Cos" | "Erf" | "HardSigmoid" | "Sigmoid" | "Sign" | "Sin" | "Softmax" | "Softsign" | "Tanh"
                if largest.is_finite() =>
            {
                1.0
            }
            "Add" | "Sub" | "Sum" => given().sum(),
            "Mul" | "PRelu" => given().map(|size| size.max(1.0)).product(),
            "MatMul" => self.product(&node.input, sum),
            "Einsum" => self.product(&node.input, |tensor| sizes(tensor).sum()),
            "Gemm" => {
                let scales = real(node, "alpha", 1.0) * self.product(&node.input[..2.min(node.input.len())], sum);
                scales.abs() + real(node, "beta", 1.0).abs() * input(2).unwrap_or(0.0)
            }
            "Div" => first / self.smallest(node.input.get(1)),
            "Pow" => self.power(first, node.input.get(1)),
            "ReduceL1" | "ReduceMean" | "ReduceSum" => TERMS * first,
            "ReduceL2" => TERMS * squared(first),
            "BatchNormalization" => {
                let [scale, shift, mean] = [1, 2, 3].map(|k| input(k).unwrap_or(f64::INFINITY));
                let variance = self.values(node.input.get(4)).map_or(0.0, |v| v.fold(f64::INFINITY, lesser));
                scale * (first + mean) / (variance + real(node, "epsilon", 1e-5)).max(0.0).sqrt() + shift
            }
            "LayerNormalization" if real(node, "epsilon", 1e-5) > 0.0 => TERMS * squared(largest),
            "LayerNormalization" => f64::INFINITY,
            "Celu" | "Elu" | "Selu" | "LeakyRelu" | "HardSwish" | "Softplus" => {
                let [alpha, gamma] = ["alpha", "gamma"].map(|name| real(node, name, 2.0).abs().max(1.0));
                gamma * alpha * (largest + 1.0)
            }
            // Of the size of what goes in, or less: activations, choices, other shapes.
            _ => largest,
        }
    }

    /// A product of matrices: each element of a constant one counts where it may meet another.
    fn product(&self, inputs: &[String], sum: impl Fn(&TensorProto) -> f64) -> f64 {
        let matrices: Vec<f64> =
            inputs.iter().filter_map(|name| self.constants.get(name.as_str())).map(|m| sum(m)).collect();
        let others = inputs.iter().filter(|name| !self.constants.contains_key(name.as_str())).map(|name| self.of(name));
        let terms = if matrices.is_empty() { TERMS } else { 1.0 };
        terms * matrices.iter().product::<f64>() * others.product::<f64>()
    }

    fn values(&self, name: Option<&String>) -> Option<impl Iterator<Item = f64>> {
        self.constants.get(name?.as_str()).map(|tensor| numbers(tensor))
    }

    /// The smallest size of a constant; 0 of what is computed.
    fn smallest(&self, divisor: Option<&String>) -> f64 {
        self.values(divisor).map_or(0.0, |values| values.map(f64::abs).fold(f64::INFINITY, lesser))
    }

    /// Whole powers of any number are numbers, others those of some only.
    fn power(&self, base: f64, exponent: Option<&String>) -> f64 {
        let whole = |power: f64| power >= 0.0 && power.fract() == 0.0;
        let of = |power: f64| if whole(power) { base.max(1.0).powf(power) } else { f64::INFINITY };
        self.values(exponent).map_or(f64::INFINITY, |values| values.map(of).fold(0.0, worse))
    }
}

/// The name and the tensor of a node that is a constant.
fn constant(node: &NodeProto) -> Option<(&str, &TensorProto)> {
    let tensor = node.attribute.first()?.t.as_ref()?;
    (node.op_type == "Constant").then_some((node.output.first()?, tensor))
}

/// A size that is squared on the way to one no larger.
fn squared(size: f64) -> f64 {
    size.max(1.0) * size
}

/// A size, or infinity where float32 has no such number.
fn within(size: f64) -> f64 {
    if size <= f64::from(f32::MAX) { size } else { f64::INFINITY }
}

/// The larger of two, NaN as infinity.
fn worse(a: f64, b: f64) -> f64 {
    if b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// The lesser of two, NaN as 0.
fn lesser(a: f64, b: f64) -> f64 {
    if b.is_nan() { 0.0 } else { a.min(b) }
}

/// The largest sum of sizes along a row or a column of a matrix, or of a stack of them.
fn sum(tensor: &TensorProto) -> f64 {
    let width = tensor.dims.last().map_or(1, |n| usize::try_from(*n).unwrap_or(1).max(1));
    let height = tensor.dims.iter().rev().nth(1).map_or(1, |n| usize::try_from(*n).unwrap_or(1).max(1));
    let sizes: Vec<f64> = sizes(tensor).collect();
    let rows = sizes.chunks(width).map(|row| row.iter().sum::<f64>());
    let mut columns = 0.0;
    for matrix in sizes.chunks(width.saturating_mul(height)) {
        for column in 0..width {
            columns = worse(columns, matrix.iter().skip(column).step_by(width).sum());
        }
    }
    rows.fold(columns, worse)
}

fn sizes(tensor: &TensorProto) -> impl Iterator<Item = f64> {
    numbers(tensor).map(f64::abs)
}

/// The numbers of a tensor, NaN for one in a type that weights rarely have.
fn numbers(tensor: &TensorProto) -> Box<dyn Iterator<Item = f64> + '_> {
    use tensor_proto::DataType;
    let short = || tensor.raw_data.as_chunks::<4>().0.iter();
    let long = || tensor.raw_data.as_chunks::<8>().0.iter();
    match DataType::try_from(tensor.data_type) {
        Ok(DataType::Float) => {
            let raw = short().map(|bytes| f32::from_le_bytes(*bytes));
            Box::new(tensor.float_data.iter().copied().chain(raw).map(f64::from))
        }
        Ok(DataType::Double) => {
            let raw = long().map(|bytes| f64::from_le_bytes(*bytes));
            Box::new(tensor.double_data.iter().copied().chain(raw))
        }
        Ok(DataType::Int64) => {
            let raw = long().map(|bytes| i64::from_le_bytes(*bytes));
            Box::new(tensor.int64_data.iter().copied().chain(raw).map(|v| v as f64))
        }
        _ => Box::new(std::iter::once(f64::NAN)),
    }
}

fn real(node: &NodeProto, name: &str, default: f32) -> f64 {
    f64::from(node.attribute.iter().find(|a: &&AttributeProto| a.name == name).map_or(default, |a| a.f))
}
