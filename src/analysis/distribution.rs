//! The distribution of local conductivities over ions, and the course of their mean in time.

use super::Histogram;
use crate::statistics::{MeanEstimate, mean_with_error};
use crate::{Error, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// The shares of ions at whose upper ends a summary gives the local conductivity.
const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// The field in one frame: `[n_atoms]` each, in the same order.
#[derive(Clone, Copy, Debug)]
pub struct FieldFrame<'a> {
    pub timestep: i64,
    pub types: &'a [i32],
    /// Local molar conductivity.
    pub local: &'a [f64],
    /// Atoms that are ions of the model and of the compute's group; values of others do not count.
    pub evaluated: &'a [bool],
    /// Standard deviation over the ensemble's members, where the dump has it.
    pub member_spread: Option<&'a [f64]>,
    /// Extrapolation grade, where the dump has it; negative where the model cannot tell.
    pub grade: Option<&'a [f64]>,
}

/// Gathers frames of the field and sums them up, in memory that grows by a few numbers a frame.
#[derive(Clone, Debug, Default)]
pub struct FieldDistribution {
    all: Group,
    types: BTreeMap<i32, Group>,
    timesteps: Vec<i64>,
    not_evaluated: usize,
    member_spread: Running,
    outside: Running,
    largest_grade: Option<f64>,
}

#[derive(Clone, Debug, Default)]
struct Group {
    histogram: Histogram,
    frame_means: Vec<f64>,
    /// Standard deviation over the ions of each frame.
    frame_spreads: Vec<f64>,
    frame: Running,
}

#[derive(Clone, Debug, Default)]
struct Running {
    n: usize,
    mean: f64,
    /// Of departures from the mean.
    squares: f64,
}

impl Running {
    fn add(&mut self, value: f64) {
        self.n += 1;
        let departure = value - self.mean;
        self.mean += departure / self.n as f64;
        self.squares += departure * (value - self.mean);
    }

    fn standard_deviation(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.squares / (self.n - 1) as f64).sqrt())
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }
}

impl Group {
    fn add(&mut self, value: f64) -> Result<()> {
        self.frame.add(value);
        self.histogram.add(value)
    }

    fn end_frame(&mut self) {
        let frame = std::mem::take(&mut self.frame);
        self.frame_means.extend(frame.mean());
        self.frame_spreads.extend(frame.standard_deviation());
    }

    fn summary(&self) -> Result<GroupSummary> {
        let (minimum, maximum) = self.histogram.range().unwrap_or_default();
        Ok(GroupSummary {
            mean: mean_with_error(&self.frame_means)?,
            n_ions: self.histogram.n() as f64 / self.frame_means.len() as f64,
            fluctuation: if self.frame_spreads.is_empty() { None } else { Some(mean_with_error(&self.frame_spreads)?) },
            standard_deviation: self.histogram.standard_deviation(),
            minimum,
            maximum,
            quantiles: QUANTILES.iter().filter_map(|&share| Some((share, self.histogram.quantile(share)?))).collect(),
        })
    }
}

/// The field's distribution over ions and its mean over time, in the units of the field.
#[derive(Clone, Debug, Serialize)]
pub struct FieldSummary {
    pub n_frames: usize,
    pub first_timestep: i64,
    pub last_timestep: i64,
    /// Steps between frames; absent where they are uneven or go back, and errors then hold only roughly.
    pub steps_between_frames: Option<i64>,
    pub all: GroupSummary,
    pub types: BTreeMap<i32, GroupSummary>,
    /// Atoms a frame that were not evaluated: outside the compute's group, or of a type that the model leaves out.
    pub atoms_not_evaluated: f64,
    /// Mean over ions of the members' standard deviation. The standard deviation of the members' own means, which is
    /// the ensemble's doubt about the molar conductivity, is at most this.
    pub member_spread: Option<f64>,
    /// Share of ions whose extrapolation grade is above 1; absent where no ion has a grade.
    pub outside_domain: Option<f64>,
    pub largest_grade: Option<f64>,
    pub frames: Vec<FrameMean>,
}

