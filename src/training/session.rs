//! A whole training: cross-validation, the final fit on all systems, the model file.

use std::path::Path;

use ndarray::{Array2, s};
use serde_json::{Map, Value, json};

use super::baselines::Baseline;
use super::corpus::{Corpus, Member};
use super::cross_validation::{CrossValidation, cross_validate, prediction};
use super::fit::Fitted;
use super::local::ResponseKind;
use super::perceptrons::Kept;
use super::reproducibility::{Reproducibility, by_density, reproducibility};
use super::score::{Prediction, Score, score};
use super::settings::{ModelKind, TrainSettings};
use crate::model::ensemble::{Ensemble, Scratch};
use crate::model::{DomainBuilder, Metadata, Model};
use crate::{Error, Result};

/// Environments that go through domain and check together.
const CHUNK: usize = 1024;

/// Largest difference between the trainer's own forward pass and the exported graph, relative to the field's spread.
const TOLERANCE: f64 = 1e-4;

/// What a training is doing.
pub enum Stage {
    Fold,
    Fitting,
    Exporting,
}

/// What came out.
pub struct Outcome {
    /// Content of the model file.
    pub model: Vec<u8>,
    pub validation: Option<CrossValidation>,
    /// The systems that were learned from, as the final model has them.
    pub training: Vec<Prediction>,
    pub training_score: Score,
    /// Fields learned from disjoint halves of the systems, compared; nothing without cross-validation.
    pub reproducibility: Vec<Reproducibility>,
    /// What the final fit found.
    pub summary: Value,
}

/// Trains on all systems of a corpus. Where a folder is given, networks under training are kept in it until all is done,
/// and a training that was cut off goes on from there.
///
/// # Errors
/// Too few systems; what the parts refuse; an exported graph that does not do what the trainer does.
pub fn train(
    corpus: &Corpus,
    settings: &TrainSettings,
    checkpoints: Option<&Path>,
    on_stage: &(dyn Fn(Stage) + Sync),
) -> Result<Outcome> {
    let n = corpus.systems.len();
    if n < 2 {
        return Err(Error::Input(format!(
            "{n} system to learn from: a model learns how conductivity follows structure from systems that differ; give two at \
             least, and a dozen for a model worth using"
        )));
    }
    let local = if settings.local.learn { local_kind(corpus)? } else { None };
    if local.is_some() {
        check_responses(corpus, settings)?;
    }
    let validation = match settings.folds(n) {
        0 => None,
        _ if n == 2 && settings.folds.is_none() => None,
        _ => Some(cross_validate(corpus, settings, checkpoints, &|| on_stage(Stage::Fold))?),
    };
    let reproducible = match validation {
        Some(_) => reproducibility(corpus, settings)?,
        None => vec![],
    };
    on_stage(Stage::Fitting);
    let pooled = corpus.pooled(settings);
    let kept = checkpoints.map(|folder| Kept { folder, tag: "all" });
    let mut fitted = Fitted::fit(&pooled, corpus.inputs.n_beside(), settings, settings.seed, kept)?;
    let calibration = validation.as_ref().map_or(1.0, |v| v.calibration);
    fitted.widen(validation.as_ref().and_then(|v| v.widening).unwrap_or(1.0));
    let known = fitted.predict_training(&pooled, settings.members, calibration, settings.seed);
    let training: Vec<Prediction> = corpus
        .systems
        .iter()
        .zip(&known)
        .map(|(member, known)| prediction(member, known.mean, calibration * known.deviation))
        .collect();
    let training_score = score(&training, settings.label_floor);
    on_stage(Stage::Exporting);
    let ensemble = fitted.ensemble(settings.members, calibration, settings.seed);
    let deviation = known.iter().map(|k| k.of_ensemble / k.mean.abs()).fold(0.0, f64::max);
    let found = Found {
        local,
        validation: validation.as_ref(),
        reproducible: &reproducible,
        training: &training_score,
        deviation,
    };
    let metadata = metadata(corpus, settings, &fitted, &found)?;
    let refuse = |message: String| Error::Input(format!("the trained model cannot be written: {message}"));
    let model = ensemble.to_graph().finish(ensemble.n_features(), ensemble.n_members(), &metadata).map_err(refuse)?;
    check_export(&model, &ensemble, corpus)?;
    Ok(Outcome {
        model,
        validation,
        training,
        training_score,
        reproducibility: reproducible,
        summary: fitted.summary(),
    })
}

/// What all responses of ions are to, and how many systems have them.
fn local_kind(corpus: &Corpus) -> Result<Option<(ResponseKind, usize)>> {
    let kinds: Vec<&ResponseKind> = corpus.systems.iter().filter_map(|s| Some(&s.local.as_ref()?.kind)).collect();
    let Some(&kind) = kinds.first() else { return Ok(None) };
    match kinds.iter().find(|other| **other != kind) {
        None => Ok(Some((kind.clone(), kinds.len()))),
        Some(other) => Err(Error::Input(format!(
            "some responses of ions are {kind}, others {other}; a field is defined at one: give all systems the same local_time \
             and local_perturbation"
        ))),
    }
}

