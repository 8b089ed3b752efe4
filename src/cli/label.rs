//! `ionscape label`: the labels that a data set lacks.

use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::dataset::{Dataset, Label, System, check_for_labels, write_labels};
use ionscape::output::AtomicFile;
use ionscape::transport::{
    Amount, Conditions, IonRequest, Job, Per, Properties, RecordOptions, ReferenceFrame, TransportReport,
};
use ionscape::units::UnitStyle;
use serde::Serialize;

use crate::{outputs, progress::Progress, reading, results, systems};

/// Compute the molar conductivities that a data set lacks, from the trajectories that its systems name.
///
/// A system that gives trajectory, timestep and temperature instead of molar_conductivity gets it, its error, and the
/// Nernst-Einstein value; the file is replaced in one step and keeps its comments. Where a label is doubtful or cannot be
/// computed, the others are written, and the command fails and names it. All labels are per one amount of salt, which is told.
#[derive(clap::Args)]
pub struct Arguments {
    /// Data set file.
    dataset: PathBuf,

    /// Compute the labels of all systems that name a trajectory, those that have one as well.
    #[arg(long)]
    again: bool,

    /// Write doubtful labels too: whose estimators disagree, whose motion is not diffusive, or that are beyond those of any ions.
    #[arg(long)]
    accept_doubtful: bool,

    /// Relative error below which a label is called precise.
    #[arg(long, value_name = "ERROR", default_value = "5%", value_parser = super::transport::share)]
    target_error: f64,

    /// Write the full results of each system to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Labelled {
    name: String,
    #[serde(flatten)]
    report: TransportReport,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let path = &arguments.dataset;
    let text = reading::text(path)?;
    let dataset = Dataset::parse(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let json: Vec<&Path> = arguments.json.as_deref().into_iter().collect();
    let mut inputs = outputs::named_by(&dataset, folder);
    inputs.push(path.clone());
    outputs::check(&json, &inputs)?;
    systems::warn_of_units(path, &dataset.units);
    // The data set is written last, and looked at before all the work.
    check_for_labels(path, &text)?;
    AtomicFile::create(path)?;
    let wanted = |s: &&System| s.trajectory.is_some() && (arguments.again || s.molar_conductivity.is_none());
    let (mut labelled, mut failed) = (vec![], vec![]);
    for system in dataset.systems.iter().filter(wanted) {
        match report(&dataset, system, folder, arguments.target_error) {
            Ok(report) => {
                for note in &report.notes {
                    log::warn!("{}: {note}", system.name);
                }
                labelled.push(Labelled { name: system.name.clone(), report });
            }
            // What was computed for others is not lost.
            Err(why) => failed.push(format!("system {}: {}", system.name, crate::sentence(&why))),
        }
    }
    for system in dataset.systems.iter().filter(|s| !wanted(s) && lacks_its_error(s)) {
        log::warn!(
            "{}: its molar_conductivity has no molar_conductivity_error, which ionscape train needs; give it, or compute both \
             with --again from a trajectory",
            system.name
        );
    }
    if labelled.is_empty() && failed.is_empty() {
        crate::terminal::tell!("{}: no system that names a trajectory lacks a molar_conductivity", path.display());
        return results::write_json(arguments.json.as_deref(), &labelled);
    }
    share_one_amount(&dataset, &mut labelled);
    results::write_json(arguments.json.as_deref(), &labelled)?;
    let (left, kept): (Vec<&Labelled>, Vec<&Labelled>) =
        labelled.iter().partition(|l| !arguments.accept_doubtful && l.report.doubt().is_some());
    // What was written to the file meanwhile stays.
    let (now, kept, changed) = present(path, &text, &dataset, kept);
    failed.extend(changed);
    if !kept.is_empty() {
        write_labels(path, &now, &kept.iter().map(|l| label(l)).collect::<anyhow::Result<Vec<_>>>()?)?;
    }
    // After all files: the table's reader may have had enough.
    let rows: anyhow::Result<Vec<(&str, String)>> =
        labelled.iter().map(|l| Ok((l.name.as_str(), row(&l.report)?))).collect();
    results::print_table(&rows?)?;
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|l| l.name.as_str()).collect();
        let why: Vec<String> = left.iter().filter_map(|l| Some(format!("{}: {}", l.name, l.report.doubt()?))).collect();
        let doubtful = format!(
            "those of {} are doubtful and were not ({}): run ionscape transport on them, or write them too with --accept-doubtful",
            names.join(", "),
            why.join("; ")
        );
        failed.insert(0, doubtful);
    }
    if !failed.is_empty() {
        bail!(
            "{}: {} of {} labels were written; {}",
            path.display(),
            kept.len(),
            dataset.systems.iter().filter(wanted).count(),
            failed.join("; ")
        );
    }
    Ok(())
}

/// What a label is computed from.
fn basis<'a>(dataset: &'a Dataset, name: &str) -> Option<impl PartialEq + 'a> {
    let system = dataset.systems.iter().find(|system| system.name == name)?;
    let of_set = (&dataset.units, &dataset.species, &dataset.charges, &dataset.molecules);
    let files = (&system.trajectory, &system.current);
    Some((of_set, files, system.timestep, system.temperature, system.langevin_damp, system.mass))
}

