//! `ionscape train`: a model of the local field from the conductivities of whole systems.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context;
use ionscape::dataset::Dataset;
use ionscape::model::Condition;
use ionscape::species::Channels;
use ionscape::training::corpus::Corpus;
use ionscape::training::local::Agreement;
use ionscape::training::reproducibility::{Reproducibility, by_density};
use ionscape::training::score::{CALIBRATIONS, Coverage, Prediction, Score};
use ionscape::training::session::{Outcome, Stage, train};
use ionscape::training::{ModelKind, TrainSettings};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::progress::Progress;
use crate::systems::{self, Outputs, Reading};
use crate::usage::OrUsage;
use crate::{outputs, reading, results};

/// Train a model of the local conductivity from the molar conductivities of whole systems.
///
/// The data set names snapshots and labels; nothing is known of single ions but that their mean is the label. Systems are
/// cross-validated before the model is fitted to all of them.
#[derive(clap::Args)]
pub struct Arguments {
    /// Data set: systems with snapshots and labels.
    dataset: PathBuf,

    /// Where to write the model file.
    #[arg(short, long, value_name = "MODEL")]
    output: PathBuf,

    /// Settings; options given here go before it.
    #[arg(long, value_name = "TOML")]
    config: Option<PathBuf>,

    /// What is trained: gaussian-process or mlp.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<ModelKind>,

    /// How neighbours are sorted: charge-symmetric, or by-species for ions that differ in more than the sign of their charge.
    #[arg(long, value_name = "CHANNELS", value_parser = channels)]
    channels: Option<Channels>,

    /// What the model takes beside the structure: temperature, where systems differ in it.
    #[arg(long = "condition", value_name = "CONDITION", value_parser = condition)]
    conditions: Vec<Condition>,

    /// Members of the ensemble.
    #[arg(long, value_name = "M")]
    members: Option<usize>,

    /// Parts for cross-validation over systems, 0 for none; 5, or as many as there are systems but none of two, if not given.
    #[arg(long, value_name = "K")]
    folds: Option<usize>,

    /// Seed of everything random.
    #[arg(long)]
    seed: Option<u64>,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    reading: Reading,
}

fn kind(text: &str) -> Result<ModelKind, String> {
    match text {
        "gaussian-process" => Ok(ModelKind::GaussianProcess),
        "mlp" => Ok(ModelKind::Mlp),
        _ => Err("it is gaussian-process or mlp".into()),
    }
}

fn channels(text: &str) -> Result<Channels, String> {
    match text {
        "charge-symmetric" => Ok(Channels::ChargeSymmetric),
        "by-species" => Ok(Channels::BySpecies),
        _ => Err("they are charge-symmetric or by-species".into()),
    }
}

fn condition(text: &str) -> Result<Condition, String> {
    match text {
        "temperature" => Ok(Condition::Temperature),
        _ => Err("there is temperature".into()),
    }
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    /// `cross-validation`, or `training systems` where there was none.
    predicted_by: &'static str,
    systems: Vec<serde_json::Value>,
    #[serde(flatten)]
    score: &'a Score,
    coverage: Option<&'a Coverage>,
    calibration: Option<f64>,
    /// What squared errors of responses were multiplied by, where that made deviations of ions right.
    widening: Option<f64>,
    baselines: serde_json::Value,
    /// Held-out fields beside the responses of single ions.
    local: &'a [Agreement],
    reproducibility: &'a [Reproducibility],
    training_systems: &'a Score,
    units: &'a str,
    settings: &'a TrainSettings,
    fit: &'a serde_json::Value,
}

/// Says that a temperature which is the same in all systems teaches nothing about others.
fn warn_of_one_temperature(settings: &TrainSettings, dataset: &Dataset) {
    let temperatures = || dataset.systems.iter().filter_map(|system| system.temperature);
    let Some(first) = temperatures().next().filter(|first| temperatures().all(|t| t == *first)) else { return };
    if settings.conditions.contains(&Condition::Temperature) {
        log::warn!(
            "all systems have temperature {first}, from which no model learns what another one does: it will give the same values at \
             any temperature; leave the condition out, or add systems at others"
        );
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let settings = settings(&arguments)?;
    let (path, dataset) = systems::dataset(&arguments.dataset)?;
    let config: Vec<&Path> = arguments.config.as_deref().into_iter().collect();
    outputs::check_model(&arguments.output)?;
    arguments.outputs.check(&[&arguments.output], &config, (path, &dataset))?;
    warn_of_one_temperature(&settings, &dataset);
    let inputs = (&settings.descriptor, settings.channels, settings.conditions.as_slice());
    let corpus = arguments.reading.corpus(path, &dataset, inputs, None, settings.coordination_radius())?;
    let progress = Mutex::new(Progress::new(path, "folds"));
    let checkpoints = match settings.kind {
        ModelKind::Mlp => Some(checkpoints(&arguments.reading.folder(), &corpus, &settings)?),
        ModelKind::GaussianProcess => None,
    };
    let outcome = train(&corpus, &settings, checkpoints.as_deref(), &|stage| {
        if let (Stage::Fold, Ok(mut progress)) = (stage, progress.lock()) {
            progress.frame();
        }
    })?;
    drop(progress);
    results::write(&arguments.output, &outcome.model)?;
    if let Some(folder) = checkpoints
        && let Err(error) = std::fs::remove_dir_all(&folder)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        log::warn!("{}: {error}; what was kept there of the training can be deleted", folder.display());
    }
    let (predictions, heading, score) = match &outcome.validation {
        Some(v) => {
            let predictions: Vec<Prediction> = v.systems.iter().map(|s| s.prediction.clone()).collect();
            (predictions, "Cross-validation over systems", &v.score)
        }
        None => (outcome.training.clone(), "Training systems", &outcome.training_score),
    };
    let document = summary(&corpus, &settings, &outcome)?;
    warn(&settings, &outcome);
    // Before the table, whose reader may have had enough.
    let beside: Vec<&Agreement> = outcome.validation.iter().flat_map(|v| &v.local).collect();
    arguments.outputs.write(&predictions, heading, score, &beside, &corpus.units, &document)?;
    Ok(print(&corpus, &outcome)?)
}

