//! Neighbours of points in a cell, all periodic images included, by a cell list.

mod bins;
mod displacements;
mod near;

use std::ops::Range;

use bins::{Bins, Rows};
pub use displacements::Displacements;
use near::{Center, Look, Points};

use crate::geometry::Cell;
use crate::pool::{Lent, Pool};
use crate::processor::InstructionSet;
use crate::{Error, Result};

/// Points with their images that are refused before memory is asked for: more than `FEW_IMAGES`, and more than `MOST_COPIES` of each.
/// Cells are then many times narrower than the radius, and hold more points than any liquid.
const FEW_IMAGES: f64 = 2e6;
const MOST_COPIES: f64 = 64.0;

/// Points with every periodic image that lies within `radius` of the cell, sorted by kind and into bins.
///
/// Small cells are no special case: an image of a point, the point's own included, is a neighbour like any other.
pub struct NeighborSearch {
    radius: f64,
    bins: Bins,
    n_kinds: usize,
    memory: Lent<Memory>,
    instructions: InstructionSet,
}

/// What searches are made of. It is used again: to be given new memory takes longer than the sorting.
#[derive(Default)]
struct Memory {
    wrapped: Vec<Wrapped>,
    images: Vec<Image>,
    /// Where the points of each bin begin, kind by kind, and where the last ones end.
    starts: Vec<u32>,
    /// Where the next point of a bin goes.
    next: Vec<u32>,
    points: Points,
    /// Where each point itself is among them and the images.
    places: Vec<u32>,
}

static MEMORY: Pool<Memory> = Pool::new();

/// A point or an image of one.
struct Image {
    bin: u32,
    index: u32,
    is_point: bool,
    position: [f64; 3],
}

impl NeighborSearch {
    /// Sorts `positions` and their images for searches up to `radius` (length units).
    ///
    /// # Errors
    /// A position that is not finite, a radius that is not positive, or a cell so much smaller than the radius that
    /// the images would not fit in memory.
    pub fn new(cell: &Cell, positions: &[[f64; 3]], radius: f64) -> Result<Self> {
        Self::of_kinds(cell, positions, |_| 0, 1, radius)
    }

    /// The same for points of several kinds, of which each can be looked for by itself; `kind` gives that of each point.
    ///
    /// # Errors
    /// As [`NeighborSearch::new`].
    ///
    /// # Panics
    /// A kind that is not below `n_kinds`.
    pub fn of_kinds(
        cell: &Cell,
        positions: &[[f64; 3]],
        kind: impl Fn(usize) -> usize,
        n_kinds: usize,
        radius: f64,
    ) -> Result<Self> {
        let (margin, copies) = room(cell, positions, radius)?;
        let mut memory = MEMORY.lend(Memory::default);
        let Memory { wrapped, images, starts, next, points, places } = &mut *memory;
        wrapped.clear();
        wrapped.extend(positions.iter().map(|&position| Wrapped::new(cell, position)));
        let mut low = [0.0; 3];
        let mut high = [1.0; 3];
        for i in 0..3 {
            if cell.periodic()[i] {
                (low[i], high[i]) = (-margin[i], 1.0 + margin[i]);
            } else {
                low[i] = wrapped.iter().map(|p| p.fractional[i]).fold(f64::INFINITY, f64::min).min(1.0);
                high[i] = wrapped.iter().map(|p| p.fractional[i]).fold(f64::NEG_INFINITY, f64::max).max(low[i]);
            }
        }
        let bins = Bins::new(cell, radius, [low, high], margin, (positions.len() as f64 * copies) as usize);
        images.clear();
        images.reserve((1.1 * copies * positions.len() as f64) as usize);
        for (index, point) in (0..).zip(&*wrapped) {
            point.for_each_image(cell, [low, high], |fractional, position, is_point| {
                images.push(Image { bin: bins.of(fractional) as u32, index, is_point, position });
            });
        }
        let group = |image: &Image| {
            let kind = kind(image.index as usize);
            assert!(kind < n_kinds, "kind of a point");
            kind * bins.len() + image.bin as usize
        };
        // A counting sort, which keeps the order of the images in a bin: that of neighbours is fixed by the input.
        starts.clear();
        starts.resize(n_kinds * bins.len() + 1, 0);
        for image in &*images {
            starts[group(image) + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        next.clone_from(starts);
        points.resize(images.len());
        places.clear();
        places.resize(positions.len(), 0);
        for image in &*images {
            let place = &mut next[group(image)];
            points.set(*place as usize, image.position, image.index);
            if image.is_point {
                places[image.index as usize] = *place;
            }
            *place += 1;
        }
        Ok(Self { radius, bins, n_kinds, memory, instructions: InstructionSet::best() })
    }

    /// Number of points, images not counted.
    pub fn len(&self) -> usize {
        self.memory.places.len()
    }

    /// Whether there is no point at all.
    pub fn is_empty(&self) -> bool {
        self.memory.places.is_empty()
    }

    /// Calls `visit(index, displacement)` for each neighbour of point `center` up to and including the radius.
    ///
    /// The point itself is left out, its images are not. The order is the same in every call.
    pub fn for_each_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search(center, 0, visit);
    }

    /// As [`NeighborSearch::for_each_neighbor`], without the neighbours of a lower index than the center's: over all centers each
    /// pair of two points comes once, and a point and its own image twice, once from either side.
    pub fn for_each_later_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search(center, center as u32, visit);
    }