/// The text of the data set as it is now, the labels that are of it, and why others are not.
fn present<'a>(
    path: &Path,
    text: &str,
    before: &Dataset,
    labelled: Vec<&'a Labelled>,
) -> (String, Vec<&'a Labelled>, Vec<String>) {
    let read = reading::text(path).and_then(|now| Ok((Dataset::parse(path, &now)?, now)));
    let (dataset, now) = match read {
        Ok((_, now)) if now == text => return (now, labelled, vec![]),
        Ok(changed) => changed,
        Err(why) => {
            let why = format!("the data set was changed while labels were computed, and cannot be read: {why}");
            return (String::new(), vec![], vec![why]);
        }
    };
    let (kept, others): (Vec<_>, Vec<_>) =
        labelled.into_iter().partition(|l| basis(before, &l.name) == basis(&dataset, &l.name));
    let why = |l: &&Labelled| {
        format!("system {}: it was changed in the data set while its label was computed; run the command again", l.name)
    };
    (now, kept, others.iter().map(why).collect())
}

/// What a system's trajectory says.
fn report(dataset: &Dataset, system: &System, folder: &Path, target_error: f64) -> anyhow::Result<TransportReport> {
    let job = job(dataset, system, folder, target_error)?;
    let mut progress = Progress::new(Path::new(&system.name), "frames");
    let outcome = job.run(&mut |_| progress.frame())?;
    if let Some(units) = outcome.record.as_ref().and_then(|r| r.units.as_ref()).filter(|u| **u != dataset.units) {
        bail!(
            "its trajectory is in {units} units, and the data set is in {}; convert it, or make a data set of each unit style",
            dataset.units
        );
    }
    let species = outcome.report.species.iter().map(|s| &s.species).filter(|species| species.charge != 0.0);
    let signs: Vec<bool> = species.clone().map(|species| species.charge > 0.0).collect();
    if signs.contains(&true) != signs.contains(&false) {
        let names: Vec<&str> = species.map(|species| species.name.as_str()).collect();
        bail!(
            "its trajectory has ions of one sign of charge alone ({}), which are not all that conduct; dump the others too",
            names.join(", ")
        );
    }
    outcome.report.best_estimate()?;
    Ok(outcome.report)
}

fn lacks_its_error(system: &System) -> bool {
    system.molar_conductivity.is_some() && system.molar_conductivity_error.is_none()
}

fn label(labelled: &Labelled) -> anyhow::Result<Label> {
    let best = labelled.report.best_estimate()?;
    Ok(Label {
        system: labelled.name.clone(),
        molar_conductivity: best.molar_conductivity,
        molar_conductivity_error: best.molar_conductivity_error,
        nernst_einstein: labelled.report.nernst_einstein.filter(|value| *value > 0.0),
    })
}

/// Makes all labels be per equivalent where some must be: a model learns from all of them as one quantity.
///
/// That is so where the data set has ions, of more than two species, whose charges differ in magnitude, whichever of them the
/// systems of this call have, so that labels of another call are per the same.
fn share_one_amount(dataset: &Dataset, labelled: &mut [Labelled]) {
    let species = dataset.types_by_species();
    let charges = || species.iter().map(|(name, _)| dataset.charges[name]).filter(|charge| *charge != 0.0);
    let mixed = Amount::of_mixtures(charges());
    let of_a_system = labelled.iter().find(|l| l.report.amount.per == Per::Equivalent).map(|l| l.name.clone());
    if !mixed && of_a_system.is_none() {
        return;
    }
    labelled.iter_mut().for_each(|l| l.report.count_equivalents());
    let is_labelled = |system: &&System| labelled.iter().all(|l| l.name != system.name);
    let before = dataset.systems.iter().filter(is_labelled).any(|system| system.molar_conductivity.is_some());
    if let (false, Some(name), true) = (mixed, of_a_system, before && charges().any(|charge| charge.abs() != 1.0)) {
        log::warn!(
            "system {name} has no formula unit, so that labels are per equivalent; those that the data set had before may be per \
             formula unit: compute all of them with --again"
        );
    }
}

fn row(report: &TransportReport) -> anyhow::Result<String> {
    let best = report.best_estimate()?;
    Ok(format!(
        "{} +- {}  {:<18}{:<18}{}",
        results::number(best.molar_conductivity),
        results::number(best.molar_conductivity_error),
        report.amount.per.label(),
        best.method.label(),
        report.verdict.label()
    ))
}

fn job(dataset: &Dataset, system: &System, folder: &Path, target_error: f64) -> anyhow::Result<Job> {
    let (Some(timestep), Some(temperature)) = (system.timestep, system.temperature) else {
        bail!("it gives a trajectory without timestep and temperature; both are needed for a conductivity");
    };
    let paths = |paths: &Option<ionscape::dataset::Paths>| paths.as_ref().map_or(vec![], |p| p.seen_from(folder));
    // Mixtures lack some species at their ends; a type that was mistaken shows in the net charge, which is told.
    let request = |(name, types): &(String, Vec<i32>)| IonRequest {
        molecular: dataset.molecules.contains(name),
        optional: true,
        ..IonRequest::atoms(name, types, None)
    };
    let ions: Vec<IonRequest> =
        dataset.types_by_species().iter().filter(|(name, _)| dataset.charges[name] != 0.0).map(request).collect();
    let types = ions.iter().flat_map(|ion| &ion.types);
    let masses = system.mass.map_or(Default::default(), |mass| types.map(|&t| (t, mass)).collect());
    let charges = ions.iter().map(|ion| (ion.name.clone(), dataset.charges[&ion.name])).collect();
    Ok(Job {
        dumps: paths(&system.trajectory),
        currents: paths(&system.current),
        current_columns: None,
        record: RecordOptions {
            properties: Properties { charges, masses },
            ions,
            reference: ReferenceFrame::None,
            timestep,
            skip_bad_frames: false,
            forces: None,
        },
        conditions: Conditions {
            temperature,
            units: dataset.units.parse::<UnitStyle>()?.transport()?,
            langevin_damp: system.langevin_damp,
        },
        target_error,
        viscosity: None,
        volume: None,
        formula_units: None,
    })
}
