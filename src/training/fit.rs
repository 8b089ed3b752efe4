//! One fitted model, whatever its kind.

use ndarray::Array2;
use serde_json::json;

use super::gaussian::GaussianField;
use super::input::{FittedInputs, fit_inputs};
use super::mlp::Network;
use super::perceptrons::{Kept, pooled_outputs, train_members};
use super::settings::{ModelKind, TrainSettings};
use super::{Pooled, Rows};
use crate::Result;
use crate::model::ensemble::{Ensemble, Head, Perceptrons};

/// A model fitted to systems.
pub enum Fitted {
    GaussianProcess { inputs: FittedInputs, field: Box<GaussianField> },
    Mlp { inputs: FittedInputs, networks: Vec<Network> },
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
                let field = Box::new(GaussianField::fit(systems, &inputs, &settings.gaussian_process, seed)?);
                Ok(Self::GaussianProcess { inputs, field })
            }
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
            Self::Mlp { inputs, networks } => {
                let members = pooled_outputs(networks, rows, &inputs.map);
                let n = members.len() as f64;
                let mean = members.iter().sum::<f64>() / n;
                (mean, (members.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / n).sqrt())
            }
        }
    }

    /// What the fit found, for the model's provenance.
    pub fn summary(&self) -> serde_json::Value {
        match self {
            Self::GaussianProcess { inputs, field } => json!({
                "inputs": inputs.map.width(),
                "length_scale": field.length_scale,
                "prior_variance": field.posterior.prior_variance,
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
