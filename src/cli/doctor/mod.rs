//! `ionscape doctor`: whether LAMMPS, its MPI and the plugin fit one another.

mod embedded;
mod installation;
mod lammps;
mod places;
mod process;
mod trial;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::bail;
use serde::Serialize;

use crate::results;
pub use installation::{Installation, installation};
use lammps::{Lammps, Trouble};
use places::Places;
pub use places::{checkout, find_lammps, plugin};
pub use process::{last_line, telling_line};

/// Check that LAMMPS, its MPI and the plugin fit one another, and say what to do where they do not.
#[derive(clap::Args)]
pub struct Arguments {
    /// LAMMPS program or liblammps.so; if not given, .venv/bin/lmp of the checkout that this program stands in, or lmp on PATH.
    #[arg(long, value_name = "LMP")]
    lammps: Option<PathBuf>,

    /// Program that starts MPI ranks; if not given, mpiexec beside LAMMPS or on PATH.
    #[arg(long, value_name = "MPIEXEC")]
    mpiexec: Option<PathBuf>,

    /// The plugin; if not given, ionscapeplugin.so beside this program.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,

    /// Model to evaluate a few ions with; if not given, one of the checkout's examples.
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,

    /// Write the findings to FILE.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    fits: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do about it.
    cure: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Fits,
    Wrong,
    Skipped,
}

/// Findings as they come in, in the order in which one depends on the other.
#[derive(Default)]
struct Findings(Vec<Check>);

impl Findings {
    fn fits(&mut self, name: &'static str, found: impl Into<String>) {
        self.0.push(Check { name, verdict: Verdict::Fits, found: found.into(), cure: None });
    }

    fn wrong(&mut self, name: &'static str, found: impl Into<String>, cure: impl Into<String>) {
        self.0.push(Check { name, verdict: Verdict::Wrong, found: found.into(), cure: Some(cure.into()) });
    }

    fn skipped(&mut self, name: &'static str, why: impl Into<String>) {
        self.0.push(Check { name, verdict: Verdict::Skipped, found: why.into(), cure: None });
    }
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let places = Places::of(&arguments);
    let mut findings = Findings::default();
    let lammps = check_lammps(&places, &mut findings);
    check_launcher(&places, lammps.as_ref(), &mut findings);
    check_plugin(&places, lammps.as_ref(), &mut findings)?;

    let checks = findings.0;
    let fits = checks.iter().all(|check| check.verdict != Verdict::Wrong);
    let mut rows = vec![];
    for check in &checks {
        let verdict = match check.verdict {
            Verdict::Fits => "fits   ",
            Verdict::Wrong => "WRONG  ",
            Verdict::Skipped => "skipped",
        };
        rows.push((check.name, format!("{verdict}  {}", check.found)));
        rows.extend(check.cure.iter().map(|cure| ("", format!("         {cure}"))));
    }
    let wrong: Vec<&str> = checks.iter().filter(|c| c.verdict == Verdict::Wrong).map(|c| c.name).collect();
    let summary = wrong.join(", ");
    // Before the table, whose reader may have had enough.
    results::write_json(arguments.json.as_deref(), &Report { fits, checks })?;
    results::print_table(&rows)?;
    if !fits {
        bail!("not everything fits: {summary}");
    }
    Ok(())
}

/// The LAMMPS, if it answers and can load plugins.
fn check_lammps(places: &Places, findings: &mut Findings) -> Option<Lammps> {
    let Some(path) = &places.lammps else {
        findings.wrong(
            "LAMMPS",
            "there is no lmp, neither in .venv/bin nor on PATH",
            "run `make build` in the checkout, or name yours with --lammps",
        );
        return None;
    };
    let shown = path.display();
    let lammps = match Lammps::ask(path) {
        Ok(lammps) => lammps,
        Err(Trouble::NotStarted(why)) => {
            findings.wrong("LAMMPS", format!("{shown}: {why}"), "name a LAMMPS program with --lammps");
            return None;
        }
        Err(Trouble::MissingLibrary(library)) => {
            findings.wrong("LAMMPS", format!("{shown} does not find {library}"), library_cure(path, &library));
            return None;
        }
        Err(Trouble::Strange(line)) => {
            findings.wrong(
                "LAMMPS",
                format!("{shown} is no LAMMPS: it answers -h with `{line}`"),
                "name a LAMMPS program with --lammps",
            );
            return None;
        }
    };
    findings.fits("LAMMPS", format!("{}, {}: {shown}", lammps.version, lammps.sizes));
    embedded::check(path, findings);
    if lammps.packages.iter().any(|package| package == "PLUGIN") {
        findings.fits("packages", "PLUGIN is among them");
        return Some(lammps);
    }
    if places::library(path).is_some() {
        findings.fits("packages", "without PLUGIN: `ionscape lmp` alone brings the styles in");
        return Some(lammps);
    }
    findings.wrong(
        "packages",
        "this LAMMPS was built without PLUGIN and loads none",
        "build LAMMPS with -D PKG_PLUGIN=on, or compile the styles into it (README, `With your own LAMMPS`)",
    );
    None
}

