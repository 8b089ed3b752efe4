//! How far the nearest ions conduct alike, and how many there are.

use ionscape::analysis::{CoordinationSummary, PairCurves};

/// A correlation that is told less well than this is left out of tables and figures: a handful of pairs makes it.
pub const TOLD: f64 = 0.1;

/// Distance, value and error of the correlation at the nearest pairs that tell it; `r` are the distances of the curves.
pub fn neighbors(curves: &PairCurves, r: &[f64]) -> Option<(f64, f64, Option<f64>)> {
    curves.nearest(r).filter(|(_, _, error)| error.is_some_and(|error| error < TOLD))
}

/// A number of neighbours as tables and figures tell it: `12+` for those that were counted together.
pub fn number_of_neighbors(n: usize, of: &CoordinationSummary) -> String {
    if n == of.most { format!("{n}+") } else { n.to_string() }
}
