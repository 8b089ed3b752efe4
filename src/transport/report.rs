//! What a transport analysis says, in the units of a reader.

use serde::Serialize;

use super::analysis::{Amount, Analysis, Conditions, Method};
use super::assignment::IonSpecies;
use super::plausible::implausible;
use super::record::Record;
use super::self_diffusion::yeh_hummer;
use super::verdict::{Judgement, Verdict, best};
use crate::{Error, Result};

/// The results of `ionscape transport`; keys as they stand in its JSON.
///
/// Conductivities in S/m and S cm2/mol, diffusion coefficients in m2/s; all reduced for `lj`.
#[derive(Clone, Debug, Serialize)]
pub struct TransportReport {
    pub estimates: Vec<ConductivityEstimate>,
    /// The method of the estimate that other values refer to; none where the run is too short for any.
    pub best: Option<Method>,
    /// Molar conductivity that independent ions would have.
    pub nernst_einstein: Option<f64>,
    pub nernst_einstein_error: Option<f64>,
    /// The same as a conductivity.
    pub nernst_einstein_sigma: Option<f64>,
    /// `nernst_einstein` over the best molar conductivity.
    pub haven_ratio: Option<f64>,
    pub haven_ratio_error: Option<f64>,
    pub verdict: Verdict,
    pub judgement: Judgement,
    pub species: Vec<SpeciesReport>,
    /// `sigma = sum_ab z_a z_b L_ab`.
    pub onsager: Vec<OnsagerReport>,
    pub amount: Amount,
    pub volume: f64,
    pub temperature: f64,
    pub n_frames: Option<usize>,
    pub net_charge: f64,
    pub notes: Vec<String>,
    /// Why the best estimate cannot be of ions, whatever the verdict; the notes say so too.
    #[serde(skip)]
    pub implausible: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ConductivityEstimate {
    pub method: Method,
    pub sigma: f64,
    pub sigma_error: f64,
    pub molar_conductivity: f64,
    pub molar_conductivity_error: f64,
    /// What speaks against it by its own rules.
    pub objection: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SpeciesReport {
    #[serde(flatten)]
    pub species: IonSpecies,
    pub self_diffusion: Option<f64>,
    pub self_diffusion_error: Option<f64>,
    /// With the finite-size correction of Yeh and Hummer.
    pub self_diffusion_corrected: Option<f64>,
    pub diffusive: Option<bool>,
    /// `d ln MSD / d ln t` over the fitted lags.
    pub exponent: Option<f64>,
    /// Lag times of the fit, in the run's unit of time.
    pub fit_from: Option<f64>,
    pub fit_to: Option<f64>,
    pub transference_number: Option<f64>,
    pub transference_number_error: Option<f64>,
}

/// `L_ab`, in conductivity per charge squared.
#[derive(Clone, Debug, Serialize)]
pub struct OnsagerReport {
    pub species: [String; 2],
    pub total: f64,
    pub total_error: f64,
    /// Of a species with itself: each ion with itself, and with the others.
    #[serde(rename = "self")]
    pub own: Option<f64>,
    pub self_error: Option<f64>,
    pub distinct: Option<f64>,
    pub distinct_error: Option<f64>,
    /// Whether the common motion of each species and of all ions is diffusive over its lags.
    pub diffusive: bool,
}

/// What the analysis was of.
pub struct Subject<'a> {
    pub record: Option<&'a Record>,
    /// Mean volume of the box, in the unit of length of the simulation, cubed.
    pub volume: f64,
    pub amount: Amount,
    pub conditions: &'a Conditions,
    /// Viscosity for the finite-size correction, in mPa s (reduced for `lj`).
    pub viscosity: Option<f64>,
}

impl TransportReport {
    /// Puts an analysis into the units that reports have: conductivities in S/m, molar ones in S cm2/mol and diffusion coefficients in
    /// m2/s, or reduced in `lj`.
    pub fn new(subject: &Subject, analysis: &Analysis, judgement: Judgement, mut notes: Vec<String>) -> Self {
        let Subject { record, volume, amount, conditions, viscosity } = *subject;
        let units = &conditions.units;
        let sigma = units.conductivity / (volume * conditions.temperature);
        let molar = sigma * volume / amount.number * units.molar_conductivity;
        let chosen = best(&analysis.estimates);
        let implausible = chosen.and_then(|chosen| implausible(molar * chosen.estimate.value, units));
        notes.extend(implausible.clone());
        let estimates = analysis.estimates.iter().map(|e| ConductivityEstimate {
            method: e.method,
            sigma: sigma * e.estimate.value,
            sigma_error: sigma * e.estimate.error,
            molar_conductivity: molar * e.estimate.value,
            molar_conductivity_error: molar * e.estimate.error,
            objection: e.objection.clone(),
        });
        let empty = vec![];
        let kinds = record.map_or(&empty, |r| &r.assignment.species);
        let charges: Vec<f64> = kinds.iter().map(|s| s.charge).collect();
        let onsager = analysis.onsager.as_ref();
        let nernst_einstein = onsager.and_then(|onsager| onsager.nernst_einstein(&charges));
        let haven = onsager.and_then(|onsager| onsager.haven_ratio(&charges, chosen?.estimate));
        let correction = viscosity.map(|viscosity| {
            let kt = units.thermal_energy * conditions.temperature;
            yeh_hummer(kt, viscosity * units.viscosity, volume)
        });
        let species = kinds.iter().enumerate().map(|(a, kind)| {
            let diffusion = analysis.self_diffusion.get(a);
            let estimate = onsager.and_then(|onsager| onsager.self_diffusion(a));
            let transference = onsager.and_then(|onsager| onsager.transference(a, &charges));
            SpeciesReport {
                species: kind.clone(),
                self_diffusion: estimate.map(|d| units.diffusion * d.value),
                self_diffusion_error: estimate.map(|d| units.diffusion * d.error),
                self_diffusion_corrected: estimate
                    .zip(correction)
                    .map(|(d, correction)| units.diffusion * (d.value + correction)),
                diffusive: diffusion.map(|d| d.diffusive),
                exponent: diffusion.map(|d| d.exponent.value),
                fit_from: diffusion.map(|d| d.fit_from),
                fit_to: diffusion.map(|d| d.fit_to),
                transference_number: transference.map(|t| t.value),
                transference_number_error: transference.map(|t| t.error),
            }
        });
        Self {
            estimates: estimates.collect(),
            best: chosen.map(|chosen| chosen.method),
            nernst_einstein: nernst_einstein.map(|ne| molar * ne.value),
            nernst_einstein_error: nernst_einstein.map(|ne| molar * ne.error),
            nernst_einstein_sigma: nernst_einstein.map(|ne| sigma * ne.value),
            haven_ratio: haven.map(|h| h.value),
            haven_ratio_error: haven.map(|h| h.error),
            verdict: judgement.verdict,
            judgement,
            species: species.collect(),
            onsager: self::onsager(kinds, analysis, sigma),
            amount,
            volume,
            temperature: conditions.temperature,
            n_frames: record.map(|r| r.n_frames),
            net_charge: record.map_or(0.0, |r| r.assignment.net_charge()),
            notes,
            implausible,
        }
    }

