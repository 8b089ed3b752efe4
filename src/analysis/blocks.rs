//! Sums over a stream of frames, kept in blocks of time, and what follows from them with errors.

use super::jackknife::{Point, leave_one_out, leave_one_out_in_order, sums};

/// A value that sums may not tell, and its standard error.
pub type Told = (Option<f64>, Option<f64>);

/// Blocks are merged in pairs when there are so many.
const MOST: usize = 64;

/// Sums of the same numbers over consecutive blocks of frames.
///
/// Memory does not grow with the number of frames: when there are 64 blocks, neighbours are merged and blocks are twice as
/// long from then on. So 32 to 64 blocks of equal length are left of a long run, and its last frames as a shorter one.
#[derive(Clone, Debug)]
pub struct Blocks {
    blocks: Vec<Vec<f64>>,
    /// Frames of a full block, and those in the last.
    length: usize,
    last: usize,
    width: usize,
}

impl Blocks {
    /// Of `width` numbers.
    pub fn new(width: usize) -> Self {
        Self { blocks: vec![], length: 1, last: 0, width }
    }

    /// The numbers of a frame.
    ///
    /// # Panics
    /// Another count of numbers than at first.
    pub fn add(&mut self, sums: &[f64]) {
        assert_eq!(sums.len(), self.width, "sums of a frame");
        if self.blocks.is_empty() || self.last == self.length {
            if self.blocks.len() == MOST {
                let merged = self.blocks.chunks(2).map(|pair| {
                    let mut sum = pair[0].clone();
                    sum.iter_mut().zip(&pair[1]).for_each(|(a, b)| *a += b);
                    sum
                });
                self.blocks = merged.collect();
                self.length *= 2;
            }
            self.blocks.push(vec![0.0; self.width]);
            self.last = 0;
        }
        self.last += 1;
        if let Some(block) = self.blocks.last_mut() {
            block.iter_mut().zip(sums).for_each(|(a, b)| *a += b);
        }
    }

    /// Sums over all frames.
    pub fn total(&self) -> Vec<f64> {
        sums(&self.blocks, self.width)
    }

    /// What `of` makes of the sums, with errors as by [`leave_one_out_in_order`].
    pub fn with_errors(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
        leave_one_out_in_order(&self.blocks, &self.total(), of)
    }

    /// The same of values that the sums may not tell, as by [`told`].
    pub fn told_with_errors(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Told> {
        self.with_errors(of).into_iter().map(told).collect()
    }

    /// As [`Blocks::with_errors`] where what was added came in no order, with errors as by [`leave_one_out`].
    pub fn with_errors_in_any_order(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
        leave_one_out(&self.blocks, &self.total(), of)
    }
}

/// The same point, whose value is absent where it is not finite: no sum tells it.
pub(super) fn told((value, error): Point) -> Told {
    (Some(value).filter(|v| v.is_finite()), error)
}

/// Standard deviation of what has this mean and mean square. What rounding leaves of equal values is none.
pub(super) fn deviation(mean: f64, mean_square: f64) -> f64 {
    let variance = mean_square - mean * mean;
    if variance > 1e-12 * mean * mean { variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_all_frames_and_stay_few() {
        for n in [1usize, 3, 64, 65, 1000, 12345] {
            let mut blocks = Blocks::new(2);
            (0..n).for_each(|i| blocks.add(&[1.0, i as f64]));
            assert_eq!(blocks.total(), [n as f64, (n * (n - 1) / 2) as f64]);
            assert!(blocks.blocks.len() <= MOST && (n < 65 || blocks.blocks.len() >= MOST / 2));
            let full = &blocks.blocks[..blocks.blocks.len() - 1];
            assert!(full.iter().all(|block| block[0] == blocks.length as f64));
        }
    }

    #[test]
    fn the_error_of_a_mean_is_that_of_independent_frames() {
        let mut blocks = Blocks::new(2);
        let wave = |i: usize| ((i as f64) * 2.399_963).sin();
        let n = 64;
        (0..n).for_each(|i| blocks.add(&[1.0, wave(i)]));
        let found = blocks.with_errors(&|s| vec![s[1] / s[0]])[0];
        let mean = (0..n).map(wave).sum::<f64>() / n as f64;
        let variance = (0..n).map(|i| (wave(i) - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        assert!((found.0 - mean).abs() < 1e-12);
        assert!((found.1.unwrap() / (variance / n as f64).sqrt() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_one_block_alone_tells_has_no_error() {
        let ratios = |s: &[f64]| vec![s[1] / s[0], s[3] / s[2], s[5] / s[4]];
        // The first number in one block, the second in two, the third in none.
        let mut blocks = Blocks::new(6);
        for i in 0..8 {
            let (one, two) = (f64::from(i == 3), f64::from(i == 3 || i == 5));
            blocks.add(&[one, 11.9 * one, two, two * f64::from(i), 0.0, 0.0]);
        }
        let [one, two, none]: [_; 3] = blocks.with_errors_in_any_order(&ratios).try_into().unwrap();
        assert_eq!(one, (11.9, None));
        // Two numbers that differ by 2: departures of 1 and -1 in eight parts.
        assert_eq!((two.0, two.1), (4.0, Some((7.0f64 / 8.0 * 2.0).sqrt())));
        assert!(none.0.is_nan() && none.1.is_none());
    }

    #[test]
    fn what_is_the_same_in_all_blocks_has_an_error_of_zero() {
        let mut blocks = Blocks::new(2);
        (0..10).for_each(|_| blocks.add(&[2.0, 6.0]));
        assert_eq!(blocks.with_errors(&|s| vec![s[1] / s[0]]), [(3.0, Some(0.0))]);
    }
}
