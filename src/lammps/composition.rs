//! What the atoms of a simulation tell together: [`crate::composition`] for the sums that ranks make of them.

use super::engine::{Engine, contained};
use crate::Result;
use crate::composition;
use crate::species::Molecule;

impl Engine {
    pub fn n_species(&self) -> usize {
        self.map.species().len()
    }

    pub fn species_of(&self, atom_type: i32) -> i32 {
        self.map.species_of(atom_type).map_or(-1, |species| species as i32)
    }

    pub fn add_ion(&self, atom_type: i32, charge: f64, molecule_charge: f64, named: usize, sums: &mut [f64]) {
        let molecule = Molecule { charge: molecule_charge, named };
        composition::add_ion(sums.as_chunks_mut().0, &self.map, atom_type, charge, molecule);
    }

    pub fn are_part(&self, evaluated: &[f64], all: &[f64]) -> bool {
        composition::are_part(evaluated, all, &self.map)
    }
}

pub fn unlike_charges(engine: &Engine, sums: &[f64], atoms_are_ions: bool) -> Result<String> {
    contained(|| {
        let said = composition::unlike_charges(sums.as_chunks().0, &engine.map, atoms_are_ions);
        Ok(said.unwrap_or_default())
    })
}

pub fn absent(engine: &Engine, atoms: &[f64]) -> Result<String> {
    contained(|| Ok(composition::absent(&engine.map, |species| atoms[species] > 0.0).unwrap_or_default()))
}
