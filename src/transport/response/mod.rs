//! Conductivity from paired runs under opposite fields that share velocities and thermostat noise.
//!
//! Two runs from one configuration, under `+E` and `-E`, differ by nothing but the field. Half the difference of their charge
//! displacements over the field, `D(t)`, has the response of linear order and of odd higher ones alone, and the motion that
//! both runs share cancels in it until chaos sets them apart. Once the drift is steady, `dD/dt = sigma V`, by the linear
//! response of R. Kubo, J. Phys. Soc. Jpn. 12, 570 (1957); subtracted trajectories are those of G. Ciccotti, G. Jacucci and
//! I. R. McDonald, J. Stat. Phys. 21, 1 (1979).

mod window;

use serde::Serialize;

use crate::transport::estimators::Estimate;
use crate::{Error, Result};

/// Fewer pairs than this say too little of their own scatter.
pub const FEWEST_PAIRS: usize = 8;

/// Successive pairs whose correlation enters the error.
const NEIGHBORS: usize = 3;

/// A bias that is most of the error, which has it in quadrature, speaks against the label.
const TOLERATED: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Changes beyond this many errors are called real.
const SIGNIFICANT: f64 = 3.0;

/// One pair of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Axis of the field: 0, 1 or 2.
    pub direction: usize,
    /// `D` at equally spaced times from 0.
    pub drift: Vec<f64>,
    /// The same under fields that are stronger by [`ResponseOptions::stronger`], with the same noise.
    pub stronger: Option<Vec<f64>>,
}

/// How to look at pairs.
#[derive(Clone, Copy, Debug)]
pub struct ResponseOptions {
    /// Time between the values of a drift.
    pub interval: f64,
    /// Damping time of a Langevin thermostat; free ions reach their drift as `1 - exp(-t/damp)`.
    pub damp: Option<f64>,
    /// Strength of the stronger fields over the others'.
    pub stronger: f64,
}

/// Checks that runs of so many intervals are long enough for a window, before they are made.
///
/// # Errors
/// As [`paired_response`], of runs that are too short.
pub(crate) fn check_length(intervals: usize, options: &ResponseOptions) -> Result<()> {
    window::earliest(intervals, options).map(|_| ())
}

/// What pairs say.
#[derive(Clone, Debug, Serialize)]
pub struct PairedResponse {
    /// `sigma V`: the slope of `D`.
    #[serde(flatten)]
    pub slope: Estimate,
    pub n_pairs: usize,
    /// Times between which the slope is taken.
    pub from: f64,
    pub to: f64,
    /// How far the slope differs from that of the latest window, over the error of the difference.
    pub later: Option<f64>,
    /// The slope's relative change under the stronger fields.
    pub stronger_field: Option<Estimate>,
    /// Largest difference of one axis from the other two, over its error.
    pub anisotropy: Option<f64>,
    /// What speaks against it.
    pub objection: Option<String>,
}

/// The slope of the drift, over a window chosen from the data, from pairs in the order of their configurations.
///
/// The window begins once free ions have reached their drift, or later where later windows differ by more than their
/// noise; it ends where more time adds more noise than it takes away. The error is that of the mean over pairs with the
/// correlation of successive ones, and in quadrature half the difference from the latest window, what free ions may
/// still lack, and what a real change under stronger fields tells of the departure from linear response.
///
/// # Errors
/// Fewer than [`FEWEST_PAIRS`] pairs, series of different lengths or too short for a window, values that are not finite.
pub fn paired_response(pairs: &[Pair], options: &ResponseOptions) -> Result<PairedResponse> {
    check(pairs, options)?;
    let chosen = window::choose(pairs, options)?;
    let slopes: Vec<f64> = pairs.iter().map(|pair| chosen.slope(&pair.drift, options.interval)).collect();
    let value = slopes.iter().sum::<f64>() / slopes.len() as f64;
    let change = |pair: &Pair| {
        let stronger = chosen.slope(pair.stronger.as_ref()?, options.interval);
        Some((stronger - chosen.slope(&pair.drift, options.interval)) / value)
    };
    let changes: Vec<f64> = pairs.iter().filter_map(change).collect();
    let stronger_field = (changes.len() >= 4).then(|| mean(&changes));
    let beyond_linear = stronger_field.map_or(0.0, |change| bias(&change, options));
    let error = chosen.error.hypot(window::MISSING * value).hypot(beyond_linear * value);
    let slope = Estimate { value, error };
    let anisotropy = anisotropy(pairs, &slopes);
    let objection = objection(&slope, stronger_field, anisotropy, options);
    Ok(PairedResponse {
        slope,
        n_pairs: pairs.len(),
        from: chosen.from as f64 * options.interval,
        to: chosen.to as f64 * options.interval,
        later: chosen.later,
        stronger_field,
        anisotropy,
        objection,
    })
}

