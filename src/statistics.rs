//! The mean of a correlated series and its standard error, by block averaging.

use crate::{Error, Result};
use serde::Serialize;

/// Fewer blocks than this say nothing about the scatter of their means.
const FEWEST_BLOCKS: usize = 6;

/// The mean of a series, in the series' own units, and what is known of its error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeanEstimate {
    pub mean: f64,
    pub n_samples: usize,
    /// Absent for a single sample.
    pub error: Option<BlockError>,
}

/// Standard error of a mean from the scatter of block means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockError {
    /// Standard error of the mean.
    pub value: f64,
    /// Standard error of `value` itself: `value / sqrt(2 (n_blocks - 1))`.
    pub uncertainty: f64,
    /// Samples in a block.
    pub block_length: usize,
    pub n_blocks: usize,
    /// How many samples are worth one independent sample.
    pub inefficiency: f64,
    /// False where the series is too short for blocks that outlast its correlations; `value` is then too small.
    pub converged: bool,
}

impl std::fmt::Display for MeanEstimate {
    /// `0.742 ± 0.011`: to the second digit of the error; `7.42e-13 ± 1.1e-14` where that takes more than twelve decimals.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let error = self.error.as_ref().map_or(0.0, |error| error.value);
        if error == 0.0 {
            let would_be_lost = self.mean != 0.0 && self.mean.abs() < 1e-3;
            return if would_be_lost { write!(f, "{:.2e}", self.mean) } else { write!(f, "{:.4}", self.mean) };
        }
        let decimals = (1.0 - error.log10().floor()).max(0.0) as usize;
        if decimals > 12 {
            return write!(f, "{:.2e} \u{b1} {error:.1e}", self.mean);
        }
        write!(f, "{:.decimals$} \u{00b1} {error:.decimals$}", self.mean)
    }
}

/// Mean of equally spaced samples with the standard error that their correlation leaves.
///
/// The error is that of block means (H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91, 461 (1989)) at the
/// shortest block length `B` from which on `B^3 > 2 n g(B)^2`, with `g` the square of the ratio of the error from blocks of `B`
/// to that from single samples: there the bias of short blocks and the noise of few are in balance (R. M. Lee et al.,
/// Phys. Rev. E 83, 066706 (2011)). Samples before the first full block count in the mean alone.
///
/// # Errors
/// An empty series, or one with values that are not finite.
pub fn mean_with_error(samples: &[f64]) -> Result<MeanEstimate> {
    let n = samples.len();
    if n == 0 {
        return Err(Error::Input("the mean of no samples was asked for".into()));
    }
    if let Some(i) = samples.iter().position(|v| !v.is_finite()) {
        return Err(Error::Input(format!("sample {} of {n} is {}; a mean needs finite numbers", i + 1, samples[i])));
    }
    let mean = samples.iter().sum::<f64>() / n as f64;
    Ok(MeanEstimate { mean, n_samples: n, error: (n > 1).then(|| block_error(samples, mean)) })
}

fn block_error(samples: &[f64], mean: f64) -> BlockError {
    let n = samples.len();
    // Sums of deviations, so that a large mean does not eat the digits of a small scatter.
    let mut sums = Vec::with_capacity(n + 1);
    sums.push(0.0);
    for sample in samples {
        sums.push(sums[sums.len() - 1] + (sample - mean));
    }
    let single = error_from_blocks(&sums, 1);
    let report = |block_length: usize, value: f64, converged: bool| {
        let n_blocks = n / block_length;
        let inefficiency = if single > 0.0 { (value / single).powi(2) } else { 1.0 };
        let uncertainty = value / (2.0 * (n_blocks as f64 - 1.0)).sqrt();
        BlockError { value, uncertainty, block_length, n_blocks, inefficiency, converged }
    };
    if single == 0.0 {
        return report(1, 0.0, n >= FEWEST_BLOCKS);
    }
    // Small errors by chance pass the test at short blocks too: what counts is that all longer blocks pass.
    let errors: Vec<f64> = (1..=(n / FEWEST_BLOCKS).max(1)).map(|length| error_from_blocks(&sums, length)).collect();
    let too_short = |length: usize| {
        let inefficiency = (errors[length - 1] / single).powi(2).max(1.0);
        (length as f64).powi(3) <= 2.0 * n as f64 * inefficiency.powi(2)
    };
    let chosen = (1..=errors.len()).rev().find(|&length| too_short(length)).map_or(1, |length| length + 1);
    if chosen <= errors.len() {
        return report(chosen, errors[chosen - 1], true);
    }
    let largest = (0..errors.len()).max_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0);
    report(largest + 1, errors[largest], false)
}

