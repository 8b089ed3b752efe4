//! Files that a command will write are looked at before it computes for hours.

use std::path::{Path, PathBuf};

use anyhow::bail;
use ionscape::dataset::Dataset;
use ionscape::output::AtomicFile;

/// Refuses files that cannot be written, that are read as well, or that stand for two results.
pub fn check(outputs: &[&Path], inputs: &[PathBuf]) -> anyhow::Result<()> {
    for (i, output) in outputs.iter().enumerate() {
        // A file that is begun and not completed leaves no trace.
        AtomicFile::create(output)?;
        let is_here = |other: &Path| place(other) == place(output);
        if inputs.iter().any(|input| is_here(input)) {
            bail!("{}: this file is read, and would be overwritten; give the output another name", output.display());
        }
        if outputs[..i].iter().any(|other| is_here(other)) {
            bail!("{}: two outputs have this name; give each its own", output.display());
        }
    }
    Ok(())
}

/// Every file that a data set in `folder` names.
pub fn named_by(dataset: &Dataset, folder: &Path) -> Vec<PathBuf> {
    let lists = dataset.systems.iter().flat_map(|s| [&s.snapshots, &s.trajectory, &s.current]);
    let mut files: Vec<PathBuf> = lists.flatten().flat_map(|paths| paths.seen_from(folder)).collect();
    files.extend(dataset.systems.iter().filter_map(|s| s.local.as_ref()).map(|path| folder.join(path)));
    files
}

/// Where a file lies or will lie, links followed.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let there = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(there).unwrap_or_else(|| path.to_path_buf())
}
