//! The end of the script: configurations, and runs from them under a field or after an impulse.

use std::fmt::Write;

use super::plan::TruthPlan;
use crate::campaign::file::Perturbation;
use crate::campaign::plan::Campaign;
use crate::campaign::stage::{AXES, all_types, charged_types, groups};
use crate::campaign::systems::SystemPlan;

/// Which way the field points along each axis, pair after pair: over four pairs, what a field along one axis does to
/// drifts along another cancels, and each pair gives the drift along three axes.
pub const SIGNS: [[f64; 3]; 4] = [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];

/// Added to the seed of a process for its velocities; scripts add smaller numbers for their thermostats.
const VELOCITIES: u32 = 7919;

/// A run to the next configuration, which records the displacement of the charge and the temperature.
pub fn configuration(campaign: &Campaign, plan: &TruthPlan) -> String {
    let mut text = groups(campaign);
    let mut columns = String::new();
    for axis in AXES {
        let terms: Vec<String> = charged_types(campaign)
            .iter()
            .map(|(q, t)| format!("({q})*count(ionscape_{t})*xcm(ionscape_{t},{axis})"))
            .collect();
        let _ = writeln!(text, "variable ionscape_M{axis} equal {}", terms.join("+"));
        let _ = write!(columns, " v_ionscape_M{axis}");
    }
    let _ = write!(
        text,
        "fix ionscape_charge all ave/time {every} 1 {every}{columns} file displacement.dat format \" %.12g\"\n\
         fix ionscape_temperature all ave/time {every} 1 {every} c_thermo_temp file temperature.dat\n\
         run {}\n\
         write_restart last.restart\n\
         group ionscape_seen type {seen}\n\
         write_dump ionscape_seen custom configuration.lammpstrj id type q x y z modify sort id format float %.6f\n",
        campaign.spacing_steps(),
        every = plan.sampling(),
        seen = all_types(campaign),
    );
    text
}

/// A run from a configuration: `strength` is the field along each axis, with the sign of the run.
pub fn respond(campaign: &Campaign, system: &SystemPlan, plan: &TruthPlan, pair: usize, strength: f64) -> String {
    let mut text = groups(campaign);
    let every = plan.interval;
    let signs = SIGNS[pair % SIGNS.len()];
    let field = match plan.perturbation {
        Perturbation::Field => signs.map(|sign| (sign * strength).to_string()),
        Perturbation::Impulse => {
            // The forces of the first instant act for half a step before they are computed anew.
            let duration = plan.duration(plan.chosen);
            text += "variable ionscape_origin equal $(step)\n";
            for (axis, sign) in AXES.iter().zip(signs) {
                let _ = writeln!(
                    text,
                    "variable ionscape_E{axis} equal (step==v_ionscape_origin)*({})*2*{duration}/dt",
                    sign * strength
                );
            }
            AXES.map(|axis| format!("v_ionscape_E{axis}"))
        }
    };
    let field = field.join(" ");
    let _ = write!(
        text,
        "# sorting would give the noise of one atom to another, and differently in the two runs of a pair\n\
         atom_modify sort 0 0.0\n\
         velocity all create {} $(v_seed+{VELOCITIES}) dist gaussian loop local\n\
         fix ionscape_field all efield {field}\n\
         dump ionscape_response ionscape_ions custom {every} response.lammpstrj id type xu yu zu\n\
         dump_modify ionscape_response sort id first yes format float %.10g\n\
         run {}\n",
        system.temperature,
        every * plan.intervals(),
    );
    text
}
