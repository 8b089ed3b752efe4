//! `ionscape truth`: each ion's own response to a field, without a model.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use ionscape::campaign::truth::{AtTime, Event, SystemTruth, TruthPlan, collect, dataset, drive, write_text};
use ionscape::campaign::{Campaign, Engine, Perturbation, SystemPlan};
use ionscape::dataset::Dataset;
use ionscape::plot::{Figure, RowPanel, RowSeries, rows};

use crate::{outputs, results, simulate, systems};

/// Measure the conductivity of single ions by their own response to a field, in LAMMPS.
///
/// From configurations of each system of a campaign many pairs of short runs start, under a field and its opposite, with
/// velocities and noise that a pair shares and no other has. The same command goes on where an earlier one was cut off.
#[derive(clap::Args)]
pub struct Arguments {
    /// Campaign file; its [truth] table has the settings.
    campaign: PathBuf,

    /// Folder for all results; if not given, the campaign file's name without its ending, and -truth.
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,

    #[command(flatten)]
    programs: simulate::Programs,

    /// Data set whose labels the new one takes for systems of the same names; if not given, labels are mean responses.
    #[arg(long, value_name = "DATASET")]
    labels: Option<PathBuf>,

    /// Run this system alone.
    #[arg(long, value_name = "NAME")]
    system: Option<String>,

    /// Run nothing; write what is there.
    #[arg(long, conflicts_with = "dry_run")]
    collect: bool,

    /// Run nothing; list systems and the work.
    #[arg(long, conflicts_with_all = ["json", "plot"])]
    dry_run: bool,

    /// Draw how far ions differ and how well they are told apart (.svg or .png).
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    /// Write the results of each system to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    arguments.plot.as_deref().map_or(Ok(()), results::check_figure)?;
    let (plan, campaign) = TruthPlan::of(Campaign::read(&arguments.campaign)?)?;
    systems::warn_of_units(&arguments.campaign, &campaign.file.units);
    let mut wanted: Vec<&SystemPlan> = campaign.systems.iter().collect();
    if let Some(name) = &arguments.system {
        wanted.retain(|system| system.name == *name);
        if wanted.is_empty() {
            bail!("{}: there is no system {name}; --dry-run lists them", arguments.campaign.display());
        }
    }
    let labels = match &arguments.labels {
        Some(path) => {
            let (_, labels) = systems::dataset(path)?;
            check_labels(&labels, &campaign).with_context(|| path.display().to_string())?;
            Some(labels)
        }
        None => None,
    };
    let files: Vec<&Path> = [&arguments.plot, &arguments.json].into_iter().flat_map(|path| path.as_deref()).collect();
    let inputs = [arguments.campaign.clone(), campaign.input.clone()];
    let inputs: Vec<PathBuf> = inputs.into_iter().chain(arguments.labels.clone()).collect();
    outputs::check(&files, &inputs)?;
    let root = arguments.output.clone().unwrap_or_else(|| {
        let mut name = arguments.campaign.file_stem().unwrap_or_default().to_os_string();
        name.push("-truth");
        arguments.campaign.with_file_name(name)
    });
    outputs::check_campaign(&campaign, &root, "truth", &files, &inputs)?;
    if arguments.dry_run {
        return dry_run(&campaign, &plan, &wanted);
    }
    let mut failures = vec![];
    if !arguments.collect {
        let engine = simulate::engine(&arguments.programs, &campaign)?;
        std::fs::create_dir_all(&root).with_context(|| root.display().to_string())?;
        let root = root.canonicalize().with_context(|| root.display().to_string())?;
        failures = simulate_all(&campaign, &plan, &wanted, &engine, &root);
    }
    let mut found: Vec<SystemTruth> = vec![];
    for system in &campaign.systems {
        found.extend(collect(&campaign, &plan, system, &root)?);
    }
    if found.is_empty() {
        match failures.into_iter().next() {
            Some((name, error)) => return Err(error).with_context(|| format!("system {name}")),
            None => bail!("{}: no configuration is done yet; run without --collect", root.display()),
        }
    }
    let label = |name: &str| {
        let system = labels.as_ref()?.systems.iter().find(|system| system.name == name)?;
        Some([system.molar_conductivity?, system.molar_conductivity_error?])
    };
    let path = root.join("dataset.toml");
    write_text(&path, &dataset(&campaign, &found, &label))?;
    results::write_json(arguments.json.as_deref(), &found)?;
    if let Some(path) = &arguments.plot {
        results::write_figure(path, &figure(&found, plan.reliability))?;
    }
    print(&found)?;
    crate::terminal::tell!("{} of {} systems are in {}", found.len(), campaign.systems.len(), path.display());
    if !failures.is_empty() {
        let names: Vec<&str> = failures.iter().map(|(name, _)| name.as_str()).collect();
        bail!("{} of {} systems failed: {}", names.len(), wanted.len(), names.join(", "));
    }
    Ok(())
}

