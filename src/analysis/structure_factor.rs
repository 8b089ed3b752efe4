//! The structure factor of the field: on which wavelengths it varies.

use std::f64::consts::TAU;

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::blocks::Blocks;
use super::snapshot::FieldSnapshot;
use crate::geometry::Cell;

/// Bins of wave numbers, evenly spaced in their logarithm.
const BINS: usize = 20;
/// Waves of a bin that are looked at; the cell has many more of short ones.
const PER_BIN: usize = 6;
/// Attempts to find another wave of a bin.
const ATTEMPTS: usize = 64;
/// Waves up to this index along each vector are all known; longer ones are drawn.
const ALL_UP_TO: i32 = 3;
/// Numbers of a bin: waves, their wave numbers, powers of the field, of the shuffled field and of the ions.
const SUMS: usize = 5;
/// Ions that a thread takes at once.
const CHUNK: usize = 256;

/// Gathers the power of waves of the field.
///
/// `S(k) = <|sum_i d_i exp(i k.r_i)|^2> / (N <d^2>)`, with `d_i` the departure of an ion's local conductivity from the mean over
/// the ions at that instant. It is 1 for departures that are independent of each other, and above on wavelengths on which
/// neighbours depart alike. Waves are those that fit the cell: integer multiples of the reciprocal vectors, along directions
/// that repeat or not.
pub struct FieldStructureFactor {
    seed: u64,
    frames: u64,
    /// Bin and indices of each wave; chosen from the first frame.
    waves: Vec<(usize, [i32; 3])>,
    blocks: Blocks,
}

/// Structure factors by wave number.
#[derive(Clone, Debug, Serialize)]
pub struct StructureFactorSummary {
    /// Wave numbers `2 pi / wavelength`, the mean over the waves of a bin.
    pub k: Vec<f64>,
    /// Of the field.
    pub field: Vec<(f64, Option<f64>)>,
    /// Of the field shuffled among ions of a kind.
    pub shuffled: Vec<(f64, Option<f64>)>,
    /// Of the ions' places, whatever their kind: `<|sum_i exp(i k.r_i)|^2> / N`.
    pub number: Vec<(f64, Option<f64>)>,
}

impl FieldStructureFactor {
    /// `seed` chooses among short waves, and is for the shuffled null.
    pub fn new(seed: u64) -> Self {
        Self { seed, frames: 0, waves: vec![], blocks: Blocks::new(1 + SUMS * BINS) }
    }

    /// Adds a frame. The first one's cell and number of ions say which waves are looked at: from the longest that fits to half
    /// the mean distance of ions.
    pub fn add(&mut self, snapshot: &FieldSnapshot) {
        let n = snapshot.local.len();
        if self.frames == 0 {
            self.waves = choose(snapshot.cell, n, self.seed);
        }
        let fluctuations = snapshot.fluctuations();
        let shuffled = snapshot.shuffled(&fluctuations, self.seed, self.frames);
        let weights = [fluctuations.as_slice(), &shuffled];
        let chunks: Vec<usize> = (0..n).step_by(CHUNK).collect();
        let part = |start: &usize| self.amplitudes(snapshot, weights, *start..(start + CHUNK).min(n));
        // Added in order: the same on any number of threads.
        let parts: Vec<Vec<[f64; 6]>> = chunks.par_iter().map(part).collect();
        let mut total = vec![[0.0; 6]; self.waves.len()];
        for part in parts {
            total.iter_mut().flatten().zip(part.iter().flatten()).for_each(|(a, b)| *a += b);
        }
        let variance = fluctuations.iter().map(|d| d * d).sum::<f64>();
        let mut sums = vec![0.0; 1 + SUMS * BINS];
        sums[0] = 1.0;
        for ((bin, indices), a) in self.waves.iter().zip(total) {
            let power = |k: usize| a[k] * a[k] + a[k + 1] * a[k + 1];
            let of_field = |k: usize| if variance > 0.0 { power(k) / variance } else { 1.0 };
            let values = [1.0, wave_number(snapshot.cell, *indices), of_field(0), of_field(2), power(4) / n as f64];
            sums[1 + SUMS * bin..][..SUMS].iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
        }
        self.blocks.add(&sums);
        self.frames += 1;
    }

