//! The field given how many ions of its own kind and of others an ion has about it.

use serde::Serialize;

use super::blocks::{Blocks, deviation};
use super::snapshot::FieldSnapshot;
use crate::Result;
use crate::geometry::NeighborSearch;

/// Neighbours of a class that are told apart; ions with more are counted with those that have so many.
const MOST: usize = 12;
const SIDE: usize = MOST + 1;
/// Numbers of a cell: ions, their field, its square, the shuffled field.
const PER_CELL: usize = 4;
/// Behind the cells: sums over ions of their numbers x and y of like and unlike neighbours, however many, of x^2, y^2 and xy, and of
/// both times the field.
const MOMENTS: usize = 7;
const WIDTH: usize = PER_CELL * SIDE * SIDE + MOMENTS;

/// Gathers ions by their numbers of neighbours within a distance.
pub struct FieldByCoordination {
    distance: f64,
    seed: u64,
    frames: u64,
    blocks: Blocks,
}

/// The field by coordination.
#[derive(Clone, Debug, Serialize)]
pub struct CoordinationSummary {
    /// Within which ions are neighbours.
    pub distance: f64,
    /// Mean numbers of neighbours.
    pub mean_like: (f64, Option<f64>),
    pub mean_unlike: (f64, Option<f64>),
    /// Change of the field with one like neighbour more, and with one unlike neighbour more, the other number the same: slopes of
    /// the plane through the field of all ions by least squares; absent where numbers do not vary.
    pub per_like: Option<(f64, Option<f64>)>,
    pub per_unlike: Option<(f64, Option<f64>)>,
    /// Those coordinations that occur, by like neighbours and then by unlike ones.
    pub cells: Vec<Coordination>,
    /// The count at which larger ones were added.
    pub most: usize,
}

/// Ions with so many neighbours.
#[derive(Clone, Debug, Serialize)]
pub struct Coordination {
    pub like: usize,
    pub unlike: usize,
    /// Share of all ions.
    pub share: (f64, Option<f64>),
    /// Mean local conductivity.
    pub mean: (f64, Option<f64>),
    /// Standard deviation over such ions: what coordination does not tell.
    pub deviation: f64,
    /// Mean of the field shuffled among ions of a kind: the mean over all but for chance.
    pub shuffled: (f64, Option<f64>),
}

