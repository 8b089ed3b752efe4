//! `ionscape evaluate`: a model's predictions beside the truth.

use std::path::PathBuf;

use anyhow::{Context, bail};
use ionscape::descriptor::SoapParameters;
use ionscape::local::LocalModel;
use ionscape::model::{self, Metadata};
use ionscape::training::corpus::Member;
use ionscape::training::evaluation::{Evaluated, Evaluation, Seen, evaluate, seen, stored_baselines};
use ionscape::training::local::Agreement;
use ionscape::training::outline::n_repeated;
use ionscape::training::score::Prediction;

use crate::progress::Progress;
use crate::systems::{self, Outputs, Reading};

/// Compare a model's predictions with the molar conductivities of systems, and with simple baselines.
#[derive(clap::Args)]
pub struct Arguments {
    /// Model file.
    model: PathBuf,

    /// Data set: systems with snapshots and labels that the model was not trained on.
    dataset: PathBuf,

    /// Errors of labels below this share of the label count as this share in chi2.
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = label_floor)]
    label_floor: f64,

    /// Distance within which unlike ions count as coordinated, for the baselines; that of the model's own, if it carries any, or
    /// 0.3 cutoffs, if not given.
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    coordination_radius: Option<f64>,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    reading: Reading,
}

fn label_floor(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "it is a share of the label, from 0 to below 1".into())
}

fn length(text: &str) -> Result<f64, String> {
    let length = text.parse().ok().filter(|length: &f64| *length > 0.0 && length.is_finite());
    length.ok_or_else(|| "it is a length, above 0".into())
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let local = LocalModel::load(&arguments.model)?;
    let (path, dataset) = systems::dataset(&arguments.dataset)?;
    arguments.outputs.check(&[], &[&arguments.model], (path, &dataset))?;
    let metadata = local.model().metadata();
    let descriptor: SoapParameters = serde_json::from_value(metadata.descriptor.clone())
        .with_context(|| format!("{}: the descriptor", arguments.model.display()))?;
    // What is damaged is told before the work.
    let stored = stored_baselines(metadata).with_context(|| arguments.model.display().to_string())?;
    let radius = coordination_radius(&arguments, metadata, stored.is_some())?.unwrap_or(0.3 * descriptor.cutoff);
    let inputs = (&descriptor, metadata.channels, metadata.conditions.as_slice());
    let corpus = arguments.reading.corpus(path, &dataset, inputs, Some(local.species()), radius)?;
    let mut progress = Progress::new(&arguments.model, "systems");
    let evaluation = evaluate(&local, &corpus, arguments.label_floor, &mut || progress.frame())?;
    drop(progress);
    warn_of_seen(&seen(metadata, &corpus));
    warn_of_errors(local.model().n_members(), &evaluation);
    corpus.systems.iter().for_each(warn_of_repeated);
    let predictions: Vec<Prediction> = evaluation.systems.iter().map(|s| s.prediction.clone()).collect();
    // Before the table, whose reader may have had enough.
    let heading = "Predicted against true conductivity";
    let beside: Vec<&Agreement> = evaluation.systems.iter().filter_map(|s| s.local.as_ref()).collect();
    arguments.outputs.write(&predictions, heading, &evaluation.score, &beside, &corpus.units, &evaluation)?;
    systems::print(&predictions, &corpus.units)?;
    let mut scores = vec![("this model", &evaluation.score)];
    scores.extend(evaluation.baselines.iter().map(|(name, score)| (name.as_str(), score)));
    systems::print_scores(&scores)?;
    crate::terminal::say!("baselines were fitted to {}", evaluation.baselines_fitted_to)?;
    systems::print_coverage(&evaluation.coverage)?;
    systems::print_local(&beside)?;
    warn_of_responses(metadata, &beside);
    warn_of_extrapolation(&evaluation.systems);
    Ok(())
}

