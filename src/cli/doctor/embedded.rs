//! LAMMPS within this program, as `ionscape lmp` runs it.

use std::path::Path;
use std::process::Command;

use super::{Findings, places};

/// Whether this is a library, which has no program to ask.
pub fn is_library(lammps: &Path) -> bool {
    lammps.file_name().is_some_and(|name| name.to_string_lossy().starts_with("liblammps"))
}

/// `ionscape lmp` with a LAMMPS.
pub fn command(lammps: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "ionscape".into()));
    command.args(["lmp", "--lammps"]).arg(lammps);
    command
}

/// Says whether `ionscape lmp` can run this LAMMPS, and what an error does to it.
pub fn check(lammps: &Path, findings: &mut Findings) {
    const NAME: &str = "embedded";
    let Some(path) = places::library(lammps) else {
        return findings.skipped(NAME, "no liblammps.so was found for it; name that library with --lammps");
    };
    match exceptions(&path) {
        Ok(has) => {
            let errors = if has { "errors come back to the program" } else { "an error ends the program" };
            let found = format!("ionscape lmp --lammps {} -in FILE; {errors}", path.display());
            findings.fits(NAME, found);
        }
        Err(why) => findings.wrong(NAME, why, "use the plugin, or a LAMMPS built with -D BUILD_SHARED_LIBS=on"),
    }
}

#[cfg(feature = "embedded")]
fn exceptions(path: &Path) -> Result<bool, String> {
    let library = ionscape::embedded::Library::open(path).map_err(|error| error.to_string())?;
    Ok(library.has_exceptions())
}

#[cfg(not(feature = "embedded"))]
fn exceptions(_: &Path) -> Result<bool, String> {
    Err("this program was built without the feature `embedded`".into())
}
