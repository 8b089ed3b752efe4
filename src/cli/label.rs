//! `ionscape label`: the labels that a data set lacks.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ionscape::dataset::{Dataset, Label, System, write_labels};
use ionscape::output::AtomicFile;
use ionscape::transport::{
    Conditions, IonRequest, Job, Properties, RecordOptions, ReferenceFrame, TransportReport, Verdict,
};
use ionscape::units::UnitStyle;
use serde::Serialize;

use crate::{outputs, progress::Progress, results};

/// Compute the molar conductivities that a data set lacks, from the trajectories that its systems name.
///
/// A system that gives trajectory, timestep and temperature instead of molar_conductivity gets it, its error, and the
/// Nernst-Einstein value; the file is replaced in one step and keeps its comments. Doubtful labels are not written, and the
/// command then fails and names them.
#[derive(clap::Args)]
pub struct Arguments {
    /// Data set file.
    dataset: PathBuf,

    /// Compute the labels of all systems that name a trajectory, those that have one as well.
    #[arg(long)]
    again: bool,

    /// Write labels whose estimators disagree or whose motion is not diffusive too.
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
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let dataset = Dataset::parse(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let json: Vec<&Path> = arguments.json.as_deref().into_iter().collect();
    let mut inputs = outputs::named_by(&dataset, folder);
    inputs.push(path.clone());
    outputs::check(&json, &inputs)?;
    // The data set is written last, and looked at before all the work.
    AtomicFile::create(path)?;
    let wanted = |s: &&System| s.trajectory.is_some() && (arguments.again || s.molar_conductivity.is_none());
    let mut labelled = vec![];
    for system in dataset.systems.iter().filter(wanted) {
        let context = || format!("{}: system {}", path.display(), system.name);
        let job = job(&dataset, system, folder, arguments.target_error).with_context(context)?;
        let mut progress = Progress::new(Path::new(&system.name), "frames");
        let outcome = job.run(&mut |_| progress.frame()).with_context(context)?;
        if let Some(units) = outcome.record.as_ref().and_then(|r| r.units.as_ref()).filter(|u| **u != dataset.units) {
            bail!(
                "{}: system {}: its trajectory is in {units} units, and the data set is in {}; convert it, or make a data set of \
                 each unit style",
                path.display(),
                system.name,
                dataset.units
            );
        }
        for note in &outcome.report.notes {
            log::warn!("{}: {note}", system.name);
        }
        labelled.push(Labelled { name: system.name.clone(), report: outcome.report });
    }
    results::write_json(arguments.json.as_deref(), &labelled)?;
    if labelled.is_empty() {
        crate::terminal::tell!("{}: no system lacks a label", path.display());
        return Ok(());
    }
    let is_doubtful = |l: &Labelled| matches!(l.report.verdict, Verdict::NotDiffusive | Verdict::EstimatorsDisagree);
    let labels: Vec<Label> = labelled
        .iter()
        .filter(|l| arguments.accept_doubtful || !is_doubtful(l))
        .map(|l| {
            let best = l.report.best_estimate();
            Label {
                system: l.name.clone(),
                molar_conductivity: best.molar_conductivity,
                molar_conductivity_error: best.molar_conductivity_error,
                nernst_einstein: l.report.nernst_einstein,
            }
        })
        .collect();
    let left: Vec<&str> =
        labelled.iter().filter(|l| !arguments.accept_doubtful && is_doubtful(l)).map(|l| l.name.as_str()).collect();
    if !labels.is_empty() {
        write_labels(path, &text, &labels)?;
    }
    // After all files: the table's reader may have had enough.
    let rows: Vec<(&str, String)> = labelled.iter().map(|l| (l.name.as_str(), row(&l.report))).collect();
    results::print_table(&rows)?;
    if !left.is_empty() {
        bail!(
            "{}: {} of {} labels were written; those of {} are doubtful and were not: run ionscape transport on them, or write \
             them too with --accept-doubtful",
            path.display(),
            labels.len(),
            labelled.len(),
            left.join(", ")
        );
    }
    Ok(())
}

fn row(report: &TransportReport) -> String {
    let best = report.best_estimate();
    format!(
        "{:.5} +- {:.5}  {:<18}{}",
        best.molar_conductivity,
        best.molar_conductivity_error,
        best.method.label(),
        report.verdict.label()
    )
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
