//! Where the library of a LAMMPS is, and the libraries that it needs.

use std::path::{Path, PathBuf};

/// The library that belongs to a LAMMPS program; the path itself if it is a library.
///
/// A program stands beside its library, in the `bin` of a prefix, or in that of a Python environment.
pub fn library_of(lammps: &Path) -> Option<PathBuf> {
    if is_library(lammps) {
        return Some(lammps.to_path_buf());
    }
    let real = lammps.canonicalize().ok();
    let folders = [Some(lammps), real.as_deref()].into_iter().flatten().filter_map(Path::parent);
    folders.flat_map(around).find_map(|folder| library_in(&folder))
}

fn is_library(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("liblammps"))
}

fn library_in(folder: &Path) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = entries(folder).filter(|path| is_library(path) && holds_shared_code(path)).collect();
    found.sort();
    found.into_iter().next()
}

fn holds_shared_code(path: &Path) -> bool {
    path.to_string_lossy().contains(".so")
}

/// Folders in which the library of a program in `folder` may be.
fn around(folder: &Path) -> Vec<PathBuf> {
    let prefix = folder.join("..");
    let mut folders = vec![folder.to_path_buf()];
    for lib in ["lib", "lib64", "usr/lib"].map(|name| prefix.join(name)) {
        folders.push(lib.clone());
        for inner in entries(&lib) {
            let name = inner.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("python") {
                folders.push(inner.join("site-packages/lammps"));
            } else if name.ends_with("-linux-gnu") {
                folders.push(inner);
            }
        }
    }
    folders
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path())
}

/// A library that another one needs, where it stands beside that one or in a library folder above it.
pub fn needed_by(file: &Path, name: &str) -> Option<PathBuf> {
    let beside = file.parent().map(Path::to_path_buf);
    let above = file.ancestors().skip(1).map(|folder| folder.join("lib"));
    let folders = beside.into_iter().chain(above).flat_map(|folder| {
        let inner = entries(&folder).filter(|path| path.to_string_lossy().ends_with("-linux-gnu"));
        let inner: Vec<PathBuf> = inner.collect();
        std::iter::once(folder).chain(inner)
    });
    // Open MPI's own are in a folder within, on Debian.
    let folders = folders.flat_map(|folder| [folder.join("openmpi/lib"), folder].into_iter().rev());
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The folder that Open MPI must be told of, as `OPAL_PREFIX`, when its library is not where it was built to be.
pub(super) fn open_mpi_prefix(library: &Path) -> Option<&Path> {
    let name = library.file_name()?.to_string_lossy();
    let is_open_mpi = ["libmpi.so", "libopen-"].iter().any(|start| name.starts_with(start));
    library.ancestors().skip(1).find(|folder| is_open_mpi && folder.join("share/openmpi").is_dir())
}
