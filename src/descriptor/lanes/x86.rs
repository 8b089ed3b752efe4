//! The lanes of x86-64.

use super::{Lanes, ROUND};
use std::arch::x86_64::*;

/// One kind of x86-64 lanes over the compiler's intrinsics.
macro_rules! x86_lanes {
    ($name:ident, $half:ty, $vector:ty, $whole:ty, $n:literal, $set1:ident, $loadu:ident, $storeu:ident, $add:ident, $sub:ident, $mul:ident,
     $fma:ident, $max:ident, $min:ident, $div:ident, $sqrt:ident, $cast:ident, $back:ident, $addi:ident, $shift:ident,
     $write_first:ident, $singles:ty, $set1_ps:ident, $loadu_ps:ident, $fma_ps:ident, $widen:ident) => {
        #[derive(Clone, Copy)]
        pub(in crate::descriptor) struct $name($vector);

        // SAFETY of the intrinsics: the trait's contract says that the processor has them. Loads and stores are
        // unaligned; their bounds are checked, or promised by the caller.
        impl Lanes for $name {
            const N: usize = $n;
            type Half = $half;
            type Power = $whole;

            #[inline(always)]
            fn splat(value: f64) -> Self {
                Self(unsafe { $set1(value) })
            }

            #[inline(always)]
            fn load(from: &[f64], at: usize) -> Self {
                let from = &from[at..at + $n];
                Self(unsafe { $loadu(from.as_ptr()) })
            }

            #[inline(always)]
            unsafe fn read(from: *const f64) -> Self {
                Self(unsafe { $loadu(from) })
            }

            #[inline(always)]
            unsafe fn write(self, to: *mut f64) {
                unsafe { $storeu(to, self.0) }
            }

            #[inline(always)]
            unsafe fn write_first<const C: usize>(self, to: *mut f64) {
                unsafe { $write_first::<C>(self.0, to) }
            }

            #[inline(always)]
            fn store(self, to: &mut [f64], at: usize) {
                let to = &mut to[at..at + $n];
                unsafe { $storeu(to.as_mut_ptr(), self.0) }
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(unsafe { $mul(self.0, other.0) })
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                Self(unsafe { $fma(self.0, factor.0, term.0) })
            }

            #[inline(always)]
            fn split(self) -> (Self, Self::Power) {
                unsafe {
                    let shifted = $add(self.0, $set1(ROUND));
                    let whole = $sub(shifted, $set1(ROUND));
                    (Self($sub(self.0, whole)), $shift::<52>($cast(shifted)))
                }
            }

            #[inline(always)]
            fn scale(self, power: Self::Power) -> Self {
                Self(unsafe { $back($addi($cast(self.0), power)) })
            }

            type Singles = $singles;

            #[inline(always)]
            fn splat_single(value: f32) -> $singles {
                unsafe { $set1_ps(value) }
            }

            #[inline(always)]
            unsafe fn read_singles(from: *const f32) -> $singles {
                unsafe { $loadu_ps(from) }
            }

            #[inline(always)]
            fn mul_add_singles(a: $singles, factor: $singles, term: $singles) -> $singles {
                unsafe { $fma_ps(a, factor, term) }
            }

            #[inline(always)]
            fn widen(singles: $singles) -> [Self; 2] {
                unsafe { $widen(singles) }.map(Self)
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self(unsafe { $max(self.0, other.0) })
            }

            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self(unsafe { $min(self.0, other.0) })
            }

            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(unsafe { $div(self.0, other.0) })
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(unsafe { $sqrt(self.0) })
            }
        }
    };
}

x86_lanes!(
    Avx2,
    Avx2,
    __m256d,
    __m256i,
    4,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_fmadd_pd,
    _mm256_max_pd,
    _mm256_min_pd,
    _mm256_div_pd,
    _mm256_sqrt_pd,
    _mm256_castpd_si256,
    _mm256_castsi256_pd,
    _mm256_add_epi64,
    _mm256_slli_epi64,
    write_first_of_4,
    __m256,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_fmadd_ps,
    widen_to_4
);

x86_lanes!(
    Avx512,
    Avx2,
    __m512d,
    __m512i,
    8,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_fmadd_pd,
    _mm512_max_pd,
    _mm512_min_pd,
    _mm512_div_pd,
    _mm512_sqrt_pd,
    _mm512_castpd_si512,
    _mm512_castsi512_pd,
    _mm512_add_epi64,
    _mm512_slli_epi64,
    write_first_of_8,
    __m512,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_fmadd_ps,
    widen_to_8
);

/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn widen_to_4(singles: __m256) -> [__m256d; 2] {
    // SAFETY: promised by the caller.
    unsafe { [_mm256_castps256_ps128(singles), _mm256_extractf128_ps::<1>(singles)].map(|half| _mm256_cvtps_pd(half)) }
}

/// # Safety
/// The processor has AVX-512F.
#[inline(always)]
unsafe fn widen_to_8(singles: __m512) -> [__m512d; 2] {
    // SAFETY: promised by the caller.
    unsafe {
        let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(singles)));
        [_mm512_castps512_ps256(singles), high].map(|half| _mm512_cvtps_pd(half))
    }
}

/// By halves, since writing by a mask is slow on some processors.
///
/// # Safety
/// As [`Lanes::write_first`].
#[inline(always)]
unsafe fn write_first_of_8<const C: usize>(values: __m512d, to: *mut f64) {
    // SAFETY: promised by the caller.
    unsafe {
        if C >= 8 {
            return _mm512_storeu_pd(to, values);
        }
        write_first_of_4::<C>(_mm512_castpd512_pd256(values), to);
        let rest = _mm512_extractf64x4_pd::<1>(values);
        match C {
            5 => write_first_of_4::<1>(rest, to.add(4)),
            6 => write_first_of_4::<2>(rest, to.add(4)),
            7 => write_first_of_4::<3>(rest, to.add(4)),
            _ => {}
        }
    }
}

/// # Safety
/// As [`Lanes::write_first`].
#[inline(always)]
unsafe fn write_first_of_4<const C: usize>(values: __m256d, to: *mut f64) {
    // SAFETY: promised by the caller.
    unsafe {
        let (low, high) = (_mm256_castpd256_pd128(values), _mm256_extractf128_pd::<1>(values));
        match C {
            0 => {}
            1 => _mm_storel_pd(to, low),
            2 => _mm_storeu_pd(to, low),
            3 => {
                _mm_storeu_pd(to, low);
                _mm_storel_pd(to.add(2), high);
            }
            _ => _mm256_storeu_pd(to, values),
        }
    }
}
