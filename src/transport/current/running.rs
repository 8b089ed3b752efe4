//! Averages over all that came before, in the place of a current.

use super::file::File;
use crate::Result;

/// Samples from which on the two are told apart.
const FEWEST: usize = 256;

/// What the steps from sample to sample may shrink by. Those of a running average of n samples go as 1/n: between the 64th to the
/// 32nd part of a series and its latter half by 32, and by 2 from each such octave to the next. Those of a current stay as they are, or
/// are smaller in some octaves and larger in others where it comes in bursts.
const SHRUNK: f64 = 10.0;

/// Octaves that are looked at.
const OCTAVES: u32 = 6;

/// Samples whose median tells one octave from the next.
const TELLING: usize = 16;

/// Refuses a file whose numbers settle as those of `ave running` do.
///
/// # Errors
/// Such a file, with what its steps have shrunk by.
pub(super) fn check(file: &File) -> Result<()> {
    let n = file.steps.len();
    if n < FEWEST {
        return Ok(());
    }
    let octave = |k: u32| (n >> (OCTAVES - k))..(n >> (OCTAVES - k - 1)).min(n - 1);
    let steps: Vec<f64> = (0..OCTAVES).map(|k| typical_step(file, octave(k))).collect();
    let (early, late) = (steps[0], steps[steps.len() - 1]);
    let telling = (0..OCTAVES).position(|k| octave(k).len() >= TELLING).unwrap_or(0);
    if early <= SHRUNK * late || steps[telling..].windows(2).any(|pair| pair[1] > pair[0]) {
        return Ok(());
    }
    let share = 100.0 * late / early;
    Err(file.error(
        0,
        format!(
            "its numbers settle: from sample to sample they change by {share:.1} % in its latter half of what they do at first, as \
             averages over all that came before do; write the current with `ave one`, and only once the system is in equilibrium"
        ),
    ))
}

/// Median of the sizes of the steps from the samples to the next ones.
fn typical_step(file: &File, samples: std::ops::Range<usize>) -> f64 {
    let row = |sample: usize| &file.values[sample * file.width..][..file.width];
    let columns = file.layout.currents.iter().flat_map(|(_, columns)| columns);
    let size =
        |sample: usize| columns.clone().map(|c| (row(sample + 1)[c - 1] - row(sample)[c - 1]).powi(2)).sum::<f64>();
    let mut sizes: Vec<f64> = samples.map(size).collect();
    let middle = sizes.len() / 2;
    sizes.select_nth_unstable_by(middle, f64::total_cmp).1.sqrt()
}