/// What learning from responses of single ions asks of settings and labels.
fn check_responses(corpus: &Corpus, settings: &TrainSettings) -> Result<()> {
    if settings.kind == ModelKind::GaussianProcess {
        settings.gaussian_process.check_with_responses()?;
    }
    match corpus.systems.iter().find(|system| system.local.is_some() && system.label == 0.0) {
        None => Ok(()),
        Some(system) => Err(Error::Input(format!(
            "system {}: its molar_conductivity is 0, and responses of its ions count in units of it: leave out its local, or set \
             learn = false under [local]",
            system.name
        ))),
    }
}

fn value(of: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(of).map_err(|e| Error::Input(format!("the model's description cannot be written: {e}")))
}

/// What a model file tells of how it was found.
struct Found<'a> {
    /// What responses are to, and how many systems have them.
    local: Option<(ResponseKind, usize)>,
    validation: Option<&'a CrossValidation>,
    reproducible: &'a [Reproducibility],
    training: &'a Score,
    deviation: f64,
}

fn metadata(corpus: &Corpus, settings: &TrainSettings, fitted: &Fitted, found: &Found) -> Result<Metadata> {
    let Found { local, validation, reproducible, training, deviation } = found;
    let mut domain = DomainBuilder::default();
    for member in &corpus.systems {
        let view = member.features.view();
        for start in (0..view.nrows()).step_by(CHUNK) {
            domain.add(view.slice(s![start..view.nrows().min(start + CHUNK), ..]));
        }
    }
    let members: Vec<&Member> = corpus.systems.iter().collect();
    let baselines = Baseline::fit_all(&members);
    let mut provenance = Map::new();
    provenance.insert("made_by".into(), json!(concat!("ionscape ", env!("CARGO_PKG_VERSION"))));
    provenance.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
    provenance.insert("seed".into(), json!(settings.seed));
    provenance.insert("data_set".into(), json!(corpus.data_set));
    provenance.insert("data_sha256".into(), json!(corpus.digest()));
    provenance.insert("n_systems".into(), json!(corpus.systems.len()));
    if let Some((kind, n_systems)) = local {
        provenance.insert("local_time".into(), json!(kind.time));
        provenance.insert("local_perturbation".into(), json!(kind.perturbation));
        provenance.insert("n_local_systems".into(), json!(n_systems));
    }
    provenance.insert("coordination_radius".into(), json!(settings.coordination_radius()));
    provenance.insert("settings".into(), value(settings)?);
    provenance.insert("fit".into(), fitted.summary());
    let mut figures = Map::new();
    if let Some(validation) = validation {
        figures.insert("cross_validation".into(), value(validation)?);
    }
    if !reproducible.is_empty() {
        let rows: Vec<Value> =
            by_density(reproducible).iter().map(|(d, c)| json!({ "density": d, "correlation": c })).collect();
        figures.insert("field_reproducibility".into(), json!(rows));
    }
    figures.insert("training_systems".into(), value(training)?);
    figures.insert(Metadata::LARGEST_DEVIATION.into(), json!(deviation));
    figures.insert("baselines_fitted".into(), value(&baselines)?);
    Ok(Metadata {
        version: Metadata::VERSION,
        units: corpus.units.clone(),
        species: corpus.species.iter().map(|s| s.name.clone()).collect(),
        charges: corpus.species.iter().map(|s| (s.name.clone(), s.charge)).collect(),
        molecules: corpus.species.iter().filter(|s| s.molecular).map(|s| s.name.clone()).collect(),
        channels: settings.channels,
        conditions: settings.conditions.clone(),
        descriptor: value(&settings.descriptor)?,
        domain: domain.build(),
        provenance,
        validation: figures,
    })
}

/// Reads the file as LAMMPS will, and by tract, and compares both with the trainer's own forward pass on environments of each system.
fn check_export(model: &[u8], ensemble: &Ensemble, corpus: &Corpus) -> Result<()> {
    let read = Model::from_bytes("the trained model", model)?;
    let by_tract = Model::by_tract("the trained model", model)?;
    let (mut largest, mut spread) = (0.0f64, 0.0f64);
    for member in &corpus.systems {
        let view = member.features.view();
        let step = view.nrows().div_ceil(16);
        let rows: Array2<f32> = view.slice(s![..;step, ..]).to_owned();
        let ours = ensemble.predict(rows.view(), &mut Scratch::default());
        for theirs in [read.predict(rows.view())?, by_tract.predict(rows.view())?] {
            for (a, b) in ours.iter().zip(&theirs) {
                largest = largest.max(f64::from((a - b).abs()));
                spread = spread.max(f64::from(a.abs()));
            }
        }
    }
    match largest <= TOLERANCE * spread {
        true => Ok(()),
        false => Err(Error::Input(format!(
            "the exported graph gives conductivities that differ by {largest:e} from the trainer's own, of up to {spread:e}; \
             this is a defect of ionscape: please report it with the settings"
        ))),
    }
}
