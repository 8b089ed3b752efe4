//! What the model says of itself.

use std::path::Path;

use anyhow::Context;
use ionscape::model::Model;
use ionscape::page::{Fact, Section};
use serde_json::Value;

use super::provenance::sha256;

pub fn section(path: &Path) -> anyhow::Result<Section> {
    let model = Model::load(path)?;
    let metadata = model.metadata();
    let mut facts = vec![
        Fact::verbatim("file", path.display().to_string()),
        Fact::verbatim("SHA-256", sha256(path).with_context(|| path.display().to_string())?),
        Fact::new("units", metadata.units.clone()),
        Fact::new(
            "species",
            metadata
                .species
                .iter()
                .map(|name| format!("{name} ({:+})", metadata.charges[name]))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        Fact::new("features", model.n_features().to_string()),
        Fact::new("members of the ensemble", model.n_members().to_string()),
    ];
    if let Some(descriptor) = metadata.descriptor.as_object() {
        let named = descriptor.iter().map(|(key, value)| format!("{} {}", key.replace('_', " "), plain(value)));
        facts.push(Fact::new("descriptor", named.collect::<Vec<_>>().join(", ")));
    }
    if let Some(domain) = &metadata.domain {
        facts.push(Fact::new("trained on", format!("{} environments", domain.n_environments())));
    }
    let more = metadata.provenance.iter().chain(&metadata.validation);
    facts.extend(more.map(|(key, value)| Fact::new(key.replace('_', " "), plain(value))));
    Ok(Section::new("The model").facts(facts))
}

/// Longer lists are counted; the model file has their items.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() > 8 => format!("{} items", items.len()),
        other => other.to_string(),
    }
}
