//! What was found, in plain sentences with errors.

use super::LEAST_FRAMES;
use super::words::{capital, count, frames, is_clear, optional, percent, rounded, with_error};
use crate::analyze::{Analysis, TOLD_APART, Units, neighbors, plain};
use crate::results;
use ionscape::analysis::{IonState, OfState, OverlapSummary, PairCurves, Verdict};
use ionscape::statistics::MeanEstimate;

/// Skewness from which a tail is long.
const LONG: f64 = 0.5;

/// By so many errors bins of a map depart from the mean where that is not chance. In 9 runs of even liquids of 1,201 frames
/// they departed by up to 1.3: regions last longer than the blocks of time that errors come from.
const BEYOND_CHANCE: f64 = 2.0;

/// Share of ions from which a state is worth a word.
const SHARE: f64 = 1e-3;

fn point(estimate: &MeanEstimate) -> (f64, Option<f64>) {
    (estimate.mean, estimate.error.as_ref().map(|e| e.value))
}

/// The mean, and what it is over.
pub fn mean(found: &Analysis) -> Vec<String> {
    let summary = &found.distribution;
    let (_, unit) = Units::names(found.unit_style);
    let mut said = vec![format!(
        "The mean local molar conductivity of {} ions over {} is {} ({unit}): what the field predicts the liquid to conduct.{}",
        count(found.n_ions),
        frames(found.n_frames),
        with_error(found.mean, found.mean_error),
        if found.mean_error.is_none() { " One frame gives no error of a mean over time." } else { "" }
    )];
    if let Some(spread) = summary.member_spread {
        let over_ions = summary.all.standard_deviation;
        let meaning = match spread > over_ions && over_ions > 0.0 {
            true => format!(
                "That is {:.1} times what ions differ by from each other, so that a single ion's value is hardly known. About the \
                 mean they differ by at most as much.",
                spread / over_ions
            ),
            false => "About the mean they differ by at most as much.".into(),
        };
        said.push(format!(
            "The members of the model's ensemble differ by {} about an ion (standard deviation). {meaning}",
            rounded(spread)
        ));
    }
    if let (Some(share), Some(grade)) = (summary.outside_domain, summary.largest_grade) {
        let largest = match (grade - 1.0).abs() < 0.005 {
            true => format!("the largest extrapolation grade is {grade:.4}, and up to 1 is inside"),
            false => format!("the largest extrapolation grade is {grade:.2}, and up to 1 is inside"),
        };
        said.push(match 100.0 * share {
            0.0 => format!("All ions are in surroundings like those that the model was trained on: {largest}."),
            percent => format!(
                "{} of the ions are in surroundings that the model was not trained on: {largest}.",
                if percent < 0.01 { "Fewer than 0.01 %".into() } else { format!("{percent:.2} %") }
            ),
        });
    }
    said
}

