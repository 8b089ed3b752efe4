//! One block of rows backwards through a network.

use ndarray::{ArrayView1, ArrayView2};

use crate::matrix::{add_product_turned, column_major, product};
use crate::model::ensemble::{Activation, Architecture, Layers, Output, Workspace};

/// Room for the derivatives by what the layers put out, before their functions.
pub(super) struct Derivatives {
    hidden: Layers,
    /// Room for what a layer puts out, row by row.
    turned: Vec<f32>,
    /// By the output of each row, `[BLOCK]`, to be set before [`backward`].
    pub outputs: Vec<f32>,
}

impl Derivatives {
    pub fn like(workspace: &Workspace) -> Self {
        Self { hidden: workspace.hidden.clone(), turned: vec![], outputs: workspace.outputs.clone() }
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
    let below = |l: usize| if l == 0 { workspace.turned(x) } else { workspace.hidden.layer(l - 1, n).reversed_axes() };
    let Derivatives { hidden, turned, outputs } = derivatives;
    if *output == Output::Softplus {
        outputs[..n].iter_mut().zip(&workspace.outputs).for_each(|(d, &a)| *d *= softplus_slope(a));
    }
    let outputs = ArrayView1::from(&outputs[..n]);
    let (mut by_weights, mut by_biases) = layout.layer_mut(last, gradient);
    for (by_weight, values) in by_weights.row_mut(0).iter_mut().zip(below(last).columns()) {
        *by_weight += values.dot(&outputs);
    }
    by_biases[0] += outputs.sum();
    if last > 0 {
        let (weights, _) = layout.layer(last, flat);
        for (&weight, mut lower) in weights.row(0).iter().zip(hidden.with_below_mut(last - 1, n).0.rows_mut()) {
            lower.zip_mut_with(&outputs, |lower, &d| *lower = d * weight);
        }
    }
    for l in (0..last).rev() {
        let (mut here, lower) = hidden.with_below_mut(l, n);
        let values = workspace.hidden.layer(l, n);
        for (mut here, values) in here.rows_mut().into_iter().zip(values.rows()) {
            if let (Some(here), Some(values)) = (here.as_slice_mut(), values.as_slice()) {
                through(*activation, here, values);
            }
        }
        let (by_weights, mut by_biases) = layout.layer_mut(l, gradient);
        let by_rows = if l == 0 { x } else { column_major(workspace.hidden.layer(l - 1, n), turned).reversed_axes() };
        add_product_turned(here.view(), by_rows, below(l), by_weights);
        here.rows().into_iter().zip(&mut by_biases).for_each(|(row, by_bias)| *by_bias += row.sum());
        // No one asks for derivatives by the inputs.
        if let Some(lower) = lower {
            let (weights, _) = layout.layer(l, flat);
            product(weights.t(), here.view(), lower);
        }
    }
}
