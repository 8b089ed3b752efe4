//! The radial part of `dscribe-gto`: Gaussian-type functions, a Gaussian for each atom, the center included.

use super::RadialPart;
use super::gto_basis::RadialBasis;
use crate::Result;
use crate::descriptor::lanes::{Lanes, MAX_LANES};
use crate::descriptor::parameters::SoapParameters;

/// `sum_k weights_nk exp(-decay_k r^2) r^l` for each degree.
pub(in crate::descriptor) struct Gto {
    n_max: usize,
    /// `n_max` rounded up to whole vectors.
    n_padded: usize,
    /// `[l][k]`: how fast each radial function decays.
    decay: Vec<Vec<f64>>,
    /// `[l][k][n_padded]`: radial weights, zero beyond `n_max`.
    weights: Vec<Vec<f64>>,
    nowhere: f64,
}

impl Gto {
    pub fn new(parameters: &SoapParameters, sigma: f64) -> Result<Self> {
        let n_max = parameters.n_max;
        let n_padded = n_max.next_multiple_of(MAX_LANES);
        let bases = (0..=parameters.l_max)
            .map(|l| RadialBasis::new(parameters.cutoff, n_max, sigma, l))
            .collect::<Result<Vec<_>>>()?;
        let slowest = bases.iter().flat_map(|b| &b.decay).copied().fold(f64::INFINITY, f64::min);
        let weights = bases
            .iter()
            .map(|basis| {
                let mut padded = vec![0.0; n_max * n_padded];
                for (n, row) in basis.weights.iter().enumerate() {
                    for (k, &weight) in row.iter().enumerate() {
                        padded[k * n_padded + n] = weight;
                    }
                }
                padded
            })
            .collect();
        let decay = bases.into_iter().map(|b| b.decay).collect();
        Ok(Self { n_max, n_padded, decay, weights, nowhere: 800.0 / slowest })
    }
}

impl RadialPart for Gto {
    const WITH_CENTER: bool = true;
    const BY_DEGREE: bool = true;

    fn nowhere(&self) -> f64 {
        self.nowhere
    }

    /// The displacement itself: the functions contain the factor `r^l`.
    #[inline(always)]
    fn angular<V: Lanes>([x, y, z]: [V; 3], r2: V) -> [V; 4] {
        [x, y, z, r2]
    }

    /// `exp(-decay_k r^2)`, for each k.
    #[inline(always)]
    fn evaluate<V: Lanes>(&self, l: usize, r2: &[f64], values: &mut [f64], stride: usize) {
        for (k, &decay) in self.decay[l].iter().enumerate() {
            let rate = V::splat(-decay * std::f64::consts::LOG2_E);
            let row = &mut values[k * stride..k * stride + r2.len()];
            let mut i = 0;
            // Several at a time: each is a long chain of dependent operations.
            while i + 4 * V::N <= r2.len() {
                let mut x = [rate; 4];
                for (u, x) in x.iter_mut().enumerate() {
                    *x = V::load(r2, i + u * V::N).mul(rate);
                }
                let g = V::exp2_nonpositive(x);
                for (u, g) in g.into_iter().enumerate() {
                    g.store(row, i + u * V::N);
                }
                i += 4 * V::N;
            }
            while i < r2.len() {
                V::exp2_nonpositive([V::load(r2, i).mul(rate)])[0].store(row, i);
                i += V::N;
            }
        }
    }

    /// From decays k to the orthonormal functions n.
    #[inline(always)]
    fn finish<V: Lanes>(&self, normalization: &[f64], sums: &[f64], coefficients: &mut [f64]) {
        for (l, weights) in self.weights.iter().enumerate() {
            for lm in l * l..(l + 1) * (l + 1) {
                let normalization = V::splat(normalization[lm]);
                let sums = &sums[lm * self.n_max..(lm + 1) * self.n_max];
                let mut n = 0;
                while n < self.n_padded {
                    let mut c = V::splat(0.0);
                    for (k, &sum) in sums.iter().enumerate() {
                        c = V::splat(sum).mul_add(V::load(weights, k * self.n_padded + n), c);
                    }
                    c.mul(normalization).store(coefficients, lm * self.n_padded + n);
                    n += V::N;
                }
            }
        }
    }
}
