//! What a campaign's file asks of the response of single ions.

use crate::campaign::check::multiples;
use crate::campaign::file::{Perturbation, Quantity, Truth};
use crate::campaign::plan::Campaign;
use crate::campaign::systems::{SystemPlan, resolve, systems};
use crate::{Error, Result};

/// Pairs between two looks at the reliability. The four sign patterns of the fields come twice in a batch.
pub const BATCH: usize = 8;

/// Values of the charge's displacement in an interval, at most, where ions respond to an impulse.
const SAMPLES: u64 = 10;

/// No configuration has more: the seeds of its pairs are its own.
const MOST_PAIRS: f64 = 1e5;

/// Settings that make sense.
#[derive(Clone, Debug)]
pub struct TruthPlan {
    pub configurations: usize,
    /// Response times in intervals of the drift, ascending.
    pub times: Vec<u64>,
    /// Which of them the field is taken at.
    pub chosen: usize,
    /// Steps of an interval.
    pub interval: u64,
    pub timestep: f64,
    pub perturbation: Perturbation,
    pub reliability: f64,
    most_pairs: Quantity,
}

impl TruthPlan {
    /// Takes the settings from a campaign, and makes the campaign one whose production and pairs are those of the truth.
    ///
    /// # Errors
    /// Values out of range, times that are no whole steps; each by its key, with the campaign's path.
    pub fn of(campaign: Campaign) -> Result<(Self, Campaign)> {
        let mut campaign = campaign;
        let truth = campaign.file.truth.clone();
        let refuse = |message: String| Error::Input(format!("{}: truth.{message}", campaign.path.display()));
        if !campaign.file.molecules.is_empty() {
            let message = "molecules: single ions are measured that are atoms; name one atom type of each ion instead";
            return Err(Error::Input(format!("{}: {message}", campaign.path.display())));
        }
        let steps = check(&truth, campaign.file.timestep).map_err(refuse)?;
        let interval = steps.iter().copied().fold(0, common_divisor);
        if multiples(truth.spacing, campaign.file.timestep).is_none_or(|steps| !steps.is_multiple_of(interval)) {
            return Err(refuse(format!(
                "spacing is {} and the times have the common divisor {}; it must be a multiple of that",
                truth.spacing,
                interval as f64 * campaign.file.timestep
            )));
        }
        let plan = Self {
            configurations: truth.configurations,
            chosen: truth.times.iter().position(|t| *t == truth.time).unwrap_or(0),
            times: steps.iter().map(|steps| steps / interval).collect(),
            interval,
            timestep: campaign.file.timestep,
            perturbation: truth.perturbation,
            reliability: truth.reliability,
            most_pairs: truth.most_pairs,
        };
        let file = &mut campaign.file;
        (file.production.chunk, file.production.spacing) = (truth.spacing, truth.spacing);
        file.response.enabled = true;
        file.response.field = truth.field;
        file.response.length = Quantity::Value(truth.times.iter().copied().fold(0.0, f64::max));
        file.response.interval = Some(interval as f64 * file.timestep);
        file.response.linearity_every = truth.linearity_every;
        let refuse = |message| Error::Input(format!("{}: {message}", campaign.path.display()));
        let found = systems(file, "truth.field").map_err(refuse)?;
        for system in &found {
            plan.batches(system).map_err(refuse)?;
        }
        campaign.systems = found;
        Ok((plan, campaign))
    }

    /// A response time by its index, in time.
    pub fn time(&self, index: usize) -> f64 {
        // Rounded: a product of steps leaves digits that the file did not have.
        format!("{:.9}", (self.times[index] * self.interval) as f64 * self.timestep).parse().unwrap_or(f64::NAN)
    }

    /// What a response at a time is to be divided by: the time over which the field acted, or that of the impulse's field.
    pub fn duration(&self, index: usize) -> f64 {
        match self.perturbation {
            Perturbation::Field => self.time(index),
            Perturbation::Impulse => self.time(self.chosen),
        }
    }

    /// Steps between values of the charge's displacement in equilibrium, of which an interval has a whole number.
    pub fn sampling(&self) -> u64 {
        match self.perturbation {
            Perturbation::Field => self.interval,
            // Its growth is read from differences, which must be small.
            Perturbation::Impulse => (1..=SAMPLES)
                .rev()
                .find_map(|n| self.interval.is_multiple_of(n).then_some(self.interval / n))
                .unwrap_or(self.interval),
        }
    }

    /// Pairs of a configuration whose ions are never told apart.
    pub fn most_pairs(&self, system: &SystemPlan) -> u64 {
        (self.most_batches(system) * BATCH) as u64
    }

    /// The same in batches.
    pub fn most_batches(&self, system: &SystemPlan) -> usize {
        // The plan was made for systems that have the variable.
        self.batches(system).unwrap_or(1)
    }

    fn batches(&self, system: &SystemPlan) -> Result<usize, String> {
        let pairs = resolve(&system.variables, "truth.most_pairs", &self.most_pairs)?;
        match pairs >= 1.0 && pairs.fract() == 0.0 && pairs <= MOST_PAIRS {
            true => Ok((pairs as usize).div_ceil(BATCH)),
            false => Err(format!(
                "truth.most_pairs is {pairs} for {}; it is a whole number from 1 to {MOST_PAIRS}",
                system.name
            )),
        }
    }

    /// Intervals of a run.
    pub fn intervals(&self) -> u64 {
        self.times.last().copied().unwrap_or(0)
    }
}

/// The times in steps.
fn check(truth: &Truth, timestep: f64) -> Result<Vec<u64>, String> {
    let counts = [("configurations", truth.configurations), ("times", truth.times.len())];
    if let Some((name, _)) = counts.into_iter().find(|(_, n)| *n == 0) {
        return Err(format!("{name}: there must be at least 1"));
    }
    if !(truth.spacing > 0.0 && truth.spacing.is_finite()) {
        return Err(format!("spacing is {}; it must be above zero", truth.spacing));
    }
    if !(0.0..1.0).contains(&truth.reliability) {
        return Err(format!("reliability is {}; it is from 0 to below 1", truth.reliability));
    }
    if !truth.times.contains(&truth.time) {
        return Err(format!("time is {}; it must be one of the times {:?}", truth.time, truth.times));
    }
    if !truth.times.is_sorted_by(|a, b| a < b) {
        return Err(format!("times are {:?}; they must ascend", truth.times));
    }
    let whole = |time: &f64| {
        multiples(*time, timestep).ok_or(format!("times: {time} is no multiple of the timestep {timestep}"))
    };
    truth.times.iter().map(whole).collect()
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
