//! The response of each ion: its mean over pairs, its error, and how well ions are told apart.

use serde::{Deserialize, Serialize};

/// Sums over pairs of one number for each ion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub n: usize,
    pub sum: Vec<f64>,
    pub squares: Vec<f64>,
}

impl Moments {
    /// Adds the numbers of one pair.
    pub fn add(&mut self, values: &[f64]) {
        self.resize(values.len());
        self.n += 1;
        self.sum.iter_mut().zip(values).for_each(|(s, v)| *s += v);
        self.squares.iter_mut().zip(values).for_each(|(s, v)| *s += v * v);
    }

    /// Adds those of other pairs.
    pub fn merge(&mut self, other: &Self) {
        self.resize(other.sum.len());
        self.n += other.n;
        self.sum.iter_mut().zip(&other.sum).for_each(|(s, v)| *s += v);
        self.squares.iter_mut().zip(&other.squares).for_each(|(s, v)| *s += v);
    }

    fn resize(&mut self, n: usize) {
        self.sum.resize(n, 0.0);
        self.squares.resize(n, 0.0);
    }

    /// Mean of each ion.
    pub fn means(&self) -> Vec<f64> {
        self.sum.iter().map(|s| s / self.n as f64).collect()
    }

    /// Standard error of each ion's mean. With few pairs a single ion's own scatter is uncertain: it counts as eight pairs'
    /// worth of the scatter of all.
    pub fn errors(&self) -> Vec<f64> {
        const PRIOR: f64 = 8.0;
        let n = self.n as f64;
        let scatter = |(s, q): (&f64, &f64)| (q - s * s / n).max(0.0);
        let each: Vec<f64> = self.sum.iter().zip(&self.squares).map(scatter).collect();
        let common = each.iter().sum::<f64>() / (each.len() as f64 * (n - 1.0).max(1.0));
        each.iter().map(|own| ((own + PRIOR * common) / (n - 1.0 + PRIOR) / n).sqrt()).collect()
    }

    /// Variance over ions of the means, less what their errors give it.
    pub fn true_variance(&self) -> f64 {
        variance(&self.means()) - self.noise()
    }

    /// Share of the variance over ions that is not noise; below zero by chance where there is nothing but noise.
    pub fn reliability(&self) -> f64 {
        let all = variance(&self.means());
        if all > 0.0 { 1.0 - self.noise() / all } else { 0.0 }
    }

    /// Mean squared error, without the pooling of [`Self::errors`], which leaves it as it is but for ions in common.
    fn noise(&self) -> f64 {
        let n = self.n as f64;
        if self.n < 2 {
            return f64::INFINITY;
        }
        let scatter = |(s, q): (&f64, &f64)| (q - s * s / n).max(0.0) / (n - 1.0) / n;
        self.sum.iter().zip(&self.squares).map(scatter).sum::<f64>() / self.sum.len() as f64
    }
}

/// Over the numbers, their own mean taken away.
pub fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use crate::statistics::correlation;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Ions with means of deviation 0.5 about 2, and pairs that scatter by 1.
    fn planted(n_ions: usize, n_pairs: usize, seed: u64) -> (Vec<f64>, Moments, Moments) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let truth: Vec<f64> = (0..n_ions).map(|_| 2.0 + 0.5 * normal(&mut random)).collect();
        let (mut even, mut odd) = (Moments::default(), Moments::default());
        for pair in 0..n_pairs {
            let values: Vec<f64> = truth.iter().map(|t| t + normal(&mut random)).collect();
            if pair % 2 == 0 { even.add(&values) } else { odd.add(&values) }
        }
        (truth, even, odd)
    }

    #[test]
    fn spread_reliability_and_errors_are_those_planted() {
        let (truth, even, odd) = planted(4000, 16, 1);
        let mut all = even.clone();
        all.merge(&odd);
        assert_eq!(all.n, 16);
        // 0.25 of truth and 1/16 of noise.
        assert!((all.true_variance() - 0.25).abs() < 0.02, "{}", all.true_variance());
        assert!((all.reliability() - 0.8).abs() < 0.02, "{}", all.reliability());
        let half = correlation(&even.means(), &odd.means());
        assert!((half - 0.25 / (0.25 + 1.0 / 8.0)).abs() < 0.03, "{half}");
        let pairs: Vec<(f64, f64)> = all.means().into_iter().zip(all.errors()).collect();
        let z = pairs.iter().zip(&truth).map(|((m, e), t)| ((m - t) / e).powi(2)).sum::<f64>() / 4000.0;
        assert!((z - 1.0).abs() < 0.12, "{z}");
        assert!((correlation(&all.means(), &truth).powi(2) - 0.8).abs() < 0.03);
    }

    #[test]
    fn ions_that_are_alike_have_no_reliability() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut all = Moments::default();
        (0..40).for_each(|_| all.add(&(0..2000).map(|_| normal(&mut random)).collect::<Vec<_>>()));
        assert!(all.reliability().abs() < 0.1, "{}", all.reliability());
    }
}
