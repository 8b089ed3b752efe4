//! Whether what LAMMPS wrote is whole. On a disk that is full it may end well and leave files that are cut short.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::restart::MAGIC;
use crate::trajectory::{Columns, DumpReader, Frame, ReadOptions};
use crate::{Error, Result};

/// Less room than this is none.
const NO_ROOM: u64 = 1 << 20;

/// Refuses a folder with a restart file that does not have its end.
pub fn restarts(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| Error::io(folder, e))?.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "restart") {
            continue;
        }
        // The beginning alone is no end.
        let tail = tail(&path, MAGIC.len() + 1)?;
        if tail.len() <= MAGIC.len() || !tail.ends_with(MAGIC) {
            return Err(cut(&path, "it does not have a restart file's end"));
        }
    }
    Ok(())
}

/// Refuses a file of fix ave/time whose last value is not of a step.
pub fn series(path: &Path, last_step: u64) -> Result<()> {
    let tail = String::from_utf8_lossy(&tail(path, 1 << 16)?).into_owned();
    let Some(lines) = tail.strip_suffix('\n') else { return Err(cut(path, "its last line has no end")) };
    let step = lines.lines().next_back().and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    match step {
        Some(step) if step == last_step => Ok(()),
        _ => Err(cut(path, &format!("its last value is not that of step {last_step}"))),
    }
}

/// Refuses a dump with a frame that is not whole, or whose last is not of a step.
pub fn dump(path: &Path, last_step: u64) -> Result<()> {
    let mut reader = DumpReader::open(path, Columns::none(), ReadOptions::default())?;
    let mut frame = Frame::default();
    while reader.read(&mut frame)? {}
    match u64::try_from(frame.timestep) {
        Ok(step) if step == last_step => Ok(()),
        _ => Err(cut(path, &format!("its last frame is not that of step {last_step}"))),
    }
}

/// A word on the disk of a folder, where there is no room on it.
pub fn room(folder: &Path) -> &'static str {
    match rustix::fs::statvfs(folder) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < NO_ROOM || disk.f_favail == 0 && disk.f_files > 0 => {
            "; its disk is full: make room and run this again"
        }
        _ => "",
    }
}

fn cut(path: &Path, why: &str) -> Error {
    Error::Input(format!("LAMMPS ended without an error, and {} is cut short: {why}", path.display()))
}

/// The last bytes of a file, all if it is shorter.
fn tail(path: &Path, length: usize) -> Result<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let from = file.metadata()?.len().saturating_sub(length as u64);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = vec![];
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|e| Error::io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn files_that_were_cut_anywhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let restart = [MAGIC, b"atoms", MAGIC].concat();
        let series_text = b"# a\n# b\n0 1.5\n10 2.5\n20 -3.5\n";
        let frame = |step: u64| {
            format!(
                "ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\nITEM: ATOMS id \
                 x y z\n1 0 0 0\n"
            )
        };
        let dump_text = (frame(0) + &frame(20)).into_bytes();
        file(folder.path(), "last.restart", &restart);
        restarts(folder.path()).unwrap();
        series(&file(folder.path(), "a.dat", series_text), 20).unwrap();
        dump(&file(folder.path(), "a.lammpstrj", &dump_text), 20).unwrap();
        for length in 0..series_text.len() {
            let message = series(&file(folder.path(), "a.dat", &series_text[..length]), 20).unwrap_err().to_string();
            assert!(message.contains("a.dat is cut short"), "{message}");
        }
        for length in 0..dump_text.len() {
            // The last number may end anywhere, and its line must.
            assert!(dump(&file(folder.path(), "a.lammpstrj", &dump_text[..length]), 20).is_err(), "{length}");
        }
        for length in 0..restart.len() {
            file(folder.path(), "last.restart", &restart[..length]);
            let message = restarts(folder.path()).unwrap_err().to_string();
            assert!(message.contains("last.restart is cut short"), "{length}: {message}");
        }
    }
}
