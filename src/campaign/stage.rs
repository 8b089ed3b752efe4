//! The end of the script in each stage: what ionscape has LAMMPS write, and for how long it runs.
//!
//! A user's script includes these files, and they stay beside what they made.

use std::fmt::Write;

use super::plan::{Campaign, SystemPlan};

/// Most steps between samples of the current, each the mean over the steps since the last.
const CURRENT_STEPS: u64 = 10;

/// Frames of the trajectory for each snapshot.
const FRAMES_PER_SNAPSHOT: u64 = 5;

pub(super) const AXES: [&str; 3] = ["x", "y", "z"];

/// After the user's own equilibration.
pub fn equilibrate() -> String {
    "# ionscape: the equilibrated system, at timestep 0\nreset_timestep 0\nwrite_restart last.restart\n".into()
}

/// A chunk of the equilibrium run.
pub fn produce(campaign: &Campaign) -> String {
    let spacing = campaign.spacing_steps();
    let current = (1..=CURRENT_STEPS.min(spacing)).rev().find(|n| spacing.is_multiple_of(*n)).unwrap_or(1);
    let frames = if spacing.is_multiple_of(FRAMES_PER_SNAPSHOT) { spacing / FRAMES_PER_SNAPSHOT } else { spacing };
    let mut text = groups(campaign);
    let mut columns = String::new();
    text += "# sums of velocities by species, averaged without gaps\n";
    for (species, types) in campaign.types_by_species() {
        for axis in AXES {
            let terms: Vec<String> =
                types.iter().map(|t| format!("count(ionscape_{t})*vcm(ionscape_{t},{axis})")).collect();
            let _ = writeln!(text, "variable J{axis}_{species} equal {}", terms.join("+"));
            let _ = write!(columns, " v_J{axis}_{species}");
        }
    }
    if let Some(forces) = &campaign.file.thermostat.forces {
        text += "# charge times force, without the thermostat's\n";
        let types: Vec<(f64, i32)> = charged_types(campaign);
        for (_, t) in &types {
            let _ = writeln!(
                text,
                "compute ionscape_force_{t} ionscape_{t} reduce sum f_{forces}[1] f_{forces}[2] f_{forces}[3]"
            );
        }
        for (k, axis) in AXES.iter().enumerate() {
            let terms: Vec<String> =
                types.iter().map(|(q, t)| format!("({q})*c_ionscape_force_{t}[{}]", k + 1)).collect();
            let _ = writeln!(text, "variable F{axis} equal {}", terms.join("+"));
            let _ = write!(columns, " v_F{axis}");
        }
    }
    let _ = write!(
        text,
        "fix ionscape_current all ave/time 1 {current} {current}{columns} file current.dat format \" %.7g\"\n\
         # paths of the ions, snapshots to learn from, and configurations that pairs start from\n\
         dump ionscape_path ionscape_ions custom {frames} trajectory.lammpstrj id type q mass xu yu zu\n\
         dump_modify ionscape_path sort id format float %.4f\n\
         dump ionscape_snapshots ionscape_ions custom {spacing} snapshots.lammpstrj id type q x y z\n\
         dump_modify ionscape_snapshots sort id format float %.3f\n\
         restart {spacing} configuration.*.restart\n\
         run {}\n\
         restart 0\n\
         write_restart last.restart\n",
        campaign.steps(campaign.file.production.chunk)
    );
    text
}

/// One run of a pair: `strength` is the field with its sign.
pub fn respond(campaign: &Campaign, system: &SystemPlan, direction: usize, strength: f64, steps: u64) -> String {
    let mut text = groups(campaign);
    let field: Vec<String> =
        (0..3).map(|axis| if axis == direction { strength.to_string() } else { "0".into() }).collect();
    let axis = AXES[direction];
    let terms: Vec<String> = charged_types(campaign)
        .iter()
        .map(|(q, t)| format!("({q})*count(ionscape_{t})*xcm(ionscape_{t},{axis})"))
        .collect();
    let _ = write!(
        text,
        "# sorting would give the noise of one atom to another, and differently in the two runs of a pair\n\
         atom_modify sort 0 0.0\n\
         fix ionscape_field all efield {}\n\
         variable ionscape_displacement equal {}\n\
         fix ionscape_drift all ave/time {every} 1 {every} v_ionscape_displacement file drift.dat format \" %.12g\"\n\
         run {steps}\n",
        field.join(" "),
        terms.join("+"),
        every = campaign.drift_steps(system)
    );
    text
}

/// A group for each type of ion, with the charges that the campaign says.
pub(super) fn groups(campaign: &Campaign) -> String {
    let mut text = String::from("# ions by type; their charges must be those of the campaign\n");
    let types = charged_types(campaign);
    for (q, t) in &types {
        let _ = write!(
            text,
            "group ionscape_{t} type {t}\n\
             if \"$(count(ionscape_{t})) == 0\" then &\n  \"print 'ERROR: the system has no atom of type {t}, which the \
             campaign names as an ion'\" &\n  \"quit 1\"\n\
             if \"$(abs(charge(ionscape_{t})-({q})*count(ionscape_{t}))) > $(0.001*count(ionscape_{t}))\" then &\n  \
             \"print 'ERROR: atoms of type {t} have another charge than the {q} of the campaign'\" &\n  \"quit 1\"\n"
        );
    }
    let all: Vec<String> = types.iter().map(|(_, t)| t.to_string()).collect();
    let _ = writeln!(text, "group ionscape_ions type {}", all.join(" "));
    text
}

/// Charge and type of all ions, by type.
pub(super) fn charged_types(campaign: &Campaign) -> Vec<(f64, i32)> {
    let species = campaign.types_by_species();
    let mut all: Vec<(f64, i32)> =
        species.iter().flat_map(|(name, types)| types.iter().map(|t| (campaign.file.charges[name], *t))).collect();
    all.sort_by_key(|(_, t)| *t);
    all
}
