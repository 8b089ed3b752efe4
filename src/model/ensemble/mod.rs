//! The networks that ionscape trains, with one forward pass for training and for LAMMPS.
//!
//! A file that ionscape wrote is run here; every other graph is run by tract, which the tests compare this with.

mod elementwise;
mod inputs;
mod network;
mod waves;

use std::collections::HashMap;

use ndarray::{Array1, Array2, ArrayView2};
use tract_onnx::pb::{ModelProto, TensorProto};

pub use inputs::{InputMap, Transform};
pub use network::{Activation, Layer, Network, Output};
pub(crate) use network::{Architecture, BLOCK, Layout, Workspace};
pub use waves::Waves;

use super::{GraphBuilder, OUTPUT};

/// Members that share their inputs.
#[derive(Clone, Debug)]
pub struct Ensemble {
    inputs: InputMap,
    head: Head,
}

/// What maps inputs to the members' local conductivities.
#[derive(Clone, Debug)]
pub enum Head {
    /// `offsets + waves(x) weights`, `[D, n_members]`.
    Waves { waves: Waves, weights: Array2<f32>, offsets: Array1<f32> },
}

/// What one thread works in.
#[derive(Default)]
pub struct Scratch {
    transformed: Array2<f32>,
    inputs: Array2<f32>,
    hidden: Array2<f32>,
}

impl Ensemble {
    pub fn new(inputs: InputMap, head: Head) -> Self {
        Self { inputs, head }
    }

    pub fn n_features(&self) -> usize {
        self.inputs.n_features()
    }

    pub fn n_members(&self) -> usize {
        match &self.head {
            Head::Waves { offsets, .. } => offsets.len(),
        }
    }

    /// Local conductivities `[n, n_members]` of environments `[n, n_features]`.
    pub fn predict(&self, features: ArrayView2<f32>, scratch: &mut Scratch) -> Array2<f32> {
        self.inputs.apply(features, &mut scratch.transformed, &mut scratch.inputs);
        match &self.head {
            Head::Waves { waves, weights, offsets } => {
                waves.evaluate(scratch.inputs.view(), &mut scratch.hidden);
                scratch.hidden.dot(weights) + offsets
            }
        }
    }

    /// The ensemble as an ONNX graph.
    pub fn to_graph(&self) -> GraphBuilder {
        let mut graph = GraphBuilder::default();
        let inputs = self.inputs.write(&mut graph);
        match &self.head {
            Head::Waves { waves, weights, offsets } => {
                let hidden = waves.write(&mut graph, inputs);
                graph.matrix("weights", weights.view());
                graph.vector("offsets", offsets.view());
                graph.node("Gemm", &[hidden, "weights", "offsets"], OUTPUT);
            }
        }
        graph
    }

    /// The ensemble that a file holds; nothing if the file is not exactly what [`Ensemble::to_graph`] would make of it.
    pub(super) fn from_file(proto: &ModelProto) -> Option<Self> {
        let graph = proto.graph.as_ref()?;
        let constants = Constants(graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect());
        let inputs = InputMap::read(&constants)?;
        let waves = Waves::read(&constants)?;
        let (weights, offsets) = (constants.matrix("weights")?, constants.vector("offsets")?);
        if inputs.width() != waves.width() || weights.dim() != (waves.n_features(), offsets.len()) {
            return None;
        }
        let ensemble = Self::new(inputs, Head::Waves { waves, weights, offsets });
        ensemble.to_graph().is_that_of(graph).then_some(ensemble)
    }
}

/// The constants of a graph by name.
struct Constants<'a>(HashMap<&'a str, &'a TensorProto>);

impl Constants<'_> {
    fn values(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let tensor = self.0.get(name)?;
        let shape: Vec<usize> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect::<Option<_>>()?;
        let (bytes, rest) = tensor.raw_data.as_chunks::<4>();
        let values: Vec<f32> = bytes.iter().map(|b| f32::from_le_bytes(*b)).collect();
        (rest.is_empty() && shape.iter().product::<usize>() == values.len()).then_some((shape, values))
    }

    fn matrix(&self, name: &str) -> Option<Array2<f32>> {
        let (shape, values) = self.values(name)?;
        let [rows, columns] = shape[..] else { return None };
        Array2::from_shape_vec((rows, columns), values).ok()
    }

    fn vector(&self, name: &str) -> Option<Array1<f32>> {
        let (shape, values) = self.values(name)?;
        (shape.len() == 1).then(|| Array1::from_vec(values))
    }

    fn scalar(&self, name: &str) -> Option<f32> {
        let (shape, values) = self.values(name)?;
        shape.is_empty().then(|| values[0])
    }
}
