//! Vectors of doubles for the descriptor's kernels, one kind for each instruction set, chosen at run time.

#[cfg(target_arch = "x86_64")]
mod x86;

use crate::processor::InstructionSet;

/// Doubles in a vector of an instruction set.
pub(super) fn lanes(of: InstructionSet) -> usize {
    match of {
        InstructionSet::Portable => Portable::N,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => Avx2::N,
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => Avx512::N,
        #[cfg(not(target_arch = "x86_64"))]
        _ => Portable::N,
    }
}

/// Most lanes of any kind; buffers are padded to a multiple of it.
pub(super) const MAX_LANES: usize = 8;

/// A few doubles that are computed with together.
///
/// Values of a kind may be made only on a processor that has its instructions: the kernels are entered through
/// functions that carry the target feature, after a check.
pub(super) trait Lanes: Copy {
    const N: usize;
    /// Half as many, or as many where there is no such kind.
    type Half: Lanes;
    /// Powers of two, as whole numbers shifted into the place of a double's exponent.
    type Power: Copy;
    fn splat(value: f64) -> Self;
    /// Reads `N` values from `from[at..]`.
    fn load(from: &[f64], at: usize) -> Self;
    /// Reads `N` values.
    ///
    /// # Safety
    /// All of them lie in one allocation.
    unsafe fn read(from: *const f64) -> Self;
    /// Writes `N` values.
    ///
    /// # Safety
    /// All of them lie in one allocation, which nobody else looks at.
    unsafe fn write(self, to: *mut f64);
    /// Writes the first `C` values, or all where there are no more.
    ///
    /// # Safety
    /// As many lie in one allocation, which nobody else looks at.
    unsafe fn write_first<const C: usize>(self, to: *mut f64);
    /// Writes `N` values to `to[at..]`.
    fn store(self, to: &mut [f64], at: usize);
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the processor can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    fn max(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `n = round(self)` for magnitudes below 1022: gives `self - n`, and `2^n` in a form for [`Lanes::scale`].
    fn split(self) -> (Self, Self::Power);
    /// Exact product with a power of two.
    fn scale(self, power: Self::Power) -> Self;

    /// Twice as many single floats.
    type Singles: Copy;
    fn splat_single(value: f32) -> Self::Singles;
    /// Reads `2 N` values.
    ///
    /// # Safety
    /// All of them lie in one allocation.
    unsafe fn read_singles(from: *const f32) -> Self::Singles;
    /// `a * factor + term`, rounded once where the processor can.
    fn mul_add_singles(a: Self::Singles, factor: Self::Singles, term: Self::Singles) -> Self::Singles;
    /// The first half of them and the second.
    fn widen(singles: Self::Singles) -> [Self; 2];

    /// `2^x` for exponents of at most 0, to a few units in the last place; below -1000 it gives 2^-1000.
    ///
    /// Takes `U` of them, since each is a long chain of dependent operations.
    #[inline(always)]
    fn exp2_nonpositive<const U: usize>(x: [Self; U]) -> [Self; U] {
        let mut fraction = x;
        let mut power = [Self::splat(0.0).split().1; U];
        for u in 0..U {
            (fraction[u], power[u]) = x[u].max(Self::splat(-1000.0)).split();
        }
        let mut sum = [Self::splat(EXP2[EXP2.len() - 1]); U];
        for k in (0..EXP2.len() - 1).rev() {
            let coefficient = Self::splat(EXP2[k]);
            for u in 0..U {
                sum[u] = sum[u].mul_add(fraction[u], coefficient);
            }
        }
        for u in 0..U {
            sum[u] = sum[u].scale(power[u]);
        }
        sum
    }
}

/// Coefficients of the polynomial that interpolates `2^f` at the Chebyshev nodes of [-1/2, 1/2]; it errs by 2e-16.
#[expect(clippy::approx_constant, reason = "the second is fitted with the others, and only near ln 2")]
const EXP2: [f64; 11] = [
    1.0,
    0.69314718055995,
    0.24022650695910097,
    0.05550410866444772,
    0.009618129107606888,
    0.0013333558230164974,
    0.0001540353044173605,
    1.5252657260200837e-5,
    1.321544258792169e-6,
    1.0208690299958306e-7,
    7.072585949269223e-9,
];

/// Added to a number of magnitude below 2^51 and taken away again, this rounds it to a whole number, which then stands
/// in the low bits of the sum.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

/// Four doubles in plain Rust.
#[derive(Clone, Copy)]
pub(super) struct Portable([f64; 4]);

impl Lanes for Portable {
    const N: usize = 4;
    type Half = Self;
    type Power = [u64; 4];