impl FieldByCoordination {
    /// Neighbours within `distance`; `seed` is for the shuffled null.
    pub fn new(distance: f64, seed: u64) -> Self {
        Self { distance, seed, frames: 0, blocks: Blocks::new(WIDTH) }
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// What [`NeighborSearch::new`] refuses.
    pub fn add(&mut self, snapshot: &FieldSnapshot) -> Result<()> {
        let search = NeighborSearch::new(snapshot.cell, snapshot.positions, self.distance)?;
        let shuffled = snapshot.shuffled(snapshot.local, self.seed, self.frames);
        let mut sums = vec![0.0; WIDTH];
        for i in 0..snapshot.local.len() {
            let mut count = [0usize; 2];
            search.for_each_neighbor(i, |j, _| count[usize::from(snapshot.kinds[i] != snapshot.kinds[j])] += 1);
            let [like, unlike] = count.map(|n| n.min(MOST));
            let at = &mut sums[PER_CELL * (like * SIDE + unlike)..][..PER_CELL];
            at[0] += 1.0;
            at[1] += snapshot.local[i];
            at[2] += snapshot.local[i].powi(2);
            at[3] += shuffled[i];
            let ([x, y], f) = (count.map(|n| n as f64), snapshot.local[i]);
            let moments = [x, y, x * x, y * y, x * y, x * f, y * f];
            sums[PER_CELL * SIDE * SIDE..].iter_mut().zip(moments).for_each(|(sum, moment)| *sum += moment);
        }
        self.blocks.add(&sums);
        self.frames += 1;
        Ok(())
    }

    /// The field of all frames, errors from blocks of time.
    pub fn summary(&self) -> CoordinationSummary {
        let ions = |s: &[f64]| (0..SIDE * SIDE).map(|cell| s[PER_CELL * cell]).sum::<f64>();
        let total = self.blocks.total();
        let found: Vec<usize> = (0..SIDE * SIDE).filter(|cell| total[PER_CELL * cell] > 0.0).collect();
        let of = |s: &[f64]| -> Vec<f64> {
            let all = ions(s);
            let end = PER_CELL * SIDE * SIDE;
            let per_cell = found.iter().flat_map(|cell| {
                let at = &s[PER_CELL * cell..];
                [at[0] / all, at[1] / at[0], at[3] / at[0]]
            });
            [s[end] / all, s[end + 1] / all].into_iter().chain(slopes(s)).chain(per_cell).collect()
        };
        let slope = |value: (f64, Option<f64>)| Some(value).filter(|(slope, _)| slope.is_finite());
        let values = self.blocks.with_errors(&of);
        let cells = found.iter().zip(values[4..].chunks_exact(3)).map(|(&cell, values)| {
            let at = &total[PER_CELL * cell..];
            let mean = at[1] / at[0];
            Coordination {
                like: cell / SIDE,
                unlike: cell % SIDE,
                share: values[0],
                mean: values[1],
                deviation: deviation(mean, at[2] / at[0]),
                shuffled: values[2],
            }
        });
        CoordinationSummary {
            distance: self.distance,
            mean_like: values[0],
            mean_unlike: values[1],
            per_like: slope(values[2]),
            per_unlike: slope(values[3]),
            cells: cells.collect(),
            most: MOST,
        }
    }
}

/// Slopes of the plane in the numbers of like and unlike neighbours; not finite where one of them does not vary.
fn slopes(sums: &[f64]) -> [f64; 2] {
    let of_cells = |k: usize| (0..SIDE * SIDE).map(|cell| sums[PER_CELL * cell + k]).sum::<f64>();
    let (n, f) = (of_cells(0), of_cells(1));
    let moments: [f64; MOMENTS] = std::array::from_fn(|k| sums[PER_CELL * SIDE * SIDE + k]);
    let [x, y, xx, yy, xy, xf, yf] = moments;
    let (sxx, syy, sxy) = (xx - x * x / n, yy - y * y / n, xy - x * y / n);
    let (sxf, syf) = (xf - x * f / n, yf - y * f / n);
    let determinant = sxx * syy - sxy * sxy;
    if determinant <= 1e-9 * sxx * syy {
        return [f64::NAN; 2];
    }
    [(sxf * syy - syf * sxy) / determinant, (syf * sxx - sxf * sxy) / determinant]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Cell;

    #[test]
    fn neighbours_are_counted_by_kind() {
        let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
        // Three in a row, the middle one of another kind; one alone; two of a kind across the boundary.
        let positions =
            [[5.0, 5.0, 5.0], [6.0, 5.0, 5.0], [7.0, 5.0, 5.0], [12.0; 3], [0.2, 9.0, 9.0], [19.6, 9.0, 9.0]];
        let kinds = [1, -1, 1, 1, -1, -1];
        let local = [1.0, 4.0, 3.0, 7.0, 2.0, 2.5];
        let mut found = FieldByCoordination::new(1.1, 3);
        let snapshot =
            FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local };
        for _ in 0..8 {
            found.add(&snapshot).unwrap();
        }
        let summary = found.summary();
        let of = |like, unlike| summary.cells.iter().find(|c| c.like == like && c.unlike == unlike).unwrap();
        assert_eq!(summary.cells.len(), 4);
        assert_eq!((of(0, 1).mean.0, of(0, 1).deviation), (2.0, 1.0));
        assert_eq!((of(0, 2).mean.0, of(0, 0).mean.0, of(1, 0).mean.0), (4.0, 7.0, 2.25));
        assert!((of(0, 1).share.0 - 1.0 / 3.0).abs() < 1e-12 && of(0, 1).share.1.unwrap() < 1e-12);
        assert!((summary.mean_like.0 - 1.0 / 3.0).abs() < 1e-12 && (summary.mean_unlike.0 - 2.0 / 3.0).abs() < 1e-12);
        // The plane through six ions, as a reference solves it: columns 1, like, unlike.
        let (x, y) = ([0.0, 0.0, 0.0, 0.0, 1.0, 1.0], [1.0, 2.0, 1.0, 0.0, 0.0, 0.0]);
        let (a, b) = (summary.per_like.unwrap().0, summary.per_unlike.unwrap().0);
        let rest = |i: usize| local[i] - a * x[i] - b * y[i];
        let mean = (0..6).map(rest).sum::<f64>() / 6.0;
        for numbers in [x, y] {
            let along: f64 = (0..6).map(|i| (rest(i) - mean) * numbers[i]).sum();
            assert!(along.abs() < 1e-12, "residuals are at right angles to the numbers: {along}");
        }
        assert!(summary.cells.iter().all(|cell| cell.like < summary.most && cell.unlike < summary.most));
        // Shuffling keeps the sum over all ions.
        let sum: f64 = summary.cells.iter().map(|c| c.share.0 * c.shuffled.0).sum();
        assert!((sum - 19.5 / 6.0).abs() < 1e-12);
    }
    #[test]
    fn many_neighbours_share_a_cell_and_count_in_means_and_slopes_as_many() {
        // Two kinds, each ion with all others of a cluster about it: 5 + 20, and 2 + 30.
        let cell = Cell::from_lammps([0.0; 3], [50.0; 3], [0.0; 3], [true; 3]).unwrap();
        let clusters = [(5, 20, 10.0), (2, 30, 30.0)];
        let (mut positions, mut kinds, mut local) = (vec![], vec![], vec![]);
        for (plus, minus, at) in clusters {
            for k in 0..plus + minus {
                let kind = if k < plus { 1 } else { -1 };
                let [like, unlike] = if kind == 1 { [plus - 1, minus] } else { [minus - 1, plus] };
                positions.push([at, at, at + 0.01 * f64::from(k)]);
                kinds.push(kind);
                local.push(1.0 + 0.25 * f64::from(like) - 0.5 * f64::from(unlike));
            }
        }
        let mut found = FieldByCoordination::new(1.0, 3);
        found
            .add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local })
            .unwrap();
        let summary = found.summary();
        let (a, b) = (summary.per_like.unwrap().0, summary.per_unlike.unwrap().0);
        assert!((a - 0.25).abs() < 1e-9 && (b + 0.5).abs() < 1e-9, "{a} {b}");
        let mean = (5.0 * 4.0 + 20.0 * 19.0 + 2.0 * 1.0 + 30.0 * 29.0) / 57.0;
        assert!((summary.mean_like.0 - mean).abs() < 1e-12);
        let places: Vec<[usize; 2]> = summary.cells.iter().map(|cell| [cell.like, cell.unlike]).collect();
        assert_eq!(places, [[1, 12], [4, 12], [12, 2], [12, 5]]);
    }
}
