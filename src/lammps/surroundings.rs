//! The atoms of a rank, ghosts included, as a source of environments.

use super::bridge::AtomsView;
use crate::descriptor::Environment;
use crate::geometry::{Cell, NeighborSearch};
use crate::local::Environments;
use crate::species::SpeciesMap;
use crate::{Error, Result};

/// The centers of one evaluation, among all that the model sees of a rank's atoms.
///
/// Neighbours are found among the atoms themselves, as in a frame of a dump. LAMMPS's lists leave out what settings for
/// forces leave out (`neigh_modify exclude`, `special_bonds`), and are as old as the last reneighboring.
pub struct Surroundings<'a> {
    search: NeighborSearch,
    map: &'a SpeciesMap,
    /// Species of each point.
    species: Vec<usize>,
    /// The point of each center.
    centers: Vec<usize>,
}

impl<'a> Surroundings<'a> {
    /// Takes those of LAMMPS's atoms that the model sees; `length` is a LAMMPS length unit in the model's, `reach` in the model's.
    ///
    /// # Errors
    /// A position that is not finite.
    ///
    /// # Safety
    /// `atoms` is as described at [`AtomsView`], and each of `centers` is one of them that is an ion.
    pub unsafe fn new(
        atoms: &AtomsView,
        centers: &[i32],
        map: &'a SpeciesMap,
        length: f64,
        reach: f64,
    ) -> Result<Surroundings<'a>> {
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
        let n = positions.len();
        let (mut points, mut species) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let mut point_of = Vec::with_capacity(n);
        for (position, &atom_type) in positions.iter().zip(types) {
            point_of.push(points.len());
            let Some(seen) = map.species_of(atom_type) else { continue };
            if !position.iter().all(|x| x.is_finite()) {
                return Err(Error::Input(format!(
                    "an atom of type {atom_type} is at {position:?}; is the run stable?"
                )));
            }
            points.push(position.map(|x| length * x));
            species.push(seen);
        }
        let search = NeighborSearch::of_kinds(&around(&points)?, &points, |i| species[i], map.species().len(), reach)?;
        let centers = centers.iter().map(|&atom| point_of[atom as usize]).collect();
        Ok(Self { search, map, species, centers })
    }
}

/// A cell that holds some points, and has no images.
fn around(points: &[[f64; 3]]) -> Result<Cell> {
    let mut low = [f64::INFINITY; 3];
    let mut high = [f64::NEG_INFINITY; 3];
    for point in points {
        low = std::array::from_fn(|k| low[k].min(point[k]));
        high = std::array::from_fn(|k| high[k].max(point[k]));
    }
    if points.is_empty() {
        (low, high) = ([0.0; 3], [0.0; 3]);
    }
    let longest = (0..3).map(|k| high[k] - low[k]).fold(0.0, f64::max);
    // As wide as it is long where all points lie in a plane.
    let wide = if longest > 0.0 { longest } else { 1.0 };
    let edge = |k: usize| if high[k] - low[k] > 1e-3 * wide { high[k] - low[k] } else { wide };
    let vectors = std::array::from_fn(|i| std::array::from_fn(|k| if i == k { edge(k) } else { 0.0 }));
    Cell::new(low, vectors, [false; 3])
}

impl Environments for Surroundings<'_> {
    fn len(&self) -> usize {
        self.centers.len()
    }

    fn species(&self, center: usize) -> usize {
        self.species[self.centers[center]]
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        let own = self.species(center);
        environment.set_center(self.map.channel(own, own));
        let channel = |species| self.map.channel(own, species);
        self.search.displacements(self.centers[center], channel, environment.channels_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::species::Species;

    fn salt() -> SpeciesMap {
        let salt = [("cation", 1.0), ("anion", -1.0)].map(|(name, charge)| Species::atomic(name, charge));
        SpeciesMap::from_names(&salt, &["cation", "anion", "NULL"]).unwrap()
    }

    fn surroundings<'a>(
        map: &'a SpeciesMap,
        positions: &[[f64; 3]],
        types: &[i32],
        centers: &[i32],
        [length, reach]: [f64; 2],
    ) -> Result<Surroundings<'a>> {
        let atoms = AtomsView { positions: positions.as_ptr().cast(), types: types.as_ptr(), n_atoms: positions.len() };
        // SAFETY: the view holds the arrays above.
        unsafe { Surroundings::new(&atoms, centers, map, length, reach) }
    }

    /// Three local atoms (no ion, cation, anion) and a ghost of the anion.
    fn gather(center: i32, length: f64, reach: f64) -> Vec<Vec<[f64; 3]>> {
        let positions = [[0.0, 0.5, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-2.0, 0.0, 0.0f64]];
        let map = salt();
        let all = surroundings(&map, &positions, &[3, 1, 2, 2], &[center], [length, reach]).unwrap();
        assert_eq!(all.len(), 1);
        let mut environment = Environment::new(2);
        all.gather(0, &mut environment);
        environment.channels().iter().map(|list| list.iter().collect()).collect()
    }

    #[test]
    fn ions_within_reach_are_neighbors_and_the_center_and_others_are_not() {
        assert_eq!(gather(1, 1.0, 2.5), [Vec::new(), vec![[1.0, 0.0, 0.0], [-2.0, 0.0, 0.0]]]);
        assert_eq!(gather(1, 1.0, 1.5), [Vec::new(), vec![[1.0, 0.0, 0.0]]]);
        assert_eq!(gather(2, 1.0, 3.5), [vec![[-3.0, 0.0, 0.0]], vec![[-1.0, 0.0, 0.0]]]);
    }

    #[test]
    fn lengths_are_the_model_s_before_the_reach_cuts() {
        assert_eq!(gather(1, 10.0, 10.0), [Vec::new(), vec![[10.0, 0.0, 0.0]]]);
    }

    #[test]
    fn a_rank_without_atoms_has_no_arrays() {
        let none = AtomsView { positions: std::ptr::null(), types: std::ptr::null(), n_atoms: 0 };
        let map = salt();
        // SAFETY: there are no atoms and no centers.
        assert!(unsafe { Surroundings::new(&none, &[], &map, 1.0, 1.0) }.unwrap().is_empty());
    }

    #[test]
    fn one_atom_or_some_on_a_line_are_no_trouble() {
        let map = salt();
        let line = [[0.0; 3], [1e-9, 0.0, 0.0], [2e5, 0.0, 0.0]];
        for n in 1..=3 {
            let all = surroundings(&map, &line[..n], &[1, 2, 1], &[0], [1.0, 5.0]).unwrap();
            let mut environment = Environment::new(2);
            all.gather(0, &mut environment);
            assert_eq!(environment.n_neighbors(), usize::from(n > 1));
        }
    }

    #[test]
    fn atoms_that_are_nowhere_are_refused() {
        let map = salt();
        let message = |at: f64, atom_type| {
            surroundings(&map, &[[0.0; 3], [at, 0.0, 0.0]], &[1, atom_type], &[0], [1.0, 5.0])
                .err()
                .map(|e| e.to_string())
        };
        assert!(message(f64::NAN, 2).unwrap().contains("an atom of type 2 is at [NaN, 0.0, 0.0]"));
        // What the model does not see may be anywhere.
        assert_eq!(message(f64::INFINITY, 3), None);
    }
}
