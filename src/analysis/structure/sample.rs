//! Centers drawn by chance, and sums over them with errors however few the frames.

use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;

use crate::analysis::blocks::{Blocks, Told, told};

/// Frames from which on errors come from their scatter.
const FEWEST_FRAMES: usize = 4;
/// Groups that the centers of a frame fall into, for errors of fewer frames.
const GROUPS: usize = 8;

/// Random numbers of a frame: the same whatever the frames before it asked for.
pub(super) fn random_of(seed: u64, frame: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(frame);
    random
}

/// Up to `n_centers` of `n` centers by chance, each once, in an order that is chance too.
pub(super) fn draw(random: &mut ChaCha8Rng, n: usize, n_centers: usize) -> Vec<usize> {
    index::sample(random, n, n_centers.min(n)).into_vec()
}

/// Sums over centers, in blocks of frames and, while there are few frames, in groups of centers.
pub(super) struct SampleBlocks {
    frames: Blocks,
    groups: Blocks,
    n_frames: usize,
    width: usize,
}

impl SampleBlocks {
    pub fn new(width: usize) -> Self {
        Self { frames: Blocks::new(width), groups: Blocks::new(width), n_frames: 0, width }
    }

    /// A frame, of whose centers `add` adds each one's numbers to the sums.
    pub fn add<T>(&mut self, centers: &[T], add: impl Fn(&T, &mut [f64])) {
        let mut total = vec![0.0; self.width];
        for group in centers.chunks(centers.len().div_ceil(GROUPS).max(1)) {
            let mut sums = vec![0.0; self.width];
            group.iter().for_each(|center| add(center, &mut sums));
            total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += sum);
            if self.n_frames < FEWEST_FRAMES {
                self.groups.add(&sums);
            }
        }
        self.frames.add(&total);
        self.n_frames += 1;
    }

    pub fn n_frames(&self) -> usize {
        self.n_frames
    }

    pub fn total(&self) -> Vec<f64> {
        self.frames.total()
    }

    /// As [`Blocks::with_errors`]; of groups of centers, whose order is chance, as [`Blocks::with_errors_in_any_order`]. Values that are
    /// not finite are absent.
    pub fn with_errors(&self, of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Told> {
        if self.n_frames < FEWEST_FRAMES {
            self.groups.with_errors_in_any_order(of).into_iter().map(told).collect()
        } else {
            self.frames.told_with_errors(of)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_frame_has_errors_of_its_centers_and_many_have_errors_of_frames() {
        let mean = |s: &[f64]| vec![s[1] / s[0]];
        let add = |value: &f64, sums: &mut [f64]| {
            sums[0] += 1.0;
            sums[1] += value;
        };
        let mut one = SampleBlocks::new(2);
        one.add(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], add);
        let (value, error) = one.with_errors(&mean)[0];
        // Variance 6 of eight values.
        assert_eq!(value, Some(4.5));
        assert!((error.unwrap() - (6.0f64 / 8.0).sqrt()).abs() < 1e-12);
        // Frames that differ as wholes: what scatters within them does not matter.
        let mut four = SampleBlocks::new(2);
        for shift in [0.0, 1.0, 2.0, 3.0] {
            four.add(&[shift - 50.0, shift + 50.0], add);
        }
        let error = four.with_errors(&mean)[0].1.unwrap();
        assert!((error - (5.0f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn draws_are_without_repetition_and_no_more_than_there_are() {
        let mut all = draw(&mut random_of(1, 2), 10, 30);
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert_eq!(draw(&mut random_of(1, 2), 100, 5), draw(&mut random_of(1, 2), 100, 5));
        assert_ne!(draw(&mut random_of(1, 2), 100, 5), draw(&mut random_of(1, 3), 100, 5));
    }
}
