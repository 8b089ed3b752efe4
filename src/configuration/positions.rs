//! Whether positions are what their columns are called: fractions of the box, or lengths.

use super::digits;
use crate::Result;
use crate::cautions::Cautions;
use crate::trajectory::Frame;

/// So far outside the box, in widths of it, LAMMPS writes no `xs ys zs`: it wraps atoms before they are there.
const OUTSIDE: f64 = 1.0;

/// So many atoms out there are no accident.
const MOST_OUTSIDE: usize = 3;

/// By how much, in widths of the box, lengths may be outside it.
const BESIDE: f64 = 0.2;

/// What part of the box atoms are spread over.
const ALL_OVER: f64 = 0.6;

/// As many atoms as these are not in one corner of a box by chance.
const ENOUGH: usize = 10;

/// Boxes with edges up to here may be as small as fractions are.
const SMALL: f64 = 3.0;

/// Fractions that followed their atoms for as many boxes as they are ever followed for are over no more than this, ...
const FARTHEST: f64 = 6.0;

/// ... and lengths are over more of the box than this, whatever they followed.
const CORNER: f64 = 0.3;

/// By how much wrapped fractions leave 0 to 1.
const MARGIN: f64 = 0.05;

/// As [`check_scale`]; a caution more is positions of few digits.
///
/// # Errors
/// As [`check_scale`].
pub fn check_positions(frame: &Frame, cautions: &Cautions) -> Result<()> {
    cautions.look("digits", || digits::few(frame));
    check_scale(frame, cautions)
}

/// Refuses lengths that are called fractions; a caution is fractions that are called lengths.
///
/// # Errors
/// Columns `xs ys zs` that leave the box far behind, with the first atom that does.
pub fn check_scale(frame: &Frame, cautions: &Cautions) -> Result<()> {
    let has = |names: [&str; 3]| names.iter().all(|name| frame.column_names().iter().any(|there| there == name));
    if has(["x", "y", "z"]) {
        cautions.look("fractions", || fractions(frame));
        return Ok(());
    }
    if let Some(unwrapped) = frame.unwrapped.as_deref().filter(|_| has(["xu", "yu", "zu"])) {
        cautions.look("fractions", || unwrapped_fractions(frame, unwrapped));
    }
    if !has(["xs", "ys", "zs"]) {
        return Ok(());
    }
    let is_outside =
        |&atom: &usize| frame.cell.to_fractional(frame.positions[atom]).iter().any(|x| (x - 0.5).abs() > 0.5 + OUTSIDE);
    let mut outside = (0..frame.positions.len()).filter(is_outside);
    let Some(first) = outside.next() else { return Ok(()) };
    let n = 1 + outside.count();
    if n <= MOST_OUTSIDE || !are_lengths(frame) {
        return Ok(());
    }
    let [x, y, z] = frame.cell.to_fractional(frame.positions[first]);
    let message = format!(
        "xs ys zs are {x:.6} {y:.6} {z:.6} here, and {n} atoms are as far outside the box, of which these columns are fractions from 0 to \
         1: if they are lengths, name them x y z, and if they are unwrapped, xsu ysu zsu"
    );
    Err(frame.error(Some(first), message))
}

/// Whether the fractions, taken for lengths, are in the box and all over it. Those that were unwrapped are not.
fn are_lengths(frame: &Frame) -> bool {
    let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
    for position in &frame.positions {
        let at = frame.cell.to_fractional(frame.cell.to_fractional(*position));
        ends.iter_mut().zip(at).for_each(|(end, x)| *end = [end[0].min(x), end[1].max(x)]);
    }
    ends.iter().all(|[low, high]| *low >= -BESIDE && *high <= 1.0 + BESIDE && high - low >= ALL_OVER)
}

/// That all atoms are where fractions would be.
fn fractions(frame: &Frame) -> Option<String> {
    let is_fraction = |position: &[f64; 3]| position.iter().all(|x| (x - 0.5).abs() <= 0.5 + MARGIN);
    let edges = edges(frame);
    if frame.positions.len() < ENOUGH || edges.iter().any(|edge| *edge <= SMALL) {
        return None;
    }
    frame.positions.iter().all(is_fraction).then(|| {
        let [a, b, c] = edges;
        let message = format!(
            "x y z of all atoms are from 0 to 1, in a box of {a:.4} by {b:.4} by {c:.4}: if they are fractions of it, name them xs ys zs"
        );
        frame.error(None, message).to_string()
    })
}

/// That atoms that were followed are all where fractions would be.
fn unwrapped_fractions(frame: &Frame, unwrapped: &[[f64; 3]]) -> Option<String> {
    let edges = edges(frame);
    if unwrapped.len() < ENOUGH || edges.iter().any(|edge| *edge <= SMALL) {
        return None;
    }
    let extent = |k: usize| {
        let along = || unwrapped.iter().map(|position| position[k]);
        along().fold(f64::NEG_INFINITY, f64::max) - along().fold(f64::INFINITY, f64::min)
    };
    let [x, y, z] = [0, 1, 2].map(extent);
    let is_small = |(extent, edge): (f64, f64)| extent <= FARTHEST && extent <= CORNER * edge;
    [x, y, z].into_iter().zip(edges).all(is_small).then(|| {
        let [a, b, c] = edges;
        let message = format!(
            "xu yu zu of all atoms are within {x:.4} by {y:.4} by {z:.4}, in a box of {a:.4} by {b:.4} by {c:.4}: if they are fractions of \
             it, name them xsu ysu zsu"
        );
        frame.error(None, message).to_string()
    })
}

fn edges(frame: &Frame) -> [f64; 3] {
    frame.cell.vectors().map(|edge| edge.iter().map(|x| x * x).sum::<f64>().sqrt())
}
