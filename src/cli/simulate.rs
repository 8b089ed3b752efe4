//! `ionscape simulate`: a campaign of LAMMPS runs that ends in a data set.

use std::collections::VecDeque;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, bail};
use ionscape::campaign::{Campaign, Engine, Event, Label, SlurmJob, State, SystemPlan, collect, drive, script};
use ionscape::guard::Guard;
use serde::Serialize;

use crate::{doctor, outputs, results, systems};

/// Simulate the systems of a campaign in LAMMPS until each has its label, and write a data set of them.
///
/// The same command goes on where an earlier one was cut off, at whatever moment, and ends with the same data set. A system
/// ends when its label is as precise as asked or at its limit; one that fails stops alone.
#[derive(clap::Args)]
pub struct Arguments {
    /// Campaign file.
    campaign: PathBuf,

    /// Folder for all results; if not given, the campaign file's name without its ending.
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,

    #[command(flatten)]
    programs: Programs,

    /// Systems at a time, before what the campaign says.
    #[arg(long, value_name = "N")]
    concurrent: Option<std::num::NonZeroUsize>,

    /// Keep trajectories and restarts of finished systems.
    #[arg(long)]
    keep: bool,

    /// Run this system alone, and write no data set.
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    system: Option<String>,

    /// Run nothing; write the data set of what is finished.
    #[arg(long, conflicts_with = "system")]
    collect: bool,

    /// Run nothing; list systems and the work.
    #[arg(long, conflicts_with = "json")]
    dry_run: bool,

    /// Run nothing; write a script that submits the campaign to Slurm, a task for each system.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["system", "collect", "dry_run", "json"])]
    slurm: Option<PathBuf>,

    /// Write the results of each system to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The programs that a campaign runs.
#[derive(clap::Args)]
pub struct Programs {
    /// LAMMPS program, before what the campaign names; if neither does, as ionscape doctor finds it.
    #[arg(long, value_name = "LMP")]
    lammps: Option<PathBuf>,

