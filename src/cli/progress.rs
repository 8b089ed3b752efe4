//! Progress on a terminal, and nothing elsewhere.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts frames while a file is worked through.
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts counting; the bar goes to standard error, if that is a terminal.
    pub fn new(path: &Path, what: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {pos} {prefix}, {per_sec}, {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(path.display().to_string());
        bar.set_prefix(what.to_string());
        Self(bar)
    }

    /// One more frame is done.
    pub fn frame(&mut self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
