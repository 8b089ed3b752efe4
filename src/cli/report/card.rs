//! What the model says of itself.

use std::path::Path;

use anyhow::Context;
use ionscape::model::Model;
use ionscape::page::{Fact, Section};
use serde_json::Value;

use super::provenance::sha256;
use super::words::{count, number};

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
        Fact::new("channels", plain(&serde_json::to_value(metadata.channels)?)),
        Fact::new("features", model.n_features().to_string()),
        Fact::new("members of the ensemble", model.n_members().to_string()),
    ];
    if !metadata.molecules.is_empty() {
        facts.push(Fact::new("ions at centres of mass", metadata.molecules.join(", ")));
    }
    if !metadata.conditions.is_empty() {
        facts.push(Fact::new("beside the structure it takes", plain(&serde_json::to_value(&metadata.conditions)?)));
    }
    if let Some(descriptor) = metadata.descriptor.as_object() {
        facts.push(Fact::new("descriptor", descriptor.iter().map(named).collect::<Vec<_>>().join(", ")));
    }
    if let Some(domain) = &metadata.domain {
        facts.push(Fact::new("trained on", format!("{} environments", count(domain.n_environments() as f64))));
    }
    let more = metadata.provenance.iter().chain(&metadata.validation);
    facts.extend(more.map(|(key, value)| match key.ends_with("sha256") {
        true => Fact::verbatim(key.replace('_', " "), plain(value)),
        false => Fact::new(key.replace('_', " "), plain(value)),
    }));
    Ok(Section::new("The model").facts(facts))
}

/// Longer lists are counted; the model file has their items.
const LONGEST: usize = 6;

/// A value in words, numbers to four digits, without what is not set.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(value) => four_digits(value),
            None => number.to_string(),
        },
        Value::Object(map) => map.iter().filter(|(_, v)| !v.is_null()).map(named).collect::<Vec<_>>().join(", "),
        Value::Array(items) if items.len() > LONGEST => format!("{} items", count(items.len() as f64)),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// What is within something else stands in brackets.
fn named((key, value): (&String, &Value)) -> String {
    let key = key.replace('_', " ");
    match value {
        Value::Object(_) => format!("{key} ({})", plain(value)),
        _ => format!("{key} {}", plain(value)),
    }
}

fn four_digits(value: f64) -> String {
    let decimals = (3.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    let digits = number(value, decimals);
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.').into() } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says_is_short_and_its_parts_can_be_told_apart() {
        let value = serde_json::json!({
            "r2": 0.99699366, "folds": 5, "seed": null, "systems": vec![1; 64], "fit": { "softening": 1e-6, "kind": "gp" }
        });
        assert_eq!(plain(&value), "r2 0.997, folds 5, systems 64 items, fit (softening 0.000001, kind gp)");
        assert_eq!(four_digits(-0.00316058), "\u{2212}0.003161");
    }
}
