//! Correlation in space of the field's fluctuations, beside the radial distribution functions.

mod curves;

use rayon::prelude::*;

use super::blocks::Blocks;
use super::snapshot::FieldSnapshot;
use crate::Result;
use crate::geometry::NeighborSearch;

pub use curves::{Contact, PairCurves, SpatialSummary};

/// Pairs alike and unlike.
const CLASSES: usize = 2;
/// Numbers of a class in a bin: pairs, products of fluctuations, products of shuffled ones, and pairs and products of those whose
/// first ion conducts more than the mean.
const PER_BIN: usize = 5;
/// Numbers of a frame besides: ions, squared fluctuations, pairs per volume of both classes.
const GLOBAL: usize = 4;

/// Ions that a thread looks around of at once.
const CHUNK: usize = 256;

/// Gathers pairs of ions by their distance.
///
/// For pairs of a class at distance r, `C(r) = <d_i d_j> / <d^2>`, with `d` the departure of an ion's local conductivity from
/// the mean over the ions at that instant.
pub struct SpatialCorrelation {
    radius: f64,
    n_bins: usize,
    seed: u64,
    frames: u64,
    blocks: Blocks,
}

impl SpatialCorrelation {
    /// Pairs up to `radius`, in `n_bins` bins; `seed` is for the shuffled null.
    pub fn new(radius: f64, n_bins: usize, seed: u64) -> Self {
        let blocks = Blocks::new(GLOBAL + CLASSES * PER_BIN * n_bins);
        Self { radius, n_bins, seed, frames: 0, blocks }
    }

    /// Largest distance of the pairs that are counted.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// What [`NeighborSearch::new`] refuses.
    pub fn add(&mut self, snapshot: &FieldSnapshot) -> Result<()> {
        let fluctuations = snapshot.fluctuations();
        let shuffled = snapshot.shuffled(&fluctuations, self.seed, self.frames);
        // Neighbours in space shall be neighbours in memory.
        let order = snapshot.order_in_space(self.radius / 3.0);
        let positions: Vec<[f64; 3]> = order.iter().map(|&i| snapshot.positions[i]).collect();
        let ion = |&i: &usize| Ion {
            departure: fluctuations[i],
            shuffled: shuffled[i],
            above: f64::from(u8::from(fluctuations[i] > 0.0)),
            kind: snapshot.kinds[i],
        };
        let ions: Vec<Ion> = order.iter().map(ion).collect();
        let search = NeighborSearch::new(snapshot.cell, &positions, self.radius)?;
        let n = ions.len();
        let per_length = self.n_bins as f64 / self.radius;
        let stride = PER_BIN * self.n_bins;
        let of_chunk = |chunk: usize| {
            let mut sums = vec![0.0; CLASSES * stride];
            for i in chunk * CHUNK..n.min((chunk + 1) * CHUNK) {
                let own = ions[i];
                search.for_each_later_neighbor(i, |j, d| {
                    let other = ions[j];
                    let r = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
                    let bin = ((r * per_length) as usize).min(self.n_bins - 1);
                    let class = usize::from(own.kind != other.kind);
                    let at = &mut sums[class * stride + bin * PER_BIN..][..PER_BIN];
                    // Two ions are a pair from either side; an ion and its image come from both.
                    let sides = if j == i { 1.0 } else { 2.0 };
                    let above = if j == i { own.above } else { own.above + other.above };
                    let product = own.departure * other.departure;
                    at[0] += sides;
                    at[1] += sides * product;
                    at[2] += sides * own.shuffled * other.shuffled;
                    at[3] += above;
                    at[4] += above * product;
                });
            }
            sums
        };
        // Added in order: the same on any number of threads.
        let parts: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK)).into_par_iter().map(of_chunk).collect();
        let mut sums = vec![0.0; GLOBAL + CLASSES * stride];
        sums[0] = n as f64;
        sums[1] = fluctuations.iter().map(|d| d * d).sum();
        let volume = snapshot.cell.volume();
        let mut kinds = snapshot.kinds.to_vec();
        kinds.sort_unstable();
        let squares: f64 = kinds.chunk_by(|a, b| a == b).map(|k| (k.len() as f64).powi(2)).sum();
        sums[2] = (squares - n as f64) / volume;
        sums[3] = ((n as f64).powi(2) - squares) / volume;
        for part in parts {
            sums[GLOBAL..].iter_mut().zip(part).for_each(|(a, b)| *a += b);
        }
        self.blocks.add(&sums);
        self.frames += 1;
        Ok(())
    }
}

/// What pairs are made of.
#[derive(Clone, Copy)]
struct Ion {
    departure: f64,
    shuffled: f64,
    /// One for ions above the mean, zero for others.
    above: f64,
    kind: i32,
}

#[cfg(test)]
mod tests;
