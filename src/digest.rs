//! Contents known by their SHA-256.

use std::fs::File;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The SHA-256 of a file's content, in hexadecimal digits.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    let mut content = Sha256::new();
    let read = File::open(path).and_then(|mut file| io::copy(&mut file, &mut content));
    read.map_err(|e| Error::io(path, e))?;
    Ok(format!("{:x}", content.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_published_digest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of_file(file.path()).unwrap(), published);
        let gone = file.path().with_extension("gone");
        assert!(of_file(&gone).unwrap_err().to_string().contains("gone"));
    }
}
