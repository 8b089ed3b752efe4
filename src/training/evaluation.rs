//! A model's predictions for the systems of a data set.

use std::collections::BTreeMap;

use ndarray::s;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::baselines::Baseline;
use super::cache::Features;
use super::corpus::{Corpus, Member};
use super::cross_validation::prediction;
use super::local;
use super::score::{Coverage, Prediction, Score, coverage, score};
use crate::local::LocalModel;
use crate::model::{Agreement, Metadata};
use crate::{Error, Result, statistics};

/// Environments that go through the model together.
const CHUNK: usize = 256;

/// Predictions, their score and that of the baselines.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    pub systems: Vec<Evaluated>,
    #[serde(flatten)]
    pub score: Score,
    pub coverage: Coverage,
    pub baselines: BTreeMap<String, Score>,
    /// What the baselines were fitted to.
    pub baselines_fitted_to: &'static str,
}

/// A system as the model sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluated {
    #[serde(flatten)]
    pub prediction: Prediction,
    /// Standard deviation over the ensemble of the system's mean: part of `predicted_error`.
    pub ensemble_deviation: f64,
    /// Error of the mean over the given frames, if there are enough of them: the other part.
    pub sampling_error: Option<f64>,
    /// The larger of `ion_extrapolation` and `system_extrapolation`, one that is absent left out.
    pub extrapolation: Option<f64>,
    /// Mean extrapolation grade of its ions; none for a model without a training domain.
    pub ion_extrapolation: Option<f64>,
    /// Share of ions with a grade above 1; likewise.
    pub outside_domain: Option<f64>,
    /// As [`Agreement::system_extrapolation`].
    pub system_extrapolation: Option<f64>,
    /// The field beside the responses of ions, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<local::Agreement>,
    /// As [`local::Agreement::mean_squared_z`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_mean_squared_z: Option<f64>,
}

/// Predicts all systems; label errors below the share `floor` of the label count as that share.
///
/// `on_system` is called after each.
///
/// # Errors
/// Other units or species than the model's, features of another width, a result that is not finite; as [`stored_baselines`].
pub fn evaluate(local: &LocalModel, corpus: &Corpus, floor: f64, on_system: &mut dyn FnMut()) -> Result<Evaluation> {
    check(local, corpus)?;
    let stored = stored_baselines(local.model().metadata())?;
    let n_features = corpus.systems.first().map_or(0, |member| member.mean_features.len());
    stored.iter().flatten().try_for_each(|baseline| baseline.check(n_features)).map_err(damaged_baselines)?;
    let mut systems = vec![];
    for member in &corpus.systems {
        systems.push(evaluate_one(local, member).map_err(|e| Error::Input(format!("system {}: {e}", member.name)))?);
        on_system();
    }
    let predictions: Vec<Prediction> = systems.iter().map(|s| s.prediction.clone()).collect();
    let (baselines, baselines_fitted_to) = baselines(stored, corpus, floor);
    Ok(Evaluation {
        systems,
        score: score(&predictions, floor),
        coverage: coverage(&predictions, floor),
        baselines,
        baselines_fitted_to,
    })
}

fn check(local: &LocalModel, corpus: &Corpus) -> Result<()> {
    let units = &local.model().metadata().units;
    if *units != corpus.units {
        return Err(Error::Input(format!(
            "the data set is in {} units, and the model is for {units} units",
            corpus.units
        )));
    }
    for species in &corpus.species {
        if !local.species().contains(species) {
            let known: Vec<String> = local.species().iter().map(|s| format!("{} ({:+})", s.name, s.charge)).collect();
            return Err(Error::Input(format!(
                "the data set has the species {} ({:+}), and the model knows {}",
                species.name,
                species.charge,
                known.join(", ")
            )));
        }
    }
    Ok(())
}

/// Values of all ions, and the sums of each ensemble member over chunks of them.
type Field = (Vec<[f64; 3]>, Vec<Vec<f64>>);

fn field(local: &LocalModel, features: &Features) -> Result<Field> {
    let features = features.view();
    let mut ions = vec![[0.0; 3]; features.nrows()];
    let of_chunk = |(chunk, out): (usize, &mut [[f64; 3]])| {
        let rows = features.slice(s![chunk * CHUNK..chunk * CHUNK + out.len(), ..]);
        local.evaluate_features(rows, out)
    };
    let chunks = ions.par_chunks_mut(CHUNK).enumerate().map(of_chunk).collect::<Result<_>>()?;
    Ok((ions, chunks))
}

/// The field beside the responses of ions.
fn beside_responses(model: &LocalModel, member: &Member) -> Result<Option<local::Agreement>> {
    let Some(responses) = &member.local else { return Ok(None) };
    let (ions, _) = field(model, &responses.features)?;
    let values: Vec<[f64; 2]> = ions.iter().map(|ion| [ion[0], ion[1]]).collect();
    Ok(Some(responses.agreement(&member.name, &values)))
}

