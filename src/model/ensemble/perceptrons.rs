//! Networks side by side.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::network::{Activation, Network, Output, Workspace};
use crate::model::{GraphBuilder, OUTPUT};

/// Networks that share their inputs.
#[derive(Clone, Debug)]
pub struct Perceptrons {
    networks: Vec<Network>,
    /// What the networks' outputs, as rows, are multiplied by to give the members', `[n_members, n_members]`.
    mixing: Option<Array2<f32>>,
}

impl Perceptrons {
    /// Members whose deviations from their mean are `calibration` times those of the networks.
    ///
    /// # Panics
    /// No network, or networks of different numbers of inputs.
    pub fn new(networks: Vec<Network>, calibration: f64) -> Self {
        let n = networks.len();
        let off = (1.0 - calibration) / n as f64;
        let mixing = Array2::from_shape_fn((n, n), |(i, j)| (off + if i == j { calibration } else { 0.0 }) as f32);
        assert!(Self::agree(&networks), "networks of an ensemble share their inputs");
        Self { networks, mixing: Some(mixing) }
    }

    /// Networks as a file has them; nothing if they do not fit together.
    pub(super) fn from_parts(networks: Vec<Network>, mixing: Option<Array2<f32>>) -> Option<Self> {
        let n = networks.len();
        let square = mixing.as_ref().is_none_or(|mixing| mixing.dim() == (n, n));
        (Self::agree(&networks) && square).then_some(Self { networks, mixing })
    }

    fn agree(networks: &[Network]) -> bool {
        networks.first().is_some_and(|first| networks.iter().all(|n| n.n_inputs() == first.n_inputs()))
    }

    pub fn n_members(&self) -> usize {
        self.networks.len()
    }

    /// Number of inputs.
    pub fn width(&self) -> usize {
        self.networks[0].n_inputs()
    }

    /// Values of the members, `[n, n_members]`, from inputs, `[n, width]`.
    ///
    /// One member after the other: their first layers as one product are no faster, and its sums outgrow the cache.
    pub(super) fn evaluate(&self, inputs: ArrayView2<f32>, workspace: &mut Workspace, mut out: ArrayViewMut2<f32>) {
        for (network, column) in self.networks.iter().zip(out.columns_mut()) {
            network.forward_into(inputs, workspace, column);
        }
        if let Some(mixing) = &self.mixing {
            let mixed = out.dot(mixing);
            out.assign(&mixed);
        }
    }

    /// Adds the networks to a graph, as its output.
    pub(super) fn write(&self, graph: &mut GraphBuilder, inputs: &str) {
        let outputs: Vec<String> =
            self.networks.iter().enumerate().map(|(m, network)| write_network(graph, inputs, network, m)).collect();
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        match &self.mixing {
            Some(mixing) => {
                graph.concatenate(&outputs, "members");
                graph.matrix("mixing", mixing.view());
                graph.node("MatMul", &["members", "mixing"], OUTPUT);
            }
            None => graph.concatenate(&outputs, OUTPUT),
        }
    }
}

/// Adds a network to a graph; the name of its output, `[N, 1]`.
fn write_network(graph: &mut GraphBuilder, inputs: &str, network: &Network, member: usize) -> String {
    let name = |what: &str, layer: usize| format!("member{member}.{what}{layer}");
    let layers = network.layers();
    let mut from = inputs.to_string();
    for (l, layer) in layers.iter().enumerate() {
        let (weights, biases, sum) = (name("weights", l), name("biases", l), name("sum", l));
        graph.matrix(&weights, layer.weights.t());
        graph.vector(&biases, layer.biases);
        graph.node("Gemm", &[&from, &weights, &biases], &sum);
        let function = match (l + 1 == layers.len(), network.activation(), network.output()) {
            (false, Activation::Relu, _) => Some("Relu"),
            (false, Activation::Softplus, _) | (true, _, Output::Softplus) => Some("Softplus"),
            (true, _, Output::Linear) => None,
        };
        from = match function {
            Some(function) => {
                let output = name("output", l);
                graph.node(function, &[&sum], &output);
                output
            }
            None => sum,
        };
    }
    if network.scale() == 1.0 {
        return from;
    }
    let (factor, scaled) = (name("scale", 0), name("scaled", 0));
    graph.scalar(&factor, network.scale());
    graph.node("Mul", &[&from, &factor], &scaled);
    scaled
}
