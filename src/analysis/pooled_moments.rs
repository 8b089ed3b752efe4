//! Skewness and kurtosis of all values of a run, with errors that know that frames are alike.
//!
//! The skewness of a frame of few ions is too small on average, by whatever the distribution is skewed (0.75 for 1 where 16 values are of
//! a gamma distribution), and a mean over frames stays so; moments of all frames together do not.

use crate::Result;
use crate::statistics::{MeanEstimate, mean_with_error};

/// Sums of powers of each frame's values.
#[derive(Clone, Debug, Default)]
pub(super) struct PooledMoments {
    /// Powers are of the distance to this, lest digits be lost: the mean of the first frame.
    origin: f64,
    frames: Vec<Frame>,
}

/// The number of values, and the sums of their first four powers.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    n: f64,
    powers: [f64; 4],
}

impl Frame {
    /// Sums of the first four powers of `(v - mean) / deviation`.
    fn standardized(&self, mean: f64, deviation: f64) -> [f64; 4] {
        let Self { n, powers: [a, b, c, d] } = *self;
        let m = mean;
        let about = [
            a - m * n,
            b - 2.0 * m * a + m * m * n,
            c - 3.0 * m * b + 3.0 * m * m * a - m.powi(3) * n,
            d - 4.0 * m * c + 6.0 * m * m * b - 4.0 * m.powi(3) * a + m.powi(4) * n,
        ];
        std::array::from_fn(|k| about[k] / deviation.powi(k as i32 + 1))
    }
}

impl PooledMoments {
    /// Adds a frame's values.
    pub(super) fn add(&mut self, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let n = values.len() as f64;
        if self.frames.is_empty() {
            self.origin = values.iter().sum::<f64>() / n;
        }
        let mut powers = [0.0; 4];
        for v in values {
            let d = v - self.origin;
            powers.iter_mut().enumerate().for_each(|(k, sum)| *sum += d.powi(k as i32 + 1));
        }
        self.frames.push(Frame { n, powers });
    }

