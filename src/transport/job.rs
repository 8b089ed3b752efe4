//! A whole analysis: from the files of a run to a report.

use std::path::{Path, PathBuf};

use super::analysis::{Amount, Analysis, Conditions, Per, analyse};
use super::assignment::ReferenceFrame;
use super::charge::ChargeSeries;
use super::current::{CurrentSeries, read_current};
use super::ions::check_requests;
use super::record::{Record, RecordOptions, record};
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

/// A common drift that is more than so much of the ions' own mean square displacement is told.
const DRIFT: f64 = 0.05;

/// So many times what the centre of mass of independent ions diffuses is no chance.
const NO_CHANCE: f64 = 30.0;

/// Whether all ions drift together, which diffusion coefficients then include.
fn drift(record: &Record, analysis: &Analysis) -> Option<String> {
    let n: usize = record.assignment.species.iter().map(|s| s.n_ions).sum();
    let coefficients = analysis.self_diffusion.iter().zip(&record.assignment.species);
    let diffusion = coefficients.map(|(d, s)| s.n_ions as f64 * d.estimate.value).sum::<f64>() / n as f64;
    let last = record.displacement.iter().filter_map(|frames| frames.last());
    let total = last.fold([0.0; 3], |sum, d| std::array::from_fn(|k| sum[k] + d[k]));
    let squared = total.iter().map(|d| (d / n as f64).powi(2)).sum::<f64>();
    let share = squared / (6.0 * diffusion * (record.n_frames - 1) as f64 * record.dt);
    (share > DRIFT && share * n as f64 > NO_CHANCE).then(|| {
        format!(
            "all ions drift together, by {:.4} over the run: their diffusion and Onsager coefficients include it, and with them \
             Nernst-Einstein and Haven ratio; --frame com takes it out, and 'velocity all zero linear' in the script keeps it out",
            squared.sqrt()
        )
    })
}

/// Velocities' temperature may differ from the one given by this share, and by so many of its errors.
const SAME_TEMPERATURE: (f64, f64) = (0.1, 4.0);

/// Axes along which all of these vectors are zero, where others are not.
fn still_axes<'a>(vectors: impl Iterator<Item = &'a [f64; 3]>) -> Vec<&'static str> {
    let moves = vectors.fold([false; 3], |moves, v| std::array::from_fn(|k| moves[k] || v[k] != 0.0));
    let still: Vec<_> =
        ["x", "y", "z"].into_iter().zip(moves).filter(|(_, moves)| !moves).map(|(axis, _)| axis).collect();
    if still.len() == 3 { vec![] } else { still }
}

/// Refuses runs in a plane or on a line: all numbers here are of motion in space.
fn check_dimensions(record: &Record) -> Result<()> {
    let still = still_axes(record.displacement.iter().flatten());
    if still.is_empty() {
        return Ok(());
    }
    Err(Error::Input(format!(
        "no ion ever moves along {}: conductivity, diffusion and their errors are of three dimensions here, and would be too small; a run \
         in space is needed",
        still.join(" and ")
    )))
}

/// Refuses a current that lacks an axis; `whose` is it.
fn check_axes(series: &ChargeSeries, whose: &str) -> Result<()> {
    let still = still_axes(series.current.iter().flat_map(|(current, _)| current));
    if still.is_empty() {
        return Ok(());
    }
    Err(Error::Input(format!(
        "{whose} is 0 along {} at all times: the conductivity is a mean over three dimensions here, and would be too small; give the \
         current along all three, of a run in space",
        still.join(" and ")
    )))
}

/// Whether the ions' charges add up to none, so that their conductivity is the same in all frames.
fn is_neutral(record: &Record) -> bool {
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
            notes.extend(record.as_ref().and_then(|record| drift(record, &analysis)));
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

    fn look_at(&self, record: &Record, notes: &mut Vec<String>) {
        if !is_neutral(record) && self.record.reference == ReferenceFrame::None {
            notes.push(format!(
                "the ions carry a net charge of {:.4}: if none are missing from the dump, their conductivity depends on whose centre \
                 of mass rests; ionscape transport chooses with --frame",
                record.assignment.net_charge()
            ));
        }
        for (name, sign) in [("cation", 1.0), ("anion", -1.0)] {
            if let Some(species) = record.assignment.species.iter().find(|s| s.name == name && s.charge * sign < 0.0) {
                notes.push(format!(
                    "the charge of {name} is {}: are types and names in the same order?",
                    species.charge
                ));
            }
        }
        notes.extend(self.temperature_of_velocities(record));
        if let Some(volume) = self.volume {
            notes.push(format!("volume {volume} as given; the dump's is {:.6}", record.volume));
        }
        if let Some(number) = self.formula_units {
            let amount = Amount::of(&record.assignment.species);
            notes.push(format!(
                "{number} formula units as given; the dump has {} {}",
                amount.number,
                amount.per.label()
            ));
        }
        let walls: Vec<&str> =
            ["x", "y", "z"].into_iter().zip(record.periodic).filter(|(_, p)| !p).map(|(k, _)| k).collect();
        if !walls.is_empty() {
            notes.push(format!(
                "the box is not periodic along {}: all numbers are means over the three directions and the volume of the box, and \
                 walls and empty space are part of both",
                walls.join(" and ")
            ));
        }
        if self.viscosity.is_some() && !record.cubic {
            notes.push(
                "the finite-size correction is that of a periodic cube, which the box is not: the corrected diffusion \
                 coefficients do not hold"
                    .into(),
            );
        }
        if record.volume_deviation > 0.2 * record.volume {
            notes.push(format!(
                "the volume varies by {:.0} %: conductivity and amount are over its mean",
                100.0 * record.volume_deviation / record.volume
            ));
        }
    }

    /// What to say where velocities are of another temperature than the one given.
    fn temperature_of_velocities(&self, record: &Record) -> Option<String> {
        let (mean, given) = (record.thermal_energy.as_ref()?, self.conditions.temperature);
        let scale = 1.0 / (self.conditions.units.thermal_energy * self.conditions.units.acceleration);
        let (found, error) = (scale * mean.mean, scale * mean.error.as_ref()?.value);
        let (share, errors) = SAME_TEMPERATURE;
        let off = (found - given).abs();
        (off > share * given && off > errors * error).then(|| {
            format!(
                "the ions' velocities are of a temperature of {found:.4} +- {error:.4}, and {given} is given: conductivities are per kT; \
                 give the run's temperature"
            )
        })
    }
}
