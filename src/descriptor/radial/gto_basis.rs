//! Gaussian-type radial basis: `sum_k beta_nk r^l exp(-alpha_kl r^2)`, orthonormal for each l.
//!
//! Himanen et al., Comput. Phys. Commun. 247, 106949 (2020), appendix on the gto basis.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::{Error, Result};

/// The radial functions of one degree l, integrated against the Gaussian of a neighbour.
///
/// A neighbour at distance r adds `sum_k weights[n][k] exp(-decay[k] r^2)` times `r^l Y_lm` to the coefficient n l m.
pub(super) struct RadialBasis {
    /// `alpha_k eta / (alpha_k + eta)`, inverse length squared.
    pub decay: Vec<f64>,
    /// `[n_max][n_max]`: `beta_nk (pi/(alpha_k + eta))^(3/2) (eta/(alpha_k + eta))^l`.
    pub weights: Vec<Vec<f64>>,
}

impl RadialBasis {
    /// The basis for degree `l`, and Gaussians of width `sigma`.
    ///
    /// # Errors
    /// The functions are so alike that, orthonormalised in double precision, they would be wrong by more than a millionth.
    pub fn new(cutoff: f64, n_max: usize, sigma: f64, l: usize) -> Result<Self> {
        let eta = 1.0 / (2.0 * sigma.powi(2));
        let alphas = exponents(cutoff, n_max, l);
        let beta = inverse_square_root(&overlap(&alphas, l)).ok_or_else(|| {
            Error::Descriptor(format!(
                "the radial functions of n_max {n_max} within cutoff {cutoff:?} are too alike to be told apart at l = {l}; lower n_max"
            ))
        })?;
        let decay = alphas.iter().map(|a| a * eta / (a + eta)).collect();
        let integral = |a: f64| (std::f64::consts::PI / (a + eta)).powf(1.5) * (eta / (a + eta)).powi(l as i32);
        let weights = (0..alphas.len())
            .map(|n| alphas.iter().enumerate().map(|(k, &a)| beta[(n, k)] * integral(a)).collect())
            .collect();
        Ok(Self { decay, weights })
    }
}

/// `alpha_kl = -ln(1e-3 / a_k^l) / a_k^2` with `a = linspace(1, cutoff, n_max)`: `r^l exp(-alpha r^2)` is 1e-3 at `a_k`.
fn exponents(cutoff: f64, n_max: usize, l: usize) -> Vec<f64> {
    (0..n_max)
        .map(|k| {
            let a = if n_max == 1 { 1.0 } else { 1.0 + (cutoff - 1.0) * k as f64 / (n_max - 1) as f64 };
            -(1e-3 / a.powi(l as i32)).ln() / (a * a)
        })
        .collect()
}

/// `S_ij = Gamma(l + 3/2) / 2 (alpha_i + alpha_j)^-(l + 3/2)`: the integral over r of the product of two functions.
fn overlap(alphas: &[f64], l: usize) -> DMatrix<f64> {
    // Gamma(1/2) = sqrt(pi), Gamma(x + 1) = x Gamma(x).
    let gamma = (0..=l).fold(std::f64::consts::PI.sqrt(), |gamma, k| gamma * (k as f64 + 0.5));
    DMatrix::from_fn(alphas.len(), alphas.len(), |i, j| gamma / 2.0 * (alphas[i] + alphas[j]).powf(-(l as f64 + 1.5)))
}

/// Smallest eigenvalue over the largest. Compared with extended precision, features are wrong by a millionth of the largest
/// where it is 1e-12 (`n_max` 12 at cutoff 5).
const LEAST: f64 = 1e-12;

/// The symmetric inverse square root; none where too much of the smallest eigenvalue is lost in rounding.
fn inverse_square_root(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let eigen = SymmetricEigen::new(matrix.clone());
    let largest = eigen.eigenvalues.max();
    if !(largest.is_finite() && eigen.eigenvalues.min() > LEAST * largest) {
        return None;
    }
    let diagonal = DMatrix::from_diagonal(&eigen.eigenvalues.map(|v| 1.0 / v.sqrt()));
    Some(&eigen.eigenvectors * diagonal * eigen.eigenvectors.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radial_functions_are_orthonormal() {
        for l in 0..=9 {
            let alphas = exponents(5.0, 6, l);
            let s = overlap(&alphas, l);
            let beta = inverse_square_root(&s).unwrap();
            let identity = &beta * &s * &beta;
            assert!((identity - DMatrix::identity(6, 6)).abs().max() < 1e-5, "l = {l}");
        }
    }

    #[test]
    fn overlap_is_the_integral_of_the_product() {
        let alphas = exponents(5.0, 4, 2);
        let s = overlap(&alphas, 2);
        let h = 1e-3;
        let numeric: f64 = (1..20_000)
            .map(|i| {
                let r = i as f64 * h;
                r.powi(2) * r.powi(4) * (-(alphas[1] + alphas[3]) * r * r).exp() * h
            })
            .sum();
        assert!((numeric / s[(1, 3)] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_basis_too_large_for_double_precision_is_refused() {
        let message = RadialBasis::new(5.0, 16, 0.5, 0).err().expect("refused").to_string();
        assert!(message.contains("lower n_max"), "{message}");
    }
}
