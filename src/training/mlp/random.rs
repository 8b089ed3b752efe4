//! Random numbers that depend on a seed and a purpose alone, on any machine.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// For the initial weights.
pub(super) fn of_weights(seed: u64) -> ChaCha8Rng {
    // No training takes so many steps.
    of_step(seed, u64::MAX)
}

/// For the batch of a step, whatever was drawn before it.
pub(super) fn of_step(seed: u64, step: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(step);
    random
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_differ_and_repeat() {
        let first = |mut random: ChaCha8Rng| random.random::<u64>();
        assert_eq!(first(of_step(1, 2)), first(of_step(1, 2)));
        assert_ne!(first(of_step(1, 2)), first(of_step(1, 3)));
        assert_ne!(first(of_step(1, 2)), first(of_step(2, 2)));
        assert_ne!(first(of_step(1, 0)), first(of_weights(1)));
    }
}
