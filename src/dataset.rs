//! The data set file: systems with what they were simulated at, and their molar conductivities.

mod check;
mod labels;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::species::{NOT_AN_ION, Species, types_by_species};
use crate::{Error, Result};

pub use labels::{Label, check_for_labels, write_labels};

/// A `dataset.toml`, as it stands in the file. Paths are relative to the file's folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Unit style of all systems.
    pub units: String,
    /// Name of the species that an atom type is, by the type.
    pub species: BTreeMap<String, String>,
    /// Charge of an ion by the name of its species; 0 for a neutral species, which ions see.
    pub charges: BTreeMap<String, f64>,
    /// Species whose ions are all atoms of one molecule id, at their centre of mass.
    #[serde(default)]
    pub molecules: Vec<String>,
    /// Where the data set comes from; for people.
    pub provenance: Option<toml::Table>,
    #[serde(rename = "system", default)]
    pub systems: Vec<System>,
}

/// One system of a data set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub name: String,
    /// Configurations to learn from.
    pub snapshots: Option<Paths>,
    /// The label and its standard error; absent where it is to be computed.
    pub molar_conductivity: Option<f64>,
    pub molar_conductivity_error: Option<f64>,
    pub nernst_einstein: Option<f64>,
    /// Length at which the Coulomb energy of two unit charges is kT, for a baseline in it.
    pub bjerrum_length: Option<f64>,
    /// Dump of configurations with the response of each ion, as `ionscape truth` writes it.
    pub local: Option<PathBuf>,
    /// Which of its response times is meant.
    pub local_time: Option<f64>,
    /// What ions responded to: `field` if not given, or `impulse`.
    pub local_perturbation: Option<String>,
    /// Dumps with unwrapped coordinates to compute the label from.
    pub trajectory: Option<Paths>,
    /// Files of `fix ave/time` with the current, beside the trajectory.
    pub current: Option<Paths>,
    /// Damping time of `fix langevin`, for the force route.
    pub langevin_damp: Option<f64>,
    /// Mass of every ion, for the force route.
    pub mass: Option<f64>,
    pub timestep: Option<f64>,
    pub temperature: Option<f64>,
    /// Where the label comes from; for people.
    pub provenance: Option<toml::Table>,
}

/// One path or a list of them.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Paths {
    One(PathBuf),
    Many(Vec<PathBuf>),
}

impl Paths {
    /// All of them, seen from `folder`.
    pub fn seen_from(&self, folder: &Path) -> Vec<PathBuf> {
        let paths = match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Many(paths) => paths,
        };
        paths.iter().map(|path| folder.join(path)).collect()
    }
}

impl Dataset {
    /// Reads a data set's text; `path` is for messages.
    ///
    /// # Errors
    /// Text that is no TOML or has unknown keys, with the line; names that stand twice, labels without errors, values that are
    /// not above zero, lists of no path, species without charges, types that are no numbers.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let dataset: Self = toml::from_str(text)
            .map_err(|e| Error::Input(format!("{}: {}", path.display(), e.to_string().trim_end())))?;
        dataset.check().map_err(|message| Error::Input(format!("{}: {message}", path.display())))?;
        Ok(dataset)
    }

    /// Atom types by species name, in the order of the first type.
    pub fn types_by_species(&self) -> Vec<(String, Vec<i32>)> {
        types_by_species(&self.species)
    }

    /// The species in the order of their first atom type.
    pub fn species_by_type(&self) -> Vec<Species> {
        let of = |(name, _): (String, Vec<i32>)| Species {
            charge: self.charges[&name],
            molecular: self.molecules.contains(&name),
            name,
        };
        self.types_by_species().into_iter().map(of).collect()
    }

    /// Name of the species of each atom type from 1 to the highest that is named, `NULL` for the others.
    pub fn names_by_type(&self) -> Vec<&str> {
        let named: BTreeMap<usize, &str> =
            self.species.iter().filter_map(|(t, name)| Some((t.parse().ok()?, name.as_str()))).collect();
        let last = named.keys().last().copied().unwrap_or(0);
        (1..=last).map(|t| named.get(&t).copied().unwrap_or(NOT_AN_ION)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const TEXT: &str = r#"# Two salts.
units = "lj"
species = { 2 = "anion", 1 = "cation", 3 = "cation" } # three types
charges = { cation = 1.0, anion = -1.0 }

[[system]]
name = "labelled"   # measured elsewhere
snapshots = "a.lammpstrj"
molar_conductivity = 1.25
molar_conductivity_error = 0.05

# The next one is not labelled yet.
[[system]]
name = "new"
trajectory = ["a.lammpstrj", "b.lammpstrj"]
timestep = 0.005
temperature = 1.0
"#;

    pub(super) fn parse(text: &str) -> Result<Dataset> {
        Dataset::parse(Path::new("dataset.toml"), text)
    }

    #[test]
    fn a_data_set_is_read() {
        let dataset = parse(TEXT).unwrap();
        let types = dataset.types_by_species();
        assert_eq!(types, [("cation".to_string(), vec![1, 3]), ("anion".to_string(), vec![2])]);
        let trajectory = dataset.systems[1].trajectory.as_ref().unwrap().seen_from(Path::new("/data"));
        assert_eq!(trajectory, [Path::new("/data/a.lammpstrj"), Path::new("/data/b.lammpstrj")]);
    }
}
