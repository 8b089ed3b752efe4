//! Whether a current that was recorded beside dumps is that of their ions: its sum over time is their displacement.

use super::current::CurrentSeries;
use super::record::Record;
use crate::{Error, Result};

/// A current whose sum over time misses the ions' displacement by more than this share is of something else.
const LARGEST_MISMATCH: f64 = 0.5;

/// A current that misses it by less than this is an average over all the time between samples.
const SMALL_MISMATCH: f64 = 0.05;

/// The sum may be so much of a factor times the displacement, and so many errors of the factor, before the two are told apart. In
/// synthetic runs sampled as coarsely as they may be, the bias of the factor was at most 0.014.
const SAME_SIZE: (f64, f64) = (0.03, 5.0);

/// Intervals on either side of each that the factor is told by.
const AROUND: usize = 2;

/// Blocks that errors are of: at least so many, and at most so many.
const BLOCKS: (usize, usize) = (8, 64);

/// Intervals that a factor needs.
const FEWEST_INTERVALS: usize = 4;

/// How the current's sum over time compares with the displacement.
#[derive(Debug)]
pub(super) struct Agreement {
    /// Root mean square of what the sum misses of the displacement between frames, relative to that.
    missed: f64,
    factor: Option<Factor>,
}

/// What the sum is of the displacement throughout, with its error.
#[derive(Debug)]
struct Factor {
    value: f64,
    error: f64,
}

impl Agreement {
    /// Compares at the frames that have samples; those between samples, which a current that is coarser than the dumps has, are
    /// passed over. None where there are no two such frames.
    pub fn new(
        displacement: &[[f64; 3]],
        integrated: &[[f64; 3]],
        series: &CurrentSeries,
        record: &Record,
    ) -> Option<Self> {
        // A sample is written at the end of the time that it is an average over; the sum before it belongs to its start.
        let every = series.steps_between_samples;
        let start = series.first_timestep - every;
        let index = |frame: usize| {
            let steps = record.first_timestep + frame as i64 * record.steps_between_frames - start;
            (steps >= 0 && steps % every == 0).then(|| (steps / every) as usize).filter(|&i| i < integrated.len())
        };
        let shared = (0..displacement.len()).filter_map(|frame| Some((displacement[frame], integrated[index(frame)?])));
        let (moved, summed): (Vec<[f64; 3]>, Vec<[f64; 3]>) = shared.unzip();
        Self::of_paths(&moved, &summed)
    }

    /// The same for two paths at the same times.
    fn of_paths(moved: &[[f64; 3]], summed: &[[f64; 3]]) -> Option<Self> {
        let (mut missed, mut all) = (0.0, 0.0);
        for i in 1..moved.len() {
            for k in 0..3 {
                let truth = moved[i][k] - moved[i - 1][k];
                missed += (summed[i][k] - summed[i - 1][k] - truth).powi(2);
                all += truth * truth;
            }
        }
        (all > 0.0).then(|| Self { missed: (missed / all).sqrt(), factor: factor(moved, summed) })
    }

    /// Whether the current's samples are averages over all the time between them.
    pub fn is_exact(&self) -> bool {
        self.missed < SMALL_MISMATCH
    }

    /// What to say of a current that is sampled, or of more than the ions.
    ///
    /// # Errors
    /// A current that is not that of the dumps' ions: it misses too much, or is larger or smaller throughout.
    pub fn check(&self) -> Result<Option<String>> {
        let percent = 100.0 * self.missed;
        let misses =
            format!("the sum of the current over time misses the charge's displacement in the dumps by {percent:.0} %");
        let (size, errors) = SAME_SIZE;
        let factor = self.factor.as_ref().filter(|factor| {
            let off = (factor.value - 1.0).abs();
            off > size && off > errors * factor.error
        });
        if let Some(Factor { value, error }) = factor {
            return Err(Error::Input(format!(
                "{misses}: throughout it is {value:.3} +- {error:.3} of that; the current is of other charges than the dumps' ions \
                 have here (as where one has scaled ones), of another time step, unit or run, or its columns are others: make both the same"
            )));
        }
        if self.missed > LARGEST_MISMATCH {
            return Err(Error::Input(format!(
                "{misses}: check the charges, the time step, the current's columns, and that both are of one run"
            )));
        }
        Ok((!self.is_exact()).then(|| {
            format!(
                "{misses}, and is not larger or smaller throughout: its samples are no averages over all steps, or other charges than \
                 the ions' add to it; write it with fix ave/time 1 N N, of the ions alone"
            )
        }))
    }
}

