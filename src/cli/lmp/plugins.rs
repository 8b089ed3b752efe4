//! The plugin that was built for a LAMMPS, among those at hand.

use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::embedded::Lammps;
use memchr::memmem;

use crate::doctor;

/// The text with which a plugin says what it is for: `MARK 20250722, SMALLBIG, MPICH;`.
const MARK: &[u8] = b"ionscapeplugin.so for LAMMPS ";

/// The plugin beside this program, or in one of the checkout's folders of builds, that is for this LAMMPS.
pub fn fitting(lammps: &Lammps) -> anyhow::Result<PathBuf> {
    let wanted = format!("{}, {},", lammps.version()?, sizes(lammps)?);
    let found: Vec<(PathBuf, String)> =
        candidates().into_iter().filter_map(|path| built_for(&path).map(|text| (path, text))).collect();
    if let Some((path, _)) = found.iter().find(|(_, text)| text.starts_with(&wanted)) {
        return Ok(path.clone());
    }
    let others: Vec<String> = found.iter().map(|(path, text)| format!("{} is for {text}", path.display())).collect();
    let others = if others.is_empty() { "there is none".into() } else { others.join("; ") };
    bail!(
        "no plugin for LAMMPS {} at hand: {others}. `ionscape doctor --lammps PATH` says how to build it; name it with \
         --plugin if it is elsewhere",
        wanted.trim_end_matches(',')
    );
}

fn sizes(lammps: &Lammps) -> anyhow::Result<&'static str> {
    Ok(match (lammps.setting("bigint")?, lammps.setting("tagint")?) {
        (8, 4) => "SMALLBIG",
        (8, _) => "BIGBIG",
        _ => "SMALLSMALL",
    })
}

fn candidates() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    let beside = beside.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    let mut folders: Vec<PathBuf> = beside.clone().into_iter().collect();
    folders.extend(beside.iter().flat_map(|folder| inner(&folder.join("plugins"), "")));
    folders.extend(doctor::checkout().iter().flat_map(|folder| inner(folder, "build")));
    folders.into_iter().map(|folder| folder.join("ionscapeplugin.so")).filter(|path| path.is_file()).collect()
}

/// The folders in a folder whose names begin so.
fn inner(folder: &Path, start: &str) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.filter(|e| e.file_name().to_string_lossy().starts_with(start)).map(|e| e.path()).collect();
    found.sort();
    found
}

/// What a plugin file says that it was built for, such as `20250722, SMALLBIG, MPICH`.
fn built_for(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let rest = &bytes[memmem::find(&bytes, MARK)? + MARK.len()..];
    let text = &rest[..rest.iter().take(100).position(|&b| b == b';')?];
    String::from_utf8(text.to_vec()).ok()
}
