//! A whole analysis: from the files of a run to a report.

use std::path::{Path, PathBuf};

use super::analysis::{Amount, Analysis, Conditions, Per, analyse};
use super::assignment::ReferenceFrame;
use super::axes::{check_axes, check_dimensions};
use super::charge::ChargeSeries;
use super::current::{CurrentSeries, read_current};
use super::ions::check_requests;
use super::record::{Record, RecordOptions};
use super::recorder::record;
use super::report::{Subject, TransportReport};
use super::verdict::judge;
use crate::units::{check_measurable, is_measurable};
use crate::{Error, Result};

/// What to analyse, and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// Dumps of one run; may be empty where a current is given.
    pub dumps: Vec<PathBuf>,
    /// Files of `fix ave/time` with the current.
    pub currents: Vec<PathBuf>,
    /// What the current's columns are, where their names do not say.
    pub current_columns: Option<Vec<String>>,
    pub record: RecordOptions,
    pub conditions: Conditions,
    /// Relative error that the run should reach.
    pub target_error: f64,
    pub viscosity: Option<f64>,
    /// Volume and amount of salt, where no dump tells.
    pub volume: Option<f64>,
    pub formula_units: Option<f64>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    pub report: TransportReport,
    pub analysis: Analysis,
    pub series: ChargeSeries,
    pub record: Option<Record>,
}

/// Whether the ions' charges add up to none, so that their conductivity is the same in all frames.
pub(super) fn is_neutral(record: &Record) -> bool {
    record.assignment.net_charge().abs() <= 1e-3 * Amount::of(&record.assignment.species).number.max(1.0)
}

impl Job {
    /// Reads and analyses; `on_frame` is called after each frame of a dump.
    ///
    /// # Errors
    /// As the parts'; a job without files, or without the volume and amount that no dump tells.
    pub fn run(&self, on_frame: &mut dyn FnMut(&Path)) -> Result<Outcome> {
        self.check()?;
        let current = match self.currents.is_empty() {
            true => None,
            false => Some(self.current()?),
        };
        let record = match self.dumps.is_empty() {
            true => None,
            false => Some(record(&self.dumps, &self.record, on_frame)?),
        };
        record.as_ref().map_or(Ok(()), check_dimensions)?;
        self.check_frame(record.as_ref(), current.is_some())?;
        let mut notes = record.as_ref().map_or(vec![], |r| r.notes.clone());
        let series = self.series(record.as_ref(), current.as_ref(), &mut notes)?;
        let (volume, amount) = self.size(record.as_ref())?;
        if let Some(record) = &record {
            self.look_at(record, &mut notes);
        }
        let analysis = analyse(&series, record.as_ref(), &self.conditions)?;
        notes.extend(analysis.notes.iter().cloned());
        if self.record.reference == ReferenceFrame::None {
            notes.extend(record.as_ref().and_then(|record| self.drift(record, &analysis)));
        }
        let judgement = judge(&analysis, series.duration(), self.target_error);
        let subject = Subject {
            record: record.as_ref(),
            volume,
            amount,
            conditions: &self.conditions,
            viscosity: self.viscosity,
        };
        let report = TransportReport::new(&subject, &analysis, judgement, notes);
        Ok(Outcome { report, analysis, series, record })
    }

