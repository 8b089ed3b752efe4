//! How long bonds last, from when each began and ended.

use std::ops::Range;

use rayon::prelude::*;

use super::jackknife::{Point, leave_one_out_in_order, sums};

/// Runs that are kept at most, of 12 bytes each.
const MOST_RUNS: usize = 1 << 24;

/// Blocks of origins at most.
const MOST_BLOCKS: usize = 64;

/// Frames from `start` up to but without `end` in which a bond to an ion was there throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    other: u32,
    start: u32,
    end: u32,
}

/// Gathers bonds over frames.
///
/// Memory and time go with the number of times that a bond forms. At 16 million, those of bonds whose lower ion is at an odd
/// place are dropped, then those where it is no multiple of four, and so on.
pub struct BondLifetimes {
    n_ions: Option<usize>,
    n_frames: u32,
    /// Bonds of the last frame, by lower and upper ion, and when they began.
    open: Vec<(u32, u32, u32)>,
    /// By lower ion.
    closed: Vec<Vec<Run>>,
    n_closed: usize,
    /// Bonds are kept whose lower ion is at a multiple of it.
    stride: usize,
    most_runs: usize,
    same_number: bool,
    /// Of all frames: bonds, and pairs that could be bonded.
    n_bonds: f64,
    n_pairs: f64,
}

/// Probabilities by lag, in frames, that a bond is still there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lifetimes {
    pub intermittent: Vec<Point>,
    pub continuous: Vec<Point>,
    /// Integrals of the curves, of the intermittent one without what two ions meet by chance, however long ago they were bonded:
    /// `(C(t) - p) / (1 - p)` with the share p of all pairs that are bonded.
    pub intermittent_lifetime: Option<Point>,
    pub continuous_lifetime: Option<Point>,
    /// Why there is nothing, or less than all.
    pub note: Option<String>,
}

impl Default for BondLifetimes {
    fn default() -> Self {
        Self {
            n_ions: None,
            n_frames: 0,
            open: vec![],
            closed: vec![],
            n_closed: 0,
            stride: 1,
            most_runs: MOST_RUNS,
            same_number: true,
            n_bonds: 0.0,
            n_pairs: 0.0,
        }
    }
}

impl BondLifetimes {
    /// Adds a frame's bonds, by lower and upper ion, in rising order and each once, and the number of pairs that could be bonded.
    pub fn add(&mut self, bonds: &[(u32, u32)], n_ions: usize, n_pairs: f64) {
        if *self.n_ions.get_or_insert(n_ions) != n_ions {
            *self = Self { same_number: false, n_ions: Some(n_ions), ..Self::default() };
        }
        if !self.same_number {
            return;
        }
        self.n_bonds += bonds.len() as f64;
        self.n_pairs += n_pairs;
        self.closed.resize(n_ions, vec![]);
        let (now, stride) = (self.n_frames, self.stride as u32);
        let before = std::mem::take(&mut self.open);
        let mut before = before.into_iter().peekable();
        for &(i, j) in bonds.iter().filter(|(i, _)| i.is_multiple_of(stride)) {
            while let Some(gone) = before.next_if(|old| (old.0, old.1) < (i, j)) {
                self.close(gone, now);
            }
            let start = before.next_if(|old| (old.0, old.1) == (i, j)).map_or(now, |old| old.2);
            self.open.push((i, j, start));
        }
        before.for_each(|gone| self.close(gone, now));
        self.n_frames += 1;
        while self.n_closed + self.open.len() > self.most_runs && self.stride < n_ions {
            self.thin();
        }
    }

    fn close(&mut self, (i, other, start): (u32, u32, u32), end: u32) {
        self.closed[i as usize].push(Run { other, start, end });
        self.n_closed += 1;
    }

    fn thin(&mut self) {
        self.stride *= 2;
        for (_, runs) in self.closed.iter_mut().enumerate().filter(|(i, _)| !i.is_multiple_of(self.stride)) {
            self.n_closed -= runs.len();
            *runs = vec![];
        }
        self.open.retain(|bond| (bond.0 as usize).is_multiple_of(self.stride));
    }

