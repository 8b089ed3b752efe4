//! Networks as training starts from them and as it leaves them.

use rand::Rng;

use super::random;
use super::settings::MlpSettings;
use super::target::Scale;
use crate::model::ensemble::{Architecture, Layout, Network, Output};

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
        Self::from_parts(architecture, flat, 1.0)
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
        Self::from_parts(architecture, flat, scale)
    }
}