/// Standard error of the mean if blocks of this length were independent; `sums[i]` is the sum of the first `i`.
fn error_from_blocks(sums: &[f64], block_length: usize) -> f64 {
    let n = sums.len() - 1;
    let n_blocks = n / block_length;
    let first = n - n_blocks * block_length;
    let mean = (sums[n] - sums[first]) / (n - first) as f64;
    let squares: f64 = (0..n_blocks)
        .map(|b| {
            let start = first + b * block_length;
            ((sums[start + block_length] - sums[start]) / block_length as f64 - mean).powi(2)
        })
        .sum();
    (squares / (n_blocks * (n_blocks - 1)) as f64).sqrt()
}

/// Mean of some values, and their standard deviation about it, with their number as denominator.
pub(crate) fn mean_and_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    [mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()]
}

/// Pearson's correlation of two lists of equal length; 0 where one of them does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (x, y) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let of = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - x, b - y)).sum::<f64>();
    let both = (of(&|a, _| a * a) * of(&|_, b| b * b)).sqrt();
    if both > 0.0 { of(&|a, b| a * b) / both } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn correlations_are_those_of_hand() {
        assert!((correlation(&[1.0, 2.0, 3.0], &[5.0, 7.0, 9.0]) - 1.0).abs() < 1e-12);
        // Deviations -1, 0, 1 and -1, 2, -1 do not go together; -2, 0, 2 and 1, 0, -1 are opposite.
        assert!(correlation(&[1.0, 2.0, 3.0], &[0.0, 3.0, 0.0]).abs() < 1e-12);
        assert!((correlation(&[0.0, 2.0, 4.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }

    /// `x[i+1] = phi x[i] + noise`, of variance 1 and mean 0.
    fn autoregressive(phi: f64, n: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
        let mut x = normal(random);
        (0..n)
            .map(|_| {
                x = phi * x + (1.0 - phi * phi).sqrt() * normal(random);
                x
            })
            .collect()
    }

    /// The exact standard error of the mean of `n` values of that process.
    fn exact_error(phi: f64, n: usize) -> f64 {
        let n = n as f64;
        let correlated = (1.0 + phi) / (1.0 - phi) - 2.0 * phi * (1.0 - phi.powf(n)) / (n * (1.0 - phi).powi(2));
        (correlated / n).sqrt()
    }

    /// Root mean square of the estimated error over the exact one, the share of runs whose mean lies within two
    /// estimated errors of the truth, and the share of runs that call themselves converged.
    fn trial(phi: f64, n: usize) -> (f64, f64, f64) {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let runs = 600;
        let exact = exact_error(phi, n);
        let (mut squares, mut covered, mut converged) = (0.0, 0, 0);
        for _ in 0..runs {
            let estimate = mean_with_error(&autoregressive(phi, n, &mut random)).unwrap();
            let error = estimate.error.unwrap();
            squares += (error.value / exact).powi(2) / f64::from(runs);
            covered += i32::from(estimate.mean.abs() < 2.0 * error.value);
            converged += i32::from(error.converged);
        }
        (squares.sqrt(), f64::from(covered) / f64::from(runs), f64::from(converged) / f64::from(runs))
    }

    #[test]
    fn autoregressive_errors_are_the_exact_ones() {
        for (phi, n) in [(0.0, 1000), (0.5, 1000), (0.9, 4000), (0.97, 20000)] {
            let (ratio, coverage, converged) = trial(phi, n);
            assert!((0.93..1.08).contains(&ratio), "phi {phi}, n {n}: error {ratio} of the exact one");
            assert!((0.92..0.98).contains(&coverage), "phi {phi}, n {n}: covers {coverage}");
            assert!(converged > 0.99, "phi {phi}, n {n}: converged in {converged}");
        }
    }

    #[test]
    fn a_short_series_still_gives_an_error() {
        let (ratio, coverage, _) = trial(0.5, 64);
        assert!((0.85..1.05).contains(&ratio), "error {ratio} of the exact one");
        assert!(coverage > 0.85, "covers {coverage}");
    }

    #[test]
    fn a_series_shorter_than_its_correlations_says_so() {
        let (ratio, _, converged) = trial(0.99, 200);
        assert!(ratio < 0.9 && converged < 0.1, "error {ratio} of the exact one, converged in {converged}");
    }

    #[test]
    fn the_error_knows_its_own_error() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let errors: Vec<BlockError> = (0..400)
            .map(|_| mean_with_error(&autoregressive(0.5, 2000, &mut random)).unwrap().error.unwrap())
            .collect();
        let mean = errors.iter().map(|e| e.value).sum::<f64>() / 400.0;
        let spread = (errors.iter().map(|e| (e.value - mean).powi(2)).sum::<f64>() / 399.0).sqrt();
        let claimed = errors.iter().map(|e| e.uncertainty).sum::<f64>() / 400.0;
        assert!((0.75..1.3).contains(&(spread / claimed)), "errors scatter by {spread}, {claimed} claimed");
    }

    #[test]
    fn few_or_equal_samples() {
        assert_eq!(mean_with_error(&[3.0]).unwrap(), MeanEstimate { mean: 3.0, n_samples: 1, error: None });
        let two = mean_with_error(&[1.0, 3.0]).unwrap();
        let error = two.error.unwrap();
        assert!((two.mean - 2.0).abs() < 1e-15 && (error.value - 1.0).abs() < 1e-15 && !error.converged);
        let equal = mean_with_error(&[0.1; 50]).unwrap().error.unwrap();
        assert!(equal.value < 1e-15, "{}", equal.value);
    }

    #[test]
    fn a_large_offset_changes_nothing() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let series = autoregressive(0.8, 500, &mut random);
        let shifted: Vec<f64> = series.iter().map(|v| v + 1e6).collect();
        let (a, b) = (mean_with_error(&series).unwrap(), mean_with_error(&shifted).unwrap());
        assert!((a.error.unwrap().value - b.error.unwrap().value).abs() < 1e-8);
        assert!((b.mean - a.mean - 1e6).abs() < 1e-8);
    }

    #[test]
    fn printed_to_the_second_digit_of_the_error() {
        let print = |mean, value| {
            let error = BlockError {
                value,
                uncertainty: 0.0,
                block_length: 1,
                n_blocks: 9,
                inefficiency: 1.0,
                converged: true,
            };
            MeanEstimate { mean, n_samples: 9, error: Some(error) }.to_string()
        };
        assert_eq!(print(0.74216, 0.0114), "0.742 \u{00b1} 0.011");
        assert_eq!(print(-1234.5, 250.0), "-1234 \u{00b1} 250");
        assert_eq!(print(7.42e-13, 1.1e-14), "7.42e-13 \u{b1} 1.1e-14");
        assert_eq!(mean_with_error(&[0.5]).unwrap().to_string(), "0.5000");
        assert_eq!(mean_with_error(&[5e-5]).unwrap().to_string(), "5.00e-5");
    }

    #[test]
    fn what_has_no_mean_is_refused() {
        assert!(mean_with_error(&[]).unwrap_err().to_string().contains("no samples"));
        assert!(mean_with_error(&[1.0, f64::NAN]).unwrap_err().to_string().contains("sample 2 of 2 is NaN"));
    }
}
