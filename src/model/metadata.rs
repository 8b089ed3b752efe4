//! What a model file says of itself: the JSON under the key `ionscape` of its `metadata_props`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Domain;
use crate::species::Species;

/// How neighbours are sorted into the descriptor's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Relative to the center: like-charged first, unlike second. One model serves cations and anions.
    ChargeSymmetric,
}

/// A model's description of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Version of this layout.
    pub version: u32,
    /// Unit style of lengths and of molar conductivity: lj, real or metal.
    pub units: String,
    /// Names of the ion species.
    pub species: Vec<String>,
    /// Charge of each species, in elementary charges.
    pub charges: BTreeMap<String, f64>,
    pub channels: Channels,
    /// Parameters of the descriptor, read by the descriptor's own module.
    pub descriptor: Value,
    /// The environments that the model was trained on, for the extrapolation grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Domain>,
    /// Where the model comes from: data set and its hash, seed, version.
    #[serde(default)]
    pub provenance: Map<String, Value>,
    /// How well it did on systems that it had not seen.
    #[serde(default)]
    pub validation: Map<String, Value>,
}

impl Metadata {
    /// The version that this program writes, and the newest that it reads.
    pub const VERSION: u32 = 1;

    /// Key in `validation`: the largest deviation over the ensemble of a training system's mean, relative to that mean.
    pub const LARGEST_DEVIATION: &'static str = "largest_relative_deviation";

    /// Unit styles that a model can be for.
    pub const UNITS: [&'static str; 3] = ["lj", "real", "metal"];

    /// Key in the file's `metadata_props`.
    pub const KEY: &'static str = "ionscape";

    /// The species with their charges, in the model's order.
    pub fn species(&self) -> Vec<Species> {
        self.species.iter().map(|name| Species { name: name.clone(), charge: self.charges[name] }).collect()
    }

    /// Reads and checks the JSON text; the error says what is wrong with it.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| format!("its metadata is not JSON: {e}"))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(v) if v == u64::from(Self::VERSION) => {}
            Some(v) => {
                return Err(format!(
                    "its metadata has version {v}, and this program reads version {}; update ionscape",
                    Self::VERSION
                ));
            }
            None => return Err("its metadata has no version number".into()),
        }
        let metadata: Self = serde_json::from_value(value).map_err(|e| format!("its metadata is incomplete: {e}"))?;
        metadata.check()?;
        Ok(metadata)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !Self::UNITS.contains(&self.units.as_str()) {
            return Err(format!("its units are '{}'; a model's units are lj, real or metal", self.units));
        }
        if self.species.is_empty() {
            return Err("it names no species".into());
        }
        for (i, name) in self.species.iter().enumerate() {
            if self.species[..i].contains(name) {
                return Err(format!("species '{name}' is named twice"));
            }
            match self.charges.get(name) {
                Some(charge) if charge.is_finite() && *charge != 0.0 => {}
                Some(charge) => return Err(format!("species '{name}' has charge {charge}; an ion has some charge")),
                None => return Err(format!("species '{name}' has no entry under charges")),
            }
        }
        if let Some(extra) = self.charges.keys().find(|name| !self.species.contains(name)) {
            return Err(format!("'{extra}' has a charge and is not among the species"));
        }
        self.domain.as_ref().map_or(Ok(()), Domain::check)
    }
}
