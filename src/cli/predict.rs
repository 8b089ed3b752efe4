//! `ionscape predict`: local conductivities for the ions of a dump.

use std::path::PathBuf;

use anyhow::{Context, bail};
use ionscape::configuration;
use ionscape::local::{Environments, LocalModel};
use ionscape::model::Agreement;
use ionscape::output::AtomicFile;
use ionscape::statistics;
use ionscape::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
use serde::Serialize;

use crate::{mapping, progress::Progress, reading::Reading, report};

/// Names of the columns, as `compute lam ions conductivity/atom` gives them to a dump.
const COLUMNS: [&str; 3] = ["c_lam[1]", "c_lam[2]", "c_lam[3]"];

/// Add local molar conductivities to a dump.
///
/// The dump's text is kept as it is; each atom gets three more columns: c_lam[1], the local molar conductivity,
/// c_lam[2], its standard deviation over the ensemble, and c_lam[3], the extrapolation grade. They are 0 for atoms
/// that are no ions of the model.
#[derive(clap::Args)]
pub struct Arguments {
    /// Model file.
    model: PathBuf,

    /// LAMMPS text dump (plain, .gz or .zst).
    input: PathBuf,

    /// Where to write the dump with the new columns; an ending .gz or .zst compresses it.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,

    /// Species of each atom type in order, NULL for types that are no ions; the model's own order if not given.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    species: Option<Vec<String>>,

    /// Write the mean over ions and frames to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    reading: Reading,
}

#[derive(Serialize)]
struct Summary {
    /// Mean over ions and frames: the predicted molar conductivity.
    mean: f64,
    /// Its error from the fluctuation between frames, which accounts for their correlation; none for too few frames.
    mean_error: Option<f64>,
    /// Standard deviation over the ensemble of the mean.
    mean_ensemble_deviation: f64,
    /// As [`Agreement::system_extrapolation`]; none for a model that does not carry what it needs.
    system_extrapolation: Option<f64>,
    /// Root mean square over ions and frames of the ensemble's standard deviation of one ion.
    ensemble_deviation: f64,
    /// Share of ions outside the training domain; none for a model without one.
    outside_domain: Option<f64>,
    /// Ions a frame, the mean where it changes.
    n_ions: f64,
    n_frames: usize,
    units: String,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let local = LocalModel::load(&arguments.model)?;
    let map = mapping::of_model(local.species(), arguments.species.as_deref())?;
    let columns = Columns::default().want(Quantity::Charges);
    let mut dump =
        DumpReader::open(&arguments.input, columns, ReadOptions { keep_text: true, ..arguments.reading.options() })?;
    let mut out = AtomicFile::create(&arguments.output)?;

    let has_domain = local.model().metadata().domain.is_some();
    if !has_domain {
        log::warn!(
            "{}: the model carries no training domain, so c_lam[3] is -1 for every ion",
            arguments.model.display()
        );
    }
    let mut totals = Totals::default();
    let mut progress = Progress::new(&arguments.input, "frames");
    let mut frame = Frame::default();
    let mut ions: Vec<[f64; 3]> = vec![];
    let mut atoms: Vec<[f64; 3]> = vec![];
    while dump.read(&mut frame)? {
        if let Some(name) = frame.column_names().iter().find(|name| COLUMNS.contains(&name.as_str())) {
            let message = format!("there is a column {name} already; predict on the dump without it");
            return Err(frame.error(None, message).into());
        }
        check_units(&frame, &local)?;
        configuration::check(&map, &frame)?;
        let environments = configuration::environments(&frame, &map, local.descriptor().reach())?;
        ions.clear();
        ions.resize(environments.len(), [0.0; 3]);
        let members = local.evaluate(&environments, &mut ions).map_err(|e| frame.error(None, e.to_string()))?;
        totals.add(&ions, &members);

        atoms.clear();
        atoms.resize(frame.n_atoms, [0.0; 3]);
        let is_ion = |&&atom: &&usize| map.species_of(frame.types[atom]).is_some();
        for (&atom, ion) in frame.order_by_id()?.iter().filter(is_ion).zip(&ions) {
            atoms[atom] = *ion;
        }
        let raw = frame.raw().context("the reader kept no text")?;
        raw.write_with(&mut out, &COLUMNS, |atom, text| {
            use std::io::Write;
            let [lambda, deviation, grade] = atoms[atom];
            // Nine digits hold a float32 exactly. Writing to memory does not fail.
            let _ = write!(text, "{lambda:.9} {deviation:.9} {grade:.6}");
        })
        .with_context(|| arguments.output.display().to_string())?;
        progress.frame();
    }
    drop(progress);
    let Some(summary) = totals.summary(&local) else {
        bail!(
            "{}: no atom is an ion of the model; name the atom types' species with --species",
            arguments.input.display()
        );
    };
    out.commit()?;
    print(&summary)?;
    if let Some(grade) = summary.system_extrapolation.filter(|grade| *grade > 1.0) {
        log::warn!(
            "{}: the members of the ensemble deviate {grade:.1} times as far as on any training system",
            arguments.input.display()
        );
    }
    report::write_json(arguments.json.as_deref(), &summary)
}

