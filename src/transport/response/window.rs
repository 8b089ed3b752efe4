//! Which stretch of the drift is steady, and worth its noise.

use super::{Pair, ResponseOptions, inefficiency, mean};
use crate::transport::estimators::Estimate;
use crate::{Error, Result};

/// Share of a free ion's drift that may be missing in the mean over the window.
pub const MISSING: f64 = 0.003;

/// Ends of windows, as shares of the length.
const ENDS: [f64; 3] = [0.5, 0.75, 1.0];

/// Starts of windows, in terms of the earliest.
const STARTS: [f64; 4] = [1.0, 1.5, 2.0, 3.0];

/// The shortest window, as a share of the length.
const SHORTEST: f64 = 0.25;

/// A window by places in the series, with the error of its slope.
#[derive(Clone, Debug)]
pub struct Window {
    pub from: usize,
    pub to: usize,
    pub error: f64,
    pub later: Option<f64>,
}

impl Window {
    /// Mean slope over the window. Once chaos has set in, the drift's noise is that of a random walk, whose end points
    /// say all of its slope.
    pub fn slope(&self, drift: &[f64], interval: f64) -> f64 {
        slope(drift, self.from, self.to, interval)
    }
}

fn slope(drift: &[f64], from: usize, to: usize, interval: f64) -> f64 {
    (drift[to] - drift[from]) / ((to - from) as f64 * interval)
}

/// The window whose noise and difference from the latest window are least together.
pub fn choose(pairs: &[Pair], options: &ResponseOptions) -> Result<Window> {
    let interval = options.interval;
    let last = pairs[0].drift.len().saturating_sub(1);
    let earliest = earliest(last, options)?;
    let shortest = ((SHORTEST * last as f64).round() as usize).max(1);
    let mut candidates: Vec<(usize, usize)> = vec![];
    for end in ENDS {
        let to = (end * last as f64).round() as usize;
        for start in STARTS {
            let from = (start * earliest as f64).round() as usize;
            if from + shortest <= to && !candidates.contains(&(from, to)) {
                candidates.push((from, to));
            }
        }
    }
    let latest_start = candidates.iter().map(|c| c.0).max().unwrap_or(earliest);
    let latest = (latest_start.max(last / 2), last);
    if !candidates.contains(&latest) {
        candidates.push(latest);
    }
    let slopes = |(from, to): (usize, usize)| -> Vec<f64> {
        pairs.iter().map(|pair| slope(&pair.drift, from, to, interval)).collect()
    };
    let reference = slopes(latest);
    let mut best: Option<(f64, Window)> = None;
    for candidate in candidates {
        let own = slopes(candidate);
        let noise: Estimate = mean(&own);
        let differences: Vec<f64> = own.iter().zip(&reference).map(|(a, b)| a - b).collect();
        let difference = mean(&differences);
        // What the difference is beyond its noise is a bias; half of it stays in the error, for what noise hides.
        let excess = (difference.value.powi(2) - difference.error.powi(2)).max(0.0);
        let risk = noise.error.powi(2) + excess;
        let error = (noise.error.powi(2) * inefficiency(&own) + 0.25 * difference.value.powi(2)).sqrt();
        let later = (difference.error > 0.0).then(|| difference.value / difference.error);
        if best.as_ref().is_none_or(|(least, _)| risk < *least) {
            best = Some((risk, Window { from: candidate.0, to: candidate.1, error, later }));
        }
    }
    best.map(|(_, window)| window).ok_or_else(too_short)
}

fn too_short() -> Error {
    Error::Input(
        "paired response: the runs are too short for a window after free ions have reached their drift; make them at \
         least 8 damping times long"
            .into(),
    )
}

/// Place after which a window to the end misses less than [`MISSING`] of a free ion's drift.
pub fn earliest(last: usize, options: &ResponseOptions) -> Result<usize> {
    let start = match options.damp {
        // The mean of exp(-t/damp) from t on.
        Some(damp) => (0..last).find(|&k| {
            let (t, left) = (k as f64 * options.interval, (last - k) as f64 * options.interval);
            damp / left * (-t / damp).exp() < MISSING
        }),
        None => Some(last / 4),
    };
    start.filter(|&start| last >= 8 && start as f64 <= 0.6 * last as f64).ok_or_else(too_short)
}