/// A library that stands in a library folder near the program's needs to be found there; another must be installed.
fn library_cure(program: &Path, library: &str) -> String {
    let near = places::library_near(program, library);
    match near.as_deref().and_then(Path::parent) {
        Some(folder) => format!("export LD_LIBRARY_PATH={}:$LD_LIBRARY_PATH", folder.display()),
        None if library.starts_with("libmpi") => {
            format!(
                "install the MPI that this LAMMPS was built with, or add the folder of its {library} to LD_LIBRARY_PATH"
            )
        }
        None => format!("install {library}, or add its folder to LD_LIBRARY_PATH"),
    }
}

fn check_launcher(places: &Places, lammps: Option<&Lammps>, findings: &mut Findings) {
    let (Some(lammps), Some(program)) = (lammps, &places.lammps) else {
        return findings.skipped("MPI", "there is no LAMMPS to start");
    };
    let library = lammps.mpi.as_deref().unwrap_or("an MPI that it does not name");
    if library.contains("STUBS") {
        return findings.skipped("MPI", "this LAMMPS is built for one rank");
    }
    if embedded::is_library(program) {
        return findings.skipped("MPI", format!("{library}; name its lmp with --lammps to try its mpiexec"));
    }
    let Some(launcher) = &places.mpiexec else {
        return findings.wrong(
            "MPI",
            format!("LAMMPS uses {library}, and there is no mpiexec"),
            "install the same MPI's programs, or name its mpiexec with --mpiexec",
        );
    };
    let shown = launcher.display();
    match trial::ranks(launcher, program) {
        Ok(Ok(2)) => findings.fits("MPI", format!("{library}, started by {shown}")),
        Ok(Ok(ranks)) => findings.wrong(
            "MPI",
            format!(
                "LAMMPS uses {library}; of two ranks, {shown} ({}) starts {ranks} that know of each other",
                maker(launcher)
            ),
            "use the mpiexec of the MPI that LAMMPS was built with: --mpiexec",
        ),
        Ok(Err(why)) => findings.wrong(
            "MPI",
            format!("LAMMPS uses {library}; {shown} ({}) fails: {why}", maker(launcher)),
            "use the mpiexec of the MPI that LAMMPS was built with: --mpiexec",
        ),
        Err(error) => findings.wrong("MPI", format!("{shown}: {error:#}"), "name the mpiexec with --mpiexec"),
    }
}

/// Whose launcher it is.
fn maker(launcher: &Path) -> &'static str {
    let version = process::run(Command::new(launcher).arg("--version"), Duration::from_secs(30));
    let text = version.map(|outcome| outcome.text).unwrap_or_default();
    let known = [("HYDRA", "MPICH"), ("Open MPI", "Open MPI"), ("OpenRTE", "Open MPI"), ("Intel", "Intel MPI")];
    known.into_iter().find(|(mark, _)| text.contains(mark)).map_or("of an unknown MPI", |(_, name)| name)
}

fn check_plugin(places: &Places, lammps: Option<&Lammps>, findings: &mut Findings) -> anyhow::Result<()> {
    let plugin = places.plugin.canonicalize().unwrap_or_else(|_| places.plugin.clone());
    let shown = plugin.display().to_string();
    if !plugin.is_file() {
        findings.wrong("plugin", format!("{shown} is not there"), format!("build it: {}", places.build_command()));
        return Ok(());
    }
    let (Some(lammps), Some(program)) = (lammps, &places.lammps) else {
        findings.skipped("plugin", format!("{shown}: no LAMMPS to load it in"));
        return Ok(());
    };
    let trial = trial::Trial {
        program,
        plugin: &plugin,
        embedded: !lammps.packages.iter().any(|p| p == "PLUGIN") || embedded::is_library(program),
    };
    match trial.load()? {
        trial::Loading::Loaded => findings.fits("plugin", format!("{shown} loads in this LAMMPS")),
        trial::Loading::Refused(why) => {
            findings.wrong(
                "plugin",
                format!("{shown} does not load: {why}"),
                format!("rebuild it: {}", places.build_command()),
            );
            return Ok(());
        }
    }
    let Some(model) = &places.model else {
        findings.skipped("evaluation", "no model at hand; name one with --model");
        return Ok(());
    };
    let name = model.display();
    match trial.evaluate(model) {
        Ok(Ok(both)) if (both.plugin - both.program).abs() <= 1e-5 * both.program.abs() => {
            findings.fits("evaluation", format!("{:.6} in LAMMPS and here, with {name}", both.plugin));
        }
        Ok(Ok(both)) => findings.wrong(
            "evaluation",
            format!("{:.6} in LAMMPS and {:.6} here, with {name}", both.plugin, both.program),
            format!("plugin and program are of different builds: {}", places.build_command()),
        ),
        Ok(Err(why)) => findings.wrong("evaluation", why, format!("rebuild the plugin: {}", places.build_command())),
        Err(error) => findings.wrong("evaluation", format!("{error:#}"), "name another model with --model"),
    }
    Ok(())
}
