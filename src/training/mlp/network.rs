//! A dense network with one output.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rayon::prelude::*;

use super::layout::Layout;
use super::pass::{Architecture, CHUNK, Workspace};
use super::random;
use super::settings::{Activation, MlpSettings, Output};
use super::target::Scale;
use crate::{Error, Result};

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
    /// The network that training starts from: weights uniform within `sqrt(6 / in)` (He et al., arXiv:1502.01852),
    /// within `sqrt(3 / in)` in the last layer, biases zero.
    pub fn initial(n_inputs: usize, settings: &MlpSettings, seed: u64) -> Self {
        let layout = Layout::new(n_inputs, &settings.hidden);
        let mut flat = vec![0.0; layout.n_parameters()];
        let mut random = random::of_weights(seed);
        for l in 0..layout.n_layers() {
            let last = l + 1 == layout.n_layers();
            let (mut weights, mut biases) = layout.layer_mut(l, &mut flat);
            let bound = (if last { 3.0 } else { 6.0 } / weights.ncols() as f64).sqrt() as f32;
            weights.mapv_inplace(|_| random.random_range(-bound..=bound));
            if last && settings.output == Output::Softplus {
                // softplus of this is 1, the mean label in training's scale.
                biases.fill(1.0f64.exp_m1().ln() as f32);
            }
        }
        let architecture = Architecture { layout, activation: settings.activation, output: settings.output };
        Self { architecture, flat, scale: 1.0 }
    }

    /// A network of given layers, weights `[out, in]` and biases `[out]`, first layer first.
    ///
    /// # Errors
    /// Layers that do not fit onto each other, or a last one with other than one unit.
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

    /// A network with the weights of training, put into the scale of the labels.
    pub(super) fn trained(architecture: Architecture, mut flat: Vec<f32>, labels: &Scale) -> Self {
        let mut scale = labels.scale as f32;
        if architecture.output == Output::Linear {
            let (mut weights, mut biases) =
                architecture.layout.layer_mut(architecture.layout.n_layers() - 1, &mut flat);
            weights.mapv_inplace(|w| (f64::from(w) * labels.scale) as f32);
            biases.mapv_inplace(|b| (f64::from(b) * labels.scale + labels.shift) as f32);
            scale = 1.0;
        }
        Self { architecture, flat, scale }
    }

    pub(super) fn into_parts(self) -> (Architecture, Vec<f32>) {
        (self.architecture, self.flat)
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
    /// The values do not depend on the number of threads, nor on the other rows beyond rounding.
    ///
    /// # Panics
    /// Rows of another width.
    pub fn forward(&self, x: ArrayView2<f32>) -> Array1<f32> {
        assert_eq!(x.ncols(), self.n_inputs(), "inputs of the network");
        let mut out = Array1::zeros(x.nrows());
        let chunks = out.axis_chunks_iter_mut(Axis(0), CHUNK).into_par_iter();
        chunks.zip(x.axis_chunks_iter(Axis(0), CHUNK)).for_each_init(
            || Workspace::forward(&self.architecture.layout),
            |workspace, (mut out, x)| {
                let values = self.architecture.forward(&self.flat, x, workspace);
                out.iter_mut().zip(values).for_each(|(o, v)| *o = self.scale * v);
            },
        );
        out
    }
}
