//! How well a model predicts systems that it has not seen.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::baselines::Baseline;
use super::corpus::{Corpus, Member};
use super::fit::Fitted;
use super::folds::{complement, folds};
use super::local::Agreement;
use super::perceptrons::Kept;
use super::score::{Coverage, Prediction, Score, calibration, coverage, score};
use super::settings::TrainSettings;
use crate::Result;

/// Predictions of each system by a model fitted to the systems of the other folds, and what became of them.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidation {
    pub systems: Vec<HeldOut>,
    #[serde(flatten)]
    pub score: Score,
    /// With the calibrated errors.
    pub coverage: Coverage,
    /// What the model's own standard errors were multiplied by.
    pub calibration: f64,
    /// Baselines on the same folds.
    pub baselines: BTreeMap<String, Score>,
    pub folds: usize,
    /// Fields beside the responses of ions that they were not learned from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<Agreement>,
}

/// Of a held-out system: its molar conductivity with the error, and its field beside responses if there are any.
type Predicted = ((f64, f64), Option<Agreement>);

/// A prediction, and the fold that the system was left out in.
#[derive(Clone, Debug, Serialize)]
pub struct HeldOut {
    #[serde(flatten)]
    pub prediction: Prediction,
    pub fold: usize,
}

/// Cross-validates over systems; `on_fold` is called when a fold is done, from any thread.
///
/// # Errors
/// Fewer systems than folds; what [`Fitted::fit`] refuses.
pub fn cross_validate(
    corpus: &Corpus,
    settings: &TrainSettings,
    checkpoints: Option<&Path>,
    on_fold: &(dyn Fn() + Sync),
) -> Result<CrossValidation> {
    let n = corpus.systems.len();
    let floor = settings.label_floor;
    let k = settings.folds(n);
    let parts = folds(n, k, settings.seed)?;
    let pooled = corpus.pooled(settings);
    let predicted: Vec<Vec<Predicted>> = parts
        .par_iter()
        .enumerate()
        .map(|(fold, part)| {
            let tag = format!("fold{fold}");
            let kept = checkpoints.map(|folder| Kept { folder, tag: &tag });
            let training: Vec<_> = complement(part, n).into_iter().map(|i| pooled[i]).collect();
            let fitted = Fitted::fit(&training, settings, settings.seed, kept)?;
            let local = |member: &Member| {
                let local = member.local.as_ref()?;
                let ions: Vec<usize> = (0..local.departures.len()).collect();
                Some(local.agreement(&member.name, &fitted.field(&local.features, &ions)))
            };
            let of = |&i: &usize| (fitted.predict(pooled[i].rows), local(&corpus.systems[i]));
            let predicted = part.iter().map(of).collect();
            on_fold();
            Ok(predicted)
        })
        .collect::<Result<_>>()?;
    let (mut systems, mut local) = (vec![], vec![]);
    let mut baselines: BTreeMap<String, Vec<Prediction>> = BTreeMap::new();
    for (fold, (part, predicted)) in parts.iter().zip(predicted).enumerate() {
        let training: Vec<&Member> = complement(part, n).into_iter().map(|i| &corpus.systems[i]).collect();
        let simple = Baseline::fit_all(&training);
        for (&i, ((value, error), agreement)) in part.iter().zip(predicted) {
            let member = &corpus.systems[i];
            local.extend(agreement.map(|agreement| (i, agreement)));
            systems.push((i, HeldOut { prediction: prediction(member, value, error), fold }));
            for baseline in &simple {
                if let Some(value) = baseline.predict(member) {
                    baselines.entry(baseline.name().into()).or_default().push(prediction(member, value, 0.0));
                }
            }
        }
    }
    systems.sort_by_key(|(i, _)| *i);
    local.sort_by_key(|(i, _)| *i);
    let mut systems: Vec<HeldOut> = systems.into_iter().map(|(_, system)| system).collect();
    let of = |systems: &[HeldOut]| systems.iter().map(|s| s.prediction.clone()).collect::<Vec<_>>();
    let calibration = calibration(&of(&systems), floor);
    systems.iter_mut().for_each(|s| s.prediction.predicted_error *= calibration);
    let predictions = of(&systems);
    Ok(CrossValidation {
        systems,
        score: score(&predictions, floor),
        coverage: coverage(&predictions, floor),
        calibration,
        // A baseline that some system lacks the data for is no comparison.
        baselines: baselines
            .into_iter()
            .filter(|(_, of)| of.len() == n)
            .map(|(name, of)| (name, score(&of, floor)))
            .collect(),
        folds: k,
        local: local.into_iter().map(|(_, agreement)| agreement).collect(),
    })
}

pub(super) fn prediction(member: &Member, predicted: f64, predicted_error: f64) -> Prediction {
    Prediction { name: member.name.clone(), label: member.label, label_error: member.error, predicted, predicted_error }
}
