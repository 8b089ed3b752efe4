//! Smooth functions of the distance as piecewise polynomials: four multiplications a value, where an exponential takes
//! several times as many.

use crate::descriptor::aligned::Aligned;
use crate::descriptor::lanes::{Lanes, MAX_LANES, Portable, ROUND};
use crate::descriptor::parameters::Precision;

/// Coefficients of a piece. Of degree 4, pieces whose values are right to [`Precision::Single`] fit into the second-level cache, and
/// what is read of it for a neighbour is what its functions wait for.
const TERMS: usize = 5;

/// Of these, the terms from the square on are so small that single floats hold them.
const DOUBLES: usize = 2;
const SINGLES: usize = TERMS - DOUBLES;

impl Precision {
    /// Largest error of a function, as a share of its largest magnitude in the range: by itself, and times the common factor.
    pub(super) fn tolerance(self) -> f64 {
        match self {
            Self::Single => 1e-9,
            Self::Double => 1e-11,
        }
    }
}

/// A table of more pieces than this would not help any more.
const MOST_PIECES: usize = 5000;

/// Distances that are looked up together at most.
pub(super) const MOST_PLACES: usize = 64;

/// Where some distances lie in a table.
pub(super) struct Places {
    /// Distance from the middle of its piece, in units of its length.
    x: [f64; MOST_PLACES],
    /// The piece's number in the low bits.
    piece: [f64; MOST_PLACES],
}

impl Places {
    pub fn new() -> Self {
        Self { x: [0.0; MOST_PLACES], piece: [0.0; MOST_PLACES] }
    }
}

/// Functions on `[0, end]`, evaluated side by side.
pub(super) struct Table {
    per_length: f64,
    n_pieces: usize,
    layout: Layout,
    /// For each piece the coefficients of the powers of the distance from its middle, in units of its length. Behind the last
    /// is as much as a vector may read there.
    coefficients: Aligned,
}

/// Where the coefficients of a piece are.
struct Layout {
    tiles: Vec<Tile>,
    /// Functions, with those that fill up the last vector.
    width: usize,
    /// Doubles of a piece.
    piece: usize,
    /// Doubles of a vector.
    lanes: usize,
}

/// Functions that are evaluated together: `[DOUBLES][functions]`, and behind them `[SINGLES][functions]` of single floats, from a line of the
/// cache on.
#[derive(Clone, Copy)]
struct Tile {
    first: usize,
    functions: usize,
    /// Where in a piece it begins.
    at: usize,
    /// How many vectors, of half the lanes or whole ones.
    vectors: usize,
    half: bool,
}

impl Layout {
    fn new(n_functions: usize, lanes: usize) -> Self {
        let mut layout = Self { tiles: vec![], width: 0, piece: 0, lanes };
        while layout.width < n_functions {
            let left = n_functions - layout.width;
            // Only vectors of eight have a kind of half as many.
            let half = lanes == MAX_LANES && left <= lanes / 2;
            // As many chains of dependent operations as the registers hold, pairs of vectors that single floats fill together.
            let vectors = if half { 1 } else { [8, 4, 2].into_iter().find(|n| n * lanes <= left).unwrap_or(1) };
            let functions = if half { lanes / 2 } else { vectors * lanes };
            layout.tiles.push(Tile { first: layout.width, functions, at: layout.piece, vectors, half });
            layout.width += functions;
            layout.piece += (DOUBLES * functions + SINGLES * functions / 2).next_multiple_of(MAX_LANES);
        }
        layout
    }

    fn tile_of(&self, function: usize) -> &Tile {
        self.tiles.iter().rfind(|tile| tile.first <= function).expect("there is such a function")
    }

    fn coefficient(&self, piece: &[f64], power: usize, function: usize) -> f64 {
        let tile = self.tile_of(function);
        let place = function - tile.first;
        if power < DOUBLES {
            return piece[tile.at + power * tile.functions + place];
        }
        let single = (power - DOUBLES) * tile.functions + place;
        let bytes = piece[tile.at + DOUBLES * tile.functions + single / 2].to_ne_bytes();
        f64::from(f32::from_ne_bytes(std::array::from_fn(|k| bytes[4 * (single % 2) + k])))
    }

