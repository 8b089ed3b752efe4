//! Which kernels a field has: one, or two where single ions' responses are known.

use ndarray::Array2;

use super::Basis;
use super::systems::between_systems;
use crate::training::TrainSettings;
use crate::training::input::FittedInputs;

/// Squared length scales in mean squared distances: of the kernel on all inputs and, if there is one, of that on the
/// directions in which systems differ.
pub type Scales = (f64, Option<f64>);

/// Share of the features that the kernel between systems has.
const SHARE_BETWEEN: f64 = 0.25;

/// Kernels before their length scales are chosen.
///
/// Across systems the conductivity falls steeply as ions come closer; about one ion, the same change of surroundings means
/// far less, for it does not last. With one kernel the labels would make every ion follow its own surroundings as systems
/// follow theirs. So where responses tell, the field is the sum of one part in the directions in which systems differ and
/// their ions hardly do, and one in all.
pub struct Kernels {
    n_inputs: usize,
    features: usize,
    mean_squared_distance: f64,
    scales: Vec<f64>,
    between: Option<Between>,
}

struct Between {
    directions: Array2<f64>,
    mean_squared_distance: f64,
    scales: Vec<f64>,
}

impl Kernels {
    /// A Gaussian kernel on all inputs.
    pub fn one(inputs: &FittedInputs, settings: &TrainSettings) -> Self {
        Self {
            n_inputs: inputs.map.width(),
            features: settings.gaussian_process.features,
            mean_squared_distance: inputs.mean_squared_distance(),
            scales: settings.gaussian_process.length_scales.clone(),
            between: None,
        }
    }

    /// That and one on the directions in which systems differ; `samples` are inputs of each system.
    pub fn two(samples: &[Array2<f32>], inputs: &FittedInputs, settings: &TrainSettings) -> Self {
        let (directions, variances) = between_systems(samples);
        let mean_squared_distance = 2.0 * variances.iter().map(|v| v + 1.0).sum::<f64>();
        let scales = settings.local.length_scales_between.clone();
        Self {
            scales: settings.local.length_scales.clone(),
            between: Some(Between { directions, mean_squared_distance, scales }),
            ..Self::one(inputs, settings)
        }
    }

    /// All length scales to choose from.
    pub fn candidates(&self) -> Vec<Scales> {
        let between: Vec<Option<f64>> = match &self.between {
            None => vec![None],
            Some(between) => between.scales.iter().copied().map(Some).collect(),
        };
        self.scales.iter().flat_map(|&all| between.iter().map(move |&between| (all, between))).collect()
    }

    /// Their features.
    pub fn basis(&self, scales: Scales, seed: u64) -> Basis {
        let length = (scales.0 * self.mean_squared_distance).sqrt();
        match (&self.between, scales.1) {
            (Some(between), Some(scale)) => {
                let pairs = self.features / 2;
                let first = ((SHARE_BETWEEN * pairs as f64) as usize).max(1);
                let features = (2 * first, 2 * pairs.saturating_sub(first).max(1));
                let lengths = ((scale * between.mean_squared_distance).sqrt(), length);
                Basis::of_two(&between.directions, features, lengths, seed)
            }
            _ => Basis::new(self.n_inputs, self.features, length, seed),
        }
    }
}