    fn search(&self, center: usize, least: u32, mut visit: impl FnMut(usize, [f64; 3])) {
        let mut rows = Rows::new();
        let look = self.look(center, least, &mut rows);
        for kind in 0..self.n_kinds {
            look.visit(self.runs(&rows, kind), &mut visit);
        }
    }

    /// Adds the vectors from point `center` to its neighbours of each kind, up to and including the radius, to that of the lists
    /// which `list` gives for the kind.
    ///
    /// The same neighbours as in [`NeighborSearch::for_each_neighbor`], in the same order.
    ///
    /// # Panics
    /// `list` gives what is none of the lists.
    pub fn displacements(&self, center: usize, list: impl Fn(usize) -> usize, lists: &mut [Displacements]) {
        let mut rows = Rows::new();
        let look = self.look(center, 0, &mut rows);
        for kind in 0..self.n_kinds {
            look.displacements(self.runs(&rows, kind), &mut lists[list(kind)]);
        }
    }

    /// What is looked for around a point; the bins to look in are added to `rows`.
    fn look(&self, center: usize, least: u32, rows: &mut Rows) -> Look<'_> {
        let Memory { points, places, .. } = &*self.memory;
        let place = places[center] as usize;
        self.bins.around(points.position(place), rows);
        let center = Center { place, least, limit: self.radius * self.radius };
        Look { points, center, instructions: self.instructions }
    }

    /// Places of a kind's points in rows of bins.
    fn runs<'a>(&'a self, rows: &'a Rows, kind: usize) -> impl Iterator<Item = Range<usize>> + Clone + 'a {
        let starts = &self.memory.starts[kind * self.bins.len()..];
        rows.iter().map(|[first, end]| starts[first] as usize..starts[end] as usize)
    }
}

/// The radius in widths of the cell, and how many images within it a point has in the mean, itself among them; or why they
/// are not looked for.
fn room(cell: &Cell, positions: &[[f64; 3]], radius: f64) -> Result<([f64; 3], f64)> {
    if !(radius.is_finite() && radius > 0.0) {
        return Err(Error::Neighbors(format!("the cutoff must be a positive number, not {radius:?}")));
    }
    if let Some(i) = positions.iter().position(|p| !p.iter().all(|v| v.is_finite())) {
        return Err(Error::Neighbors(format!("position {:?} of point {i} is not finite", positions[i])));
    }
    let (widths, periodic) = (cell.widths(), cell.periodic());
    let margin: [f64; 3] = std::array::from_fn(|i| radius / widths[i]);
    let copies: f64 = (0..3).map(|i| if periodic[i] { 1.0 + 2.0 * margin[i] } else { 1.0 }).product();
    let n = positions.len() as f64;
    if n * copies > FEW_IMAGES + n * MOST_COPIES || n * copies > f64::from(u32::MAX) {
        return Err(Error::Neighbors(format!(
            "{} points in a cell of widths {widths:?} have about {:?} images each within {radius:?}; \
             check the box bounds and the units",
            positions.len(),
            copies.round()
        )));
    }
    Ok((margin, copies))
}

/// A point within the cell.
struct Wrapped {
    position: [f64; 3],
    fractional: [f64; 3],
}

impl Wrapped {
    fn new(cell: &Cell, position: [f64; 3]) -> Self {
        let position = cell.wrap(position);
        Self { position, fractional: cell.to_fractional(position) }
    }