    #[inline(always)]
    fn splat(value: f64) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    fn load(from: &[f64], at: usize) -> Self {
        Self([from[at], from[at + 1], from[at + 2], from[at + 3]])
    }

    #[inline(always)]
    unsafe fn read(from: *const f64) -> Self {
        // SAFETY: promised by the caller.
        Self(unsafe { from.cast::<[f64; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn write(self, to: *mut f64) {
        // SAFETY: promised by the caller.
        unsafe { to.cast::<[f64; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn write_first<const C: usize>(self, to: *mut f64) {
        for (lane, value) in self.0.into_iter().enumerate().take(C) {
            // SAFETY: promised by the caller.
            unsafe { to.add(lane).write(value) };
        }
    }

    #[inline(always)]
    fn store(self, to: &mut [f64], at: usize) {
        to[at..at + 4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // Not f64::mul_add: without the instruction it is a slow library call.
        Self(std::array::from_fn(|i| self.0[i] * factor.0[i] + term.0[i]))
    }

    #[inline(always)]
    fn split(self) -> (Self, Self::Power) {
        let shifted = self.0.map(|v| v + ROUND);
        (Self(std::array::from_fn(|i| self.0[i] - (shifted[i] - ROUND))), shifted.map(|v| v.to_bits() << 52))
    }

    #[inline(always)]
    fn scale(self, power: Self::Power) -> Self {
        Self(std::array::from_fn(|i| f64::from_bits(self.0[i].to_bits().wrapping_add(power[i]))))
    }

    type Singles = [f32; 8];

    #[inline(always)]
    fn splat_single(value: f32) -> Self::Singles {
        [value; 8]
    }

    #[inline(always)]
    unsafe fn read_singles(from: *const f32) -> Self::Singles {
        // SAFETY: promised by the caller.
        unsafe { from.cast::<[f32; 8]>().read() }
    }

    #[inline(always)]
    fn mul_add_singles(a: Self::Singles, factor: Self::Singles, term: Self::Singles) -> Self::Singles {
        std::array::from_fn(|i| a[i] * factor[i] + term[i])
    }

    #[inline(always)]
    fn widen(singles: Self::Singles) -> [Self; 2] {
        [0, 4].map(|first| Self(std::array::from_fn(|i| f64::from(singles[first + i]))))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] / other.0[i]))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(always)]
    fn exponentials<V: Lanes>(x: &[f64], out: &mut [f64]) {
        for i in (0..x.len()).step_by(V::N) {
            V::exp2_nonpositive([V::load(x, i)])[0].store(out, i);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn exponentials_avx2(x: &[f64], out: &mut [f64]) {
        exponentials::<Avx2>(x, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn exponentials_avx512(x: &[f64], out: &mut [f64]) {
        exponentials::<Avx512>(x, out);
    }

    #[test]
    fn exponentials_are_right_to_the_last_places() {
        let x: Vec<f64> = (0..8000).map(|i| -1000.0 * (i as f64 / 7999.0).powi(3)).collect();
        for set in [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512] {
            if !set.is_available() {
                continue;
            }
            let mut out = vec![0.0; x.len()];
            match set {
                InstructionSet::Portable => exponentials::<Portable>(&x, &mut out),
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the instruction set was found on this processor.
                InstructionSet::Avx2 => unsafe { exponentials_avx2(&x, &mut out) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                InstructionSet::Avx512 => unsafe { exponentials_avx512(&x, &mut out) },
                #[cfg(not(target_arch = "x86_64"))]
                _ => unreachable!("not available"),
            }
            for (&x, &y) in x.iter().zip(&out) {
                assert!((y / x.exp2() - 1.0).abs() < 1e-15, "{set:?}: 2^{x} = {y}");
            }
        }
    }

    #[test]
    fn arguments_far_below_the_range_give_the_smallest_value() {
        let mut out = [0.0; 4];
        Portable::exp2_nonpositive([Portable([-1e6, -1000.0, -0.0, -1e300])])[0].store(&mut out, 0);
        assert!(out[0] > 0.0 && out[0] < 1e-300 && out[0] == out[1] && out[0] == out[3] && out[2] == 1.0);
    }
}
