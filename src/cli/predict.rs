//! `ionscape predict`: local conductivities for the ions of a dump.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ionscape::cautions::Cautions;
use ionscape::configuration;
use ionscape::local::LocalModel;
use ionscape::model::{Agreement, Condition, Conditions};
use ionscape::output::AtomicFile;
use ionscape::species::SpeciesMap;
use ionscape::statistics;
use ionscape::trajectory::{DumpReader, Frame, ReadOptions};
use rayon::prelude::*;
use serde::Serialize;

use crate::order::Order;
use crate::rerun::{self, Ions, Rerun, Style};
use crate::run_units::RunUnits;
use crate::{mapping, outputs, pipeline, progress::Progress, reading::Reading, results};

/// Names of the columns, as `compute lam ions conductivity/atom` gives them to a dump.
const COLUMNS: [&str; 3] = ["c_lam[1]", "c_lam[2]", "c_lam[3]"];

/// What the compute prints before the deviation of a run's mean.
const DEVIATION: &str = "deviation over the ensemble ";

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

    /// Species of each atom type in order, as in Na,NULL,Cl, NULL for types that are no ions; the model's own order if not given.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    species: Option<Vec<String>>,

    /// Temperature of the system, for a model that takes it: in kelvin, or reduced in lj units.
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,

    /// Write the mean over ions and frames to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    rerun: rerun::Options,
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
    n_ions: serde_json::Number,
    n_frames: usize,
    units: String,
}

pub fn run(arguments: Arguments, threads: Option<NonZeroUsize>) -> anyhow::Result<()> {
    let local = LocalModel::load(&arguments.model)?;
    let map = mapping::of_model(&local, arguments.species.as_deref())?;
    let conditions = Conditions { temperature: arguments.temperature };
    conditions
        .values(local.inputs().conditions())
        .with_context(|| format!("{}: give what it takes, as in --temperature 300", arguments.model.display()))?;
    if arguments.temperature.is_some() && !local.inputs().conditions().contains(&Condition::Temperature) {
        bail!("{}: the model takes no temperature; leave --temperature out", arguments.model.display());
    }
    let columns = configuration::columns(&map);
    let mut dump =
        DumpReader::open(&arguments.input, columns, ReadOptions { keep_text: true, ..arguments.reading.options() })?;
    let files: Vec<&Path> = [arguments.output.as_path()].into_iter().chain(arguments.json.as_deref()).collect();
    outputs::check(&files, &[arguments.model.clone(), arguments.input.clone()])?;
    let rerun = arguments.rerun.rerun(threads, &arguments.output)?;
    let mut output = Output {
        local: &local,
        units: RunUnits::default(),
        order: Order::default(),
        file: AtomicFile::create(&arguments.output)?,
        totals: Totals::default(),
        progress: Progress::new(&arguments.input, "frames"),
    };
    let has_domain = local.model().metadata().domain.is_some();
    if !has_domain {
        log::warn!(
            "{}: the model carries no training domain, so c_lam[3] is -1 for every ion",
            arguments.model.display()
        );
    }
    if local.model().n_members() == 1 {
        log::warn!(
            "{}: the model has one member, which has no deviation, so c_lam[2] is 0 for every ion",
            arguments.model.display()
        );
    }
    let deviation = match rerun {
        Some(_) if map.has_molecules() => bail!(
            "{}: ions that are centres of mass are not evaluated on --ranks; leave it out, or use the compute in LAMMPS",
            arguments.model.display()
        ),
        Some(rerun) => in_lammps(rerun, &arguments.model, &local, (&map, conditions), &mut dump, &mut output)?,
        None => here(&local, (&map, conditions), &mut dump, &mut output)?,
    };
    let Output { file, totals, progress, order, .. } = output;
    drop(progress);
    let Some(summary) = totals.summary(&local, deviation) else {
        bail!(
            "{}: no atom is an ion of the model; name the atom types' species with --species",
            arguments.input.display()
        );
    };
    file.commit()?;
    // Before the table, whose reader may have had enough.
    results::write_json(arguments.json.as_deref(), &summary)?;
    if let Some(grade) = summary.system_extrapolation.filter(|grade| *grade > Agreement::NOTABLE) {
        log::warn!(
            "{}: the members of the ensemble deviate {grade:.1} times as far as on any training system",
            arguments.input.display()
        );
    }
    if let Some(caution) = order.caution() {
        log::warn!("{}: {caution}", arguments.input.display());
    }
    Ok(print(&summary)?)
}

