//! The density around a center, expanded in radial functions and spherical harmonics.

use super::basis::RadialBasis;
use super::harmonics;
use super::lanes::{Lanes, MAX_LANES};
use super::parameters::SoapParameters;
use crate::Result;

/// Neighbours that are worked on together: their harmonics of one degree stay in the first-level cache.
const BLOCK: usize = 128;

/// `c_nlm = sum_j sum_k weights_nk exp(-decay_k r_j^2) r_j^l Y_lm(r_j)` over the neighbours of one channel.
pub(super) struct Expansion {
    l_max: usize,
    n_max: usize,
    /// `n_max` rounded up to whole vectors.
    pub n_padded: usize,
    /// `[l][k]`: how fast each radial function decays.
    decay: Vec<Vec<f64>>,
    /// `[l][k][n_padded]`: radial weights, zero beyond `n_max`.
    weights: Vec<Vec<f64>>,
    normalization: Vec<f64>,
    /// Squared distance at which every radial function has vanished, for the lanes that no neighbour fills.
    nowhere: f64,
}

/// Memory for [`Expansion::expand`].
pub(super) struct Buffers {
    xyz: [Vec<f64>; 3],
    r2: Vec<f64>,
    /// `[lm][BLOCK]`
    harmonics: Vec<f64>,
    /// `[k][BLOCK]`, of one degree.
    gaussians: Vec<f64>,
    /// `[lm][n_max]`: sums over neighbours of `exp(-decay_k r^2) r^l Y_lm`.
    sums: Vec<f64>,
}

impl Buffers {
    pub fn memory(&self) -> usize {
        let lists = [&self.r2, &self.harmonics, &self.gaussians, &self.sums];
        lists.into_iter().chain(&self.xyz).map(|list| size_of_val(&list[..])).sum()
    }
}

impl Expansion {
    pub fn new(parameters: &SoapParameters) -> Result<Self> {
        let (l_max, n_max) = (parameters.l_max, parameters.n_max);
        let n_padded = n_max.next_multiple_of(MAX_LANES);
        let bases = (0..=l_max).map(|l| RadialBasis::new(parameters, l)).collect::<Result<Vec<_>>>()?;
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
        Ok(Self {
            l_max,
            n_max,
            n_padded,
            decay: bases.into_iter().map(|b| b.decay).collect(),
            weights,
            normalization: harmonics::normalization(l_max),
            nowhere: 800.0 / slowest,
        })
    }

    pub fn buffers(&self) -> Buffers {
        let n_lm = harmonics::count(self.l_max);
        Buffers {
            xyz: std::array::from_fn(|_| vec![0.0; BLOCK]),
            r2: vec![0.0; BLOCK],
            harmonics: vec![0.0; n_lm * BLOCK],
            gaussians: vec![0.0; self.n_max * BLOCK],
            sums: vec![0.0; n_lm * self.n_max],
        }
    }

    /// Length of the coefficients of one channel, `[lm][n_padded]`.
    pub fn len(&self) -> usize {
        harmonics::count(self.l_max) * self.n_padded
    }

    /// Expands one channel into `coefficients`; the center counts as a neighbour at distance 0 if it is in the channel.
    #[inline(always)]
    pub fn expand<V: Lanes>(
        &self,
        neighbors: &[[f64; 3]],
        with_center: bool,
        buffers: &mut Buffers,
        coefficients: &mut [f64],
    ) {
        buffers.sums.fill(0.0);
        if with_center {
            buffers.sums[..self.n_max].fill(1.0);
        }
        for block in neighbors.chunks(BLOCK) {
            self.add_block::<V>(block, buffers);
        }
        self.contract::<V>(&buffers.sums, coefficients);
    }

