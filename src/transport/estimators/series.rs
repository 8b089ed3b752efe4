//! What every estimator demands of its series.

use crate::{Error, Result};

/// The components of a series, one after another, after the checks that all estimators share.
///
/// # Errors
/// A spacing that is not positive, fewer than `fewest` frames, values that are not finite.
pub(super) fn components<const D: usize>(
    what: &str,
    series: &[[f64; D]],
    dt: f64,
    fewest: usize,
) -> Result<Vec<Vec<f64>>> {
    if !(dt.is_finite() && dt > 0.0) {
        return Err(Error::Input(format!("{what}: the time between frames is {dt}; it must be positive")));
    }
    if series.len() < fewest {
        return Err(Error::Input(format!(
            "{what}: {} frames are too few; at least {fewest} equally spaced ones are needed, and a useful error takes \
             hundreds",
            series.len()
        )));
    }
    if let Some(i) = series.iter().position(|row| row.iter().any(|v| !v.is_finite())) {
        return Err(Error::Input(format!(
            "{what}: frame {} of {} is {:?}; every value must be finite",
            i + 1,
            series.len(),
            series[i]
        )));
    }
    Ok((0..D).map(|c| series.iter().map(|row| row[c]).collect()).collect())
}

/// Refuses two series that do not run side by side.
pub(super) fn same_length(what: &str, a: usize, b: usize) -> Result<()> {
    if a == b {
        return Ok(());
    }
    Err(Error::Input(format!("{what}: the series have {a} and {b} frames; they must run over the same frames")))
}