fn check(pairs: &[Pair], options: &ResponseOptions) -> Result<()> {
    let refuse = |message: String| Err(Error::Input(format!("paired response: {message}")));
    if pairs.len() < FEWEST_PAIRS {
        return refuse(format!(
            "{} pairs say too little of their scatter; at least {FEWEST_PAIRS} are needed",
            pairs.len()
        ));
    }
    if !(options.interval > 0.0 && options.interval.is_finite()) {
        return refuse(format!("the time between values is {}; it must be above zero", options.interval));
    }
    let n = pairs[0].drift.len();
    for (i, pair) in pairs.iter().enumerate() {
        for series in [Some(&pair.drift), pair.stronger.as_ref()].into_iter().flatten() {
            if series.len() != n {
                return refuse(format!(
                    "pair {i} has {} values and pair 0 has {n}; all must last equally long",
                    series.len()
                ));
            }
            if series.iter().any(|value| !value.is_finite()) {
                return refuse(format!("pair {i} has a value that is not finite"));
            }
        }
        if pair.direction > 2 {
            return refuse(format!("pair {i}: there is no axis {}", pair.direction));
        }
    }
    Ok(())
}

/// Relative error of the response from its not being linear, as a change under stronger fields tells; none where that may
/// be chance.
fn bias(change: &Estimate, options: &ResponseOptions) -> f64 {
    // The first correction is of second order in the field.
    let bias = change.value.abs() / (options.stronger.powi(2) - 1.0);
    if change.value.abs() > SIGNIFICANT * change.error { bias } else { 0.0 }
}

fn objection(
    slope: &Estimate,
    stronger_field: Option<Estimate>,
    anisotropy: Option<f64>,
    options: &ResponseOptions,
) -> Option<String> {
    if let Some(change) = stronger_field.filter(|change| bias(change, options) > TOLERATED * slope.relative_error()) {
        return Some(format!(
            "the response is not linear: fields {} times as strong change it by {:.1} %; use a weaker field",
            options.stronger,
            100.0 * change.value
        ));
    }
    if let Some(apart) = anisotropy.filter(|apart| *apart > 4.0) {
        return Some(format!("one axis differs from the others by {apart:.1} errors; is the system isotropic?"));
    }
    None
}

/// Largest difference of an axis from the other two together, over its error.
fn anisotropy(pairs: &[Pair], slopes: &[f64]) -> Option<f64> {
    let mut largest: Option<f64> = None;
    for axis in 0..3 {
        let of = |inside: bool| -> Vec<f64> {
            let with = pairs.iter().zip(slopes).filter(|(pair, _)| (pair.direction == axis) == inside);
            with.map(|(_, slope)| *slope).collect()
        };
        let (here, there) = (of(true), of(false));
        if here.len() < 4 || there.len() < 4 {
            continue;
        }
        let (here, there) = (mean(&here), mean(&there));
        let error = here.error.hypot(there.error);
        if error > 0.0 {
            let apart = (here.value - there.value).abs() / error;
            largest = Some(largest.map_or(apart, |l| l.max(apart)));
        }
    }
    largest
}

/// A mean of independent samples and its error, widened as the variance of Student's t is for their number.
fn mean(samples: &[f64]) -> Estimate {
    let n = samples.len() as f64;
    let value = samples.iter().sum::<f64>() / n;
    let scatter = samples.iter().map(|sample| (sample - value).powi(2)).sum::<f64>();
    let widened = if n > 3.5 { n - 3.0 } else { 1.0 };
    Estimate { value, error: (scatter / widened / n).sqrt() }
}

/// How many pairs are worth an independent one, from the correlation of the next [`NEIGHBORS`]; at least 1.
///
/// Successive configurations are some correlation times apart and have their fields along different axes, so that
/// little is left; block averages of a few tens of pairs would themselves be uncertain by a quarter.
fn inefficiency(samples: &[f64]) -> f64 {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let deviations: Vec<f64> = samples.iter().map(|sample| sample - mean).collect();
    let variance: f64 = deviations.iter().map(|d| d * d).sum();
    if variance == 0.0 {
        return 1.0;
    }
    let correlation = |lag: usize| {
        let sum: f64 = deviations.iter().zip(&deviations[lag..]).map(|(a, b)| a * b).sum();
        // Deviations from their own mean are anticorrelated by this much.
        sum / variance + 1.0 / n
    };
    (1.0 + 2.0 * (1..=NEIGHBORS).map(correlation).sum::<f64>()).max(1.0)
}

#[cfg(test)]
mod tests;
