//! Splits by system.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::{Error, Result};

/// Splits `n` systems into `k` parts of equal size, give or take one, at random.
///
/// # Errors
/// Fewer systems than parts, or fewer than two parts.
pub fn folds(n: usize, k: usize, seed: u64) -> Result<Vec<Vec<usize>>> {
    if k < 2 || n < k {
        return Err(Error::Input(format!(
            "{n} systems cannot be split into {k} folds; there must be 2 folds or more, and as many systems at least"
        )));
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let (size, extra) = (n / k, n % k);
    let mut rest = order.as_slice();
    Ok((0..k)
        .map(|fold| {
            let (part, others) = rest.split_at(size + usize::from(fold < extra));
            rest = others;
            let mut part = part.to_vec();
            part.sort_unstable();
            part
        })
        .collect())
}

/// The systems that are not in a part.
pub fn complement(part: &[usize], n: usize) -> Vec<usize> {
    (0..n).filter(|i| !part.contains(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_is_in_one_part() {
        let parts = folds(23, 5, 3).unwrap();
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5, 4, 4]);
        let mut all = parts.concat();
        all.sort_unstable();
        assert_eq!(all, (0..23).collect::<Vec<_>>());
        assert_eq!(parts, folds(23, 5, 3).unwrap());
        assert_ne!(parts, folds(23, 5, 4).unwrap());
        assert_eq!(complement(&[1, 2], 4), [0, 3]);
        assert!(folds(4, 5, 0).unwrap_err().to_string().contains("4 systems cannot be split into 5 folds"));
    }
}