/// The mean over ions at one instant.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FrameMean {
    pub timestep: i64,
    pub mean: f64,
}

/// One group of ions over all frames.
#[derive(Clone, Debug, Serialize)]
pub struct GroupSummary {
    /// Ions a frame, on average.
    pub n_ions: f64,
    /// Mean over ions and time, its error from the scatter of frames.
    pub mean: MeanEstimate,
    /// Standard deviation over the ions at one instant, the mean over time; absent for a single ion.
    pub fluctuation: Option<MeanEstimate>,
    /// Over all ions in all frames.
    pub standard_deviation: f64,
    pub minimum: f64,
    pub maximum: f64,
    /// Pairs of a share and the value below which that share of ions lies.
    pub quantiles: Vec<(f64, f64)>,
}

impl FieldDistribution {
    /// Adds a frame.
    ///
    /// # Errors
    /// Columns of different lengths; a value that is not finite; a frame without any evaluated ion.
    pub fn add(&mut self, frame: &FieldFrame) -> Result<()> {
        let n = frame.types.len();
        let columns = [Some(frame.local), frame.member_spread, frame.grade].into_iter().flatten().map(<[f64]>::len);
        let mut lengths = columns.chain([frame.evaluated.len()]);
        if let Some(length) = lengths.find(|&length| length != n) {
            return Err(Error::Input(format!("step {}: {n} atoms and {length} values", frame.timestep)));
        }
        let mut found = false;
        for (i, (&value, &atom_type)) in frame.local.iter().zip(frame.types).enumerate() {
            if !frame.evaluated[i] {
                self.not_evaluated += 1;
                continue;
            }
            found = true;
            let doubts = [frame.member_spread, frame.grade].into_iter().flatten().map(|column| column[i]);
            if let Some(doubt) = doubts.into_iter().find(|doubt| !doubt.is_finite()) {
                return Err(Error::Input(format!(
                    "step {}, atom {} of {n}: a value is {doubt}",
                    frame.timestep,
                    i + 1
                )));
            }
            let group = self.types.entry(atom_type).or_default();
            self.all
                .add(value)
                .and_then(|()| group.add(value))
                .map_err(|error| Error::Input(format!("step {}, atom {} of {n}: {error}", frame.timestep, i + 1)))?;
            if let Some(spread) = frame.member_spread {
                self.member_spread.add(spread[i]);
            }
            if let Some(grade) = frame.grade.map(|grade| grade[i]).filter(|grade| *grade >= 0.0) {
                self.outside.add(f64::from(u8::from(grade > 1.0)));
                self.largest_grade = Some(self.largest_grade.map_or(grade, |largest| largest.max(grade)));
            }
        }
        if !found {
            return Err(Error::Input(format!(
                "step {}: no atom has a local conductivity that was evaluated; the compute's group or its species \
                 names left all of them out",
                frame.timestep
            )));
        }
        self.all.end_frame();
        self.types.values_mut().for_each(Group::end_frame);
        self.timesteps.push(frame.timestep);
        Ok(())
    }

    /// The values of all ions in all frames.
    pub fn histogram(&self) -> &Histogram {
        &self.all.histogram
    }