    /// The curves up to a quarter of the run, over all origins that the longest lag can start from; their blocks give errors.
    /// No curves where no bond is there at an origin.
    pub fn summary(&self) -> Lifetimes {
        let origins = Origins::of(self.n_frames as usize);
        let n = self.closed.len();
        // Whole numbers: the same sums however ions are shared out among threads.
        let at_once = n.div_ceil(rayon::current_num_threads()).max(1);
        let chunks: Vec<Range<usize>> = (0..n).step_by(at_once).map(|i| i..n.min(i + at_once)).collect();
        let counts = chunks
            .into_par_iter()
            .map(|ions| {
                let mut counts = Counts::new(&origins);
                ions.for_each(|i| counts.add(&origins, &self.runs(i)));
                counts
            })
            .reduce(|| Counts::new(&origins), Counts::plus);
        let note = if !self.same_number {
            Some("the number of ions changes, and with it which ion is which: bonds have no lifetimes".into())
        } else {
            let one_in = self.stride;
            (one_in > 1).then(|| format!("to save memory, lifetimes are those of one in {one_in} ions' bonds"))
        };
        Lifetimes { note, ..counts.lifetimes(&origins, self.n_bonds / self.n_pairs) }
    }

    /// All runs of an ion's bonds, bond by bond; those of the last frame end with it.
    fn runs(&self, i: usize) -> Vec<Run> {
        let first = self.open.partition_point(|bond| (bond.0 as usize) < i);
        let open = self.open[first..].iter().take_while(|bond| bond.0 as usize == i);
        let open = open.map(|&(_, other, start)| Run { other, start, end: self.n_frames });
        let mut runs: Vec<Run> = self.closed[i].iter().copied().chain(open).collect();
        runs.sort_unstable();
        runs
    }
}

/// Frames that the longest lag can start from, in blocks.
struct Origins {
    n: usize,
    /// Frames of a block.
    length: usize,
    longest_lag: usize,
}

impl Origins {
    fn of(n_frames: usize) -> Self {
        let longest_lag = n_frames / 4;
        let n = n_frames - longest_lag;
        // As Blocks would merge them.
        let length = n.div_ceil(MOST_BLOCKS).next_power_of_two();
        Self { n, length, longest_lag }
    }

    fn blocks(&self) -> usize {
        self.n.div_ceil(self.length)
    }
}

/// By block: bonds at its origins that are there so many frames later.
struct Counts {
    intermittent: Vec<Ramps>,
    continuous: Vec<Ramps>,
}

impl Counts {
    fn new(origins: &Origins) -> Self {
        let all = || vec![Ramps::new(origins.longest_lag); origins.blocks()];
        Self { intermittent: all(), continuous: all() }
    }

    fn plus(mut self, other: Self) -> Self {
        let (own, others) = (self.intermittent.iter_mut(), other.intermittent);
        own.zip(others).for_each(|(a, b)| a.add(&b));
        let (own, others) = (self.continuous.iter_mut(), other.continuous);
        own.zip(others).for_each(|(a, b)| a.add(&b));
        self
    }

    fn add(&mut self, origins: &Origins, runs: &[Run]) {
        for (at, run) in runs.iter().enumerate() {
            let same = runs[at..].iter().take_while(|later| later.other == run.other);
            let (start, end) = (run.start as usize, (run.end as usize).min(origins.n));
            if start >= end {
                continue;
            }
            for block in start / origins.length..end.div_ceil(origins.length) {
                let from = start.max(block * origins.length);
                let to = end.min((block + 1) * origins.length);
                self.continuous[block].add_overlap(from..to, run.start as usize..run.end as usize);
                let near = same.clone().take_while(|later| (later.start as usize) < to + origins.longest_lag);
                for later in near {
                    self.intermittent[block].add_overlap(from..to, later.start as usize..later.end as usize);
                }
            }
        }
    }

