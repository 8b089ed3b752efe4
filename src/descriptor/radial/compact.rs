//! The radial part of `compact`: spherical Bessel functions of order 0 within a hard, smoothly switched cutoff.
//!
//! The functions `sin(n pi r / cutoff) / r` vanish at the cutoff and are orthogonal on the ball; they are the same for
//! all degrees, so one sine, one cosine and a recurrence serve a neighbour.

use super::RadialPart;
use crate::descriptor::lanes::{Lanes, MAX_LANES};
use crate::descriptor::parameters::SoapParameters;

/// `f(r) sqrt(2/cutoff) sin(n pi r/cutoff)/r` for n = 1 to `n_max`.
pub(in crate::descriptor) struct Compact {
    n_max: usize,
    cutoff: f64,
    switching: f64,
}

impl Compact {
    pub fn new(parameters: &SoapParameters, switching: f64) -> Self {
        Self { n_max: parameters.n_max, cutoff: parameters.cutoff, switching }
    }

    /// `x^3 (10 - 15 x + 6 x^2)` with `x` from 1 at `cutoff - switching` to 0 at `cutoff`: two derivatives vanish at
    /// both ends. Counted from the cutoff, so that nothing cancels where the function is small: the features of an ion
    /// whose only neighbours are there have the same relative error as any.
    #[inline(always)]
    fn switch<V: Lanes>(&self, r: V) -> V {
        let x = V::splat(self.cutoff).add(r.mul(V::splat(-1.0))).mul(V::splat(1.0 / self.switching));
        let x = x.max(V::splat(0.0)).min(V::splat(1.0));
        let rest = x.mul_add(x.mul_add(V::splat(6.0), V::splat(-15.0)), V::splat(10.0));
        x.mul(x).mul(x).mul(rest)
    }
}

/// Terms of the series of sine and cosine; the last one is below 1e-16 of the sum for angles up to 1.05 pi/2.
const TERMS: usize = 11;

/// `sin(a)/a` and `cos(a)` from `a^2`, for angles up to a little more than pi/2.
#[inline(always)]
fn sine_over_angle_and_cosine<V: Lanes>(square: V) -> [V; 2] {
    let mut inverse_factorials = [1.0; 2 * TERMS];
    for k in 1..2 * TERMS {
        inverse_factorials[k] = inverse_factorials[k - 1] / k as f64;
    }
    let minus = square.mul(V::splat(-1.0));
    let (mut sine, mut cosine) = (V::splat(0.0), V::splat(0.0));
    for k in (0..TERMS).rev() {
        sine = sine.mul_add(minus, V::splat(inverse_factorials[2 * k + 1]));
        cosine = cosine.mul_add(minus, V::splat(inverse_factorials[2 * k]));
    }
    [sine, cosine]
}

impl RadialPart for Compact {
    fn n_functions(&self) -> usize {
        self.n_max
    }

    /// All degrees share them.
    fn per_degree(&self) -> usize {
        0
    }

    fn center(&self) -> Option<&[f64]> {
        None
    }

    #[inline(always)]
    fn factor<V: Lanes>(&self, _r2: V) -> V {
        V::splat(1.0)
    }

    /// With `a = pi r / (2 cutoff)`: `sin(pi r/cutoff)/r` is `pi/cutoff (sin(a)/a) cos(a)`, which needs no division, and
    /// the others follow by `sin((n + 1) t) = 2 cos(t) sin(n t) - sin((n - 1) t)`.
    #[inline(always)]
    fn evaluate<V: Lanes>(&self, _n: usize, r: &[f64], rows: &mut [f64], stride: usize) {
        let pi = std::f64::consts::PI;
        let scale = V::splat((2.0 / self.cutoff).sqrt() * pi / self.cutoff);
        let to_angle = V::splat(pi / (2.0 * self.cutoff));
        let rows = rows.chunks_exact_mut(stride * V::N);
        for (i, rows) in (0..r.len()).step_by(V::N).zip(rows) {
            // Beyond the cutoff the weight is 0. What fills up the last vector may be no number, and becomes one that nobody reads.
            let r = V::load(r, i).min(V::splat(self.cutoff));
            let weight = self.switch(r);
            let angle = r.mul(to_angle);
            let [sine, cosine] = sine_over_angle_and_cosine(angle.mul(angle));
            let twice = cosine.mul(cosine).mul_add(V::splat(4.0), V::splat(-2.0));
            let mut before = V::splat(0.0);
            let mut current = scale.mul(weight).mul(sine).mul(cosine);
            for n in 0..self.n_max {
                let mut values = [0.0; MAX_LANES];
                current.store(&mut values, 0);
                for (row, value) in rows.chunks_exact_mut(stride).zip(values) {
                    row[n] = value;
                }
                let next = twice.mul_add(current, before.mul(V::splat(-1.0)));
                (before, current) = (current, next);
            }
        }
    }
}
