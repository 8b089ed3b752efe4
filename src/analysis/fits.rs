//! Densities of greatest likelihood for values in bins.

use super::Histogram;
use super::densities::{Density, Normal, Population, SinhArcsinh, TwoNormals};
use super::simplex::minimize;

/// Bins over the range of the values.
const BINS: usize = 400;

/// Steps of expectation and maximisation at most.
const STEPS: usize = 1000;

/// Gain of mean logarithmic likelihood below which steps end.
const CLOSE: f64 = 1e-10;

/// Values in equal bins.
pub struct Binned {
    /// Middle and share of each bin that is not empty.
    bins: Vec<(f64, f64)>,
    width: f64,
}

impl Binned {
    /// None where values do not differ.
    pub fn of(all: &Histogram) -> Option<Self> {
        let (low, high) = all.range().filter(|(low, high)| high > low)?;
        let width = (high - low) / BINS as f64;
        let counts = all.rebin(low, high, BINS);
        let total: f64 = counts.iter().sum();
        let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let bins = filled.map(|(i, count)| (low + (i as f64 + 0.5) * width, count / total)).collect();
        Some(Self { bins, width })
    }

    /// Mean logarithm of the density over the values.
    pub fn likelihood(&self, of: &impl Density) -> f64 {
        // No bin holds more than all, however narrow a peak in it.
        let most = 1.0 / self.width;
        self.bins.iter().map(|(x, p)| p * of.density(*x).clamp(1e-300, most).ln()).sum()
    }

    /// The normal distribution with the values' mean and deviation.
    pub fn normal(&self) -> Normal {
        self.population(&vec![1.0; self.bins.len()]).normal
    }

    fn population(&self, weights: &[f64]) -> Population {
        let weighted = || self.bins.iter().zip(weights).map(|((x, p), w)| (*x, p * w));
        let share: f64 = weighted().map(|(_, w)| w).sum();
        let mean = weighted().map(|(x, w)| x * w).sum::<f64>() / share;
        let variance = weighted().map(|(x, w)| (x - mean).powi(2) * w).sum::<f64>() / share;
        // No narrower than a bin: a population at one value has no density.
        let standard_deviation = variance.sqrt().max(self.width);
        Population { share, normal: Normal { mean, standard_deviation } }
    }

    /// Expectation and maximisation (A. P. Dempster, N. M. Laird and D. B. Rubin, J. R. Stat. Soc. B 39, 1 (1977)) from splits at
    /// several shares.
    pub fn two_normals(&self) -> Option<TwoNormals> {
        let starts = [0.1, 0.3, 0.5, 0.7, 0.9];
        let all = starts.into_iter().map(|share| self.split_at(share));
        all.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(two, _)| TwoNormals::new(two))
    }

    fn split_at(&self, share: f64) -> ([Population; 2], f64) {
        let mut below = 0.0;
        let weight = |p: f64| {
            below += p;
            if below <= share { 0.9 } else { 0.1 }
        };
        let mut lower: Vec<f64> = self.bins.iter().map(|(_, p)| *p).map(weight).collect();
        let mut two = self.both(&lower);
        let mut found = self.likelihood(&two);
        for _ in 0..STEPS {
            let [a, b] = two;
            for ((x, _), w) in self.bins.iter().zip(&mut lower) {
                let (a, b) = (a.share * a.normal.density(*x), b.share * b.normal.density(*x));
                *w = if a + b > 0.0 { a / (a + b) } else { 0.5 };
            }
            let next = self.both(&lower);
            if next.iter().any(|p| !(p.share > 1e-6 && p.normal.mean.is_finite())) {
                break;
            }
            let gained = self.likelihood(&next) - found;
            (two, found) = (next, found + gained);
            if gained.abs() < CLOSE {
                break;
            }
        }
        (two, found)
    }

    fn both(&self, lower: &[f64]) -> [Population; 2] {
        let upper: Vec<f64> = lower.iter().map(|w| 1.0 - w).collect();
        [self.population(lower), self.population(&upper)]
    }

    /// From starts of either skew and of longer tails, and from the normal distribution, which is one of these.
    pub fn sinh_arcsinh(&self) -> Option<SinhArcsinh> {
        let Normal { mean, standard_deviation } = self.normal();
        // In units of the deviation; scale and tails by their logarithms, so that they stay above zero.
        let of = |[location, scale, skew, tails]: &[f64; 4]| SinhArcsinh {
            location: mean + standard_deviation * location,
            scale: standard_deviation * scale.exp(),
            skew: *skew,
            tails: tails.exp(),
        };
        let cost = |x: &[f64; 4]| -self.likelihood(&of(x));
        let starts = [[0.0; 4], [0.4, -0.1, -0.5, -0.2], [-0.4, -0.1, 0.5, -0.2], [0.0, -0.5, 0.0, -0.5]];
        let all = starts.into_iter().map(|start| minimize(&cost, start, [0.2, 0.2, 0.2, 0.1]));
        all.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(x, _)| of(&x))
    }
}