/// Refuses labels that are per another amount or in another unit than the campaign's conductivities.
fn check_labels(labels: &Dataset, campaign: &Campaign) -> anyhow::Result<()> {
    let file = &campaign.file;
    if labels.units != file.units {
        bail!(
            "its labels are in {} units, and the campaign is in {}; take labels of the same units",
            labels.units,
            file.units
        );
    }
    let is_labelled = |plan: &&SystemPlan| {
        labels.systems.iter().any(|system| system.name == plan.name && system.molar_conductivity_error.is_some())
    };
    let (with, without): (Vec<_>, Vec<_>) = campaign.systems.iter().partition(is_labelled);
    if with.is_empty() {
        bail!("none of its systems is one of the campaign's with a label; leave --labels out to take mean responses");
    }
    if let Some(first) = without.first() {
        bail!(
            "it has no label for {} of the campaign's systems, as {}, and nothing learns from labels of some; compute them, or leave \
             --labels out to take mean responses",
            without.len(),
            first.name
        );
    }
    if labels.charges != file.charges {
        bail!(
            "its charges are {:?}, and the campaign's are {:?}, so that its labels are of other ions; take labels of the same \
             species and charges",
            labels.charges,
            file.charges
        );
    }
    Ok(())
}

/// Runs one system after the other, the runs of a batch at the same time; what failed.
fn simulate_all(
    campaign: &Campaign,
    plan: &TruthPlan,
    systems: &[&SystemPlan],
    engine: &Engine,
    root: &Path,
) -> Vec<(String, anyhow::Error)> {
    let start = Instant::now();
    let mut failures = vec![];
    for (number, system) in systems.iter().enumerate() {
        let watch = |event: Event| match event {
            Event::Starts(what) => crate::terminal::tell!("{}: {what}", system.name),
            Event::Doubts(doubts) => log::warn!("{}: doubtful: {}", system.name, doubts.join("; ")),
            Event::Batch { configuration, pairs, reliability, relative_error, share } => {
                let share = (number as f64 + share) / systems.len() as f64;
                let left = start.elapsed().as_secs_f64() * (1.0 - share) / share;
                crate::terminal::tell!(
                    "[{:.0} %, at most {} left] {}: configuration {}, {pairs} pairs, an ion's error is {:.1} % of the mean, \
                     reliability {reliability:.2}",
                    100.0 * share,
                    simulate::duration(left),
                    system.name,
                    configuration + 1,
                    100.0 * relative_error
                );
            }
        };
        if let Err(error) = drive(campaign, plan, system, engine, root, &watch) {
            log::error!("system {}: {error}", system.name);
            failures.push((system.name.clone(), error.into()));
        }
    }
    failures
}

fn dry_run(campaign: &Campaign, plan: &TruthPlan, systems: &[&SystemPlan]) -> anyhow::Result<()> {
    let mut out = crate::terminal::output();
    for system in systems {
        let variables: Vec<String> = system.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let run = campaign.response_steps(system);
        let pairs = plan.most_pairs(system);
        let every = campaign.file.response.linearity_every as u64;
        let runs = 2 * (pairs + if every > 0 { pairs.div_ceil(every) } else { 0 });
        writeln!(out, "{}: {}", system.name, variables.join(" "))?;
        writeln!(
            out,
            "  {} configuration{}, {} steps apart; from each at most {pairs} pairs under {} of {} along each axis: at \
             most {runs} runs of {run} steps, {} steps",
            plan.configurations,
            if plan.configurations == 1 { "" } else { "s" },
            campaign.spacing_steps(),
            match plan.perturbation {
                Perturbation::Field => "a field",
                Perturbation::Impulse => "the impulse of a field",
            },
            system.field,
            runs * run
        )?;
    }
    let end = match plan.reliability {
        0.0 => "has all its pairs".into(),
        reliability => format!("ends at a reliability of {reliability} after a time of {}", plan.time(plan.chosen)),
    };
    writeln!(
        out,
        "a configuration {end}; an ion's error falls with the root of its pairs, and is told after each {} of them",
        ionscape::campaign::truth::BATCH
    )?;
    Ok(())
}

