//! What LAMMPS wrote: drifts of pairs, and the snapshots of all chunks in one file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::plan::Campaign;
use crate::output::AtomicFile;
use crate::transport::response::Pair;
use crate::{Error, Result, files};

fn broken(path: &Path, message: impl Into<String>) -> Error {
    Error::Input(format!("{}: {}", path.display(), message.into()))
}

/// The charge displacement of one run since its first value, from its `drift.dat`.
///
/// # Errors
/// Lines that are no numbers, or not as many as the run must have.
pub fn read_drift(folder: &Path, expected: usize) -> Result<Vec<f64>> {
    let path = folder.join("drift.dat");
    let text = files::read_text(&path)?;
    let values: Option<Vec<f64>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok().filter(|v| v.is_finite()))
        .collect();
    let values = values.ok_or_else(|| broken(&path, "a line does not hold a step and a finite displacement"))?;
    if values.len() != expected {
        return Err(broken(&path, format!("it has {} values, and the run must give {expected}", values.len())));
    }
    Ok(values.iter().map(|value| value - values[0]).collect())
}

/// Writes the drift of a pair: half the difference over the field, and the same of a stronger field.
pub fn write_pair(path: &Path, interval: f64, header: &str, drift: &[f64], stronger: Option<&[f64]>) -> Result<()> {
    let mut text = format!("# {header}\n");
    text += if stronger.is_some() { "time,drift,drift_at_twice_the_field\n" } else { "time,drift\n" };
    for (k, value) in drift.iter().enumerate() {
        text += &format!("{:.6},{value:.8e}", k as f64 * interval);
        text += &stronger.map_or("\n".into(), |stronger| format!(",{:.8e}\n", stronger[k]));
    }
    files::write(path, text)
}

/// Reads what [`write_pair`] wrote.
pub fn read_pair(path: &Path, direction: usize) -> Result<Pair> {
    let text = files::read_text(path)?;
    if !text.ends_with('\n') {
        return Err(broken(path, "its last line is cut short; remove the system's folder"));
    }
    let mut pair = Pair { direction, drift: vec![], stronger: None };
    for line in text.lines().skip(2) {
        let numbers: Option<Vec<f64>> = line.split(',').map(|word| word.parse().ok()).collect();
        match numbers.as_deref() {
            Some([_, drift]) => pair.drift.push(*drift),
            Some([_, drift, stronger]) => {
                pair.drift.push(*drift);
                pair.stronger.get_or_insert_default().push(*stronger);
            }
            _ => return Err(broken(path, format!("'{line}' is no line of a drift; remove the system's folder"))),
        }
    }
    Ok(pair)
}

/// The temperatures that LAMMPS wrote in some runs, one after the other; none where one of them has none, as of an earlier version.
pub fn temperatures(runs: &[PathBuf]) -> Result<Vec<f64>> {
    let mut found = vec![];
    for path in runs.iter().map(|run| run.join("temperature.dat")) {
        let Some(text) = files::if_there(&path, fs::read_to_string(&path))? else { return Ok(vec![]) };
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        found.extend(
            rows.filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok().filter(|t| t.is_finite())),
        );
    }
    Ok(found)
}

/// How many snapshots so many chunks leave: the first of a chunk is the last of the one before.
pub fn snapshots_of_chunks(campaign: &Campaign, chunks: usize) -> usize {
    if chunks == 0 { 0 } else { chunks * campaign.configurations_per_chunk() + 1 }
}

/// Writes the frames of several dumps into one compressed dump, a frame that stands twice once.
pub fn gather_snapshots(dumps: &[PathBuf], path: &Path) -> Result<()> {
    let mut out = AtomicFile::create(path)?;
    let mut last: Option<i64> = None;
    for dump in dumps {
        let file = File::open(dump).map_err(|e| Error::io(dump, e))?;
        let reader: Box<dyn Read> = match dump.extension() {
            Some(ending) if ending == "zst" => Box::new(zstd::Decoder::new(file).map_err(|e| Error::io(dump, e))?),
            _ => Box::new(file),
        };
        let mut lines = BufReader::new(reader).lines();
        let mut copying = false;
        while let Some(line) = lines.next().transpose().map_err(|e| Error::io(dump, e))? {
            if line == "ITEM: TIMESTEP" {
                let step = lines.next().transpose().map_err(|e| Error::io(dump, e))?;
                let step = step.and_then(|step| step.trim().parse::<i64>().ok());
                let step = step.ok_or_else(|| broken(dump, "a frame has no timestep"))?;
                copying = last.is_none_or(|last| step > last);
                last = Some(last.map_or(step, |last| last.max(step)));
                if copying {
                    writeln!(out, "{line}\n{step}").map_err(|e| Error::io(path, e))?;
                }
            } else if copying {
                writeln!(out, "{line}").map_err(|e| Error::io(path, e))?;
            }
        }
    }
    out.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_read_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.csv");
        write_pair(&path, 0.1, "x", &[0.0, 0.5, -1.25], Some(&[0.0, 1.0, 2.0])).unwrap();
        let pair = read_pair(&path, 2).unwrap();
        assert_eq!(pair, Pair { direction: 2, drift: vec![0.0, 0.5, -1.25], stronger: Some(vec![0.0, 1.0, 2.0]) });
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 3]).unwrap();
        assert!(read_pair(&path, 2).unwrap_err().to_string().contains("its last line is cut short"));
        fs::write(folder.path().join("drift.dat"), "# a\n# b\n0 10.5\n20 11\n").unwrap();
        assert_eq!(read_drift(folder.path(), 2).unwrap(), [0.0, 0.5]);
        assert!(read_drift(folder.path(), 3).unwrap_err().to_string().contains("has 2 values"));
    }

    #[test]
    fn frames_that_stand_twice_are_gathered_once() {
        let folder = tempfile::tempdir().unwrap();
        let frame = |step: i64| format!("ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n1\n");
        let (a, b, out) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        fs::write(&a, frame(0) + &frame(10)).unwrap();
        fs::write(&b, frame(10) + &frame(20)).unwrap();
        gather_snapshots(&[a, b], &out).unwrap();
        assert_eq!(fs::read_to_string(out).unwrap(), frame(0) + &frame(10) + &frame(20));
    }
}
