//! Where a name leads: the file that is written for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// As many links one after the other as Linux follows.
const MOST_LINKS: usize = 40;

/// The file that `path` names, links followed, whether it is there already or not.
///
/// # Errors
/// Links that go in a circle, or by which the system names what a program has open.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else { return Ok(target) };
        // A file that is open would be replaced by its name, and what goes to it with `>>` would be lost.
        if folder(&target).canonicalize()?.starts_with("/proc") {
            return Err(io::Error::other(
                "this stands for what is open already, such as standard output; give the name of a file to write",
            ));
        }
        target = folder(&target).join(next);
    }
    Err(io::Error::other("these are links that go in a circle; give the name of a file to write"))
}

/// The directory that a file's name is in.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
