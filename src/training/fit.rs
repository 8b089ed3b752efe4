//! One fitted model, whatever its kind.

use ndarray::Array2;
use serde_json::json;

use super::gaussian::GaussianField;
use super::input::{FittedInputs, fit_inputs};
use super::mlp::Network;
use super::perceptrons::{Kept, outputs, pooled_outputs, train_members};
use super::settings::{ModelKind, TrainSettings};
use super::{Pooled, Rows};
use crate::Result;
use crate::model::ensemble::{Ensemble, Head, Perceptrons};
use crate::statistics::mean_and_deviation;

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
    /// Fits a model to systems, the last `n_beside` columns of whose rows are no features of the descriptor; networks under way are kept where `kept` says.
    ///
    /// # Errors
    /// As those of the parts.
    pub fn fit(
        systems: &[Pooled],
        n_beside: usize,
        settings: &TrainSettings,
        seed: u64,
        kept: Option<Kept>,
    ) -> Result<Self> {
        let rows: Vec<&dyn Rows> = systems.iter().map(|s| s.rows).collect();
        let inputs = fit_inputs(&rows, n_beside, &settings.input, seed)?;
        match settings.kind {
            ModelKind::GaussianProcess => {
                let field = GaussianField::fit(systems, &inputs, settings, seed)?;
                let field = Box::new(field);
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
                let [mean, deviation] = mean_and_deviation(pooled_outputs(networks, rows, &inputs.map).into_iter());
                (mean, deviation)
            }
        }
    }

    /// The same model with deviations of its field as if squared errors of responses were `widening` times as large. Where
    /// there are none, or for networks, nothing changes.
    pub fn widen(&mut self, widening: f64) {
        if let Self::GaussianProcess { field, .. } = self
            && let Some(wide) = field.posterior.widened(widening)
        {
            field.posterior = wide;
        }
    }

    /// Whether [`Self::widen`] changes anything.
    pub fn can_widen(&self) -> bool {
        matches!(self, Self::GaussianProcess { field, .. } if field.posterior.has_responses())
    }

    /// The field of some environments, and its standard deviation over an ensemble, not calibrated.
    pub fn field_with_deviations(
        &self,
        rows: &dyn Rows,
        indices: &[usize],
        members: usize,
        seed: u64,
    ) -> Vec<[f64; 2]> {
        match self {
            Self::GaussianProcess { inputs, field } => {
                let draws = field.posterior.draws(members, 1.0, seed);
                field.values_of(&draws, rows, inputs, indices)
            }
            Self::Mlp { inputs, networks } => outputs(networks, rows, &inputs.map, indices),
        }
    }

    /// The field of some environments: the mean over the ensemble.
    pub fn field(&self, rows: &dyn Rows, indices: &[usize]) -> Vec<f64> {
        match self {
            Self::GaussianProcess { inputs, field } => field.values(rows, inputs, indices),
            Self::Mlp { inputs, networks } => {
                outputs(networks, rows, &inputs.map, indices).iter().map(|[mean, _]| *mean).collect()
            }
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
                let of_ensemble = |members: &Vec<f64>| mean_and_deviation(members.iter().copied())[1];
                predicted.into_iter().zip(&means).map(|(p, members)| known(p, of_ensemble(members))).collect()
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
