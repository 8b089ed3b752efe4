//! Which atoms are ions of which species, and in which channel of a center a neighbour stands.

use crate::{Error, Result};

/// The word that stands for an atom type that is no ion of the model.
pub const NOT_AN_ION: &str = "NULL";

/// An ion species: its name and its charge in elementary charges.
#[derive(Clone, Debug, PartialEq)]
pub struct Species {
    pub name: String,
    pub charge: f64,
}

/// Channels of a charge-symmetric descriptor: like-charged neighbours first, unlike second.
pub const CHARGE_SYMMETRIC_CHANNELS: usize = 2;

/// The species of each atom type, and the channel of a neighbour relative to a center.
#[derive(Clone, Debug)]
pub struct SpeciesMap {
    species: Vec<Species>,
    /// By atom type, counted from 0.
    of_type: Vec<Option<usize>>,
    /// `[center][neighbour]`, both by species.
    channels: Vec<usize>,
}

impl SpeciesMap {
    /// One name for each atom type, in order; `NULL` for types that are no ions of the model.
    ///
    /// # Errors
    /// A name that is not among the species, or no ion among the types.
    pub fn from_names(species: &[Species], names: &[impl AsRef<str>]) -> Result<Self> {
        let known = || species.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        let find = |(i, name): (usize, &str)| {
            if name == NOT_AN_ION {
                return Ok(None);
            }
            species.iter().position(|s| s.name == name).map(Some).ok_or_else(|| {
                Error::Species(format!(
                    "'{name}', given for atom type {}, is not a species of the model; it has {}, and {NOT_AN_ION} \
                     stands for types that are no ions",
                    i + 1,
                    known()
                ))
            })
        };
        let of_type = names.iter().map(AsRef::as_ref).enumerate().map(find).collect::<Result<Vec<_>>>()?;
        if of_type.iter().all(Option::is_none) {
            return Err(Error::Species(format!(
                "every atom type is {NOT_AN_ION}, so there is no ion; name at least one of {}",
                known()
            )));
        }
        let sign = |s: &Species| s.charge.signum();
        let channels =
            species.iter().flat_map(|c| species.iter().map(move |n| usize::from(sign(c) != sign(n)))).collect();
        Ok(Self { species: species.to_vec(), of_type, channels })
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

    /// Channel of a neighbour relative to a center, both by index of species: 0 like-charged, 1 unlike.
    #[inline]
    pub fn channel(&self, center: usize, neighbor: usize) -> usize {
        self.channels[center * self.species.len() + neighbor]
    }

    /// Checks that an atom's charge has the sign of its species; atoms that are no ions may have any.
    ///
    /// # Errors
    /// The type, its species and both charges.
    pub fn check_charge(&self, atom_type: i32, charge: f64) -> Result<()> {
        let Some(index) = self.species_of(atom_type) else { return Ok(()) };
        let Species { name, charge: expected } = &self.species[index];
        if charge.signum() == expected.signum() && charge != 0.0 {
            return Ok(());
        }
        Err(Error::Species(format!(
            "atom type {atom_type} is named {name}, whose charge is {expected:+}, and has charge {charge:+}; \
             are the species in the order of the atom types?"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt() -> Vec<Species> {
        vec![Species { name: "cation".into(), charge: 1.0 }, Species { name: "anion".into(), charge: -1.0 }]
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
        assert!(map.check_charge(1, 0.0).is_err());
    }
}
