//! Onsager coefficients of all pairs of species, and what follows from them.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::estimators::Estimate;
use super::self_diffusion::{SelfDiffusion, line_weights, squared_overlap};
use crate::{Error, Result};

/// Lags that the lines are fitted to: 1 to this many times the spacing.
const LAGS: usize = 8;

/// The matrix `K_ab = lim 1/6 d/dt <M_a(t).M_b(t)>`, with `M_a` the summed displacements of the ions of species `a`.
///
/// `L_ab = K_ab / (V kB T)` are the Onsager coefficients, and `sigma = sum_ab z_a z_b L_ab`: K. D. Fong, H. K. Bergstrom,
/// B. D. McCloskey and K. K. Mandadapu, AIChE J. 66, e17091 (2020).
#[derive(Clone, Debug)]
pub struct Onsager {
    /// `[species][species]`, symmetric, in length squared over time.
    pub matrix: DMatrix<f64>,
    /// How many independent samples of the vectors `M` are worth as much as the run.
    pub n_samples: f64,
}

impl Onsager {
    /// Coefficients from displacements `[species][frame]` at lags of 1 to 8 times `spacing` frames.
    ///
    /// All pairs are fitted by the same weights (those of the covariance of Brownian lags), so that sums over the matrix are
    /// those of the summed displacements. Errors come from one covariance for the whole matrix: the displacements
    /// being sums over many ions, they are Gaussian, and the estimates scatter like those of a Wishart matrix,
    /// `cov(K_ab, K_cd) = (K_ac K_bd + K_ad K_bc) / n_samples`. A diagonal coefficient has the relative error
    /// `sqrt(2 / n_samples)`: that of Brownian motion at these lags, or `relative_error`, what the charge's own fit found, if
    /// that is larger.
    ///
    /// # Errors
    /// Fewer frames than the lags span.
    pub fn new(displacement: &[Vec<[f64; 3]>], dt: f64, spacing: usize, relative_error: f64) -> Result<Self> {
        let n_frames = displacement.first().map_or(0, Vec::len);
        if n_frames <= LAGS * spacing {
            return Err(Error::Input(format!(
                "{n_frames} frames are too few for Onsager coefficients from lags up to {} frames",
                LAGS * spacing
            )));
        }
        let lags: Vec<usize> = (1..=LAGS).map(|i| i * spacing).collect();
        let weights = line_weights(&lags.iter().map(|&lag| lag as f64).collect::<Vec<_>>())
            .ok_or_else(|| Error::Input("no line can be fitted to these lags".into()))?;
        let n = displacement.len();
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a..n).map(move |b| (a, b))).collect();
        let slopes: Vec<f64> = pairs
            .par_iter()
            .map(|&(a, b)| {
                let products = lags.iter().map(|&lag| mean_product(&displacement[a], &displacement[b], lag));
                products.enumerate().map(|(i, product)| weights[(1, i)] * product).sum::<f64>()
            })
            .collect();
        let mut matrix = DMatrix::zeros(n, n);
        for (&(a, b), slope) in pairs.iter().zip(slopes) {
            matrix[(a, b)] = slope / (6.0 * dt);
            matrix[(b, a)] = matrix[(a, b)];
        }
        let brownian = brownian_error(&lags, &weights, n_frames);
        Ok(Self { matrix, n_samples: 2.0 / relative_error.max(brownian).powi(2) })
    }

    /// Standard error of a function of the matrix with the symmetric gradient `g`: `sqrt(2/n tr(g K g K))`.
    pub fn error_of(&self, gradient: &DMatrix<f64>) -> f64 {
        let product = gradient * &self.matrix;
        ((&product * &product).trace().max(0.0) * 2.0 / self.n_samples).sqrt()
    }

    /// One coefficient.
    pub fn coefficient(&self, a: usize, b: usize) -> Estimate {
        let mut gradient = DMatrix::zeros(self.matrix.nrows(), self.matrix.nrows());
        gradient[(a, b)] += 0.5;
        gradient[(b, a)] += 0.5;
        Estimate { value: self.matrix[(a, b)], error: self.error_of(&gradient) }
    }

    /// The part of a diagonal coefficient from the correlation of different ions, `K_aa - N D`.
    pub fn distinct(&self, a: usize, n_ions: usize, diffusion: &SelfDiffusion) -> Estimate {
        if n_ions == 1 {
            return Estimate { value: 0.0, error: 0.0 };
        }
        let own = n_ions as f64;
        let total = self.coefficient(a, a);
        let error = total.error.hypot(own * diffusion.estimate.error);
        Estimate { value: total.value - own * diffusion.estimate.value, error }
    }

    /// The coefficient of the charge displacement, `sum_ab z_a z_b K_ab`.
    pub fn charge(&self, charges: &[f64]) -> Estimate {
        let gradient = outer(charges, charges);
        Estimate { value: self.matrix.dot(&gradient), error: self.error_of(&gradient) }
    }

    /// The share of the current that a species carries, `t_a = sum_b z_a z_b K_ab / sum_ab z_a z_b K_ab`.
    pub fn transference(&self, a: usize, charges: &[f64]) -> Estimate {
        let total = self.charge(charges).value;
        let mut only = vec![0.0; charges.len()];
        only[a] = charges[a];
        let part = 0.5 * (outer(&only, charges) + outer(charges, &only));
        let value = self.matrix.dot(&part) / total;
        let gradient = (part - outer(charges, charges) * value) / total;
        Estimate { value, error: self.error_of(&gradient) }
    }
}