    #[inline(always)]
    fn add_block<V: Lanes>(&self, neighbors: &[[f64; 3]], buffers: &mut Buffers) {
        let n = neighbors.len();
        let padded = n.next_multiple_of(V::N);
        for (i, displacement) in neighbors.iter().enumerate() {
            for (coordinates, value) in buffers.xyz.iter_mut().zip(displacement) {
                coordinates[i] = *value;
            }
        }
        for coordinate in &mut buffers.xyz {
            coordinate[n..padded].fill(0.0);
        }
        // The degree is known to the compiler in each arm, which unrolls the recursion.
        match self.l_max {
            0 => evaluate_harmonics::<V, 0>(padded, buffers),
            1 => evaluate_harmonics::<V, 1>(padded, buffers),
            2 => evaluate_harmonics::<V, 2>(padded, buffers),
            3 => evaluate_harmonics::<V, 3>(padded, buffers),
            4 => evaluate_harmonics::<V, 4>(padded, buffers),
            5 => evaluate_harmonics::<V, 5>(padded, buffers),
            6 => evaluate_harmonics::<V, 6>(padded, buffers),
            7 => evaluate_harmonics::<V, 7>(padded, buffers),
            8 => evaluate_harmonics::<V, 8>(padded, buffers),
            9 => evaluate_harmonics::<V, 9>(padded, buffers),
            _ => unreachable!("parameters are validated"),
        }
        buffers.r2[n..padded].fill(self.nowhere);

        let Buffers { r2, harmonics, gaussians, sums, .. } = buffers;
        for l in 0..=self.l_max {
            let h = &harmonics[l * l * BLOCK..];
            let sums = &mut sums[l * l * self.n_max..];
            evaluate_gaussians::<V>(&self.decay[l], &r2[..padded], gaussians);
            // The numbers of components and of Gaussians taken together are known to the compiler in each arm: as many
            // sums as the registers hold.
            match l {
                0 => add_degree::<V, 1, 6>(self.n_max, padded, gaussians, h, sums),
                1 => add_degree::<V, 3, 3>(self.n_max, padded, gaussians, h, sums),
                2 => add_degree::<V, 5, 2>(self.n_max, padded, gaussians, h, sums),
                3 => add_degree::<V, 7, 1>(self.n_max, padded, gaussians, h, sums),
                4 => add_degree::<V, 9, 1>(self.n_max, padded, gaussians, h, sums),
                5 => add_degree::<V, 11, 1>(self.n_max, padded, gaussians, h, sums),
                6 => add_degree::<V, 13, 1>(self.n_max, padded, gaussians, h, sums),
                7 => add_degree::<V, 15, 1>(self.n_max, padded, gaussians, h, sums),
                8 => add_degree::<V, 17, 1>(self.n_max, padded, gaussians, h, sums),
                9 => add_degree::<V, 19, 1>(self.n_max, padded, gaussians, h, sums),
                _ => unreachable!("parameters are validated"),
            }
        }
    }

    /// From sums over decays k to coefficients of the orthonormal functions n.
    #[inline(always)]
    fn contract<V: Lanes>(&self, sums: &[f64], coefficients: &mut [f64]) {
        for l in 0..=self.l_max {
            let weights = &self.weights[l][..];
            for lm in l * l..(l + 1) * (l + 1) {
                let normalization = V::splat(self.normalization[lm]);
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

/// Squared distances and bare harmonics up to degree `L` of the block's coordinates.
#[inline(always)]
fn evaluate_harmonics<V: Lanes, const L: usize>(padded: usize, buffers: &mut Buffers) {
    let Buffers { xyz: [x, y, z], r2, harmonics, .. } = buffers;
    let mut i = 0;
    while i < padded {
        let (x, y, z) = (V::load(x, i), V::load(y, i), V::load(z, i));
        let square = x.mul_add(x, y.mul_add(y, z.mul(z)));
        square.store(r2, i);
        harmonics::evaluate::<V, L>([x, y, z, square], harmonics, BLOCK, i);
        i += V::N;
    }
}

/// `exp(-decay_k r^2)` to `gaussians[k * BLOCK + i]`.
#[inline(always)]
fn evaluate_gaussians<V: Lanes>(decay: &[f64], r2: &[f64], gaussians: &mut [f64]) {
    for (k, &decay_k) in decay.iter().enumerate() {
        let rate = V::splat(-decay_k * std::f64::consts::LOG2_E);
        let row = &mut gaussians[k * BLOCK..k * BLOCK + r2.len()];
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

/// Adds `sum_j gaussian_k(j) h_m(j)` to `sums[m][k]` for the `M` components of one degree, `K` Gaussians at a time.
#[inline(always)]
fn add_degree<V: Lanes, const M: usize, const K: usize>(
    n_max: usize,
    padded: usize,
    gaussians: &[f64],
    harmonics: &[f64],
    sums: &mut [f64],
) {
    let mut k = 0;
    while k + K <= n_max {
        add_products::<V, M, K>(n_max, padded, k, gaussians, harmonics, sums);
        k += K;
    }
    while k < n_max {
        add_products::<V, M, 1>(n_max, padded, k, gaussians, harmonics, sums);
        k += 1;
    }
}

#[inline(always)]
fn add_products<V: Lanes, const M: usize, const K: usize>(
    n_max: usize,
    padded: usize,
    first: usize,
    gaussians: &[f64],
    harmonics: &[f64],
    sums: &mut [f64],
) {
    let mut h = [&harmonics[..0]; M];
    for (m, row) in h.iter_mut().enumerate() {
        *row = &harmonics[m * BLOCK..m * BLOCK + padded];
    }
    let mut g = [&gaussians[..0]; K];
    for (k, row) in g.iter_mut().enumerate() {
        *row = &gaussians[(first + k) * BLOCK..(first + k) * BLOCK + padded];
    }
    let mut totals = [[V::splat(0.0); M]; K];
    let mut i = 0;
    while i < padded {
        for k in 0..K {
            let g = V::load(g[k], i);
            for m in 0..M {
                totals[k][m] = g.mul_add(V::load(h[m], i), totals[k][m]);
            }
        }
        i += V::N;
    }
    for (k, totals) in totals.iter().enumerate() {
        for (m, total) in totals.iter().enumerate() {
            sums[m * n_max + first + k] += total.sum();
        }
    }
}
