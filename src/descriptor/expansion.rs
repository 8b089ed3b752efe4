//! The density around a center, expanded in radial functions and spherical harmonics.

use super::harmonics;
use super::lanes::{Lanes, MAX_LANES};
use super::parameters::SoapParameters;
use super::radial::{Radial, RadialPart};
use crate::Result;

/// Neighbours that are worked on together: their harmonics of one degree stay in the first-level cache.
const BLOCK: usize = 128;

/// `c_nlm = sum_j R_nl(r_j) Y_lm(r_j)` over the neighbours of one channel, with the radial part of a convention.
pub(super) struct Expansion {
    l_max: usize,
    n_max: usize,
    /// `n_max` rounded up to whole vectors.
    pub n_padded: usize,
    radial: Radial,
    normalization: Vec<f64>,
}

/// Memory for [`Expansion::expand`].
pub(super) struct Buffers {
    xyz: [Vec<f64>; 3],
    r2: Vec<f64>,
    /// `[lm][BLOCK]`
    harmonics: Vec<f64>,
    /// `[k][BLOCK]`, of one degree.
    functions: Vec<f64>,
    /// `[BLOCK][n_padded]`: the same, neighbour by neighbour.
    by_neighbor: Vec<f64>,
    /// `[lm][n_max]`, or `[lm][n_padded]` where all degrees share the functions: sums over neighbours of function times
    /// bare harmonic.
    sums: Vec<f64>,
}

impl Buffers {
    pub fn memory(&self) -> usize {
        let lists = [&self.r2, &self.harmonics, &self.functions, &self.by_neighbor, &self.sums];
        lists.into_iter().chain(&self.xyz).map(|list| size_of_val(&list[..])).sum()
    }
}

impl Expansion {
    pub fn new(parameters: &SoapParameters) -> Result<Self> {
        let (l_max, n_max) = (parameters.l_max, parameters.n_max);
        Ok(Self {
            l_max,
            n_max,
            n_padded: n_max.next_multiple_of(MAX_LANES),
            radial: Radial::new(parameters)?,
            normalization: harmonics::normalization(l_max),
        })
    }

    pub fn buffers(&self) -> Buffers {
        let n_lm = harmonics::count(self.l_max);
        Buffers {
            xyz: std::array::from_fn(|_| vec![0.0; BLOCK]),
            r2: vec![0.0; BLOCK],
            harmonics: vec![0.0; n_lm * BLOCK],
            functions: vec![0.0; self.n_max * BLOCK],
            by_neighbor: vec![0.0; BLOCK * self.n_padded],
            sums: vec![0.0; n_lm * self.n_padded],
        }
    }

    /// Length of the coefficients of one channel, `[lm][n_padded]`.
    pub fn len(&self) -> usize {
        harmonics::count(self.l_max) * self.n_padded
    }

    /// Expands one channel into `coefficients`; `is_own` says whether it is the channel that the center belongs to.
    #[inline(always)]
    pub fn expand<V: Lanes>(
        &self,
        neighbors: &[[f64; 3]],
        is_own: bool,
        buffers: &mut Buffers,
        coefficients: &mut [f64],
    ) {
        match &self.radial {
            Radial::Gto(radial) => self.expand_in::<V, _>(radial, neighbors, is_own, buffers, coefficients),
            Radial::Compact(radial) => self.expand_in::<V, _>(radial, neighbors, is_own, buffers, coefficients),
        }
    }

    #[inline(always)]
    fn expand_in<V: Lanes, R: RadialPart>(
        &self,
        radial: &R,
        neighbors: &[[f64; 3]],
        is_own: bool,
        buffers: &mut Buffers,
        coefficients: &mut [f64],
    ) {
        buffers.sums.fill(0.0);
        if R::WITH_CENTER && is_own {
            buffers.sums[..self.n_max].fill(1.0);
        }
        for block in neighbors.chunks(BLOCK) {
            self.add_block::<V, R>(radial, block, buffers);
        }
        radial.finish::<V>(&self.normalization, &buffers.sums, coefficients);
    }