    fn set_coefficient(&self, piece: &mut [f64], power: usize, function: usize, value: f64) {
        let tile = self.tile_of(function);
        let place = function - tile.first;
        if power < DOUBLES {
            piece[tile.at + power * tile.functions + place] = value;
            return;
        }
        let single = (power - DOUBLES) * tile.functions + place;
        let pair = &mut piece[tile.at + DOUBLES * tile.functions + single / 2];
        let mut bytes = pair.to_ne_bytes();
        bytes[4 * (single % 2)..][..4].copy_from_slice(&(value as f32).to_ne_bytes());
        *pair = f64::from_ne_bytes(bytes);
    }
}

impl Table {
    /// Tabulates `exact`, which writes all functions' values at a distance, with as few pieces as are right to `tolerance`.
    ///
    /// All of them will be multiplied by `factor` of the distance. None if no table does that.
    pub fn new(
        n_functions: usize,
        end: f64,
        lanes: usize,
        tolerance: f64,
        factor: impl Fn(f64) -> f64,
        exact: impl Fn(f64, &mut [f64]),
    ) -> Option<Self> {
        let mut n_pieces = 8;
        while n_pieces <= MOST_PIECES {
            let table = Self::of_pieces(n_pieces, Layout::new(n_functions, lanes), end, &exact);
            if table.error(end, &factor, &exact) <= tolerance {
                return Some(table);
            }
            n_pieces += n_pieces / 8;
        }
        None
    }

