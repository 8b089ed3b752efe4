//! A system's label: equilibrium and paired response, each by itself and together.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::doubts;
use super::file::CampaignFile;
use super::plan::Campaign;
use super::results::{read_pair, snapshots_of_chunks};
use super::store::{State, Store};
use super::systems::SystemPlan;
use crate::transport::response::{FEWEST_PAIRS, Pair, ResponseOptions, paired_response};
use crate::transport::{
    Amount, Conditions, Job, Properties, RecordOptions, ReferenceFrame, TransportReport, Verdict, implausible,
};
use crate::{Error, Result};

/// The routes may differ by so many errors before the label is called doubtful.
const AGREEMENT: f64 = 3.0;

/// The stronger field of a pair over the other.
pub const STRONGER: f64 = 2.0;

/// A molar conductivity and its error from one route.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteEstimate {
    pub value: f64,
    pub error: f64,
}

impl RouteEstimate {
    /// The error over the value's magnitude; not finite for a value of 0.
    pub fn relative_error(&self) -> f64 {
        self.error / self.value.abs()
    }
}

/// An estimate of chunks whose trajectories are gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    pub equilibrium: Option<RouteEstimate>,
}

/// What is known of a system's conductivity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    pub equilibrium: Option<RouteEstimate>,
    /// Why the equilibrium run has no say, as far as it has been looked at since the system ended last.
    #[serde(default)]
    pub equilibrium_left_out: Option<String>,
    /// By which estimator.
    pub method: Option<String>,
    pub response: Option<RouteEstimate>,
    /// Both together.
    pub combined: Option<RouteEstimate>,
    pub nernst_einstein: Option<f64>,
    /// Times between which the drift was taken.
    pub window: Option<[f64; 2]>,
    /// Relative change under fields that are twice as strong, and its error.
    pub stronger_field: Option<[f64; 2]>,
    /// Difference of the routes over its error.
    pub apart: Option<f64>,
    /// Why the label is doubtful.
    pub doubts: Vec<String>,
    /// Formula units, of the pairs' slope.
    pub amount: Option<f64>,
}

impl Label {
    /// Puts the routes together, with weights by their relative errors: an estimate that came out low has too low an
    /// error, not too low a relative one.
    fn combine(&mut self) {
        self.apart = None;
        self.combined = match (self.equilibrium, self.response) {
            (Some(a), Some(b)) => {
                let apart = (b.value - a.value) / a.error.hypot(b.error);
                self.apart = Some(apart);
                if apart.abs() > AGREEMENT {
                    self.doubts.push(format!("equilibrium and paired response differ by {apart:.1} errors"));
                }
                Some(weighted(&[a, b]))
            }
            (a, b) => a.or(b),
        };
    }
}

/// Mean by inverse squared relative errors.
pub fn weighted(estimates: &[RouteEstimate]) -> RouteEstimate {
    let weights: Vec<f64> = estimates.iter().map(|e| e.relative_error().powi(-2)).collect();
    let sum: f64 = weights.iter().sum();
    let value = estimates.iter().zip(&weights).map(|(e, w)| e.value * w).sum::<f64>() / sum;
    let error = estimates.iter().zip(&weights).map(|(e, w)| (e.error * w / sum).powi(2)).sum::<f64>().sqrt();
    RouteEstimate { value, error }
}

/// The label from all that lies in a system's folder.
///
/// # Errors
/// As the parts'.
pub fn label(campaign: &Campaign, system: &SystemPlan, store: &Store, state: &State) -> Result<Label> {
    // What chunks said that are gone holds until there are others.
    let before = &state.label;
    let mut label = Label {
        nernst_einstein: before.nernst_einstein,
        amount: before.amount,
        equilibrium_left_out: before.equilibrium_left_out.clone().filter(|_| state.chunks == state.first_chunk),
        ..Label::default()
    };
    let mut estimates: Vec<RouteEstimate> = state.closed.iter().filter_map(|closed| closed.equilibrium).collect();
    if state.chunks > state.first_chunk {
        let chunks: Vec<_> = (state.first_chunk..state.chunks).map(|chunk| store.chunk(chunk)).collect();
        let report = equilibrium(campaign, system, &chunks)?;
        label.doubts.extend(doubts::net_charge(campaign, report.net_charge));
        label.doubts.extend(doubts::temperature(system, &chunks)?);
        let best = report.best_estimate()?;
        label.method = serde_json::to_value(best.method).ok().and_then(|v| v.as_str().map(String::from));
        label.amount = Some(report.amount.number);
        if state.closed.is_empty() {
            label.nernst_einstein = report.nernst_einstein;
        }
        let estimate = RouteEstimate { value: best.molar_conductivity, error: best.molar_conductivity_error };
        // A run that is not diffusive over any lag, or whose estimators contradict one another, has no say.
        if matches!(report.verdict, Verdict::Good | Verdict::TooShort) && estimate.value > 0.0 && estimate.error > 0.0 {
            estimates.push(estimate);
        } else if !campaign.has_pairs() || state.repeatable == Some(false) {
            label.doubts.push(format!("the equilibrium run is {}", report.verdict.label()));
            estimates.push(estimate);
        } else {
            label.equilibrium_left_out = Some(objection(&report, &estimate));
        }
    }
    label.equilibrium = (!estimates.is_empty()).then(|| weighted(&estimates));
    if state.pairs.len() >= FEWEST_PAIRS {
        response(campaign, system, store, state, &mut label)?;
    }
    label.combine();
    if let Some(combined) = label.combined.filter(|combined| combined.value <= 0.0) {
        label.doubts.push(format!("the label, {:.4e}, is not above zero, as a conductivity is", combined.value));
    }
    label.doubts.extend(label.combined.and_then(|combined| implausible(combined.value, &campaign.units)));
    Ok(label)
}

