//! Random numbers that depend on a seed and a purpose alone, on any machine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Stream of the initial weights; step `t` draws its batch from stream `t`.
const WEIGHTS: u64 = u64::MAX;

pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// For the initial weights.
    pub fn weights(seed: u64) -> Self {
        Self::stream(seed, WEIGHTS)
    }

    /// For the batch of a step, whatever was drawn before it.
    pub fn step(seed: u64, step: u64) -> Self {
        Self::stream(seed, step)
    }

    fn stream(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform in `-1..1`.
    pub fn signed(&mut self) -> f32 {
        // 24 bits are what a float32 below one can tell apart.
        (self.0.next_u32() >> 8) as f32 * 2.0f32.powi(-23) - 1.0
    }

    /// Uniform in `0..n`; a skew of `n / 2^64` goes unnoticed.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// Appends `count` different numbers out of `0..n` in random order.
    pub fn sample(&mut self, n: usize, count: usize, out: &mut Vec<usize>) {
        let start = out.len();
        if 4 * count <= n {
            // Few out of many: draw again what came twice.
            let mut seen = std::collections::HashSet::with_capacity(count);
            while seen.len() < count {
                let i = self.below(n);
                if seen.insert(i) {
                    out.push(i);
                }
            }
            return;
        }
        out.extend(0..n);
        let drawn = &mut out[start..];
        for i in 0..count {
            let j = i + self.below(n - i);
            drawn.swap(i, j);
        }
        out.truncate(start + count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_hold_different_numbers_and_every_number_is_as_likely() {
        for (n, count) in [(7, 7), (40, 5), (8, 5)] {
            let mut hits = vec![0; n];
            for step in 0..2000 {
                let mut drawn = vec![usize::MAX];
                Random::step(3, step).sample(n, count, &mut drawn);
                let mut sorted = drawn[1..].to_vec();
                sorted.sort();
                sorted.dedup();
                assert_eq!(sorted.len(), count);
                drawn[1..].iter().for_each(|&i| hits[i] += 1);
            }
            let expected = 2000.0 * count as f64 / n as f64;
            assert!(hits.iter().all(|&h| (f64::from(h) - expected).abs() < 5.0 * expected.sqrt()), "{hits:?}");
        }
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, step| Random::step(seed, step).below(1 << 40);
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 2));
        let mut weights = Random::weights(1);
        assert!((0..1000).map(|_| weights.signed()).all(|u| (-1.0..1.0).contains(&u)));
    }
}
