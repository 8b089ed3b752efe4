//! How long an ion keeps its local conductivity: autocorrelation, dwell times, transitions between low, middle and high.

use serde::Serialize;

use crate::{Error, Result};

/// Groups of ions that errors are taken from.
const GROUPS: usize = 20;

/// Classes of the field, by thirds of all values.
const CLASSES: usize = 3;

/// The local conductivities of the same ions in frame after frame.
#[derive(Default)]
pub struct FieldHistory {
    ids: Vec<i64>,
    /// `[frame][ion]`.
    values: Vec<Vec<f32>>,
}

/// A value and its standard error.
pub type Point = (f64, Option<f64>);

/// What the history says, times in frames. Errors are from leaving out a twentieth of the ions in turn, which takes ions for
/// independent: where neighbours change together they are too small.
#[derive(Clone, Debug, Serialize)]
pub struct TemporalSummary {
    /// Frames between the two instants of each point of the curves.
    pub lags: Vec<usize>,
    /// `<d(0) d(t)> / <d^2>` per ion, with `d` the departure from the mean over ions and time.
    pub full: Vec<Point>,
    /// The same with the mean over ions taken away at each instant.
    pub fluctuation: Vec<Point>,
    /// Integral of the latter up to where it first falls to zero within its error, in frames; absent where it does not within a
    /// quarter of the run.
    pub relaxation: Option<Point>,
    /// Shares of visits to a class that last so many frames, for the lower, middle and upper third of all values; visits that
    /// the run's ends cut are left out.
    pub dwell: [Vec<f64>; CLASSES],
    /// Mean length of a visit, with its error, and what it would be if each frame were independent of the last.
    pub mean_dwell: [Point; CLASSES],
    pub independent_dwell: [f64; CLASSES],
    /// `[from][to]`: probability to be in a class one frame later, and the same for independent frames.
    pub transitions: [[Point; CLASSES]; CLASSES],
    pub independent: [f64; CLASSES],
}

impl FieldHistory {
    /// Adds a frame, ions in the order of their ids.
    ///
    /// # Errors
    /// Other ions than in the first frame.
    pub fn add(&mut self, ids: &[i64], local: &[f64]) -> Result<()> {
        if self.values.is_empty() {
            self.ids = ids.to_vec();
        } else if self.ids != ids {
            return Err(Error::Input(
                "the ions are not those of the first frame; a course in time is that of the same ions throughout"
                    .into(),
            ));
        }
        self.values.push(local.iter().map(|&v| v as f32).collect());
        Ok(())
    }

    /// Number of frames.
    pub fn n_frames(&self) -> usize {
        self.values.len()
    }

    /// Correlations up to a quarter of the run; none for fewer than eight frames.
    pub fn summary(&self) -> Option<TemporalSummary> {
        let (t, n) = (self.values.len(), self.ids.len());
        if t < 8 || n < 2 {
            return None;
        }
        let frame_means: Vec<f64> =
            self.values.iter().map(|v| v.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64).collect();
        let mean = frame_means.iter().sum::<f64>() / t as f64;
        let full = self.autocorrelation(&|frame, ion| f64::from(self.values[frame][ion]) - mean);
        let fluctuation = self.autocorrelation(&|frame, ion| f64::from(self.values[frame][ion]) - frame_means[frame]);
        let groups = GROUPS.min(n);
        let class = self.classes();
        let counted: Vec<Visits> = (0..groups).map(|g| self.visits(&class, (g..n).step_by(groups))).collect();
        let total = Visits::sum(counted.iter());
        let jackknife = |of: &dyn Fn(&Visits) -> f64| -> Point {
            let all = of(&total);
            let each: Vec<f64> = (0..groups)
                .map(|g| of(&Visits::sum(counted.iter().enumerate().filter(|(i, _)| *i != g).map(|(_, v)| v))))
                .collect();
            (all, spread(&each))
        };
        let independent: [f64; CLASSES] = std::array::from_fn(|c| {
            class.iter().flatten().filter(|&&k| usize::from(k) == c).count() as f64 / (n * t) as f64
        });
        Some(TemporalSummary {
            lags: (0..full.len()).collect(),
            relaxation: self.relaxation(&fluctuation),
            full: full.iter().map(|v| point(v)).collect(),
            fluctuation: fluctuation.iter().map(|v| point(v)).collect(),
            dwell: std::array::from_fn(|c| {
                let all: f64 = total.lengths[c].iter().sum();
                total.lengths[c].iter().map(|v| v / all).collect()
            }),
            mean_dwell: std::array::from_fn(|c| {
                jackknife(&|v| {
                    let (sum, n) = v.lengths[c]
                        .iter()
                        .enumerate()
                        .fold((0.0, 0.0), |(sum, n), (i, count)| (sum + (i + 1) as f64 * count, n + count));
                    sum / n
                })
            }),
            independent_dwell: independent.map(|p| 1.0 / (1.0 - p)),
            transitions: std::array::from_fn(|a| {
                std::array::from_fn(|b| jackknife(&|v| v.moves[a][b] / v.moves[a].iter().sum::<f64>()))
            }),
            independent,
        })
    }

