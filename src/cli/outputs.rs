//! Files that a command will write are looked at before it computes for hours.

use std::io::{ErrorKind, stderr, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use ionscape::campaign::Campaign;
use ionscape::dataset::Dataset;
use ionscape::output::AtomicFile;
use rustix::fs::{fstat, stat};

/// Refuses files that cannot be written, that are read as well, that stand for two results, or that tables go to.
pub fn check(outputs: &[&Path], inputs: &[PathBuf]) -> anyhow::Result<()> {
    for (i, output) in outputs.iter().enumerate() {
        // A file that is begun and not completed leaves no trace.
        AtomicFile::create(output)?;
        if inputs.iter().any(|input| place(input) == place(output)) {
            bail!("{}: this file is read, and would be overwritten; give the output another name", output.display());
        }
        if outputs[..i].iter().any(|other| place(other) == place(output)) {
            bail!("{}: two outputs have this name; give each its own", output.display());
        }
        if is_open(output) {
            bail!(
                "{}: standard output or standard error goes to this file, and would be lost; give the output another name",
                output.display()
            );
        }
    }
    Ok(())
}

/// Refuses the name of a model that asks for compression: a model file is read as it stands on the disk.
pub fn check_model(output: &Path) -> anyhow::Result<()> {
    if output.extension().is_some_and(|e| e == "gz" || e == "zst") {
        bail!("{}: model files are not compressed; give a name ending in .onnx", output.display());
    }
    Ok(())
}

/// Refuses a folder in which the results of a campaign would take the place of something else, and other outputs where the
/// campaign writes itself. `maker` is the command whose data set may be replaced there.
pub fn check_campaign(
    campaign: &Campaign,
    root: &Path,
    maker: &str,
    outputs: &[&Path],
    inputs: &[PathBuf],
) -> anyhow::Result<()> {
    if root.exists() && !root.is_dir() {
        bail!("{}: this is no folder; name one for the results with --output", root.display());
    }
    let path = root.join("dataset.toml");
    let folders: Vec<PathBuf> = campaign.systems.iter().map(|system| root.join(&system.name)).collect();
    let own = |output: &Path| {
        let output = place(output);
        output == place(root) || folders.iter().chain([&path]).any(|own| output.starts_with(place(own)))
    };
    if let Some(output) = outputs.iter().find(|output| own(output)) {
        bail!("{}: this place is for what the campaign itself writes; give the output another name", output.display());
    }
    if let Some(path) = folders.iter().find(|folder| folder.exists() && !folder.is_dir()) {
        bail!("{}: this is a file, and a system's folder has its name; give another --output", path.display());
    }
    if inputs.iter().any(|input| place(input) == place(&path)) {
        bail!("{}: this file is read, and the data set would overwrite it; give another --output", path.display());
    }
    let text = match std::fs::read_to_string(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        text => text.with_context(|| path.display().to_string())?,
    };
    let refusal = format!(
        "{}: this data set was not made from this campaign, and would be overwritten; give another --output, or move it",
        path.display()
    );
    if !text.starts_with(&format!("# Made by ionscape {maker}.\n")) {
        bail!(refusal);
    }
    let dataset = Dataset::parse(&path, &text).map_err(|e| anyhow!("{refusal}: {e}"))?;
    if !is_of(&dataset, root, campaign) {
        bail!(refusal);
    }
    Ok(())
}

/// Whether a data set in `root` is of a campaign, or of the same one when it had other systems: all that it says can be had
/// again.
fn is_of(dataset: &Dataset, root: &Path, campaign: &Campaign) -> bool {
    let names = || dataset.systems.iter().map(|system| system.name.as_str());
    let planned = |name: &str| campaign.systems.iter().any(|system| system.name == name);
    (dataset.systems.is_empty() || names().any(planned))
        && names().all(|name| planned(name) || root.join(name).is_dir())
}

/// Every file that a data set in `folder` names.
pub fn named_by(dataset: &Dataset, folder: &Path) -> Vec<PathBuf> {
    let lists = dataset.systems.iter().flat_map(|s| [&s.snapshots, &s.trajectory, &s.current]);
    let mut files: Vec<PathBuf> = lists.flatten().flat_map(|paths| paths.seen_from(folder)).collect();
    files.extend(dataset.systems.iter().filter_map(|s| s.local.as_ref()).map(|path| folder.join(path)));
    files
}

/// Where a file lies or will lie, links followed, those as well that lead to what is not there yet.
fn place(path: &Path) -> PathBuf {
    let folder_of = |path: &Path| match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut path = path.to_path_buf();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(next) = path.read_link() else { break };
        path = folder_of(&path).join(next);
    }
    let to_be = || path.file_name().map(|name| place(&folder_of(&path)).join(name));
    path.canonicalize().ok().or_else(to_be).unwrap_or(path)
}

/// Whether this program's own output goes to a file.
fn is_open(path: &Path) -> bool {
    let Ok(file) = stat(path) else { return false };
    [fstat(stdout()), fstat(stderr())]
        .into_iter()
        .flatten()
        .any(|open| (open.st_dev, open.st_ino) == (file.st_dev, file.st_ino))
}
