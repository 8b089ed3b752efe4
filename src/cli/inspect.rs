//! `ionscape inspect`: what a model file says of itself.

use std::path::{Path, PathBuf};

use ionscape::local::LocalModel;
use serde_json::Value;

use crate::{outputs, results};

/// Show what a model file says of itself.
#[derive(clap::Args)]
pub struct Arguments {
    /// Model file.
    model: PathBuf,

    /// Write the metadata, as it stands in the file, to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let local = LocalModel::load(&arguments.model)?;
    let json: Vec<&Path> = arguments.json.as_deref().into_iter().collect();
    outputs::check(&json, std::slice::from_ref(&arguments.model))?;
    let metadata = local.model().metadata();
    let species = local.species().iter().map(|s| format!("{} ({:+})", s.name, s.charge)).collect::<Vec<_>>().join(", ");
    let domain = metadata.domain.as_ref();
    let mut rows = vec![
        ("model", arguments.model.display().to_string()),
        ("units", metadata.units.clone()),
        ("species", species),
        ("molecules", metadata.molecules.join(", ")),
        ("channels", plain(&serde_json::to_value(metadata.channels)?)),
        ("conditions", plain(&serde_json::to_value(&metadata.conditions)?)),
        ("descriptor", plain(&metadata.descriptor)),
        ("reach", format!("{:.4}", local.descriptor().reach())),
        (
            "features",
            match local.inputs().n_beside() {
                0 => local.model().n_features().to_string(),
                beside => format!("{} and {beside} inputs beside the structure", local.model().n_features() - beside),
            },
        ),
        ("members", local.model().n_members().to_string()),
        (
            "domain",
            domain.map_or("none: the extrapolation grade is -1 for every ion".into(), |d| {
                format!("box around {} environments", d.n_environments())
            }),
        ),
    ];
    rows.retain(|(_, value)| !value.is_empty());
    for (key, value) in metadata.provenance.iter().chain(&metadata.validation) {
        rows.push((key, plain(value)));
    }
    // Before the table, whose reader may have had enough.
    results::write_json(arguments.json.as_deref(), metadata)?;
    Ok(results::print_table(&rows)?)
}

/// Longer lists are counted; `--json` has their items.
const LONGEST_LIST: usize = 6;

/// A JSON value on one line, without the quotes of strings and without what is not set.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{}", number.as_f64().unwrap_or(f64::NAN) as f32),
        Value::Object(map) => {
            let set = map.iter().filter(|(_, v)| !v.is_null());
            set.map(|(k, v)| format!("{k} {}", plain(v))).collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) if items.len() > LONGEST_LIST => format!("({} entries)", items.len()),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