/// The distribution over ions.
pub fn distribution(found: &Analysis) -> Vec<String> {
    let mut said = vec![];
    let (_, unit) = Units::names(found.unit_style);
    if let Some(fluctuation) = &found.distribution.all.fluctuation {
        let (value, error) = point(fluctuation);
        let share = 100.0 * (value / found.mean).abs();
        said.push(format!(
            "At one instant ions differ by {} ({unit}, standard deviation){}.",
            with_error(value, error),
            if share.is_finite() { format!(", {share:.0} % of the mean") } else { String::new() }
        ));
    }
    let Some(shape) = &found.shape else { return said };
    let (skewness, error) = point(&shape.skewness);
    let which = if skewness < 0.0 { "little" } else { "much" };
    let settled = shape.skewness.error.as_ref().is_some_and(|error| error.converged);
    let leans = match (settled && is_clear(skewness, error), skewness.abs() >= LONG) {
        (true, true) => format!("it has a long tail of ions that conduct {which}"),
        (true, false) => format!("it leans a little, its tail of ions that conduct {which} being the longer"),
        (false, _) if settled => "within three errors it leans neither way".into(),
        (false, _) => "too few frames to tell which way it leans".into(),
    };
    said.push(format!(
        "The distribution's skewness is {}: {leans}. {} of the ions lie more than two standard deviations below the mean; of a \
         normal distribution {:.2} % would.",
        with_error(skewness, error),
        percent(point(&shape.low_tail)),
        100.0 * shape.normal_low_tail
    ));
    if let Some(p) = &shape.populations {
        let [a, b] = &p.two.density.populations;
        let evidence = format!("{:.0} on {} independent values", p.evidence, count(p.independent_values.round()));
        let two = |modes: &str| {
            format!(
                ": {:.0} % of the ions about {} and {:.0} % about {}{modes}",
                100.0 * a.share,
                rounded(a.normal.mean),
                100.0 * b.share,
                rounded(b.normal.mean)
            )
        };
        said.push(match p.verdict {
            Verdict::Undecided => format!(
                "Whether a normal distribution describes it best, one population with long tails or two populations is undecided: \
                 the best is ahead by {evidence} (Schwarz's criterion; 10 would decide)."
            ),
            verdict => format!(
                "{}{}. It is ahead of the second best by {evidence} (Schwarz's criterion; 10 decides).",
                capital(verdict.words()),
                match verdict {
                    Verdict::Two => two(if p.two.density.modes == 1 { ", with one maximum in all" } else { "" }),
                    _ => String::new(),
                }
            ),
        });
    }
    said
}

/// Correlation in space.
pub fn space(found: &Analysis) -> Vec<String> {
    let Some(spatial) = &found.spatial else { return vec![] };
    let (length, _) = Units::names(found.unit_style);
    let nearest = |curves: &PairCurves| neighbors(curves, &spatial.r);
    let pairs = |name: &str, curves: &PairCurves| {
        let Some((r, value, error)) = nearest(curves) else {
            return format!("Of {name} ions there are too few pairs to tell whether they conduct alike.");
        };
        let alike = match is_clear(value, error) {
            true if value > 0.0 => "they conduct alike",
            true => "where one conducts well the other does badly",
            false if curves.length.is_some() => "not clear so near, but clearly above zero farther apart",
            false => "within three errors they know nothing of each other",
        };
        let reach = match curves.length {
            Some(reach) => format!("; the correlation falls to 1/e over {} {length}", optional(reach)),
            None => String::new(),
        };
        format!(
            "{} ions {r:.2} {length} apart have a correlation of {}: {alike}{reach}.",
            capital(name),
            with_error(value, error)
        )
    };
    let mut said = match (nearest(&spatial.like), nearest(&spatial.unlike)) {
        (None, None) if found.n_frames < LEAST_FRAMES => {
            return vec![format!(
                "{} no errors, without which nothing is said of how neighbours conduct; four and more do.",
                match found.n_frames {
                    1 => "One frame tells".to_string(),
                    n => format!("{n} frames tell"),
                }
            )];
        }
        _ => vec![pairs("like", &spatial.like), pairs("unlike", &spatial.unlike)],
    };
    if let Some(waves) = &found.structure_factor
        && let (Some(&(value, error)), Some(k)) = (waves.field.first(), waves.k.first())
    {
        let so = match is_clear(value - 1.0, error) {
            true if value > 1.0 => "whole regions conduct well or badly",
            true => "good and bad conductors are mixed more evenly than by chance",
            false => "no clear difference",
        };
        said.push(format!(
            "On the longest wavelengths that fit the box (k = {k:.2}/{length}) the field varies {} times as much as independent \
             values would: {so}.",
            with_error(value, error)
        ));
    }
    said.extend(found.reasons.as_ref().and_then(|reasons| reasons.overlap.as_ref()).and_then(|of| shared(of, length)));
    said
}

