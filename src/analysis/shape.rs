//! The shape of the distribution over ions: moments, the low tail, and whether one population or two describe it.

use serde::Serialize;

use super::Histogram;
use crate::Result;
use crate::statistics::{MeanEstimate, mean_with_error};

/// Bins that a mixture is fitted to.
const BINS: usize = 400;

/// Steps of expectation and maximisation at most.
const STEPS: usize = 500;

/// Evidence below this, either way, decides nothing (R. E. Kass and A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995)).
const DECISIVE: f64 = 10.0;

/// Gathers the shape of each frame's distribution.
#[derive(Clone, Debug, Default)]
pub struct FieldShape {
    skewness: Vec<f64>,
    kurtosis: Vec<f64>,
    low: Vec<f64>,
}

/// What a distribution over ions looks like; errors are from the scatter of frames.
#[derive(Clone, Debug, Serialize)]
pub struct ShapeSummary {
    /// Of the distribution over ions at one instant: 0 for a normal one, below zero for a long tail of low values.
    pub skewness: MeanEstimate,
    pub excess_kurtosis: MeanEstimate,
    /// Share of ions more than two standard deviations below the mean; 0.0228 for a normal distribution.
    pub low_tail: MeanEstimate,
    pub populations: Option<Populations>,
}

/// One normal distribution against a mixture of two, by Schwarz's criterion.
#[derive(Clone, Debug, Serialize)]
pub struct Populations {
    /// The lower one first.
    pub two: [Normal; 2],
    /// Criterion of one population less that of two (G. Schwarz, Ann. Stat. 6, 461 (1978)), with the number of independent values:
    /// above 10, two describe the distribution better; below -10, one does.
    pub evidence: f64,
    pub independent_values: f64,
    /// `one`, `two` or `undecided`.
    pub verdict: &'static str,
}

/// A population with its share.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Normal {
    pub share: f64,
    pub mean: f64,
    pub standard_deviation: f64,
}

impl FieldShape {
    /// Adds a frame's values.
    pub fn add(&mut self, local: &[f64]) {
        let n = local.len() as f64;
        let mean = local.iter().sum::<f64>() / n;
        let moment = |k: i32| local.iter().map(|v| (v - mean).powi(k)).sum::<f64>() / n;
        let variance = moment(2);
        // Equal values have no shape.
        if variance > 1e-24 * mean * mean {
            self.skewness.push(moment(3) / variance.powf(1.5));
            self.kurtosis.push(moment(4) / variance.powi(2) - 3.0);
            let bound = mean - 2.0 * variance.sqrt();
            self.low.push(local.iter().filter(|v| **v < bound).count() as f64 / n);
        }
    }

    /// The shape over all frames; `independent` is how many of the histogram's values are worth an independent one each. None
    /// where values do not differ.
    ///
    /// # Errors
    /// None but what [`mean_with_error`] refuses.
    pub fn summary(&self, all: &Histogram, independent: f64) -> Result<Option<ShapeSummary>> {
        if self.skewness.is_empty() {
            return Ok(None);
        }
        Ok(Some(ShapeSummary {
            skewness: mean_with_error(&self.skewness)?,
            excess_kurtosis: mean_with_error(&self.kurtosis)?,
            low_tail: mean_with_error(&self.low)?,
            populations: populations(all, independent),
        }))
    }
}

fn populations(all: &Histogram, independent: f64) -> Option<Populations> {
    let (low, high) = all.range().filter(|(low, high)| high > low)?;
    let width = (high - low) / BINS as f64;
    let counts = all.rebin(low, high, BINS);
    let total: f64 = counts.iter().sum();
    let bins: Vec<(f64, f64)> = counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0.0)
        .map(|(i, count)| (low + (i as f64 + 0.5) * width, count / total))
        .collect();
    // No narrower than a bin: a population at one value has no density.
    let least = width * width;
    let one = normal(&bins, &vec![1.0; bins.len()], least);
    let single = likelihood(&bins, &[one]);
    let starts = [0.1, 0.3, 0.5, 0.7, 0.9];
    let best = starts.into_iter().map(|share| mixture(&bins, share, least)).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (mut two, double) = best;
    if two[0].mean > two[1].mean {
        two.swap(0, 1);
    }
    // Five parameters against two.
    let evidence = 2.0 * independent * (double - single) - 3.0 * independent.max(1.0).ln();
    let verdict = match evidence {
        e if e > DECISIVE => "two",
        e if e < -DECISIVE => "one",
        _ => "undecided",
    };
    Some(Populations { two, evidence, independent_values: independent, verdict })
}

