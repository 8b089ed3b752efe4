//! What the processor can do: kernels are compiled for each of these and chosen at run time.

/// The instruction sets that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Any processor.
    Portable,
    /// x86-64 with AVX2, FMA and POPCNT.
    Avx2,
    /// The same with AVX-512F and AVX-512VL.
    Avx512,
}

impl InstructionSet {
    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("popcnt")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available() && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The widest one that this processor has.
    pub fn best() -> Self {
        [Self::Avx512, Self::Avx2].into_iter().find(|s| s.is_available()).unwrap_or(Self::Portable)
    }
}

/// Asks for memory that is to be written to soon, so that nothing waits for it then.
pub fn expect_writes(to: &[f64]) {
    const LINE: usize = 64 / size_of::<f64>();
    #[cfg(target_arch = "x86_64")]
    for line in to.chunks(LINE) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86-64 has the instruction, which only hints.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = to.chunks(LINE);
}
