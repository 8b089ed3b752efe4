//! The density around a center, expanded in radial functions and spherical harmonics.

use super::aligned::Aligned;
use super::harmonics;
use super::lanes::{Lanes, MAX_LANES};
use super::parameters::{Precision, SoapParameters};
use super::radial::{Radial, RadialPart};
use crate::Result;
use crate::geometry::Displacements;

/// Neighbours that are worked on together: their harmonics and radial functions stay in the first-level cache.
const BLOCK: usize = 32;
const _: () = assert!(BLOCK.is_multiple_of(MAX_LANES), "blocks begin with a vector");

/// `c_nlm = sum_j R_nl(r_j) Y_lm(r_j)` over the neighbours of one channel, with the radial part of a convention.
pub(super) struct Expansion {
    l_max: usize,
    n_max: usize,
    /// `n_max` rounded up to whole vectors.
    pub n_padded: usize,
    /// From the functions of a degree to those of the next.
    per_degree: usize,
    radial: Radial,
    normalization: Vec<f64>,
    tiles: Vec<Tile>,
}

/// A part of the sums over neighbours: `size` harmonics from `lm` on times `vectors` vectors of functions.
#[derive(Clone, Copy)]
struct Tile {
    lm: usize,
    size: usize,
    /// Degrees that the harmonics belong to: more than one only of the lowest, in whole.
    degrees: usize,
    /// First of the functions, among those of the degree and in a row.
    n: usize,
    first: usize,
    vectors: usize,
}

/// Tiles that make up all sums. As many sums as the registers hold in each, and those of a degree of about the same size; the
/// lowest degrees together, whose few sums would wait for each other.
fn tiles(l_max: usize, n_max: usize, lanes: usize, per_degree: usize) -> Vec<Tile> {
    let mut tiles = vec![];
    let mut n = 0;
    while n < n_max {
        let vectors = if n + lanes < n_max { 2 } else { 1 };
        let (lowest, most) = if vectors == 2 { (2, 6) } else { (3, 11) };
        let degrees = lowest.min(l_max + 1);
        tiles.push(Tile { lm: 0, size: degrees * degrees, degrees, n, first: n, vectors });
        for l in degrees..=l_max {
            let mut left = (2 * l + 1).div_ceil(most);
            let mut lm = l * l;
            while left > 0 {
                let size = ((l + 1) * (l + 1) - lm).div_ceil(left);
                tiles.push(Tile { lm, size, degrees: 1, n, first: l * per_degree + n, vectors });
                lm += size;
                left -= 1;
            }
        }
        n += vectors * lanes;
    }
    tiles
}

/// Memory for [`Expansion::expand`].
pub(super) struct Buffers {
    r: [f64; BLOCK],
    /// `[lm][BLOCK]`
    harmonics: Vec<[f64; BLOCK]>,
    /// `[BLOCK][stride]`: radial functions, neighbour by neighbour.
    functions: Aligned,
    stride: usize,
}

impl Buffers {
    pub fn memory(&self) -> usize {
        size_of_val(self) + size_of_val(&self.harmonics[..]) + size_of_val(&self.functions[..])
    }
}

impl Expansion {
    /// For vectors of `lanes` doubles.
    pub fn new(parameters: &SoapParameters, lanes: usize, precision: Precision) -> Result<Self> {
        let (l_max, n_max) = (parameters.l_max, parameters.n_max);
        let radial = Radial::new(parameters, lanes, precision)?;
        let per_degree = match &radial {
            Radial::Gto(radial) => radial.per_degree(),
            Radial::Compact(radial) => radial.per_degree(),
        };
        let tiles = tiles(l_max, n_max, lanes, per_degree);
        let n_padded = n_max.next_multiple_of(MAX_LANES);
        Ok(Self { l_max, n_max, n_padded, per_degree, radial, normalization: harmonics::normalization(l_max), tiles })
    }

