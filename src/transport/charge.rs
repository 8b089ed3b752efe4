//! Collective series of the charge: what all estimates of the conductivity are made from.

use super::agreement::Agreement;
use super::assignment::IonSpecies;
use super::current::CurrentSeries;
use super::record::Record;
use crate::units::TransportUnits;
use crate::{Error, Result};

/// Collective series of the charge, each with its time between samples.
#[derive(Debug, Default)]
pub struct ChargeSeries {
    pub displacement: (Vec<[f64; 3]>, f64),
    pub current: Option<(Vec<[f64; 3]>, f64)>,
    /// Whether a sample of the current is an average over all the time until the next, as `fix ave/time` can make it;
    /// its sum over time is then exact however far apart the samples are.
    pub averaged: bool,
    /// `sum N q^2 / m` over species.
    pub squared_charge_per_mass: Option<f64>,
    /// `sum q f / m`, in length over time squared.
    pub acceleration: Option<(Vec<[f64; 3]>, f64)>,
}

impl ChargeSeries {
    /// From the dumps of a run.
    ///
    /// # Errors
    /// Forces of ions without a mass.
    pub fn from_record(record: &Record, units: &TransportUnits) -> Result<Self> {
        let species = &record.assignment.species;
        let charges: Vec<f64> = species.iter().map(|s| s.charge).collect();
        let acceleration = match &record.force {
            None => None,
            Some(force) => {
                let per_mass = species.iter().map(|s| match s.mass {
                    Some(mass) => Ok(s.charge / mass * units.acceleration),
                    None => Err(Error::Input(format!(
                        "the force route needs masses, and {} has none; add mass to the dump command, or give --mass \
                         TYPE=VALUE",
                        s.name
                    ))),
                });
                Some((combine(force, &per_mass.collect::<Result<Vec<_>>>()?), record.dt))
            }
        };
        Ok(Self {
            displacement: (combine(&record.displacement, &charges), record.dt),
            squared_charge_per_mass: squared_charge_per_mass(species),
            current: record.current.as_ref().map(|current| (combine(current, &charges), record.dt)),
            acceleration,
            averaged: false,
        })
    }

    /// From a series of the current; `charge` gives that of a species, `mass` is that of every ion.
    ///
    /// # Errors
    /// Species without a charge.
    pub fn from_current(
        series: &CurrentSeries,
        timestep: f64,
        units: &TransportUnits,
        charge: &dyn Fn(&str) -> Option<f64>,
        mass: Option<f64>,
    ) -> Result<Self> {
        let dt = series.steps_between_samples as f64 * timestep;
        let charges = series.species.iter().map(|name| match name {
            None => Ok(1.0),
            Some(name) => charge(name).ok_or_else(|| {
                Error::Input(format!("the current has a species {name} without a charge; give --charge {name}=VALUE"))
            }),
        });
        let current = combine(&series.current, &charges.collect::<Result<Vec<_>>>()?);
        let mut sum = [0.0; 3];
        let mut displacement = vec![sum];
        for sample in &current {
            for k in 0..3 {
                sum[k] += dt * sample[k];
            }
            displacement.push(sum);
        }
        let acceleration = series.force.as_ref().zip(mass).map(|(force, mass)| {
            let scale = units.acceleration / mass;
            (force.iter().map(|f| f.map(|f| scale * f)).collect(), dt)
        });
        Ok(Self {
            displacement: (displacement, dt),
            averaged: true,
            squared_charge_per_mass: None,
            current: Some((current, dt)),
            acceleration,
        })
    }

    /// Takes over the current of a series that was recorded beside the dumps.
    ///
    /// Its sum over time must be the charge's displacement in the dumps. Where it is so exactly, the samples are averages over
    /// all steps, and the sum serves as the displacement too if it is the finer series.
    ///
    /// # Errors
    /// A current that is not that of the dumps' ions.
    pub(super) fn take_current(
        &mut self,
        other: Self,
        series: &CurrentSeries,
        record: &Record,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        match Agreement::new(&self.displacement.0, &other.displacement.0, series, record) {
            Some(agreement) => {
                notes.extend(agreement.check()?);
                self.averaged = agreement.is_exact();
                if self.averaged && other.displacement.0.len() > self.displacement.0.len() {
                    notes.push(
                        "Einstein-Helfand uses the current's sum over time, which is finer than the dumps".into(),
                    );
                    self.displacement = other.displacement;
                }
            }
            None => notes.push(
                "no two frames of the dumps are at timesteps of the current; that both are of one run is not checked"
                    .into(),
            ),
        }
        self.current = other.current;
        if other.acceleration.is_some() {
            if self.acceleration.is_some() {
                notes.push("the forces are those of the current's columns Fx Fy Fz, and not the dump's".into());
            }
            self.acceleration = other.acceleration;
        }
        Ok(())
    }

    /// Time that the series span.
    pub fn duration(&self) -> f64 {
        self.displacement.1 * (self.displacement.0.len() as f64 - 1.0)
    }
}

/// `sum N q^2 / m`, where all masses are known.
fn squared_charge_per_mass(species: &[IonSpecies]) -> Option<f64> {
    species.iter().map(|s| Some(s.n_ions as f64 * s.charge * s.charge / s.mass?)).sum()
}

/// Sum over species with these factors.
fn combine(series: &[Vec<[f64; 3]>], factors: &[f64]) -> Vec<[f64; 3]> {
    let n = series.first().map_or(0, Vec::len);
    let at = |t: usize, k: usize| series.iter().zip(factors).map(|(s, f)| f * s[t][k]).sum();
    (0..n).map(|t| std::array::from_fn(|k| at(t, k))).collect()
}
