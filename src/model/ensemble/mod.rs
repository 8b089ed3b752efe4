//! The networks that ionscape trains, with one forward pass for training and for LAMMPS.
//!
//! A file that ionscape wrote is run here, and so are plain perceptrons of others; every other graph is run by tract,
//! which the tests compare this with.

mod chain;
pub(super) mod elementwise;
mod inputs;
mod network;
mod perceptrons;
mod waves;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis};
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto, tensor_proto};

pub use inputs::{InputMap, Transform};
pub use network::{Activation, Layer, Network, Output};
pub(crate) use network::{Architecture, BLOCK, Layers, Layout, Workspace};
pub use perceptrons::Perceptrons;
pub use waves::Waves;

use super::{GraphBuilder, INPUT, OUTPUT};
use crate::matrix::{column_major, product};

/// Members that share their inputs.
#[derive(Clone, Debug)]
pub struct Ensemble {
    /// None where features are the inputs.
    inputs: Option<InputMap>,
    head: Head,
}

/// What maps inputs to the members' local conductivities.
#[derive(Clone, Debug)]
pub enum Head {
    /// `offsets + waves(x) weights`, `[D, n_members]`.
    Waves {
        waves: Waves,
        weights: Array2<f32>,
        offsets: Array1<f32>,
    },
    Perceptrons(Perceptrons),
}

/// What one thread works in.
#[derive(Default)]
pub struct Scratch {
    turned: Vec<f32>,
    inputs: Array2<f32>,
    hidden: Array2<f32>,
    members: Array2<f32>,
    workspace: Workspace,
}

impl Ensemble {
    pub fn new(inputs: InputMap, head: Head) -> Self {
        Self { inputs: Some(inputs), head }
    }

    pub fn n_features(&self) -> usize {
        match (&self.inputs, &self.head) {
            (Some(inputs), _) => inputs.n_features(),
            (None, Head::Waves { waves, .. }) => waves.width(),
            (None, Head::Perceptrons(perceptrons)) => perceptrons.width(),
        }
    }

    pub fn n_members(&self) -> usize {
        match &self.head {
            Head::Waves { offsets, .. } => offsets.len(),
            Head::Perceptrons(perceptrons) => perceptrons.n_members(),
        }
    }

    /// Local conductivities `[n, n_members]` of environments `[n, n_features]`.
    pub fn predict(&self, features: ArrayView2<f32>, scratch: &mut Scratch) -> Array2<f32> {
        let mut out = Array2::zeros((features.nrows(), self.n_members()));
        let blocks = features.axis_chunks_iter(Axis(0), BLOCK).zip(out.axis_chunks_iter_mut(Axis(0), BLOCK));
        for (features, out) in blocks {
            self.predict_block(features, scratch, out);
        }
        out
    }

    /// As [`Self::predict`], few enough rows for what lies between the products to stay in the cache.
    fn predict_block(&self, features: ArrayView2<f32>, scratch: &mut Scratch, mut out: ArrayViewMut2<f32>) {
        let Scratch { turned, inputs, hidden, members, workspace } = scratch;
        let inputs = match &self.inputs {
            Some(map) => {
                map.apply(features, turned, inputs);
                inputs.view()
            }
            // Members share what products would lay out anew for each.
            None => column_major(features, turned),
        };
        match &self.head {
            Head::Waves { waves, weights, offsets } => {
                waves.evaluate(inputs, hidden);
                let shape = (self.n_members(), features.nrows());
                if members.dim() != shape {
                    *members = Array2::zeros(shape);
                }
                product(weights.t(), hidden.view(), members.view_mut());
                for ((mut column, values), offset) in out.columns_mut().into_iter().zip(members.rows()).zip(offsets) {
                    column.iter_mut().zip(values).for_each(|(out, value)| *out = value + offset);
                }
            }
            Head::Perceptrons(perceptrons) => perceptrons.evaluate(inputs, workspace, out),
        }
    }

    /// The ensemble as an ONNX graph.
    pub fn to_graph(&self) -> GraphBuilder {
        let mut graph = GraphBuilder::default();
        let inputs = self.inputs.as_ref().map_or(INPUT, |map| map.write(&mut graph));
        match &self.head {
            Head::Waves { waves, weights, offsets } => {
                let hidden = waves.write(&mut graph, inputs);
                graph.matrix("weights", weights.view());
                graph.vector("offsets", offsets.view());
                graph.node("Gemm", &[hidden, "weights", "offsets"], OUTPUT);
            }
            Head::Perceptrons(perceptrons) => perceptrons.write(&mut graph, inputs),
        }
        graph
    }

    /// The ensemble that a file holds; nothing if it is none of those known here.
    pub(super) fn from_file(proto: &ModelProto) -> Option<Self> {
        let graph = proto.graph.as_ref()?;
        let constants = Constants(graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect());
        Self::of_waves(graph, &constants).or_else(|| {
            let (inputs, perceptrons) = chain::read(graph, &constants)?;
            Some(Self { inputs, head: Head::Perceptrons(perceptrons) })
        })
    }

    /// Waves, if the graph is exactly what [`Ensemble::to_graph`] would make of them.
    fn of_waves(graph: &GraphProto, constants: &Constants) -> Option<Self> {
        let inputs = InputMap::read(constants)?;
        let waves = Waves::read(constants)?;
        let (weights, offsets) = (constants.matrix("weights")?, constants.vector("offsets")?);
        if inputs.width() != waves.width() || weights.dim() != (waves.n_features(), offsets.len()) {
            return None;
        }
        let ensemble = Self::new(inputs, Head::Waves { waves, weights, offsets });
        ensemble.to_graph().is_that_of(graph).then_some(ensemble)
    }
}

/// The same matrix, column after column.
fn in_columns(matrix: &Array2<f32>) -> Array2<f32> {
    matrix.t().as_standard_layout().into_owned().reversed_axes()
}

/// The constants of a graph by name.
struct Constants<'a>(HashMap<&'a str, &'a TensorProto>);

impl Constants<'_> {
    fn values(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let tensor = self.0.get(name).filter(|t| t.data_type == tensor_proto::DataType::Float as i32)?;
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
