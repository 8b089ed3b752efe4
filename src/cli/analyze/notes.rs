//! What dumps do not tell, and what would: sentences for the notes of an analysis.

use ionscape::analysis::{FieldHistory, SpatialSummary, StateSummary};

use super::ions::Ions;
use crate::results;

/// A minimum that may be anywhere over more than this share of its distance is worth a word.
const BROAD: f64 = 0.2;

/// Lifetimes of fewer frames than this are those of the frames' distance.
const SHORT: f64 = 3.0;

/// Why nothing is said of a course in time.
pub fn of_course(history: &FieldHistory, n_frames: usize) -> String {
    match (history.n_ions(), n_frames) {
        (1, _) => {
            "a single ion has no departure from the mean over ions, so nothing is said of a course in time".into()
        }
        _ if history.is_uniform() => {
            "the field is the same for all ions at all times, so nothing is said of a course in time".into()
        }
        (_, 1) => "one frame is too few for a course in time, which takes eight and more".into(),
        (_, n) => format!("{n} frames are too few for a course in time, which takes eight and more"),
    }
}

/// That the first minimum, which distances are taken from, is broad.
pub fn of_minimum(spatial: &SpatialSummary) -> Option<String> {
    let (minimum, [from, to]) = spatial.first_minimum.zip(spatial.first_minimum_range)?;
    (to - from > BROAD * minimum).then(|| {
        format!(
            "the first minimum of the unlike g(r), {minimum:.3}, may as well be anywhere from {from:.3} to {to:.3} by its \
             errors, and states, lifetimes and coordination depend on it; --pair-distance gives them a distance"
        )
    })
}

/// What a net charge of the ions may mean.
pub fn of_charge(net: f64, step: i64) -> String {
    format!(
        "step {step}: the ions have charges of {net:+.3} together by q, whose sign tells like pairs from unlike ones; where some are \
         missing, as in a dump of a group, a region or a threshold, pairs, states and coordination lack them; where one atom shows an \
         ion of several, as P does PF6, it has another charge than the ion: --model knows ions' own charges, and in a dump \
         without q kinds are atom types"
    )
}

/// Why nothing is said of states and coordination.
pub fn of_distance(distance: Option<f64>, ions: &Ions) -> Option<&'static str> {
    match distance {
        _ if ions.are_of_one_kind() => {
            Some("all ions are of one kind, so nothing is said of unlike pairs, states and coordination")
        }
        None => Some(
            "the unlike g(r) has no first minimum, so nothing is said of states and coordination; --pair-distance gives them a \
             distance",
        ),
        Some(_) => None,
    }
}

/// Why nothing is said of all pairs within a distance.
pub fn of_contact(distance: f64, radius: f64) -> String {
    format!(
        "pairs are counted up to {}, so nothing is said of the correlation of all pairs within {distance}; --radius counts more",
        results::number(radius)
    )
}

/// That bonds break faster than frames can show.
pub fn of_lifetimes(states: &StateSummary) -> Option<String> {
    let (frames, _) = states.continuous_lifetime.filter(|(frames, _)| *frames < SHORT)?;
    Some(format!(
        "bonds break within {} times the time between frames, so lifetimes are more of that than of bonds; frames closer to each \
         other tell them",
        results::count(frames)
    ))
}
