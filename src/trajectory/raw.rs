//! A frame's own text, to write it again with columns added.

use std::io::{self, Write};

use memchr::memchr;

/// The text of a frame as it stands in the file, line ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    pub(super) header: Vec<u8>,
    pub(super) rows: Vec<u8>,
}

impl Raw {
    /// The lines before the atoms, `ITEM: ATOMS ...` included.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The atom rows in the order of the file, each with its line end.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.rows.as_slice();
        std::iter::from_fn(move || {
            let end = memchr(b'\n', rest)? + 1;
            let (row, after) = rest.split_at(end);
            rest = after;
            Some(row)
        })
    }

    /// Writes the frame with columns `names` added behind the others; all other bytes stay as they are.
    ///
    /// `append` is called once for each atom, in the order of the file, and puts the atom's values, separated by
    /// spaces, into the empty buffer that it is given.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_with(
        &self,
        out: &mut impl Write,
        names: &[&str],
        mut append: impl FnMut(usize, &mut Vec<u8>),
    ) -> io::Result<()> {
        insert(out, &self.header, names.join(" ").as_bytes())?;
        let mut values = vec![];
        for (atom, row) in self.rows().enumerate() {
            values.clear();
            append(atom, &mut values);
            insert(out, row, &values)?;
        }
        Ok(())
    }
}

/// Writes `lines` with `addition` after its last word, before the blanks and the line end that follow.
fn insert(out: &mut impl Write, lines: &[u8], addition: &[u8]) -> io::Result<()> {
    let (words, tail) = lines.split_at(lines.trim_ascii_end().len());
    out.write_all(words)?;
    if !addition.is_empty() {
        out.write_all(b" ")?;
        out.write_all(addition)?;
    }
    out.write_all(tail)
}
