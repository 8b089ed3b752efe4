//! Tables of numbers in NumPy's file format.

use std::io::{self, Write};
use std::path::Path;

use super::AtomicFile;
use crate::{Error, Result};

/// Bytes before the numbers, whatever their count: room for the longest shape, and a multiple of 64 as NumPy aligns.
const HEADER: usize = 128;

/// Magic number, version 1.0 and the length of the description.
const PREAMBLE: usize = 10;

/// Writes a float64 table `[rows, columns]` row by row; the number of rows is told by how many came.
///
/// The format is NumPy's `.npy`, version 1.0, little-endian, rows together
/// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
pub struct NpyWriter {
    file: AtomicFile,
    columns: usize,
    rows: u64,
    bytes: Vec<u8>,
}

impl NpyWriter {
    /// Begins a table with rows of `columns` numbers.
    ///
    /// # Errors
    /// No columns; a name that asks for compression, which the format does not have; otherwise as
    /// [`AtomicFile::create`].
    pub fn create(path: impl AsRef<Path>, columns: usize) -> Result<Self> {
        let path = path.as_ref();
        if columns == 0 {
            return Err(Error::io(path, io::Error::other("a table needs at least one column")));
        }
        if path.extension().is_some_and(|e| e == "gz" || e == "zst") {
            return Err(Error::io(
                path,
                io::Error::other("NumPy files are not compressed; give a name ending in .npy"),
            ));
        }
        let mut file = AtomicFile::create(path)?;
        file.write_all(&header(0, columns)).map_err(|e| Error::io(path, e))?;
        Ok(Self { file, columns, rows: 0, bytes: vec![] })
    }

    /// Appends whole rows.
    ///
    /// # Errors
    /// A length that is no multiple of the number of columns; a disk that is full.
    pub fn write_rows(&mut self, values: &[f64]) -> Result<()> {
        if !values.len().is_multiple_of(self.columns) {
            let message = format!("{} numbers make no whole rows of {}", values.len(), self.columns);
            return Err(Error::io(self.file.path(), io::Error::other(message)));
        }
        for block in values.chunks(1 << 13) {
            self.bytes.clear();
            self.bytes.extend(block.iter().flat_map(|value| value.to_le_bytes()));
            self.file.write_all(&self.bytes).map_err(|e| Error::io(self.file.path(), e))?;
        }
        self.rows += (values.len() / self.columns) as u64;
        Ok(())
    }

    /// Writes the number of rows into the header, gives the file its name, and returns the number.
    ///
    /// # Errors
    /// As [`AtomicFile::commit`].
    pub fn finish(mut self) -> Result<u64> {
        let start = header(self.rows, self.columns);
        self.file.rewrite_start(&start).map_err(|e| Error::io(self.file.path(), e))?;
        self.file.commit()?;
        Ok(self.rows)
    }
}

fn header(rows: u64, columns: usize) -> Vec<u8> {
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend_from_slice(&((HEADER - PREAMBLE) as u16).to_le_bytes());
    let description = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    header.extend_from_slice(description.as_bytes());
    header.resize(HEADER - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use ndarray_npy::read_npy;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let mut writer = NpyWriter::create(&path, 3).unwrap();
        writer.write_rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        writer.write_rows(&[]).unwrap();
        writer.write_rows(&[-0.5, f64::MIN_POSITIVE, 1e300]).unwrap();
        assert!(!path.exists());
        assert_eq!(writer.finish().unwrap(), 3);
        let back: Array2<f64> = read_npy(&path).unwrap();
        assert_eq!(back, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [-0.5, f64::MIN_POSITIVE, 1e300]]);
    }

    #[test]
    fn a_table_larger_than_a_block_and_one_without_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let values: Vec<f64> = (0..468 * 100).map(f64::from).collect();
        let mut writer = NpyWriter::create(&path, 468).unwrap();
        writer.write_rows(&values).unwrap();
        writer.finish().unwrap();
        let back: Array2<f64> = read_npy(&path).unwrap();
        assert_eq!(back.dim(), (100, 468));
        assert_eq!(back.into_raw_vec_and_offset().0, values);
        NpyWriter::create(&path, 2).unwrap().finish().unwrap();
        assert_eq!(read_npy::<_, Array2<f64>>(&path).unwrap().dim(), (0, 2));
    }

    #[test]
    fn the_header_has_room_for_the_longest_shape() {
        assert_eq!(header(u64::MAX, usize::MAX).len(), HEADER);
        assert!(header(u64::MAX, usize::MAX).ends_with(b" \n"));
    }

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let message = |result: Result<NpyWriter>| result.err().unwrap().to_string();
        assert!(message(NpyWriter::create(folder.path().join("a.npy"), 0)).contains("at least one column"));
        assert!(message(NpyWriter::create(folder.path().join("a.npy.gz"), 2)).contains("not compressed"));
        let mut writer = NpyWriter::create(folder.path().join("a.npy"), 2).unwrap();
        assert!(writer.write_rows(&[1.0]).unwrap_err().to_string().contains("no whole rows"));
    }
}
