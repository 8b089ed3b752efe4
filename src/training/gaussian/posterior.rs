//! The posterior of a linear field whose means over systems were observed.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::local::{Informed, LocalSums};
use crate::random::normal;
use crate::{Error, Result};

/// Prior variances tried, in variances of the labels: `10^(i/4)`.
const PRIOR_STEPS: std::ops::RangeInclusive<i32> = -4..=16;

/// The posterior of `w` and `m`, given `label_s = m + w . phi_s + error_s`.
///
/// The prior of `w` is normal with variance `v` in each direction, that of `m` flat. With `A = v Phi Phi^T + R`, `R` the
/// squared errors: `m = 1.A^-1 y / 1.A^-1 1` and `w = v Phi^T A^-1 (y - m)`.
///
/// Where responses of single ions are known, they are taken first: they leave a normal prior for the labels, whose mean is
/// taken from the labels and whose precision makes the features ones of variance 1.
pub struct Posterior {
    /// `[n_systems, D]`.
    pooled: DMatrix<f64>,
    /// The same in the directions that the prior is alike in.
    phi: DMatrix<f64>,
    informed: Option<Informed>,
    /// Less what the prior's mean says of them.
    factor: Cholesky<f64, Dyn>,
    labels: DVector<f64>,
    errors: Vec<f64>,
    /// `A^-1 1` and `1.A^-1 1`.
    ones: (DVector<f64>, f64),
    /// Variance of the weights in the directions of `phi`.
    spread: f64,
    pub prior_variance: f64,
    /// Of the weights between systems, where they are apart.
    pub prior_variance_between: Option<f64>,
    pub intercept: f64,
    pub weights: Vec<f64>,
    /// Logarithm of the probability of the labels, and of responses if there are any, up to a constant.
    pub log_evidence: f64,
}

/// Fields drawn from a posterior.
pub struct Draws {
    /// `[n][D]`.
    pub weights: Vec<Vec<f64>>,
    pub intercepts: Vec<f64>,
}

impl Posterior {
    /// The posterior from mean features `[n_systems][D]` and, where there are any, responses of single ions, at the prior
    /// variance of the largest evidence of both.
    ///
    /// # Errors
    /// Features or labels that are not finite.
    pub fn new(
        pooled: &[Vec<f64>],
        labels: &[f64],
        errors: &[f64],
        local: &[LocalSums],
        prior: PriorSearch<'_>,
    ) -> Result<Self> {
        let PriorSearch { first, thorough } = prior;
        let two = first.contains(&true);
        let n = labels.len();
        let pooled = DMatrix::from_fn(n, pooled[0].len(), |s, d| pooled[s][d]);
        let y = DVector::from_column_slice(labels);
        let variance = (y.variance() * n as f64 / (n as f64 - 1.0).max(1.0)).max(f64::MIN_POSITIVE);
        let refuse = || Error::Input("the features or labels of some system are not finite".into());
        if local.is_empty() {
            let gram = &pooled * pooled.transpose();
            let at = |step: i32| Solved::new(&gram, &y, errors, variance * 10f64.powf(0.25 * f64::from(step)));
            let best = PRIOR_STEPS.filter_map(at).max_by(|a, b| a.log_evidence.total_cmp(&b.log_evidence));
            let solved = best.filter(|s| s.log_evidence.is_finite()).ok_or_else(refuse)?;
            let phi = pooled.clone();
            return Ok(Self::from_parts(pooled, phi, None, y, errors, solved));
        }
        let at = |steps: (i32, i32)| -> Option<Candidate> {
            let of = |step: i32| variance * 10f64.powf(0.25 * f64::from(step));
            let variances = (of(steps.0), of(steps.1));
            let informed = Informed::new(local, variances, first)?;
            let phi = informed.whiten(&pooled);
            let labels = &y - &pooled * &informed.mean;
            let mut solved = Solved::new(&(&phi * phi.transpose()), &labels, errors, 1.0)?;
            solved.log_evidence += informed.log_evidence;
            solved.log_evidence.is_finite().then_some(Candidate { steps, variances, informed, phi, labels, solved })
        };
        let better = |best: Option<Candidate>, other: Option<Candidate>| match (best, other) {
            (Some(a), Some(b)) => Some(if b.solved.log_evidence > a.solved.log_evidence { b } else { a }),
            (a, b) => a.or(b),
        };
        // One after the other, for they hardly depend on each other.
        let stride = if thorough { 4 } else { 10 };
        let mut best = PRIOR_STEPS.step_by(stride).map(|step| at((4, step))).fold(None, better);
        let steps = best.as_ref().ok_or_else(refuse)?.steps;
        if two {
            let others = PRIOR_STEPS.step_by(stride).filter(|step| *step != steps.0);
            best = others.map(|step| at((step, steps.1))).fold(best, better);
        }
        let Candidate { informed, phi, labels, solved, variances, .. } = best.ok_or_else(refuse)?;
        let mut posterior = Self::from_parts(pooled, phi, Some(informed), labels, errors, solved);
        posterior.prior_variance = variances.1;
        posterior.prior_variance_between = two.then_some(variances.0);
        Ok(posterior)
    }

