//! `liblammps.so`, opened while the program runs.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use libloading::os::unix::{Library as Shared, RTLD_GLOBAL, RTLD_NOW};

use super::bindings::Interface;
use super::place;
use crate::{Error, Result};

/// The code of one LAMMPS. It stays open until the program ends.
#[derive(Clone, Copy)]
pub struct Library {
    pub(super) interface: &'static Interface,
}

/// Two LAMMPS in one program would take each other's symbols.
static OPEN: Mutex<Option<(PathBuf, Library)>> = Mutex::new(None);

/// More libraries than a LAMMPS has ever needed.
const MOST_NEEDED: usize = 100;

impl Library {
    /// Opens `liblammps.so`, given by its path, or by a name that the dynamic linker finds.
    ///
    /// Libraries that it needs and that the dynamic linker does not find, such as its MPI, are looked for beside it and
    /// in the `lib` folders above it. For an Open MPI that is found so, the environment variables `OPAL_PREFIX` and
    /// `LD_LIBRARY_PATH` are set: call this before other threads look at the environment.
    ///
    /// # Errors
    /// The file is no such library, needs one that is not found, or is another than the one already open.
    pub fn open(path: &Path) -> Result<Self> {
        let path = if path.is_file() { path.canonicalize().map_err(|e| Error::io(path, e))? } else { path.into() };
        let mut open = OPEN.lock().unwrap_or_else(|poison| poison.into_inner());
        if let Some((place, library)) = &*open {
            if *place == path {
                return Ok(*library);
            }
            let place = place.display();
            return Err(Error::Lammps(format!("{place} is open, and a program can have one LAMMPS library only")));
        }
        let shared = open_with_needed(&path)?;
        // SAFETY: the names are those of LAMMPS's C interface, with the types of its header.
        let interface = unsafe { Interface::from_library(shared) };
        let interface = interface.map_err(|e| Error::Lammps(format!("{}: {e}", path.display())))?;
        if interface.lammps_open_no_mpi.is_err() {
            return Err(Error::Lammps(format!("{} is no LAMMPS library", path.display())));
        }
        let library = Self { interface: Box::leak(Box::new(interface)) };
        *open = Some((path, library));
        Ok(library)
    }

    /// Whether an error comes back as `Err`; in other LAMMPS it ends the program.
    pub fn has_exceptions(&self) -> bool {
        self.tells(&self.interface.lammps_config_has_exceptions) && self.interface.lammps_has_error.is_ok()
    }

    /// Whether it was built with MPI.
    pub fn has_mpi(&self) -> bool {
        self.tells(&self.interface.lammps_config_has_mpi_support)
    }

    fn tells(&self, question: &Result<unsafe extern "C" fn() -> c_int, libloading::Error>) -> bool {
        // SAFETY: the function has no arguments and no effects.
        question.as_ref().is_ok_and(|ask| unsafe { ask() } != 0)
    }

    /// Ends MPI, at the end of a program that let LAMMPS begin it. No instance may be open.
    pub fn finalize_mpi(&self) {
        if let Ok(finalize) = &self.interface.lammps_mpi_finalize {
            // SAFETY: the function asks MPI whether there is anything to end.
            unsafe { finalize() }
        }
    }
}

/// Opens globally: the plugin finds LAMMPS's C++ symbols, and MPI's own modules find MPI's.
fn open_shared(path: &Path) -> Result<Shared, String> {
    // SAFETY: LAMMPS and the libraries that it needs are trusted as they are by LAMMPS's own program.
    unsafe { Shared::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }.map_err(|error| reason(&error))
}

/// The dynamic linker's own words.
pub(super) fn reason(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn open_with_needed(path: &Path) -> Result<libloading::Library> {
    let opened = open_after_its_own(path, path, &mut { MOST_NEEDED });
    opened.map(Into::into).map_err(|problem| {
        Error::Lammps(format!(
            "{problem}; name liblammps.so, and add the folders of libraries that it does not find to LD_LIBRARY_PATH"
        ))
    })
}

/// Opens a library after those that it needs and that stand near LAMMPS's.
fn open_after_its_own(path: &Path, lammps: &Path, left: &mut usize) -> Result<Shared, String> {
    loop {
        let problem = match open_shared(path) {
            Ok(shared) => return Ok(shared),
            Err(problem) => problem,
        };
        // NAME: cannot open shared object file: ...
        let needed = place::needed_by(lammps, problem.split(':').next().unwrap_or_default());
        let Some(needed) = needed.filter(|_| *left > 0) else { return Err(problem) };
        *left -= 1;
        if let Some(prefix) = place::open_mpi_prefix(&needed) {
            tell_open_mpi(prefix, &needed);
        }
        // Kept open, for the next to find by its name.
        std::mem::forget(open_after_its_own(&needed, lammps, left)?);
    }
}

/// An Open MPI that was moved from where it was built to be does not start without knowing where it is, and the programs
/// that it starts need its libraries as well.
fn tell_open_mpi(prefix: &Path, library: &Path) {
    const PREFIX: &str = "OPAL_PREFIX";
    const FOLDERS: &str = "LD_LIBRARY_PATH";
    let mut folders: Vec<PathBuf> = std::env::var_os(FOLDERS).iter().flat_map(std::env::split_paths).collect();
    if let Some(folder) = library.parent().filter(|folder| !folders.iter().any(|other| other == folder)) {
        folders.push(folder.to_path_buf());
    }
    // SAFETY: this comes before MPI begins, and the caller of `open` was told that the environment changes.
    unsafe {
        if std::env::var_os(PREFIX).is_none() {
            std::env::set_var(PREFIX, prefix);
        }
        if let Ok(folders) = std::env::join_paths(folders) {
            std::env::set_var(FOLDERS, folders);
        }
    }
}