/// What correlation of unlike ions their shared neighbours make, at the nearest distance where one was measured.
fn shared(overlap: &OverlapSummary, length: &str) -> Option<String> {
    let clear = |p: &(Option<f64>, Option<f64>)| p.0.is_some_and(|value| is_clear(value, p.1));
    let i = overlap.unlike.measured.iter().position(clear)?;
    let (measured, shared) = (overlap.unlike.measured[i], overlap.unlike.overlap[i]);
    let error = measured.1.zip(shared.1).map(|(a, b)| a.hypot(b));
    let so = match measured.0.zip(shared.0).map(|(a, b)| a - b) {
        Some(more) if is_clear(more, error) && more > 0.0 => "the liquid adds to that",
        Some(more) if is_clear(more, error) => "the liquid takes from that",
        _ => "no clear difference",
    };
    Some(format!(
        "Ions that are near each other have neighbours in common, and this alone makes a model's values alike: it gives unlike \
         ions {:.2} {length} apart a correlation of {}, and {} is measured in the same frames: {so}.",
        overlap.r[i],
        optional(shared),
        optional(measured)
    ))
}

/// The course in time.
pub fn time(found: &Analysis) -> Vec<String> {
    let Some(temporal) = &found.temporal else { return vec![] };
    let (scale, unit) = found.time_unit();
    let scaled = |(value, error): (f64, Option<f64>)| with_error(value * scale, error.map(|e| e * scale));
    let apart = format!("{} {unit}", plain(scale));
    let mut said = vec![match temporal.relaxation {
        Some(relaxation) if relaxation.0 < 1.0 => format!(
            "An ion's departure from the mean is forgotten within about the time between frames ({apart}): the integral of its \
             autocorrelation is {} {unit}, and frames closer to each other would tell it better.",
            scaled(relaxation)
        ),
        Some(relaxation) => format!(
            "An ion's departure from the mean relaxes over {} {unit} (integral of its autocorrelation); frames stand {apart} apart.",
            scaled(relaxation)
        ),
        None => format!(
            "An ion's departure from the mean lasts longer than a quarter of the run tells ({} {unit}); a longer run will.",
            plain(0.25 * found.n_frames as f64 * scale)
        ),
    }];
    let stay = |class: usize| {
        let (value, error) = temporal.transitions[class][class];
        percent((value, error))
    };
    // A field of few values may have nothing in a third.
    if (0..3).any(|class| !temporal.transitions[class][class].0.is_finite()) {
        return said;
    }
    said.push(format!(
        "From one frame to the next, {} of the ions in the lower third of all values stay there, {} of those in the middle third \
         and {} of those in the upper third; of independent frames a third would.",
        stay(0),
        stay(1),
        stay(2)
    ));
    said
}

fn plural(state: IonState) -> &'static str {
    match state {
        IonState::Free => "free ions",
        IonState::Pair => "ions in pairs",
        IonState::BalancedCluster => "ions in balanced clusters",
        IonState::UnbalancedCluster => "ions in unbalanced clusters",
    }
}

/// Free ions, pairs and clusters.
pub fn states(found: &Analysis) -> Vec<String> {
    let Some(states) = &found.states else { return vec![] };
    let (length, unit) = Units::names(found.unit_style);
    let from = if found.distance_given { "as given" } else { "the first minimum of their g(r)" };
    let mut said = vec![format!("Unlike ions within {} {length} belong together ({from}).", plain(states.distance))];
    let mut present: Vec<&OfState> =
        states.states.iter().filter(|s| s.share.0 >= SHARE && s.mean.0.is_some()).collect();
    present.sort_by(|a, b| b.mean.0.unwrap_or(0.0).total_cmp(&a.mean.0.unwrap_or(0.0)));
    let known: Vec<&OfState> = present.iter().copied().filter(|s| s.mean.1.is_some()).collect();
    match (present.as_slice(), known.as_slice()) {
        (_, [best, .., worst]) => {
            let apart = best.mean.0.zip(worst.mean.0).map_or(0.0, |(a, b)| a - b);
            let error = best.mean.1.zip(worst.mean.1).map(|(a, b)| a.hypot(b));
            said.push(match is_clear(apart, error) {
                true => format!(
                    "The best conductors among them are {}, with {} ({unit}), the worst {}, with {}.",
                    plural(best.state),
                    optional(best.mean),
                    plural(worst.state),
                    optional(worst.mean)
                ),
                false => "What ions conduct does not clearly go with what they are part of.".into(),
            });
        }
        ([_, _, ..], _) => said
            .push("Without errors, which four frames and more with such ions tell, their means are not compared.".into()),
        ([all], _) => said.push(format!(
            "Nearly all of them, {}, are {}, which tells little of how ions differ; another --pair-distance may tell more.",
            percent(all.share),
            plural(all.state)
        )),
        ([], _) => {}
    }
    if let Some(share) = states.sizes.get(TOLD_APART).filter(|share| share.0 >= 0.5) {
        said.push(format!("{} of the ions are part of clusters of more than {TOLD_APART}.", percent(*share)));
    }
    let (scale, time) = found.time_unit();
    let scaled = |(value, error): (f64, Option<f64>)| with_error(value * scale, error.map(|e| e * scale));
    if let (Some(throughout), Some(again)) = (states.continuous_lifetime, states.intermittent_lifetime) {
        said.push(format!(
            "Two such ions stay together for {} {time} without a break from frame to frame, and for {} {time} if they may part and \
             meet again.",
            scaled(throughout),
            scaled(again)
        ));
    }
    said
}