fn evaluate_one(local: &LocalModel, member: &Member) -> Result<Evaluated> {
    let (ions, chunks) = field(local, &member.features)?;
    let n = ions.len();
    let of_member = |m: usize| chunks.iter().map(|sums| sums[m]).sum();
    let members: Vec<f64> = (0..local.model().n_members()).map(of_member).collect();
    let agreement = Agreement::of_sums(&members, n);
    let mut rest = ions.as_slice();
    let frames: Vec<f64> = member
        .features
        .contents
        .frames
        .iter()
        .map(|&ions| {
            let (frame, others) = rest.split_at(ions);
            rest = others;
            frame.iter().map(|ion| ion[0]).sum::<f64>() / ions as f64
        })
        .collect();
    let sampling_error = statistics::mean_with_error(&frames)?.error.filter(|e| e.converged).map(|e| e.value);
    let error = agreement.deviation.hypot(sampling_error.unwrap_or(0.0));
    let metadata = local.model().metadata();
    // Without a domain the grade is -1, which is none.
    let of_grades = |of: &dyn Fn(f64) -> f64| {
        metadata.domain.as_ref().map(|_| ions.iter().map(|ion| of(ion[2])).sum::<f64>() / n as f64)
    };
    let ion_extrapolation = of_grades(&|grade| grade);
    let system_extrapolation = agreement.system_extrapolation(metadata);
    let beside = beside_responses(local, member)?;
    Ok(Evaluated {
        local_mean_squared_z: beside.as_ref().map(|agreement| agreement.mean_squared_z),
        local: beside,
        prediction: prediction(member, agreement.mean, error),
        ensemble_deviation: agreement.deviation,
        sampling_error,
        extrapolation: [ion_extrapolation, system_extrapolation].into_iter().flatten().reduce(f64::max),
        ion_extrapolation,
        system_extrapolation,
        outside_domain: of_grades(&|grade| f64::from(u8::from(grade > 1.0))),
    })
}

/// The baselines that a model carries, fitted to its own training systems, if it does.
///
/// # Errors
/// Metadata that are no baselines.
pub fn stored_baselines(metadata: &Metadata) -> Result<Option<Vec<Baseline>>> {
    let stored = metadata.validation.get("baselines_fitted");
    stored.map(|stored| serde_json::from_value(stored.clone()).map_err(damaged_baselines)).transpose()
}

fn damaged_baselines(why: impl std::fmt::Display) -> Error {
    Error::Input(format!("the model's metadata are damaged: validation.baselines_fitted: {why}; train it again"))
}

/// What a model was seen to learn from in a corpus.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Nothing that its file tells.
    Nothing,
    /// All: the very data set.
    All,
    /// Systems of these names, which may be others.
    Names(Vec<String>),
}

/// Compares a corpus with what a model's file tells of its training: a digest of all systems, and their names where they were
/// cross-validated.
pub fn seen(metadata: &Metadata, corpus: &Corpus) -> Seen {
    if metadata.provenance.get("data_sha256").and_then(Value::as_str) == Some(&corpus.digest()) {
        return Seen::All;
    }
    let known = metadata.validation.get("cross_validation").and_then(|v| v["systems"].as_array());
    let known: Vec<&str> = known.into_iter().flatten().filter_map(|system| system["name"].as_str()).collect();
    let names: Vec<String> =
        corpus.systems.iter().map(|s| s.name.clone()).filter(|name| known.contains(&name.as_str())).collect();
    if names.is_empty() { Seen::Nothing } else { Seen::Names(names) }
}

/// The baselines that the model carries, fitted to its own training systems; or else each system by baselines fitted to
/// the others.
fn baselines(stored: Option<Vec<Baseline>>, corpus: &Corpus, floor: f64) -> (BTreeMap<String, Score>, &'static str) {
    let mut predictions: BTreeMap<String, Vec<Prediction>> = BTreeMap::new();
    let mut add = |member: &Member, baselines: &[Baseline]| {
        for baseline in baselines {
            if let Some(value) = baseline.predict(member) {
                predictions.entry(baseline.name().into()).or_default().push(prediction(member, value, 0.0));
            }
        }
    };
    let fitted_to = match &stored {
        Some(stored) => {
            for member in &corpus.systems {
                add(member, stored);
                if !stored.iter().any(|b| matches!(b, Baseline::NernstEinstein)) {
                    add(member, &[Baseline::NernstEinstein]);
                }
            }
            "the model's training systems"
        }
        None => {
            for (i, member) in corpus.systems.iter().enumerate() {
                let others: Vec<&Member> =
                    corpus.systems.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, m)| m).collect();
                match others.len() {
                    0 | 1 => add(member, &[Baseline::NernstEinstein]),
                    _ => add(member, &Baseline::fit_all(&others)),
                }
            }
            "the other systems of this data set"
        }
    };
    let n = corpus.systems.len();
    let scored = predictions.into_iter().filter(|(_, of)| of.len() == n).map(|(name, of)| (name, score(&of, floor)));
    (scored.collect(), fitted_to)
}