    fn lifetimes(&self, origins: &Origins, by_chance: f64) -> Lifetimes {
        let (intermittent, intermittent_lifetime) = curve(&self.intermittent, origins.longest_lag, by_chance);
        let (continuous, continuous_lifetime) = curve(&self.continuous, origins.longest_lag, 0.0);
        Lifetimes { intermittent, continuous, intermittent_lifetime, continuous_lifetime, note: None }
    }
}

/// The curve with its errors, and the integral of what it is above chance where that falls below 1/e.
fn curve(blocks: &[Ramps], longest_lag: usize, by_chance: f64) -> (Vec<Point>, Option<Point>) {
    let parts: Vec<Vec<f64>> = blocks.iter().map(Ramps::values).collect();
    let shares = |sums: &[f64]| -> Vec<f64> { sums.iter().map(|v| v / sums[0]).collect() };
    let total = sums(&parts, longest_lag + 1);
    let of = |f: &dyn Fn(&[f64]) -> Vec<f64>| leave_one_out_in_order(&parts, &total, f);
    let points = of(&shares);
    if points.iter().any(|(v, _)| !v.is_finite()) {
        return (vec![], None);
    }
    let above_chance = |share: f64| (share - by_chance) / (1.0 - by_chance);
    let falls = points.last().is_some_and(|(end, _)| above_chance(*end) < (-1.0f64).exp());
    let integral_of = |sums: &[f64]| integral(&shares(sums).into_iter().map(above_chance).collect::<Vec<_>>());
    let lifetime = falls.then(|| of(&|sums| vec![integral_of(sums)])[0]);
    (points, lifetime)
}

/// By the trapezoidal rule, with the remainder that an exponential decay to the last value leaves beyond it.
fn integral(curve: &[f64]) -> f64 {
    let end = curve[curve.len() - 1];
    let within = curve.iter().sum::<f64>() - 0.5 * (curve[0] + end);
    within / (1.0 - end)
}

/// A function of the lag in whole numbers, as a sum of ramps: it is straight between lags at which its slope changes.
#[derive(Clone)]
struct Ramps {
    at_zero: i64,
    slope: i64,
    /// Change of slope at each lag.
    kinks: Vec<i64>,
}

impl Ramps {
    fn new(longest_lag: usize) -> Self {
        Self { at_zero: 0, slope: 0, kinks: vec![0; longest_lag + 1] }
    }

    /// Adds the number of origins `o` for which `o + lag` is in `later`: with `R(x) = max(x, 0)` it is
    /// `R(lag - (b0 - o1)) - R(lag - (b0 - o0)) - R(lag - (b1 - o1)) + R(lag - (b1 - o0))`.
    fn add_overlap(&mut self, origins: Range<usize>, later: Range<usize>) {
        let apart = |b: usize, o: usize| b as i64 - o as i64;
        self.ramp(apart(later.start, origins.end), 1);
        self.ramp(apart(later.start, origins.start), -1);
        self.ramp(apart(later.end, origins.end), -1);
        self.ramp(apart(later.end, origins.start), 1);
    }

    fn ramp(&mut self, from: i64, sign: i64) {
        if from < 0 {
            self.at_zero -= sign * from;
            self.slope += sign;
        } else if let Some(kink) = self.kinks.get_mut(from as usize) {
            *kink += sign;
        }
    }

    fn add(&mut self, other: &Self) {
        self.at_zero += other.at_zero;
        self.slope += other.slope;
        self.kinks.iter_mut().zip(&other.kinks).for_each(|(a, b)| *a += b);
    }

    fn values(&self) -> Vec<f64> {
        let (mut value, mut slope) = (self.at_zero, self.slope);
        let at = |kink: &i64| {
            let here = value as f64;
            slope += kink;
            value += slope;
            here
        };
        self.kinks.iter().map(at).collect()
    }
}

#[cfg(test)]
mod tests;