    pub fn buffers(&self) -> Buffers {
        let n_functions = match &self.radial {
            Radial::Gto(radial) => radial.n_functions(),
            Radial::Compact(radial) => radial.n_functions(),
        };
        // Vectors that begin within a row may end behind it.
        let stride = (n_functions - self.n_max + self.n_padded).next_multiple_of(MAX_LANES);
        Buffers {
            r: [0.0; BLOCK],
            harmonics: vec![[0.0; BLOCK]; harmonics::count(self.l_max)],
            functions: Aligned::zeros(BLOCK * stride),
            stride,
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
        neighbors: &Displacements,
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
        neighbors: &Displacements,
        is_own: bool,
        buffers: &mut Buffers,
        coefficients: &mut [f64],
    ) {
        // Of a zero that it knew the compiler would make a call, which takes longer than to write so few.
        let zero = V::splat(std::hint::black_box(0.0));
        for whole in coefficients.chunks_exact_mut(V::N) {
            zero.store(whole, 0);
        }
        if let (true, Some(center)) = (is_own, radial.center()) {
            for (c, value) in coefficients.iter_mut().zip(center) {
                *c = self.normalization[0] * value;
            }
        }
        let [x, y, z] = neighbors.in_whole_vectors();
        let blocks = x.chunks(BLOCK).zip(y.chunks(BLOCK)).zip(z.chunks(BLOCK));
        for (block, ((x, y), z)) in blocks.enumerate() {
            let n = (neighbors.len() - block * BLOCK).min(BLOCK);
            self.add_block::<V, R>(radial, [x, y, z], n, buffers, coefficients);
        }
    }

    #[inline(always)]
    fn add_block<V: Lanes, R: RadialPart>(
        &self,
        radial: &R,
        neighbors: [&[f64]; 3],
        n: usize,
        buffers: &mut Buffers,
        coefficients: &mut [f64],
    ) {
        let padded = n.next_multiple_of(V::N);
        let neighbors = neighbors.map(|coordinate| &coordinate[..padded]);
        // The degree is known to the compiler in each arm, which unrolls the recursion.
        match self.l_max {
            0 => evaluate_harmonics::<V, R, 0>(radial, neighbors, buffers),
            1 => evaluate_harmonics::<V, R, 1>(radial, neighbors, buffers),
            2 => evaluate_harmonics::<V, R, 2>(radial, neighbors, buffers),
            3 => evaluate_harmonics::<V, R, 3>(radial, neighbors, buffers),
            4 => evaluate_harmonics::<V, R, 4>(radial, neighbors, buffers),
            5 => evaluate_harmonics::<V, R, 5>(radial, neighbors, buffers),
            6 => evaluate_harmonics::<V, R, 6>(radial, neighbors, buffers),
            7 => evaluate_harmonics::<V, R, 7>(radial, neighbors, buffers),
            8 => evaluate_harmonics::<V, R, 8>(radial, neighbors, buffers),
            9 => evaluate_harmonics::<V, R, 9>(radial, neighbors, buffers),
            _ => unreachable!("parameters are validated"),
        }
        let Buffers { r, harmonics, functions, stride, .. } = buffers;
        radial.evaluate::<V>(n, &r[..padded], functions, *stride);
        let sums = Sums {
            functions,
            stride: *stride,
            per_degree: self.per_degree,
            n,
            harmonics,
            normalization: &self.normalization,
        };
        sums.check(coefficients, self.n_padded);
        for &tile in &self.tiles {
            assert!(sums.holds::<V>(tile, self.n_padded), "a tile of the sums");
            // SAFETY: what the tile reads and writes was found to be there.
            unsafe {
                match (tile.vectors, tile.size, tile.degrees) {
                    (2, 1, 1) => sums.add::<V, 1, 2, 1>(tile, self.n_padded, coefficients),
                    (2, 4, 2) => sums.add::<V, 4, 2, 2>(tile, self.n_padded, coefficients),
                    (2, 3, 1) => sums.add::<V, 3, 2, 1>(tile, self.n_padded, coefficients),
                    (2, 4, 1) => sums.add::<V, 4, 2, 1>(tile, self.n_padded, coefficients),
                    (2, 5, 1) => sums.add::<V, 5, 2, 1>(tile, self.n_padded, coefficients),
                    (2, 6, 1) => sums.add::<V, 6, 2, 1>(tile, self.n_padded, coefficients),
                    (1, 1, 1) => sums.add::<V, 1, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 4, 2) => sums.add::<V, 4, 1, 2>(tile, self.n_padded, coefficients),
                    (1, 9, 3) => sums.add::<V, 9, 1, 3>(tile, self.n_padded, coefficients),
                    (1, 6, 1) => sums.add::<V, 6, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 7, 1) => sums.add::<V, 7, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 8, 1) => sums.add::<V, 8, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 9, 1) => sums.add::<V, 9, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 10, 1) => sums.add::<V, 10, 1, 1>(tile, self.n_padded, coefficients),
                    (1, 11, 1) => sums.add::<V, 11, 1, 1>(tile, self.n_padded, coefficients),
                    _ => unreachable!("an odd number of components falls into tiles of these sizes"),
                }
            }
        }
    }
}

/// Distances and bare harmonics up to degree `L` of whole vectors of coordinates, those times the radial part's factor.
///
/// A neighbour on top of the center has no direction: it counts in degree 0 alone.
#[inline(always)]
fn evaluate_harmonics<V: Lanes, R: RadialPart, const L: usize>(
    radial: &R,
    [x, y, z]: [&[f64]; 3],
    buffers: &mut Buffers,
) {
    let Buffers { r, harmonics, .. } = buffers;
    for i in (0..x.len()).step_by(V::N) {
        let (x, y, z) = (V::load(x, i), V::load(y, i), V::load(z, i));
        let square = x.mul_add(x, y.mul_add(y, z.mul(z)));
        let distance = square.sqrt();
        distance.store(r, i);
        let inverse = V::splat(1.0).div(distance.max(V::splat(1e-150)));
        let [x, y, z] = [x, y, z].map(|d| d.mul(inverse));
        let one = x.mul_add(x, y.mul_add(y, z.mul(z)));
        harmonics::evaluate::<V, L, BLOCK>([x, y, z, one], radial.factor(square), harmonics, i);
    }
}