    #[inline(always)]
    fn add_block<V: Lanes, R: RadialPart>(&self, radial: &R, neighbors: &[[f64; 3]], buffers: &mut Buffers) {
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
            0 => evaluate_harmonics::<V, R, 0>(padded, buffers),
            1 => evaluate_harmonics::<V, R, 1>(padded, buffers),
            2 => evaluate_harmonics::<V, R, 2>(padded, buffers),
            3 => evaluate_harmonics::<V, R, 3>(padded, buffers),
            4 => evaluate_harmonics::<V, R, 4>(padded, buffers),
            5 => evaluate_harmonics::<V, R, 5>(padded, buffers),
            6 => evaluate_harmonics::<V, R, 6>(padded, buffers),
            7 => evaluate_harmonics::<V, R, 7>(padded, buffers),
            8 => evaluate_harmonics::<V, R, 8>(padded, buffers),
            9 => evaluate_harmonics::<V, R, 9>(padded, buffers),
            _ => unreachable!("parameters are validated"),
        }
        buffers.r2[n..padded].fill(radial.nowhere());

        let Buffers { r2, harmonics, functions, by_neighbor, sums, .. } = buffers;
        if !R::BY_DEGREE {
            radial.evaluate::<V>(0, &r2[..padded], functions, BLOCK);
            for (j, row) in by_neighbor.chunks_exact_mut(self.n_padded).take(n).enumerate() {
                for (n, value) in row[..self.n_max].iter_mut().enumerate() {
                    *value = functions[n * BLOCK + j];
                }
            }
            return add_outer_products::<V>(n, self.n_padded, by_neighbor, harmonics, sums);
        }
        for l in 0..=self.l_max {
            let h = &harmonics[l * l * BLOCK..];
            let sums = &mut sums[l * l * self.n_max..];
            radial.evaluate::<V>(l, &r2[..padded], functions, BLOCK);
            // The numbers of components and of functions taken together are known to the compiler in each arm: as many
            // sums as the registers hold.
            match l {
                0 => add_degree::<V, 1, 6>(self.n_max, padded, functions, h, sums),
                1 => add_degree::<V, 3, 3>(self.n_max, padded, functions, h, sums),
                2 => add_degree::<V, 5, 2>(self.n_max, padded, functions, h, sums),
                3 => add_degree::<V, 7, 1>(self.n_max, padded, functions, h, sums),
                4 => add_degree::<V, 9, 1>(self.n_max, padded, functions, h, sums),
                5 => add_degree::<V, 11, 1>(self.n_max, padded, functions, h, sums),
                6 => add_degree::<V, 13, 1>(self.n_max, padded, functions, h, sums),
                7 => add_degree::<V, 15, 1>(self.n_max, padded, functions, h, sums),
                8 => add_degree::<V, 17, 1>(self.n_max, padded, functions, h, sums),
                9 => add_degree::<V, 19, 1>(self.n_max, padded, functions, h, sums),
                _ => unreachable!("parameters are validated"),
            }
        }
    }
}

/// Squared distances and bare harmonics up to degree `L` of the block's coordinates.
#[inline(always)]
fn evaluate_harmonics<V: Lanes, R: RadialPart, const L: usize>(padded: usize, buffers: &mut Buffers) {
    let Buffers { xyz: [x, y, z], r2, harmonics, .. } = buffers;
    let mut i = 0;
    while i < padded {
        let (x, y, z) = (V::load(x, i), V::load(y, i), V::load(z, i));
        let square = x.mul_add(x, y.mul_add(y, z.mul(z)));
        square.store(r2, i);
        harmonics::evaluate::<V, L>(R::angular([x, y, z], square), harmonics, BLOCK, i);
        i += V::N;
    }
}

