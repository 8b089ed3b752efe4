//! Departures of single ions' responses from their system's mean, as they constrain a linear field.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use ndarray::Array2;
use ndarray::linalg::general_mat_mul;
use rayon::prelude::*;

use super::{Basis, CHUNK, rows_of};
use crate::training::Pooled;
use crate::training::input::FittedInputs;

/// Sums over the ions of one system, means taken away.
pub struct LocalSums {
    /// `sum phi phi^T`, `[D, D]`.
    gram: DMatrix<f64>,
    /// `sum phi y`, `[D]`, with `y` the departure times the label.
    projection: DVector<f64>,
    /// `sum y^2`.
    squares: f64,
    /// Variance of a `y` about the field.
    noise: f64,
}

impl LocalSums {
    /// Of all systems that have responses; of no more than `most` ions of each.
    pub fn of(systems: &[Pooled], inputs: &FittedInputs, basis: &Basis, most: usize) -> Vec<Self> {
        systems.par_iter().filter_map(|system| Self::of_system(system, inputs, basis, most)).collect()
    }

    fn of_system(system: &Pooled, inputs: &FittedInputs, basis: &Basis, most: usize) -> Option<Self> {
        let local = system.local?;
        let step = local.rows.len().div_ceil(most).max(1);
        let indices: Vec<usize> = (0..local.rows.len()).step_by(step).collect();
        let d = basis.n_features();
        let mut gram = Array2::<f64>::zeros((d, d));
        let (mut sum, mut projection) = (vec![0.0; d], vec![0.0; d]);
        let (mut total, mut squares) = (0.0, 0.0);
        for chunk in indices.chunks(CHUNK) {
            let phi = basis.features(rows_of(local.rows, inputs, chunk).view());
            general_mat_mul(1.0, &phi.t(), &phi, 1.0, &mut gram);
            for (row, &ion) in phi.rows().into_iter().zip(chunk) {
                let y = system.label * local.departures[ion];
                total += y;
                squares += y * y;
                for ((s, p), phi) in sum.iter_mut().zip(&mut projection).zip(row) {
                    *s += phi;
                    *p += y * phi;
                }
            }
        }
        let n = indices.len() as f64;
        let centred = |i: usize, j: usize| gram[(i, j)] - sum[i] * sum[j] / n;
        Some(Self {
            gram: DMatrix::from_fn(d, d, centred),
            projection: DVector::from_fn(d, |i, _| projection[i] - sum[i] * total / n),
            squares: squares - total * total / n,
            noise: system.label.powi(2) * local.error.powi(2),
        })
    }
}

/// What the responses leave of the prior of the weights: normal, with this mean and precision.
pub struct Informed {
    pub mean: DVector<f64>,
    pub precision: Cholesky<f64, Dyn>,
    /// Logarithm of the probability of the responses, up to a constant.
    pub log_evidence: f64,
    information: Information,
}

/// What prior and responses say of the weights.
#[derive(Clone)]
struct Information {
    /// Inverse prior variances.
    prior: DVector<f64>,
    /// `sum phi phi^T` over the noise.
    gram: DMatrix<f64>,
    /// `sum phi y` and `sum y^2` over the noise.
    projection: DVector<f64>,
    squares: f64,
}

impl Informed {
    /// For prior variances `variances` of the weights that are `first` and of the others. None where the precision is not
    /// positive, as for features that are not finite.
    pub fn new(all: &[LocalSums], variances: (f64, f64), first: &[bool]) -> Option<Self> {
        let d = all[0].projection.len();
        let prior = DVector::from_fn(d, |i, _| 1.0 / if first[i] { variances.0 } else { variances.1 });
        let mut information =
            Information { prior, gram: DMatrix::zeros(d, d), projection: DVector::zeros(d), squares: 0.0 };
        for sums in all {
            information.gram.zip_apply(&sums.gram, |p, g| *p += g / sums.noise);
            information.projection.axpy(1.0 / sums.noise, &sums.projection, 1.0);
            information.squares += sums.squares / sums.noise;
        }
        Self::of(information, 1.0)
    }

    /// The same for squared errors of responses that are `widening` times as large.
    pub fn widened(&self, widening: f64) -> Option<Self> {
        Self::of(self.information.clone(), widening)
    }

    fn of(information: Information, widening: f64) -> Option<Self> {
        let mut precision = &information.gram / widening;
        for (i, prior) in information.prior.iter().enumerate() {
            precision[(i, i)] += prior;
        }
        let precision = precision.cholesky()?;
        let mean = precision.solve(&(&information.projection / widening));
        let half_log_determinant = precision.l_dirty().diagonal().iter().map(|d| d.ln()).sum::<f64>()
            - 0.5 * information.prior.iter().map(|p| p.ln()).sum::<f64>();
        let explained = information.projection.dot(&mean);
        let log_evidence = -0.5 * (information.squares - explained) / widening - half_log_determinant;
        mean.iter().all(|v| v.is_finite()).then_some(Self { mean, precision, log_evidence, information })
    }

    /// `L^-1 phi` of each row, with `L L^T` the precision: directions in which the weights have variance 1.
    pub fn whiten(&self, phi: &DMatrix<f64>) -> DMatrix<f64> {
        let mut columns = phi.transpose();
        self.precision.l_dirty().solve_lower_triangular_mut(&mut columns);
        columns.transpose()
    }

    /// The weights that whitened ones stand for.
    pub fn weights(&self, whitened: &DVector<f64>) -> DVector<f64> {
        let mut out = whitened.clone();
        self.precision.l_dirty().tr_solve_lower_triangular_mut(&mut out);
        out + &self.mean
    }
}
