//! What a campaign's file and its script must have.

use super::file::CampaignFile;
use crate::species::check_types;

/// What a script that serves all stages must use.
pub(super) fn check_script(script: &str) -> Result<(), String> {
    let code: String = script.lines().map(|line| line.split('#').next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    for (word, why) in [
        ("stage_file", "it must end with `include ${stage_file}`, which runs what a stage needs"),
        ("stage", "it must do different things by `${stage}`: equilibrate, or else read_restart ${restart}"),
        ("restart", "it must read_restart ${restart} where the stage is not equilibrate"),
        ("seed", "its thermostat must take its noise from ${seed}, or all runs are the same"),
    ] {
        let used = [format!("${{{word}}}"), format!("v_{word}")].iter().any(|use_| code.contains(use_.as_str()));
        if !used {
            return Err(format!("the script does not use ${{{word}}}: {why}"));
        }
    }
    Ok(())
}

/// Refuses a campaign in other units than all those that its script names, before anything runs. Units that variables hold are known
/// by the first restart.
pub(super) fn check_units(units: &str, named: &[String]) -> Result<(), String> {
    if named.is_empty() || named.iter().any(|style| style == units || style.contains('$')) {
        return Ok(());
    }
    Err(format!(
        "the script's units are {}, and those of the campaign {units}: correct the one that is wrong",
        named[0]
    ))
}

/// How many times `unit` makes `length`, once at least; none where it is no whole number. Both are decimals in a file, so that their
/// ratio is whole to rounding alone.
pub(super) fn multiples(length: f64, unit: f64) -> Option<u64> {
    let ratio = length / unit;
    (ratio >= 1.0 - 1e-9 && (ratio - ratio.round()).abs() <= 1e-6 * ratio).then_some(ratio.round() as u64)
}

/// Values and names by themselves; what systems make of them is checked as they are made.
pub(super) fn check(file: &CampaignFile) -> Result<(), String> {
    check_numbers(file)?;
    check_species(file)?;
    if file.thermostat.forces.is_some() && file.thermostat.langevin_damp.is_none() {
        return Err("thermostat.forces is for the force route, which needs thermostat.langevin_damp".into());
    }
    Ok(())
}

fn check_numbers(file: &CampaignFile) -> Result<(), String> {
    let response = &file.response;
    let positive = [
        ("timestep", file.timestep),
        ("production.chunk", file.production.chunk),
        ("production.spacing", file.production.spacing),
        ("label.target_error", file.label.target_error),
        ("label.longest", file.label.longest),
        ("thermostat.langevin_damp", file.thermostat.langevin_damp.unwrap_or(1.0)),
        ("response.interval", response.interval.unwrap_or(1.0)),
    ];
    if let Some((name, value)) = positive.into_iter().find(|(_, v)| !(*v > 0.0 && v.is_finite())) {
        return Err(format!("{name} is {value}; it must be above zero"));
    }
    let counts = [
        ("run.ranks", file.run.ranks),
        ("run.concurrent", file.run.concurrent.unwrap_or(1)),
        ("production.snapshots", file.production.snapshots),
        ("response.batch", response.batch),
    ];
    if let Some((name, _)) = counts.into_iter().find(|(_, n)| *n == 0) {
        return Err(format!("{name} is 0; it must be at least 1"));
    }
    if file.label.target_error >= 1.0 {
        return Err(format!("label.target_error is {}; it is relative, as in 0.015", file.label.target_error));
    }
    if multiples(file.production.chunk, file.production.spacing).is_none() {
        return Err(format!(
            "production.chunk {} is no multiple of production.spacing {}",
            file.production.chunk, file.production.spacing
        ));
    }
    if multiples(file.production.spacing, file.timestep).is_none() {
        return Err(format!("production.spacing {} is no multiple of the timestep", file.production.spacing));
    }
    Ok(())
}

/// That ions can be named and have charges, and what else is said of species is of those that are named.
fn check_species(file: &CampaignFile) -> Result<(), String> {
    check_types(file.species.keys())?;
    for name in file.species.values() {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("species: '{name}' must be of letters, digits and _ to name a LAMMPS group"));
        }
        match file.charges.get(name) {
            None => return Err(format!("charges: there is none for {name}")),
            Some(charge) if !charge.is_finite() => return Err(format!("charges: {name} has {charge}")),
            Some(_) => {}
        }
    }
    if file.charges.values().all(|charge| *charge == 0.0) || file.species.is_empty() {
        return Err("species and charges name no ion; there is no conductivity".into());
    }
    for (name, atoms) in &file.molecules {
        if *atoms == 0 || !file.species.values().any(|species| species == name) {
            return Err(format!(
                "molecules: {name} = {atoms}; give the number of atoms of a species' ions, as in {{ TFSI = 15 }}"
            ));
        }
    }
    if !file.molecules.is_empty() && file.thermostat.forces.is_some() {
        return Err(
            "thermostat.forces: the force route is for ions that are atoms, and molecules are named; leave it out"
                .into(),
        );
    }
    if let Some(name) = file.optional.iter().find(|name| !file.species.values().any(|species| species == *name)) {
        return Err(format!("optional: {name} is not among the species"));
    }
    Ok(())
}