    fn of_pieces(n_pieces: usize, layout: Layout, end: f64, exact: &impl Fn(f64, &mut [f64])) -> Self {
        let powers = powers_from_values();
        let mut coefficients = Aligned::zeros(n_pieces * layout.piece + MAX_LANES);
        let mut values = vec![0.0; layout.width];
        let mut sums = vec![0.0; layout.width];
        for (p, piece) in coefficients.chunks_exact_mut(layout.piece).take(n_pieces).enumerate() {
            let at_nodes = (0..TERMS).map(|node| {
                exact((p as f64 + 0.5 + node_at(node)) * end / n_pieces as f64, &mut values);
                values.clone()
            });
            let at_nodes: Vec<_> = at_nodes.collect();
            for power in 0..TERMS {
                sums.fill(0.0);
                for (row, values) in powers.iter().zip(&at_nodes) {
                    sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += row[power] * v);
                }
                sums.iter().enumerate().for_each(|(f, &sum)| layout.set_coefficient(piece, power, f, sum));
            }
        }
        Self { per_length: n_pieces as f64 / end, n_pieces, layout, coefficients }
    }

    /// The largest error, each function's as a share of its largest magnitude, between the nodes of the interpolation; and the
    /// same of the functions times the factor, if that is more.
    fn error(&self, end: f64, factor: &impl Fn(f64) -> f64, exact: &impl Fn(f64, &mut [f64])) -> f64 {
        let [mut right, mut found] = [(); 2].map(|()| vec![0.0f64; self.layout.width]);
        let [mut largest, mut error] = [(); 2].map(|()| vec![[0.0f64; 2]; self.layout.width]);
        // The ends of a piece and the middles between its nodes, where errors of an interpolation peak.
        for p in 0..self.n_pieces {
            for k in 0..=TERMS {
                let at = if k == 0 { -0.5 } else { -0.5 * (std::f64::consts::PI * k as f64 / TERMS as f64).cos() };
                let r = end * (p as f64 + 0.5 + at) / self.n_pieces as f64;
                exact(r, &mut right);
                self.at(r, &mut found);
                for f in 0..self.layout.width {
                    for (k, factor) in [1.0, factor(r)].into_iter().enumerate() {
                        largest[f][k] = largest[f][k].max(factor * right[f].abs());
                        error[f][k] = error[f][k].max(factor * (found[f] - right[f]).abs());
                    }
                }
            }
        }
        let shares = largest.as_flattened().iter().zip(error.as_flattened());
        shares.map(|(l, e)| if *e > 0.0 { e / l } else { 0.0 }).fold(0.0, f64::max)
    }

    /// All functions at one distance.
    pub fn at(&self, r: f64, out: &mut [f64]) {
        let mut places = Places::new();
        self.find::<Portable>(&[r; Portable::N], &mut places);
        let (x, number) = (places.x[0], places.piece[0].to_bits() as u32 as usize);
        let piece = &self.coefficients[number * self.layout.piece..];
        for (f, out) in out.iter_mut().enumerate().take(self.layout.width) {
            let coefficient = |power| self.layout.coefficient(piece, power, f);
            let high = (DOUBLES..TERMS).rev().fold(0.0, |sum: f32, power| sum * x as f32 + coefficient(power) as f32);
            *out = (0..DOUBLES).rev().fold(f64::from(high), |sum, power| sum * x + coefficient(power));
        }
    }

    /// Distance up to which there are pieces.
    pub fn end(&self) -> f64 {
        self.n_pieces as f64 / self.per_length
    }

    /// Finds the pieces of some distances from 0 to [`Table::end`]; `r` is filled up to whole vectors, by anything, and so
    /// is `places`.
    ///
    /// Apart from the values, and many at once: what a value waits for is then there long before.
    #[inline(always)]
    pub fn find<V: Lanes>(&self, r: &[f64], places: &mut Places) {
        for i in (0..r.len()).step_by(V::N) {
            let from_middle = V::load(r, i).mul_add(V::splat(self.per_length), V::splat(-0.5));
            // The nearest whole number is a piece's; at the end, rounding must not go on to the next one.
            let piece =
                from_middle.add(V::splat(ROUND)).add(V::splat(-ROUND)).min(V::splat((self.n_pieces - 1) as f64));
            from_middle.add(piece.mul(V::splat(-1.0))).store(&mut places.x, i);
            // This puts the whole number into the low bits.
            piece.add(V::splat(ROUND)).store(&mut places.piece, i);
        }
    }

    /// All functions at the first `n` of some distances, `[n][stride]`.
    ///
    /// # Panics
    /// Rows that are too short or too few.
    #[inline(always)]
    pub fn evaluate<V: Lanes>(&self, places: &Places, n: usize, rows: &mut [f64], stride: usize) {
        // Once for all: in the loop, checks would take as long as the arithmetic.
        let coefficients: &[f64] = &self.coefficients;
        let Layout { tiles, width, piece, lanes } = &self.layout;
        assert_eq!(coefficients.len(), self.n_pieces * piece + MAX_LANES, "coefficients of a table");
        assert!(*width <= stride && n * stride <= rows.len(), "rows of a table");
        assert_eq!(*lanes, V::N, "lanes of a vector");
        for i in 0..n {
            let number = (places.piece[i].to_bits() as u32 as usize).min(self.n_pieces - 1);
            let x = places.x[i];
            for tile in tiles {
                // SAFETY: a piece has all tiles, and a row of `width` has room for their functions, as asserted above; single floats are
                // read by vectors of twice as many, and behind the last piece is room for one.
                unsafe {
                    let from = coefficients.as_ptr().add(number * piece + tile.at);
                    let to = rows.as_mut_ptr().add(i * stride + tile.first);
                    match (tile.vectors, tile.half) {
                        (8, _) => evaluate::<V, 4, 8>(x, from, to),
                        (4, _) => evaluate::<V, 2, 4>(x, from, to),
                        (2, _) => evaluate::<V, 1, 2>(x, from, to),
                        (_, false) => evaluate::<V, 1, 1>(x, from, to),
                        (_, true) => evaluate::<V::Half, 1, 1>(x, from, to),
                    }
                }
            }
        }
    }
}

