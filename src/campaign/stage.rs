//! The end of the script in each stage: what ionscape has LAMMPS write, and for how long it runs.
//!
//! A user's script includes these files, and they stay beside what they made.

use std::fmt::Write;

use super::plan::Campaign;
use super::systems::SystemPlan;

/// Most steps between samples of the current, each the mean over the steps since the last.
const CURRENT_STEPS: u64 = 10;

/// Frames of the trajectory for each snapshot.
const FRAMES_PER_SNAPSHOT: u64 = 5;

pub(super) const AXES: [&str; 3] = ["x", "y", "z"];

/// After the user's own equilibration.
pub fn equilibrate() -> String {
    "# ionscape: the equilibrated system at rest, at timestep 0\nvelocity all zero linear\nreset_timestep 0\nwrite_restart \
     last.restart\n"
        .into()
}

/// A chunk of the equilibrium run.
pub fn produce(campaign: &Campaign) -> String {
    let spacing = campaign.spacing_steps();
    let current = (1..=CURRENT_STEPS.min(spacing)).rev().find(|n| spacing.is_multiple_of(*n)).unwrap_or(1);
    let frames = if spacing.is_multiple_of(FRAMES_PER_SNAPSHOT) { spacing / FRAMES_PER_SNAPSHOT } else { spacing };
    let mut text = groups(campaign);
    let mut columns = String::new();
    text += "# sums of velocities by species, averaged without gaps\n";
    let carriers = carriers(campaign);
    for (species, _) in campaign.types_of_ions() {
        for axis in AXES {
            let own = carriers.iter().filter(|carrier| carrier.species == species);
            let terms: Vec<String> =
                own.map(|Carrier { group, atoms, .. }| format!("count({group})*vcm({group},{axis})/{atoms}")).collect();
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
         fix ionscape_temperature all ave/time {current} 1 {current} c_thermo_temp file temperature.dat\n\
         # paths of the ions, snapshots to learn from, and configurations that pairs start from\n\
         dump ionscape_path ionscape_ions custom {frames} trajectory.lammpstrj id type{molecule} q mass xu yu zu\n\
         dump_modify ionscape_path sort id format float %.4f\n\
         group ionscape_seen type {seen}\n\
         dump ionscape_snapshots ionscape_seen custom {spacing} snapshots.lammpstrj id type{of_molecule} q x y z\n\
         dump_modify ionscape_snapshots sort id format float %.3f\n\
         restart {spacing} configuration.*.restart\n\
         run {}\n\
         restart 0\n\
         write_restart last.restart\n",
        campaign.steps(campaign.file.production.chunk),
        seen = all_types(campaign),
        molecule = if campaign.file.molecules.is_empty() { "" } else { " mol" },
        of_molecule = if campaign.file.molecules.is_empty() { "" } else { " mol mass" },
    );
    text
}

/// One run of a pair: `strength` is the field with its sign.
pub fn respond(campaign: &Campaign, system: &SystemPlan, direction: usize, strength: f64, steps: u64) -> String {
    let mut text = groups(campaign);
    let field: Vec<String> =
        (0..3).map(|axis| if axis == direction { strength.to_string() } else { "0".into() }).collect();
    let axis = AXES[direction];
    let term = |Carrier { group, charge, atoms, .. }: &Carrier| {
        format!("({charge})*count({group})*xcm({group},{axis})/{atoms}")
    };
    let terms: Vec<String> = carriers(campaign).iter().map(term).collect();
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

/// Atoms that carry the charge of ions of one species: those of one type, or of all types of an ion that is a molecule.
struct Carrier {
    species: String,
    types: Vec<i32>,
    group: String,
    /// Of an ion, and its atoms.
    charge: f64,
    atoms: usize,
}

fn carriers(campaign: &Campaign) -> Vec<Carrier> {
    let mut all = vec![];
    for (species, types) in campaign.types_of_ions() {
        let charge = campaign.file.charges[&species];
        match campaign.file.molecules.get(&species) {
            Some(&atoms) => {
                let group = format!("ionscape_{species}");
                all.push(Carrier { species, types, group, charge, atoms });
            }
            None => all.extend(types.into_iter().map(|t| Carrier {
                species: species.clone(),
                types: vec![t],
                group: format!("ionscape_{t}"),
                charge,
                atoms: 1,
            })),
        }
    }
    all.sort_by_key(|carrier| carrier.types[0]);
    all
}

fn listed(types: &[i32]) -> String {
    types.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")
}

/// A group for each carrier of charge, with the charges that the campaign says, and its timestep.
pub(super) fn groups(campaign: &Campaign) -> String {
    let timestep = campaign.file.timestep;
    let mut text = format!(
        "# all times are counted in steps\nif \"$(abs(dt-{timestep:?})) > $(1e-6*{timestep:?})\" then &\n  \"print 'ERROR: the \
         timestep is $(dt:%.8g), and that of the campaign {timestep:?}'\" &\n  \"quit 1\"\n\
         # ions; their charges must be those of the campaign\n"
    );
    let carriers = carriers(campaign);
    for Carrier { species, types, group, charge, atoms } in &carriers {
        let _ = writeln!(text, "group {group} type {}", listed(types));
        let types = listed(types);
        if !campaign.file.optional.contains(species) {
            let _ = writeln!(
                text,
                "if \"$(count({group})) == 0\" then &\n  \"print 'ERROR: the system has no atom of type {types}, which the \
                 campaign names as an ion and not as optional'\" &\n  \"quit 1\""
            );
        }
        let _ = write!(
            text,
            "if \"$(abs(charge({group})-({charge})*count({group})/{atoms})) > $(0.001*count({group}))\" then &\n  \
             \"print 'ERROR: atoms of type {types} have another charge than the {charge} of the campaign'\" &\n  \"quit 1\"\n"
        );
    }
    let alone = carriers.iter().filter(|carrier| carrier.atoms == 1);
    let others: Vec<String> =
        alone.flat_map(|c| c.types.iter().map(|t| format!("(type=={t}&&abs(q-({}))>0.001)", c.charge))).collect();
    if !others.is_empty() {
        let _ = write!(
            text,
            "variable ionscape_other atom {}\ngroup ionscape_other variable ionscape_other\n\
             if \"$(count(ionscape_other)) > 0\" then &\n  \
             \"print 'ERROR: $(count(ionscape_other)) atoms have another charge than the campaign says of their type'\" &\n  \
             \"quit 1\"\ngroup ionscape_other delete\nvariable ionscape_other delete\n",
            others.join("||")
        );
    }
    let all: Vec<i32> = carriers.iter().flat_map(|carrier| carrier.types.iter().copied()).collect();
    let _ = writeln!(text, "group ionscape_ions type {}", listed(&all));
    text
}

/// Types of all species, those included that have no charge.
pub(super) fn all_types(campaign: &Campaign) -> String {
    let mut types: Vec<i32> = campaign.types_by_species().into_iter().flat_map(|(_, types)| types).collect();
    types.sort_unstable();
    listed(&types)
}

/// Charge and type of all ions, by type.
pub(super) fn charged_types(campaign: &Campaign) -> Vec<(f64, i32)> {
    let species = campaign.types_of_ions();
    let mut all: Vec<(f64, i32)> =
        species.iter().flat_map(|(name, types)| types.iter().map(|t| (campaign.file.charges[name], *t))).collect();
    all.sort_by_key(|(_, t)| *t);
    all
}