/// The radius that was asked for or that the model's own baselines were fitted with, if any.
fn coordination_radius(arguments: &Arguments, metadata: &Metadata, has_baselines: bool) -> anyhow::Result<Option<f64>> {
    let stored = metadata.provenance.get("coordination_radius").and_then(serde_json::Value::as_f64);
    let (Some(asked), Some(own)) = (arguments.coordination_radius, stored) else {
        return Ok(arguments.coordination_radius.or(stored));
    };
    if has_baselines && (asked - own).abs() > 1e-9 * own {
        bail!(
            "{}: its baselines were fitted with a coordination radius of {own}, and their coefficients mean nothing at {asked:?}; leave \
             out --coordination-radius",
            arguments.model.display()
        );
    }
    Ok(Some(asked))
}

/// Warns of systems that are no test of the model.
fn warn_of_seen(seen: &Seen) {
    match seen {
        Seen::Nothing => {}
        Seen::All => log::warn!(
            "the model was trained on this very data set: this is how well it fits, and not how well it predicts; ionscape inspect \
             shows its cross-validation"
        ),
        Seen::Names(names) => log::warn!(
            "the model was trained on systems of these names: {}; if they are the same, this is how well it fits them, and not how \
             well it predicts",
            names.join(", ")
        ),
    }
}

/// Warns of errors that leave out a part.
fn warn_of_errors(n_members: usize, evaluation: &Evaluation) {
    if n_members == 1 {
        log::warn!(
            "the model has one member, which has no deviation: errors of predictions are those of their sampling alone, and the \
             shares within stated errors mean little"
        );
    }
    let unsampled = evaluation.systems.iter().filter(|s| s.sampling_error.is_none());
    let unsampled: Vec<&str> = unsampled.map(|s| s.prediction.name.as_str()).collect();
    if !unsampled.is_empty() {
        log::warn!(
            "{}: there are too few frames for an error of sampling, and errors of these predictions are those of the ensemble alone",
            unsampled.join(", ")
        );
    }
}

/// Warns of a system whose frames are not all its own, as where a run was joined to itself.
fn warn_of_repeated(system: &Member) {
    let frames = &system.features.contents.outlines;
    let n = n_repeated(frames);
    if n > 0 {
        log::warn!(
            "{}: {n} of {} frames are the same as others: the error of sampling takes each for another, and is too small; give each \
             once",
            system.name,
            frames.len()
        );
    }
}

/// Warns of responses that are not the same quantity as others, or as those that the model learned from.
fn warn_of_responses(metadata: &Metadata, beside: &[&Agreement]) {
    let differ = |a: &Agreement, b: &Agreement| a.time != b.time || a.perturbation != b.perturbation;
    if let Some((first, other)) = beside.first().and_then(|a| Some((a, beside.iter().find(|b| differ(a, b))?))) {
        log::warn!(
            "responses of ions are to the perturbation \"{}\" up to t = {} in {}, and to \"{}\" up to t = {} in {}: they are not the same \
             quantity",
            first.perturbation,
            first.time,
            first.name,
            other.perturbation,
            other.time,
            other.name
        );
    }
    let learned = |key: &str| metadata.provenance.get(key).cloned();
    if let (Some(time), Some(first)) = (learned("local_time"), beside.first()) {
        let perturbation = learned("local_perturbation").unwrap_or_else(|| "field".into());
        if time != first.time || perturbation != first.perturbation.as_str() {
            log::warn!(
                "the model learned responses to the perturbation {perturbation} up to t = {time}, and these are to the \
                 perturbation \"{}\" up to t = {}: they are not the same quantity",
                first.perturbation,
                first.time
            );
        }
    }
}

/// Warns of systems that are unlike those of the training.
fn warn_of_extrapolation(systems: &[Evaluated]) {
    for system in systems {
        if let Some(share) = system.outside_domain.filter(|share| *share > 0.05) {
            log::warn!(
                "{}: {:.0} % of the ions lie outside the training domain",
                system.prediction.name,
                100.0 * share
            );
        }
    }
    for system in systems {
        if let Some(grade) = system.system_extrapolation.filter(|grade| *grade > model::Agreement::NOTABLE) {
            log::warn!(
                "{}: the members of the ensemble deviate {grade:.1} times as far as on any training system",
                system.prediction.name
            );
        }
    }
}
