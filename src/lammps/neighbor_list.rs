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
    /// Channel by the center's species and the neighbour's type, `[species][type]`; none for types that are no ions.
    channels: Vec<Vec<Option<u16>>>,
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
        let channel = |center, atom_type| map.species_of(atom_type).map(|s| map.channel(center, s) as u16);
        let of_types = |center| (0..=map.n_types() as i32).map(|t| channel(center, t)).collect();
        let channels = (0..map.species().len()).map(of_types).collect();
        Self { positions, types, n_neighbors, neighbors, mask, centers, map, channels, length, reach2: reach * reach }
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

    fn species(&self, center: usize) -> usize {
        self.map.species_of(self.types[self.centers[center] as usize]).unwrap_or_default()
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        let atom = self.centers[center] as usize;
        let at = self.positions[atom];
        let Some(own) = self.map.species_of(self.types[atom]) else { return };
        let channels = &self.channels[own];
        environment.set_center(self.map.channel(own, own));
        for &neighbor in self.neighbors_of(atom) {
            let j = (neighbor & self.mask) as usize;
            let position = self.positions[j];
            let d: [f64; 3] = std::array::from_fn(|k| (position[k] - at[k]) * self.length);
            // The list holds a skin beyond the reach, and atoms have moved since it was built.
            if d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= self.reach2
                && let Some(&Some(channel)) = channels.get(self.types[j] as usize)
            {
                environment.push(usize::from(channel), d);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    const MASK: i32 = 0x1FFF_FFFF;

    /// Three local atoms (cation, anion, no ion) and a ghost of the anion; the cation lists all, the anion nothing.
    fn gather(atom: i32, length: f64, reach: f64) -> Vec<Vec<[f64; 3]>> {
        let positions = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [-2.0, 0.0, 0.0f64]];
        let types = [1, 2, 3, 2];
        // The upper two bits tell how neighbours are bonded.
        let listed = [1 | 1 << 30, 2, 3];
        let (n_neighbors, neighbors) = ([3, 0], [listed.as_ptr(), std::ptr::null()]);
        let atoms = AtomsView {
            positions: positions.as_ptr().cast(),
            types: types.as_ptr(),
            n_atoms: positions.len(),
            n_neighbors: n_neighbors.as_ptr(),
            neighbors: neighbors.as_ptr(),
            mask: MASK,
        };
        let salt = [("cation", 1.0), ("anion", -1.0)].map(|(name, charge)| Species::atomic(name, charge));
        let map = SpeciesMap::from_names(&salt, &["cation", "anion", "NULL"]).unwrap();
        let centers = [atom];
        // SAFETY: the view holds arrays above, with entries for the two local atoms that are centers here.
        let list = unsafe { NeighborList::new(&atoms, &centers, &map, length, reach) };
        assert_eq!(list.len(), 1);
        let mut environment = Environment::new(2);
        list.gather(0, &mut environment);
        environment.channels().to_vec()
    }

    #[test]
    fn ions_within_reach_are_neighbors_and_bond_bits_are_masked() {
        assert_eq!(gather(0, 1.0, 2.5), [Vec::new(), vec![[1.0, 0.0, 0.0], [-2.0, 0.0, 0.0]]]);
        assert_eq!(gather(0, 1.0, 1.5), [Vec::new(), vec![[1.0, 0.0, 0.0]]]);
        assert!(gather(1, 1.0, 2.5).iter().all(Vec::is_empty));
    }

    #[test]
    fn lengths_are_the_model_s_before_the_reach_cuts() {
        assert_eq!(gather(0, 10.0, 10.0), [Vec::new(), vec![[10.0, 0.0, 0.0]]]);
    }

    #[test]
    fn a_rank_without_atoms_has_no_arrays() {
        let none = std::ptr::null();
        let atoms = AtomsView {
            positions: std::ptr::null(),
            types: none,
            n_atoms: 0,
            n_neighbors: none,
            neighbors: std::ptr::null(),
            mask: MASK,
        };
        let map = SpeciesMap::from_names(&[Species::atomic("ion", 1.0)], &["ion"]).unwrap();
        // SAFETY: there are no atoms and no centers.
        assert!(unsafe { NeighborList::new(&atoms, &[], &map, 1.0, 1.0) }.is_empty());
    }
}