    /// The estimate that other values refer to.
    ///
    /// # Errors
    /// A run that is too short for any.
    pub fn best_estimate(&self) -> Result<&ConductivityEstimate> {
        let best = self.estimates.iter().find(|e| Some(e.method) == self.best);
        best.ok_or_else(|| Error::Input(format!("too short for a conductivity: {}", self.judgement.reasons.join("; "))))
    }

    /// Why the best estimate is no label to learn from; none where it is one, be it imprecise.
    pub fn doubt(&self) -> Option<&str> {
        match self.verdict {
            Verdict::NotDiffusive | Verdict::EstimatorsDisagree => Some(self.verdict.label()),
            Verdict::Good | Verdict::TooShort => self.implausible.as_deref(),
        }
    }

    /// Turns molar conductivities into those per equivalent.
    pub fn count_equivalents(&mut self) {
        let ions: Vec<(f64, usize)> = self.species.iter().map(|s| (s.species.charge, s.species.n_ions)).collect();
        let amount = Amount::equivalents(&ions);
        let factor = self.amount.number / amount.number;
        self.amount = amount;
        for estimate in &mut self.estimates {
            estimate.molar_conductivity *= factor;
            estimate.molar_conductivity_error *= factor;
        }
        for value in [&mut self.nernst_einstein, &mut self.nernst_einstein_error].into_iter().flatten() {
            *value *= factor;
        }
    }
}

fn onsager(species: &[IonSpecies], analysis: &Analysis, sigma: f64) -> Vec<OnsagerReport> {
    let Some(onsager) = &analysis.onsager else { return vec![] };
    let pairs = (0..species.len()).flat_map(|a| (a..species.len()).map(move |b| (a, b)));
    let report = |(a, b): (usize, usize)| {
        let total = onsager.coefficient(a, b)?;
        let own = onsager.own(a).filter(|_| a == b);
        let distinct = onsager.distinct(a).filter(|_| a == b);
        Some(OnsagerReport {
            species: [species[a].name.clone(), species[b].name.clone()],
            total: sigma * total.value,
            total_error: sigma * total.error,
            own: own.map(|e| sigma * e.value),
            self_error: own.map(|e| sigma * e.error),
            distinct: distinct.map(|e| sigma * e.value),
            distinct_error: distinct.map(|e| sigma * e.error),
            diffusive: analysis.is_onsager_diffusive,
        })
    };
    pairs.filter_map(report).collect()
}