    fn from_parts(
        pooled: DMatrix<f64>,
        phi: DMatrix<f64>,
        informed: Option<Informed>,
        labels: DVector<f64>,
        errors: &[f64],
        solved: Solved,
    ) -> Self {
        let Solved { prior_variance, factor, ones, intercept, alpha, log_evidence } = solved;
        let weights = phi.transpose() * alpha * prior_variance;
        let weights = informed.as_ref().map_or(weights.clone(), |informed| informed.weights(&weights));
        Self {
            pooled,
            phi,
            informed,
            factor,
            labels,
            errors: errors.to_vec(),
            ones,
            spread: prior_variance,
            prior_variance,
            prior_variance_between: None,
            intercept,
            weights: weights.iter().copied().collect(),
            log_evidence,
        }
    }

    /// Whether responses of single ions are part of it.
    pub fn has_responses(&self) -> bool {
        self.informed.is_some()
    }

    /// The same field with the deviations that it would have if the squared errors of responses were `widening` times as
    /// large. None where the equations cannot be solved; no change where there are no responses.
    pub fn widened(&self, widening: f64) -> Option<Self> {
        let Some(old) = &self.informed else { return None };
        let informed = old.widened(widening)?;
        let phi = informed.whiten(&self.pooled);
        let labels = &self.labels + &self.pooled * (&old.mean - &informed.mean);
        let solved = Solved::new(&(&phi * phi.transpose()), &labels, &self.errors, 1.0)?;
        let mut wide = Self::from_parts(self.pooled.clone(), phi, Some(informed), labels, &self.errors, solved);
        wide.weights.clone_from(&self.weights);
        (wide.intercept, wide.log_evidence) = (self.intercept, self.log_evidence);
        (wide.prior_variance, wide.prior_variance_between) = (self.prior_variance, self.prior_variance_between);
        Some(wide)
    }

    /// Mean and standard deviation of `m + w . phi`.
    pub fn predict(&self, phi: &[f64]) -> (f64, f64) {
        let x = DVector::from_column_slice(phi);
        let mean = self.intercept + x.dot(&DVector::from_column_slice(&self.weights));
        let x = match &self.informed {
            Some(informed) => {
                informed.whiten(&DMatrix::from_row_slice(1, phi.len(), phi)).transpose().column(0).into_owned()
            }
            None => x,
        };
        let k = &self.phi * &x * self.spread;
        let solved = self.factor.solve(&k);
        let open = 1.0 - self.ones.0.dot(&k);
        let variance = self.spread * x.norm_squared() - k.dot(&solved) + open * open / self.ones.1;
        (mean, variance.max(0.0).sqrt())
    }

    /// The same for each system that was learned from.
    pub fn predict_observed(&self) -> Vec<(f64, f64)> {
        self.pooled.row_iter().map(|row| self.predict(&row.iter().copied().collect::<Vec<_>>())).collect()
    }

    /// Means of drawn fields over each system that was learned from, `[n_systems][n]`.
    pub fn observed(&self, draws: &Draws) -> Vec<Vec<f64>> {
        let mean = |s: usize, (weights, intercept): (&Vec<f64>, &f64)| {
            intercept + self.pooled.row(s).iter().zip(weights).map(|(p, w)| p * w).sum::<f64>()
        };
        (0..self.pooled.nrows())
            .map(|s| draws.weights.iter().zip(&draws.intercepts).map(|draw| mean(s, draw)).collect())
            .collect()
    }

    /// `n` fields whose mean is the posterior's and whose deviations from it are `scale` times as wide as the posterior,
    /// with `n` as the denominator of their variance.
    ///
    /// A draw is one from the prior, corrected by what it gets wrong of the labels (G. Matheron; J. T. Wilson et al., ICML
    /// 2020).
    pub fn draws(&self, n: usize, scale: f64, seed: u64) -> Draws {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let dimension = self.weights.len();
        let spread = self.spread.sqrt();
        let mut deviations: Vec<(Vec<f64>, f64)> = (0..n)
            .map(|_| {
                let prior = DVector::from_fn(dimension, |_, _| spread * normal(&mut random));
                let noise = DVector::from_fn(self.labels.len(), |s, _| self.errors[s] * normal(&mut random));
                let wrong = &self.labels - (&self.phi * &prior + noise);
                let intercept = self.ones.0.dot(&wrong) / self.ones.1;
                let alpha = self.factor.solve(&wrong.add_scalar(-intercept));
                let weights = prior + self.phi.transpose() * alpha * self.spread;
                let weights = self.informed.as_ref().map_or(weights.clone(), |informed| informed.weights(&weights));
                (weights.iter().zip(&self.weights).map(|(w, mean)| w - mean).collect(), intercept - self.intercept)
            })
            .collect();
        let share = 1.0 / n as f64;
        let mut mean = vec![0.0; dimension];
        deviations.iter().for_each(|(w, _)| mean.iter_mut().zip(w).for_each(|(m, w)| *m += share * w));
        let mean_intercept = share * deviations.iter().map(|(_, m)| m).sum::<f64>();
        // Taking the mean away narrows the deviations.
        let factor = if n > 1 { scale * (n as f64 / (n as f64 - 1.0)).sqrt() } else { 0.0 };
        for (weights, intercept) in &mut deviations {
            weights.iter_mut().zip(&mean).zip(&self.weights).for_each(|((w, m), w0)| *w = w0 + factor * (*w - m));
            *intercept = self.intercept + factor * (*intercept - mean_intercept);
        }
        let (weights, intercepts) = deviations.into_iter().unzip();
        Draws { weights, intercepts }
    }
}

