//! How long an ion keeps its local conductivity: autocorrelation, dwell times, transitions between low, middle and high.

use serde::Serialize;

use super::FieldHistory;
use super::autocorrelation::{autocorrelations, normalized};
use super::history::CLASSES;
use super::parts::{Parts, Point};
use super::visits::{Visits, mean_length, probability};

/// What the history says, times in frames.
///
/// Errors are the larger of two: from leaving out the ions of one part of the cell in turn, by where they are in the first
/// frame, since neighbours change together; and from leaving out one part of the run, for what all ions have in common.
#[derive(Clone, Debug, Serialize)]
pub struct TemporalSummary {
    /// Number of ions that it is of: fewer than there are where the run was too long to keep all.
    pub n_ions: usize,
    /// Frames between the two instants of each point of the curves.
    pub lags: Vec<usize>,
    /// `<d(0) d(t)> / <d^2>` per ion, with `d` the departure from the mean over ions and time.
    pub full: Vec<Point>,
    /// The same with the mean over ions taken away at each instant.
    pub fluctuation: Vec<Point>,
    /// Integral of the latter up to where it first falls to zero within its error, in frames; absent where it does not within a
    /// quarter of the run.
    pub relaxation: Option<Point>,
    /// Shares of visits to a class that last so many frames, for the lower, middle and upper third of all values; visits that
    /// the run's ends cut are left out.
    pub dwell: [Vec<f64>; CLASSES],
    /// The same if each frame were independent of the last: `p^(k - 1) (1 - p)` for `k` frames, with `p` the class's share.
    pub independent_dwell_distribution: [Vec<f64>; CLASSES],
    /// Mean length of a visit, with its error, and what it would be if each frame were independent of the last.
    pub mean_dwell: [Point; CLASSES],
    pub independent_dwell: [f64; CLASSES],
    /// `[from][to]`: probability to be in a class one frame later, and the same for independent frames.
    pub transitions: [[Point; CLASSES]; CLASSES],
    pub independent: [f64; CLASSES],
}

impl FieldHistory {
    /// Correlations up to a quarter of the run; none for fewer than eight frames, nor of what is the same for all ions at all times.
    pub fn summary(&self) -> Option<TemporalSummary> {
        if self.n_frames() < 8 || self.n_ions() < 2 || self.is_uniform() {
            return None;
        }
        let correlations = autocorrelations(self);
        let fluctuation = correlations.fluctuation.with_errors(&normalized);
        let visits = Visits::of(self);
        let independent = visits.shares;
        let geometric = |c: usize| -> Vec<f64> {
            let p = independent[c];
            (0..visits.lengths[c].len() as i32).map(|k| p.powi(k) * (1.0 - p)).collect()
        };
        let shares = |lengths: &Vec<f64>| -> Vec<f64> {
            let all: f64 = lengths.iter().sum();
            lengths.iter().map(|v| v / all).collect()
        };
        Some(TemporalSummary {
            n_ions: self.n_ions(),
            lags: (0..fluctuation.len()).collect(),
            full: correlations.full.with_errors(&normalized),
            relaxation: relaxation(&fluctuation, &correlations.fluctuation),
            fluctuation,
            dwell: std::array::from_fn(|c| shares(&visits.lengths[c])),
            independent_dwell_distribution: std::array::from_fn(geometric),
            mean_dwell: std::array::from_fn(|c| visits.point(&|sums| mean_length(sums, c))),
            independent_dwell: independent.map(|p| 1.0 / (1.0 - p)),
            transitions: std::array::from_fn(|a| {
                std::array::from_fn(|b| visits.point(&|sums| probability(sums, a, b)))
            }),
            independent,
        })
    }
}

/// By the trapezoidal rule, up to where the curve is zero within its error; how far that is differs from part to part.
fn relaxation(curve: &[Point], products: &Parts) -> Option<Point> {
    let end = |values: &[f64]| values.iter().zip(curve).position(|(value, (_, error))| *value <= error.unwrap_or(0.0));
    let integral = |sums: &[f64]| {
        let values = normalized(sums);
        values[..end(&values).unwrap_or(values.len())].iter().sum::<f64>() - 0.5
    };
    let values: Vec<f64> = curve.iter().map(|(value, _)| *value).collect();
    end(&values).map(|_| products.with_error_of_steps(&integral))
}

#[cfg(test)]
mod tests;