/// A dump that states its units must state the model's.
fn check_units(frame: &Frame, local: &LocalModel) -> anyhow::Result<()> {
    let model = &local.model().metadata().units;
    match &frame.units {
        Some(units) if (units == "lj") != (model == "lj") => {
            let message = format!("the dump is in {units} units, and the model is for {model} units");
            Err(frame.error(None, message).into())
        }
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Totals {
    /// Mean over the ions of each frame.
    means: Vec<f64>,
    n_ions: usize,
    lambda: f64,
    /// Each member's sum over ions and frames.
    members: Vec<f64>,
    variance: f64,
    outside: usize,
}

impl Totals {
    fn add(&mut self, ions: &[[f64; 3]], members: &[f64]) {
        self.members.resize(members.len(), 0.0);
        self.members.iter_mut().zip(members).for_each(|(total, sum)| *total += sum);
        let sum: f64 = ions.iter().map(|ion| ion[0]).sum();
        if !ions.is_empty() {
            self.means.push(sum / ions.len() as f64);
        }
        self.n_ions += ions.len();
        self.lambda += sum;
        self.variance += ions.iter().map(|ion| ion[1] * ion[1]).sum::<f64>();
        self.outside += ions.iter().filter(|ion| ion[2] > 1.0).count();
    }

    fn summary(&self, local: &LocalModel) -> Option<Summary> {
        if self.n_ions == 0 {
            return None;
        }
        let n = self.n_ions as f64;
        let metadata = local.model().metadata();
        let mean = statistics::mean_with_error(&self.means).ok()?;
        let agreement = Agreement::of_sums(&self.members, self.n_ions);
        Some(Summary {
            mean: self.lambda / n,
            mean_error: mean.error.filter(|e| e.converged).map(|e| e.value),
            mean_ensemble_deviation: agreement.deviation,
            system_extrapolation: agreement.system_extrapolation(metadata),
            ensemble_deviation: (self.variance / n).sqrt(),
            outside_domain: metadata.domain.as_ref().map(|_| self.outside as f64 / n),
            n_ions: n / self.means.len() as f64,
            n_frames: self.means.len(),
            units: metadata.units.clone(),
        })
    }
}

fn print(summary: &Summary) -> std::io::Result<()> {
    let unit = if summary.units == "lj" { "(reduced)" } else { "S cm2/mol" };
    let error = summary.mean_error.map_or("(too few frames for an error)".into(), |e| format!("+- {e:.4}"));
    let mut rows = vec![
        ("predicted molar conductivity", format!("{:.4} {error} {unit}", summary.mean)),
        ("its deviation over the ensemble", format!("{:.4}", summary.mean_ensemble_deviation)),
        ("deviation over the ensemble, one ion", format!("{:.4}", summary.ensemble_deviation)),
    ];
    if let Some(share) = summary.outside_domain {
        rows.push(("ions outside the training domain", format!("{:.2} %", 100.0 * share)));
    }
    rows.push(("ions a frame", format!("{}", summary.n_ions)));
    rows.push(("frames", summary.n_frames.to_string()));
    report::print_table(&rows)
}