/// `U` vectors of polynomials, of which `S` vectors of single floats hold the high powers.
///
/// # Safety
/// `from` are the coefficients of a [`Tile`] of so many vectors, behind which is half a vector more; `to` has room for the values.
#[inline(always)]
unsafe fn evaluate<V: Lanes, const S: usize, const U: usize>(x: f64, from: *const f64, to: *mut f64) {
    const { assert!(S == usize::div_ceil(U, 2)) };
    // SAFETY: promised by the caller, for all that is read and written.
    unsafe {
        let high = from.add(DOUBLES * U * V::N).cast::<f32>();
        let read_high = |power: usize, s: usize| V::read_singles(high.add(((power - DOUBLES) * U + 2 * s) * V::N));
        let short = V::splat_single(x as f32);
        let mut sums = [short; S];
        for (s, sum) in sums.iter_mut().enumerate() {
            *sum = read_high(TERMS - 1, s);
        }
        for power in (DOUBLES..TERMS - 1).rev() {
            for (s, sum) in sums.iter_mut().enumerate() {
                *sum = V::mul_add_singles(*sum, short, read_high(power, s));
            }
        }
        let x = V::splat(x);
        let mut wide = [x; U];
        for (u, wide) in wide.iter_mut().enumerate() {
            *wide = V::widen(sums[u / 2])[u % 2];
        }
        for power in (0..DOUBLES).rev() {
            for (u, sum) in wide.iter_mut().enumerate() {
                *sum = sum.mul_add(x, V::read(from.add((power * U + u) * V::N)));
            }
        }
        for (u, sum) in wide.into_iter().enumerate() {
            sum.write(to.add(u * V::N));
        }
    }
}

/// Chebyshev's nodes on a piece of length 1 around 0.
fn node_at(node: usize) -> f64 {
    -0.5 * (std::f64::consts::PI * (node as f64 + 0.5) / TERMS as f64).cos()
}

/// `[node][power]`: what the value at a node adds to each coefficient of the polynomial through all nodes (Lagrange's).
fn powers_from_values() -> [[f64; TERMS]; TERMS] {
    std::array::from_fn(|node| {
        let mut polynomial = [0.0; TERMS];
        polynomial[0] = 1.0;
        for other in (0..TERMS).filter(|&other| other != node) {
            let scale = 1.0 / (node_at(node) - node_at(other));
            for power in (0..TERMS).rev() {
                let lower = if power > 0 { polynomial[power - 1] } else { 0.0 };
                polynomial[power] = scale * (lower - node_at(other) * polynomial[power]);
            }
        }
        polynomial
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(r: f64, out: &mut [f64]) {
        for (k, out) in out.iter_mut().enumerate() {
            *out = ((k + 1) as f64 * r).sin() * (-0.1 * r * r).exp();
        }
    }

    #[test]
    fn values_are_within_the_tolerance_everywhere() {
        for tolerance in [Precision::Single, Precision::Double].map(Precision::tolerance) {
            let table = Table::new(6, 8.0, 4, tolerance, |_| 1.0, waves).unwrap();
            assert!((table.end() - 8.0).abs() < 1e-12);
            let mut largest = 0.0f64;
            for i in 0..=40_000 {
                let r = i as f64 * 2e-4;
                let (mut found, mut right) = ([0.0; 8], [0.0; 8]);
                table.at(r, &mut found);
                waves(r, &mut right);
                for (found, right) in found.iter().zip(right) {
                    largest = largest.max((found - right).abs());
                }
            }
            // Each wave's largest magnitude is between 0.7 and 1.
            assert!(largest < 1.1 * tolerance, "{largest:e}");
        }
    }

    #[test]
    fn what_no_table_can_hold_is_said_so() {
        assert!(
            Table::new(1, 1.0, 4, 1e-9, |_| 1.0, |r, out| out.fill(if r < 0.1f64.sqrt() { 0.0 } else { 1.0 }))
                .is_none()
        );
    }
}
