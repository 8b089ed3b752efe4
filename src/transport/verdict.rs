//! Whether a run says what was asked of it.

use super::analysis::{Analysis, ChargeEstimate, Method};

/// Estimates may differ by this part of their errors, added in quadrature. They are made from the same data, so that their
/// differences scatter less than those of independent ones: by 0.33 to 0.56 of that on synthetic currents.
const AGREEMENT: f64 = 1.2;

/// The same for the force route, the noise of which is not that of the others.
const AGREEMENT_WITH_FORCES: f64 = 2.0;

/// Single ions may diffuse over the lags of the charge's fit faster or slower than at longer ones by so many errors of the ratio.
const AS_FAST: f64 = 3.0;

/// An estimate is put before one that is preferred to it if its relative error is less than this part of the other's.
const CLEARLY_SMALLER: f64 = 0.8;

/// Preference where errors are about equal.
const PREFERENCE: [Method; 4] = [Method::EinsteinHelfand, Method::GreenKubo, Method::Cepstral, Method::ForceRoute];

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The estimates agree, and the best is as precise as asked.
    Good,
    /// The best estimate's error is larger than asked, or the run is too short for any estimate.
    TooShort,
    /// Over no lag within the run's reach do the charge and single ions move as by diffusion.
    NotDiffusive,
    /// Estimates differ by more than their errors explain.
    EstimatorsDisagree,
}

impl Verdict {
    /// In words, as tables have it.
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
    /// Of the best estimate; none without an estimate.
    pub relative_error: Option<f64>,
    pub target_error: f64,
    /// Time that the run lasts, and time that it should last for the error asked, in its unit of time.
    pub duration: f64,
    pub duration_needed: Option<f64>,
}

/// The estimate that others refer to, of those that their own rules accept, or of all where they accept none; none of none.
///
/// Einstein-Helfand, unless Green-Kubo is clearly more precise, and so on with cepstral analysis and the force route; clearly is
/// by a fifth of the relative error. The smallest error would mostly be one that chance made too small, and relative errors
/// are compared because an estimate that is too low has too low an error.
pub fn best(estimates: &[ChargeEstimate]) -> Option<&ChargeEstimate> {
    let preferred = |accepted: bool| {
        let in_order = PREFERENCE.iter().filter_map(|method| estimates.iter().find(|e| e.method == *method));
        let candidates = in_order.filter(|e| e.objection.is_none() || !accepted);
        let precision = |e: &ChargeEstimate| e.estimate.relative_error();
        candidates.reduce(|best, next| if precision(next) < CLEARLY_SMALLER * precision(best) { next } else { best })
    };
    preferred(true).or(preferred(false))
}

/// How far two estimates are apart, in units of their errors added in quadrature, if that is more than their scatter explains.
fn disagreement(a: &ChargeEstimate, b: &ChargeEstimate) -> Option<f64> {
    let forces = [a, b].iter().any(|e| e.method == Method::ForceRoute);
    let allowed = if forces { AGREEMENT_WITH_FORCES } else { AGREEMENT };
    let apart = (a.estimate.value - b.estimate.value).abs() / a.estimate.error.hypot(b.estimate.error);
    (apart > allowed).then_some(apart)
}

/// Whether the motion of single ions is known, and diffusive for no species.
fn no_ion_is_diffusive(analysis: &Analysis) -> bool {
    let all = &analysis.self_diffusion;
    !all.is_empty() && all.iter().all(|diffusion| !diffusion.diffusive)
}

/// Whether only cepstral analysis is left, which extrapolates the spectrum to frequency zero whatever lies below the run's lowest, while
/// both the charge's displacement and the current's integral tell that they have not come to their end.
fn is_unseen(estimates: &[ChargeEstimate]) -> bool {
    let (accepted, objected): (Vec<_>, Vec<_>) = estimates.iter().partition(|e| e.objection.is_none());
    let of = |method| objected.iter().any(|e: &&ChargeEstimate| e.method == method);
    matches!(accepted.as_slice(), [only] if only.method == Method::Cepstral)
        && of(Method::EinsteinHelfand)
        && of(Method::GreenKubo)
}

