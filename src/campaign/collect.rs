//! The data set of all systems that are finished.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::label::RouteEstimate;
use super::plan::Campaign;
use super::store::{State, identity};
use super::systems::{DATASET, SystemPlan};
use crate::trajectory::{Columns, DumpReader, Frame, ReadOptions};
use crate::{Result, files};

/// Writes `dataset.toml` into a campaign's folder; its path, and the states of all systems that have begun.
///
/// The same results make the same bytes: neither times nor machines are in it.
///
/// # Errors
/// States that cannot be read or are of another campaign, a folder that cannot be written.
pub fn collect<'a>(campaign: &'a Campaign, root: &Path) -> Result<(PathBuf, Vec<(&'a SystemPlan, State)>)> {
    let mut found = vec![];
    for system in &campaign.systems {
        let folder = root.join(&system.name);
        if let Some(state) = State::read(&folder)? {
            state.check(&folder, &identity(campaign, system))?;
            found.push((system, state));
        }
    }
    let path = root.join(DATASET);
    files::write(&path, text(campaign, root, &found)?)?;
    Ok((path, found))
}

fn text(campaign: &Campaign, root: &Path, found: &[(&SystemPlan, State)]) -> Result<String> {
    let file = &campaign.file;
    let species: Vec<String> = file.species.iter().map(|(t, name)| format!("{t} = {}", quoted(name))).collect();
    let charges: Vec<String> = file.charges.iter().map(|(name, charge)| format!("{name} = {charge:?}")).collect();
    let molecules: Vec<String> = file.molecules.keys().map(|name| quoted(name)).collect();
    let mut versions: Vec<&str> = found.iter().map(|(_, state)| state.lammps.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let mut text = format!(
        "# Made by ionscape simulate.\nunits = {}\nspecies = {{ {} }}\ncharges = {{ {} }}\n{}\n[provenance]\nionscape = {}\n\
         lammps = {}\ninput_sha256 = {}\nseed = {}\ntimestep = {:?}\n",
        quoted(&file.units),
        species.join(", "),
        charges.join(", "),
        if molecules.is_empty() { String::new() } else { format!("molecules = [{}]\n", molecules.join(", ")) },
        quoted(env!("CARGO_PKG_VERSION")),
        quoted(&versions.join("; ")),
        quoted(&campaign.input_sha256),
        file.seed,
        file.timestep,
    );
    for (system, state) in found {
        if let (Some(finish), Some(label)) = (&state.finished, state.label.combined) {
            let snapshots = root.join(&system.name).join("snapshots.lammpstrj.zst");
            write_system(&mut text, campaign, system, state, &finish.why, label, mean_volume(&snapshots)?);
        }
    }
    Ok(text)
}

/// Mean volume of the cell over the frames of a dump; none where there are no frames.
fn mean_volume(path: &Path) -> Result<Option<f64>> {
    let mut reader = DumpReader::open(path, Columns::none(), ReadOptions::default())?;
    let (mut frame, mut sum, mut n) = (Frame::default(), 0.0, 0usize);
    while reader.read(&mut frame)? {
        sum += frame.cell.volume();
        n += 1;
    }
    Ok((n > 0).then(|| sum / n as f64))
}

fn write_system(
    text: &mut String,
    campaign: &Campaign,
    system: &SystemPlan,
    state: &State,
    why: &str,
    label: RouteEstimate,
    volume: Option<f64>,
) {
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    let found = &state.label;
    line("\n[[system]]\nname", quoted(&system.name));
    line("snapshots", quoted(&format!("{}/snapshots.lammpstrj.zst", system.name)));
    line("molar_conductivity", number(label.value, label.error));
    line("molar_conductivity_error", number(label.error, label.error));
    if let Some(value) = found.nernst_einstein.filter(|value| *value > 0.0) {
        // Above zero, however large the label's error.
        line("nernst_einstein", number(value, label.error.min(value)));
    }
    line("temperature", format!("{:?}", system.temperature));
    if let Some(length) = system.bjerrum_length {
        line("bjerrum_length", format!("{length:?}"));
    }
    line("[system.provenance]\nend", quoted(why));
    let variables: Vec<String> = system.variables.iter().map(|(k, v)| format!("{k} = {}", quoted(v))).collect();
    line("variables", format!("{{ {} }}", variables.join(", ")));
    let pair = |estimate: RouteEstimate| {
        format!("[{}, {}]", number(estimate.value, estimate.error), number(estimate.error, estimate.error))
    };
    if let (Some(volume), Some(amount)) = (volume, found.amount) {
        // Molar conductivity is conductivity over the amount in the volume.
        let scale = amount / (volume * campaign.units.molar_conductivity);
        line("volume", format!("{volume:.6}"));
        line("conductivity", pair(RouteEstimate { value: scale * label.value, error: scale * label.error }));
    }
    if let Some(estimate) = found.equilibrium {
        line("equilibrium", pair(estimate));
        let steps = state.chunks as u64 * campaign.steps(campaign.file.production.chunk);
        line("equilibrium_steps", steps.to_string());
    }
    if let Some(estimate) = found.response {
        line("response", pair(estimate));
        line("pairs", state.pairs.len().to_string());
        line("field", format!("{:?}", system.field));
    }
    if let Some([from, to]) = found.window {
        line("window", format!("[{}, {}]", rounded(from), rounded(to)));
    }
    if let Some([change, error]) = found.stronger_field {
        line("twice_the_field", format!("[{change:.4}, {error:.4}]"));
    }
    if let Some(apart) = found.apart {
        line("routes_apart", format!("{apart:.2}"));
    }
    if !found.doubts.is_empty() {
        let all: Vec<String> = found.doubts.iter().map(|doubt| quoted(doubt)).collect();
        line("doubts", format!("[{}]", all.join(", ")));
    }
}

/// To the third digit of the error.
pub(super) fn number(value: f64, error: f64) -> String {
    const MOST: usize = 15;
    let decimals = (2.0 - error.abs().log10().floor()).clamp(1.0, 300.0) as usize;
    if decimals <= MOST || error == 0.0 {
        return format!("{value:.*}", decimals.min(MOST));
    }
    let text = format!("{value:.decimals$}");
    text.parse().map_or(text, |value: f64| format!("{value:e}"))
}

/// Without the last digits, which a sum of steps leaves.
fn rounded(time: f64) -> String {
    let value: f64 = format!("{time:.6}").parse().unwrap_or(time);
    format!("{value:?}")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}