/// How the field goes with the number of neighbours.
pub fn coordination(found: &Analysis) -> Vec<String> {
    let Some(coordination) = &found.coordination else { return vec![] };
    let (length, unit) = Units::names(found.unit_style);
    let slope = |point: Option<(f64, Option<f64>)>, name: &str| {
        point.map(|(value, error)| {
            let way = match is_clear(value, error) {
                true if value < 0.0 => "lowers an ion's conductivity",
                true => "raises an ion's conductivity",
                false if error.is_some() => "does not clearly change an ion's conductivity",
                false => "changes an ion's conductivity",
            };
            format!("one more {name} neighbour {way} ({} {unit})", with_error(value, error))
        })
    };
    let slopes: Vec<String> = [slope(coordination.per_unlike, "unlike"), slope(coordination.per_like, "like")]
        .into_iter()
        .flatten()
        .collect();
    let mut said = format!(
        "Within {} {length} an ion has {} unlike and {} like neighbours.",
        plain(coordination.distance),
        with_error(coordination.mean_unlike.0, coordination.mean_unlike.1),
        with_error(coordination.mean_like.0, coordination.mean_like.1),
    );
    if !slopes.is_empty() {
        said += &format!(" By least squares over all ions, {}.", slopes.join(", and "));
    }
    vec![said]
}

/// Whether the map shows more than chance.
pub fn map(found: &Analysis) -> Vec<String> {
    let Some(map) = &found.map else { return vec![] };
    let (_, unit) = Units::names(found.unit_style);
    let known: Vec<(f64, f64)> =
        map.values.iter().filter_map(|bin| Some((bin.mean.0? - found.mean, bin.mean.1?))).collect();
    if known.len() < 2 {
        return vec!["Too few frames tell errors of single bins, so that nothing is said of how they differ.".into()];
    }
    let n = known.len() as f64;
    let rms = |of: &dyn Fn(&(f64, f64)) -> f64| (known.iter().map(|p| of(p).powi(2)).sum::<f64>() / n).sqrt();
    let (apart, error) = (rms(&|p| p.0), rms(&|p| p.1));
    let so = match apart > BEYOND_CHANCE * error {
        true => "the liquid conducts better in some places than in others",
        false => "chance may give as much, so that the map shows no place that conducts better",
    };
    vec![format!(
        "Bins depart from the mean by {} and have errors of {} ({unit}, root mean square): {so}.",
        results::number(apart),
        results::number(error)
    )]
}

/// What the model goes by.
pub fn reasons(found: &Analysis) -> Vec<String> {
    let Some(reasons) = &found.reasons else { return vec![] };
    let attribution = &reasons.attribution;
    vec![
        format!(
            "The model was asked again about {} ions of {}, with each of their {} neighbours taken away in turn, and with all \
             within a shell.",
            count(attribution.n_centers as f64),
            frames(attribution.n_frames),
            count(attribution.n_neighbors as f64)
        ),
        format!(
            "What a neighbour does to first order in the descriptor agrees with what taking it away does by a correlation of {}; \
             as far as that is below 1, neighbours do not act one by one.",
            optional(attribution.correlation)
        ),
    ]
}
