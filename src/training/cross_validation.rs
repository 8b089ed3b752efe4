//! How well a model predicts systems that it has not seen.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use super::Pooled;
use super::baselines::Baseline;
use super::calibration::{HeldOutIons, WIDENINGS, calibrate};
use super::corpus::{Corpus, Member};
use super::fit::Fitted;
use super::folds::{complement, folds};
use super::local::Agreement;
use super::perceptrons::Kept;
use super::score::{Coverage, Prediction, Score, coverage, score};
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
    /// What squared errors of responses were multiplied by before, for deviations of single ions to be as large as ions that
    /// were not learned from are off; absent if by 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widening: Option<f64>,
    /// Baselines on the same folds.
    pub baselines: BTreeMap<String, Score>,
    pub folds: usize,
    /// Fields beside the responses of ions that they were not learned from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local: Vec<Agreement>,
}

/// Of a held-out system.
#[derive(Default)]
struct Predicted {
    /// Its molar conductivity, and the error by each widening of the field's deviations.
    mean: f64,
    errors: Vec<f64>,
    /// Its field beside responses if there are any: `[widening][ion]`, values and deviations.
    ions: Vec<Vec<[f64; 2]>>,
}

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
    let predict = |(fold, part): (usize, &Vec<usize>)| {
        let tag = format!("fold{fold}");
        let kept = checkpoints.map(|folder| Kept { folder, tag: &tag });
        let predicted = predict_fold(corpus, &pooled, part, settings, kept)?;
        on_fold();
        Ok(predicted)
    };
    let predicted: Vec<Vec<Predicted>> = parts.par_iter().enumerate().map(predict).collect::<Result<_>>()?;
    let of_fold = |(fold, (part, predicted)): (usize, (&Vec<usize>, Vec<Predicted>))| {
        part.iter().zip(predicted).map(move |(&i, predicted)| (i, fold, predicted)).collect::<Vec<_>>()
    };
    let mut systems: Vec<(usize, usize, Predicted)> =
        parts.iter().zip(predicted).enumerate().flat_map(of_fold).collect();
    systems.sort_by_key(|(i, ..)| *i);
    let widths = systems.iter().map(|(.., p)| p.errors.len()).min().unwrap_or(1);
    let at = |widening: usize| -> Vec<Prediction> {
        systems.iter().map(|(i, _, p)| prediction(&corpus.systems[*i], p.mean, p.errors[widening])).collect()
    };
    let beside = |(i, _, p): &(usize, usize, Predicted)| {
        let local = corpus.systems[*i].local.as_ref()?;
        let all: Vec<HeldOutIons> = p.ions.iter().map(|ions| local.held_out(ions)).collect();
        let deviations = all.iter().flat_map(|ions| ions.deviations.clone()).collect();
        all.into_iter().next().map(|first| HeldOutIons { deviations, ..first })
    };
    let ions: Vec<HeldOutIons> = systems.iter().filter_map(beside).collect();
    let (widening, calibration) = calibrate(widths, &at, &ions, floor);
    let agreement = |(i, _, p): &(usize, usize, Predicted)| {
        let member = &corpus.systems[*i];
        let calibrated: Vec<[f64; 2]> = p.ions.get(widening)?.iter().map(|[v, d]| [*v, calibration * d]).collect();
        Some(member.local.as_ref()?.agreement(&member.name, &calibrated))
    };
    let local = systems.iter().filter_map(agreement).collect();
    let held_out = at(widening).into_iter().zip(&systems).map(|(mut prediction, (_, fold, _))| {
        prediction.predicted_error *= calibration;
        HeldOut { prediction, fold: *fold }
    });
    let systems: Vec<HeldOut> = held_out.collect();
    let of = |systems: &[HeldOut]| systems.iter().map(|s| s.prediction.clone()).collect::<Vec<_>>();
    let predictions = of(&systems);
    Ok(CrossValidation {
        systems,
        score: score(&predictions, floor),
        coverage: coverage(&predictions, floor),
        calibration,
        baselines: baselines(corpus, &parts, floor),
        folds: k,
        local,
        widening: (WIDENINGS[widening] != 1.0).then_some(WIDENINGS[widening]),
    })
}

/// What a model fitted to the systems of the other folds says of those of one, by each widening that it can have.
fn predict_fold(
    corpus: &Corpus,
    pooled: &[Pooled],
    part: &[usize],
    settings: &TrainSettings,
    kept: Option<Kept>,
) -> Result<Vec<Predicted>> {
    let training: Vec<_> = complement(part, pooled.len()).into_iter().map(|i| pooled[i]).collect();
    let mut fitted = Fitted::fit(&training, corpus.inputs.n_beside(), settings, settings.seed, kept)?;
    let widenings = if fitted.can_widen() { &WIDENINGS[..] } else { &WIDENINGS[..1] };
    let mut predicted: Vec<Predicted> = part.iter().map(|_| Predicted::default()).collect();
    for &widening in widenings {
        fitted.widen(widening);
        for (&i, predicted) in part.iter().zip(&mut predicted) {
            let (mean, error) = fitted.predict(pooled[i].rows);
            predicted.mean = mean;
            predicted.errors.push(error);
            if let Some(local) = &corpus.systems[i].local {
                let ions: Vec<usize> = (0..local.departures.len()).collect();
                let field = fitted.field_with_deviations(&local.features, &ions, settings.members, settings.seed);
                predicted.ions.push(field);
            }
        }
    }
    Ok(predicted)
}

/// Scores of baselines on the same folds. One that some system lacks the data for is no comparison.
fn baselines(corpus: &Corpus, parts: &[Vec<usize>], floor: f64) -> BTreeMap<String, Score> {
    let n = corpus.systems.len();
    let mut found: BTreeMap<String, Vec<Prediction>> = BTreeMap::new();
    for part in parts {
        let training: Vec<&Member> = complement(part, n).into_iter().map(|i| &corpus.systems[i]).collect();
        let simple = Baseline::fit_all(&training);
        for member in part.iter().map(|&i| &corpus.systems[i]) {
            for baseline in &simple {
                if let Some(value) = baseline.predict(member) {
                    found.entry(baseline.name().into()).or_default().push(prediction(member, value, 0.0));
                }
            }
        }
    }
    let whole = found.into_iter().filter(|(_, predictions)| predictions.len() == n);
    whole.map(|(name, predictions)| (name, score(&predictions, floor))).collect()
}

pub(super) fn prediction(member: &Member, predicted: f64, predicted_error: f64) -> Prediction {
    Prediction { name: member.name.clone(), label: member.label, label_error: member.error, predicted, predicted_error }
}
