//! `ionscape evaluate`: a model's predictions beside the truth.

use std::path::PathBuf;

use anyhow::Context;
use ionscape::descriptor::SoapParameters;
use ionscape::local::LocalModel;
use ionscape::model;
use ionscape::training::evaluation::evaluate;
use ionscape::training::local::Agreement;
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

    /// Distance within which unlike ions count as coordinated, for the baselines; 0.3 cutoffs if not given.
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
    // The radius that the model's own baselines were fitted with, if it carries any.
    let stored = metadata.provenance.get("coordination_radius").and_then(serde_json::Value::as_f64);
    let radius = arguments.coordination_radius.or(stored).unwrap_or(0.3 * descriptor.cutoff);
    let inputs = (&descriptor, metadata.channels, metadata.conditions.as_slice());
    let corpus = arguments.reading.corpus(path, &dataset, inputs, Some(local.species()), radius)?;
    let mut progress = Progress::new(&arguments.model, "systems");
    let evaluation = evaluate(&local, &corpus, arguments.label_floor, &mut || progress.frame())?;
    drop(progress);
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
    for system in evaluation.systems.iter().filter(|s| s.outside_domain > 0.05) {
        log::warn!(
            "{}: {:.0} % of the ions lie outside the training domain",
            system.prediction.name,
            100.0 * system.outside_domain
        );
    }
    for system in &evaluation.systems {
        if let Some(grade) = system.system_extrapolation.filter(|grade| *grade > model::Agreement::NOTABLE) {
            log::warn!(
                "{}: the members of the ensemble deviate {grade:.1} times as far as on any training system",
                system.prediction.name
            );
        }
    }
    Ok(())
}
