//! A dense network with one output.

mod layout;
mod pass;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};
pub(crate) use layout::Layout;
pub(crate) use pass::{Architecture, BLOCK, Layers, Workspace};

/// Function behind every hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `max(z, 0)`.
    #[default]
    Relu,
    /// `ln(1 + exp z)`: smooth, and slower.
    Softplus,
}

/// Function behind the last layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    #[default]
    Linear,
    /// `scale ln(1 + exp z)`: no local conductivity is negative.
    Softplus,
}

/// One dense layer: `z = weights x + biases`.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// `[out, in]`.
    pub weights: ArrayView2<'a, f32>,
    /// `[out]`.
    pub biases: ArrayView1<'a, f32>,
}

/// Dense layers with an activation between them: `scale * output(W_n .. activation(W_1 x + b_1) .. + b_n)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    architecture: Architecture,
    flat: Vec<f32>,
    scale: f32,
}

impl Network {
    pub(crate) fn from_parts(architecture: Architecture, flat: Vec<f32>, scale: f32) -> Self {
        Self { architecture, flat, scale }
    }

    pub(crate) fn into_parts(self) -> (Architecture, Vec<f32>) {
        (self.architecture, self.flat)
    }

    /// A network of given layers, weights `[out, in]` and biases `[out]`, first layer first.
    ///
    /// # Errors
    /// Layers that do not fit onto each other or have no units, or a last one with other than one unit.
    pub fn from_layers(
        layers: &[(Array2<f32>, Array1<f32>)],
        activation: Activation,
        output: Output,
        scale: f32,
    ) -> Result<Self> {
        let widths: Vec<usize> = layers.iter().map(|(weights, _)| weights.nrows()).collect();
        let (Some((first, _)), Some((&1, hidden))) = (layers.first(), widths.split_last()) else {
            return Err(Error::Input("network: the last layer needs exactly one unit".into()));
        };
        if let Some(l) = hidden.iter().position(|&units| units == 0) {
            return Err(Error::Input(format!("network: layer {} has no units", l + 1)));
        }
        let layout = Layout::new(first.ncols(), hidden);
        let mut flat = vec![0.0; layout.n_parameters()];
        for (l, (weights, biases)) in layers.iter().enumerate() {
            let (mut w, mut b) = layout.layer_mut(l, &mut flat);
            if w.dim() != weights.dim() || b.len() != biases.len() {
                return Err(Error::Input(format!(
                    "network: layer {} has weights {:?} and {} biases, where {:?} and {} fit",
                    l + 1,
                    weights.dim(),
                    biases.len(),
                    w.dim(),
                    b.len()
                )));
            }
            w.assign(weights);
            b.assign(biases);
        }
        Ok(Self { architecture: Architecture { layout, activation, output }, flat, scale })
    }

    /// Number of inputs.
    pub fn n_inputs(&self) -> usize {
        self.architecture.layout.n_inputs()
    }

    /// The layers, first layer first.
    pub fn layers(&self) -> Vec<Layer<'_>> {
        let layout = &self.architecture.layout;
        let layer = |l| {
            let (weights, biases) = layout.layer(l, &self.flat);
            Layer { weights, biases }
        };
        (0..layout.n_layers()).map(layer).collect()
    }

    /// Function behind every layer but the last.
    pub fn activation(&self) -> Activation {
        self.architecture.activation
    }

    /// Function behind the last layer.
    pub fn output(&self) -> Output {
        self.architecture.output
    }

    /// Factor behind the output function; 1 where that is linear.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The output for each row of `x`, `[n, n_inputs]`; `[n]`. NaN in gives NaN out.
    ///
    /// The values do not depend on the other rows beyond rounding.
    ///
    /// # Panics
    /// Rows of another width.
    pub fn forward(&self, x: ArrayView2<f32>) -> Array1<f32> {
        let mut out = Array1::zeros(x.nrows());
        self.forward_into(x, &mut Workspace::default(), out.view_mut());
        out
    }

    /// As [`Self::forward`]; the workspace is made anew only if it was made for another layout.
    pub(crate) fn forward_into(&self, x: ArrayView2<f32>, workspace: &mut Workspace, mut out: ArrayViewMut1<f32>) {
        assert_eq!(x.ncols(), self.n_inputs(), "inputs of the network");
        if !workspace.fits(&self.architecture.layout) {
            *workspace = Workspace::new(&self.architecture.layout);
        }
        let blocks = x.axis_chunks_iter(Axis(0), BLOCK).zip(out.axis_chunks_iter_mut(Axis(0), BLOCK));
        for (x, mut out) in blocks {
            let values = self.architecture.forward(&self.flat, x, workspace);
            out.iter_mut().zip(values).for_each(|(o, v)| *o = self.scale * v);
        }
    }
}
