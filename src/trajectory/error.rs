//! Where in a dump a trouble lies, how far it reaches, and the sentence that says so.

use std::io;
use std::path::Path;

use crate::Error;

/// Why no frame can be given, and whether the ones after it still can.
#[derive(Debug)]
pub(super) enum Trouble {
    /// This frame is unusable; the next one may be good.
    Frame { line: u64, message: String },
    /// The data end here in disorder; the frames before are good.
    Cut { line: u64, message: String },
    /// The dump does not hold what was asked for: skipping frames is no cure.
    Dump { line: u64, message: String },
    /// The operating system would not read.
    Io(io::Error),
}

impl Trouble {
    pub(super) fn frame(line: u64, message: impl Into<String>) -> Self {
        Self::Frame { line, message: message.into() }
    }

    /// The public error: path, frame and line, and the timestep where the frame got as far as telling it.
    pub(super) fn into_error(self, path: &Path, frame: usize, timestep: Option<i64>) -> Error {
        match self {
            Self::Frame { line, message } | Self::Cut { line, message } | Self::Dump { line, message } => {
                located(path, frame, timestep, line, message)
            }
            Self::Io(source) => Error::io(path, source),
        }
    }
}

/// An error at a line of a frame.
pub(super) fn located(path: &Path, frame: usize, timestep: Option<i64>, line: u64, message: String) -> Error {
    let message = match timestep {
        Some(step) => format!("timestep {step}: {message}"),
        None => message,
    };
    Error::Dump { path: path.to_path_buf(), frame, line, message }
}

/// Text from a file, short enough and clean enough to stand in a message.
pub(super) fn quote(text: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = text.trim_ascii();
    let shown: String =
        String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).chars().flat_map(char::escape_debug).collect();
    if text.len() > LONGEST { format!("'{shown}...'") } else { format!("'{shown}'") }
}
