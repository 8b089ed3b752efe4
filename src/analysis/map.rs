//! The field averaged in space: along an axis, or on a grid.

use serde::Serialize;

use super::blocks::{Blocks, told};
use super::snapshot::FieldSnapshot;
use crate::{Error, Result};

/// Numbers of a bin: ions, their field, the shuffled field.
const PER_BIN: usize = 3;

/// More bins than this are refused.
const MOST_BINS: usize = 1_000_000;

/// Gathers ions by where they are, in bins of equal width along one, two or three of the cell's vectors.
///
/// Bins move with the cell, as those of LAMMPS's `compute chunk/atom bin/1d ... units reduced`; a bin's value is the mean over
/// all ions that were in it in any frame, as `fix ave/chunk` has it with `norm all` over the samples of one average.
pub struct FieldMap {
    /// The vectors, and bins along each.
    axes: Vec<(Axis, usize)>,
    seed: u64,
    frames: u64,
    /// Sums of the cell's lower bounds and extents along the axes, to tell where bins were.
    places: Vec<[f64; 2]>,
    blocks: Blocks,
}

/// A vector of the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    X,
    Y,
    Z,
}

impl Axis {
    /// For tables and figures.
    pub fn name(self) -> &'static str {
        ["x", "y", "z"][self as usize]
    }
}

/// The field by place.
#[derive(Clone, Debug, Serialize)]
pub struct MapSummary {
    pub axes: Vec<Axis>,
    /// Bins along each axis.
    pub bins: Vec<usize>,
    /// Middles of the bins along each axis, in length units, in the mean over frames.
    pub coordinates: Vec<Vec<f64>>,
    /// All bins, the last axis running fastest.
    pub values: Vec<MapBin>,
}

/// One bin.
#[derive(Clone, Debug, Serialize)]
pub struct MapBin {
    /// Ions in it, in the mean over frames.
    pub ions: (f64, Option<f64>),
    /// Mean local conductivity of the ions in it; absent where there never was one.
    pub mean: (Option<f64>, Option<f64>),
    /// The same of the field shuffled among ions of a kind.
    pub shuffled: (Option<f64>, Option<f64>),
}

impl FieldMap {
    /// Bins along one to three different axes; `seed` is for the shuffled null.
    ///
    /// # Errors
    /// No axis, one that stands twice, no bin, or more than a million of them.
    pub fn new(axes: &[(Axis, usize)], seed: u64) -> Result<Self> {
        let repeated = axes.iter().enumerate().any(|(i, (axis, _))| axes[..i].iter().any(|(other, _)| other == axis));
        if axes.is_empty() || repeated {
            return Err(Error::Input("a map runs along one, two or three different axes, as in z or xy".into()));
        }
        let n = axes.iter().try_fold(1usize, |n, (_, bins)| n.checked_mul(*bins)).unwrap_or(usize::MAX);
        if n == 0 || n > MOST_BINS {
            return Err(Error::Input(format!("a map has 1 to {MOST_BINS} bins; take fewer along each axis")));
        }
        Ok(Self {
            axes: axes.to_vec(),
            seed,
            frames: 0,
            places: vec![[0.0; 2]; axes.len()],
            blocks: Blocks::new(PER_BIN * n),
        })
    }

    /// Adds a frame.
    pub fn add(&mut self, snapshot: &FieldSnapshot) {
        let shuffled = snapshot.shuffled(snapshot.local, self.seed, self.frames);
        let n: usize = self.axes.iter().map(|(_, bins)| bins).product();
        let mut sums = vec![0.0; PER_BIN * n];
        for (i, position) in snapshot.positions.iter().enumerate() {
            let place = snapshot.cell.to_fractional(snapshot.cell.wrap(*position));
            let bin = self.axes.iter().fold(0, |bin, &(axis, bins)| {
                // Those outside a cell that does not repeat belong to its outermost bins, as in LAMMPS.
                bin * bins + ((place[axis as usize] * bins as f64).max(0.0) as usize).min(bins - 1)
            });
            let at = &mut sums[PER_BIN * bin..][..PER_BIN];
            at[0] += 1.0;
            at[1] += snapshot.local[i];
            at[2] += shuffled[i];
        }
        for (place, (axis, _)) in self.places.iter_mut().zip(&self.axes) {
            let k = *axis as usize;
            place[0] += snapshot.cell.origin()[k];
            place[1] += snapshot.cell.vectors()[k][k];
        }
        self.blocks.add(&sums);
        self.frames += 1;
    }

    /// The map over all frames, errors from blocks of time.
    pub fn summary(&self) -> MapSummary {
        let frames = self.frames as f64;
        let n: usize = self.axes.iter().map(|(_, bins)| bins).product();
        // Blocks differ in length, and a frame has every ion once.
        let ions = |s: &[f64]| (0..n).map(|bin| s[PER_BIN * bin]).sum::<f64>();
        let per_frame = ions(&self.blocks.total()) / frames;
        let of = |s: &[f64]| -> Vec<f64> {
            let all = ions(s);
            s.chunks_exact(PER_BIN).flat_map(|at| [per_frame * at[0] / all, at[1] / at[0], at[2] / at[0]]).collect()
        };
        let values = self.blocks.with_errors(&of);
        MapSummary {
            axes: self.axes.iter().map(|(axis, _)| *axis).collect(),
            bins: self.axes.iter().map(|(_, bins)| *bins).collect(),
            coordinates: self
                .axes
                .iter()
                .zip(&self.places)
                .map(|(&(_, bins), &[low, extent])| {
                    (0..bins).map(|b| (low + extent * (b as f64 + 0.5) / bins as f64) / frames).collect()
                })
                .collect(),
            values: values
                .chunks_exact(3)
                .map(|v| MapBin { ions: v[0], mean: told(v[1]), shuffled: told(v[2]) })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Cell;

    #[test]
    fn ions_count_where_they_are_and_boxes_may_change() {
        let kinds = [1, -1, 1, -1];
        let mut map = FieldMap::new(&[(Axis::Z, 4), (Axis::X, 2)], 0).unwrap();
        for side in [8.0, 12.0] {
            let cell = Cell::from_lammps([-1.0; 3], [side - 1.0; 3], [0.0; 3], [true, true, false]).unwrap();
            let at = |x: f64, z: f64| [side * x - 1.0, 3.0, side * z - 1.0];
            // The last two lie outside: one is wrapped, one belongs to the uppermost bin.
            let positions = [at(0.1, 0.1), at(0.2, 0.2), at(1.7, 0.6), at(0.3, 1.5)];
            let local = [1.0, 2.0, 3.0, side];
            map.add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local });
        }
        let found = map.summary();
        assert_eq!((found.bins.as_slice(), found.values.len()), ([4, 2].as_slice(), 8));
        assert_eq!(found.coordinates[0], [0.25, 2.75, 5.25, 7.75]);
        let means: Vec<Option<f64>> = found.values.iter().map(|bin| bin.mean.0).collect();
        assert_eq!(means, [Some(1.5), None, None, None, None, Some(3.0), Some(10.0), None]);
        assert_eq!(found.values[0].ions.0, 2.0);
    }

    #[test]
    fn maps_that_make_no_sense_are_refused() {
        let message = |axes: &[(Axis, usize)]| FieldMap::new(axes, 0).err().unwrap().to_string();
        assert!(message(&[]).contains("one, two or three"));
        assert!(message(&[(Axis::X, 3), (Axis::X, 3)]).contains("different axes"));
        assert!(message(&[(Axis::X, 2000), (Axis::Y, 2000)]).contains("take fewer"));
    }
}
