//! `ionscape import`: adopting a model made elsewhere.

use std::path::PathBuf;

use anyhow::{Context, bail};
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::local::{Environments, LocalModel};
use ionscape::model::{self, Card, Condition, Conditions, Domain, DomainBuilder};
use ionscape::species::SpeciesMap;
use ionscape::trajectory::{DumpReader, Frame, ReadOptions};
use ndarray::{Array2, ArrayView2};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{mapping, outputs, progress::Progress, reading, results};

/// Adopt an ONNX model made elsewhere, such as one trained with PyTorch on DScribe features.
#[derive(clap::Args)]
pub struct Arguments {
    /// ONNX file: one input, float32 [N, n_features], and one output, float32 [N, n_members].
    file: PathBuf,

    /// Description of the model: units, species, charges, channels, descriptor, provenance.
    #[arg(long, value_name = "TOML")]
    card: PathBuf,

    /// Dumps of the configurations that the model was trained on, for the extrapolation grade.
    #[arg(long, value_name = "DUMP", num_args = 1..)]
    domain: Vec<PathBuf>,

    /// Species of each atom type of these dumps in order, as in Na,NULL,Cl; the card's own order if not given.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "domain")]
    species: Option<Vec<String>>,

    /// Temperature of these dumps, for a model that takes it.
    #[arg(long, value_name = "T", requires = "domain")]
    temperature: Option<f64>,

    /// Where to write the model file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    outputs::check_model(&arguments.output)?;
    let mut card: Card =
        toml::from_str(&reading::text(&arguments.card)?).with_context(|| format!("{}", arguments.card.display()))?;
    let inputs: Vec<PathBuf> =
        [&arguments.file, &arguments.card].into_iter().chain(&arguments.domain).cloned().collect();
    outputs::check(&[&arguments.output], &inputs)?;
    let bytes = model::read_file(&arguments.file)?;
    let hash = format!("{:x}", Sha256::digest(&bytes));
    card.provenance.insert("imported_sha256".into(), Value::String(hash));
    card.provenance.insert("imported_by".into(), Value::String(concat!("ionscape ", env!("CARGO_PKG_VERSION")).into()));

    // Before anything is written: the model must load as it will under LAMMPS.
    let mut adopted = model::adopt(&arguments.file, &bytes, card.clone(), None)?;
    let local = LocalModel::from_bytes(&arguments.file, &adopted)?;
    // A weight that is no number makes every value one.
    local.model().predict(Array2::ones((1, local.model().n_features())).view())?;
    if arguments.temperature.is_some() && !local.inputs().conditions().contains(&Condition::Temperature) {
        bail!("{}: the model takes no temperature; leave --temperature out", arguments.file.display());
    }
    if !arguments.domain.is_empty() {
        let map = mapping::of_model(&local, arguments.species.as_deref())?;
        let conditions = Conditions { temperature: arguments.temperature };
        let domain = domain(&local, &map, conditions, &arguments.domain)?;
        adopted = model::adopt(&arguments.file, &bytes, card, Some(domain))?;
    }
    results::write(&arguments.output, &adopted)
}

/// The domain of every ion in every frame of some dumps.
fn domain(local: &LocalModel, map: &SpeciesMap, conditions: Conditions, dumps: &[PathBuf]) -> anyhow::Result<Domain> {
    let mut builder = DomainBuilder::default();
    let mut features = Vec::new();
    for path in dumps {
        let cautions = Cautions::logged();
        let mut dump = DumpReader::open(path, configuration::columns(map), ReadOptions::default())?;
        let mut progress = Progress::new(path, "frames");
        let mut frame = Frame::default();
        while dump.read(&mut frame)? {
            configuration::check(map, &frame, &cautions)?;
            let environments =
                configuration::environments_for(local, &frame, map, local.descriptor().reach(), &cautions)?;
            let shape = (environments.len(), local.inputs().len());
            features.resize(shape.0 * shape.1, 0.0);
            local.features(&environments, &conditions, &mut features)?;
            let narrow: Vec<f32> = features.iter().map(|&v| v as f32).collect();
            builder.add(ArrayView2::from_shape(shape, &narrow)?);
            progress.frame();
        }
    }
    builder.build().context("the dumps named by --domain hold no ion of the model")
}
