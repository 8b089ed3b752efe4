//! LAMMPS's full neighbour list as a source of environments.

use super::bridge::AtomsView;
use crate::descriptor::Environment;
use crate::local::Environments;
use crate::species::SpeciesMap;

/// The centers of one evaluation, with the neighbours that LAMMPS lists for them.
pub struct NeighborList<'a> {
    positions: &'a [[f64; 3]],
    types: &'a [i32],
    n_neighbors: *const i32,
    neighbors: *const *const i32,
    mask: i32,
    centers: &'a [i32],
    map: &'a SpeciesMap,
    /// Model length units in a LAMMPS length unit.
    length: f64,
    /// Square of the descriptor's reach, in model units.
    reach2: f64,
}

// SAFETY: the pointers are only read, and LAMMPS changes nothing behind them while an evaluation runs.
unsafe impl Sync for NeighborList<'_> {}

impl<'a> NeighborList<'a> {
    /// Looks at LAMMPS's arrays.
    ///
    /// # Safety
    /// `atoms` is as described at [`AtomsView`] and stays so for `'a`; each of `centers` is a local atom.
    pub unsafe fn new(
        atoms: &'a AtomsView,
        centers: &'a [i32],
        map: &'a SpeciesMap,
        length: f64,
        reach: f64,
    ) -> NeighborList<'a> {
        // A rank without atoms may have no arrays at all.
        let (positions, types): (&[[f64; 3]], &[i32]) = if atoms.n_atoms == 0 {
            (&[], &[])
        } else {
            // SAFETY: promised by the caller.
            unsafe {
                (
                    std::slice::from_raw_parts(atoms.positions.cast(), atoms.n_atoms),
                    std::slice::from_raw_parts(atoms.types, atoms.n_atoms),
                )
            }
        };
        let AtomsView { n_neighbors, neighbors, mask, .. } = *atoms;
        Self { positions, types, n_neighbors, neighbors, mask, centers, map, length, reach2: reach * reach }
    }

    fn neighbors_of(&self, atom: usize) -> &[i32] {
        // SAFETY: centers are local atoms, for which both arrays have entries.
        unsafe {
            let n = *self.n_neighbors.add(atom);
            if n <= 0 { &[] } else { std::slice::from_raw_parts(*self.neighbors.add(atom), n as usize) }
        }
    }
}

impl Environments for NeighborList<'_> {
    fn len(&self) -> usize {
        self.centers.len()
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        let atom = self.centers[center] as usize;
        let at = self.positions[atom];
        let Some(own) = self.map.species_of(self.types[atom]) else { return };
        for &neighbor in self.neighbors_of(atom) {
            let j = (neighbor & self.mask) as usize;
            let Some(species) = self.map.species_of(self.types[j]) else { continue };
            let d: [f64; 3] = std::array::from_fn(|k| (self.positions[j][k] - at[k]) * self.length);
            // The list holds a skin beyond the reach, and atoms have moved since it was built.
            if d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= self.reach2 {
                environment.push(self.map.channel(own, species), d);
            }
        }
    }
}
