//! From a recorded run to conductivities, coefficients and a verdict.

use super::assignment::IonSpecies;
use super::current::CurrentSeries;
use super::estimators::{EinsteinHelfand, EinsteinOptions, Estimate, einstein_helfand};
use super::onsager::Onsager;
use super::record::Record;
use super::self_diffusion::{SelfDiffusion, self_diffusion};
use crate::units::TransportUnits;
use crate::{Error, Result};

/// What a run was simulated at.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub temperature: f64,
    pub units: TransportUnits,
    /// Damping time of `fix langevin`, if that is what moved the ions and the force route is wanted.
    pub langevin_damp: Option<f64>,
}

impl Conditions {
    /// # Errors
    /// A temperature or damping that is not positive.
    pub fn check(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::Input(what));
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return refuse(format!(
                "temperature {}: conductivities are per kT; give the run's temperature, above zero",
                self.temperature
            ));
        }
        match self.langevin_damp {
            Some(damp) if !(damp > 0.0 && damp.is_finite()) => {
                refuse(format!("Langevin damping time {damp}; it is positive, as in fix langevin"))
            }
            _ => Ok(()),
        }
    }
}

/// The amount of salt that a molar conductivity is per.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Amount {
    /// In the box.
    pub number: f64,
    pub per: Per,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// One cation and one anion.
    FormulaUnit,
    /// One elementary charge of each sign.
    Equivalent,
}

impl Amount {
    /// Formula units where there is one species of each sign in equal numbers, else equivalents of the sign that there
    /// is more charge of.
    pub fn of(species: &[IonSpecies]) -> Self {
        if let [a, b] = species
            && a.n_ions == b.n_ions
            && a.charge * b.charge < 0.0
        {
            return Self { number: a.n_ions as f64, per: Per::FormulaUnit };
        }
        let sum = |sign: f64| species.iter().map(|s| (sign * s.charge).max(0.0) * s.n_ions as f64).sum::<f64>();
        Self { number: sum(1.0).max(sum(-1.0)), per: Per::Equivalent }
    }
}

/// Collective series of the charge, each with its time between samples.
#[derive(Debug, Default)]
pub struct ChargeSeries {
    pub displacement: (Vec<[f64; 3]>, f64),
    /// Whether the displacement is the sum of a current and not from positions.
    pub integrated: bool,
    pub current: Option<(Vec<[f64; 3]>, f64)>,
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
            integrated: false,
            current: record.current.as_ref().map(|current| (combine(current, &charges), record.dt)),
            acceleration,
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
        Ok(Self { displacement: (displacement, dt), integrated: true, current: Some((current, dt)), acceleration })
    }

    /// Time that the series span.
    pub fn duration(&self) -> f64 {
        self.displacement.1 * (self.displacement.0.len() as f64 - 1.0)
    }
}

/// Sum over species with these factors.
fn combine(series: &[Vec<[f64; 3]>], factors: &[f64]) -> Vec<[f64; 3]> {
    let n = series.first().map_or(0, Vec::len);
    let at = |t: usize, k: usize| series.iter().zip(factors).map(|(s, f)| f * s[t][k]).sum();
    (0..n).map(|t| std::array::from_fn(|k| at(t, k))).collect()
}

/// One estimator's coefficient `K` of the charge, in charge squared times length squared over time.
#[derive(Clone, Debug)]
pub struct ChargeEstimate {
    pub method: Method,
    pub estimate: Estimate,
    /// Whether its own rules are content with the data; in words if not.
    pub objection: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    EinsteinHelfand,
    GreenKubo,
    Cepstral,
    ForceRoute,
}

impl Method {
    /// Its name in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::EinsteinHelfand => "Einstein-Helfand",
            Self::GreenKubo => "Green-Kubo",
            Self::Cepstral => "cepstral",
            Self::ForceRoute => "force route",
        }
    }
}

/// All that the estimators say.
#[derive(Debug)]
pub struct Analysis {
    pub estimates: Vec<ChargeEstimate>,
    pub einstein: Option<EinsteinHelfand>,
    pub self_diffusion: Vec<SelfDiffusion>,
    pub onsager: Option<Onsager>,
    pub notes: Vec<String>,
}

/// Runs the estimators; those that the data do not suffice for are left out with a note.
///
/// # Errors
/// Data that no estimator can be run on.
pub fn analyse(series: &ChargeSeries, record: Option<&Record>, conditions: &Conditions) -> Result<Analysis> {
    conditions.check()?;
    let mut analysis =
        Analysis { estimates: vec![], einstein: None, self_diffusion: vec![], onsager: None, notes: vec![] };
    let (displacement, dt) = &series.displacement;
    match einstein_helfand(displacement, *dt, &EinsteinOptions::default()) {
        Ok(einstein) => {
            let objection = (!einstein.diffusive.yes).then(|| einstein.diffusive.reason.clone());
            let estimate = einstein.estimate;
            analysis.estimates.push(ChargeEstimate { method: Method::EinsteinHelfand, estimate, objection });
            analysis.einstein = Some(einstein);
        }
        Err(error) => analysis.notes.push(error.to_string()),
    }
    if let Some(record) = record {
        for (table, species) in record.msd.iter().zip(&record.assignment.species) {
            match self_diffusion(table, record.dt) {
                Ok(diffusion) => analysis.self_diffusion.push(diffusion),
                Err(error) => analysis.notes.push(format!("{}: {error}", species.name)),
            }
        }
        if analysis.self_diffusion.len() < record.msd.len() {
            analysis.self_diffusion.clear();
        }
        analysis.onsager = onsager(record, analysis.einstein.as_ref(), &mut analysis.notes);
    }
    if analysis.estimates.is_empty() {
        return Err(Error::Input(format!("too short for a conductivity: {}", analysis.notes.join("; "))));
    }
    Ok(analysis)
}

/// The matrix over the lags that the charge's fit found diffusive.
fn onsager(record: &Record, einstein: Option<&EinsteinHelfand>, notes: &mut Vec<String>) -> Option<Onsager> {
    let einstein = einstein?;
    let spacing = ((einstein.fit_from / record.dt).round() as usize).max(1);
    match Onsager::new(&record.displacement, record.dt, spacing, einstein.estimate.relative_error()) {
        Ok(onsager) => Some(onsager),
        Err(error) => {
            notes.push(error.to_string());
            None
        }
    }
}
