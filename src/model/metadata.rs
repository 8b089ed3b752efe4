//! What a model file says of itself: the JSON under the key `ionscape` of its `metadata_props`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Domain;
use super::conditions::Condition;
use super::unrepeated::Unrepeated;
use crate::species::{Channels, Species};

/// A model's description of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Version of this layout.
    pub version: u32,
    /// Unit style of lengths and of molar conductivity: lj, real or metal.
    pub units: String,
    /// Names of the species.
    pub species: Vec<String>,
    /// Charge of each species, in elementary charges; 0 for neutral ones, which ions see and which have no field.
    pub charges: BTreeMap<String, f64>,
    /// Species whose ions are all atoms of one molecule id, at their centre of mass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub molecules: Vec<String>,
    pub channels: Channels,
    /// What the graph takes beside the descriptor, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
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
    /// The newest version that this program reads.
    pub const VERSION: u32 = 2;

    /// What programs that know version 1 alone can read is written as that.
    const FIRST: u32 = 1;

    /// Key in `validation`: the largest deviation over the ensemble of a training system's mean, relative to that mean.
    pub const LARGEST_DEVIATION: &'static str = "largest_relative_deviation";

    /// Unit styles that a model can be for.
    pub const UNITS: [&'static str; 3] = ["lj", "real", "metal"];

    /// Key in the file's `metadata_props`.
    pub const KEY: &'static str = "ionscape";

    /// The species with their charges, in the model's order.
    pub fn species(&self) -> Vec<Species> {
        let of = |name: &String| Species {
            name: name.clone(),
            charge: self.charges[name],
            molecular: self.molecules.contains(name),
        };
        self.species.iter().map(of).collect()
    }

    /// The same with the lowest version that says all of it.
    pub(super) fn versioned(mut self) -> Self {
        let simple = self.channels == Channels::ChargeSymmetric && self.molecules.is_empty();
        let ions_alone = self.charges.values().all(|charge| *charge != 0.0);
        let first = simple && ions_alone && self.conditions.is_empty();
        self.version = if first { Self::FIRST } else { Self::VERSION };
        self
    }

    /// Reads and checks the JSON text; the error says what is wrong with it.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| format!("its metadata is not JSON: {e}"))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(v) if (u64::from(Self::FIRST)..=u64::from(Self::VERSION)).contains(&v) => {}
            Some(v) => {
                let cure = if v > u64::from(Self::VERSION) { "; update ionscape" } else { "" };
                return Err(format!(
                    "its metadata has version {v}, and this program reads versions {} to {}{cure}",
                    Self::FIRST,
                    Self::VERSION
                ));
            }
            None => return Err("its metadata has no version number".into()),
        }
        // Of two values under one key, the other would be left out without a word.
        serde_json::from_str::<Unrepeated>(text).map_err(|e| format!("its metadata is ambiguous: {e}"))?;
        let metadata: Self = serde_json::from_value(value).map_err(|e| format!("its metadata is incomplete: {e}"))?;
        metadata.check()?;
        let needed = metadata.clone().versioned().version;
        if metadata.version < needed {
            // A program that reads that version alone would refuse it, or take its inputs for others.
            return Err(format!("its metadata says version {}, and holds what came with {needed}", metadata.version));
        }
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
                Some(charge) if charge.is_finite() => {}
                Some(charge) => return Err(format!("species '{name}' has charge {charge}")),
                None => return Err(format!("species '{name}' has no entry under charges")),
            }
        }
        if let Some(extra) = self.charges.keys().find(|name| !self.species.contains(name)) {
            return Err(format!("'{extra}' has a charge and is not among the species"));
        }
        if self.charges.values().all(|charge| *charge == 0.0) {
            return Err("none of its species has a charge; a model is of ions".into());
        }
        for (i, name) in self.molecules.iter().enumerate() {
            if !self.species.contains(name) {
                return Err(format!("'{name}' is said to be a molecule and is not among the species"));
            }
            if self.molecules[..i].contains(name) {
                return Err(format!("'{name}' is said to be a molecule twice"));
            }
        }
        self.domain.as_ref().map_or(Ok(()), Domain::check)
    }
}