    /// Calls `visit` with fractional and Cartesian coordinates of every image that is between two limits of the former, and with
    /// whether it is the point itself.
    fn for_each_image(&self, cell: &Cell, [low, high]: [[f64; 3]; 2], mut visit: impl FnMut([f64; 3], [f64; 3], bool)) {
        let (s, periodic) = (self.fractional, cell.periodic());
        // Neither difference is negative, so that cutting off the fraction rounds down.
        let range = |i: usize| {
            if periodic[i] { -((s[i] - low[i]) as i64)..=(high[i] - s[i]) as i64 } else { 0..=0 }
        };
        for a in range(0) {
            for b in range(1) {
                for c in range(2) {
                    let n = [a as f64, b as f64, c as f64];
                    let shift = cell.translation(n);
                    let fractional = std::array::from_fn(|i| s[i] + n[i]);
                    visit(fractional, std::array::from_fn(|k| self.position[k] + shift[k]), n == [0.0; 3]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Distances found by looping over all pairs and a fixed number of images.
    fn by_brute_force(cell: &Cell, positions: &[[f64; 3]], center: usize, radius: f64) -> Vec<(usize, f64)> {
        let reach: [i64; 3] =
            std::array::from_fn(|i| if cell.periodic()[i] { (radius / cell.widths()[i]).ceil() as i64 + 1 } else { 0 });
        let here = cell.wrap(positions[center]);
        let mut found = vec![];
        for (j, &other) in positions.iter().enumerate() {
            let other = cell.wrap(other);
            for a in -reach[0]..=reach[0] {
                for b in -reach[1]..=reach[1] {
                    for c in -reach[2]..=reach[2] {
                        let shift = cell.translation([a as f64, b as f64, c as f64]);
                        let r = (0..3).map(|k| (other[k] + shift[k] - here[k]).powi(2)).sum::<f64>().sqrt();
                        if r <= radius && !(j == center && [a, b, c] == [0; 3]) {
                            found.push((j, r));
                        }
                    }
                }
            }
        }
        found
    }

    fn sorted(mut found: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
        found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        found
    }

    fn check(cell: &Cell, n: usize, radius: f64, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let positions: Vec<[f64; 3]> =
            (0..n).map(|_| cell.to_cartesian(std::array::from_fn(|_| rng.random_range(-1.5..2.5)))).collect();
        for instructions in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
            if instructions.is_available() {
                let search = NeighborSearch { instructions, ..NeighborSearch::new(cell, &positions, radius).unwrap() };
                compare(&search, cell, &positions, radius);
            }
        }
    }

    fn compare(search: &NeighborSearch, cell: &Cell, positions: &[[f64; 3]], radius: f64) {
        for center in 0..positions.len() {
            let mut found = vec![];
            search.for_each_neighbor(center, |j, d| found.push((j, d.iter().map(|v| v * v).sum::<f64>().sqrt())));
            let mut later = vec![];
            search.for_each_later_neighbor(center, |j, d| later.push((j, d.iter().map(|v| v * v).sum::<f64>().sqrt())));
            assert_eq!(later, found.iter().copied().filter(|(j, _)| *j >= center).collect::<Vec<_>>());
            let (found, expected) = (sorted(found), sorted(by_brute_force(cell, positions, center, radius)));
            assert_eq!(found.len(), expected.len(), "center {center}");
            for (f, e) in found.iter().zip(&expected) {
                assert_eq!(f.0, e.0);
                assert!((f.1 - e.1).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn equals_brute_force_in_every_kind_of_cell() {
        let cells = [
            Cell::from_lammps([0.0; 3], [12.0, 13.0, 14.0], [0.0; 3], [true; 3]).unwrap(),
            Cell::from_lammps([-3.0, 1.0, 2.0], [9.0, 12.0, 15.5], [3.5, -2.5, 4.0], [true; 3]).unwrap(),
            Cell::from_lammps([0.0; 3], [2.0, 2.4, 1.7], [0.0; 3], [true; 3]).unwrap(),
            Cell::from_lammps([0.0; 3], [6.0, 30.0, 8.0], [0.0; 3], [true, false, true]).unwrap(),
            Cell::from_lammps([0.0; 3], [9.0; 3], [0.0; 3], [false; 3]).unwrap(),
            Cell::from_lammps([0.0; 3], [40.0; 3], [0.0; 3], [true; 3]).unwrap(),
        ];
        for (i, cell) in cells.iter().enumerate() {
            check(cell, if i == 2 { 6 } else { 60 }, 4.3, i as u64);
        }
    }

    #[test]
    fn one_point_sees_its_own_images_and_a_pair_on_top_of_each_other_sees_itself() {
        let cell = Cell::from_lammps([0.0; 3], [2.0; 3], [0.0; 3], [true; 3]).unwrap();
        let search = NeighborSearch::new(&cell, &[[0.0; 3], [0.0; 3]], 2.0).unwrap();
        let mut found = vec![];
        search.for_each_neighbor(0, |j, _| found.push(j));
        assert_eq!(found.iter().filter(|&&j| j == 0).count(), 6);
        assert_eq!(found.iter().filter(|&&j| j == 1).count(), 7);
    }

    #[test]
    fn no_points_are_no_trouble() {
        let cell = Cell::from_lammps([0.0; 3], [2.0; 3], [0.0; 3], [false; 3]).unwrap();
        assert!(NeighborSearch::new(&cell, &[], 1.0).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_searched_is_refused() {
        let cell = Cell::from_lammps([0.0; 3], [1.0; 3], [0.0; 3], [true; 3]).unwrap();
        let message = |positions: &[[f64; 3]], radius| match NeighborSearch::new(&cell, positions, radius) {
            Err(e) => e.to_string(),
            Ok(_) => panic!("accepted"),
        };
        assert!(message(&[[0.0, f64::NAN, 0.0]], 1.0).contains("point 0 is not finite"));
        assert!(message(&[[0.0; 3]], 0.0).contains("positive"));
        assert!(message(&[[0.0; 3]], 1e4).contains("check the box bounds"));
    }
}
