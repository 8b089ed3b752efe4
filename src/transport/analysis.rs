//! From a recorded run to conductivities, coefficients and a verdict.

use super::assignment::IonSpecies;
use super::charge::ChargeSeries;
use super::common_motion::CommonMotion;
use super::early::early_diffusion;
use super::estimators::{
    Cepstral, CepstralOptions, EinsteinHelfand, EinsteinOptions, Estimate, FEWEST_FRAMES, ForceRoute, GreenKubo,
    GreenKuboOptions, cepstral, einstein_helfand, force_route, green_kubo,
};
use super::onsager::Onsager;
use super::record::Record;
use super::self_diffusion::{SelfDiffusion, self_diffusion};
use crate::units::{TransportUnits, is_measurable};
use crate::{Error, Result};

/// A current that forgets more than this share between samples has no integral from them.
const SAMPLED_TOO_RARELY: f64 = 0.3;

/// Errors that are widened by more than this are told of; those of Gaussian motion hardly ever are by as much.
const TOLD_WIDENING: f64 = 1.25;

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
        if !is_measurable(self.temperature) {
            return refuse(format!(
                "temperature {:?}: conductivities are per kT; give the run's temperature, above zero, and between 1e-60 and 1e60",
                self.temperature
            ));
        }
        match self.langevin_damp {
            Some(damp) if !is_measurable(damp) => refuse(format!(
                "Langevin damping time {damp:?}; it is positive, as in fix langevin, and between 1e-60 and 1e60"
            )),
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

impl Per {
    /// In words.
    pub fn label(self) -> &'static str {
        match self {
            Self::FormulaUnit => "per formula unit",
            Self::Equivalent => "per equivalent",
        }
    }
}

impl Amount {
    /// Formula units where there are as many cations as anions, of one species each or all of one magnitude of charge, else
    /// equivalents of the sign that there is more charge of.
    pub fn of(species: &[IonSpecies]) -> Self {
        Self::of_ions(&species.iter().map(|s| (s.charge, s.n_ions)).collect::<Vec<_>>())
    }

    /// The same from the charge and the number of ions of each species.
    pub fn of_ions(species: &[(f64, usize)]) -> Self {
        let ions = |sign: f64| species.iter().filter(|(z, _)| sign * z > 0.0).map(|(_, n)| n).sum::<usize>();
        let (cations, anions) = (ions(1.0), ions(-1.0));
        let charges: Vec<f64> = species.iter().map(|(charge, _)| *charge).filter(|charge| *charge != 0.0).collect();
        if cations > 0 && cations == anions && (charges.len() == 2 || Self::one_magnitude(charges.into_iter())) {
            return Self { number: cations as f64, per: Per::FormulaUnit };
        }
        Self::equivalents(species)
    }

    /// Equivalents of the sign that there is more charge of, from the charge and the number of ions of each species.
    pub fn equivalents(species: &[(f64, usize)]) -> Self {
        let sum = |sign: f64| species.iter().map(|(charge, n)| (sign * charge).max(0.0) * *n as f64).sum::<f64>();
        Self { number: sum(1.0).max(sum(-1.0)), per: Per::Equivalent }
    }

    /// Whether a set of systems whose ions have these charges must be per equivalent throughout: their mixtures have no formula.
    /// That is so for more than two species of ions that differ in the magnitude of their charge; charges of 0 do not count.
    pub fn of_mixtures(charges: impl Iterator<Item = f64>) -> bool {
        let ions: Vec<f64> = charges.filter(|charge| *charge != 0.0).collect();
        ions.len() > 2 && !Self::one_magnitude(ions.into_iter())
    }

