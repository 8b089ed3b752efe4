//! Running other programs with an end in sight.

use std::io::{Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program printed, on either stream, and how it ended.
pub struct Outcome {
    pub text: String,
    /// None for a good exit status, which tells nothing: LAMMPS reports success after a `plugin load` that failed.
    bad_end: Option<String>,
}

impl Outcome {
    /// The first line that tells of an error, else the last line at all and how the program ended.
    pub fn complaint(&self) -> String {
        if let Some(line) = telling_line(&self.text) {
            return line.to_string();
        }
        let last = last_line(&self.text);
        self.bad_end.as_ref().map_or(last.to_string(), |end| format!("it {end}, its last line: {last}"))
    }
}

fn lines(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// The first line that tells of an error.
pub fn telling_line(text: &str) -> Option<&str> {
    lines(text).find(|line| {
        let lower = line.to_lowercase();
        ["error", "fatal"].iter().any(|word| lower.starts_with(word))
            || [": error", "failed"].iter().any(|word| lower.contains(word))
    })
}

/// The last line that is not blank.
pub fn last_line(text: &str) -> &str {
    lines(text).next_back().unwrap_or("it printed nothing")
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
    let bad_end = match status {
        None => Some(format!("gave no answer within {} s", limit.as_secs())),
        Some(status) => (!status.success()).then(|| format!("ended with {status}")),
    };
    Ok(Outcome { text: String::from_utf8_lossy(&bytes).into_owned(), bad_end })
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