/// Evaluates all frames in this program; the standard deviation over the ensemble of the mean over all ions.
fn here(
    local: &LocalModel,
    (map, conditions): (&SpeciesMap, Conditions),
    dump: &mut DumpReader,
    output: &mut Output,
) -> anyhow::Result<f64> {
    let (mut atoms, mut sums) = (vec![], vec![0.0; local.model().n_members()]);
    let cautions = Cautions::logged();
    let evaluate = |frame: &Frame| {
        check(frame)?;
        Ok(configuration::field(local, map, &conditions, frame, &cautions)?)
    };
    pipeline::run(dump, evaluate, |frame, field| {
        sums.iter_mut().zip(&field.members).for_each(|(total, sum)| *total += sum);
        field.by_atom(frame.n_atoms, &mut atoms);
        output.add(frame, &field.ions, &atoms)
    })?;
    Ok(Agreement::of_sums(&sums, output.totals.n_ions).deviation)
}

/// As [`here`], by LAMMPS; the deviation to the six digits that the compute prints.
fn in_lammps(
    rerun: Rerun,
    path: &Path,
    local: &LocalModel,
    (map, conditions): (&SpeciesMap, Conditions),
    dump: &mut DumpReader,
    output: &mut Output,
) -> anyhow::Result<f64> {
    let style = Style {
        name: "conductivity/atom",
        columns: COLUMNS.len(),
        model: &ionscape::model::read_file(path)?,
        units: &local.model().metadata().units,
        species: map.species().iter().map(|species| species.name.as_str()).collect(),
        reach: local.descriptor().reach(),
        temperature: conditions.temperature.filter(|_| local.inputs().conditions().contains(&Condition::Temperature)),
    };
    let (mut field, mut atoms) = (vec![], vec![]);
    let add = |ions: &Ions, values: &[f64]| {
        let values: &[[f64; 3]] = values.as_chunks().0;
        field.clear();
        atoms.clear();
        atoms.resize(ions.frame.n_atoms, [0.0; 3]);
        for (&atom, values) in ions.atoms.iter().zip(values) {
            if map.is_ion(ions.frame.types[atom]) {
                atoms[atom] = *values;
                field.push(*values);
            }
        }
        output.add(&ions.frame, &field, &atoms)
    };
    let cautions = Cautions::logged();
    let check = |frame: &Frame| {
        check(frame)?;
        if configuration::length_for(local, frame)? != 1.0 {
            let message =
                "the dump states other length units than the model's, which --ranks does not convert; leave it out";
            return Err(frame.error(None, message.into()).into());
        }
        Ok(configuration::check(map, frame, &cautions)?)
    };
    let screen = rerun.evaluate(&style, map, dump, &cautions, check, add)?;
    let printed =
        screen.split_once(DEVIATION).and_then(|(_, rest)| rest.split([',', '\n']).next()?.trim().parse().ok());
    // Without ions nothing is printed, nor is there a summary.
    match printed {
        Some(deviation) => Ok(deviation),
        None if output.totals.n_ions == 0 => Ok(f64::NAN),
        None => {
            bail!("the plugin does not say how far the ensemble agrees; rebuild it with this program: `make build`")
        }
    }
}

/// The dump in the making, and what is learned on the way.
struct Output<'a> {
    local: &'a LocalModel,
    units: RunUnits,
    order: Order,
    file: AtomicFile,
    totals: Totals,
    progress: Progress,
}

impl Output<'_> {
    /// Adds a frame: the values of its ions, and those of all its atoms.
    fn add(&mut self, frame: &Frame, ions: &[[f64; 3]], atoms: &[[f64; 3]]) -> anyhow::Result<()> {
        self.units.check(frame, Some(self.local))?;
        self.order.add(frame.timestep);
        self.totals.add(ions);
        let raw = frame.raw().context("the reader kept no text")?;
        let lines: Vec<Lines> = atoms.par_chunks(Lines::MOST).map(Lines::new).collect();
        let written = raw.write_with(&mut self.file, &COLUMNS, |atom, text| {
            text.extend_from_slice(lines[atom / Lines::MOST].line(atom % Lines::MOST));
        });
        written.with_context(|| self.file.path().display().to_string())?;
        self.progress.frame();
        Ok(())
    }
}

