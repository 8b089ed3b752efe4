//! Neighbours of ions in one configuration of a periodic cell, for work outside LAMMPS.

use super::Environments;
use super::sites::{Atoms, Sites};
use crate::descriptor::Environment;
use crate::geometry::{Cell, NeighborSearch};
use crate::species::SpeciesMap;
use crate::{Error, Result};

/// The ions of one configuration, each of them a center, in the order in which they were given; neutral sites follow, which are
/// neighbours alone.
pub struct PeriodicEnvironments<'a> {
    search: NeighborSearch,
    map: &'a SpeciesMap,
    /// Species of each site.
    species: Vec<usize>,
    n_ions: usize,
    reach: f64,
}

impl<'a> PeriodicEnvironments<'a> {
    /// Takes the ions and neutral sites among atoms, in the order `order` of indices into `types` and `positions`.
    ///
    /// # Errors
    /// As [`NeighborSearch::new`]; lists of different lengths; species of several atoms, which need [`Sites`].
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
        let atoms = Atoms { types, positions, order, molecules: None, masses: None, charges: None };
        let sites = Sites::new(cell, &atoms, map).map_err(|bad| Error::Neighbors(bad.message))?;
        Self::of_sites(cell, &sites, map, reach)
    }

    /// Takes the sites of a configuration.
    ///
    /// # Errors
    /// As [`NeighborSearch::new`].
    pub fn of_sites(cell: &Cell, sites: &Sites, map: &'a SpeciesMap, reach: f64) -> Result<Self> {
        let species = sites.species().to_vec();
        let search =
            NeighborSearch::of_kinds(cell, sites.positions(), |site| species[site], map.species().len(), reach)?;
        Ok(Self { search, map, species, n_ions: sites.n_ions(), reach })
    }

    /// Distance up to which there are neighbours, in length units.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// Species of each ion, an index into those of the map; `[n_ions]`.
    pub fn species(&self) -> &[usize] {
        &self.species[..self.n_ions]
    }

    /// Species of a site, ion or neutral.
    pub fn species_of(&self, site: usize) -> usize {
        self.species[site]
    }

    /// Channel in which site `neighbor` stands around ion `center`.
    #[inline]
    pub fn channel(&self, center: usize, neighbor: usize) -> usize {
        self.map.channel(self.species[center], self.species[neighbor])
    }

    /// Calls `visit(site, displacement)` for each neighbour of ion `center`, as [`NeighborSearch::for_each_neighbor`].
    pub fn for_each_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search.for_each_neighbor(center, visit);
    }
}

impl Environments for PeriodicEnvironments<'_> {
    fn len(&self) -> usize {
        self.n_ions
    }

    fn species(&self, center: usize) -> usize {
        self.species[center]
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        environment.set_center(self.channel(center, center));
        let channel = |species| self.map.channel(self.species[center], species);
        self.search.displacements(center, channel, environment.channels_mut());
    }
}
