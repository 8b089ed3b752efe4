//! Correlation in space of the field's fluctuations, beside the radial distribution functions.

use rayon::prelude::*;
use serde::Serialize;

use super::blocks::Blocks;
use super::first_minimum::FirstMinimum;
use super::snapshot::FieldSnapshot;
use crate::Result;
use crate::geometry::NeighborSearch;

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

/// Curves over the same distances.
#[derive(Clone, Debug, Serialize)]
pub struct SpatialSummary {
    /// Middles of the bins.
    pub r: Vec<f64>,
    pub like: PairCurves,
    pub unlike: PairCurves,
    /// First minimum of the unlike radial distribution function behind its first maximum: the distance within which ions pair.
    pub first_minimum: Option<f64>,
    /// Distances about it up to which the function is not above it by more than two errors: where the minimum may be as well.
    pub first_minimum_range: Option<[f64; 2]>,
}

/// Correlation of fluctuations of all pairs nearer than a distance.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Contact {
    pub distance: f64,
    pub like: Point,
    pub unlike: Point,
}

/// Curves of one class of pairs. Values that no pair tells are absent; so are errors for fewer than four frames, and of values
/// that pairs of a single block of frames tell.
#[derive(Clone, Debug, Serialize)]
pub struct PairCurves {
    /// Radial distribution function.
    pub g: Vec<Point>,
    /// Correlation of fluctuations.
    pub correlation: Vec<Point>,
    /// The same with fluctuations shuffled among ions of a kind: what no correlation looks like here.
    pub shuffled: Vec<Point>,
    /// `<d_i d_j> / <d^2>` over pairs whose first ion conducts more than the mean, and less.
    pub above_mean: Vec<Point>,
    pub below_mean: Vec<Point>,
    /// Pairs of all frames, by bin.
    #[serde(skip)]
    pub n_pairs: Vec<f64>,
    /// Distance over which the correlation falls by e, from a straight line through the logarithm of its values above three
    /// errors; absent where fewer than three are.
    pub length: Option<Point>,
}

impl PairCurves {
    /// Distance, value and error of the correlation at the nearest pairs that tell it to 0.1, or at the nearest pairs of all where
    /// none do; `r` are the distances of the curves. A few pairs have such an error by chance, so there must be as many as would
    /// leave it to independent values.
    pub fn nearest(&self, r: &[f64]) -> Option<(f64, f64, Option<f64>)> {
        const TOLD: f64 = 0.1;
        let enough = |bin: usize| self.n_pairs[bin] >= 1.0 / (TOLD * TOLD);
        let told = |bin: usize| {
            enough(bin) && self.correlation[bin].0.is_some() && self.correlation[bin].1.is_some_and(|e| e < TOLD)
        };
        let curve = &self.correlation;
        let place = (0..curve.len()).find(|&bin| told(bin)).or_else(|| curve.iter().position(|c| c.0.is_some()))?;
        Some((*r.get(place)?, curve[place].0?, curve[place].1))
    }
}