    /// Program that starts MPI ranks.
    #[arg(long, value_name = "MPIEXEC")]
    mpiexec: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut campaign = Campaign::read(&arguments.campaign)?;
    campaign.check_label()?;
    systems::warn_of_units(&arguments.campaign, &campaign.file.units);
    let root = arguments.output.clone().unwrap_or_else(|| arguments.campaign.with_extension(""));
    if root == arguments.campaign {
        bail!("{}: name a folder for the results with --output", root.display());
    }
    let inputs = [arguments.campaign.clone(), campaign.input.clone()];
    let files: Vec<&Path> = [&arguments.slurm, &arguments.json].into_iter().flat_map(|path| path.as_deref()).collect();
    outputs::check_campaign(&campaign, &root, "simulate", &files, &inputs)?;
    outputs::check(&files, &inputs)?;
    if let Some(path) = &arguments.slurm {
        return slurm(&arguments, &campaign, &root, path);
    }
    if let Some(name) = &arguments.system {
        campaign.systems.retain(|system| system.name == *name);
        if campaign.systems.is_empty() {
            bail!("{}: there is no system {name}; --dry-run lists them", arguments.campaign.display());
        }
    }
    if arguments.dry_run {
        return dry_run(&campaign, &root);
    }
    if arguments.collect {
        if !root.is_dir() {
            bail!("{}: there are no results yet; run without --collect", root.display());
        }
        return finish(&campaign, &root, &[], arguments.json.as_deref());
    }
    let engine = engine(&arguments.programs, &campaign)?;
    std::fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
    let root = root.canonicalize().with_context(|| root.display().to_string())?;
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let concurrent = arguments.concurrent.map(|n| n.get()).or(campaign.file.run.concurrent);
    let concurrent = concurrent.unwrap_or((cores / campaign.file.run.ranks).max(1)).min(campaign.systems.len());
    let failures = all(&campaign, &engine, &root, concurrent, arguments.keep);
    if arguments.system.is_some() {
        return match failures.into_iter().next() {
            Some((name, error)) => Err(error).with_context(|| format!("system {name}")),
            None => Ok(()),
        };
    }
    finish(&campaign, &root, &failures, arguments.json.as_deref())
}

/// How LAMMPS is started, which it is asked for once.
pub fn engine(programs: &Programs, campaign: &Campaign) -> anyhow::Result<Engine> {
    let folder = campaign.path.parent().unwrap_or(Path::new(""));
    let file = &campaign.file.run;
    let named = |path: &PathBuf| if path.components().count() > 1 { folder.join(path) } else { path.clone() };
    let lammps = programs.lammps.clone().or(file.lammps.as_ref().map(named));
    let mpiexec = programs.mpiexec.clone().or(file.mpiexec.as_ref().map(named));
    let found = doctor::installation(lammps, mpiexec)?;
    if file.ranks > 1 && found.mpiexec.is_none() {
        bail!("ranks = {}, and there is no mpiexec; name one with --mpiexec", file.ranks);
    }
    Ok(Engine {
        program: found.lammps,
        environment: found.environment,
        launcher: found.mpiexec,
        arguments: file.arguments.clone(),
        version: found.version,
        guard: Guard::new(None)?,
    })
}

/// Runs all systems, so many at a time; what failed.
fn all(
    campaign: &Campaign,
    engine: &Engine,
    root: &Path,
    concurrent: usize,
    keep: bool,
) -> Vec<(String, anyhow::Error)> {
    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..campaign.systems.len()).collect());
    let failures = Mutex::new(vec![]);
    let board = Board::new(campaign.systems.len());
    // A function of its own, so that the queue is free while a system is worked on.
    let take = || queue.lock().expect("no thread panics with the queue").pop_front();
    let work = || {
        while let Some(index) = take() {
            let system = &campaign.systems[index];
            let watch = |event: Event| board.take(index, &system.name, event);
            match drive(campaign, system, engine, root, keep, &watch) {
                Ok(state) => board.finished(index, &system.name, &state),
                Err(error) => {
                    board.failed(index, &system.name, &error.to_string());
                    failures.lock().expect("no thread panics with the failures").push((
                        index,
                        system.name.clone(),
                        error,
                    ));
                }
            }
        }
    };
    std::thread::scope(|scope| (0..concurrent).for_each(|_| drop(scope.spawn(work))));
    let mut failures = failures.into_inner().unwrap_or_default();
    failures.sort_by_key(|(index, _, _)| *index);
    failures.into_iter().map(|(_, name, error)| (name, error.into())).collect()
}

/// Tells on standard error what goes on, and how long it will take.
struct Board {
    start: Instant,
    /// Share of each system's work that is done, and that was when it was first heard of.
    shares: Mutex<Vec<(f64, Option<f64>)>>,
    terminal: bool,
}

impl Board {
    fn new(n: usize) -> Self {
        Self {
            start: Instant::now(),
            shares: Mutex::new(vec![(0.0, None); n]),
            terminal: std::io::stderr().is_terminal(),
        }
    }

    fn take(&self, index: usize, name: &str, event: Event) {
        match event {
            Event::Starts(what) => {
                if self.terminal {
                    crate::terminal::tell!("{}{name}: {what}", self.head());
                }
            }
            Event::Advances { label, share } => {
                self.set(index, share);
                crate::terminal::tell!("{}{name}: {}", self.head(), shown(label));
            }
            Event::Note(note) => log::warn!("{name}: {note}"),
        }
    }

    fn finished(&self, index: usize, name: &str, state: &State) {
        let known = self.set(index, 1.0);
        let why = state.finished.as_ref().map_or("", |finish| &finish.why);
        let before = if known { "" } else { " (already)" };
        crate::terminal::tell!("{}{name}: finished{before}, {why}: {}", self.head(), shown(&state.label));
    }

    fn failed(&self, index: usize, name: &str, error: &str) {
        self.set(index, 1.0);
        log::error!("system {name}: {error}");
    }

