//! `ionscape lmp`: LAMMPS with the compute styles in it.

mod plugins;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ionscape::embedded::{Lammps, Library, library_of};

use crate::doctor;

/// Run LAMMPS with the compute styles in it, also one that has no PLUGIN package. Start ranks with its own MPI's mpiexec.
#[derive(clap::Args)]
pub struct Arguments {
    /// LAMMPS's program or its liblammps.so; if not given, .venv/bin/lmp of the checkout that this program stands in, or
    /// lmp on PATH.
    #[arg(long, value_name = "PATH")]
    lammps: Option<PathBuf>,

    /// The plugin for that LAMMPS; if not given, the one that fits among those beside this program and in the checkout's
    /// build folders.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,

    /// -in FILE and other arguments as for LAMMPS's own program.
    #[arg(value_name = "-in FILE ...", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    arguments: Vec<OsString>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let asks_for_help = arguments.arguments.iter().any(|word| word == "-h" || word == "-help");
    let (input, rest) = match asks_for_help {
        // LAMMPS prints it and ends the program.
        true => (PathBuf::new(), vec!["-h".into()]),
        false => take_input(&arguments.arguments)?,
    };
    let program = arguments.lammps.or_else(doctor::find_lammps).context(
        "there is no LAMMPS, neither in .venv/bin nor on PATH; run `make build` in the checkout, or name yours with --lammps",
    )?;
    let Some(path) = library_of(&program) else {
        bail!("{}: no liblammps.so was found for it; name that library with --lammps", program.display());
    };
    let library = open(&path)?;
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let mut lammps = Lammps::open(library, &rest)?;
    let outcome = prepare(&mut lammps, arguments.plugin.as_deref()).and_then(|()| Ok(lammps.file(&input)?));
    if let Err(error) = &outcome
        && lammps.failed_alone()
    {
        crate::terminal::tell!("ionscape: {error:#}");
        lammps.abort();
    }
    drop(lammps);
    library.finalize_mpi();
    match outcome {
        // LAMMPS has printed it, as its own program does.
        Err(error) if error.downcast_ref::<Printed>().is_none() && is_lammps(&error) => std::process::exit(1),
        other => other,
    }
}

/// Opens the library; begins this program anew if that changed where libraries are looked for: the dynamic linker goes by
/// what the environment said when a program began.
fn open(path: &Path) -> anyhow::Result<Library> {
    let folders = || std::env::var_os("LD_LIBRARY_PATH");
    let before = folders();
    let library = Library::open(path)?;
    if folders() == before {
        return Ok(library);
    }
    let program = std::env::current_exe()?;
    let error = std::process::Command::new(&program).args(std::env::args_os().skip(1)).exec();
    Err(error).with_context(|| format!("{} cannot be started again", program.display()))
}

/// An error of ours, which nobody has printed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Printed(ionscape::Error);

fn is_lammps(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ionscape::Error::Lammps(_)))
}

fn prepare(lammps: &mut Lammps, plugin: Option<&Path>) -> anyhow::Result<()> {
    let plugin = match plugin {
        Some(plugin) => plugin.to_path_buf(),
        None => plugins::fitting(lammps)?,
    };
    lammps.register(&plugin).map_err(Printed)?;
    Ok(())
}

/// The input file, and the other arguments.
fn take_input(arguments: &[OsString]) -> anyhow::Result<(PathBuf, Vec<String>)> {
    let is_input = |word: &OsString| ["-in", "-i", "--in"].iter().any(|name| word == OsStr::new(name));
    let Some(at) = arguments.iter().position(is_input) else { bail!("an input file is needed: -in FILE") };
    let Some(input) = arguments.get(at + 1) else { bail!("-in needs the name of a file") };
    let input = PathBuf::from(input);
    if !input.is_file() {
        bail!("{}: there is no such input file", input.display());
    }
    let rest = arguments[..at].iter().chain(&arguments[at + 2..]);
    let rest = rest.map(|word| word.to_str().map(String::from).with_context(|| format!("{word:?} is no text")));
    Ok((input, rest.collect::<anyhow::Result<_>>()?))
}