/// Spread over ions and reliability at each response time, a row for each system.
fn figure(found: &[SystemTruth], reliability: f64) -> Figure {
    let names: Vec<String> = found.iter().map(|system| system.name.clone()).collect();
    let times: Vec<f64> = found.first().map_or(vec![], |system| system.summary.at.iter().map(|at| at.time).collect());
    let panel = |title: &str, axis: &str, span: (f64, f64), of: &dyn Fn(&AtTime) -> Option<f64>| {
        let series = |&time: &f64| RowSeries {
            name: format!("t = {time}"),
            values: found.iter().map(|s| Some((of(s.summary.at.iter().find(|at| at.time == time)?)?, 0.0))).collect(),
        };
        let series = times.iter().map(series).collect();
        RowPanel { title: title.into(), axis: axis.into(), series, reference: None, span }
    };
    let spread = panel("How far ions differ", "standard deviation over ions, % of the mean", (0.0, 1.0), &|at| {
        at.relative_deviation.map(|deviation| 100.0 * deviation)
    });
    let told = panel("How well they are told apart", "reliability", (0.0, 1.0), &|at| Some(at.reliability));
    let told = RowPanel { reference: (reliability > 0.0).then_some(reliability), ..told };
    rows(&names, &[spread, told], "Responses of single ions", "up to the time t, without noise")
}

fn print(found: &[SystemTruth]) -> std::io::Result<()> {
    let mut out = crate::terminal::output();
    let width = found.iter().map(|system| system.name.len()).max().unwrap_or(0).max("system".len());
    writeln!(
        out,
        "{:<width$}  {:>6}  {:>8} {:>7}  {:>8} {:>7}  {:>8}  {:>7}  {:>6}  {:>10}  {:>6}  {:>14}",
        "system",
        "time",
        "response",
        "+-",
        "equilib.",
        "+-",
        "spread %",
        "error %",
        "reliab",
        "split-half",
        "axes",
        "twice, %"
    )?;
    for system in found {
        for at in &system.summary.at {
            let mark = if at.time == system.time { "*" } else { "" };
            let pair = |pair: [f64; 2]| {
                let [value, error] = pair.map(results::number);
                format!("{value:>8} {error:>7}")
            };
            let equilibrium = at.equilibrium.map_or(format!("{:>8} {:>7}", "-", "-"), pair);
            let spread = at.relative_deviation.map_or("-".into(), |d| format!("{:.1}", 100.0 * d));
            let half = at.split_half.map_or("-".into(), |[v, e]| format!("{v:.2}({:.0})", 100.0 * e));
            // Largest difference of an axis from the mean, in its errors.
            let axes = at.axes.iter().map(|[v, e]| (v - at.mean[0]).abs() / e).fold(0.0, f64::max);
            let stronger =
                at.stronger_field.map_or("-".into(), |[v, e]| format!("{:.1} +- {:.1}", 100.0 * v, 100.0 * e));
            writeln!(
                out,
                "{:<width$}  {:>6}  {}  {equilibrium}  {spread:>8}  {:>7.1}  {:>6.2}  {half:>10}  {axes:>6.1}  \
                 {stronger:>14}",
                system.name,
                format!("{}{mark}", at.time),
                pair([at.mean[0], at.mean[1]]),
                100.0 * at.relative_error,
                at.reliability
            )?;
        }
    }
    for system in found.iter().filter(|system| !system.doubts.is_empty()) {
        writeln!(out, "{} is doubtful: {}", system.name, system.doubts.join("; "))?;
    }
    let by = match found.first().map(|system| system.perturbation) {
        Some(Perturbation::Impulse) => "the displacement up to a time after an impulse",
        _ => "the mean drift up to a time",
    };
    writeln!(out, "molar conductivity by {by}; * the time that the field is taken at")
}
