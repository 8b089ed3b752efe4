//! Labels as the network sees them.

use crate::model::ensemble::Output;
use crate::statistics::mean_and_deviation;
use crate::training::Pooled;
use crate::{Error, Result};

/// What is known of some environments, in training's own scale, and its weight in the loss.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub known: Known,
    /// `1 / error^2`, in units of its mean over the labels of the training systems.
    pub weight: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    /// Their mean.
    Mean(f64),
    /// Each of them.
    Each(Vec<f64>),
}

/// Systems, and behind them the ions of systems whose own responses are known, as systems whose environments all have labels.
pub(super) fn with_responses<'a>(systems: &[Pooled<'a>]) -> Vec<Pooled<'a>> {
    let responses = systems.iter().filter_map(|s| Some(Pooled { rows: s.local?.rows, ..*s }));
    systems.iter().map(|s| Pooled { local: None, ..*s }).chain(responses).collect()
}

/// How labels were standardised: `(label - shift) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub shift: f64,
    pub scale: f64,
    /// Mean of `1 / error^2`.
    weight: f64,
}

impl Scale {
    /// Mean and deviation of the training labels. A positive output cannot be shifted: there the mean is the scale.
    pub fn of(systems: &[Pooled], output: Output) -> Self {
        let n = systems.len() as f64;
        let [mean, deviation] = mean_and_deviation(systems.iter().map(|s| s.label));
        let weight = systems.iter().map(|s| s.error.powi(-2)).sum::<f64>() / n;
        let (shift, scale) = match output {
            Output::Softplus => (0.0, mean),
            // Equal labels: any scale does.
            Output::Linear if deviation <= 1e-9 * mean.abs() => (mean, 1.0),
            Output::Linear => (mean, deviation),
        };
        Self { shift, scale, weight }
    }

    /// In the order of [`with_responses`]. An ion's own label is its response over the mean response, times the label.
    pub fn targets(&self, systems: &[Pooled]) -> Vec<Target> {
        let scaled = |value: f64| (value - self.shift) / self.scale;
        let weight = |error: f64| error.powi(-2) / self.weight;
        let mean = |s: &Pooled| Target { known: Known::Mean(scaled(s.label)), weight: weight(s.error) };
        let each = |s: &Pooled| {
            let local = s.local?;
            let known = local.departures.iter().map(|departure| scaled(s.label * (1.0 + departure))).collect();
            Some(Target { known: Known::Each(known), weight: weight(s.label * local.error) })
        };
        systems.iter().map(mean).chain(systems.iter().filter_map(each)).collect()
    }

    /// What training's loss means in labels: the mean of `(predicted - label)^2 / error^2`.
    pub fn chi2(&self, loss: f64) -> f64 {
        loss * self.scale.powi(2) * self.weight
    }
}

/// Whether systems can be trained with; the number of inputs.
pub(super) fn check(training: &[Pooled], validation: &[Pooled], output: Output) -> Result<usize> {
    let Some(first) = training.first() else {
        return Err(Error::Input("training: there is no system to learn from".into()));
    };
    let width = first.rows.width();
    if width == 0 {
        return Err(Error::Input("training: the environments have no inputs".into()));
    }
    for (kind, systems) in [("training", training), ("validation", validation)] {
        for system in systems {
            let Pooled { name, rows, label, error, .. } = *system;
            let refuse = |what: String| Err(Error::Input(format!("{kind} system {name}: {what}")));
            if rows.is_empty() {
                return refuse("it has no environments; leave it out".into());
            }
            if rows.width() != width {
                return refuse(format!("its environments have {} inputs, others have {width}", rows.width()));
            }
            if !label.is_finite() {
                return refuse(format!("its label is {label}; give a number or leave the system out"));
            }
            // The square of what is smaller than this cannot be divided by.
            if !(1e-150..1e150).contains(&error) {
                return refuse(format!("the error of its label is {error}; it must be above zero"));
            }
            if output == Output::Softplus && label <= 0.0 {
                return refuse(format!("its label is {label}, which output = \"softplus\" can never reach"));
            }
        }
    }
    Ok(width)
}
