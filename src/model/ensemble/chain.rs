//! Recognises networks in a graph, whoever wrote it.
//!
//! Members are chains of dense layers with Relu or Softplus between them, set side by side. Whatever else a graph holds,
//! it is left to tract.

use std::collections::HashMap;

use ndarray::{Array1, Array2};
use tract_onnx::pb::{GraphProto, NodeProto};

use super::network::{Activation, Network, Output};
use super::{Constants, InputMap, Perceptrons};
use crate::model::{GraphBuilder, INPUT, OUTPUT};

/// Dense layers, and the function behind each.
#[derive(Default)]
struct Chain {
    layers: Vec<(Array2<f32>, Array1<f32>)>,
    functions: Vec<Option<Activation>>,
    scale: Option<f32>,
}

/// What a name of the graph stands for.
enum Value {
    Chain(Chain),
    Members { chains: Vec<Chain>, mixing: Option<Array2<f32>> },
}

/// The networks that a graph is made of, and the map to their inputs if they have one of ours.
pub(super) fn read(graph: &GraphProto, constants: &Constants) -> Option<(Option<InputMap>, Perceptrons)> {
    let mut begin = GraphBuilder::default();
    let inputs = InputMap::read(constants);
    let start = inputs.as_ref().map_or(INPUT, |map| map.write(&mut begin));
    let nodes = begin.rest_of(graph)?;
    let mut values = HashMap::new();
    for node in nodes {
        let [output] = &node.output[..] else { return None };
        let value = evaluate(node, constants, |name| match values.remove(name) {
            // Every member starts there; other values are used once.
            None if name == start => Some(Value::Chain(Chain::default())),
            value => value,
        })?;
        values.insert(output.as_str(), value);
    }
    let (chains, mixing) = match values.remove(OUTPUT)? {
        Value::Chain(chain) => (vec![chain], None),
        Value::Members { chains, mixing } => (chains, mixing),
    };
    let networks = chains.into_iter().map(Chain::network).collect::<Option<_>>()?;
    let perceptrons = Perceptrons::from_parts(networks, mixing)?;
    let fits = inputs.as_ref().is_none_or(|map| map.width() == perceptrons.width());
    (values.is_empty() && fits).then_some((inputs, perceptrons))
}

/// What a node makes of its inputs, which `take` gives.
fn evaluate<'a>(
    node: &'a NodeProto,
    constants: &Constants,
    mut take: impl FnMut(&'a str) -> Option<Value>,
) -> Option<Value> {
    let inputs: Vec<&str> = node.input.iter().map(String::as_str).collect();
    let plain = node.attribute.is_empty();
    match (node.op_type.as_str(), &inputs[..]) {
        ("Gemm", [x, weights, rest @ ..]) if rest.len() < 2 => {
            let mut weights = constants.matrix(weights)?;
            for attribute in &node.attribute {
                match (attribute.name.as_str(), attribute.i, attribute.f) {
                    ("alpha" | "beta", _, 1.0) | ("transA" | "transB", 0, _) => {}
                    ("transB", 1, _) => weights = weights.reversed_axes(),
                    _ => return None,
                }
            }
            let biases = match rest {
                [biases] => constants.vector(biases)?,
                _ => Array1::zeros(weights.ncols()),
            };
            take(x)?.chain()?.layer(weights, biases)
        }
        ("MatMul", [x, matrix]) if plain => {
            let matrix = constants.matrix(matrix)?;
            match take(x)? {
                Value::Chain(chain) => {
                    let biases = Array1::zeros(matrix.ncols());
                    chain.layer(matrix, biases)
                }
                Value::Members { chains, mixing: None } => Some(Value::Members { chains, mixing: Some(matrix) }),
                Value::Members { .. } => None,
            }
        }
        ("Add", [x, y]) if plain => {
            let (x, biases) = match constants.vector(y) {
                Some(biases) => (x, biases),
                None => (y, constants.vector(x)?),
            };
            take(x)?.chain()?.raise(biases)
        }
        ("Relu", [x]) if plain => take(x)?.chain()?.function(Activation::Relu),
        ("Softplus", [x]) if plain => take(x)?.chain()?.function(Activation::Softplus),
        ("Mul", [x, factor]) if plain => {
            let mut chain = take(x)?.chain()?;
            let ended = !chain.layers.is_empty() && chain.scale.is_none();
            chain.scale = Some(constants.scalar(factor)?);
            ended.then_some(Value::Chain(chain))
        }
        ("Concat", members) => {
            let [axis] = &node.attribute[..] else { return None };
            let chains = members.iter().map(|name| take(name)?.chain()).collect::<Option<_>>()?;
            (axis.name == "axis" && matches!(axis.i, 1 | -1)).then_some(Value::Members { chains, mixing: None })
        }
        _ => None,
    }
}

impl Value {
    fn chain(self) -> Option<Chain> {
        match self {
            Self::Chain(chain) => Some(chain),
            Self::Members { .. } => None,
        }
    }
}

impl Chain {
    /// Another layer, `[in, out]` and `[out]`.
    fn layer(mut self, weights: Array2<f32>, biases: Array1<f32>) -> Option<Value> {
        if self.scale.is_some() || biases.len() != weights.ncols() {
            return None;
        }
        self.layers.push((weights.reversed_axes(), biases));
        self.functions.push(None);
        Some(Value::Chain(self))
    }

    /// Biases that are added behind the last layer.
    fn raise(mut self, more: Array1<f32>) -> Option<Value> {
        let (_, biases) = self.layers.last_mut()?;
        if biases.len() != more.len() || self.functions.last()?.is_some() || self.scale.is_some() {
            return None;
        }
        *biases += &more;
        Some(Value::Chain(self))
    }

    fn function(mut self, function: Activation) -> Option<Value> {
        let last = self.functions.last_mut()?;
        let free = last.replace(function).is_none() && self.scale.is_none();
        free.then_some(Value::Chain(self))
    }

    fn network(self) -> Option<Network> {
        let (last, hidden) = self.functions.split_last()?;
        let activation = hidden.first().map_or(Some(Activation::default()), |first| *first)?;
        let output = match last {
            None => Output::Linear,
            Some(Activation::Softplus) => Output::Softplus,
            Some(Activation::Relu) => return None,
        };
        let alike = hidden.iter().all(|function| *function == Some(activation));
        let network = Network::from_layers(&self.layers, activation, output, self.scale.unwrap_or(1.0)).ok()?;
        alike.then_some(network)
    }
}
