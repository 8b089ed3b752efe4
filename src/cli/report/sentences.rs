//! What was found, in plain sentences with errors.

use super::words::{is_clear, optional, percent, with_error};
use crate::analyze::{Analysis, Units};
use crate::results;
use ionscape::analysis::{IonState, PairCurves};

/// The mean, and what it is over.
pub fn mean(found: &Analysis) -> Vec<String> {
    let summary = &found.distribution;
    let (_, unit) = Units::names(found.unit_style);
    let mut said = vec![format!(
        "The mean local molar conductivity of {} ions over {} frames is {} ({unit}). It is the molar conductivity that the field \
         predicts for the liquid.",
        results::count(found.n_ions),
        found.n_frames,
        with_error(found.mean, found.mean_error)
    )];
    if found.mean_error.is_none() {
        said.push("One frame gives no error of a mean over time.".into());
    }
    if let Some(spread) = summary.member_spread {
        said.push(format!(
            "The members of the model's ensemble differ by {spread:.3} about a single ion (standard deviation), and by at most that \
             about the mean."
        ));
    }
    if let (Some(share), Some(grade)) = (summary.outside_domain, summary.largest_grade) {
        said.push(format!(
            "{:.2} % of the ions are in surroundings that the model was not trained on (largest extrapolation grade {grade:.2}; at \
             most 1 is inside).",
            100.0 * share
        ));
    }
    said
}

/// The distribution over ions.
pub fn distribution(found: &Analysis) -> Vec<String> {
    let mut said = vec![];
    let (_, unit) = Units::names(found.unit_style);
    if let Some(fluctuation) = &found.distribution.all.fluctuation {
        let error = fluctuation.error.as_ref().map(|e| e.value);
        said.push(format!(
            "At one instant ions differ by {} ({unit}, standard deviation), {:.0} % of the mean.",
            with_error(fluctuation.mean, error),
            100.0 * (fluctuation.mean / found.mean).abs()
        ));
    }
    let Some(shape) = &found.shape else { return said };
    let skewness = (shape.skewness.mean, shape.skewness.error.as_ref().map(|e| e.value));
    let leans = match is_clear(skewness.0, skewness.1) {
        true if skewness.0 < 0.0 => "it has a long tail of ions that conduct little",
        true => "it has a long tail of ions that conduct much",
        false => "within three errors it leans neither way",
    };
    said.push(format!("The distribution's skewness is {}: {leans}.", with_error(skewness.0, skewness.1)));
    let low = (shape.low_tail.mean, shape.low_tail.error.as_ref().map(|e| e.value));
    said.push(format!(
        "{} of the ions lie more than two standard deviations below the mean; of a normal distribution 2.28 % would.",
        percent(low)
    ));
    if let Some(p) = &shape.populations {
        let [a, b] = &p.two.density.populations;
        said.push(format!(
            "{} The best two normal populations are {:.0} % of the ions at {:.3} and {:.0} % at {:.3}. (Schwarz's criterion, {:.0} \
             better than the second best, on {:.0} independent values; 10 decides.)",
            capital(p.verdict.words()),
            100.0 * a.share,
            a.normal.mean,
            100.0 * b.share,
            b.normal.mean,
            p.evidence,
            p.independent_values
        ));
    }
    said
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect::<String>() + ".")
}

/// Correlation in space.
pub fn space(found: &Analysis) -> Vec<String> {
    let Some(spatial) = &found.spatial else { return vec![] };
    let (length, _) = Units::names(found.unit_style);
    let pairs = |name: &str, curves: &PairCurves| {
        let Some((r, value, error)) = curves.nearest(&spatial.r) else {
            return format!("There are no pairs of {name} ions within the largest distance.");
        };
        let alike = match is_clear(value, error) {
            true if value > 0.0 => "neighbours conduct alike",
            true => "where one conducts well the other does badly",
            false => "within three errors they know nothing of each other",
        };
        let reach = match curves.length {
            Some(reach) => format!("; the correlation falls by e over {} {length}", optional(reach)),
            None => String::new(),
        };
        format!(
            "{} ions at {r:.2} {length} have a correlation of {}: {alike}{reach}.",
            if name == "like" { "Like" } else { "Unlike" },
            with_error(value, error)
        )
    };
    let mut said = vec![pairs("like", &spatial.like), pairs("unlike", &spatial.unlike)];
    if let Some(waves) = &found.structure_factor
        && let (Some((value, error)), Some(k)) = (waves.field.first(), waves.k.first())
    {
        said.push(format!(
            "On the longest wavelengths that fit the box (k = {k:.2}) the field varies {} times as much as independent values would.",
            with_error(*value, *error)
        ));
    }
    if let Some(overlap) = found.reasons.as_ref().and_then(|r| r.overlap.as_ref()) {
        let told = |p: &(Option<f64>, Option<f64>)| p.0.is_some() && p.1.is_some_and(|e| e < 0.1);
        if let Some(i) = overlap.unlike.measured.iter().position(told) {
            said.push(format!(
                "Neighbouring ions see the same neighbours, which makes them alike whatever the liquid does: of the correlation of \
                 unlike ions at {:.2} {length}, {}, shared neighbours alone build in {}.",
                overlap.r[i],
                optional(overlap.unlike.measured[i]),
                optional(overlap.unlike.overlap[i])
            ));
        }
    }
    said
}