/// Relative error of the slope of a Brownian path's mean squared displacement fitted with these weights.
fn brownian_error(lags: &[usize], weights: &DMatrix<f64>, n_frames: usize) -> f64 {
    let lags: Vec<f64> = lags.iter().map(|&lag| lag as f64).collect();
    let mut sum = 0.0;
    for (i, a) in lags.iter().enumerate() {
        for (j, b) in lags.iter().enumerate() {
            sum += weights[(1, i)] * weights[(1, j)] * squared_overlap(*a, *b);
        }
    }
    (2.0 * sum / (3.0 * n_frames as f64)).sqrt()
}

fn outer(a: &[f64], b: &[f64]) -> DMatrix<f64> {
    DMatrix::from_fn(a.len(), b.len(), |i, j| a[i] * b[j])
}

/// Mean over all origins of the product of two displacements over `lag` frames.
fn mean_product(a: &[[f64; 3]], b: &[[f64; 3]], lag: usize) -> f64 {
    let product = |t: usize| (0..3).map(|k| (a[t + lag][k] - a[t][k]) * (b[t + lag][k] - b[t][k])).sum::<f64>();
    (0..a.len() - lag).map(product).sum::<f64>() / (a.len() - lag) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Two collective displacements whose steps have the covariance `[[1, c], [c, 2]]`.
    fn correlated(n_frames: usize, c: f64, random: &mut ChaCha8Rng) -> Vec<Vec<[f64; 3]>> {
        let mut normal = || {
            let (u, v): (f64, f64) = (random.random(), random.random());
            (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        };
        let mut at = [[0.0; 3]; 2];
        let mut series = vec![vec![], vec![]];
        for _ in 0..n_frames {
            series[0].push(at[0]);
            series[1].push(at[1]);
            let [first, second] = &mut at;
            for (a, b) in first.iter_mut().zip(second) {
                let (x, y) = (normal(), normal());
                *a += x;
                *b += c * x + (2.0 - c * c).sqrt() * y;
            }
        }
        series
    }

    #[test]
    fn planted_correlations_are_found_within_their_errors() {
        let runs = 200;
        let n_frames = 600;
        for c in [0.7, -0.7] {
            let mut random = ChaCha8Rng::seed_from_u64(11);
            // K is half the covariance of a step.
            let charge = 0.5 * (1.0 + 2.0 - 2.0 * c);
            let transference = 0.5 * (1.0 - c) / charge;
            let mut covered = [0; 3];
            for _ in 0..runs {
                let series = correlated(n_frames, c, &mut random);
                let onsager = Onsager::new(&series, 1.0, 1, 0.0).unwrap();
                let inside = |e: Estimate, truth: f64| i32::from((e.value - truth).abs() < e.error);
                covered[0] += inside(onsager.coefficient(0, 1), 0.5 * c);
                covered[1] += inside(onsager.charge(&[1.0, -1.0]), charge);
                covered[2] += inside(onsager.transference(0, &[1.0, -1.0]), transference);
            }
            for (what, n) in ["K+-", "charge", "t+"].iter().zip(covered) {
                let share = f64::from(n) / f64::from(runs);
                assert!((0.60..0.76).contains(&share), "{what}, c {c}: {share}");
            }
        }
    }

    #[test]
    fn a_negative_transference_number_is_possible() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let series = correlated(20_000, 1.3, &mut random);
        let onsager = Onsager::new(&series, 1.0, 2, 0.02).unwrap();
        let t = onsager.transference(0, &[1.0, -1.0]);
        assert!((t.value - (1.0 - 1.3) / (3.0 - 2.6)).abs() < 0.15 && t.value < -0.5, "{t:?}");
        let sum = t.value + onsager.transference(1, &[1.0, -1.0]).value;
        assert!((sum - 1.0).abs() < 1e-12);
        assert!(Onsager::new(&series, 1.0, 5000, 0.02).unwrap_err().to_string().contains("too few"));
    }
}
