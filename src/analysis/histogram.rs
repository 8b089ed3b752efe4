//! A histogram of values that arrive one by one, in memory that does not grow with their number.

use crate::{Error, Result};

const N_BINS: usize = 8192;

/// Counts in equal bins over a range that doubles whenever a value falls outside it.
///
/// Moments and extremes are exact; quantiles and coarser bins are exact to one bin, at most 1/2000 of the range.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    low: f64,
    width: f64,
    n: u64,
    mean: f64,
    squares: f64,
    minimum: f64,
    maximum: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; N_BINS],
            low: 0.0,
            width: 0.0,
            n: 0,
            mean: 0.0,
            squares: 0.0,
            minimum: f64::INFINITY,
            maximum: f64::NEG_INFINITY,
        }
    }
}

impl Histogram {
    /// Counts a value.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn add(&mut self, value: f64) -> Result<()> {
        if !value.is_finite() {
            return Err(Error::Input(format!("a value is {value}; only finite numbers have a distribution")));
        }
        if self.n == 0 {
            // Narrow enough that its first doublings cost nothing, wide enough for the number's own rounding.
            self.width = value.abs().max(1e-30) * 1e-9;
            self.low = value - 0.5 * N_BINS as f64 * self.width;
        }
        while value < self.low {
            self.double(true);
        }
        while value >= self.low + N_BINS as f64 * self.width {
            self.double(false);
        }
        let bin = ((value - self.low) / self.width) as usize;
        self.counts[bin.min(N_BINS - 1)] += 1;
        self.n += 1;
        let deviation = value - self.mean;
        self.mean += deviation / self.n as f64;
        self.squares += deviation * (value - self.mean);
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        Ok(())
    }

    fn double(&mut self, downwards: bool) {
        let merged: Vec<u64> = self.counts.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
        self.counts.fill(0);
        let start = if downwards { N_BINS / 2 } else { 0 };
        self.counts[start..start + N_BINS / 2].copy_from_slice(&merged);
        if downwards {
            self.low -= N_BINS as f64 * self.width;
        }
        self.width *= 2.0;
    }

    /// Number of values.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their mean; zero where there are none.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their standard deviation; zero for fewer than two.
    pub fn standard_deviation(&self) -> f64 {
        if self.n < 2 { 0.0 } else { (self.squares / (self.n - 1) as f64).sqrt() }
    }

    /// The smallest and the largest value; `None` where there are none.
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.n > 0).then_some((self.minimum, self.maximum))
    }

    /// The value below which a share of all lies; `None` where there are none.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let (minimum, maximum) = self.range()?;
        let wanted = share.clamp(0.0, 1.0) * self.n as f64;
        let mut below = 0.0;
        for (bin, &count) in self.counts.iter().enumerate() {
            let count = count as f64;
            if count > 0.0 && below + count >= wanted {
                let value = self.low + (bin as f64 + (wanted - below) / count) * self.width;
                return Some(value.clamp(minimum, maximum));
            }
            below += count;
        }
        Some(maximum)
    }

    /// Number of values in each of `n_bins` equal bins from `low` to `high`; those outside are in none.
    pub fn rebin(&self, low: f64, high: f64, n_bins: usize) -> Vec<f64> {
        let mut bins = vec![0.0; n_bins];
        let width = (high - low) / n_bins as f64;
        for (i, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            // The first and the last fine bin have their values on this side of the extremes.
            let start = (self.low + i as f64 * self.width).max(self.minimum);
            let end = (self.low + (i + 1) as f64 * self.width).min(self.maximum);
            // A fine bin that straddles an edge is shared out by length.
            for (b, bin) in bins.iter_mut().enumerate() {
                let (from, to) = (low + b as f64 * width, low + (b + 1) as f64 * width);
                let is_last = b + 1 == n_bins && start <= high;
                *bin += count as f64
                    * match end > start {
                        true => ((end.min(to) - start.max(from)) / (end - start)).max(0.0),
                        false => f64::from(u8::from(from <= start && (start < to || is_last))),
                    };
            }
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|v| histogram.add(v).unwrap());
        histogram
    }

    #[test]
    fn quantiles_of_even_spacing() {
        let histogram = of((0..10_000).map(|i| -3.0 + 7.0 * f64::from((i * 7919) % 10_000) / 10_000.0));
        for share in [0.01, 0.25, 0.5, 0.9] {
            let quantile = histogram.quantile(share).unwrap();
            assert!((quantile - (-3.0 + 7.0 * share)).abs() < 7.0 / 2000.0, "{share}: {quantile}");
        }
        assert_eq!(histogram.quantile(0.0), Some(-3.0));
        assert!((histogram.standard_deviation() - 7.0 / 12f64.sqrt()).abs() < 1e-3);
        assert!((histogram.mean() - 0.49965).abs() < 1e-9);
    }

    #[test]
    fn rebinning_keeps_the_number() {
        let histogram = of((0..5000).map(|i| (f64::from(i) * 0.37).sin() * 2.0 + 5.0));
        let bins = histogram.rebin(2.9, 7.1, 13);
        assert!((bins.iter().sum::<f64>() - 5000.0).abs() < 1e-6);
        assert!((histogram.rebin(5.0, 8.0, 3).iter().sum::<f64>() - 2500.0).abs() < 30.0);
        let (low, high) = histogram.range().unwrap();
        assert!((histogram.rebin(low, high, 13).iter().sum::<f64>() - 5000.0).abs() < 1e-6);
        assert_eq!(of([1.0, 2.0, 2.0]).rebin(1.0, 2.0, 2), [1.0, 2.0]);
        assert_eq!(of([1.5; 3]).rebin(1.0, 2.0, 4), [0.0, 0.0, 3.0, 0.0]);
        assert_eq!(histogram.rebin(20.0, 30.0, 4), [0.0; 4]);
        assert_eq!(histogram.rebin(-30.0, -20.0, 4), [0.0; 4]);
    }

    #[test]
    fn equal_values_and_far_ones() {
        let equal = of([0.5; 10]);
        assert_eq!((equal.quantile(0.3), equal.standard_deviation()), (Some(0.5), 0.0));
        let far = of([0.0, 1e12, -1e12]);
        assert_eq!(far.range(), Some((-1e12, 1e12)));
        assert!(far.quantile(0.5).unwrap().abs() < 1e9);
        assert_eq!(Histogram::default().quantile(0.5), None);
        assert!(Histogram::default().add(f64::NAN).unwrap_err().to_string().contains("NaN"));
    }
}
