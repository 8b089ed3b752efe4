//! Motion in space: what is 0 along an axis at all times is not of three dimensions.

use super::charge::ChargeSeries;
use super::record::Record;
use crate::{Error, Result};

/// Axes along which all of these vectors are zero, where others are not.
fn still_axes<'a>(vectors: impl Iterator<Item = &'a [f64; 3]>) -> Vec<&'static str> {
    let moves = vectors.fold([false; 3], |moves, v| std::array::from_fn(|k| moves[k] || v[k] != 0.0));
    let still: Vec<_> =
        ["x", "y", "z"].into_iter().zip(moves).filter(|(_, moves)| !moves).map(|(axis, _)| axis).collect();
    if still.len() == 3 { vec![] } else { still }
}

/// Refuses runs in a plane or on a line: all numbers here are of motion in space.
pub(super) fn check_dimensions(record: &Record) -> Result<()> {
    let still = still_axes(record.displacement.iter().flatten());
    if still.is_empty() {
        return Ok(());
    }
    Err(Error::Input(format!(
        "no ion ever moves along {}: conductivity, diffusion and their errors are of three dimensions here, and would be too small; a run \
         in space is needed",
        still.join(" and ")
    )))
}

/// Refuses a current, or forces on the ions, that lack an axis; `whose` the current is.
pub(super) fn check_axes(series: &ChargeSeries, whose: &str) -> Result<()> {
    let [current, force] = [&series.current, &series.acceleration].map(|series| series.iter().flat_map(|(all, _)| all));
    for (still, what, them) in [
        (still_axes(current), format!("{whose} is"), "the current"),
        (still_axes(force), "the forces are".into(), "forces"),
    ] {
        if !still.is_empty() {
            return Err(Error::Input(format!(
                "{what} 0 along {} at all times: the conductivity is a mean over three dimensions here, and would be too small; give \
                 {them} along all three, of a run in space",
                still.join(" and ")
            )));
        }
    }
    Ok(())
}
