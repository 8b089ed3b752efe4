//! `ionscape simulate`: a campaign of LAMMPS runs that ends in a data set.

mod board;
mod table;

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, bail};
use ionscape::campaign::{Campaign, Engine, Event, SlurmJob, drive, script};
use ionscape::guard::Guard;

use crate::{doctor, outputs, results, systems};
use board::Board;
pub use board::duration;
use table::finish;

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