    /// For each wave, real and imaginary parts of the sums over some ions: of both fields, and of ones.
    fn amplitudes(
        &self,
        snapshot: &FieldSnapshot,
        weights: [&[f64]; 2],
        ions: std::ops::Range<usize>,
    ) -> Vec<[f64; 6]> {
        let highest: [usize; 3] =
            std::array::from_fn(|k| self.waves.iter().map(|(_, m)| m[k].unsigned_abs() as usize).max().unwrap_or(0));
        let n = ions.len();
        // exp(2 pi i m s) by ion for each vector and index m, each from the one before.
        let tables: [Vec<[f64; 2]>; 3] = {
            let places: Vec<[f64; 3]> =
                snapshot.positions[ions.clone()].iter().map(|p| snapshot.cell.to_fractional(*p)).collect();
            std::array::from_fn(|k| {
                let mut table = vec![[1.0, 0.0]; n * (highest[k] + 1)];
                for (i, place) in places.iter().enumerate() {
                    let (sin, cos) = (TAU * place[k].fract()).sin_cos();
                    for m in 1..=highest[k] {
                        let [re, im] = table[(m - 1) * n + i];
                        table[m * n + i] = [re * cos - im * sin, re * sin + im * cos];
                    }
                }
                table
            })
        };
        let of_wave = |(_, m): &(usize, [i32; 3])| {
            let rows: [&[[f64; 2]]; 3] = std::array::from_fn(|k| &tables[k][m[k].unsigned_abs() as usize * n..][..n]);
            let sign = m.map(|m| if m < 0 { -1.0 } else { 1.0 });
            let mut sum = [0.0; 6];
            for i in 0..n {
                let [a, b, c]: [[f64; 2]; 3] = std::array::from_fn(|k| [rows[k][i][0], sign[k] * rows[k][i][1]]);
                let ab = [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
                let e = [ab[0] * c[0] - ab[1] * c[1], ab[0] * c[1] + ab[1] * c[0]];
                let [d, s] = [weights[0][ions.start + i], weights[1][ions.start + i]];
                let terms = [d * e[0], d * e[1], s * e[0], s * e[1], e[0], e[1]];
                sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            sum
        };
        self.waves.iter().map(of_wave).collect()
    }

    /// Structure factors of all frames, errors from blocks of time; none without frames.
    pub fn summary(&self) -> Option<StructureFactorSummary> {
        if self.frames == 0 {
            return None;
        }
        let total = self.blocks.total();
        let found: Vec<usize> = (0..BINS).filter(|bin| total[1 + SUMS * bin] > 0.0).collect();
        let curve = |k: usize| {
            let of =
                |s: &[f64]| -> Vec<f64> { found.iter().map(|bin| s[1 + SUMS * bin + k] / s[1 + SUMS * bin]).collect() };
            self.blocks.with_errors(&of)
        };
        let (field, shuffled, number) = (curve(2), curve(3), curve(4));
        Some(StructureFactorSummary { k: curve(1).iter().map(|(k, _)| *k).collect(), field, shuffled, number })
    }
}

/// Length of the wave vector with these indices.
fn wave_number(cell: &Cell, indices: [i32; 3]) -> f64 {
    // Rows of the inverse: fractional coordinates of the Cartesian unit vectors.
    let origin = cell.to_fractional(cell.origin());
    let unit: [[f64; 3]; 3] = std::array::from_fn(|axis| {
        let mut point = cell.origin();
        point[axis] += 1.0;
        let s = cell.to_fractional(point);
        std::array::from_fn(|k| s[k] - origin[k])
    });
    let component = |axis: usize| (0..3).map(|k| f64::from(indices[k]) * unit[axis][k]).sum::<f64>();
    TAU * (0..3).map(|axis| component(axis).powi(2)).sum::<f64>().sqrt()
}

/// Waves of each bin, one of each pair of opposite ones.
fn choose(cell: &Cell, n_ions: usize, seed: u64) -> Vec<(usize, [i32; 3])> {
    let longest = cell.widths().into_iter().fold(0.0, f64::max);
    let low = 0.999 * TAU / longest;
    let high = (2.0 * TAU * (n_ions as f64 / cell.volume()).cbrt()).max(2.0 * low);
    let bin_of = |k: f64| {
        let place = (k / low).ln() / (high / low).ln() * BINS as f64;
        (place >= 0.0 && place < BINS as f64).then_some(place as usize)
    };
    let mut bins: Vec<Vec<[i32; 3]>> = vec![vec![]; BINS];
    let mut add = |indices: [i32; 3]| {
        let forward = indices.iter().find(|m| **m != 0).is_some_and(|m| *m > 0);
        if let (true, Some(bin)) = (forward, bin_of(wave_number(cell, indices)))
            && !bins[bin].contains(&indices)
        {
            bins[bin].push(indices);
        }
    };
    for a in 0..=ALL_UP_TO {
        for b in -ALL_UP_TO..=ALL_UP_TO {
            (-ALL_UP_TO..=ALL_UP_TO).for_each(|c| add([a, b, c]));
        }
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for bin in 0..BINS {
        for _ in 0..ATTEMPTS {
            let k = low * (high / low).powf((bin as f64 + random.random::<f64>()) / BINS as f64);
            let direction = direction(&mut random);
            // The indices of a wave are its vector's components along the cell's own vectors, rounded.
            let along = |v: [f64; 3]| (0..3).map(|axis| direction[axis] * v[axis]).sum::<f64>();
            let indices = cell.vectors().map(|v| (k * along(v) / TAU).round() as i32);
            let forward = indices.iter().find(|m| **m != 0).is_none_or(|m| *m > 0);
            add(if forward { indices } else { indices.map(|m| -m) });
        }
    }
    let mut chosen = vec![];
    for (bin, mut waves) in bins.into_iter().enumerate() {
        waves.shuffle(&mut random);
        chosen.extend(waves.into_iter().take(PER_BIN).map(|m| (bin, m)));
    }
    chosen
}

/// A direction, all alike.
fn direction(random: &mut ChaCha8Rng) -> [f64; 3] {
    loop {
        let v: [f64; 3] = std::array::from_fn(|_| 2.0 * random.random::<f64>() - 1.0);
        let square: f64 = v.iter().map(|x| x * x).sum();
        if square > 1e-4 && square <= 1.0 {
            return v.map(|x| x / square.sqrt());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot<'a>(cell: &'a Cell, x: &'a [[f64; 3]], kinds: &'a [i32], local: &'a [f64]) -> FieldSnapshot<'a> {
        FieldSnapshot { cell, positions: x, kinds, charges: None, local }
    }

    #[test]
    fn a_wave_has_its_power_at_its_own_wave_number_alone() {
        // A lattice of 12^3 sites, with a wave that is looked at: half of N times the variance, that is N/2.
        let cell = Cell::from_lammps([0.5; 3], [12.5; 3], [0.0; 3], [true; 3]).unwrap();
        let waves = choose(&cell, 1728, 1);
        let (bin, m) = waves[waves.len() / 3];
        let (mut positions, mut local) = (vec![], vec![]);
        for i in 0..1728 {
            let at = [i / 144, i / 12 % 12, i % 12].map(|x| x as f64);
            let phase: f64 = (0..3).map(|k| f64::from(m[k]) * at[k] / 12.0).sum();
            local.push(2.0 + (TAU * phase).cos());
            positions.push(at);
        }
        let kinds = vec![1; 1728];
        let mut found = FieldStructureFactor::new(1);
        found.add(&snapshot(&cell, &positions, &kinds, &local));
        let mut bins: Vec<usize> = waves.iter().map(|(bin, _)| *bin).collect();
        let of_bin = bins.iter().filter(|other| **other == bin).count() as f64;
        bins.dedup();
        let summary = found.summary().unwrap();
        for (other, value) in bins.iter().zip(&summary.field) {
            let expected = if *other == bin { 864.0 / of_bin } else { 0.0 };
            assert!((value.0 - expected).abs() < 1e-6, "{other} {value:?} {expected}");
        }
        // The lattice itself scatters at none of them.
        assert!(summary.number.iter().zip(&summary.k).all(|(n, k)| n.0 < 1e-9 || *k > 0.9 * TAU));
    }

    #[test]
    fn independent_values_have_one_and_places_change_nothing() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let cell = Cell::from_lammps([0.0; 3], [10.0, 12.0, 9.0], [2.0, -1.0, 3.0], [true; 3]).unwrap();
        let mut found = FieldStructureFactor::new(1);
        let mut moved = FieldStructureFactor::new(1);
        let kinds: Vec<i32> = (0..200).map(|i| i % 2).collect();
        for _ in 0..80 {
            let fractional: Vec<[f64; 3]> = (0..200).map(|_| std::array::from_fn(|_| random.random())).collect();
            let local: Vec<f64> = (0..200).map(|_| random.random()).collect();
            let positions: Vec<[f64; 3]> = fractional.iter().map(|s| cell.to_cartesian(*s)).collect();
            found.add(&snapshot(&cell, &positions, &kinds, &local));
            let elsewhere: Vec<[f64; 3]> =
                fractional.iter().map(|s| cell.to_cartesian([s[0] + 0.3, s[1] - 2.0, s[2] + 0.7])).collect();
            moved.add(&snapshot(&cell, &elsewhere, &kinds, &local));
        }
        let (found, moved) = (found.summary().unwrap(), moved.summary().unwrap());
        for curve in [&found.field, &found.shuffled, &found.number] {
            let beyond = curve.iter().filter(|(v, e)| (v - 1.0).abs() > 2.0 * e.unwrap() + 0.01).count();
            assert!(beyond <= 4, "{beyond} of {}", curve.len());
        }
        for (a, b) in found.field.iter().zip(&moved.field) {
            assert!((a.0 - b.0).abs() < 1e-9 * a.0);
        }
    }
}
