//! Neighbours of ions in one configuration of a periodic cell, for work outside LAMMPS.

use super::Environments;
use crate::descriptor::Environment;
use crate::geometry::{Cell, NeighborSearch};
use crate::species::SpeciesMap;
use crate::{Error, Result};

/// The ions of one configuration, each of them a center, in the order in which they were given.
pub struct PeriodicEnvironments<'a> {
    search: NeighborSearch,
    map: &'a SpeciesMap,
    /// Species of each ion.
    species: Vec<usize>,
}

impl<'a> PeriodicEnvironments<'a> {
    /// Takes the ions among the atoms, in the order `order` of indices into `types` and `positions`.
    ///
    /// # Errors
    /// As [`NeighborSearch::new`]; lists of different lengths.
    pub fn new(
        cell: &Cell,
        types: &[i32],
        positions: &[[f64; 3]],
        order: &[usize],
        map: &'a SpeciesMap,
        reach: f64,
    ) -> Result<Self> {
        if types.len() != positions.len() {
            return Err(Error::Neighbors(format!("{} types for {} positions", types.len(), positions.len())));
        }
        let mut species = Vec::with_capacity(order.len());
        let mut ions = Vec::with_capacity(order.len());
        for &atom in order {
            if let Some(s) = map.species_of(types[atom]) {
                species.push(s);
                ions.push(positions[atom]);
            }
        }
        Ok(Self { search: NeighborSearch::new(cell, &ions, reach)?, map, species })
    }
}

impl Environments for PeriodicEnvironments<'_> {
    fn len(&self) -> usize {
        self.species.len()
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        let own = self.species[center];
        self.search.for_each_neighbor(center, |ion, displacement| {
            environment.push(self.map.channel(own, self.species[ion]), displacement);
        });
    }
}