    /// Whether the system was heard of before.
    fn set(&self, index: usize, share: f64) -> bool {
        let mut shares = self.shares.lock().expect("no thread panics with the shares");
        let known = shares[index].1.is_some();
        shares[index].1.get_or_insert(if share == 1.0 && !known { 1.0 } else { 0.0 });
        shares[index].0 = share;
        known
    }

    /// Part done, and the time left at the pace of this call.
    fn head(&self) -> String {
        let shares = self.shares.lock().expect("no thread panics with the shares");
        let n = shares.len() as f64;
        let done: f64 = shares.iter().map(|(share, _)| share).sum();
        let own: f64 = shares.iter().map(|(share, first)| share - first.unwrap_or(0.0)).sum();
        let left = self.start.elapsed().as_secs_f64() * (n - done) / own;
        let left = if own > 0.01 { format!(", {} left", duration(left)) } else { String::new() };
        format!("[{:.0} %{left}] ", 100.0 * done / n)
    }
}

pub fn duration(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    if minutes < 120 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}

/// The label so far, and what is doubtful about it: a fault of the campaign's file is told before all of it has run.
fn shown(label: &Label) -> String {
    let value = match label.combined {
        None => "no label yet".into(),
        Some(found) => format!("{:.4} +- {:.4} ({:.1} %)", found.value, found.error, 100.0 * found.relative_error()),
    };
    match label.doubts.as_slice() {
        [] => value,
        doubts => format!("{value}, doubtful: {}", doubts.join("; ")),
    }
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    finished: bool,
    reached: bool,
    error: Option<String>,
    #[serde(flatten)]
    label: Option<&'a Label>,
    pairs: usize,
    chunks: usize,
}

/// Writes the data set, prints the table, and fails if a system did.
fn finish(
    campaign: &Campaign,
    root: &Path,
    failures: &[(String, anyhow::Error)],
    json: Option<&Path>,
) -> anyhow::Result<()> {
    let (path, found) = collect(campaign, root)?;
    let rows: Vec<Row> = campaign
        .systems
        .iter()
        .map(|system| {
            let state = found.iter().find(|(other, _)| other.name == system.name).map(|(_, state)| state);
            let finish = state.and_then(|state| state.finished.as_ref());
            Row {
                name: &system.name,
                finished: finish.is_some(),
                reached: finish.is_some_and(|finish| finish.reached),
                error: failures.iter().find(|(name, _)| *name == system.name).map(|(_, e)| format!("{e:#}")),
                label: state.map(|state| &state.label),
                pairs: state.map_or(0, |state| state.pairs.len()),
                chunks: state.map_or(0, |state| state.chunks),
            }
        })
        .collect();
    let written = |row: &&Row| row.finished && row.label.is_some_and(|label| label.combined.is_some());
    let n_written = rows.iter().filter(written).count();
    let why =
        |row: &Row| row.label.and_then(|label| label.equilibrium_left_out.as_ref()).map(|why| format!(" ({why})"));
    let ended = rows.iter().filter(|row| row.finished && !written(row));
    let without: Vec<String> = ended.map(|row| format!("{}{}", row.name, why(row).unwrap_or_default())).collect();
    // Before the table, whose reader may have had enough.
    results::write_json(json, &rows)?;
    print(&found)?;
    crate::terminal::tell!("{n_written} of {} systems are in {}", rows.len(), path.display());
    if !without.is_empty() {
        log::warn!(
            "{} ended without a label, and not in the data set: the equilibrium run tells none and there are too few pairs; raise \
             label.longest or response.most_pairs, and run the command again",
            without.join(", ")
        );
    }
    if !failures.is_empty() {
        let names: Vec<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
        bail!("{} of {} systems failed: {}", failures.len(), rows.len(), names.join(", "));
    }
    Ok(())
}

