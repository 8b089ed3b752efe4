//! Pairs that were run together, as they are kept on the disk.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::plan::TruthPlan;
use super::stage::SIGNS;
use crate::trajectory::{Columns, DumpReader, Frame, Quantity, ReadOptions};
use crate::{Error, Result, files};

/// Sums over the pairs of a batch. Responses are charge times displacement over the field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Response times of the rest, in intervals of the drift; none in files of versions that did not write them.
    #[serde(default)]
    pub times: Vec<u64>,
    /// For each response time, the response of each ion, in the order of ids, averaged over the axes.
    pub ions: Vec<Moments>,
    /// For each pair and response time, the sum over ions along x, y and z.
    pub totals: Vec<Vec<[f64; 3]>>,
    /// For pairs that were also run under twice the field, the sum over ions and the mean over axes under the weaker and
    /// the stronger field, at each response time.
    pub stronger: Vec<Vec<[f64; 2]>>,
}

/// The response of one pair: `[time][axis][ion]`.
pub type Response = Vec<[Vec<f64>; 3]>;

/// Half the difference of displacements over the field, from the folders of both runs.
///
/// `field` is that along each axis in units of force over charge; `charge` gives that of an atom type.
///
/// # Errors
/// Dumps that do not have the response times, or other ions.
pub fn read_pair(
    plus: &Path,
    minus: &Path,
    plan: &TruthPlan,
    pair: usize,
    field: f64,
    charge: &dyn Fn(i32) -> f64,
) -> Result<Response> {
    let (plus, minus) = (read_run(plus, plan, charge)?, read_run(minus, plan, charge)?);
    let signs = SIGNS[pair % SIGNS.len()];
    let of = |(plus, minus): (&Displaced, &Displaced)| -> [Vec<f64>; 3] {
        std::array::from_fn(|axis| {
            let scale = signs[axis] / (2.0 * field);
            plus.iter().zip(minus).map(|(p, m)| (p[axis] - m[axis]) * scale).collect()
        })
    };
    if plus.iter().zip(&minus).any(|(p, m)| p.len() != m.len()) {
        return Err(Error::Input("the two runs of a pair have other numbers of ions".into()));
    }
    Ok(plus.iter().zip(&minus).map(of).collect())
}

/// Charge times unwrapped position of each ion.
pub type Displaced = Vec<[f64; 3]>;

/// At the response times.
pub fn read_run(folder: &Path, plan: &TruthPlan, charge: &dyn Fn(i32) -> f64) -> Result<Vec<Displaced>> {
    let path = folder.join("response.lammpstrj");
    let columns = Columns::none().require(Quantity::Ids).require(Quantity::Types).require(Quantity::Unwrapped);
    let mut reader = DumpReader::open(&path, columns, ReadOptions::default())?;
    // The first frame is the configuration itself.
    let (mut frame, mut found, mut frames) = (Frame::default(), vec![], 0);
    while reader.read(&mut frame)? {
        let index = frames;
        frames += 1;
        if plan.times.contains(&index) {
            let positions = frame.unwrapped()?;
            let of = |atom: usize| positions[atom].map(|x| charge(frame.types[atom]) * x);
            found.push(frame.order_by_id()?.into_iter().map(of).collect());
        }
    }
    match frames == plan.intervals() + 1 {
        true => Ok(found),
        false => Err(Error::Input(format!(
            "{}: {frames} frames, and the run must give {}",
            path.display(),
            plan.intervals() + 1
        ))),
    }
}

impl Batch {
    /// Adds a pair, and the same under twice the field.
    pub fn add(&mut self, response: &Response, stronger: Option<&Response>) {
        self.ions.resize(response.len(), Moments::default());
        for (moments, axes) in self.ions.iter_mut().zip(response) {
            let mean: Vec<f64> =
                (0..axes[0].len()).map(|ion| axes.iter().map(|axis| axis[ion]).sum::<f64>() / 3.0).collect();
            moments.add(&mean);
        }
        let total = |axes: &[Vec<f64>; 3]| -> [f64; 3] { std::array::from_fn(|axis| axes[axis].iter().sum()) };
        self.totals.push(response.iter().map(total).collect());
        if let Some(stronger) = stronger {
            let mean = |axes: &[Vec<f64>; 3]| total(axes).iter().sum::<f64>() / 3.0;
            self.stronger
                .push(response.iter().zip(stronger).map(|(weak, strong)| [mean(weak), mean(strong)]).collect());
        }
    }

    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|e| Error::Input(format!("{}: {e}", path.display())))?;
        files::write(path, text)
    }

    /// A batch that was written; none where there is no such file.
    ///
    /// # Errors
    /// One that cannot be read, or is of other response times.
    pub fn read(path: &Path, times: &[u64]) -> Result<Option<Self>> {
        let Some(text) = files::if_there(path, fs::read_to_string(path))? else { return Ok(None) };
        let batch: Self = serde_json::from_str(&text)
            .map_err(|e| Error::Input(format!("{}: {e}; remove it, and its pairs are run again", path.display())))?;
        let known = !batch.times.is_empty();
        if (known && batch.times != times) || batch.ions.len() != times.len() {
            return Err(Error::Input(format!(
                "{}: its responses are at other times than the campaign's truth.times; change those back, remove the folder {} \
                 to run its pairs again, or give another --output",
                path.display(),
                path.parent().unwrap_or(Path::new(".")).display()
            )));
        }
        Ok(Some(batch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_of_other_times_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("000.json");
        let batch =
            |times: &[u64]| Batch { times: times.to_vec(), ions: vec![Moments::default(); 2], ..Batch::default() };
        batch(&[1, 4]).write(&path).unwrap();
        assert!(Batch::read(&path, &[1, 4]).unwrap().is_some());
        let message = Batch::read(&path, &[2, 4]).unwrap_err().to_string();
        assert!(
            message.contains("000.json: its responses are at other times than the campaign's truth.times"),
            "{message}"
        );
        // Of versions that did not write them the number tells.
        batch(&[]).write(&path).unwrap();
        assert!(Batch::read(&path, &[1, 4]).is_ok() && Batch::read(&path, &[4]).is_err());
    }
}
