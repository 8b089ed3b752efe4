//! Where the parts are that have to fit one another.

use std::path::{Path, PathBuf};

use super::{Arguments, process};

/// The checkout that this program stands in.
pub fn checkout() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    program.ancestors().skip(1).find(|folder| folder.join("cmake/CMakeLists.txt").is_file()).map(Path::to_path_buf)
}

/// The LAMMPS program of the checkout, else that on PATH.
pub fn find_lammps() -> Option<PathBuf> {
    let own = checkout().map(|folder| folder.join(".venv/bin/lmp")).filter(|path| process::is_program(path));
    own.or_else(|| process::on_path(&["lmp", "lmp_mpi", "lmp_serial"]))
}

/// The plugin that was named, else the one beside this program, there or to be expected.
pub fn plugin(named: Option<PathBuf>) -> PathBuf {
    let program = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    named.or(program.map(|program| program.with_file_name("ionscapeplugin.so"))).unwrap_or("ionscapeplugin.so".into())
}

/// Where the parts are, found or to be expected.
pub struct Places {
    pub checkout: Option<PathBuf>,
    pub lammps: Option<PathBuf>,
    pub mpiexec: Option<PathBuf>,
    pub plugin: PathBuf,
    pub model: Option<PathBuf>,
}

impl Places {
    pub fn of(arguments: &Arguments) -> Self {
        // Trials run in another folder.
        let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        let lammps = arguments.lammps.clone().or_else(find_lammps).map(whole);
        let beside =
            lammps.as_ref().map(|lammps| lammps.with_file_name("mpiexec")).filter(|path| process::is_program(path));
        let model = arguments.model.clone().or_else(|| example_model(checkout()?.as_path()));
        Self {
            lammps,
            mpiexec: arguments
                .mpiexec
                .clone()
                .map(whole)
                .or(beside)
                .or_else(|| process::on_path(&["mpiexec", "mpirun"])),
            plugin: plugin(arguments.plugin.clone()),
            model: model.map(|path| path.canonicalize().unwrap_or(path)),
            checkout: checkout(),
        }
    }

    /// The command that builds the plugin for the LAMMPS at hand.
    pub fn build_command(&self) -> String {
        match (&self.checkout, &self.lammps) {
            (Some(checkout), Some(lammps)) if lammps.starts_with(checkout.join(".venv")) => {
                format!("make -C {} build", checkout.display())
            }
            (Some(checkout), lammps) => {
                let folder = checkout.display();
                let package = lammps.as_deref().and_then(library).map(|path| path.with_file_name("cmake/LAMMPS"));
                let package = package.filter(|folder| folder.join("LAMMPSConfig.cmake").is_file());
                let python = lammps.as_ref().map(|lammps| lammps.with_file_name("python"));
                let which = match (package, python.filter(|python| process::is_program(python))) {
                    (Some(package), _) => format!("LAMMPS_DIR={}", package.display()),
                    (None, Some(python)) => format!("LAMMPS_PYTHON={}", python.display()),
                    (None, None) => "LAMMPS_DIR=(its folder with LAMMPSConfig.cmake)".into(),
                };
                format!(
                    "cmake -S {folder}/cmake -B {folder}/build-own -D {which} -D IONSCAPE_PLUGIN_DIR={folder}/build-own && \
                     cmake --build {folder}/build-own, then name build-own/ionscapeplugin.so with --plugin"
                )
            }
            (None, _) => "cmake -S cmake -B build && cmake --build build, in a checkout of ionscape".into(),
        }
    }
}

/// The library of a LAMMPS, as far as this program can use it.
pub fn library(lammps: &Path) -> Option<PathBuf> {
    #[cfg(feature = "embedded")]
    return ionscape::embedded::library_of(lammps);
    #[cfg(not(feature = "embedded"))]
    return None;
}

/// A library that a program needs, in the folders about it.
pub fn library_near(program: &Path, name: &str) -> Option<PathBuf> {
    #[cfg(feature = "embedded")]
    return ionscape::embedded::needed_by(program, name);
    #[cfg(not(feature = "embedded"))]
    return None;
}

fn example_model(checkout: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(checkout.join("examples/models")).ok()?;
    let mut models: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    models.retain(|path| path.extension().is_some_and(|ending| ending == "onnx"));
    models.sort();
    models.into_iter().next()
}