/// How much faster than later on ions move over the lags that the charge's fit is of, in words, where that is more than its error
/// and more than the error asked for.
fn too_early(analysis: &Analysis, target_error: f64) -> Option<String> {
    let (ratio, fit) = (analysis.early_diffusion?, analysis.einstein.as_ref()?);
    let off = (ratio.value - 1.0).abs();
    (off > AS_FAST * ratio.error && off > target_error).then(|| {
        format!(
            "over the lags of the charge's fit, {} to {}, single ions diffuse {:.2} +- {:.2} times as fast as over the longer lags of \
             their own: the conductivity then is that of short times; a longer run tells",
            fit.fit_from, fit.fit_to, ratio.value, ratio.error
        )
    })
}

/// Judges an analysis of a run of this `duration` against the relative error asked for.
///
/// The error falls with the square root of the duration, which says how long a run for the error asked must be.
pub fn judge(analysis: &Analysis, duration: f64, target_error: f64) -> Judgement {
    let estimates = &analysis.estimates;
    let Some(chosen) = best(estimates) else {
        let reasons =
            vec!["the run has fewer frames than any estimator takes; one of hundreds has errors too".to_string()];
        return Judgement {
            verdict: Verdict::TooShort,
            reasons,
            relative_error: None,
            target_error,
            duration,
            duration_needed: None,
        };
    };
    let relative_error = chosen.estimate.relative_error();
    let duration_needed = duration * (relative_error / target_error).powi(2);
    let precise = relative_error <= target_error;
    let mut reasons: Vec<String> =
        estimates.iter().filter_map(|e| Some(format!("{}: {}", e.method.label(), e.objection.as_ref()?))).collect();
    let accepted: Vec<&ChargeEstimate> = estimates.iter().filter(|e| e.objection.is_none()).collect();
    let mut disagree = false;
    for (i, a) in accepted.iter().enumerate() {
        for b in &accepted[..i] {
            if let Some(apart) = disagreement(a, b) {
                disagree = true;
                let (a, b) = (a.method.label(), b.method.label());
                reasons.push(format!("{b} and {a} differ by {apart:.1} of their errors added in quadrature, which is more than one run's data \
                     explain"));
            }
        }
    }
    // The charge's path is noisier than that of single ions, and looks straight sooner.
    let trapped = no_ion_is_diffusive(analysis);
    if trapped {
        reasons.push(
            "no species' own motion is diffusive within the run's reach: its ions may be held by what moves slower, and the \
             conductivity then is that of short times; a longer run tells"
                .into(),
        );
    }
    let too_early = too_early(analysis, target_error);
    let held = trapped || too_early.is_some();
    reasons.extend(too_early);
    let unseen = is_unseen(estimates);
    if unseen {
        reasons.push(
            "cepstral analysis has no rule of its own that tells a memory longer than the run, and the estimates that have one object: \
             the spectrum at frequency zero may be of what the run does not reach; a longer run tells"
                .into(),
        );
    }
    let verdict = if accepted.is_empty() || held || unseen {
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
    Judgement {
        verdict,
        reasons,
        relative_error: Some(relative_error),
        target_error,
        duration,
        duration_needed: Some(duration_needed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::SelfDiffusion;
    use crate::transport::estimators::{EinsteinOptions, Estimate, einstein_helfand};

    fn estimate(method: Method, value: f64, error: f64) -> ChargeEstimate {
        ChargeEstimate { method, estimate: Estimate { value, error }, objection: None }
    }

    #[test]
    fn a_little_more_precise_is_not_better() {
        let einstein = estimate(Method::EinsteinHelfand, 1.0, 0.10);
        let pick = |other: ChargeEstimate| best(&[other, einstein.clone()]).unwrap().method;
        assert_eq!(pick(estimate(Method::GreenKubo, 1.0, 0.085)), Method::EinsteinHelfand);
        assert_eq!(pick(estimate(Method::GreenKubo, 1.0, 0.075)), Method::GreenKubo);
        // The same relative error at a lower value is no gain.
        assert_eq!(pick(estimate(Method::Cepstral, 0.7, 0.07)), Method::EinsteinHelfand);
        let mut doubtful = estimate(Method::ForceRoute, 1.0, 0.01);
        doubtful.objection = Some("no plateau".into());
        assert_eq!(pick(doubtful), Method::EinsteinHelfand);
    }

    #[test]
    fn a_run_in_which_no_ion_gets_away_is_not_diffusive() {
        let of_ions = |diffusive| SelfDiffusion { diffusive, ..SelfDiffusion::of_curve(std::iter::empty(), 1.0, 0.01) };
        let judged = |self_diffusion: Vec<SelfDiffusion>| {
            let estimates = vec![estimate(Method::EinsteinHelfand, 1.0, 0.01)];
            judge(&Analysis { estimates, self_diffusion, ..Analysis::default() }, 100.0, 0.05)
        };
        assert_eq!(judged(vec![]).verdict, Verdict::Good);
        assert_eq!(judged(vec![of_ions(true), of_ions(false)]).verdict, Verdict::Good);
        let held = judged(vec![of_ions(false), of_ions(false)]);
        assert!(
            held.verdict == Verdict::NotDiffusive && held.reasons[0].contains("no species' own motion is diffusive")
        );
    }

    #[test]
    fn a_conductivity_of_lags_at_which_ions_are_faster_is_not_diffusive() {
        let judged = |value: f64, error: f64| {
            let path: Vec<[f64; 3]> = (0..200).map(|i| [f64::from(i * 7 % 13), f64::from(i * 5 % 11), 0.0]).collect();
            let einstein = einstein_helfand(&path, 1.0, &EinsteinOptions::default()).ok();
            assert!(einstein.is_some());
            let estimates = vec![estimate(Method::EinsteinHelfand, 1.0, 0.01)];
            let early_diffusion = Some(Estimate { value, error });
            judge(&Analysis { estimates, einstein, early_diffusion, ..Analysis::default() }, 100.0, 0.05)
        };
        // By less than three errors, by less than the error asked for, by more than both.
        assert_eq!(judged(1.29, 0.1).verdict, Verdict::Good);
        assert_eq!(judged(1.04, 0.01).verdict, Verdict::Good);
        let early = judged(1.31, 0.1);
        assert_eq!(early.verdict, Verdict::NotDiffusive);
        assert!(early.reasons[0].contains("single ions diffuse 1.31 +- 0.10 times as fast"), "{:?}", early.reasons);
        assert_eq!(judged(0.69, 0.1).verdict, Verdict::NotDiffusive);
    }

    #[test]
    fn a_spectrum_alone_does_not_speak_for_what_a_run_does_not_reach() {
        let objecting = |method| ChargeEstimate { objection: Some("no end".into()), ..estimate(method, 1.0, 0.01) };
        let of = |estimates: Vec<ChargeEstimate>| judge(&Analysis { estimates, ..Analysis::default() }, 100.0, 0.05);
        let cepstral = estimate(Method::Cepstral, 0.5, 0.01);
        let [einstein, kubo] = [Method::EinsteinHelfand, Method::GreenKubo].map(objecting);
        let judged = of(vec![einstein.clone(), kubo.clone(), cepstral.clone()]);
        assert!(
            judged.verdict == Verdict::NotDiffusive && judged.reasons.iter().any(|r| r.contains("a longer run tells"))
        );
        // Where one of the others accepts the run, or only one was there to object, it counts as before.
        assert_eq!(
            of(vec![einstein.clone(), estimate(Method::GreenKubo, 0.5, 0.01), cepstral.clone()]).verdict,
            Verdict::Good
        );
        assert_eq!(of(vec![einstein, cepstral]).verdict, Verdict::Good);
    }

    #[test]
    fn estimates_of_one_run_are_held_to_less_than_independent_ones() {
        let einstein = estimate(Method::EinsteinHelfand, 1.0, 0.1);
        let apart = |method, value| disagreement(&einstein, &estimate(method, value, 0.1)).is_some();
        assert!(apart(Method::GreenKubo, 1.2) && !apart(Method::GreenKubo, 1.15));
        assert!(!apart(Method::ForceRoute, 1.2) && apart(Method::ForceRoute, 1.3));
    }
}
