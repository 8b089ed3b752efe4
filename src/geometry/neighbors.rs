//! Neighbours of points in a cell, all periodic images included, by a cell list.

use crate::geometry::Cell;
use crate::{Error, Result};

/// More points than this, images included, are refused before memory is asked for.
const MOST_POINTS: f64 = 2e8;

/// Bins a radius at most: narrower ones would hug the sphere better, and take more visits.
const BINS_PER_RADIUS: f64 = 4.0;

/// Points in a bin at least, on average: emptier ones take more visits than they save.
const POINTS_PER_BIN: f64 = 8.0;

/// Points that are looked at before the near ones among them are handed on.
const CHUNK: usize = 64;

/// Points with every periodic image that lies within `radius` of the cell, sorted into bins.
///
/// Small cells are no special case: an image of a point, the point's own included, is a neighbour like any other.
pub struct NeighborSearch {
    cell: Cell,
    frame: Frame,
    radius: f64,
    /// Fractional coordinate of the first bin's lower face, and bins per unit of it, along each vector.
    low: [f64; 3],
    per_unit: [f64; 3],
    bins: [usize; 3],
    /// Bins to visit on either side.
    span: [usize; 3],
    starts: Vec<u32>,
    points: Vec<Point>,
    wrapped: Vec<[f64; 3]>,
}

/// The cell's vectors in rectangular axes, the third along the last vector and the second in the plane of the last two.
#[derive(Clone, Copy)]
struct Frame {
    a: [f64; 3],
    /// Its first component is 0.
    b: [f64; 3],
    /// Length of the last vector.
    c: f64,
}

impl Frame {
    fn of([a, b, c]: [[f64; 3]; 3]) -> Self {
        let dot = |u: [f64; 3], v: [f64; 3]| u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
        let less = |u: [f64; 3], along: f64, v: [f64; 3]| std::array::from_fn(|k| u[k] - along * v[k]);
        let length = dot(c, c).sqrt();
        let third = c.map(|v| v / length);
        let in_plane: [f64; 3] = less(b, dot(b, third), third);
        let second = in_plane.map(|v| v / dot(in_plane, in_plane).sqrt());
        let rest = less(less(a, dot(a, third), third), dot(a, second), second);
        Self {
            a: [dot(rest, rest).sqrt(), dot(a, second), dot(a, third)],
            b: [0.0, dot(b, second), dot(b, third)],
            c: length,
        }
    }
}

/// An interval times a number.
fn scaled([low, high]: [f64; 2], by: f64) -> [f64; 2] {
    if by < 0.0 { [high * by, low * by] } else { [low * by, high * by] }
}

