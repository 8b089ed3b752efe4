//! Whole dumps, as files and as texts.

mod ahead;
mod bad;
mod formats;
mod random;

use std::path::Path;

use super::*;
use crate::Result;

/// Everything that a dump can have.
fn everything() -> Columns {
    use Quantity::*;
    [Ids, Types, Positions, Unwrapped, Images, Charges, Velocities, Forces, Molecules, Masses, Elements]
        .into_iter()
        .fold(Columns::none(), Columns::want)
}

fn read(path: impl AsRef<Path>, columns: Columns, options: ReadOptions) -> Result<Vec<Frame>> {
    DumpReader::open(path, columns, options)?.collect()
}

/// Writes bytes to a file for the time of a call.
fn with_file<T>(bytes: impl AsRef<[u8]>, call: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.dump");
    std::fs::write(&path, bytes).unwrap();
    call(&path)
}

fn read_text(text: impl AsRef<[u8]>, columns: Columns) -> Result<Vec<Frame>> {
    with_file(text, |path| read(path, columns, ReadOptions::default()))
}

/// One frame with a box from 0 to 10 around the given rows.
fn frame_text(timestep: i64, columns: &str, rows: &[&str]) -> String {
    format!(
        "ITEM: TIMESTEP\n{timestep}\nITEM: NUMBER OF ATOMS\n{}\nITEM: BOX BOUNDS pp pp pp\n0 10\n0 10\n0 10\n\
         ITEM: ATOMS {columns}\n{}",
        rows.len(),
        rows.iter().map(|row| format!("{row} \n")).collect::<String>()
    )
}