/// Which priors are tried where responses of single ions are known.
#[derive(Clone, Copy)]
pub struct PriorSearch<'a> {
    /// For each weight, whether it is of the kernel between systems, with a prior variance of its own; not looked at without
    /// responses.
    pub first: &'a [bool],
    /// Whether the best are looked for closely, or as closely as it takes to compare kernels.
    pub thorough: bool,
}

/// What prior variances make of the data.
struct Candidate {
    steps: (i32, i32),
    /// Of the weights that have one of their own, and of the others.
    variances: (f64, f64),
    informed: Informed,
    phi: DMatrix<f64>,
    labels: DVector<f64>,
    solved: Solved,
}

/// The equations solved at one prior variance.
struct Solved {
    prior_variance: f64,
    factor: Cholesky<f64, Dyn>,
    ones: (DVector<f64>, f64),
    intercept: f64,
    alpha: DVector<f64>,
    log_evidence: f64,
}

impl Solved {
    fn new(gram: &DMatrix<f64>, y: &DVector<f64>, errors: &[f64], prior_variance: f64) -> Option<Self> {
        let n = y.len();
        let mut a = gram * prior_variance;
        for (s, error) in errors.iter().enumerate() {
            a[(s, s)] += error * error;
        }
        let factor = a.cholesky()?;
        let ones = factor.solve(&DVector::from_element(n, 1.0));
        let precision = ones.sum();
        let intercept = ones.dot(y) / precision;
        let residual = y.add_scalar(-intercept);
        let alpha = factor.solve(&residual);
        let half_log_determinant = factor.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>();
        let log_evidence = -0.5 * residual.dot(&alpha) - half_log_determinant - 0.5 * precision.ln();
        Some(Self { prior_variance, factor, ones: (ones, precision), intercept, alpha, log_evidence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean features of some systems, and labels that are exactly linear in them.
    fn planted(n: usize, d: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let pooled: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| normal(&mut random)).collect()).collect();
        let labels = pooled.iter().map(|phi| 2.0 + 0.5 * phi[0] - 0.25 * phi[1]).collect();
        (pooled, labels)
    }

    #[test]
    fn with_enough_precise_labels_the_weights_are_found() {
        let (pooled, labels) = planted(40, 4);
        let posterior =
            Posterior::new(&pooled, &labels, &[1e-3; 40], &[], PriorSearch { first: &[], thorough: true }).unwrap();
        for (found, planted) in posterior.weights.iter().zip([0.5, -0.25, 0.0, 0.0]) {
            assert!((found - planted).abs() < 1e-3, "{:?}", posterior.weights);
        }
        assert!((posterior.intercept - 2.0).abs() < 1e-3);
        let (mean, deviation) = posterior.predict(&[1.0, 0.0, 0.0, 0.0]);
        assert!((mean - 2.5).abs() < 1e-3 && deviation < 1e-3);
    }

    #[test]
    fn draws_have_the_mean_and_the_width_of_the_posterior() {
        let (pooled, labels) = planted(5, 12);
        let posterior =
            Posterior::new(&pooled, &labels, &[0.1; 5], &[], PriorSearch { first: &[], thorough: true }).unwrap();
        let phi: Vec<f64> = (0..12).map(|d| 0.3 * f64::from(d).cos()).collect();
        let (mean, deviation) = posterior.predict(&phi);
        let n = 4000;
        let draws = posterior.draws(n, 1.0, 5);
        let dot = |w: &[f64]| w.iter().zip(&phi).map(|(w, p)| w * p).sum::<f64>();
        let values: Vec<f64> = draws.weights.iter().zip(&draws.intercepts).map(|(w, m)| m + dot(w)).collect();
        let found = values.iter().sum::<f64>() / n as f64;
        let spread = (values.iter().map(|v| (v - found).powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!((found - mean).abs() < 1e-9, "{found} {mean}");
        assert!((spread / deviation - 1.0).abs() < 0.05, "{spread} {deviation}");
    }
}
