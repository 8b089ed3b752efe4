//! Whether a run says what was asked of it.

use super::analysis::{Analysis, ChargeEstimate};

/// Estimates may differ by this many standard errors of their difference.
const AGREEMENT: f64 = 2.0;

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The estimates agree, and the best is as precise as asked.
    Good,
    /// The best estimate's error is larger than asked.
    TooShort,
    /// Over no lag within the run's reach does the charge move as by diffusion.
    NotDiffusive,
    /// Estimates differ by more than their errors explain.
    EstimatorsDisagree,
}

impl Verdict {
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::TooShort => "too short",
            Self::NotDiffusive => "not diffusive",
            Self::EstimatorsDisagree => "estimators disagree",
        }
    }
}

/// A verdict with its reasons.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Judgement {
    pub verdict: Verdict,
    pub reasons: Vec<String>,
    /// Of the best estimate.
    pub relative_error: f64,
    pub target_error: f64,
    /// Time that the run lasts, and time that it should last for the error asked, in its unit of time.
    pub duration: f64,
    pub duration_needed: f64,
}

/// The estimate with the smallest error among those that their own rules accept, or among all.
pub fn best(estimates: &[ChargeEstimate]) -> &ChargeEstimate {
    let smallest = |accepted: bool| {
        let candidates = estimates.iter().filter(|e| e.objection.is_none() || !accepted);
        candidates.min_by(|a, b| a.estimate.error.total_cmp(&b.estimate.error))
    };
    smallest(true).or(smallest(false)).expect("an analysis has an estimate")
}

/// Judges an analysis of a run of this `duration` against the relative error asked for.
///
/// The error falls with the square root of the duration, which says how long a run for the error asked must be.
pub fn judge(analysis: &Analysis, duration: f64, target_error: f64) -> Judgement {
    let estimates = &analysis.estimates;
    let chosen = best(estimates);
    let relative_error = chosen.estimate.relative_error();
    let duration_needed = duration * (relative_error / target_error).powi(2);
    let precise = relative_error <= target_error;
    let mut reasons: Vec<String> =
        estimates.iter().filter_map(|e| Some(format!("{}: {}", e.method.label(), e.objection.as_ref()?))).collect();
    let accepted: Vec<&ChargeEstimate> = estimates.iter().filter(|e| e.objection.is_none()).collect();
    let mut disagree = false;
    for (i, a) in accepted.iter().enumerate() {
        for b in &accepted[..i] {
            let apart = (a.estimate.value - b.estimate.value).abs() / a.estimate.error.hypot(b.estimate.error);
            if apart > AGREEMENT {
                disagree = true;
                let (a, b) = (a.method.label(), b.method.label());
                reasons.push(format!("{b} and {a} differ by {apart:.1} standard errors of their difference"));
            }
        }
    }
    let verdict = if accepted.is_empty() {
        Verdict::NotDiffusive
    } else if disagree {
        Verdict::EstimatorsDisagree
    } else if !precise {
        Verdict::TooShort
    } else {
        Verdict::Good
    };
    if !precise {
        reasons.push(format!(
            "the error is {:.1} %, {:.1} % were asked: the run should last {:.2} times as long, {duration_needed:.4} in \
             all",
            100.0 * relative_error,
            100.0 * target_error,
            duration_needed / duration
        ));
    }
    Judgement { verdict, reasons, relative_error, target_error, duration, duration_needed }
}
