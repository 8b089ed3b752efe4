//! One block of rows forwards through a network, for training and for inference.

use ndarray::{Array2, ArrayView2, s};

use super::super::elementwise::raise_and_cut;
use super::layout::Layout;
use super::{Activation, Output};
use crate::matrix::product;

/// Rows that go through together: few enough for what lies between the layers to stay in the cache, enough for the
/// matrix products.
pub(crate) const BLOCK: usize = 256;

/// A network without its weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Architecture {
    pub layout: Layout,
    pub activation: Activation,
    pub output: Output,
}

/// Room for what every layer puts out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace {
    /// `[BLOCK, units]` of each hidden layer.
    pub hidden: Vec<Array2<f32>>,
    pub outputs: Vec<f32>,
}

impl Workspace {
    pub fn new(layout: &Layout) -> Self {
        let hidden = (0..layout.n_layers() - 1).map(|l| Array2::zeros((BLOCK, layout.n_units(l)))).collect();
        Self { hidden, outputs: vec![0.0; BLOCK] }
    }

    /// Whether it was made for such a layout.
    pub fn fits(&self, layout: &Layout) -> bool {
        let units = self.hidden.iter().map(Array2::ncols);
        self.outputs.len() == BLOCK && units.eq((0..layout.n_layers() - 1).map(|l| layout.n_units(l)))
    }
}

fn softplus(z: f32) -> f32 {
    // exp(-|z|) cannot overflow.
    (if z < 0.0 { 0.0 } else { z }) + (-z.abs()).exp().ln_1p()
}

impl Activation {
    /// Adds biases to sums and applies the function, row by row of `biases.len()` numbers.
    fn apply(self, sums: &mut [f32], biases: &[f32]) {
        match self {
            Self::Relu => raise_and_cut(sums, biases),
            Self::Softplus => {
                for row in sums.chunks_exact_mut(biases.len()) {
                    row.iter_mut().zip(biases).for_each(|(z, b)| *z = softplus(*z + b));
                }
            }
        }
    }
}

impl Architecture {
    /// The output of each row of `x`, `[n, n_inputs]`, at most [`BLOCK`] rows. NaN in gives NaN out.
    pub fn forward<'a>(&self, flat: &[f32], x: ArrayView2<f32>, workspace: &'a mut Workspace) -> &'a [f32] {
        let n = x.nrows();
        let last = self.layout.n_layers() - 1;
        for l in 0..last {
            let (weights, biases) = self.layout.layer(l, flat);
            let (before, now) = workspace.hidden.split_at_mut(l);
            let input = before.last().map_or(x, |a| a.slice(s![..n, ..]));
            let mut sums = now[0].slice_mut(s![..n, ..]);
            product(input, weights.t(), sums.view_mut());
            if let (Some(sums), Some(biases)) = (sums.as_slice_mut(), biases.as_slice()) {
                self.activation.apply(sums, biases);
            }
        }
        // A matrix product would fill seven of its eight columns with zeros.
        let (weights, biases) = self.layout.layer(last, flat);
        let input = workspace.hidden.last().map_or(x, |a| a.slice(s![..n, ..]));
        let outputs = &mut workspace.outputs[..n];
        for (output, row) in outputs.iter_mut().zip(input.rows()) {
            let z = weights.row(0).dot(&row) + biases[0];
            *output = match self.output {
                Output::Linear => z,
                Output::Softplus => softplus(z),
            };
        }
        outputs
    }
}