    /// Looks at what is given, before anything is read.
    ///
    /// # Errors
    /// Numbers that are none for what they stand for; nothing to analyse; requests that need what is not given.
    pub fn check(&self) -> Result<()> {
        self.conditions.check()?;
        if !self.dumps.is_empty() {
            check_requests(&self.record.ions)?;
        }
        let positive = [
            ("timestep", Some(self.record.timestep)),
            ("target error", Some(self.target_error)),
            ("viscosity", self.viscosity),
            ("volume", self.volume),
            ("number of formula units", self.formula_units),
        ];
        for (what, value) in positive {
            if let Some(value) = value {
                check_measurable(what, value).map_err(Error::Input)?;
            }
        }
        if let Some((kind, mass)) = self.record.properties.masses.iter().find(|&(_, &mass)| !is_measurable(mass)) {
            return Err(Error::Input(format!(
                "mass {mass:?} of atom type {kind}: it must be above zero, and between 1e-60 and 1e60"
            )));
        }
        if self.dumps.is_empty() && self.currents.is_empty() {
            return Err(Error::Input("there is nothing to analyse; give dumps, or a series of the current".into()));
        }
        if self.viscosity.is_some() && self.dumps.is_empty() {
            return Err(Error::Input(
                "a viscosity corrects the diffusion coefficients of single ions, which a current alone does not tell; leave it \
                 out, or give a dump"
                    .into(),
            ));
        }
        if self.conditions.langevin_damp.is_some() && self.currents.is_empty() && self.record.forces.is_none() {
            return Err(Error::Input(
                "a Langevin damping time asks for the force route, which needs forces without those of the thermostat, from fix \
                 store/force before fix langevin: give a current with columns Fx Fy Fz (to ionscape transport also columns of the dump, \
                 named by --force-columns), or no damping time"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Refuses a reference frame where it is not known, or where a current or forces that are in none are of ions that it matters to.
    fn check_frame(&self, record: Option<&Record>, has_current: bool) -> Result<()> {
        if self.record.reference == ReferenceFrame::None {
            return Ok(());
        }
        let Some(record) = record else {
            return Err(Error::Input(
                "--frame needs the atoms of a dump, and there is a current alone; leave it out, or average the current in that \
                 frame"
                    .into(),
            ));
        };
        let by_forces = self.conditions.langevin_damp.is_some();
        if !(has_current || by_forces) || is_neutral(record) {
            return Ok(());
        }
        let what = if has_current { "the current of a file is" } else { "the force route holds for motion" };
        Err(Error::Input(format!(
            "{what} in the simulation's own frame, and ions with a net charge of {:.4} conduct otherwise in another; leave \
             --frame out, or {}",
            record.assignment.net_charge(),
            if has_current { "take the dump's velocities alone" } else { "give no Langevin damping time" }
        )))
    }

    /// Refuses species of ions that a current by species lacks, and charges of such as it has not.
    fn check_species(&self, current: &CurrentSeries, record: Option<&Record>) -> Result<()> {
        let names: Vec<&str> = current.species.iter().flatten().map(String::as_str).collect();
        let has = |name: &str| names.contains(&name);
        if names.is_empty() {
            return Ok(());
        }
        if record.is_none()
            && let Some(name) = self.record.properties.charges.keys().find(|name| !has(name))
        {
            return Err(Error::Species(format!(
                "a charge is given for {name}, and the current has {}",
                names.join(", ")
            )));
        }
        let missing = match record {
            Some(record) => {
                record.assignment.species.iter().find(|s| s.charge != 0.0 && !has(&s.name)).map(|s| &s.name)
            }
            None => self.record.ions.iter().find(|ion| ion.charge != Some(0.0) && !has(&ion.name)).map(|ion| &ion.name),
        };
        match missing {
            None => Ok(()),
            Some(name) => Err(Error::Species(format!(
                "the current has columns for {}, and none for {name}; give those of all ions, or name no others",
                names.join(", ")
            ))),
        }
    }

    /// The current, with forces where the force route is asked for.
    fn current(&self) -> Result<CurrentSeries> {
        let current = read_current(&self.currents, self.current_columns.as_deref())?;
        if self.conditions.langevin_damp.is_some() && current.force.is_none() {
            return Err(Error::Input(
                "the force route needs forces at the times of the current, and the current has no columns Fx Fy Fz; add \
                 them, or leave the current out where the dump has forces and velocities, or give no Langevin damping time"
                    .into(),
            ));
        }
        Ok(current)
    }

    fn series(
        &self,
        record: Option<&Record>,
        current: Option<&CurrentSeries>,
        notes: &mut Vec<String>,
    ) -> Result<ChargeSeries> {
        let units = &self.conditions.units;
        let from_record = record.map(|record| ChargeSeries::from_record(record, units)).transpose()?;
        let Some(current) = current else {
            let series = from_record.unwrap_or_default();
            check_axes(&series, "the current by the dump's velocities")?;
            return Ok(series);
        };
        notes.extend(current.notes.iter().cloned());
        self.check_species(current, record)?;
        if record.is_none() && current.species.iter().all(Option::is_none) && !self.record.properties.charges.is_empty()
        {
            notes.push("the charges given are not used: the current is that of all charge".into());
        }
        let given = |name: &str| self.record.properties.charges.get(name).copied();
        let known = |name: &str| {
            let species = record.and_then(|r| r.assignment.species.iter().find(|s| s.name == name));
            let request = self.record.ions.iter().find(|ion| ion.name == name);
            let asked = request.and_then(|ion| ion.charge.or(ion.default_charge));
            given(name).or(species.map(|s| s.charge)).or(asked)
        };
        let mass = self.one_mass(record);
        let from_current = ChargeSeries::from_current(current, self.record.timestep, units, &known, mass)?;
        check_axes(&from_current, "the current")?;
        if self.conditions.langevin_damp.is_some() && current.force.is_some() && mass.is_none() {
            return Err(Error::Input(
                "the force route on a summed force needs one mass that all ions have; give --mass TYPE=VALUE for each \
                 ion type, or mass = VALUE in a data set"
                    .into(),
            ));
        }
        let (Some(mut series), Some(record)) = (from_record, record) else { return Ok(from_current) };
        series.take_current(from_current, current, record, notes)?;
        Ok(series)
    }

    /// The mass that all ions share, if they do.
    fn one_mass(&self, record: Option<&Record>) -> Option<f64> {
        let masses: Option<Vec<f64>> = match record {
            Some(record) => record.assignment.species.iter().map(|s| s.mass).collect(),
            None => Some(self.record.properties.masses.values().copied().collect()),
        };
        let masses = masses?;
        let first = *masses.first()?;
        masses.iter().all(|m| (m - first).abs() <= 1e-9 * first).then_some(first)
    }

    fn size(&self, record: Option<&Record>) -> Result<(f64, Amount)> {
        let amount = self.formula_units.map(|number| Amount { number, per: Per::FormulaUnit });
        match (record, self.volume, amount) {
            (Some(record), volume, amount) => {
                let amount = amount.unwrap_or_else(|| Amount::of(&record.assignment.species));
                if amount.number <= 0.0 {
                    return Err(Error::Input(
                        "no ion has a charge, so there is no conductivity; check --charge".into(),
                    ));
                }
                Ok((volume.unwrap_or(record.volume), amount))
            }
            (None, Some(volume), Some(amount)) => Ok((volume, amount)),
            _ => Err(Error::Input(
                "a current alone does not tell the size of the system; give --volume and --formula-units, or a dump \
                 beside it"
                    .into(),
            )),
        }
    }
}
