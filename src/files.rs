//! Whole files, whose errors name them.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::output::AtomicFile;
use crate::{Error, Result};

/// The text of a file.
///
/// # Errors
/// A file that cannot be read, or is no UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(path, e))
}

/// What was read of a file; none where there is no such file.
///
/// # Errors
/// What else kept it from being read.
pub(crate) fn if_there<T>(path: &Path, read: io::Result<T>) -> Result<Option<T>> {
    match read {
        Ok(content) => Ok(Some(content)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, e)),
    }
}

/// Writes a file in one step, as an [`AtomicFile`].
///
/// # Errors
/// As [`AtomicFile::create`] and [`AtomicFile::commit`].
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(content.as_ref()).map_err(|e| Error::io(path, e))?;
    file.commit()
}
