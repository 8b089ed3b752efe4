//! Which atoms are ions of which species, and in which channel of a center a neighbour stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The word that stands for an atom type that is none of the model's species.
pub const NOT_AN_ION: &str = "NULL";

/// Highest number of an atom type: a name is kept for each up to the highest that is named.
pub const MOST_TYPES: i32 = 1_000_000;

/// An atom type as it is written.
///
/// # Errors
/// What is none, or is above [`MOST_TYPES`].
pub fn parse_type(word: &str) -> std::result::Result<i32, String> {
    match word.parse() {
        Ok(t) if (1..=MOST_TYPES).contains(&t) => Ok(t),
        _ => Err(format!("'{word}' is no atom type; types are whole numbers from 1 to {MOST_TYPES}")),
    }
}

/// Atom types, as in `1` or `1,3`.
///
/// # Errors
/// As [`parse_type`].
pub fn parse_types(text: &str) -> std::result::Result<Vec<i32>, String> {
    text.split(',').map(|word| parse_type(word.trim())).collect()
}

/// Checks that the keys of a table `species` of a TOML file are atom types, each given once.
///
/// # Errors
/// The first key that is none, and two that are the same.
pub fn check_types<'a>(keys: impl IntoIterator<Item = &'a String>) -> std::result::Result<(), String> {
    let mut types: BTreeMap<i32, &str> = BTreeMap::new();
    for key in keys {
        let number =
            parse_type(key).map_err(|why| format!("species: {why}; write it as in species = {{ 1 = \"cation\" }}"))?;
        if let Some(other) = types.insert(number, key) {
            return Err(format!("species: '{other}' and '{key}' are the same atom type; name each type once"));
        }
    }
    Ok(())
}

/// Atom types by species, in the order of the first type, from a table `species` of a TOML file, whose keys are types.
pub(crate) fn types_by_species(species: &BTreeMap<String, String>) -> Vec<(String, Vec<i32>)> {
    let mut types: Vec<(i32, &String)> = species.iter().filter_map(|(t, name)| Some((t.parse().ok()?, name))).collect();
    types.sort_unstable();
    let mut found: Vec<(String, Vec<i32>)> = vec![];
    for (t, name) in types {
        match found.iter_mut().find(|(known, _)| known == name) {
            Some((_, types)) => types.push(t),
            None => found.push((name.clone(), vec![t])),
        }
    }
    found
}

/// Checks that a name can stand for a species in LAMMPS's input and on the command line.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), String> {
    const KEYWORDS: [&str; 3] = ["threads", "temperature", "on_error"];
    let plain = |c: char| !(c.is_whitespace() || c.is_control() || ",$&#\"'{}".contains(c));
    let why = match name {
        "" => "is empty",
        NOT_AN_ION => "stands for atoms that are no ions",
        _ if KEYWORDS.contains(&name) => "is a keyword of compute conductivity/atom",
        _ if !name.chars().all(plain) => "has a character that LAMMPS's input or --species takes for something else",
        _ => return Ok(()),
    };
    Err(format!("the species' name '{name}' {why}; give it another"))
}

/// A species: its name, its charge in elementary charges, and what stands for one of its ions.
#[derive(Clone, Debug, PartialEq)]
pub struct Species {
    pub name: String,
    /// 0 for a neutral species, which ions see and which has no conductivity of its own.
    pub charge: f64,
    /// Whether all atoms of the species that share a molecule id are one ion, at their centre of mass.
    pub molecular: bool,
}

impl Species {
    /// A species each of whose atoms is an ion (or a neutral site).
    pub fn atomic(name: impl Into<String>, charge: f64) -> Self {
        Self { name: name.into(), charge, molecular: false }
    }

    /// Whether it has a charge, and with it a conductivity.
    pub fn is_ion(&self) -> bool {
        self.charge != 0.0
    }
}

/// How neighbours are sorted into the descriptor's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Relative to the center: like-charged first, unlike second, then each neutral species. One model serves cations
    /// and anions.
    #[default]
    ChargeSymmetric,
    /// One for each species in their order, for ions that differ in more than the sign of their charge; the model is told which
    /// ion species the center is.
    BySpecies,
}

/// A molecule has at least so much of its species' charge: charges may be scaled, and sums are rounded.
const LEAST_SHARE: f64 = 0.1;

/// Charges that differ by no larger share are of one magnitude.
const SAME_CHARGE: f64 = 1e-6;

/// Whether charges are of one magnitude.
pub(crate) fn one_magnitude(mut charges: impl Iterator<Item = f64>) -> bool {
    let first = charges.next().map_or(0.0, f64::abs);
    charges.all(|charge| (charge.abs() - first).abs() <= SAME_CHARGE * first)
}

impl Channels {
    /// Refuses ions of which one model cannot serve both signs.
    ///
    /// # Errors
    /// Ions of several magnitudes of charge in channels that know the sign alone.
    pub(crate) fn check(self, species: &[Species]) -> std::result::Result<(), String> {
        let ions = || species.iter().filter(|s| s.is_ion());
        if self == Self::BySpecies || one_magnitude(ions().map(|s| s.charge)) {
            return Ok(());
        }
        let charges: Vec<String> = ions().map(|s| format!("{} ({:+})", s.name, s.charge)).collect();
        Err(format!(
            "charges: {} differ in more than their sign, and charge-symmetric channels take them for alike",
            charges.join(", ")
        ))
    }

