//! Random Fourier features.

use std::f64::consts::TAU;

use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView2};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::model::ensemble::Waves;
use crate::random::normal;

/// `phi(x) = sqrt(2/D) cos(2 pi x . directions)`, and the sines of the same: `D` features of `D/2` directions.
///
/// Both of few directions come closer to the kernel than cosines with random phases of as many as there are features (D. J.
/// Sutherland and J. Schneider, UAI 2015), and cost half the products.
#[derive(Clone, Debug)]
pub struct Basis {
    pub waves: Waves,
    /// Which features are of the first of two kernels; none if there is one.
    pub first: Vec<bool>,
}

impl Basis {
    /// Features of a Gaussian kernel of the given length scale; an even number.
    ///
    /// Directions are orthogonal in groups of `n_inputs`, which makes the kernel's error smaller (F. X. Yu et al., NIPS
    /// 2016).
    pub fn new(n_inputs: usize, n_features: usize, length_scale: f64, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        Self::pairs(directions(n_inputs, n_features / 2, length_scale, &mut random), 0)
    }

    /// Features of two kernels: of `n_features.0` for one on a subspace of the inputs, `[n_inputs, n]`, and of
    /// `n_features.1` for one on all, even numbers; each with its length scale.
    pub fn of_two(subspace: &Array2<f64>, n_features: (usize, usize), length_scales: (f64, f64), seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let within = directions(subspace.ncols(), n_features.0 / 2, length_scales.0, &mut random);
        let of_subspace = subspace.dot(&within.mapv(f64::from)).mapv(|v| v as f32);
        let of_all = directions(subspace.nrows(), n_features.1 / 2, length_scales.1, &mut random);
        let both = ndarray::concatenate![ndarray::Axis(1), of_subspace, of_all];
        Self::pairs(both, n_features.0 / 2)
    }

    /// The first so many directions are of the first of two kernels.
    fn pairs(directions: Array2<f32>, first: usize) -> Self {
        let of_direction = (0..directions.ncols()).map(|d| d < first);
        Self { first: of_direction.clone().chain(of_direction).collect(), waves: Waves::pairs(directions) }
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
        waves.t().mapv(|w| self.amplitude() * f64::from(w))
    }

    /// Mean of the features over environments, `[n, n_inputs]`.
    pub fn mean(&self, inputs: ArrayView2<f32>) -> Vec<f64> {
        let mut sum = vec![0.0f64; self.n_features()];
        let mut waves = Array2::zeros((0, 0));
        self.waves.evaluate(inputs, &mut waves);
        for (sum, wave) in sum.iter_mut().zip(waves.rows()) {
            *sum = wave.iter().map(|&w| f64::from(w)).sum();
        }
        let scale = self.amplitude() / inputs.nrows() as f64;
        sum.iter_mut().for_each(|s| *s *= scale);
        sum
    }
}

/// Orthogonal in groups of as many as there are inputs, `[n_inputs, n]`.
fn directions(n_inputs: usize, n: usize, length_scale: f64, random: &mut ChaCha8Rng) -> Array2<f32> {
    let mut directions = Array2::zeros((n_inputs, n));
    for start in (0..n).step_by(n_inputs) {
        let deviates = DMatrix::from_fn(n_inputs, n_inputs, |_, _| normal(random));
        let (q, r) = deviates.qr().unpack();
        for column in 0..n_inputs.min(n - start) {
            // The norm of a normal vector, for the direction alone would have a fixed one.
            let norm = (0..n_inputs).map(|_| normal(random).powi(2)).sum::<f64>().sqrt();
            let sign = r[(column, column)].signum();
            for i in 0..n_inputs {
                directions[(i, start + column)] = (sign * q[(i, column)] * norm / (TAU * length_scale)) as f32;
            }
        }
    }
    directions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_features_are_the_gaussian_kernel() {
        let (n, length) = (8, 1.5);
        let basis = Basis::new(n, 8192, length, 3);
        assert_eq!((basis.n_features(), basis.first.contains(&true)), (8192, false));
        let a = Array2::from_shape_fn((1, n), |(_, i)| (i as f32).sin());
        for (shift, error) in [(0.0f32, 1e-6), (0.2, 0.02), (0.5, 0.02), (1.0, 0.02)] {
            let b = a.mapv(|x| x + shift);
            let product: f64 = basis.mean(a.view()).iter().zip(basis.mean(b.view())).map(|(p, q)| p * q).sum();
            let distance = n as f64 * f64::from(shift).powi(2);
            let exact = (-distance / (2.0 * length * length)).exp();
            assert!((product - exact).abs() < error, "{shift}: {product} {exact}");
        }
    }

    #[test]
    fn features_of_two_kernels_are_told_apart() {
        let subspace = Array2::from_shape_fn((4, 1), |(i, _)| f64::from(u8::from(i == 2)));
        let basis = Basis::of_two(&subspace, (4, 6), (1.0, 1.0), 3);
        // What lies beyond the subspace moves those of the second kernel alone.
        let [a, b] = [0.0, 0.3].map(|x| basis.features(ndarray::array![[x, -x, 0.7, 2.0 * x]].view()));
        let same: Vec<bool> = a.iter().zip(&b).map(|(a, b)| (a - b).abs() < 1e-6).collect();
        assert_eq!(same, basis.first);
        assert_eq!(same.iter().filter(|same| **same).count(), 4);
    }
}