    /// G1 and G2 of at least four values that are not all the same, as [`super::ShapeSummary`] has them.
    ///
    /// Errors are those of the mean over frames of what values add to skewness `g` and kurtosis `b` to first order, with `z` standardized:
    /// `z^3 - 3 z - g - 3/2 g (z^2 - 1)` and `z^4 - 4 g z - b - 2 b (z^2 - 1)`.
    ///
    /// # Errors
    /// As [`mean_with_error`].
    pub(super) fn shape(&self) -> Result<[MeanEstimate; 2]> {
        let sum = |of: &dyn Fn(&Frame) -> f64| self.frames.iter().map(of).sum::<f64>();
        let n = sum(&|frame| frame.n);
        let mean = sum(&|frame| frame.powers[0]) / n;
        let deviation = (sum(&|frame| frame.standardized(mean, 1.0)[1]) / n).sqrt();
        let frames: Vec<(f64, [f64; 4])> =
            self.frames.iter().map(|frame| (frame.n, frame.standardized(mean, deviation))).collect();
        let moment = |k: usize| frames.iter().map(|(_, z)| z[k - 1]).sum::<f64>() / n;
        let (g, b) = (moment(3), moment(4));
        // A frame of more ions counts for more.
        let share = n / frames.len() as f64;
        let skewed = |(n, z): &(f64, [f64; 4])| z[2] - 3.0 * z[0] - g * n - 1.5 * g * (z[1] - n);
        let tailed = |(n, z): &(f64, [f64; 4])| z[3] - 4.0 * g * z[0] - b * n - 2.0 * b * (z[1] - n);
        let skewness: Vec<f64> = frames.iter().map(|frame| g + skewed(frame) / share).collect();
        let kurtosis: Vec<f64> = frames.iter().map(|frame| b + tailed(frame) / share).collect();
        let g1 = g * (n * (n - 1.0)).sqrt() / (n - 2.0);
        let g2 = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (b - 3.0) + 6.0);
        Ok([
            MeanEstimate { mean: g1, ..mean_with_error(&skewness)? },
            MeanEstimate { mean: g2, ..mean_with_error(&kurtosis)? },
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Skewness and excess kurtosis of so many frames, each of which stands so often.
    fn shape(frames: usize, ions: usize, times: usize, of: &mut dyn FnMut() -> f64) -> [MeanEstimate; 2] {
        let mut moments = PooledMoments::default();
        for _ in 0..frames {
            let values: Vec<f64> = (0..ions).map(|_| of()).collect();
            (0..times).for_each(|_| moments.add(&values));
        }
        moments.shape().unwrap()
    }

    /// Of a gamma distribution of shape 4, whose skewness is 1 and whose excess kurtosis is 1.5.
    fn gamma(random: &mut ChaCha8Rng) -> f64 {
        -(0..4).map(|_| (1.0 - random.random::<f64>()).ln()).sum::<f64>()
    }

    fn error(estimate: &MeanEstimate) -> f64 {
        estimate.error.as_ref().unwrap().value
    }

    fn assert_is(found: &[MeanEstimate; 2], exact: [f64; 2], what: &str) {
        for (estimate, exact) in found.iter().zip(exact) {
            assert!((estimate.mean - exact).abs() < 3.5 * error(estimate), "{what}: {estimate} for {exact}");
        }
    }

    #[test]
    fn few_and_many_ions_have_the_shape_of_their_distribution() {
        for (frames, ions) in [(4000, 4), (2000, 16), (1000, 100), (100, 5000)] {
            let mut random = ChaCha8Rng::seed_from_u64(ions as u64);
            let what = format!("{frames} frames of {ions}");
            let found = shape(frames, ions, 1, &mut || 3.0 + 0.1 * gamma(&mut random));
            assert_is(&found, [1.0, 1.5], &what);
            assert!(error(&found[0]) < 0.1 && error(&found[1]) < 0.4, "{what}: {} {}", found[0], found[1]);
            let found = shape(frames, ions, 1, &mut || -2.0 + 0.3 * normal(&mut random));
            assert_is(&found, [0.0, 0.0], &what);
            // Of independent values of a normal distribution.
            let values = (frames * ions) as f64;
            let ratios = [error(&found[0]) / (6.0 / values).sqrt(), error(&found[1]) / (24.0 / values).sqrt()];
            assert!(ratios.iter().all(|ratio| (0.7..1.4).contains(ratio)), "{what}: {ratios:?}");
        }
    }

    #[test]
    fn errors_are_what_runs_scatter_by_also_where_frames_are_alike() {
        for times in [1, 10] {
            let (mut departures, mut stated) = ([0.0; 2], [0.0; 2]);
            for seed in 0..60 {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let found = shape(400, 16, times, &mut || gamma(&mut random));
                for (k, exact) in [1.0, 1.5].into_iter().enumerate() {
                    departures[k] += (found[k].mean - exact).powi(2);
                    stated[k] += error(&found[k]).powi(2);
                }
            }
            let ratios = [0, 1].map(|k| (stated[k] / departures[k]).sqrt());
            assert!(ratios.iter().all(|ratio| (0.65..1.5).contains(ratio)), "{times}: {ratios:?}");
        }
    }

    #[test]
    fn moments_are_about_the_mean_of_all_frames() {
        let mut moments = PooledMoments::default();
        // Frames of other numbers and means: -3, -1, -1, 0, 0 and 5 about the mean of all, 3.
        moments.add(&[0.0, 2.0]);
        moments.add(&[2.0, 3.0, 3.0, 8.0]);
        let [skewness, kurtosis] = moments.shape().unwrap();
        let (m2, m3, m4) = (36.0f64 / 6.0, 96.0 / 6.0, 708.0 / 6.0);
        let (g, b, n) = (m3 / m2.powf(1.5), m4 / (m2 * m2), 6.0f64);
        assert!((skewness.mean - g * (n * (n - 1.0)).sqrt() / (n - 2.0)).abs() < 1e-12, "{skewness}");
        let g2 = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (b - 3.0) + 6.0);
        assert!((kurtosis.mean - g2).abs() < 1e-12, "{kurtosis}");
    }
}