    /// Number of channels for some species.
    pub fn count(self, species: &[Species]) -> usize {
        match self {
            Self::ChargeSymmetric => 2 + species.iter().filter(|s| !s.is_ion()).count(),
            Self::BySpecies => species.len(),
        }
    }

    /// Channel of a neighbour relative to a center, both by their place among the species.
    fn of(self, species: &[Species], center: usize, neighbor: usize) -> usize {
        match self {
            Self::BySpecies => neighbor,
            Self::ChargeSymmetric if species[neighbor].is_ion() => {
                usize::from(species[center].charge.signum() != species[neighbor].charge.signum())
            }
            Self::ChargeSymmetric => 2 + species[..neighbor].iter().filter(|s| !s.is_ion()).count(),
        }
    }
}

/// The atoms that share a molecule id.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Molecule {
    /// Of all of them together.
    pub charge: f64,
    /// How many have a species.
    pub named: usize,
}

/// The species of each atom type, and the channel of a neighbour relative to a center.
#[derive(Clone, Debug)]
pub struct SpeciesMap {
    species: Vec<Species>,
    sorting: Channels,
    /// By atom type, counted from 0.
    of_type: Vec<Option<usize>>,
    /// `[center][neighbour]`, both by species.
    channels: Vec<usize>,
}

