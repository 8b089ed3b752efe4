//! What a system needs next: a decision on counted steps and errors alone.

use super::label::Label;

/// What is known when the decision is made. Costs are in steps.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub label: &'a Label,
    pub target_error: f64,
    pub most_steps: u64,
    /// Chunks of the equilibrium run, and how many there must be for it to be believed alone.
    pub chunks: usize,
    pub chunks_needed: usize,
    /// Steps so far.
    pub production: u64,
    pub response: u64,
    /// So far; none may be run if there may be 0.
    pub pairs: usize,
    pub most_pairs: usize,
    pub batch_pairs: usize,
    /// Configurations that no pair has started from.
    pub unused: usize,
    pub snapshots: usize,
    pub snapshots_needed: usize,
}

/// The next step of a system.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    Produce,
    Respond(usize),
    End(End),
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Reached,
    /// In words, what a label rests on whose error is as asked, where that is too little.
    LimitReached {
        lacking: Option<String>,
    },
}

/// Pairs before their scatter is believed: an end at the first error that happens to be small would come too early.
const FEWEST_PAIRS_TO_END: usize = 20;

/// Chunks before an equilibrium run is believed alone, for the same reason.
pub const FEWEST_CHUNKS_TO_END: usize = 2;

/// Decides.
pub fn next(situation: &Situation) -> Next {
    let s = situation;
    if s.snapshots < s.snapshots_needed {
        return Next::Produce;
    }
    let spent = s.production + s.response;
    let precise = is_precise(s);
    let by_pairs = s.most_pairs > 0 && s.pairs >= fewest_pairs(s);
    let at_equilibrium = s.most_pairs == 0 || without_pairs(s);
    if precise && (by_pairs || at_equilibrium && s.chunks >= s.chunks_needed) {
        return Next::End(End::Reached);
    }
    if spent >= s.most_steps {
        let lacking = precise.then(|| match at_equilibrium {
            true => format!("{} chunk, and {} are needed", s.chunks, s.chunks_needed),
            false => format!("{} pairs, and {} are needed", s.pairs, fewest_pairs(s)),
        });
        return Next::End(End::LimitReached { lacking });
    }
    if precise && at_equilibrium {
        return Next::Produce;
    }
    let pairs_left = s.most_pairs.saturating_sub(s.pairs);
    let respond = || match s.unused {
        0 => Next::Produce,
        unused => Next::Respond(s.batch_pairs.min(unused).min(pairs_left)),
    };
    if pairs_left == 0 {
        return Next::Produce;
    }
    match (s.label.equilibrium, s.label.response) {
        (Some(equilibrium), Some(response)) => {
            // Steps for a given error: both errors fall with the square root of the steps. A pair needs the run that its
            // configuration comes from as well.
            let own = equilibrium.relative_error().powi(2) * s.production as f64;
            let share = s.response as f64 + s.pairs as f64 / (s.pairs + s.unused).max(1) as f64 * s.production as f64;
            if own < response.relative_error().powi(2) * share { Next::Produce } else { respond() }
        }
        _ => respond(),
    }
}

fn is_precise(s: &Situation) -> bool {
    s.label.combined.is_some_and(|label| label.relative_error() <= s.target_error)
}

fn fewest_pairs(s: &Situation) -> usize {
    FEWEST_PAIRS_TO_END.min(s.most_pairs)
}

/// Whether the equilibrium run alone is as precise as asked.
fn without_pairs(s: &Situation) -> bool {
    s.label.equilibrium.is_some_and(|label| label.relative_error() <= s.target_error)
}

/// The relative error when the limit is reached, if each route goes on as it did.
pub fn expected_error(situation: &Situation) -> Option<f64> {
    let error = situation.label.combined?.relative_error();
    let spent = (situation.production + situation.response) as f64;
    Some(error * (spent / situation.most_steps as f64).sqrt().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::RouteEstimate;

    fn situation(label: &Label) -> Situation<'_> {
        Situation {
            label,
            target_error: 0.02,
            most_steps: 100_000,
            chunks: 2,
            chunks_needed: FEWEST_CHUNKS_TO_END,
            production: 10_000,
            response: 10_000,
            pairs: 20,
            most_pairs: 40,
            batch_pairs: 10,
            unused: 20,
            snapshots: 41,
            snapshots_needed: 40,
        }
    }

    fn label(equilibrium: f64, response: f64) -> Label {
        let estimate = |error| Some(RouteEstimate { value: 1.0, error });
        let combined = estimate((equilibrium.powi(-2) + response.powi(-2)).powf(-0.5));
        Label { equilibrium: estimate(equilibrium), response: estimate(response), combined, ..Label::default() }
    }

    #[test]
    fn the_cheaper_route_goes_on() {
        assert_eq!(next(&situation(&label(0.2, 0.03))), Next::Respond(10));
        assert_eq!(next(&situation(&label(0.03, 0.2))), Next::Produce);
        let none_left = label(0.2, 0.03);
        assert_eq!(next(&Situation { unused: 0, ..situation(&none_left) }), Next::Produce);
        assert_eq!(next(&Situation { unused: 3, ..situation(&none_left) }), Next::Respond(3));
        assert_eq!(next(&Situation { pairs: 40, ..situation(&none_left) }), Next::Produce);
    }

    #[test]
    fn it_ends_at_the_target_or_the_limit() {
        let precise = label(0.1, 0.015);
        assert_eq!(next(&situation(&precise)), Next::End(End::Reached));
        assert_eq!(next(&Situation { snapshots: 20, ..situation(&precise) }), Next::Produce);
        assert_eq!(next(&Situation { pairs: 10, ..situation(&precise) }), Next::Respond(10));
        let poor = label(0.1, 0.05);
        let spent = Situation { most_steps: 20_000, ..situation(&poor) };
        assert_eq!(next(&spent), Next::End(End::LimitReached { lacking: None }));
        // The error is as asked, by chance as long as there are few pairs.
        let few = Situation { most_steps: 20_000, pairs: 8, ..situation(&precise) };
        let lacking = Some("8 pairs, and 20 are needed".into());
        assert_eq!(next(&few), Next::End(End::LimitReached { lacking }));
        // So is that of a first chunk.
        let early = label(0.015, 0.1);
        let first = Situation { chunks: 1, pairs: 8, ..situation(&early) };
        assert_eq!(next(&first), Next::Produce);
        assert_eq!(next(&Situation { most_pairs: 0, pairs: 0, ..first.clone() }), Next::Produce);
        assert_eq!(next(&Situation { chunks: 2, ..first.clone() }), Next::End(End::Reached));
        assert_eq!(next(&Situation { pairs: 20, ..first.clone() }), Next::End(End::Reached));
        let lacking = Some("1 chunk, and 2 are needed".into());
        assert_eq!(next(&Situation { most_steps: 20_000, ..first }), Next::End(End::LimitReached { lacking }));
        let expected = expected_error(&Situation { most_steps: 80_000, ..situation(&poor) }).unwrap();
        assert!((expected - poor.combined.unwrap().error / 2.0).abs() < 1e-12);
    }
}