/// What the sums over the neighbours of a block are made of.
#[derive(Clone, Copy)]
struct Sums<'a> {
    /// `[n][stride]`
    functions: &'a [f64],
    stride: usize,
    per_degree: usize,
    n: usize,
    /// `[lm]`
    harmonics: &'a [[f64; BLOCK]],
    normalization: &'a [f64],
}

impl Sums<'_> {
    /// Checks once for all what [`Sums::add`] relies on: in its loop, checks would take as long as the arithmetic.
    #[inline(always)]
    fn check(&self, coefficients: &[f64], n_padded: usize) {
        assert!(self.n <= BLOCK, "neighbours of a block");
        assert!(self.n * self.stride <= self.functions.len(), "rows of a block");
        assert_eq!(self.harmonics.len(), self.normalization.len(), "harmonics and their normalisation");
        assert_eq!(self.harmonics.len() * n_padded, coefficients.len(), "coefficients of a channel");
    }

    #[inline(always)]
    fn holds<V: Lanes>(&self, tile: Tile, n_padded: usize) -> bool {
        let width = tile.vectors * V::N;
        (tile.first + (tile.degrees - 1) * self.per_degree + width <= self.stride)
            & (tile.n + width <= n_padded)
            & (tile.lm + tile.size <= self.harmonics.len())
    }

    /// Adds `normalization_lm sum_j function_n(j) h_lm(j)` to `coefficients[lm][n]` for the lm and n of a tile, with the
    /// functions along the lanes: few neighbours would not repay adding lanes up.
    ///
    /// What stands behind the functions in a row adds to coefficients from `n_max` on, which nobody reads.
    ///
    /// # Safety
    /// [`Sums::check`] has passed, and [`Sums::holds`] is true of the tile, which has `H` harmonics of `D` degrees and `W` vectors.
    #[inline(always)]
    unsafe fn add<V: Lanes, const H: usize, const W: usize, const D: usize>(
        &self,
        tile: Tile,
        n_padded: usize,
        coefficients: &mut [f64],
    ) {
        debug_assert_eq!((tile.size, tile.vectors, tile.degrees), (H, W, D));
        let mut totals = [[V::splat(0.0); W]; H];
        // SAFETY: as promised, here and below.
        unsafe {
            let harmonics = self.harmonics.as_ptr().add(tile.lm).cast::<f64>();
            let functions = self.functions.as_ptr().add(tile.first);
            let even = self.n / 2 * 2;
            let mut j = 0;
            while j < even {
                add_neighbor::<V, H, W, D>(
                    functions.add(j * self.stride),
                    self.per_degree,
                    harmonics.add(j),
                    &mut totals,
                );
                add_neighbor::<V, H, W, D>(
                    functions.add((j + 1) * self.stride),
                    self.per_degree,
                    harmonics.add(j + 1),
                    &mut totals,
                );
                j += 2;
            }
            if j < self.n {
                add_neighbor::<V, H, W, D>(
                    functions.add(j * self.stride),
                    self.per_degree,
                    harmonics.add(j),
                    &mut totals,
                );
            }
            let to = coefficients.as_mut_ptr().add(tile.lm * n_padded + tile.n);
            for (m, totals) in totals.into_iter().enumerate() {
                let normalization = V::splat(*self.normalization.as_ptr().add(tile.lm + m));
                for (w, total) in totals.into_iter().enumerate() {
                    let to = to.add(m * n_padded + w * V::N);
                    total.mul_add(normalization, V::read(to)).write(to);
                }
            }
        }
    }
}

/// One neighbour's products. A function, since a closure would not be compiled for the vectors' instructions.
///
/// # Safety
/// `functions` has `W` vectors, and as many after each `per_degree` for `D` degrees; `harmonics` is in the first of `H` rows
/// of [`BLOCK`].
#[inline(always)]
unsafe fn add_neighbor<V: Lanes, const H: usize, const W: usize, const D: usize>(
    functions: *const f64,
    per_degree: usize,
    harmonics: *const f64,
    totals: &mut [[V; W]; H],
) {
    // SAFETY: promised by the caller.
    unsafe {
        let mut vectors = [[V::splat(0.0); W]; D];
        for (d, vectors) in vectors.iter_mut().enumerate() {
            for (w, vector) in vectors.iter_mut().enumerate() {
                *vector = V::read(functions.add(d * per_degree + w * V::N));
            }
        }
        for (m, totals) in totals.iter_mut().enumerate() {
            let h = V::splat(*harmonics.add(m * BLOCK));
            let degree = if D == 1 { 0 } else { m.isqrt() };
            for (total, vector) in totals.iter_mut().zip(vectors[degree]) {
                *total = vector.mul_add(h, *total);
            }
        }
    }
}