impl SpeciesMap {
    /// One name for each atom type, in order; `NULL` for types that are none of the species.
    ///
    /// # Errors
    /// A name that is not among the species, or no ion among the types.
    pub fn new(species: &[Species], channels: Channels, names: &[impl AsRef<str>]) -> Result<Self> {
        let known = |wanted: &dyn Fn(&Species) -> bool| {
            species.iter().filter(|s| wanted(s)).map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let find = |(i, name): (usize, &str)| {
            if name == NOT_AN_ION {
                return Ok(None);
            }
            species.iter().position(|s| s.name == name).map(Some).ok_or_else(|| {
                Error::Species(format!(
                    "'{name}', given for atom type {}, is not a species of the model; it has {}, and {NOT_AN_ION} \
                     stands for types that are no ions",
                    i + 1,
                    known(&|_| true)
                ))
            })
        };
        let of_type = names.iter().map(AsRef::as_ref).enumerate().map(find).collect::<Result<Vec<_>>>()?;
        if !of_type.iter().flatten().any(|&s| species[s].is_ion()) {
            let what = if of_type.iter().all(Option::is_none) { NOT_AN_ION } else { "NULL or neutral" };
            return Err(Error::Species(format!(
                "every atom type is {what}, so there is no ion; name at least one of {}",
                known(&Species::is_ion)
            )));
        }
        let n = species.len();
        let table = (0..n * n).map(|k| channels.of(species, k / n, k % n)).collect();
        Ok(Self { species: species.to_vec(), sorting: channels, of_type, channels: table })
    }

    /// As [`SpeciesMap::new`], for channels relative to the center's charge.
    ///
    /// # Errors
    /// As there.
    pub fn from_names(species: &[Species], names: &[impl AsRef<str>]) -> Result<Self> {
        Self::new(species, Channels::ChargeSymmetric, names)
    }

    /// How neighbours are sorted.
    pub fn channels(&self) -> Channels {
        self.sorting
    }

    /// Number of channels.
    pub fn n_channels(&self) -> usize {
        self.sorting.count(&self.species)
    }

    /// Whether some species' ions are centres of mass.
    pub fn has_molecules(&self) -> bool {
        self.of_type.iter().flatten().any(|&s| self.species[s].molecular)
    }

    /// Whether atoms of a type are (part of) ions: not of types that are no species, nor of neutral species.
    pub fn is_ion(&self, atom_type: i32) -> bool {
        self.species_of(atom_type).is_some_and(|s| self.species[s].is_ion())
    }

    /// The species, in the order of the model.
    pub fn species(&self) -> &[Species] {
        &self.species
    }

    /// Number of atom types that were named.
    pub fn n_types(&self) -> usize {
        self.of_type.len()
    }

    /// Index of the species of an atom type (counted from 1); none for types that are no ions or were not named.
    pub fn species_of(&self, atom_type: i32) -> Option<usize> {
        usize::try_from(atom_type).ok()?.checked_sub(1).and_then(|t| self.of_type.get(t).copied().flatten())
    }

    /// The atom types of a species, by its index.
    pub(crate) fn types_of(&self, species: usize) -> impl Iterator<Item = i32> {
        (1..).zip(&self.of_type).filter(move |(_, named)| **named == Some(species)).map(|(t, _)| t)
    }

    /// Channel of a neighbour relative to a center, both by index of species.
    #[inline]
    pub fn channel(&self, center: usize, neighbor: usize) -> usize {
        self.channels[center * self.species.len() + neighbor]
    }

    /// Whether an atom's charge has the sign of its species; those of atoms that are no ions, or parts of them, may have any.
    pub fn has_sign(&self, atom_type: i32, charge: f64) -> bool {
        let Some(Species { charge: expected, molecular, .. }) = self.species_of(atom_type).map(|s| &self.species[s])
        else {
            return true;
        };
        *molecular || *expected == 0.0 || (charge.signum() == expected.signum() && charge != 0.0)
    }

    /// Checks that an atom's charge has the sign of its species, as [`SpeciesMap::has_sign`].
    ///
    /// # Errors
    /// The type, its species and both charges.
    pub fn check_charge(&self, atom_type: i32, charge: f64) -> Result<()> {
        let wrong = self.species_of(atom_type).filter(|_| !self.has_sign(atom_type, charge));
        let Some(Species { name, charge: expected, .. }) = wrong.map(|s| &self.species[s]) else { return Ok(()) };
        let hint = match charge {
            0.0 => "Atoms that LAMMPS or a fix creates have no charge until one is set",
            _ => "If it stands for an ion of several atoms, all of them and their molecule ids are needed",
        };
        Err(Error::Species(format!(
            "atom type {atom_type} is named {name}, whose charge is {expected:+}, and has charge {charge:+}; \
             are the species in the order of the atom types? {hint}"
        )))
    }

    /// Whether an atom of a type stands for a whole molecule, whose charge is its species': its own may have the other sign
    /// then, as phosphorus' in hexafluorophosphate.
    pub fn stands_for(&self, atom_type: i32, molecule: Molecule) -> bool {
        let Some(index) = self.species_of(atom_type) else { return false };
        let share = molecule.charge / self.species[index].charge;
        molecule.named == 1 && share.is_finite() && share > LEAST_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt() -> Vec<Species> {
        vec![Species::atomic("cation", 1.0), Species::atomic("anion", -1.0)]
    }

    #[test]
    fn types_find_their_species_and_channels_are_relative_to_the_center() {
        let map = SpeciesMap::from_names(&salt(), &["NULL", "anion", "cation"]).unwrap();
        assert_eq!([0, 1, 2, 3, 4, -1].map(|t| map.species_of(t)), [None, None, Some(1), Some(0), None, None]);
        assert_eq!([map.channel(0, 0), map.channel(1, 1), map.channel(0, 1), map.channel(1, 0)], [0, 0, 1, 1]);
    }

    #[test]
    fn wrong_names_and_charges_are_refused() {
        let message = |names: &[&str]| SpeciesMap::from_names(&salt(), names).unwrap_err().to_string();
        assert!(message(&["cation", "lithium"]).contains("'lithium', given for atom type 2"));
        assert!(message(&["NULL", "NULL"]).contains("every atom type is NULL"));
        let map = SpeciesMap::from_names(&salt(), &["cation", "anion"]).unwrap();
        assert!(map.check_charge(2, -0.8).is_ok() && map.check_charge(3, 5.0).is_ok());
        assert!(map.check_charge(1, -1.0).unwrap_err().to_string().contains("order of the atom types"));
        assert!(map.check_charge(1, 0.0).unwrap_err().to_string().contains("a fix creates have no charge"));
    }

    #[test]
    fn an_atom_stands_for_its_molecule_where_no_other_is_named_and_the_charge_is_right() {
        let map = SpeciesMap::from_names(&salt(), &["cation", "anion", "NULL"]).unwrap();
        let stands = |atom_type, charge, named| map.stands_for(atom_type, Molecule { charge, named });
        assert!(map.check_charge(2, 1.34).is_err() && stands(2, -1.0, 1) && stands(2, -0.7, 1));
        assert!(!stands(2, 1.34, 1) && !stands(2, -1e-15, 1) && !stands(2, f64::NAN, 1));
        assert!(!stands(2, -1.0, 2) && !stands(3, -1.0, 1));
    }

    #[test]
    fn neutral_species_have_channels_of_their_own_and_are_no_centers() {
        let mut species = salt();
        species.insert(1, Species::atomic("water", 0.0));
        species.push(Species::atomic("glycol", 0.0));
        let names = ["cation", "water", "anion", "glycol"];
        let map = SpeciesMap::from_names(&species, &names).unwrap();
        assert_eq!(map.n_channels(), 4);
        let row = |map: &SpeciesMap, center| [0, 1, 2, 3].map(|neighbor| map.channel(center, neighbor));
        assert_eq!((row(&map, 0), row(&map, 2)), ([0, 2, 1, 3], [1, 2, 0, 3]));
        assert_eq!([1, 2, 3, 4, 5].map(|t| map.is_ion(t)), [true, false, true, false, false]);
        assert!(map.check_charge(2, -0.8476).is_ok());
        let map = SpeciesMap::new(&species, Channels::BySpecies, &names).unwrap();
        assert_eq!((map.n_channels(), row(&map, 0), row(&map, 2)), (4, [0, 1, 2, 3], [0, 1, 2, 3]));
        let message = SpeciesMap::from_names(&species, &["water", "NULL"]).unwrap_err().to_string();
        assert!(message.contains("no ion; name at least one of cation, anion"), "{message}");
    }
}
