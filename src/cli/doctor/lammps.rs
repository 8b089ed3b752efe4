//! What a LAMMPS program says of itself.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{embedded, process};

/// From the help text of `lmp -h`.
#[derive(Debug, PartialEq)]
pub struct Lammps {
    /// Such as `22 Jul 2025 - Update 4`.
    pub version: String,
    /// `SMALLBIG`, `BIGBIG`, or what else was compiled in.
    pub sizes: String,
    /// Name of the MPI library, such as `MPICH Version: 5.0.2`.
    pub mpi: Option<String>,
    pub packages: Vec<String>,
}

/// Why a LAMMPS does not answer.
#[derive(Debug, PartialEq)]
pub enum Trouble {
    NotStarted(String),
    /// A shared library that the dynamic linker does not find.
    MissingLibrary(String),
    /// It ran, and what it printed is not LAMMPS's help.
    Strange(String),
}

impl Lammps {
    pub fn ask(path: &Path) -> Result<Self, Trouble> {
        // A pager would wait for somebody to read on.
        let mut command = if embedded::is_library(path) { embedded::command(path) } else { Command::new(path) };
        if embedded::is_library(path) {
            // After this, -h is LAMMPS's.
            command.arg("--");
        }
        let outcome = process::run(command.arg("-h").env("PAGER", "cat"), Duration::from_secs(60))
            .map_err(|error| Trouble::NotStarted(error.to_string()))?;
        if let Some(library) = missing_library(&outcome.text) {
            return Err(Trouble::MissingLibrary(library));
        }
        Self::parse(&outcome.text).ok_or_else(|| Trouble::Strange(outcome.complaint()))
    }

    fn parse(help: &str) -> Option<Self> {
        let mut lines = help.lines();
        let title = lines.find(|line| line.contains("Massively Parallel Simulator"))?;
        let version = title.split_once(" - ")?.1.trim().to_string();
        let sizes =
            ["SMALLBIG", "BIGBIG", "SMALLSMALL"].into_iter().find(|size| help.contains(&format!("LAMMPS_{size}")));
        let mpi = help.lines().find_map(|line| line.strip_prefix("MPI v")).and_then(|line| line.split_once(':'));
        let packages = help.lines().skip_while(|line| !line.starts_with("Installed packages")).skip(1);
        Some(Self {
            version,
            sizes: sizes.unwrap_or("integer sizes unknown").into(),
            mpi: mpi.map(|(_, library)| library.split_whitespace().collect::<Vec<_>>().join(" ")),
            packages: packages
                .skip_while(|line| line.trim().is_empty())
                .take_while(|line| !line.trim().is_empty())
                .flat_map(str::split_whitespace)
                .map(String::from)
                .collect(),
        })
    }
}

/// The name in `error while loading shared libraries: NAME: cannot open ...`, or in macOS's `Library not loaded: NAME`.
fn missing_library(text: &str) -> Option<String> {
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let rest = after("loading shared libraries:").or_else(|| after("Library not loaded:"))?;
    rest.trim_start().split([':', '\n']).next().map(|name| name.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "\nLarge-scale Atomic/Molecular Massively Parallel Simulator - 22 Jul 2025 - Update 4\n\
        Git info (HEAD / stable)\n\nMPI v5.0: MPICH Version:      5.0.2\nMPICH ABI: 18\n\n\
        Active compile time flags:\n\n-DLAMMPS_GZIP\n-DLAMMPS_SMALLBIG\n\n\
        Installed packages:\n\nKSPACE MOLECULE \nPLUGIN \n\nList of individual style options\n";

    #[test]
    fn help_is_understood() {
        let lammps = Lammps::parse(HELP).unwrap();
        assert_eq!((lammps.version.as_str(), lammps.sizes.as_str()), ("22 Jul 2025 - Update 4", "SMALLBIG"));
        assert_eq!(lammps.mpi.as_deref(), Some("MPICH Version: 5.0.2"));
        assert_eq!(lammps.packages, ["KSPACE", "MOLECULE", "PLUGIN"]);
        assert_eq!(Lammps::parse("usage: something else"), None);
    }

    #[test]
    fn missing_libraries_are_named() {
        let linux = "lmp: error while loading shared libraries: libmpi.so.12: cannot open shared object file: No such";
        assert_eq!(missing_library(linux).as_deref(), Some("libmpi.so.12"));
        assert_eq!(missing_library("all is well"), None);
    }
}