/// A value and its standard error.
pub type Point = (Option<f64>, Option<f64>);

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

    /// The curves of all frames.
    pub fn summary(&self) -> SpatialSummary {
        let width = self.radius / self.n_bins as f64;
        let r: Vec<f64> = (0..self.n_bins).map(|b| (b as f64 + 0.5) * width).collect();
        let (like, unlike) = (self.curves(0, &r), self.curves(1, &r));
        let minimum = FirstMinimum::of(&unlike.g);
        let first_minimum = minimum.as_ref().map(|minimum| r[minimum.place]);
        let first_minimum_range = minimum.as_ref().map(|minimum| minimum.range.map(|bin| r[bin]));
        SpatialSummary { first_minimum, first_minimum_range, r, like, unlike }
    }

    /// Correlation of fluctuations over all pairs nearer than `distance`, like and unlike, with errors; to a bin.
    pub fn within(&self, distance: f64) -> Contact {
        let n = ((distance / self.radius * self.n_bins as f64).round() as usize).clamp(1, self.n_bins);
        let of_class = |class: usize| -> Point {
            let sum = |s: &[f64], k: usize| -> f64 {
                (0..n).map(|bin| s[GLOBAL + (class * self.n_bins + bin) * PER_BIN + k]).sum()
            };
            let (value, error) = self.blocks.with_errors(&|s| vec![sum(s, 1) / sum(s, 0) / (s[1] / s[0])])[0];
            (Some(value).filter(|v| v.is_finite()), error)
        };
        Contact { distance, like: of_class(0), unlike: of_class(1) }
    }

    fn curves(&self, class: usize, r: &[f64]) -> PairCurves {
        let n_bins = self.n_bins;
        let at = |bin: usize, k: usize| GLOBAL + (class * n_bins + bin) * PER_BIN + k;
        let width = self.radius / n_bins as f64;
        let shell = |bin: usize| {
            let (a, b) = (bin as f64 * width, (bin + 1) as f64 * width);
            4.0 / 3.0 * std::f64::consts::PI * (b.powi(3) - a.powi(3))
        };
        let points = |of: &dyn Fn(&[f64], usize) -> f64| -> Vec<Point> {
            let all = self.blocks.with_errors(&|sums| (0..n_bins).map(|bin| of(sums, bin)).collect());
            all.into_iter().map(|(v, e)| (Some(v).filter(|v| v.is_finite()), e)).collect()
        };
        let ratio = |of: &dyn Fn(&[f64], usize) -> f64| points(&|s, bin| of(s, bin) / (s[1] / s[0]));
        let correlation = ratio(&|s, bin| s[at(bin, 1)] / s[at(bin, 0)]);
        let total = self.blocks.total();
        PairCurves {
            // They count from either side.
            n_pairs: (0..n_bins).map(|bin| 0.5 * total[at(bin, 0)]).collect(),
            g: points(&|s, bin| s[at(bin, 0)] / (s[2 + class] * shell(bin))),
            shuffled: ratio(&|s, bin| s[at(bin, 2)] / s[at(bin, 0)]),
            above_mean: ratio(&|s, bin| s[at(bin, 4)] / s[at(bin, 3)]),
            below_mean: ratio(&|s, bin| (s[at(bin, 1)] - s[at(bin, 4)]) / (s[at(bin, 0)] - s[at(bin, 3)])),
            length: self.length(&correlation, r, &|s, bin| s[at(bin, 1)] / s[at(bin, 0)] / (s[1] / s[0])),
            correlation,
        }
    }

    fn length(&self, curve: &[Point], r: &[f64], of: &dyn Fn(&[f64], usize) -> f64) -> Option<Point> {
        let told = |&(value, error): &Point| matches!((value, error), (Some(v), Some(e)) if v > 3.0 * e);
        let first = curve.iter().position(told)?;
        let bins: Vec<usize> = (first..curve.len()).take_while(|&bin| told(&curve[bin])).collect();
        if bins.len() < 3 {
            return None;
        }
        let fit = |sums: &[f64]| -> f64 {
            let (x, y): (Vec<f64>, Vec<f64>) = bins.iter().map(|&bin| (r[bin], of(sums, bin).ln())).unzip();
            let n = x.len() as f64;
            let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
            let sxy: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
            let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
            -sxx / sxy
        };
        let (value, error) = self.blocks.with_errors(&|sums| vec![fit(sums)])[0];
        (value.is_finite() && value > 0.0).then_some((Some(value), error))
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
mod tests {
    use super::*;
    use crate::geometry::Cell;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::f64::consts::TAU;

    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let (a, b): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - a).ln()).sqrt() * (TAU * b).cos()
    }

    const SIDE: f64 = 12.0;

    /// Ions at random with a Gaussian random field of correlation `exp(-r/length)`: waves whose frequencies are distributed as
    /// its spectrum, a Cauchy distribution in three dimensions.
    fn planted(random: &mut ChaCha8Rng, n: usize, length: f64) -> (Vec<[f64; 3]>, Vec<i32>, Vec<f64>) {
        const WAVES: usize = 300;
        let waves: Vec<([f64; 3], f64)> = (0..WAVES)
            .map(|_| {
                let scale = 1.0 / (length * normal(random).abs());
                ([0; 3].map(|_| normal(random) * scale), TAU * random.random::<f64>())
            })
            .collect();
        let positions: Vec<[f64; 3]> = (0..n).map(|_| [0; 3].map(|_| SIDE * random.random::<f64>())).collect();
        let field = |x: &[f64; 3]| {
            let wave = |(k, phase): &([f64; 3], f64)| (k[0] * x[0] + k[1] * x[1] + k[2] * x[2] + phase).cos();
            waves.iter().map(wave).sum::<f64>() * (2.0 / WAVES as f64).sqrt()
        };
        let local = positions.iter().map(field).collect();
        (positions, (0..n as i32).map(|i| i % 2).collect(), local)
    }

    fn gather(n_frames: usize, length: Option<f64>, periodic: bool) -> SpatialCorrelation {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let cell = Cell::from_lammps([0.0; 3], [SIDE; 3], [0.0; 3], [periodic; 3]).unwrap();
        let mut all = SpatialCorrelation::new(5.0, 25, 1);
        for _ in 0..n_frames {
            let (positions, kinds, mut local) = planted(&mut random, 800, length.unwrap_or(1.0));
            if length.is_none() {
                local.iter_mut().for_each(|v| *v = normal(&mut random));
            }
            all.add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local })
                .unwrap();
        }
        all
    }

    #[test]
    fn a_planted_field_has_its_correlation_and_its_length() {
        let length = 1.5;
        let all = gather(200, Some(length), false);
        let found = all.summary();
        // A frame's mean is taken away, and with it what the field has in common over the whole box: the mean over all pairs.
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let place = |random: &mut ChaCha8Rng| [0; 3].map(|_| SIDE * random.random::<f64>());
        let mut apart = || {
            let (a, b) = (place(&mut random), place(&mut random));
            (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt()
        };
        let common = (0..100_000).map(|_| (-apart() / length).exp()).sum::<f64>() / 1e5;
        for curves in [&found.like, &found.unlike] {
            for (i, (value, error)) in curves.correlation.iter().enumerate().skip(1).take(12) {
                let exact = ((-found.r[i] / length).exp() - common) / (1.0 - common);
                let (value, error) = (value.unwrap(), error.unwrap());
                assert!((value - exact).abs() < 4.0 * error + 0.02, "{}: {value} +- {error}, {exact}", found.r[i]);
            }
            assert!(curves.shuffled.iter().skip(1).all(|(v, e)| v.unwrap().abs() < 4.5 * e.unwrap() + 2e-3));
        }
        // Over all pairs nearer than 1: the mean of the same over a ball, whose places are as r^2.
        let steps = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0);
        let (sum, weight) = steps.fold((0.0, 0.0), |(a, b), r| (a + r * r * (-r / length).exp(), b + r * r));
        let exact = (sum / weight - common) / (1.0 - common);
        for (value, error) in [all.within(1.0).like, all.within(1.0).unlike] {
            assert!((value.unwrap() - exact).abs() < 4.0 * error.unwrap() + 0.02, "{value:?} {error:?} {exact}");
        }
        let (value, error) = found.like.length.unwrap();
        // Shorter for what was taken away.
        assert!((0.75 * length..length).contains(&value.unwrap()), "{value:?} {error:?}");
    }

    #[test]
    fn pairs_of_a_single_instant_tell_no_correlation() {
        let correlation = vec![
            (None, None),
            (Some(11.9), None),
            (Some(0.3), Some(0.4)),
            // Three pairs that happen to agree.
            (Some(0.7), Some(0.07)),
            (Some(0.2), Some(0.05)),
        ];
        let n_pairs = vec![0.0, 2.0, 90.0, 3.0, 400.0];
        let none = || vec![(None, None); 5];
        let (g, shuffled, above_mean, below_mean) = (none(), none(), none(), none());
        let curves = PairCurves { g, correlation, shuffled, above_mean, below_mean, n_pairs, length: None };
        assert_eq!(curves.nearest(&[0.5, 1.0, 1.5, 2.0, 2.5]), Some((2.5, 0.2, Some(0.05))));
    }

    #[test]
    fn pairs_of_a_single_frame_make_no_length() {
        let cell = Cell::from_lammps([0.0; 3], [20.0; 3], [0.0; 3], [true; 3]).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let mut all = SpatialCorrelation::new(3.0, 30, 1);
        for frame in 0..20 {
            // Ions far apart but in one frame, where a row of four departs strongly and alike.
            let row = |i: usize| if frame == 5 && i < 4 { 0.45 * i as f64 } else { 4.0 * i as f64 };
            let positions: Vec<[f64; 3]> = (0..20).map(|i| [row(i) % 20.0, 4.0 * (i / 5) as f64, 1.0]).collect();
            let local: Vec<f64> =
                (0..20).map(|i| normal(&mut random) + if frame == 5 && i < 4 { 9.0 } else { 0.0 }).collect();
            let (cell, positions, local) = (&cell, &positions[..], &local[..]);
            all.add(&FieldSnapshot { cell, positions, kinds: &[1; 20], charges: None, local }).unwrap();
        }
        let found = all.summary().like;
        let told: Vec<&Point> = found.correlation.iter().filter(|(value, _)| value.is_some()).collect();
        assert!(
            told.len() >= 3 && told.iter().all(|(value, error)| value.unwrap() > 1.0 && error.is_none()),
            "{told:?}"
        );
        assert!(found.length.is_none() && found.g.iter().all(|(_, error)| error.is_some()));
    }

    #[test]
    fn independent_values_have_no_correlation_and_random_places_no_structure() {
        let found = gather(60, None, true).summary();
        for curves in [&found.like, &found.unlike] {
            for curve in [&curves.correlation, &curves.shuffled] {
                let beyond = curve.iter().filter(|(v, e)| v.unwrap().abs() > 2.0 * e.unwrap() + 1.5e-3).count();
                // One in twenty of 25.
                assert!(beyond <= 4, "{beyond}");
            }
            assert!(curves.g.iter().skip(2).all(|(g, e)| (g.unwrap() - 1.0).abs() < 5.0 * e.unwrap()));
            assert!(curves.length.is_none());
        }
    }

    /// Alternating signs on a cubic lattice: like ions at the root of two, unlike ones at one; fluctuations by the kind.
    #[test]
    fn a_lattice_is_exact() {
        let n = 6;
        let cell = Cell::from_lammps([0.0; 3], [n as f64; 3], [0.0; 3], [true; 3]).unwrap();
        let (mut positions, mut kinds, mut local) = (vec![], vec![], vec![]);
        for i in 0..n * n * n {
            let at = [i / (n * n), i / n % n, i % n];
            let kind = (at.iter().sum::<usize>() % 2) as i32;
            positions.push(at.map(|x| x as f64));
            kinds.push(kind);
            local.push(if kind == 0 { 3.0 } else { 1.0 });
        }
        let mut all = SpatialCorrelation::new(1.6, 16, 1);
        all.add(&FieldSnapshot { cell: &cell, positions: &positions, kinds: &kinds, charges: None, local: &local })
            .unwrap();
        let found = all.summary();
        // Bins of 0.1: one at 1.0, the root of two at 1.4.
        let at = |points: &[Point], bin: usize| points[bin].0;
        assert_eq!((at(&found.unlike.correlation, 10), at(&found.like.correlation, 14)), (Some(-1.0), Some(1.0)));
        assert_eq!((at(&found.like.above_mean, 14), at(&found.unlike.below_mean, 10)), (Some(1.0), Some(-1.0)));
        assert_eq!(at(&found.like.correlation, 10), None);
        let shell = |a: f64, b: f64| 4.0 / 3.0 * std::f64::consts::PI * (b.powi(3) - a.powi(3));
        // Six unlike neighbours, where a gas of 108 unlike ions in 216 has half an ion per volume.
        let g = at(&found.unlike.g, 10).unwrap();
        assert!((g - 6.0 / (0.5 * shell(1.0, 1.1))).abs() < 1e-9, "{g}");
        assert!(found.like.g.iter().all(|(_, error)| error.is_none()));
    }
}
