//! Time series of the current, as LAMMPS's `fix ave/time` writes them.

mod file;
mod foreign;
mod layout;
mod running;

use std::path::PathBuf;

use self::file::File;
use crate::{Error, Result};

/// A current, and the forces that drive it if they are there, at equally spaced times.
#[derive(Debug, Default)]
pub struct CurrentSeries {
    /// Species of each current: `None` for the charge current of all ions.
    pub species: Vec<Option<String>>,
    /// `[species][sample]`: the charge current `sum q v`, or of one species the sum of its velocities; in the units of the
    /// simulation, as all of this is.
    pub current: Vec<Vec<[f64; 3]>>,
    /// `[sample]`: charge-weighted sum of forces; none where the files have no columns for it.
    pub force: Option<Vec<[f64; 3]>>,
    pub steps_between_samples: i64,
    pub first_timestep: i64,
    pub last_timestep: i64,
    pub notes: Vec<String>,
}

/// Reads files of `fix ave/time` (mode scalar), plain, `.gz` or `.zst`, that continue one another.
///
/// The comment before the numbers names the columns: the timestep first, then in any order `Jx Jy Jz` for the charge
/// current, or `Jx_NAME Jy_NAME Jz_NAME` for the sum of the velocities of species NAME, and `Fx Fy Fz` for the
/// charge-weighted sum of forces. Currents of species go before the charge current. LAMMPS's `v_`, `c_` or `f_` before a
/// name does not matter, nor do further columns.
/// `names` says what the columns after the timestep are, where the files call them otherwise; `-` for others.
///
/// # Errors
/// No file; a file without these columns, or with a part or two of one, or with more or fewer columns than its header names; columns
/// that change within a file or between files; a line that is cut short or no numbers; samples that are not evenly spaced; averages over all that came before.
pub fn read_current(paths: &[PathBuf], names: Option<&[String]>) -> Result<CurrentSeries> {
    let mut files = vec![];
    for path in paths {
        let file = File::read(path, names)?;
        running::check(&file)?;
        files.push(file);
    }
    if files.is_empty() {
        return Err(Error::Input("there is no file of a current; give those that fix ave/time wrote".into()));
    }
    files.sort_by_key(|file| file.steps[0]);
    check_starts(&files)?;
    let (mut series, steps, repeated) = joined(&files)?;
    let twice: usize = files.iter().map(|file| file.repeated).sum();
    if twice > 0 {
        series.notes.push(format!("{twice} samples of the current dropped whose timestep stands there already"));
    }
    if files[0].layout.unused_total {
        series
            .notes
            .push("the columns Jx Jy Jz are not used: the current is from those of the species beside them".into());
    }
    if repeated > 0 {
        series.notes.push(format!("{repeated} samples of the current dropped that a continuation has again"));
    }
    let [first, second, ..] = steps[..] else {
        return Err(files[0].error(0, "one sample of the current is no series".into()));
    };
    series.steps_between_samples = second - first;
    series.first_timestep = first;
    series.last_timestep = steps[steps.len() - 1];
    Ok(series)
}

/// Refuses files that begin together, of which neither continues the other.
fn check_starts(files: &[File]) -> Result<()> {
    let same = |w: &&[File]| w[0].steps[0] == w[1].steps[0];
    let Some([a, b]) = files.windows(2).find(same) else { return Ok(()) };
    if a.path == b.path {
        return Err(Error::Input(format!("{} is given twice; give each file of a series once", a.path.display())));
    }
    Err(Error::Input(format!(
        "{} and {} both begin at timestep {}; give the series of one run, each once",
        a.path.display(),
        b.path.display(),
        a.steps[0]
    )))
}

/// The samples of all files, each up to where the next begins; their timesteps; and how many were left out for that.
fn joined(files: &[File]) -> Result<(CurrentSeries, Vec<i64>, usize)> {
    let layout = &files[0].layout;
    let starts = files.iter().skip(1).map(|file| file.steps[0]).chain([i64::MAX]);
    let mut series = CurrentSeries {
        species: layout.currents.iter().map(|(species, _)| species.clone()).collect(),
        current: vec![vec![]; layout.currents.len()],
        force: layout.force.map(|_| vec![]),
        ..Default::default()
    };
    let mut steps: Vec<i64> = vec![];
    let mut repeated = 0;
    for (file, next) in files.iter().zip(starts) {
        if file.layout != *layout {
            return Err(file.error(0, "its columns differ from those of the other files".into()));
        }
        let kept = file.steps.partition_point(|step| *step < next);
        repeated += file.steps.len() - kept;
        for (row, &step) in file.steps[..kept].iter().enumerate() {
            if let [.., before, last] = steps[..]
                && step - last != last - before
            {
                let message = format!(
                    "timestep {step} follows {last} after {} steps, and the samples before are {} steps apart; give \
                     evenly spaced samples without gaps",
                    step - last,
                    last - before
                );
                return Err(file.error(file.lines[row], message));
            }
            steps.push(step);
            let triple = |columns: [usize; 3]| columns.map(|c| file.values[row * file.width + c - 1]);
            for ((_, columns), current) in layout.currents.iter().zip(&mut series.current) {
                current.push(triple(*columns));
            }
            if let (Some(columns), Some(force)) = (layout.force, &mut series.force) {
                force.push(triple(columns));
            }
        }
    }
    Ok((series, steps, repeated))
}
