//! One block of rows forwards through a network, for training and for inference.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::super::elementwise::{add_scaled, raise_and_cut};
use super::layout::Layout;
use super::{Activation, Output};
use crate::matrix::{add_product, column_major, column_major_again, product};

/// Rows that go through together: few enough for them, turned to columns as well, and what lies between the layers to stay in the
/// second-level cache, enough for the matrix products.
pub(crate) const BLOCK: usize = 128;

/// A network without its weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Architecture {
    pub layout: Layout,
    pub activation: Activation,
    pub output: Output,
}

/// Room for what every hidden layer puts out for a block, `[units, n]`: products are fastest along the rows of a block, of which
/// there are whole vectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    units: Vec<usize>,
    values: Vec<Vec<f32>>,
}

impl Layers {
    fn new(layout: &Layout) -> Self {
        let units: Vec<usize> = (0..layout.n_layers() - 1).map(|l| layout.n_units(l)).collect();
        Self { values: units.iter().map(|units| vec![0.0; units * BLOCK]).collect(), units }
    }

    /// What a layer puts out for `n` rows, `[units, n]`.
    pub fn layer(&self, l: usize, n: usize) -> ArrayView2<'_, f32> {
        view(&self.values[l], self.units[l], n)
    }

    /// A layer to be written, and the one below it if there is one.
    pub fn layer_mut(&mut self, l: usize, n: usize) -> (ArrayViewMut2<'_, f32>, Option<ArrayView2<'_, f32>>) {
        let (below, here) = self.values.split_at_mut(l);
        let below = below.last().map(|values| view(values, self.units[l - 1], n));
        (view_mut(&mut here[0], self.units[l], n), below)
    }

    /// A layer, and the one below it to be written if there is one.
    pub fn with_below_mut(&mut self, l: usize, n: usize) -> (ArrayViewMut2<'_, f32>, Option<ArrayViewMut2<'_, f32>>) {
        let (below, here) = self.values.split_at_mut(l);
        let below = below.last_mut().map(|values| view_mut(values, self.units[l - 1], n));
        (view_mut(&mut here[0], self.units[l], n), below)
    }
}

fn view(values: &[f32], units: usize, n: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((units, n), &values[..units * n]).expect("as many values as were taken")
}

fn view_mut(values: &mut [f32], units: usize, n: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((units, n), &mut values[..units * n]).expect("as many values as were taken")
}

/// Room for one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace {
    pub hidden: Layers,
    turned: Vec<f32>,
    pub outputs: Vec<f32>,
}

impl Workspace {
    pub fn new(layout: &Layout) -> Self {
        Self { hidden: Layers::new(layout), turned: vec![], outputs: vec![0.0; BLOCK] }
    }

    /// The inputs that went forward last, `x`, with their columns in order.
    pub fn turned<'a>(&'a self, x: ArrayView2<'a, f32>) -> ArrayView2<'a, f32> {
        column_major_again(x, &self.turned)
    }

    /// Whether it was made for such a layout.
    pub fn fits(&self, layout: &Layout) -> bool {
        let units = (0..layout.n_layers() - 1).map(|l| layout.n_units(l));
        self.outputs.len() == BLOCK && self.hidden.units.iter().copied().eq(units)
    }
}

fn softplus(z: f32) -> f32 {
    // exp(-|z|) cannot overflow.
    (if z < 0.0 { 0.0 } else { z }) + (-z.abs()).exp().ln_1p()
}

impl Activation {
    /// Adds a unit's bias to its sums and applies the function.
    fn apply(self, sums: &mut [f32], bias: f32) {
        match self {
            Self::Relu => raise_and_cut(sums, bias),
            Self::Softplus => sums.iter_mut().for_each(|z| *z = softplus(*z + bias)),
        }
    }
}

impl Architecture {
    /// The output of each row of `x`, `[n, n_inputs]`, at most [`BLOCK`] rows. NaN in gives NaN out.
    pub fn forward<'a>(&self, flat: &[f32], x: ArrayView2<f32>, workspace: &'a mut Workspace) -> &'a [f32] {
        let n = x.nrows();
        let last = self.layout.n_layers() - 1;
        let x = column_major(x, &mut workspace.turned);
        for l in 0..last {
            let (weights, biases) = self.layout.layer(l, flat);
            let (mut sums, below) = workspace.hidden.layer_mut(l, n);
            product(weights, below.unwrap_or(x.t()), sums.view_mut());
            for (sums, &bias) in sums.rows_mut().into_iter().zip(biases) {
                self.activation.apply(sums.into_slice().expect("rows of a block lie in order"), bias);
            }
        }
        let (weights, biases) = self.layout.layer(last, flat);
        let outputs = &mut workspace.outputs[..n];
        outputs.fill(biases[0]);
        if last == 0 {
            let sums = ArrayViewMut2::from_shape((1, n), &mut *outputs).expect("one output for each row");
            add_product(weights, x.t(), sums);
        } else {
            for (&weight, values) in weights.row(0).iter().zip(workspace.hidden.layer(last - 1, n).rows()) {
                add_scaled(outputs, weight, values.to_slice().expect("rows of a block lie in order"));
            }
        }
        if self.output == Output::Softplus {
            outputs.iter_mut().for_each(|z| *z = softplus(*z));
        }
        outputs
    }
}