    /// For each lag, the value over all ions and that over each group left out.
    fn autocorrelation(&self, value: &dyn Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
        let (t, n) = (self.values.len(), self.ids.len());
        let groups = GROUPS.min(n);
        let most = t / 4;
        // [lag][group]
        let mut sums = vec![vec![0.0; groups]; most + 1];
        let mut series = vec![0.0; t];
        for ion in 0..n {
            (0..t).for_each(|frame| series[frame] = value(frame, ion));
            for (lag, sums) in sums.iter_mut().enumerate() {
                let products = series.iter().zip(&series[lag..]).map(|(a, b)| a * b).sum::<f64>();
                sums[ion % groups] += products / (t - lag) as f64;
            }
        }
        let total: Vec<f64> = sums.iter().map(|of_lag| of_lag.iter().sum()).collect();
        sums.iter()
            .zip(&total)
            .map(|(of_lag, all)| {
                let without = (0..groups).map(|g| (all - of_lag[g]) / (total[0] - sums[0][g]));
                std::iter::once(all / total[0]).chain(without).collect()
            })
            .collect()
    }

    fn relaxation(&self, curve: &[Vec<f64>]) -> Option<Point> {
        let end = curve.iter().position(|v| {
            let (value, error) = point(v);
            value <= error.unwrap_or(0.0)
        })?;
        // By the trapezoidal rule.
        let integral = |k: usize| curve[..end].iter().map(|v| v[k]).sum::<f64>() - 0.5 * curve[0][k];
        Some(point(&(0..curve[0].len()).map(integral).collect::<Vec<_>>()))
    }

    fn classes(&self) -> Vec<Vec<u8>> {
        let mut all: Vec<f32> = self.values.iter().flatten().copied().collect();
        let third = |all: &mut Vec<f32>, k: usize| {
            let at = (k * all.len() / CLASSES).min(all.len() - 1);
            *all.select_nth_unstable_by(at, f32::total_cmp).1
        };
        let bounds = [third(&mut all, 1), third(&mut all, 2)];
        let class = |v: f32| bounds.iter().filter(|bound| v >= **bound).count() as u8;
        self.values.iter().map(|frame| frame.iter().map(|&v| class(v)).collect()).collect()
    }

    fn visits(&self, class: &[Vec<u8>], ions: impl Iterator<Item = usize>) -> Visits {
        let mut found = Visits::default();
        for ion in ions {
            // The first visit began before the run.
            let (mut whole, mut length) = (false, 1);
            for pair in class.windows(2) {
                let (a, b) = (usize::from(pair[0][ion]), usize::from(pair[1][ion]));
                found.moves[a][b] += 1.0;
                if a == b {
                    length += 1;
                    continue;
                }
                if whole {
                    found.lengths[a].resize(found.lengths[a].len().max(length), 0.0);
                    found.lengths[a][length - 1] += 1.0;
                }
                (whole, length) = (true, 1);
            }
        }
        found
    }
}

/// Numbers of visits by class and length, and of moves from one frame to the next.
#[derive(Default)]
struct Visits {
    lengths: [Vec<f64>; CLASSES],
    moves: [[f64; CLASSES]; CLASSES],
}

