//! One chunk of rows forwards and backwards through a network.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, s};

use super::layout::Layout;
use super::settings::{Activation, Output};

/// Rows that go through together: few enough for the inputs to stay in the cache, enough for the matrix products.
pub(super) const CHUNK: usize = 256;

/// A network without its weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Architecture {
    pub layout: Layout,
    pub activation: Activation,
    pub output: Output,
}

/// Room for what every layer puts out and for the derivatives by its sums, `[CHUNK, units]`.
pub(super) struct Workspace {
    outputs: Vec<Array2<f32>>,
    derivatives: Vec<Array2<f32>>,
}

fn softplus(z: f32) -> f32 {
    // exp(-|z|) cannot overflow.
    (if z < 0.0 { 0.0 } else { z }) + (-z.abs()).exp().ln_1p()
}

/// The derivative of softplus, by its value.
fn softplus_slope(value: f32) -> f32 {
    -(-value).exp_m1()
}

impl Workspace {
    /// For forward passes alone.
    pub fn forward(layout: &Layout) -> Self {
        let outputs = (0..layout.n_layers()).map(|l| Array2::zeros((CHUNK, layout.n_units(l)))).collect();
        Self { outputs, derivatives: vec![] }
    }

    pub fn both(layout: &Layout) -> Self {
        let forward = Self::forward(layout);
        Self { derivatives: forward.outputs.clone(), ..forward }
    }

    /// The derivatives by the outputs of each row, `[CHUNK]`, to be set before [`Architecture::backward`].
    pub fn output_derivatives(&mut self) -> &mut [f32] {
        self.derivatives.last_mut().and_then(|d| d.as_slice_mut()).expect("made for both directions")
    }
}

impl Architecture {
    /// The output of each row of `x`, `[n, n_inputs]`, at most [`CHUNK`] rows. NaN in gives NaN out.
    pub fn forward<'a>(&self, flat: &[f32], x: ArrayView2<f32>, workspace: &'a mut Workspace) -> &'a [f32] {
        let n = x.nrows();
        let last = self.layout.n_layers() - 1;
        for l in 0..=last {
            let (weights, biases) = self.layout.layer(l, flat);
            let (before, now) = workspace.outputs.split_at_mut(l);
            let input = before.last().map_or(x, |a| a.slice(s![..n, ..]));
            let mut z = now[0].slice_mut(s![..n, ..]);
            z.assign(&biases.broadcast((n, biases.len())).expect("one bias a unit"));
            general_mat_mul(1.0, &input, &weights.t(), 1.0, &mut z);
            if l < last {
                match self.activation {
                    // Not f32::max, which would turn NaN into zero.
                    Activation::Relu => z.mapv_inplace(|z| if z < 0.0 { 0.0 } else { z }),
                    Activation::Softplus => z.mapv_inplace(softplus),
                }
            } else if self.output == Output::Softplus {
                z.mapv_inplace(softplus);
            }
        }
        &workspace.outputs[last].as_slice().expect("contiguous")[..n]
    }

    /// The derivatives by all weights, written to `gradient`, after [`Self::forward`] of the same rows and with the
    /// derivatives by their outputs in place.
    pub fn backward(&self, flat: &[f32], x: ArrayView2<f32>, workspace: &mut Workspace, gradient: &mut [f32]) {
        let n = x.nrows();
        let last = self.layout.n_layers() - 1;
        let Workspace { outputs, derivatives } = workspace;
        if self.output == Output::Softplus {
            let values = outputs[last].slice(s![..n, ..]);
            derivatives[last].slice_mut(s![..n, ..]).zip_mut_with(&values, |d, &a| *d *= softplus_slope(a));
        }
        for l in (0..=last).rev() {
            let (below, here) = derivatives.split_at_mut(l);
            let d = here[0].slice(s![..n, ..]);
            let input = if l == 0 { x } else { outputs[l - 1].slice(s![..n, ..]) };
            let (mut by_weights, mut by_biases) = self.layout.layer_mut(l, gradient);
            general_mat_mul(1.0, &d.t(), &input, 0.0, &mut by_weights);
            by_biases.assign(&d.sum_axis(Axis(0)));
            if let Some(lower) = below.last_mut() {
                let (weights, _) = self.layout.layer(l, flat);
                let mut lower = lower.slice_mut(s![..n, ..]);
                general_mat_mul(1.0, &d, &weights, 0.0, &mut lower);
                match self.activation {
                    Activation::Relu => lower.zip_mut_with(&input, |d, &a| *d = if a > 0.0 { *d } else { 0.0 }),
                    Activation::Softplus => lower.zip_mut_with(&input, |d, &a| *d *= softplus_slope(a)),
                }
            }
        }
    }
}
