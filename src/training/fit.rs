//! One fitted model, whatever its kind.

use ndarray::Array2;
use serde_json::json;

use super::gaussian::GaussianField;
use super::input::{FittedInputs, fit_inputs};
use super::mlp::Network;
use super::perceptrons::{Kept, mean_outputs, pooled_outputs, train_members};
use super::settings::{ModelKind, TrainSettings};
use super::{Pooled, Rows};
use crate::model::ensemble::{Ensemble, Head, Perceptrons};
use crate::{Error, Result};

/// A model fitted to systems.
pub enum Fitted {
    GaussianProcess { inputs: FittedInputs, field: Box<GaussianField> },
    Mlp { inputs: FittedInputs, networks: Vec<Network> },
}

/// What a model says of a system that it was fitted to.
pub struct Known {
    /// Predicted molar conductivity.
    pub mean: f64,
    /// Its standard deviation, not calibrated.
    pub deviation: f64,
    /// Standard deviation of the mean over the ensemble's members.
    pub of_ensemble: f64,
}

impl Fitted {
    /// Fits a model to systems; networks under way are kept where `kept` says.
    ///
    /// # Errors
    /// As those of the parts.
    pub fn fit(systems: &[Pooled], settings: &TrainSettings, seed: u64, kept: Option<Kept>) -> Result<Self> {
        let rows: Vec<&dyn Rows> = systems.iter().map(|s| s.rows).collect();
        let inputs = fit_inputs(&rows, &settings.input, seed)?;
        match settings.kind {
            ModelKind::GaussianProcess => {
                let field = GaussianField::fit(systems, &inputs, settings, seed)?;
                let field = Box::new(field);
                Ok(Self::GaussianProcess { inputs, field })
            }
            ModelKind::Mlp if systems.iter().any(|s| s.local.is_some()) => Err(Error::Input(
                "an mlp does not learn from responses of single ions; train a gaussian-process, or set learn = false under \
                 [local] to be compared with them alone"
                    .into(),
            )),
            ModelKind::Mlp => {
                let networks = train_members(systems, &inputs, settings, seed, kept)?;
                Ok(Self::Mlp { inputs, networks })
            }
        }
    }

    /// Predicted molar conductivity of a system and its standard deviation, not calibrated.
    pub fn predict(&self, rows: &dyn Rows) -> (f64, f64) {
        match self {
            Self::GaussianProcess { inputs, field } => field.predict(rows, inputs),
            Self::Mlp { inputs, networks } => mean_and_deviation(&pooled_outputs(networks, rows, &inputs.map)),
        }
    }

    /// The field of some environments: the mean over the ensemble.
    pub fn field(&self, rows: &dyn Rows, indices: &[usize]) -> Vec<f64> {
        match self {
            Self::GaussianProcess { inputs, field } => field.values(rows, inputs, indices),
            Self::Mlp { inputs, networks } => mean_outputs(networks, rows, &inputs.map, indices),
        }
    }

    /// The same for each of the systems that the model was fitted to, given again, and the standard deviation of the
    /// system's mean over the members of [`Self::ensemble`].
    pub fn predict_training(&self, systems: &[Pooled], members: usize, calibration: f64, seed: u64) -> Vec<Known> {
        let known = |(mean, deviation): (f64, f64), of_ensemble: f64| Known { mean, deviation, of_ensemble };
        match self {
            // The fit has the pooled features: nothing goes through the field once more.
            Self::GaussianProcess { field, .. } => {
                let means = field.posterior.observed(&field.posterior.draws(members, calibration, seed));
                let predicted = field.posterior.predict_observed();
                predicted.into_iter().zip(&means).map(|(p, members)| known(p, mean_and_deviation(members).1)).collect()
            }
            Self::Mlp { .. } => {
                let predicted = systems.iter().map(|s| self.predict(s.rows));
                predicted.map(|p| known(p, calibration * p.1)).collect()
            }
        }
    }

    /// What the fit found, for the model's provenance.
    pub fn summary(&self) -> serde_json::Value {
        match self {
            Self::GaussianProcess { inputs, field } => json!({
                "inputs": inputs.map.width(),
                "length_scale": field.length_scales.0,
                "length_scale_between_systems": field.length_scales.1,
                "prior_variance": field.posterior.prior_variance,
                "prior_variance_between_systems": field.posterior.prior_variance_between,
                "log_evidence": field.posterior.log_evidence,
            }),
            Self::Mlp { inputs, networks } => json!({ "inputs": inputs.map.width(), "members": networks.len() }),
        }
    }

    /// The ensemble that goes into a model file; deviations of members from their mean are multiplied by `calibration`.
    pub fn ensemble(&self, members: usize, calibration: f64, seed: u64) -> Ensemble {
        match self {
            Self::GaussianProcess { inputs, field } => {
                let draws = field.posterior.draws(members, calibration, seed);
                let amplitude = field.basis.amplitude();
                let weights = Array2::from_shape_fn((field.basis.n_features(), members), |(d, m)| {
                    (amplitude * draws.weights[m][d]) as f32
                });
                let offsets = draws.intercepts.iter().map(|&m| m as f32).collect();
                let waves = field.basis.waves.clone();
                Ensemble::new(inputs.map.clone(), Head::Waves { waves, weights, offsets })
            }
            Self::Mlp { inputs, networks } => {
                let perceptrons = Perceptrons::new(networks.clone(), calibration);
                Ensemble::new(inputs.map.clone(), Head::Perceptrons(perceptrons))
            }
        }
    }
}

fn mean_and_deviation(members: &[f64]) -> (f64, f64) {
    let n = members.len() as f64;
    let mean = members.iter().sum::<f64>() / n;
    (mean, (members.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / n).sqrt())
}