/// The course in time.
pub fn time(found: &Analysis) -> Vec<String> {
    let Some(temporal) = &found.temporal else { return vec![] };
    let (scale, unit) = found.time_unit();
    let scaled = |(value, error): (f64, Option<f64>)| with_error(value * scale, error.map(|e| e * scale));
    let mut said = vec![match temporal.relaxation {
        Some(relaxation) => format!(
            "An ion's departure from the mean relaxes over {} {unit} (integral of its autocorrelation); frames stand {} {unit} \
             apart.",
            scaled(relaxation),
            number(scale)
        ),
        None => format!(
            "An ion's departure from the mean lasts longer than a quarter of the run tells ({} {unit}); a longer run will.",
            number(0.25 * found.n_frames as f64 * scale)
        ),
    }];
    let stays = |class: usize| {
        let (value, error) = temporal.transitions[class][class];
        format!("{} ({:.2})", with_error(value, error), temporal.independent[class])
    };
    said.push(format!(
        "One frame later an ion is still in the lower third of all values with probability {}, in the middle third with {}, in the \
         upper third with {}; in brackets, what independent frames would give.",
        stays(0),
        stays(1),
        stays(2)
    ));
    said
}

fn number(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_string()
}

/// States and coordination.
pub fn structure(found: &Analysis) -> Vec<String> {
    let (length, unit) = Units::names(found.unit_style);
    let mut said = vec![];
    if let Some(states) = &found.states {
        let from = if found.distance_given { "as given" } else { "the first minimum of their g(r)" };
        said.push(format!("Unlike ions within {:.3} {length} belong together ({from}).", states.distance));
        let present = states.states.iter().filter(|s| s.share.0 > 0.0);
        let told: Vec<String> = present
            .map(|s| {
                let each = match s.state {
                    IonState::Free => "are free",
                    IonState::Pair => "are in pairs",
                    IonState::BalancedCluster => "in balanced clusters",
                    IonState::UnbalancedCluster => "in unbalanced ones",
                };
                format!("{:.1} % {each} and conduct {}", 100.0 * s.share.0, optional(s.mean))
            })
            .collect();
        said.push(format!("Of the ions {}.", told.join(", ")));
        let (scale, time) = found.time_unit();
        let scaled = |(value, error): (f64, Option<f64>)| with_error(value * scale, error.map(|e| e * scale));
        if let (Some(throughout), Some(again)) = (states.continuous_lifetime, states.intermittent_lifetime) {
            said.push(format!(
                "Two ions stay together for {} {time} without a break, and for {} {time} when they may part and meet again.",
                scaled(throughout),
                scaled(again)
            ));
        }
    }
    if let Some(coordination) = &found.coordination {
        let slope = |point: Option<(f64, Option<f64>)>, name: &str| {
            point.map(|(value, error)| {
                let way = match is_clear(value, error) {
                    true if value < 0.0 => "lowers",
                    true => "raises",
                    false => "does not clearly change",
                };
                format!("one more {name} neighbour {way} an ion's conductivity ({} {unit})", with_error(value, error))
            })
        };
        let slopes: Vec<String> = [slope(coordination.per_unlike, "unlike"), slope(coordination.per_like, "like")]
            .into_iter()
            .flatten()
            .collect();
        said.push(format!(
            "Within that distance an ion has {} unlike and {} like neighbours. By least squares over all ions, {}.",
            with_error(coordination.mean_unlike.0, coordination.mean_unlike.1),
            with_error(coordination.mean_like.0, coordination.mean_like.1),
            slopes.join(", and ")
        ));
    }
    said
}

/// What the model goes by.
pub fn reasons(found: &Analysis) -> Vec<String> {
    let Some(reasons) = &found.reasons else { return vec![] };
    let (length, unit) = Units::names(found.unit_style);
    let attribution = &reasons.attribution;
    let mut said = vec![format!(
        "{} ions of {} frames were asked what each of their {} neighbours does: the model was evaluated without it.",
        attribution.n_centers, attribution.n_frames, attribution.n_neighbors
    )];
    for shell in &attribution.shells {
        said.push(format!(
            "All unlike neighbours between {:.2} and {:.2} {length} change an ion's conductivity by {} ({unit}), all like ones by \
             {}.",
            shell.from,
            shell.to,
            optional(shell.unlike.removal),
            optional(shell.like.removal)
        ));
    }
    said.push(format!(
        "What a neighbour does to first order agrees with what taking it away does by a correlation of {}; where it falls short, \
         neighbours do not act one by one.",
        optional(attribution.correlation)
    ));
    said
}
