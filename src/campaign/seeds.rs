//! Seeds of random numbers, from names alone.

use sha2::{Digest, Sha256};

/// The largest seed that all of LAMMPS's generators take, less room for scripts that add small numbers.
const LARGEST: u64 = 899_000_000;

/// A seed for a process of a system, the same whenever and wherever it runs.
pub fn seed(campaign: u64, system: &str, stage: &str, index: usize) -> u64 {
    let digest = Sha256::digest(format!("{campaign}\n{system}\n{stage}\n{index}"));
    let bytes: [u8; 8] = std::array::from_fn(|i| digest[i]);
    1 + u64::from_le_bytes(bytes) % LARGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_and_stay() {
        let all = [
            seed(1, "a", "produce", 0),
            seed(1, "a", "produce", 1),
            seed(1, "b", "produce", 0),
            seed(2, "a", "produce", 0),
        ];
        assert!((1..all.len()).all(|i| !all[..i].contains(&all[i])));
        assert_eq!(all[0], seed(1, "a", "produce", 0));
        assert!(all.iter().all(|seed| (1..=LARGEST).contains(seed)));
    }
}