impl Visits {
    fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for one in all {
            for (lengths, own) in sum.lengths.iter_mut().zip(&one.lengths) {
                lengths.resize(lengths.len().max(own.len()), 0.0);
                lengths.iter_mut().zip(own).for_each(|(a, b)| *a += b);
            }
            for (a, b) in sum.moves.iter_mut().flatten().zip(one.moves.iter().flatten()) {
                *a += b;
            }
        }
        sum
    }
}

/// The value, and the jackknife's error of what follows it.
fn point(values: &[f64]) -> Point {
    (values[0], spread(&values[1..]))
}

fn spread(left_out: &[f64]) -> Option<f64> {
    let n = left_out.len() as f64;
    let mean = left_out.iter().sum::<f64>() / n;
    let sum: f64 = left_out.iter().map(|v| (v - mean).powi(2)).sum();
    Some((sum * (n - 1.0) / n).sqrt()).filter(|e| e.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Ions that switch between two values with probability `p` a frame.
    fn telegraph(p: f64, n: usize, t: usize) -> FieldHistory {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut state: Vec<bool> = (0..n).map(|_| random.random()).collect();
        let mut history = FieldHistory::default();
        let ids: Vec<i64> = (0..n as i64).collect();
        for _ in 0..t {
            let values: Vec<f64> = state.iter().map(|&up| if up { 1.0 } else { 0.0 }).collect();
            history.add(&ids, &values).unwrap();
            for up in &mut state {
                if random.random::<f64>() < p {
                    *up = !*up;
                }
            }
        }
        history
    }

    #[test]
    fn a_telegraph_process_has_the_correlation_and_the_dwell_times_that_it_was_made_with() {
        let p = 0.1;
        let found = telegraph(p, 400, 400).summary().unwrap();
        for lag in [1, 3, 10] {
            let exact = (1.0 - 2.0 * p).powi(lag as i32);
            for curve in [&found.full, &found.fluctuation] {
                let (value, error) = curve[lag];
                assert!((value - exact).abs() < 4.0 * error.unwrap(), "{lag}: {value} {error:?} {exact}");
            }
        }
        // Sum of a geometric series from 1, less half of the first.
        let exact = 1.0 / (2.0 * p) - 0.5;
        let (value, error) = found.relaxation.unwrap();
        assert!((value - exact).abs() < 4.0 * error.unwrap() + 0.03 * exact, "{value} {error:?} {exact}");
        // Two values leave the lowest third empty.
        for class in [1, 2] {
            let (value, error) = found.mean_dwell[class];
            // Visits longer than what is left of the run are cut: a bias of their length over the run's.
            assert!((value - 1.0 / p).abs() < 4.0 * error.unwrap() + 0.3, "{value} {error:?}");
            let (stay, error) = found.transitions[class][class];
            assert!((stay - (1.0 - p)).abs() < 4.0 * error.unwrap(), "{stay}");
            assert!((found.independent[class] - 0.5).abs() < 0.02);
        }
    }

    #[test]
    fn independent_values_have_no_correlation() {
        let mut random = ChaCha8Rng::seed_from_u64(8);
        let mut history = FieldHistory::default();
        let ids: Vec<i64> = (0..300).collect();
        for _ in 0..120 {
            let values: Vec<f64> = ids.iter().map(|_| random.random()).collect();
            history.add(&ids, &values).unwrap();
        }
        let found = history.summary().unwrap();
        let off = |points: &[Point]| points.iter().filter(|(v, e)| v.abs() > 2.0 * e.unwrap()).count();
        // One in twenty beyond two errors, of thirty.
        assert!(off(&found.fluctuation[1..]) <= 5, "{:?}", found.fluctuation);
        for (a, row) in found.transitions.iter().enumerate() {
            for (b, (value, error)) in row.iter().enumerate() {
                assert!((value - found.independent[b]).abs() < 4.0 * error.unwrap(), "{a} {b}");
            }
            let (dwell, error) = found.mean_dwell[a];
            assert!((dwell - found.independent_dwell[a]).abs() < 4.0 * error.unwrap());
        }
    }

    #[test]
    fn other_ions_are_refused() {
        let mut history = FieldHistory::default();
        history.add(&[1, 2], &[0.0, 1.0]).unwrap();
        assert!(history.add(&[1, 3], &[0.0, 1.0]).unwrap_err().to_string().contains("not those of the first frame"));
    }
}
