//! Smooth functions of the distance as piecewise polynomials: four multiplications a value, where an exponential takes
//! several times as many.

use crate::descriptor::aligned::Aligned;
use crate::descriptor::lanes::{Lanes, MAX_LANES, Portable, ROUND};

/// Coefficients of a piece. Of degree 4, pieces whose values are right to [`TOLERANCE`] fit into the second-level cache, and
/// what is read of it for a neighbour is what its functions wait for.
const TERMS: usize = 5;

/// Of these, the terms from the square on are so small that single floats hold them.
const DOUBLES: usize = 2;
const SINGLES: usize = TERMS - DOUBLES;

/// Largest error of a function, as a share of its largest magnitude in the range: by itself, and times the common factor.
pub(super) const TOLERANCE: f64 = 1e-9;

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
    /// Functions, rounded up to whole vectors.
    width: usize,
    /// For each piece the coefficients of the powers of the distance from its middle, in units of its length: `[DOUBLES][width]`,
    /// and behind them `[SINGLES][singles]` of single floats.
    coefficients: Aligned,
    /// Single floats of a power: the width, and as many more as a vector may read behind it.
    singles: usize,
    /// Doubles of a piece.
    piece: usize,
}

impl Table {
    /// Tabulates `exact`, which writes all functions' values at a distance, with as few pieces as keep [`TOLERANCE`].
    ///
    /// All of them will be multiplied by `factor` of the distance. None if no table does that.
    pub fn new(
        n_functions: usize,
        end: f64,
        lanes: usize,
        factor: impl Fn(f64) -> f64,
        exact: impl Fn(f64, &mut [f64]),
    ) -> Option<Self> {
        let width = n_functions.next_multiple_of(lanes);
        let mut n_pieces = 8;
        while n_pieces <= MOST_PIECES {
            let table = Self::of_pieces(n_pieces, width, end, &exact);
            if table.error(end, &factor, &exact) <= TOLERANCE {
                return Some(table);
            }
            n_pieces += n_pieces / 8;
        }
        None
    }

    fn of_pieces(n_pieces: usize, width: usize, end: f64, exact: &impl Fn(f64, &mut [f64])) -> Self {
        let powers = powers_from_values();
        let singles = (width + MAX_LANES).next_multiple_of(2 * MAX_LANES);
        let piece = (DOUBLES * width + SINGLES * singles / 2).next_multiple_of(MAX_LANES);
        let mut table = Self {
            per_length: n_pieces as f64 / end,
            n_pieces,
            width,
            coefficients: Aligned::zeros(n_pieces * piece),
            singles,
            piece,
        };
        let mut values = vec![0.0; width];
        let mut of_powers = vec![0.0; TERMS * width];
        for (p, to) in table.coefficients.chunks_exact_mut(piece).enumerate() {
            of_powers.fill(0.0);
            for (node, row) in powers.iter().enumerate() {
                exact((p as f64 + 0.5 + node_at(node)) * end / n_pieces as f64, &mut values);
                for (power, sums) in of_powers.chunks_exact_mut(width).enumerate() {
                    sums.iter_mut().zip(&values).for_each(|(sum, v)| *sum += row[power] * v);
                }
            }
            let (low, high) = of_powers.split_at(DOUBLES * width);
            let (doubles, rest) = to.split_at_mut(DOUBLES * width);
            doubles.copy_from_slice(low);
            for (power, high) in high.chunks_exact(width).enumerate() {
                for (f, &value) in high.iter().enumerate() {
                    set_single(rest, power * singles + f, value as f32);
                }
            }
        }
        table
    }