/// Adds `sum_j function_k(j) h_m(j)` to `sums[m][k]` for the `M` components of one degree, `K` functions at a time.
#[inline(always)]
fn add_degree<V: Lanes, const M: usize, const K: usize>(
    n_max: usize,
    padded: usize,
    functions: &[f64],
    harmonics: &[f64],
    sums: &mut [f64],
) {
    let mut k = 0;
    while k + K <= n_max {
        add_products::<V, M, K>(n_max, padded, k, functions, harmonics, sums);
        k += K;
    }
    while k < n_max {
        add_products::<V, M, 1>(n_max, padded, k, functions, harmonics, sums);
        k += 1;
    }
}

#[inline(always)]
fn add_products<V: Lanes, const M: usize, const K: usize>(
    n_max: usize,
    padded: usize,
    first: usize,
    functions: &[f64],
    harmonics: &[f64],
    sums: &mut [f64],
) {
    let mut h = [&harmonics[..0]; M];
    for (m, row) in h.iter_mut().enumerate() {
        *row = &harmonics[m * BLOCK..m * BLOCK + padded];
    }
    let mut g = [&functions[..0]; K];
    for (k, row) in g.iter_mut().enumerate() {
        *row = &functions[(first + k) * BLOCK..(first + k) * BLOCK + padded];
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

/// Adds `sum_j function_n(j) h_lm(j)` to `sums[lm][n]`, all degrees alike, with the functions along the lanes.
///
/// The sums stay in their lanes: few neighbours would not repay adding lanes up.
#[inline(always)]
fn add_outer_products<V: Lanes>(n: usize, n_padded: usize, functions: &[f64], harmonics: &[f64], sums: &mut [f64]) {
    let n_lm = sums.len() / n_padded;
    let mut first = 0;
    while first < n_padded {
        let two = first + 2 * V::N <= n_padded;
        let mut lm = 0;
        while lm < n_lm {
            let h = &harmonics[lm * BLOCK..];
            let s = &mut sums[lm * n_padded..];
            // As many sums as the registers hold.
            lm += match (two, n_lm - lm) {
                (true, 6..) => add_tile::<V, 6, 2>(n, n_padded, first, functions, h, s),
                (true, _) => add_tile::<V, 1, 2>(n, n_padded, first, functions, h, s),
                (false, 9..) => add_tile::<V, 9, 1>(n, n_padded, first, functions, h, s),
                (false, _) => add_tile::<V, 1, 1>(n, n_padded, first, functions, h, s),
            };
        }
        first += if two { 2 } else { 1 } * V::N;
    }
}

/// `H` harmonics times `W` vectors of functions from `first` on; gives `H`.
#[inline(always)]
fn add_tile<V: Lanes, const H: usize, const W: usize>(
    n: usize,
    n_padded: usize,
    first: usize,
    functions: &[f64],
    harmonics: &[f64],
    sums: &mut [f64],
) -> usize {
    let mut h = [&harmonics[..0]; H];
    for (lm, row) in h.iter_mut().enumerate() {
        *row = &harmonics[lm * BLOCK..lm * BLOCK + n];
    }
    let mut totals = [[V::splat(0.0); W]; H];
    for (j, functions) in functions.chunks_exact(n_padded).take(n).enumerate() {
        let mut f = [V::splat(0.0); W];
        for (w, f) in f.iter_mut().enumerate() {
            *f = V::load(functions, first + w * V::N);
        }
        for lm in 0..H {
            let h = V::splat(h[lm][j]);
            for w in 0..W {
                totals[lm][w] = f[w].mul_add(h, totals[lm][w]);
            }
        }
    }
    for (lm, totals) in totals.iter().enumerate() {
        for (w, total) in totals.iter().enumerate() {
            let at = lm * n_padded + first + w * V::N;
            V::load(sums, at).add(*total).store(sums, at);
        }
    }
    H
}