    /// Whether charges are of one magnitude, so that every neutral mixture of their ions is made of formula units.
    pub fn one_magnitude(charges: impl Iterator<Item = f64>) -> bool {
        crate::species::one_magnitude(charges)
    }
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
#[derive(Debug, Default)]
pub struct Analysis {
    pub estimates: Vec<ChargeEstimate>,
    pub einstein: Option<EinsteinHelfand>,
    pub green_kubo: Option<GreenKubo>,
    pub cepstral: Option<Cepstral>,
    pub self_diffusion: Vec<SelfDiffusion>,
    /// How many times as fast single ions diffuse over the lags of `einstein`'s fit as over those of their own, weighted as in the
    /// Nernst-Einstein equation.
    pub early_diffusion: Option<Estimate>,
    pub onsager: Option<Onsager>,
    /// Whether the common motion of each species and of all ions is diffusive over the lags of `onsager`.
    pub is_onsager_diffusive: bool,
    pub notes: Vec<String>,
}

/// Runs the estimators; those that the data do not suffice for are left out with a note. There may be none where the run is shorter than
/// any of them takes.
///
/// # Errors
/// Data of which no estimator makes anything, long enough as they are.
pub fn analyse(series: &ChargeSeries, record: Option<&Record>, conditions: &Conditions) -> Result<Analysis> {
    conditions.check()?;
    let mut analysis = Analysis::default();
    let (displacement, dt) = &series.displacement;
    match einstein_helfand(displacement, *dt, &EinsteinOptions::default()) {
        Ok(einstein) => {
            let objection = (!einstein.diffusive.yes).then(|| einstein.diffusive.reason.clone());
            let estimate = einstein.estimate;
            analysis.estimates.push(ChargeEstimate { method: Method::EinsteinHelfand, estimate, objection });
            if einstein.widening > TOLD_WIDENING {
                analysis.notes.push(format!(
                    "the charge moves in bursts, or more along one direction than along others: parts of the run differ {:.1} times as \
                     much as of Gaussian motion that is alike in all directions, and errors are widened by that",
                    einstein.widening
                ));
            }
            analysis.einstein = Some(einstein);
        }
        Err(error) => analysis.notes.push(error.to_string()),
    }
    from_current(series, &mut analysis);
    if let (Some(damp), true) = (conditions.langevin_damp, series.acceleration.is_some()) {
        match series.squared_charge_per_mass {
            Some(sum) => {
                let kt = conditions.units.thermal_energy * conditions.temperature * conditions.units.acceleration;
                from_forces(series, damp, sum * kt * damp, &mut analysis);
            }
            None => analysis.notes.push(
                "no force route: it needs the ions' number, charges and masses; give a dump beside the current".into(),
            ),
        }
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
        let (fit, species) = (analysis.einstein.as_ref(), &record.assignment.species);
        analysis.early_diffusion =
            fit.and_then(|fit| early_diffusion((fit.fit_from, fit.fit_to), &analysis.self_diffusion, species));
        analysis.onsager = Some(onsager(record, &mut analysis));
    }
    if analysis.estimates.is_empty() && displacement.len() >= FEWEST_FRAMES {
        return Err(Error::Input(format!("there is no conductivity in it: {}", analysis.notes.join("; "))));
    }
    Ok(analysis)
}

/// The estimates that rest on the current's autocorrelation and spectrum.
fn from_current(series: &ChargeSeries, analysis: &mut Analysis) {
    let Some((current, dt)) = &series.current else { return };
    let remembered = correlation_after_one(current);
    if !series.averaged && remembered < SAMPLED_TOO_RARELY {
        analysis.notes.push(format!(
            "no Green-Kubo and cepstral estimates: after one sample the current's correlation is {remembered:.2} of what \
             it was, and the integral needs its course; dump velocities more often, or average the current over all \
             steps with fix ave/time"
        ));
        return;
    }
    // What comes in bursts does so in every estimate of it.
    let widening = analysis.einstein.as_ref().map_or(1.0, |einstein| einstein.widening);
    let widened = |estimate: Estimate| Estimate { error: widening * estimate.error, ..estimate };
    match green_kubo(current, *dt, &GreenKuboOptions::default()) {
        Ok(green_kubo) => {
            let objection = (!green_kubo.has_plateau).then(|| "the running integral has no plateau".to_string());
            let estimate = widened(green_kubo.estimate);
            analysis.estimates.push(ChargeEstimate { method: Method::GreenKubo, estimate, objection });
            analysis.green_kubo = Some(green_kubo);
        }
        Err(error) => analysis.notes.push(error.to_string()),
    }
    match cepstral(current, *dt, &CepstralOptions::default()) {
        Ok(cepstral) => {
            let estimate = widened(cepstral.estimate);
            analysis.estimates.push(ChargeEstimate { method: Method::Cepstral, estimate, objection: None });
            analysis.cepstral = Some(cepstral);
        }
        Err(error) => analysis.notes.push(error.to_string()),
    }
}

/// `<J(0).J(dt)> / <J^2>`.
fn correlation_after_one(current: &[[f64; 3]]) -> f64 {
    let dot = |a: &[f64; 3], b: &[f64; 3]| (0..3).map(|k| a[k] * b[k]).sum::<f64>();
    let squares: f64 = current.iter().map(|j| dot(j, j)).sum();
    let products: f64 = current.windows(2).map(|pair| dot(&pair[0], &pair[1])).sum();
    products / squares
}

/// The coefficient of Langevin dynamics from the current and the forces between the ions.
fn from_forces(series: &ChargeSeries, damp: f64, ideal: f64, analysis: &mut Analysis) {
    let Some((acceleration, dt)) = &series.acceleration else { return };
    let Some((current, _)) = series.current.as_ref().filter(|(_, other)| (other - dt).abs() <= 1e-9 * dt) else {
        analysis.notes.push("no force route: it needs the current at the same times as the forces".into());
        return;
    };
    match force_route(current, acceleration, *dt, ideal, damp, &GreenKuboOptions::default()) {
        Ok(route) => {
            let objection = (!route.has_plateau).then(|| "the integrals have no plateau".to_string());
            analysis.notes.extend(unseen_forces(&route, dt * current.len() as f64));
            let estimate = route.estimate;
            analysis.estimates.push(ChargeEstimate { method: Method::ForceRoute, estimate, objection });
        }
        Err(error) => analysis.notes.push(format!("no force route: {error}")),
    }
}

/// Says where a run is too short to see slow forces, and how long it should be.
///
/// In 400 runs each of bound particles, ten and twenty correlation times of the force long, the mean square of departure over error
/// was 2 to 11, all that were far off too high.
fn unseen_forces(route: &ForceRoute, duration: f64) -> Option<String> {
    let longest = *route.green_kubo.times.last()?;
    (route.has_plateau && route.force_weight > 0.5 && 2.0 * route.window > longest).then(|| {
        format!(
            "the force route integrates up to {:.4}, and the run is too short to look at twice that: slow forces beyond are not \
             seen, and would make the value lower by more than its error; a run of {:.4} shows them",
            route.window,
            2.0 * route.window / longest * duration
        )
    })
}

/// The matrix over lags at which the charge, each species and all ions together are diffusive, with the self parts.
fn onsager(record: &Record, analysis: &mut Analysis) -> Onsager {
    let common = CommonMotion::of(record, &analysis.self_diffusion);
    let from = analysis.einstein.as_ref().map(|einstein| einstein.fit_from.max(common.from));
    let spacing = from.map(|from| ((from / record.dt).round() as usize).max(1));
    analysis.is_onsager_diffusive = common.slow.is_empty();
    if !common.slow.is_empty() {
        analysis.notes.push(format!(
            "the common motion of {} is diffusive over no lag within the run's reach: Onsager coefficients, their distinct parts and \
             transference numbers are those of short times; a longer run tells, and --frame com where all ions drift together",
            common.slow.join(", of ")
        ));
    }
    let onsager = Onsager::new(&record.displacement, &record.msd, &analysis.self_diffusion, record.dt, spacing);
    if let (Some(spacing), None) = (spacing, onsager.coefficient(0, 0)) {
        analysis.notes.push(format!(
            "no Onsager coefficients: {} frames are too few for lags from {spacing} frames on",
            record.n_frames
        ));
    }
    onsager
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixtures_of_charges_of_one_magnitude_have_formula_units_as_their_ends_have() {
        let amount = |species: &[(f64, usize)]| {
            let amount = Amount::of_ions(species);
            (amount.number, amount.per)
        };
        for z in [0.8, 1.0, 2.0] {
            assert_eq!(amount(&[(z, 60), (-z, 60)]), (60.0, Per::FormulaUnit));
            assert_eq!(amount(&[(z, 20), (z, 40), (-z, 60)]), (60.0, Per::FormulaUnit));
        }
        assert_eq!(amount(&[(2.0, 10), (-1.0, 20)]), (20.0, Per::Equivalent));
        // What has no charge changes nothing.
        assert_eq!(amount(&[(2.0, 8), (-2.0, 8), (0.0, 4)]), (8.0, Per::FormulaUnit));
        assert_eq!(amount(&[(2.0, 10), (1.0, 5), (-1.0, 25)]), (25.0, Per::Equivalent));
        // What is not neutral has no formula; a cation of another magnitude makes as many ions of each sign none.
        assert_eq!(amount(&[(0.5, 10), (-0.5, 12)]), (6.0, Per::Equivalent));
        assert_eq!(amount(&[(2.0, 10), (1.0, 10), (-1.0, 20)]), (30.0, Per::Equivalent));
        assert_eq!(amount(&[(1.0, 0), (1.0, 0)]), (0.0, Per::Equivalent));
        let mixtures = |charges: &[f64]| Amount::of_mixtures(charges.iter().copied());
        assert!(mixtures(&[2.0, 1.0, -1.0]) && mixtures(&[1.0, 0.0, -1.0, 0.8]));
        assert!(!mixtures(&[2.0, -1.0, 0.0]) && !mixtures(&[0.8, 0.8, -0.8]));
    }
}
