//! Errors of everything that is averaged over time, from leaving out stretches of it.

use super::estimators::Estimate;
use super::msd::MsdTable;

/// Means over time of a table, with those that are left when one stretch of time after another is left out.
///
/// A delete-one-block jackknife whose block begins at every block of the table in turn (H. R. Kuensch, Ann. Statist. 17,
/// 1217 (1989)): at equal length of the stretches it scatters less than one with stretches side by side.
#[derive(Clone, Debug)]
pub(super) struct Jackknife {
    all: Vec<f64>,
    without: Vec<Vec<f64>>,
    scale: f64,
    /// Stretches that the run consists of.
    n_stretches: usize,
}

impl Jackknife {
    /// Stretches of `length` frames or a little more.
    pub fn new(table: &MsdTable, length: usize) -> Self {
        let n_blocks = table.sums.len();
        let width = length.div_ceil(table.block_length).clamp(1, n_blocks.max(1));
        let (sums, weights) = (totals(&table.sums), totals(&table.weights));
        let mean = |lag: usize, from: usize, to: usize| {
            let left = |total: &[Vec<f64>]| total[n_blocks][lag] - (total[to][lag] - total[from][lag]);
            left(&sums) / left(&weights)
        };
        let row = |from: usize, to: usize| (0..table.lags.len()).map(|lag| mean(lag, from, to)).collect();
        Self {
            all: row(0, 0),
            without: (0..=n_blocks - width).map(|first| row(first, first + width)).collect(),
            scale: (n_blocks - width) as f64 / width as f64,
            n_stretches: n_blocks / width,
        }
    }

    /// Means over all of the run, by lag.
    pub fn means(&self) -> &[f64] {
        &self.all
    }

    pub fn n_stretches(&self) -> usize {
        self.n_stretches
    }

    /// A function of the means, and its value without each stretch.
    pub fn replicates(&self, value: impl Fn(&[f64]) -> f64) -> Replicates {
        let all = value(&self.all);
        Replicates {
            value: all,
            deviations: self.without.iter().map(|means| value(means) - all).collect(),
            scale: self.scale,
            choice: 0.0,
        }
    }
}

/// Sums over the rows before each, and over all: one row more than there were.
fn totals(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut sum = vec![0.0; rows.first().map_or(0, Vec::len)];
    let mut out = vec![sum.clone()];
    for row in rows {
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += value;
        }
        out.push(sum.clone());
    }
    out
}

/// A value, and what leaving out each stretch of time changes in it.
#[derive(Clone, Debug)]
pub(super) struct Replicates {
    pub value: f64,
    deviations: Vec<f64>,
    scale: f64,
    /// An error that is not from time: what a choice makes of the value, with its sign.
    choice: f64,
}

impl Replicates {
    /// With an error that a choice has made, common to all values that have one.
    pub fn with_choice(mut self, choice: f64) -> Self {
        self.choice = choice;
        self
    }

    /// The same of a multiple of the value.
    pub fn scaled(mut self, factor: f64) -> Self {
        self.value *= factor;
        self.choice *= factor;
        self.deviations.iter_mut().for_each(|deviation| *deviation *= factor);
        self
    }

    /// With another value from the same stretches of time.
    pub fn covariance(&self, other: &Self) -> f64 {
        let products = self.deviations.iter().zip(&other.deviations).map(|(a, b)| a * b);
        self.scale * products.sum::<f64>() / self.deviations.len() as f64 + self.choice * other.choice
    }

    pub fn error(&self) -> f64 {
        self.covariance(self).sqrt()
    }

    pub fn estimate(&self) -> Estimate {
        Estimate { value: self.value, error: self.error() }
    }

    /// Standard error of the difference from another value.
    pub fn error_of_difference(&self, other: &Self) -> f64 {
        let squares = self.deviations.iter().zip(&other.deviations).map(|(a, b)| (a - b).powi(2));
        (self.scale * squares.sum::<f64>() / self.deviations.len() as f64).sqrt()
    }
}