/// Why an equilibrium run has no say beside pairs.
fn objection(report: &TransportReport, estimate: &RouteEstimate) -> String {
    match report.verdict {
        Verdict::Good | Verdict::TooShort => {
            format!("its value of {:.4e} +- {:.4e} is not above zero with an error", estimate.value, estimate.error)
        }
        verdict if report.judgement.reasons.is_empty() => verdict.label().into(),
        verdict => format!("{}: {}", verdict.label(), report.judgement.reasons.join("; ")),
    }
}

fn response(campaign: &Campaign, system: &SystemPlan, store: &Store, state: &State, label: &mut Label) -> Result<()> {
    let pairs: Vec<Pair> =
        (0..state.pairs.len()).map(|pair| read_pair(&store.drift(pair), pair % 3)).collect::<Result<_>>()?;
    let interval = campaign.drift_steps(system) as f64 * campaign.file.timestep;
    let options = ResponseOptions { interval, damp: campaign.file.thermostat.langevin_damp, stronger: STRONGER };
    let found = paired_response(&pairs, &options)?;
    let amount = label.amount.ok_or_else(|| {
        Error::Input(format!("{}: pairs without an equilibrium run to tell the amount of salt", system.name))
    })?;
    // sigma V is K/kT; molar conductivity is sigma over the formula units per volume.
    let units = &campaign.units;
    let molar = units.conductivity * units.thermal_energy * units.molar_conductivity / amount;
    let (value, error) = (molar * found.slope.value, molar * found.slope.error);
    if !(value.is_finite() && error > 0.0) {
        return Err(Error::Input(format!(
            "{}: the paired runs do not differ; does the field act on the ions?",
            system.name
        )));
    }
    label.response = Some(RouteEstimate { value, error });
    label.window = Some([found.from, found.to]);
    label.stronger_field = found.stronger_field.map(|change| [change.value, change.error]);
    label.doubts.extend(found.objection);
    Ok(())
}

/// The existing estimators on some chunks.
fn equilibrium(campaign: &Campaign, system: &SystemPlan, chunks: &[PathBuf]) -> Result<TransportReport> {
    let file: &CampaignFile = &campaign.file;
    let job = Job {
        dumps: chunks.iter().map(|chunk| chunk.join("trajectory.lammpstrj")).collect(),
        currents: chunks.iter().map(|chunk| chunk.join("current.dat")).collect(),
        current_columns: None,
        record: RecordOptions {
            ions: campaign.requests(),
            properties: Properties { charges: campaign.charges_of_ions(), masses: Default::default() },
            reference: ReferenceFrame::None,
            timestep: file.timestep,
            skip_bad_frames: false,
            forces: None,
        },
        conditions: Conditions {
            temperature: system.temperature,
            units: campaign.units,
            langevin_damp: file.thermostat.langevin_damp.filter(|_| file.thermostat.forces.is_some()),
        },
        target_error: file.label.target_error,
        viscosity: None,
        volume: None,
        formula_units: None,
    };
    let mut report = job.run(&mut |_| {})?.report;
    // Ends of mixtures are per the same as what lies between them.
    if Amount::of_mixtures(campaign.charges_of_ions().into_values()) {
        report.count_equivalents();
    }
    Ok(report)
}

/// Snapshots that are on the disk or were kept.
pub fn n_snapshots(campaign: &Campaign, state: &State) -> usize {
    snapshots_of_chunks(campaign, state.chunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_weighted_by_relative_errors() {
        let a = RouteEstimate { value: 1.0, error: 0.03 };
        let b = RouteEstimate { value: 1.02, error: 0.0102 };
        let both = weighted(&[a, b]);
        assert!((both.value - 1.018).abs() < 1e-12 && both.error < 0.0102, "{both:?}");
        let mut label = Label { equilibrium: Some(a), response: Some(b), ..Label::default() };
        label.combine();
        assert!(label.doubts.is_empty() && label.combined == Some(both));
        label.response = Some(RouteEstimate { value: 1.2, error: 0.01 });
        label.combine();
        assert!(label.doubts[0].contains("6.3 errors"), "{:?}", label.doubts);
    }

    #[test]
    fn labels_of_versions_that_did_not_say_why_are_read() {
        let mut old = serde_json::to_value(Label::default()).unwrap();
        assert!(old.as_object_mut().unwrap().remove("equilibrium_left_out").is_some());
        let label: Label = serde_json::from_value(old).unwrap();
        assert_eq!(label.equilibrium_left_out, None);
    }
}