    /// Sums up what was added.
    ///
    /// # Errors
    /// No frame was added.
    pub fn summary(&self) -> Result<FieldSummary> {
        let (Some(&first_timestep), Some(&last_timestep)) = (self.timesteps.first(), self.timesteps.last()) else {
            return Err(Error::Input("no frame to analyze".into()));
        };
        let n_frames = self.timesteps.len();
        let step = self.timesteps.get(1).map(|second| second - first_timestep);
        let even = self.timesteps.windows(2).all(|pair| Some(pair[1] - pair[0]) == step);
        let types = self.types.iter().map(|(&kind, group)| Ok((kind, group.summary()?))).collect::<Result<_>>()?;
        let means = self.timesteps.iter().zip(&self.all.frame_means);
        Ok(FieldSummary {
            n_frames,
            first_timestep,
            last_timestep,
            steps_between_frames: step.filter(|step| even && *step > 0),
            all: self.all.summary()?,
            types,
            atoms_not_evaluated: self.not_evaluated as f64 / n_frames as f64,
            member_spread: self.member_spread.mean(),
            outside_domain: self.outside.mean(),
            largest_grade: self.largest_grade,
            frames: means.map(|(&timestep, &mean)| FrameMean { timestep, mean }).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame in which the first atoms, so many, are evaluated.
    fn frame<'a>(timestep: i64, types: &'a [i32], local: &'a [f64], n_evaluated: usize) -> FieldFrame<'a> {
        const ATOMS: &[bool] = &[true, true, true, true, false, false, false, false];
        let evaluated = &ATOMS[4 - n_evaluated..][..types.len()];
        FieldFrame { timestep, types, local, evaluated, member_spread: None, grade: None }
    }

    #[test]
    fn means_spreads_and_groups() {
        let mut field = FieldDistribution::default();
        for (step, shift) in [(0, 0.0), (10, 0.2), (20, -0.2)] {
            field.add(&frame(step, &[1, 1, 2, 3], &[1.0 + shift, 2.0 + shift, 3.0 + shift, 0.0], 3)).unwrap();
        }
        let summary = field.summary().unwrap();
        assert!((summary.all.mean.mean - 2.0).abs() < 1e-12);
        assert_eq!((summary.n_frames, summary.all.n_ions, summary.atoms_not_evaluated), (3, 3.0, 1.0));
        assert_eq!(summary.steps_between_frames, Some(10));
        // Of 1, 2, 3 at each instant, whatever they shift by.
        assert!((summary.all.fluctuation.unwrap().mean - 1.0).abs() < 1e-12);
        assert!((summary.types[&1].mean.mean - 1.5).abs() < 1e-12 && summary.types[&2].n_ions == 1.0);
        assert!(!summary.types.contains_key(&3));
        assert!((summary.frames[2].mean - 1.8).abs() < 1e-12);
    }

    #[test]
    fn steps_that_go_back_are_no_spacing() {
        let spacing = |steps: [i64; 3]| {
            let mut field = FieldDistribution::default();
            steps.iter().for_each(|&step| field.add(&frame(step, &[1], &[1.0], 1)).unwrap());
            field.summary().unwrap().steps_between_frames
        };
        assert_eq!([[0, 5, 10], [0, 5, 11], [10, 5, 0]].map(spacing), [Some(5), None, None]);
    }

    #[test]
    fn doubts_of_the_ensemble() {
        let mut field = FieldDistribution::default();
        let mut shown = frame(5, &[1, 2, 2], &[1.0, 2.0, 0.0], 2);
        shown.member_spread = Some(&[0.1, 0.3, 0.0]);
        shown.grade = Some(&[0.5, 1.5, 0.0]);
        field.add(&shown).unwrap();
        let summary = field.summary().unwrap();
        assert!((summary.member_spread.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!((summary.outside_domain, summary.largest_grade), (Some(0.5), Some(1.5)));
        assert_eq!(summary.all.mean.error, None);
    }

    #[test]
    fn what_has_no_distribution_is_refused() {
        let mut field = FieldDistribution::default();
        assert!(field.summary().unwrap_err().to_string().contains("no frame"));
        let error = field.add(&frame(7, &[1, 1], &[0.0, 0.0], 0)).unwrap_err().to_string();
        assert!(error.contains("step 7") && error.contains("left all of them out"), "{error}");
        let error = field.add(&frame(8, &[1, 1], &[0.5, f64::NAN], 2)).unwrap_err().to_string();
        assert!(error.contains("step 8, atom 2 of 2"), "{error}");
        assert!(field.add(&frame(9, &[1, 1], &[0.5], 2)).unwrap_err().to_string().contains("2 atoms and 1 values"));
    }
}
