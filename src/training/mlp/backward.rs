//! One block of rows backwards through a network.

use ndarray::{Array2, ArrayView2, s};

use crate::matrix::{add_product, product};
use crate::model::ensemble::{Activation, Architecture, Output, Workspace};

/// Room for the derivatives by what the layers put out, before their functions.
pub(super) struct Derivatives {
    /// `[BLOCK, units]` of each hidden layer.
    hidden: Vec<Array2<f32>>,
    /// By the output of each row, `[BLOCK]`, to be set before [`backward`].
    pub outputs: Vec<f32>,
}

impl Derivatives {
    pub fn like(workspace: &Workspace) -> Self {
        Self { hidden: workspace.hidden.clone(), outputs: workspace.outputs.clone() }
    }
}

/// The derivative of softplus, by its value.
fn softplus_slope(value: f32) -> f32 {
    -(-value).exp_m1()
}

/// Multiplies derivatives by what a layer put out by those before its function.
fn through(activation: Activation, derivatives: &mut [f32], values: &[f32]) {
    let both = derivatives.iter_mut().zip(values);
    match activation {
        Activation::Relu => both.for_each(|(d, &a)| *d = if a > 0.0 { *d } else { 0.0 }),
        Activation::Softplus => both.for_each(|(d, &a)| *d *= softplus_slope(a)),
    }
}

/// Adds the derivatives by all weights to `gradient`, after [`Architecture::forward`] of the same rows and with the
/// derivatives by their outputs in place.
pub(super) fn backward(
    architecture: &Architecture,
    flat: &[f32],
    x: ArrayView2<f32>,
    workspace: &Workspace,
    derivatives: &mut Derivatives,
    gradient: &mut [f32],
) {
    let Architecture { layout, activation, output } = architecture;
    let n = x.nrows();
    let last = layout.n_layers() - 1;
    let below = |l: usize| if l == 0 { x } else { workspace.hidden[l - 1].slice(s![..n, ..]) };
    let Derivatives { hidden, outputs } = derivatives;
    if *output == Output::Softplus {
        outputs[..n].iter_mut().zip(&workspace.outputs).for_each(|(d, &a)| *d *= softplus_slope(a));
    }
    let (mut by_weights, mut by_biases) = layout.layer_mut(last, gradient);
    for (&d, row) in outputs[..n].iter().zip(below(last).rows()) {
        by_weights.row_mut(0).scaled_add(d, &row);
        by_biases[0] += d;
    }
    if let Some(lower) = hidden.last_mut() {
        let (weights, _) = layout.layer(last, flat);
        for (&d, mut lower) in outputs[..n].iter().zip(lower.rows_mut()) {
            lower.zip_mut_with(&weights.row(0), |lower, &w| *lower = d * w);
        }
    }
    for l in (0..last).rev() {
        let (before, here) = hidden.split_at_mut(l);
        let mut here = here[0].slice_mut(s![..n, ..]);
        let values = workspace.hidden[l].slice(s![..n, ..]);
        if let (Some(here), Some(values)) = (here.as_slice_mut(), values.as_slice()) {
            through(*activation, here, values);
        }
        let (by_weights, mut by_biases) = layout.layer_mut(l, gradient);
        add_product(here.t(), below(l), by_weights);
        here.rows().into_iter().for_each(|row| by_biases += &row);
        // No one asks for derivatives by the inputs.
        if let Some(lower) = before.last_mut() {
            let (weights, _) = layout.layer(l, flat);
            product(here.view(), weights, lower.slice_mut(s![..n, ..]));
        }
    }
}
