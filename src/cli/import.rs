//! `ionscape import`: adopting a model made elsewhere.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use ionscape::local::LocalModel;
use ionscape::model::{self, Card};
use ionscape::output::AtomicFile;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Adopt an ONNX model made elsewhere, such as one trained with PyTorch on DScribe features.
#[derive(clap::Args)]
pub struct Arguments {
    /// ONNX file: one input, float32 [N, n_features], and one output, float32 [N, n_members].
    file: PathBuf,

    /// Description of the model: units, species, charges, channels, descriptor, provenance.
    #[arg(long, value_name = "TOML")]
    card: PathBuf,

    /// Where to write the model file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&arguments.card).with_context(|| arguments.card.display().to_string())?;
    let mut card: Card = toml::from_str(&text).with_context(|| format!("{}", arguments.card.display()))?;
    let bytes = model::read_file(&arguments.file)?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    card.provenance.insert("imported_sha256".into(), Value::String(hash));
    card.provenance.insert("imported_by".into(), Value::String(concat!("ionscape ", env!("CARGO_PKG_VERSION")).into()));

    let adopted = model::adopt(&arguments.file, &bytes, card, None)?;
    // Before anything is written: the model must load as it will under LAMMPS.
    LocalModel::from_bytes(&arguments.file, &adopted)?;
    let mut file = AtomicFile::create(&arguments.output)?;
    file.write_all(&adopted).with_context(|| arguments.output.display().to_string())?;
    file.commit()?;
    Ok(())
}
