//! What makes the numbers of a system doubtful, whichever way they were found.

use std::path::PathBuf;

use super::plan::Campaign;
use super::results::temperatures;
use super::systems::SystemPlan;
use crate::Result;
use crate::statistics::mean_with_error;

/// A mean temperature that is off by more than this share of the campaign's, and so many of its own errors more, is worth a word.
const OFF: f64 = 0.1;
const ERRORS: f64 = 3.0;

/// Where LAMMPS wrote another mean temperature into the folders of some runs than the campaign has.
///
/// # Errors
/// Files that cannot be read.
pub fn temperature(system: &SystemPlan, runs: &[PathBuf]) -> Result<Option<String>> {
    let samples = temperatures(runs)?;
    if samples.len() < 2 {
        return Ok(None);
    }
    let found = mean_with_error(&samples)?;
    let error = found.error.map_or(0.0, |error| error.value);
    let is_off = (found.mean - system.temperature).abs() > OFF * system.temperature + ERRORS * error;
    Ok(is_off
        .then(|| format!("the mean temperature is {:.4}, and that of the campaign {}", found.mean, system.temperature)))
}

/// Where ions are not neutral together, by half the smallest charge or more.
pub fn net_charge(campaign: &Campaign, net: f64) -> Option<String> {
    let least = campaign.charges_of_ions().into_values().map(f64::abs).fold(f64::INFINITY, f64::min);
    (net.abs() > 0.5 * least)
        .then(|| format!("the campaign's ions have a net charge of {net:+.4}; is one of them missing?"))
}
