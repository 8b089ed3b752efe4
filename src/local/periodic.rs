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
    reach: f64,
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
        Ok(Self { search: NeighborSearch::new(cell, &ions, reach)?, map, species, reach })
    }

    /// Distance up to which there are neighbours, in length units.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// Species of each ion, an index into those of the map; `[n_ions]`.
    pub fn species(&self) -> &[usize] {
        &self.species
    }

    /// Channel in which ion `neighbor` stands around ion `center`.
    #[inline]
    pub fn channel(&self, center: usize, neighbor: usize) -> usize {
        self.map.channel(self.species[center], self.species[neighbor])
    }

    /// Calls `visit(ion, displacement)` for each neighbour of ion `center`, as [`NeighborSearch::for_each_neighbor`].
    pub fn for_each_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search.for_each_neighbor(center, visit);
    }
}

impl Environments for PeriodicEnvironments<'_> {
    fn len(&self) -> usize {
        self.species.len()
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        self.search.for_each_neighbor(center, |ion, displacement| {
            environment.push(self.channel(center, ion), displacement);
        });
    }
}