/// Values of some atoms as text, a line each: on all cores, since to write numbers takes longer than to read them.
struct Lines {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    /// Atoms that one thread writes together.
    const MOST: usize = 512;

    fn new(atoms: &[[f64; 3]]) -> Self {
        use std::io::Write;
        let (mut text, mut ends) = (vec![], vec![]);
        for &[lambda, deviation, grade] in atoms {
            // Writing to memory does not fail.
            let _ = write!(text, "{} {} {grade:.6}", NineDigits(lambda), NineDigits(deviation));
            ends.push(text.len());
        }
        Self { text, ends }
    }

    fn line(&self, atom: usize) -> &[u8] {
        let start = atom.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[atom]]
    }
}

/// A number with nine significant digits, which hold a float32 exactly: decimals where there is room for them, else a power.
struct NineDigits(f64);

impl std::fmt::Display for NineDigits {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let size = self.0.abs();
        if (1e-5..1e8).contains(&size) {
            let decimals = (8.0 - size.log10().floor()) as usize;
            write!(out, "{:.decimals$}", self.0)
        } else if size == 0.0 {
            write!(out, "0")
        } else {
            write!(out, "{:.8e}", self.0)
        }
    }
}

/// A frame is one that these columns can be added to.
fn check(frame: &Frame) -> anyhow::Result<()> {
    if let Some(name) = frame.column_names().iter().find(|name| COLUMNS.contains(&name.as_str())) {
        let message = format!("there is a column {name} already; predict on the dump without it");
        return Err(frame.error(None, message).into());
    }
    Ok(())
}

#[derive(Default)]
struct Totals {
    /// Mean over the ions of each frame.
    means: Vec<f64>,
    n_ions: usize,
    lambda: f64,
    variance: f64,
    outside: usize,
}

impl Totals {
    fn add(&mut self, ions: &[[f64; 3]]) {
        let sum: f64 = ions.iter().map(|ion| ion[0]).sum();
        if !ions.is_empty() {
            self.means.push(sum / ions.len() as f64);
        }
        self.n_ions += ions.len();
        self.lambda += sum;
        self.variance += ions.iter().map(|ion| ion[1] * ion[1]).sum::<f64>();
        self.outside += ions.iter().filter(|ion| ion[2] > 1.0).count();
    }

    /// None without ions; `deviation` is that of the mean over the ensemble.
    fn summary(&self, local: &LocalModel, deviation: f64) -> Option<Summary> {
        if self.n_ions == 0 {
            return None;
        }
        let n = self.n_ions as f64;
        let metadata = local.model().metadata();
        let mean = statistics::mean_with_error(&self.means).ok()?;
        let agreement = Agreement { mean: self.lambda / n, deviation };
        Some(Summary {
            mean: agreement.mean,
            mean_error: mean.error.filter(|e| e.converged).map(|e| e.value),
            mean_ensemble_deviation: agreement.deviation,
            system_extrapolation: agreement.system_extrapolation(metadata),
            ensemble_deviation: (self.variance / n).sqrt(),
            outside_domain: metadata.domain.as_ref().map(|_| self.outside as f64 / n),
            n_ions: results::number_of(n / self.means.len() as f64),
            n_frames: self.means.len(),
            units: metadata.units.clone(),
        })
    }
}

fn print(summary: &Summary) -> std::io::Result<()> {
    let unit = if summary.units == "lj" { "(reduced)" } else { "S cm2/mol" };
    let error =
        summary.mean_error.map_or("(too few frames for an error)".into(), |e| format!("+- {}", results::number(e)));
    let mut rows = vec![
        ("predicted molar conductivity", format!("{} {error} {unit}", results::number(summary.mean))),
        ("its deviation over the ensemble", results::number(summary.mean_ensemble_deviation)),
        ("deviation over the ensemble, one ion", results::number(summary.ensemble_deviation)),
    ];
    if let Some(share) = summary.outside_domain {
        rows.push(("ions outside the training domain", format!("{:.2} %", 100.0 * share)));
    }
    rows.push(("ions a frame", summary.n_ions.as_f64().map_or(String::new(), results::count)));
    rows.push(("frames", summary.n_frames.to_string()));
    results::print_table(&rows)
}
