//! `ionscape`: everything about local conductivities that happens outside LAMMPS.

mod analyze;
mod doctor;
mod ending;
mod evaluate;
mod featurize;
mod import;
mod inspect;
mod label;
#[cfg(feature = "embedded")]
mod lmp;
mod mapping;
mod order;
mod outputs;
mod pipeline;
mod predict;
mod progress;
mod reading;
mod report;
mod rerun;
mod results;
mod run_units;
mod simulate;
mod systems;
mod terminal;
mod train;
mod transport;
mod truth;
mod usage;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::usage::OrUsage;

#[global_allocator]
static MEMORY: ending::Memory = ending::Memory;

/// Local molar conductivity of every ion in an electrolyte.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// Threads to use; all cores if not given (also: RAYON_NUM_THREADS).
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    threads: Option<NonZeroUsize>,

    #[command(subcommand)]
    command: Command,
}

/// More than any machine has: they would be begun for minutes.
const MOST_THREADS: usize = 1024;

/// What RAYON_NUM_THREADS says, whose zero means all cores.
fn threads_of_environment() -> anyhow::Result<Option<NonZeroUsize>> {
    match std::env::var_os("RAYON_NUM_THREADS") {
        Some(text) if !text.is_empty() && text != "0" => threads(&text.to_string_lossy())
            .map(Some)
            .map_err(|e| anyhow::anyhow!("RAYON_NUM_THREADS={}: {e}", text.display())),
        _ => Ok(None),
    }
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|n: &NonZeroUsize| n.get() <= MOST_THREADS);
    number.ok_or_else(|| format!("it is a number of threads from 1 to {MOST_THREADS}"))
}

#[derive(Subcommand)]
enum Command {
    Analyze(analyze::Arguments),
    Doctor(doctor::Arguments),
    Evaluate(evaluate::Arguments),
    Featurize(featurize::Arguments),
    Import(import::Arguments),
    Inspect(inspect::Arguments),
    Label(label::Arguments),
    #[cfg(feature = "embedded")]
    Lmp(lmp::Arguments),
    Predict(predict::Arguments),
    Report(report::Arguments),
    Simulate(simulate::Arguments),
    Train(train::Arguments),
    Transport(Box<transport::Arguments>),
    Truth(truth::Arguments),
}

fn main() -> ExitCode {
    // Which operators are tested is for `model` to say.
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,tract_onnx=error"))
        .format(|out, record| {
            use std::io::Write;
            writeln!(out, "ionscape: {}: {}", record.level().as_str().to_lowercase(), record.args())
        })
        .init();
    let matches = take_negative_numbers(Arguments::command()).get_matches();
    match Arguments::from_arg_matches(&matches).map(run).unwrap_or_else(|e| e.exit()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::terminal::tell!("ionscape: {}", sentence(&error));
            if error.is::<usage::Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// A number below zero is a value, which options refuse in words of their own, and not another option.
fn take_negative_numbers(command: clap::Command) -> clap::Command {
    let take = |option: clap::Arg| {
        let takes = option.get_action().takes_values();
        if takes { option.allow_negative_numbers(true) } else { option }
    };
    command.mut_args(take).mut_subcommands(take_negative_numbers)
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    // LAMMPS and MPI within this program see to signals themselves.
    #[cfg(feature = "embedded")]
    let is_lammps = matches!(arguments.command, Command::Lmp(_));
    #[cfg(not(feature = "embedded"))]
    let is_lammps = false;
    if !is_lammps {
        // Begun here, threads that cannot be are an error. Zero is all cores.
        let threads = match arguments.threads {
            Some(threads) => threads.get(),
            None => threads_of_environment().or_usage()?.map_or(0, NonZeroUsize::get),
        };
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
        ending::watch_signals().map_err(anyhow::Error::from).and_then(|()| Ok(pool()?)).context(
            "threads cannot be started: memory or the number of processes is limited too far (ulimit -v, -u); raise the \
             limit, or take fewer --threads",
        )?;
    }
    match arguments.command {
        Command::Analyze(arguments) => analyze::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Featurize(command) => featurize::run(command, arguments.threads),
        Command::Import(arguments) => import::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Label(arguments) => label::run(arguments),
        #[cfg(feature = "embedded")]
        Command::Lmp(arguments) => lmp::run(arguments),
        Command::Predict(command) => predict::run(command, arguments.threads),
        Command::Report(arguments) => report::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Truth(arguments) => truth::run(arguments),
        Command::Train(arguments) => train::run(arguments),
        Command::Transport(arguments) => transport::run(*arguments),
    }
}

/// An error with its causes, but for those that it quotes itself.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text += &format!(": {cause}");
        }
    }
    text
}