/// Tells of errors that the model cannot state, or states wrongly.
fn warn(settings: &TrainSettings, outcome: &Outcome) {
    if settings.members == 1 {
        log::warn!(
            "an ensemble of one member has no deviation: the model states errors of 0, of ions and of systems; give more members"
        );
        return;
    }
    let Some(factor) = outcome.validation.as_ref().map(|v| v.calibration) else { return };
    let [least, largest] = CALIBRATIONS;
    // Single ions may have asked for more.
    if (factor / largest - 1.0).abs() < 1e-9 {
        log::warn!(
            "deviations of the ensemble were multiplied by {largest}, the most that they are, and systems that were left out are \
             still off by more than is stated: the model's errors are too small"
        );
    } else if factor < least * (1.0 + 1e-9) {
        log::warn!(
            "deviations of the ensemble were multiplied by {least}, the least that they are, and systems that were left out are \
             still off by less than is stated, errors of labels included: the model's errors may be too large"
        );
    }
}

/// The folder that networks of this very training are kept in while it runs.
fn checkpoints(cache: &Path, corpus: &Corpus, settings: &TrainSettings) -> anyhow::Result<PathBuf> {
    let mut hasher = Sha256::new();
    hasher.update(corpus.digest());
    hasher.update(serde_json::to_string(settings)?);
    let name = format!("{:x}", hasher.finalize());
    let folder = cache.join("training").join(&name[..32]);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

fn settings(arguments: &Arguments) -> anyhow::Result<TrainSettings> {
    let mut settings = match &arguments.config {
        Some(path) => TrainSettings::parse(path, &reading::text(path)?)?,
        None => TrainSettings::default(),
    };
    settings.check()?;
    settings.kind = arguments.kind.unwrap_or(settings.kind);
    settings.channels = arguments.channels.unwrap_or(settings.channels);
    if !arguments.conditions.is_empty() {
        settings.conditions.clone_from(&arguments.conditions);
    }
    settings.members = arguments.members.unwrap_or(settings.members);
    settings.seed = arguments.seed.unwrap_or(settings.seed);
    settings.folds = arguments.folds.or(settings.folds);
    settings.check().or_usage()?;
    Ok(settings)
}

fn summary<'a>(corpus: &'a Corpus, settings: &'a TrainSettings, outcome: &'a Outcome) -> anyhow::Result<Report<'a>> {
    let value = |of: &Prediction| serde_json::to_value(of);
    let validation = outcome.validation.as_ref();
    let systems = match validation {
        Some(v) => v.systems.iter().map(serde_json::to_value).collect::<Result<_, _>>()?,
        None => outcome.training.iter().map(value).collect::<Result<_, _>>()?,
    };
    Ok(Report {
        predicted_by: if validation.is_some() { "cross-validation" } else { "training systems" },
        systems,
        score: validation.map_or(&outcome.training_score, |v| &v.score),
        coverage: validation.map(|v| &v.coverage),
        calibration: validation.map(|v| v.calibration),
        widening: validation.and_then(|v| v.widening),
        baselines: validation.map_or(Ok(serde_json::json!({})), |v| serde_json::to_value(&v.baselines))?,
        local: validation.map_or(&[], |v| &v.local),
        reproducibility: &outcome.reproducibility,
        training_systems: &outcome.training_score,
        units: &corpus.units,
        settings,
        fit: &outcome.summary,
    })
}

fn print(corpus: &Corpus, outcome: &Outcome) -> std::io::Result<()> {
    let Some(validation) = &outcome.validation else {
        crate::terminal::say!("no cross-validation: these are the systems that the model was fitted to")?;
        systems::print(&outcome.training, &corpus.units)?;
        return systems::print_scores(&[("this model", &outcome.training_score)]);
    };
    let predictions: Vec<Prediction> = validation.systems.iter().map(|s| s.prediction.clone()).collect();
    crate::terminal::say!("cross-validation over systems, {} folds", validation.folds)?;
    systems::print(&predictions, &corpus.units)?;
    let mut scores = vec![("this model", &validation.score)];
    scores.extend(validation.baselines.iter().map(|(name, score)| (name.as_str(), score)));
    systems::print_scores(&scores)?;
    systems::print_coverage(&validation.coverage)?;
    systems::print_local(&validation.local.iter().collect::<Vec<_>>())?;
    let by_density = by_density(&outcome.reproducibility);
    if !by_density.is_empty() {
        crate::terminal::say!("\nfields learned from two halves of the systems, correlation over ions by density")?;
        for (density, correlation) in by_density {
            let shown = correlation.map_or("-".into(), |correlation| format!("{correlation:.3}"));
            crate::terminal::say!("{density:>10.4}  {shown}")?;
        }
    }
    Ok(())
}