fn print(found: &[(&SystemPlan, State)]) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    let width = found.iter().map(|(system, _)| system.name.len()).max().unwrap_or(0).max("system".len());
    writeln!(
        out,
        "{:<width$}  {:>9} {:>8} {:>6}  {:>9} {:>8}  {:>9} {:>8}  {:>6}  {:>5}  note",
        "system", "label", "+-", "%", "equilib.", "+-", "paired", "+-", "apart", "pairs"
    )?;
    for (system, state) in found {
        let label = &state.label;
        let pair = |estimate: Option<ionscape::campaign::RouteEstimate>| match estimate {
            Some(e) => format!("{:>9.4} {:>8.4}", e.value, e.error),
            None => format!("{:>9} {:>8}", "-", "-"),
        };
        let percent = label.combined.map_or("-".into(), |e| format!("{:.2}", 100.0 * e.relative_error()));
        let apart = label.apart.map_or("-".into(), |apart| format!("{apart:.1}"));
        let note = note(state);
        writeln!(
            out,
            "{:<width$}  {} {percent:>6}  {}  {}  {apart:>6}  {:>5}  {note}",
            system.name,
            pair(label.combined),
            pair(label.equilibrium),
            pair(label.response),
            state.pairs.len()
        )?;
    }
    Ok(())
}

/// What is to be said of a system beside its numbers.
fn note(state: &State) -> String {
    let label = &state.label;
    let mut notes = vec![];
    match &state.finished {
        None => notes.push("not finished".into()),
        Some(finish) if !finish.reached => notes.push(finish.why.clone()),
        Some(_) => {}
    }
    if !label.doubts.is_empty() {
        notes.push(format!("doubtful: {}", label.doubts.join("; ")));
    }
    if let Some(why) = label.equilibrium_left_out.as_ref().filter(|_| label.equilibrium.is_none()) {
        notes.push(format!("the equilibrium run has no say: {why}"));
    }
    notes.join("; ")
}

fn dry_run(campaign: &Campaign, root: &Path) -> anyhow::Result<()> {
    let mut out = crate::terminal::output();
    let chunk = campaign.steps(campaign.file.production.chunk);
    let chunks = (campaign.file.production.snapshots - 1).div_ceil(campaign.configurations_per_chunk()).max(1) as u64;
    let most = campaign.steps(campaign.file.label.longest);
    for system in &campaign.systems {
        let variables: Vec<String> = system.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pairs = match campaign.file.response.enabled {
            true => {
                format!(", pairs of 2 x {} steps under a field of {}", campaign.response_steps(system), system.field)
            }
            false => String::new(),
        };
        writeln!(out, "{}: {}", system.name, variables.join(" "))?;
        writeln!(out, "  at least {} steps at equilibrium{pairs}; at most {most} steps", chunks * chunk)?;
    }
    let plural = if campaign.systems.len() == 1 { "" } else { "s" };
    writeln!(out, "{} system{plural}, results in {}", campaign.systems.len(), root.display())?;
    writeln!(
        out,
        "each process: LMP -in {} -log log.lammps -screen none -nocite {} -var stage STAGE -var seed SEED -var restart FILE \
         -var stage_file stage.in -var folder FOLDER -var NAME VALUE ...",
        campaign.input.display(),
        campaign.file.run.arguments.join(" ")
    )?;
    Ok(())
}

fn slurm(arguments: &Arguments, campaign: &Campaign, root: &Path, path: &Path) -> anyhow::Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).with_context(|| path.display().to_string());
    let mut options = vec!["--concurrent".to_string(), "1".into()];
    for (name, value) in [("--lammps", &arguments.programs.lammps), ("--mpiexec", &arguments.programs.mpiexec)] {
        if let Some(value) = value {
            options.extend([name.to_string(), absolute(value)?.display().to_string()]);
        }
    }
    if arguments.keep {
        options.push("--keep".into());
    }
    let text = script(&SlurmJob {
        program: &std::env::current_exe()?,
        campaign: &absolute(&arguments.campaign)?,
        output: &absolute(root)?,
        systems: campaign.systems.iter().map(|system| system.name.as_str()).collect(),
        ranks: campaign.file.run.ranks,
        options,
    });
    results::write(path, text)?;
    crate::terminal::tell!("submit the campaign with: bash {}", path.display());
    Ok(())
}