fn sum(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// Square of the distance from 0 to an interval.
fn square_from_zero([low, high]: [f64; 2]) -> f64 {
    low.max(-high).max(0.0).powi(2)
}

#[derive(Clone, Copy)]
struct Point {
    position: [f64; 3],
    index: u32,
}

impl NeighborSearch {
    /// Sorts `positions` and their images for searches up to `radius` (length units).
    ///
    /// # Errors
    /// A position that is not finite, a radius that is not positive, or a cell so much smaller than the radius that
    /// the images would not fit in memory.
    pub fn new(cell: &Cell, positions: &[[f64; 3]], radius: f64) -> Result<Self> {
        if !(radius.is_finite() && radius > 0.0) {
            return Err(Error::Neighbors(format!("the cutoff must be a positive number, not {radius}")));
        }
        if let Some(i) = positions.iter().position(|p| !p.iter().all(|v| v.is_finite())) {
            return Err(Error::Neighbors(format!("position {:?} of point {i} is not finite", positions[i])));
        }
        let widths = cell.widths();
        let periodic = cell.periodic();
        let margin: [f64; 3] = std::array::from_fn(|i| radius / widths[i]);
        let copies: f64 = (0..3).map(|i| if periodic[i] { 1.0 + 2.0 * margin[i] } else { 1.0 }).product();
        if positions.len() as f64 * copies > MOST_POINTS {
            return Err(Error::Neighbors(format!(
                "{} points in a cell of widths {widths:?} have about {copies:.0} images each within {radius}; \
                 check the box bounds and the units",
                positions.len()
            )));
        }

        let wrapped: Vec<_> = positions.iter().map(|&p| cell.wrap(p)).collect();
        let fractional: Vec<_> = wrapped.iter().map(|&p| cell.to_fractional(p)).collect();
        let mut low = [0.0; 3];
        let mut high = [1.0; 3];
        for i in 0..3 {
            if periodic[i] {
                (low[i], high[i]) = (-margin[i], 1.0 + margin[i]);
            } else {
                low[i] = fractional.iter().map(|s| s[i]).fold(f64::INFINITY, f64::min).min(1.0);
                high[i] = fractional.iter().map(|s| s[i]).fold(f64::NEG_INFINITY, f64::max).max(low[i]);
            }
        }
        let images = images_within(&wrapped, &fractional, cell, low, high);
        let (bins, per_unit) = bin_counts(low, high, margin, images.len());
        let span = std::array::from_fn(|i| (margin[i] * per_unit[i]).ceil().min(bins[i] as f64) as usize);
        let mut search = Self {
            cell: cell.clone(),
            frame: Frame::of(cell.vectors()),
            radius,
            low,
            per_unit,
            bins,
            span,
            starts: vec![],
            points: vec![],
            wrapped,
        };
        search.sort(images);
        Ok(search)
    }

    /// Number of points, images not counted.
    pub fn len(&self) -> usize {
        self.wrapped.len()
    }

    /// Whether there is no point at all.
    pub fn is_empty(&self) -> bool {
        self.wrapped.is_empty()
    }

    /// Calls `visit(index, displacement)` for each neighbour of point `center` up to and including the radius.
    ///
    /// The point itself is left out, its images are not. The order is the same in every call.
    pub fn for_each_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search::<false>(center, visit);
    }

    /// As [`NeighborSearch::for_each_neighbor`], without the neighbours of a lower index than the center's: over all centers each
    /// pair of two points comes once, and a point and its own image twice, once from either side.
    pub fn for_each_later_neighbor(&self, center: usize, visit: impl FnMut(usize, [f64; 3])) {
        self.search::<true>(center, visit);
    }

    #[inline(always)]
    fn search<const LATER: bool>(&self, center: usize, mut visit: impl FnMut(usize, [f64; 3])) {
        let at = self.wrapped[center];
        let limit = self.radius * self.radius;
        let mut near = [0u32; 2 * CHUNK];
        let mut n = 0;
        let mut hand_on = |near: &[u32]| {
            for &place in near {
                let point = &self.points[place as usize];
                let d: [f64; 3] = std::array::from_fn(|k| point.position[k] - at[k]);
                // An image of the center is a neighbour, the center is not.
                if point.index as usize != center || d != [0.0; 3] {
                    visit(point.index as usize, d);
                }
            }
        };
        self.for_each_run(at, |run| {
            for (points, chunk) in self.points[run.clone()].chunks(CHUNK).zip(run.step_by(CHUNK)) {
                if n > CHUNK {
                    hand_on(&near[..n]);
                    n = 0;
                }
                // Whether a point is near enough cannot be guessed: write it down in any case, and move on if it is.
                for (place, point) in (chunk as u32..).zip(points) {
                    let d: [f64; 3] = std::array::from_fn(|k| point.position[k] - at[k]);
                    let r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
                    near[n] = place;
                    n += usize::from((r2 <= limit) & (!LATER | (point.index as usize >= center)));
                }
            }
        });
        hand_on(&near[..n]);
    }

    /// Calls `visit` with places of points in a row of bins, for each row of which a part is within the radius of `at`.
    #[inline(always)]
    fn for_each_run(&self, at: [f64; 3], mut visit: impl FnMut(std::ops::Range<usize>)) {
        // What rounding may lose is far below this share of a radius and of a bin.
        const SLACK: f64 = 1e-9;
        let Frame { a, b, c } = self.frame;
        let fractional = self.cell.to_fractional(at);
        let home = self.bin_of(fractional);
        let range = |i: usize| home[i].saturating_sub(self.span[i])..=(home[i] + self.span[i]).min(self.bins[i] - 1);
        // Where bins begin along a vector, counted from the center, and how long they are.
        let per_bin = self.per_unit.map(|n| if n > 0.0 { 1.0 / n } else { 0.0 });
        let origin: [f64; 3] = std::array::from_fn(|i| self.low[i] - fractional[i] - SLACK * per_bin[i]);
        let extent = |i: usize, bin: usize| {
            let low = origin[i] + bin as f64 * per_bin[i];
            [low, low + (1.0 + 2.0 * SLACK) * per_bin[i]]
        };
        let limit = ((1.0 + SLACK) * self.radius).powi(2);
        let (first, last) = (*range(2).start() as f64, *range(2).end() as f64);
        let bins_per_length = self.per_unit[2] / c;
        let own = (fractional[2] - self.low[2]) * self.per_unit[2];
        for i in range(0) {
            let along_a = extent(0, i);
            let left = limit - square_from_zero(scaled(along_a, a[0]));
            if left < 0.0 {
                continue;
            }
            let shift_a = [scaled(along_a, a[1]), scaled(along_a, a[2])];
            for j in range(1) {
                let along_b = extent(1, j);
                let left = left - square_from_zero(sum(shift_a[0], scaled(along_b, b[1])));
                if left < 0.0 {
                    continue;
                }
                let shift = sum(shift_a[1], scaled(along_b, b[2]));
                let half = left.sqrt();
                let from = (own - (half + shift[1]) * bins_per_length - SLACK).max(first) as i64;
                let to = (own + (half - shift[0]) * bins_per_length + SLACK).min(last) as i64;
                if from <= to {
                    // Bins that differ in the last index alone lie side by side in memory.
                    let row = (i * self.bins[1] + j) * self.bins[2];
                    visit(self.starts[row + from as usize] as usize..self.starts[row + to as usize + 1] as usize);
                }
            }
        }
    }

    fn bin_of(&self, fractional: [f64; 3]) -> [usize; 3] {
        std::array::from_fn(|i| {
            let bin = (fractional[i] - self.low[i]) * self.per_unit[i];
            (bin.max(0.0) as usize).min(self.bins[i] - 1)
        })
    }

    /// Counting sort of the points by bin, stable, so that the order of neighbours is fixed by the input.
    fn sort(&mut self, images: Vec<([f64; 3], Point)>) {
        let homes: Vec<usize> = images
            .iter()
            .map(|(fractional, _)| {
                let [a, b, c] = self.bin_of(*fractional);
                (a * self.bins[1] + b) * self.bins[2] + c
            })
            .collect();
        let mut starts = vec![0u32; self.bins.iter().product::<usize>() + 1];
        for &home in &homes {
            starts[home + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut points = vec![Point { position: [0.0; 3], index: 0 }; images.len()];
        for (&home, (_, point)) in homes.iter().zip(&images) {
            points[next[home] as usize] = *point;
            next[home] += 1;
        }
        (self.starts, self.points) = (starts, points);
    }
}

/// Every image whose fractional coordinates lie between `low` and `high`.
fn images_within(
    wrapped: &[[f64; 3]],
    fractional: &[[f64; 3]],
    cell: &Cell,
    low: [f64; 3],
    high: [f64; 3],
) -> Vec<([f64; 3], Point)> {
    let periodic = cell.periodic();
    let mut images = Vec::new();
    for (index, (&position, &s)) in wrapped.iter().zip(fractional).enumerate() {
        let range = |i: usize| {
            if periodic[i] { (low[i] - s[i]).ceil() as i64..=(high[i] - s[i]).floor() as i64 } else { 0..=0 }
        };
        for a in range(0) {
            for b in range(1) {
                for c in range(2) {
                    let n = [a as f64, b as f64, c as f64];
                    let shift = cell.translation(n);
                    let at = std::array::from_fn(|k| position[k] + shift[k]);
                    let image = std::array::from_fn(|i| s[i] + n[i]);
                    images.push((image, Point { position: at, index: index as u32 }));
                }
            }
        }
    }
    images
}

/// Bins along each vector, and bins per unit of fractional coordinate.
fn bin_counts(low: [f64; 3], high: [f64; 3], margin: [f64; 3], points: usize) -> ([usize; 3], [f64; 3]) {
    let extent: [f64; 3] = std::array::from_fn(|i| high[i] - low[i]);
    let mut wanted: [f64; 3] = std::array::from_fn(|i| (extent[i] * BINS_PER_RADIUS / margin[i]).floor().max(1.0));
    // Sparse points need no fine bins: thin all directions alike.
    let excess = wanted.iter().product::<f64>() * POINTS_PER_BIN / (points.max(1) as f64);
    if excess > 1.0 {
        wanted = wanted.map(|w| (w / excess.cbrt()).floor().max(1.0));
    }
    let bins = wanted.map(|w| (w.min(2048.0)) as usize);
    let per_unit = std::array::from_fn(|i| if extent[i] > 0.0 { bins[i] as f64 / extent[i] } else { 0.0 });
    (bins, per_unit)
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
        let search = NeighborSearch::new(cell, &positions, radius).unwrap();
        for center in 0..n {
            let mut found = vec![];
            search.for_each_neighbor(center, |j, d| found.push((j, d.iter().map(|v| v * v).sum::<f64>().sqrt())));
            let mut later = vec![];
            search.for_each_later_neighbor(center, |j, d| later.push((j, d.iter().map(|v| v * v).sum::<f64>().sqrt())));
            assert_eq!(later, found.iter().copied().filter(|(j, _)| *j >= center).collect::<Vec<_>>());
            let (found, expected) = (sorted(found), sorted(by_brute_force(cell, &positions, center, radius)));
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