/// Mean, deviation and share of bins with weights.
fn normal(bins: &[(f64, f64)], weights: &[f64], least: f64) -> Normal {
    let share: f64 = bins.iter().zip(weights).map(|((_, p), w)| p * w).sum();
    let mean = bins.iter().zip(weights).map(|((x, p), w)| x * p * w).sum::<f64>() / share;
    let variance = bins.iter().zip(weights).map(|((x, p), w)| (x - mean).powi(2) * p * w).sum::<f64>() / share;
    Normal { share, mean, standard_deviation: variance.max(least).sqrt() }
}

impl Normal {
    fn density(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.standard_deviation;
        self.share * (-0.5 * z * z).exp() / (self.standard_deviation * (std::f64::consts::TAU).sqrt())
    }
}

/// Mean logarithm of the density.
fn likelihood(bins: &[(f64, f64)], of: &[Normal]) -> f64 {
    bins.iter().map(|(x, p)| p * of.iter().map(|n| n.density(*x)).sum::<f64>().max(1e-300).ln()).sum()
}

/// Expectation and maximisation (A. P. Dempster, N. M. Laird, D. B. Rubin, J. R. Stat. Soc. B 39, 1 (1977)) from a split at a share.
fn mixture(bins: &[(f64, f64)], share: f64, least: f64) -> ([Normal; 2], f64) {
    let mut below = 0.0;
    let lower: Vec<f64> = bins
        .iter()
        .map(|(_, p)| {
            below += p;
            if below <= share { 0.9 } else { 0.1 }
        })
        .collect();
    let both = |lower: &[f64]| {
        let upper: Vec<f64> = lower.iter().map(|w| 1.0 - w).collect();
        [normal(bins, lower, least), normal(bins, &upper, least)]
    };
    let mut two = both(&lower);
    let mut found = likelihood(bins, &two);
    for _ in 0..STEPS {
        let weights: Vec<f64> = bins
            .iter()
            .map(|(x, _)| {
                let (a, b) = (two[0].density(*x), two[1].density(*x));
                if a + b > 0.0 { a / (a + b) } else { 0.5 }
            })
            .collect();
        let next = both(&weights);
        if next.iter().any(|n| !(n.share > 1e-6 && n.mean.is_finite())) {
            break;
        }
        let gained = likelihood(bins, &next) - found;
        (two, found) = (next, found + gained);
        if gained.abs() < 1e-10 {
            break;
        }
    }
    (two, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn summary(n: usize, of: impl Fn(f64, bool) -> f64) -> ShapeSummary {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let (mut shape, mut all) = (FieldShape::default(), Histogram::default());
        for _ in 0..10 {
            let values: Vec<f64> = (0..n / 10)
                .map(|_| {
                    let (a, b): (f64, f64) = (random.random(), random.random());
                    of((-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos(), random.random::<f64>() < 0.3)
                })
                .collect();
            shape.add(&values);
            values.iter().for_each(|v| all.add(*v).unwrap());
        }
        shape.summary(&all, n as f64).unwrap().unwrap()
    }

    #[test]
    fn one_population_and_two_are_told_apart() {
        let found = summary(2000, |z, _| 1.0 + 0.2 * z);
        assert_eq!(found.populations.unwrap().verdict, "one");
        let error = found.skewness.error.unwrap().value;
        assert!(found.skewness.mean.abs() < 4.0 * error && (found.low_tail.mean - 0.0228).abs() < 0.012);
        // Three in ten at half the conductivity.
        let found = summary(2000, |z, low| if low { 0.5 + 0.1 * z } else { 1.0 + 0.1 * z });
        let populations = found.populations.unwrap();
        assert_eq!(populations.verdict, "two");
        let [low, high] = populations.two;
        assert!((low.mean - 0.5).abs() < 0.02 && (high.mean - 1.0).abs() < 0.02 && (low.share - 0.3).abs() < 0.04);
        assert!(found.skewness.mean < -0.3);
    }

    #[test]
    fn a_long_tail_has_its_skewness() {
        // A logarithm is normal with deviation s: skewness (e^(s^2) + 2) sqrt(e^(s^2) - 1).
        let s = 0.4f64;
        let found = summary(20_000, |z, _| -(s * z).exp());
        let w = (s * s).exp();
        let exact = -(w + 2.0) * (w - 1.0).sqrt();
        let error = found.skewness.error.unwrap().value;
        assert!((found.skewness.mean - exact).abs() < 4.0 * error + 0.05, "{} {exact}", found.skewness.mean);
        assert!(found.low_tail.mean > 0.035);
    }
}
