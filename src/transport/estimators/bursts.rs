//! Displacements that come in bursts: what their slope scatters by, beside Gaussian motion.

/// Length of the shortest blocks in spacings of the fit; those of Gaussian motion are hardly correlated then.
const SHORTEST: usize = 3;

/// Blocks at least.
const FEWEST_BLOCKS: f64 = 8.0;

/// Blocks tell of bursts where their variance is larger than that of Gaussian motion by so many of its standard errors.
const CLEARLY: f64 = 3.0;

/// By what the error of a line's slope per frame is to be widened, at least 1: the standard deviation of the slope by blocks of the run,
/// over the error that is stated for Gaussian motion with equal components.
///
/// The slope is a mean over origins of `sum_i w_i |M(t + l_i) - M(t)|^2`, whose variance moving blocks of three spacings, six and so on
/// tell (H. R. Kuensch, Ann. Statist. 17, 1217 (1989)), whatever its distribution. Few rare jumps, carriers that are fast at times, and
/// conduction along one direction make it larger than Gaussian motion does. The largest is taken of those that are so by more than three
/// standard errors of theirs, which of Gaussian motion hardly ever happens.
pub(super) fn widening<const D: usize>(displacements: &[[f64; D]], spacing: usize, weights: &[f64], error: f64) -> f64 {
    let n_frames = displacements.len();
    let n = n_frames.saturating_sub(spacing * weights.len());
    let squared = |t: usize, lag: usize| {
        let (from, to) = (&displacements[t], &displacements[t + lag]);
        from.iter().zip(to).map(|(a, b)| (b - a).powi(2)).sum::<f64>()
    };
    let at = |t: usize| weights.iter().zip(1..).map(|(w, i)| w * squared(t, i * spacing)).sum::<f64>();
    let values: Vec<f64> = (0..n).map(at).collect();
    let mean = values.iter().sum::<f64>() / n as f64;
    let mut sums = vec![0.0];
    sums.extend(values.iter().scan(0.0, |sum, value| {
        *sum += value - mean;
        Some(*sum)
    }));
    let mut largest: f64 = 1.0;
    let mut length = SHORTEST * spacing;
    while n as f64 / length as f64 >= FEWEST_BLOCKS {
        let n_blocks = n as f64 / length as f64;
        let of_blocks = sums[length..].iter().zip(&sums).map(|(end, start)| ((end - start) / length as f64).powi(2));
        let variance = of_blocks.sum::<f64>() / (sums.len() - length) as f64 / (n_blocks - 1.0);
        // The line is of all frames, more than there are origins of its longest lag.
        let ratio = variance * n as f64 / n_frames as f64 / error.powi(2);
        if ratio.is_finite() && ratio > 1.0 + CLEARLY * (2.0 / n_blocks).sqrt() {
            largest = largest.max(ratio);
        }
        length *= 2;
    }
    largest.sqrt()
}
