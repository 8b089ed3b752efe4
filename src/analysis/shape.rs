//! The shape of the distribution over ions: moments, the low tail, and what describes it.

use serde::Serialize;

use super::pooled_moments::PooledMoments;
use super::{Histogram, Populations};
use crate::Result;
use crate::statistics::{MeanEstimate, mean_with_error};

/// Gathers the shape of the distribution over ions, frame by frame.
#[derive(Clone, Debug, Default)]
pub struct FieldShape {
    moments: PooledMoments,
    low: Vec<f64>,
    normal_low: f64,
}

/// What a distribution over ions looks like; errors are from the scatter of frames.
#[derive(Clone, Debug, Serialize)]
pub struct ShapeSummary {
    /// Of the values of all ions in all frames about the mean over all: 0 for a normal distribution, below zero for a long tail of low
    /// values. G1 and G2 of Joanes and Gill, The Statistician 47, 183 (1998), which for a normal distribution are 0 on average however
    /// few the values.
    pub skewness: MeanEstimate,
    pub excess_kurtosis: MeanEstimate,
    /// Share of ions more than two standard deviations of their own below their mean.
    pub low_tail: MeanEstimate,
    /// That share of as many ions of a normal distribution: 0.0228 of many, and less of few.
    pub normal_low_tail: f64,
    /// What describes the values of all frames; absent where they do not differ.
    pub populations: Option<Populations>,
}

impl FieldShape {
    /// Adds a frame's values.
    pub fn add(&mut self, local: &[f64]) {
        self.moments.add(local);
        let n = local.len() as f64;
        let mean = local.iter().sum::<f64>() / n;
        let variance = local.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        // Equal values have no shape, and of three none is far from the others.
        if local.len() > 3 && variance > 1e-24 * mean * mean {
            let bound = mean - 2.0 * variance.sqrt();
            self.low.push(local.iter().filter(|v| **v < bound).count() as f64 / n);
            self.normal_low += normal_below(-2.0, n);
        }
    }

    /// The shape over all frames; `independent` is how many of the histogram's values are worth an independent one each. None
    /// where values do not differ.
    ///
    /// # Errors
    /// None but what [`mean_with_error`] refuses.
    pub fn summary(&self, all: &Histogram, independent: f64) -> Result<Option<ShapeSummary>> {
        if self.low.is_empty() {
            return Ok(None);
        }
        let [skewness, excess_kurtosis] = self.moments.shape()?;
        Ok(Some(ShapeSummary {
            skewness,
            excess_kurtosis,
            low_tail: mean_with_error(&self.low)?,
            normal_low_tail: self.normal_low / self.low.len() as f64,
            populations: Populations::of(all, independent),
        }))
    }
}

/// Share of `n` values of a normal distribution below their mean by more than `-z` of their standard deviations (with `n` as
/// denominator), for `z` below 0. Such a departure `r` makes `r sqrt(n - 2) / sqrt(n - 1 - r^2)` Student's t of `n - 2` degrees
/// (Thompson, Ann. Math. Stat. 6, 214, 1935).
fn normal_below(z: f64, n: f64) -> f64 {
    // No value can be farther from the mean.
    if z * z >= n - 1.0 {
        return 0.0;
    }
    let degrees = n - 2.0;
    let square = z * z * degrees / (n - 1.0 - z * z);
    0.5 * puruspe::betai(0.5 * degrees, 0.5, degrees / (degrees + square))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn summary(n: usize, of: impl Fn(f64, bool) -> f64) -> ShapeSummary {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let (mut shape, mut all) = (FieldShape::default(), Histogram::default());
        for _ in 0..10 {
            let values: Vec<f64> = (0..n / 10).map(|_| of(normal(&mut random), random.random::<f64>() < 0.3)).collect();
            shape.add(&values);
            values.iter().for_each(|v| all.add(*v).unwrap());
        }
        shape.summary(&all, n as f64).unwrap().unwrap()
    }

    #[test]
    fn a_normal_distribution_has_no_skewness_and_a_small_low_tail() {
        let found = summary(20_000, |z, _| 1.0 + 0.2 * z);
        for (estimate, exact) in [(&found.skewness, 0.0), (&found.excess_kurtosis, 0.0), (&found.low_tail, 0.0228)] {
            let error = estimate.error.as_ref().unwrap().value;
            assert!((estimate.mean - exact).abs() < 4.0 * error + 1e-3, "{estimate} {exact}");
        }
        let populations = found.populations.unwrap();
        assert!((populations.normal.low_tail - 0.02275).abs() < 1e-3);
        let found = summary(2000, |z, low| if low { 0.5 + 0.1 * z } else { 1.0 + 0.1 * z });
        assert!(found.skewness.mean < -0.3);
    }

    #[test]
    fn few_ions_of_a_normal_distribution_are_told_as_normal() {
        for n in [4, 6, 16, 100] {
            let mut random = ChaCha8Rng::seed_from_u64(n as u64);
            let (mut shape, mut all) = (FieldShape::default(), Histogram::default());
            for _ in 0..20_000 / n * 10 {
                let values: Vec<f64> = (0..n).map(|_| 1.0 + 0.3 * normal(&mut random)).collect();
                shape.add(&values);
                values.iter().for_each(|v| all.add(*v).unwrap());
            }
            let found = shape.summary(&all, 1000.0).unwrap().unwrap();
            let expected =
                [(&found.skewness, 0.0), (&found.excess_kurtosis, 0.0), (&found.low_tail, found.normal_low_tail)];
            for (estimate, exact) in expected {
                let error = estimate.error.as_ref().map_or(0.0, |error| error.value);
                assert!((estimate.mean - exact).abs() <= 3.5 * error, "{n}: {estimate} {exact}");
            }
        }
        // As of as many as one likes, and of Student's t of 14 degrees at -2 sqrt(14 / 11).
        assert!([1e4, 1e6].iter().all(|&n| (normal_below(-2.0, n) - 0.022_750_13).abs() < 2e-5));
        assert!((normal_below(-2.0, 16.0) - 0.020_3).abs() < 1e-4);
        assert_eq!(normal_below(-2.0, 5.0), 0.0);
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
        // What describes the distribution has its low tail.
        let tail = found.populations.unwrap().low_tail().unwrap();
        assert!((tail - found.low_tail.mean).abs() < 0.006, "{tail} {}", found.low_tail);
    }
}