    /// The largest error, each function's as a share of its largest magnitude, between the nodes of the interpolation; and the
    /// same of the functions times the factor, if that is more.
    fn error(&self, end: f64, factor: &impl Fn(f64) -> f64, exact: &impl Fn(f64, &mut [f64])) -> f64 {
        let [mut right, mut found] = [(); 2].map(|()| vec![0.0f64; self.width]);
        let [mut largest, mut error] = [(); 2].map(|()| vec![[0.0f64; 2]; self.width]);
        // The ends of a piece and the middles between its nodes, where errors of an interpolation peak.
        for p in 0..self.n_pieces {
            for k in 0..=TERMS {
                let at = if k == 0 { -0.5 } else { -0.5 * (std::f64::consts::PI * k as f64 / TERMS as f64).cos() };
                let r = end * (p as f64 + 0.5 + at) / self.n_pieces as f64;
                exact(r, &mut right);
                self.at(r, &mut found);
                for f in 0..self.width {
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
        self.evaluate::<Portable>(&places, 1, out, self.width);
    }

    /// Distance up to which there are pieces.
    pub fn end(&self) -> f64 {
        self.n_pieces as f64 / self.per_length
    }

    /// Finds the pieces of some distances from 0 to [`Table::end`]; `r` is filled up to whole vectors, and so is `places`.
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
        assert_eq!(coefficients.len(), self.n_pieces * self.piece, "coefficients of a table");
        assert!(DOUBLES * self.width + SINGLES * self.singles / 2 <= self.piece, "coefficients of a piece");
        assert!(self.width <= stride && n * stride <= rows.len(), "rows of a table");
        assert!(self.width.is_multiple_of(V::N) && self.width + V::N <= self.singles, "whole vectors of functions");
        for i in 0..n {
            let number = (places.piece[i].to_bits() as u32 as usize).min(self.n_pieces - 1);
            // SAFETY: both lie within their slices, as asserted above, and so do `width` functions from there on, for
            // each of the powers.
            let (from, to) =
                unsafe { (coefficients.as_ptr().add(number * self.piece), rows.as_mut_ptr().add(i * stride)) };
            let piece = Piece { x: places.x[i], from, width: self.width, singles: self.singles };
            let mut first = 0;
            // As many chains of dependent operations as the registers hold.
            while first + 9 * V::N <= self.width {
                // SAFETY: `first` and nine vectors are within the width, here and below.
                unsafe { piece.evaluate::<V, 5, 9>(first, to) };
                first += 9 * V::N;
            }
            while first + 5 * V::N <= self.width {
                unsafe { piece.evaluate::<V, 3, 5>(first, to) };
                first += 5 * V::N;
            }
            while first < self.width {
                unsafe { piece.evaluate::<V, 1, 1>(first, to) };
                first += V::N;
            }
        }
    }
}

/// Coefficients of a piece, and where in it a distance lies.
#[derive(Clone, Copy)]
struct Piece {
    x: f64,
    from: *const f64,
    width: usize,
    singles: usize,
}

impl Piece {
    /// `U` vectors of polynomials from the function `first` on, of which `S` vectors of single floats hold the high powers.
    ///
    /// # Safety
    /// The piece has all of them, and a vector of single floats more; `to` has room for them.
    #[inline(always)]
    unsafe fn evaluate<V: Lanes, const S: usize, const U: usize>(self, first: usize, to: *mut f64) {
        const { assert!(S == usize::div_ceil(U, 2)) };
        let Self { x, from, width, singles } = self;
        // SAFETY: promised by the caller, for all that is read and written.
        unsafe {
            let high = from.add(DOUBLES * width).cast::<f32>().add(first);
            let read_high =
                |power: usize, s: usize| V::read_singles(high.add((power - DOUBLES) * singles + 2 * s * V::N));
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
                    *sum = sum.mul_add(x, V::read(from.add(power * width + first + u * V::N)));
                }
            }
            for (u, sum) in wide.into_iter().enumerate() {
                sum.write(to.add(first + u * V::N));
            }
        }
    }
}

/// Writes one of the single floats that stand in pairs in the place of doubles.
fn set_single(pairs: &mut [f64], at: usize, value: f32) {
    let pair = &mut pairs[at / 2];
    let mut bytes = pair.to_ne_bytes();
    bytes[4 * (at % 2)..][..4].copy_from_slice(&value.to_ne_bytes());
    *pair = f64::from_ne_bytes(bytes);
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
        let table = Table::new(6, 8.0, 4, |_| 1.0, waves).unwrap();
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
        assert!(largest < 1.1 * TOLERANCE, "{largest:e}");
    }

    #[test]
    fn what_no_table_can_hold_is_said_so() {
        assert!(Table::new(1, 1.0, 4, |_| 1.0, |r, out| out.fill(if r < 0.1f64.sqrt() { 0.0 } else { 1.0 })).is_none());
    }
}