/// The factor from the displacement to the sum over the intervals between times, none of too few.
///
/// A sample of a current tells of the displacement before and after it, so that the sum of samples over an interval lacks some of
/// what its own displacement has by chance: a plain regression on that calls sampled currents too small, by a sixth and more. On the
/// displacement over a longer time around the interval there is no such loss; nor do positions that were rounded count twice.
fn factor(moved: &[[f64; 3]], summed: &[[f64; 3]]) -> Option<Factor> {
    let n = moved.len().checked_sub(1).filter(|&n| n >= FEWEST_INTERVALS)?;
    // Few intervals do not tell that loss from chance.
    let around = if n >= BLOCKS.0 * (2 * AROUND + 1) + 2 * AROUND { AROUND } else { 0 };
    let products: Vec<[[f64; 2]; 3]> = (around..n - around)
        .map(|i| {
            std::array::from_fn(|k| {
                let instrument = moved[i + around + 1][k] - moved[i - around][k];
                [summed, moved].map(|path| (path[i + 1][k] - path[i][k]) * instrument)
            })
        })
        .collect();
    let total = |which: usize| products.iter().flatten().map(|p| p[which]).sum::<f64>();
    let (of_sum, of_truth) = (total(0), total(1));
    let value = of_sum / of_truth;
    // Neighbouring products share what they are told by; blocks of them do not, nor do axes.
    let block = (2 * around + 1).max(products.len().div_ceil(BLOCKS.1));
    let mut squares = 0.0;
    for products in products.chunks(block) {
        for k in 0..3 {
            squares += products.iter().map(|p| p[k][0] - value * p[k][1]).sum::<f64>().powi(2);
        }
    }
    let error = squares.sqrt() / of_truth.abs();
    (value.is_finite() && error.is_finite()).then_some(Factor { value, error })
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Small steps in one correlation time of the current.
    const STEPS: usize = 20;

    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let (u, v): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Paths at `n` frames of `frame` small steps: of a current with one correlation time, and of its value at every `sample`-th
    /// step; and the same for the current's averages.
    fn paths(n: usize, frame: usize, sample: usize, seed: u64) -> [Vec<[f64; 3]>; 2] {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let keep = (-1.0 / STEPS as f64).exp();
        let mut current: [f64; 3] = std::array::from_fn(|_| normal(&mut random));
        let (mut moved, mut summed) = ([0.0; 3], [0.0; 3]);
        let (mut all_moved, mut all_summed) = (vec![moved], vec![summed]);
        for step in 1..=n * frame {
            for k in 0..3 {
                let before = current[k];
                current[k] = keep * before + (1.0 - keep * keep).sqrt() * normal(&mut random);
                moved[k] += 0.5 * (before + current[k]);
                if step % sample == 0 {
                    summed[k] += sample as f64 * current[k];
                }
            }
            if step % frame == 0 {
                all_moved.push(moved);
                all_summed.push(summed);
            }
        }
        [all_moved, all_summed]
    }

    fn scaled(path: &[[f64; 3]], by: f64) -> Vec<[f64; 3]> {
        path.iter().map(|at| at.map(|x| by * x)).collect()
    }

    #[test]
    fn sampled_currents_of_one_run_have_no_factor() {
        // Frames and samples per correlation time; the last misses by half.
        for (frame, sample) in [(2, 2), (6, 6), (20, 5), (60, 20), (60, 6), (200, 20)] {
            for (n, seeds) in [(12, 200), (80, 100), (600, 20)] {
                for seed in 0..seeds {
                    let [moved, summed] = paths(n, frame, sample, seed);
                    let agreement = Agreement::of_paths(&moved, &summed).unwrap();
                    let what = format!("{frame} {sample} {n} {seed}: {agreement:?}");
                    assert!(agreement.missed > LARGEST_MISMATCH || agreement.check().is_ok(), "{what}");
                    let scaled = Agreement::of_paths(&moved, &scaled(&summed, 0.8)).unwrap();
                    assert!(n < 600 || scaled.check().is_err(), "{what}");
                }
            }
        }
    }

    #[test]
    fn averaged_currents_have_their_factor_and_runs_of_a_few_frames_too() {
        for n in [4, 9, 43, 44, 300] {
            let [moved, _] = paths(n, 40, 1, 7);
            for by in [0.95, 0.8, 1.3] {
                let agreement = Agreement::of_paths(&moved, &scaled(&moved, by)).unwrap();
                let message = agreement.check().unwrap_err().to_string();
                assert!(message.contains(&format!("throughout it is {by:.3} +- 0.000 of that")), "{n}: {message}");
            }
            let agreement = Agreement::of_paths(&moved, &scaled(&moved, 1.01)).unwrap();
            assert!(agreement.is_exact() && agreement.check().unwrap().is_none());
        }
    }

    #[test]
    fn a_sampled_current_is_told_of() {
        let [moved, summed] = paths(400, 60, 10, 3);
        let note = Agreement::of_paths(&moved, &summed).unwrap().check().unwrap().unwrap();
        assert!(
            note.contains("misses the charge's displacement in the dumps by") && note.contains("fix ave/time 1 N N"),
            "{note}"
        );
    }
}
