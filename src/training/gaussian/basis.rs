//! Random Fourier features.

use std::f64::consts::TAU;

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ArrayView2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::model::ensemble::Waves;

/// `phi_d(x) = sqrt(2/D) cos(2 pi (x . directions_d + phase_d))`.
#[derive(Clone, Debug)]
pub struct Basis {
    pub waves: Waves,
}

impl Basis {
    /// Features of a Gaussian kernel of the given length scale.
    ///
    /// Directions are orthogonal in groups of `n_inputs`, which makes the kernel's error smaller (F. X. Yu et al., NIPS
    /// 2016).
    pub fn new(n_inputs: usize, n_features: usize, length_scale: f64, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut directions = Array2::zeros((n_inputs, n_features));
        for start in (0..n_features).step_by(n_inputs) {
            let normal = DMatrix::from_fn(n_inputs, n_inputs, |_, _| normal(&mut random));
            let (q, r) = normal.qr().unpack();
            for column in 0..n_inputs.min(n_features - start) {
                // The norm of a normal vector, for the direction alone would have a fixed one.
                let norm = (0..n_inputs).map(|_| self::normal(&mut random).powi(2)).sum::<f64>().sqrt();
                let sign = r[(column, column)].signum();
                for i in 0..n_inputs {
                    directions[(i, start + column)] = (sign * q[(i, column)] * norm / (TAU * length_scale)) as f32;
                }
            }
        }
        let phases = Array1::from_shape_fn(n_features, |_| random.random::<f64>() as f32);
        Self { waves: Waves::new(directions, phases) }
    }

    /// `D`.
    pub fn n_features(&self) -> usize {
        self.waves.n_features()
    }

    /// `sqrt(2/D)`.
    pub fn amplitude(&self) -> f64 {
        (2.0 / self.n_features() as f64).sqrt()
    }

    /// The features of environments, `[n, n_inputs]` to `[n, D]`.
    pub fn features(&self, inputs: ArrayView2<f32>) -> Array2<f64> {
        let mut waves = Array2::zeros((0, 0));
        self.waves.evaluate(inputs, &mut waves);
        waves.mapv(|w| self.amplitude() * f64::from(w))
    }

    /// Mean of the features over environments, `[n, n_inputs]`.
    pub fn mean(&self, inputs: ArrayView2<f32>) -> Vec<f64> {
        let mut sum = vec![0.0f64; self.n_features()];
        let mut waves = Array2::zeros((0, 0));
        self.waves.evaluate(inputs, &mut waves);
        for row in waves.rows() {
            sum.iter_mut().zip(row).for_each(|(s, &w)| *s += f64::from(w));
        }
        let scale = self.amplitude() / inputs.nrows() as f64;
        sum.iter_mut().for_each(|s| *s *= scale);
        sum
    }
}

/// A normal deviate (G. E. P. Box and M. E. Muller, Ann. Math. Stat. 29, 610 (1958)).
pub(super) fn normal(random: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_features_are_the_gaussian_kernel() {
        let (n, length) = (8, 1.5);
        let basis = Basis::new(n, 8192, length, 3);
        let a = Array2::from_shape_fn((1, n), |(_, i)| (i as f32).sin());
        for shift in [0.0f32, 0.2, 0.5, 1.0] {
            let b = a.mapv(|x| x + shift);
            let product: f64 = basis.mean(a.view()).iter().zip(basis.mean(b.view())).map(|(p, q)| p * q).sum();
            let distance = n as f64 * f64::from(shift).powi(2);
            let exact = (-distance / (2.0 * length * length)).exp();
            assert!((product - exact).abs() < 0.03, "{shift}: {product} {exact}");
        }
    }
}
