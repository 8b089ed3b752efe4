//! Running other programs with an end in sight.

use std::io::{Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program printed, on either stream. A bad exit status stands below; a good one tells nothing, as
/// LAMMPS reports success after a `plugin load` that failed.
pub struct Outcome {
    pub text: String,
}

impl Outcome {
    /// The first line that tells of an error, else the last line at all.
    pub fn complaint(&self) -> String {
        let lines = || self.text.lines().map(str::trim).filter(|line| !line.is_empty());
        let telling = |line: &&str| {
            let lower = line.to_lowercase();
            lower.starts_with("error") || lower.contains(": error") || lower.contains("failed")
        };
        lines().find(telling).or_else(|| lines().last()).unwrap_or("it printed nothing").to_string()
    }
}

/// Runs a command without input until it ends or `limit` is over.
///
/// # Errors
/// The command could not be started.
pub fn run(command: &mut Command, limit: Duration) -> std::io::Result<Outcome> {
    // A file, not a pipe: nobody has to empty it for the program to go on.
    let mut output = tempfile::tempfile()?;
    let (out, err) = (output.try_clone()?, output.try_clone()?);
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut bytes = vec![];
    output.rewind()?;
    output.read_to_end(&mut bytes)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    match status {
        None => text.push_str(&format!("\nError: no answer within {} s", limit.as_secs())),
        Some(status) if !status.success() => text.push_str(&format!("\nError: it ended with {status}")),
        Some(_) => {}
    }
    Ok(Outcome { text })
}

/// The first of these programs that PATH leads to.
pub fn on_path(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| is_program(path)))
}

/// Whether a file is there that may be run.
pub fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
