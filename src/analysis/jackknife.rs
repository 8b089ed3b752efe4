//! What follows from sums over parts of a sample, with errors from leaving parts out.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A value and its standard error.
pub type Point = (f64, Option<f64>);

/// Fewer parts than this say little about their scatter.
pub(super) const FEWEST_PARTS: usize = 4;

/// Fewer parts than this say little about how they go on from one to the next.
const FEWEST_IN_ORDER: usize = 8;

/// Parts are joined in pairs while neighbours are more alike than this, by the correlation of what leaving them out changes.
const ALIKE: f64 = 0.2;

/// Most that is believed of such a correlation where there are too few parts to be joined.
const MOST_ALIKE: f64 = 0.5;

/// Sums over parts of `width` numbers each.
pub(super) fn sums(parts: &[Vec<f64>], width: usize) -> Vec<f64> {
    let mut total = vec![0.0; width];
    parts.iter().for_each(|part| add(&mut total, part));
    total
}

fn add(to: &mut [f64], part: &[f64]) {
    to.iter_mut().zip(part).for_each(|(to, part)| *to += part);
}

/// What `of` makes of the total over all parts, with standard errors from leaving out one part in turn (M. H. Quenouille,
/// Biometrika 43, 353 (1956)). No errors for fewer than four parts, nor of a value that is none without some part: how that part
/// alone tells it scatters, no other one says.
pub(super) fn leave_one_out(parts: &[Vec<f64>], total: &[f64], of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
    let values = of(total);
    if parts.len() < FEWEST_PARTS {
        return values.into_iter().map(|v| (v, None)).collect();
    }
    let changes = Changes::of(parts, 1, total, &values, of);
    values.into_iter().enumerate().map(|(i, v)| (v, changes.variance(i).map(f64::sqrt))).collect()
}

/// Standard error of a value that leaving out parts changes by steps, as where it is summed up to: from drawing as many parts with
/// replacement (B. Efron, Ann. Stat. 7, 1 (1979)), the same ones each time. None for fewer than four parts.
pub(super) fn resampled(parts: &[Vec<f64>], of: &dyn Fn(&[f64]) -> f64) -> Option<f64> {
    const DRAWS: usize = 200;
    let n = parts.len();
    if n < FEWEST_PARTS {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut total = vec![0.0; parts[0].len()];
    let mut draw = |_| {
        total.fill(0.0);
        (0..n).for_each(|_| add(&mut total, &parts[random.random_range(0..n)]));
        of(&total)
    };
    let values: Vec<f64> = (0..DRAWS).map(&mut draw).collect();
    let mean = values.iter().sum::<f64>() / DRAWS as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (DRAWS - 1) as f64;
    // Of n parts, as many drawn scatter by (n - 1)/n of what parts do.
    let error = (variance * n as f64 / (n - 1) as f64).sqrt();
    error.is_finite().then_some(error)
}

/// The same of parts that follow each other, such as blocks of a run.
///
/// Parts that are shorter than what a value remembers are alike, and errors that take them for independent are too small. For each
/// value parts are joined in pairs until neighbours are no longer alike, or there are fewer than sixteen; what correlation r then
/// remains multiplies the variance by (1 + r) / (1 - r), as that of the mean of a series whose memory decays exponentially. Of such
/// series in 64 parts stated errors are 1.1 to 1 times what runs scatter by up to memories of a 32nd of the run, and 0.95 at a 16th;
/// of independent parts, in which r is chance alone, 1.06 times it for 64 of them, and 1.15 for eight.
pub(super) fn leave_one_out_in_order(parts: &[Vec<f64>], total: &[f64], of: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Point> {
    if parts.len() < FEWEST_IN_ORDER {
        return leave_one_out(parts, total, of);
    }
    let values = of(total);
    let mut errors: Vec<Option<Option<f64>>> = vec![None; values.len()];
    let mut joined = 1;
    loop {
        let changes = Changes::of(parts, joined, total, &values, of);
        let are_last = changes.n < 2 * FEWEST_IN_ORDER;
        for (i, error) in errors.iter_mut().enumerate().filter(|(_, error)| error.is_none()) {
            let alike = changes.correlation(i);
            if are_last || alike <= ALIKE {
                let r = alike.clamp(0.0, MOST_ALIKE);
                *error = Some(changes.variance(i).map(|v| (v * (1.0 + r) / (1.0 - r)).sqrt()));
            }
        }
        if are_last || errors.iter().all(Option::is_some) {
            break;
        }
        joined *= 2;
    }
    values.into_iter().zip(errors).map(|(v, error)| (v, error.flatten())).collect()
}

/// What leaving out each part changes of each value: sums over the parts.
struct Changes {
    /// Parts.
    n: usize,
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// Products of each with the next.
    products: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
}

impl Changes {
    /// Of parts of which so many are taken together.
    fn of(parts: &[Vec<f64>], joined: usize, total: &[f64], values: &[f64], of: &dyn Fn(&[f64]) -> Vec<f64>) -> Self {
        let zeros = || vec![0.0; values.len()];
        let mut all = Self { n: 0, sums: zeros(), squares: zeros(), products: zeros(), first: zeros(), last: zeros() };
        for together in parts.chunks(joined) {
            let mut without = total.to_vec();
            together.iter().for_each(|part| without.iter_mut().zip(part).for_each(|(t, p)| *t -= p));
            for (i, value) in of(&without).into_iter().enumerate() {
                let change = value - values[i];
                all.sums[i] += change;
                all.squares[i] += change * change;
                all.products[i] += all.last[i] * change;
                all.last[i] = change;
            }
            if all.n == 0 {
                all.first.clone_from(&all.last);
            }
            all.n += 1;
        }
        all
    }

    /// Square of a value's error, were parts independent.
    fn variance(&self, i: usize) -> Option<f64> {
        let n = self.n as f64;
        // What is not a number goes before rounding is cut off: the larger of it and zero would be zero.
        Some((n - 1.0) * self.scatter(i) / n).filter(|v| v.is_finite()).map(|v| v.max(0.0))
    }

    /// Sum of squares about the mean.
    fn scatter(&self, i: usize) -> f64 {
        self.squares[i] - self.sums[i] * self.sums[i] / self.n as f64
    }

    /// Correlation of the changes by neighbouring parts, less what that of independent ones is on average, -1 / n; 0 of what never
    /// changes.
    fn correlation(&self, i: usize) -> f64 {
        let n = self.n as f64;
        let mean = self.sums[i] / n;
        let ends = self.first[i] + self.last[i];
        let product = self.products[i] - mean * (2.0 * self.sums[i] - ends) + (n - 1.0) * mean * mean;
        let scatter = self.scatter(i);
        let correlation = product / scatter + 1.0 / n;
        if scatter > 0.0 && correlation.is_finite() { correlation } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A series of mean 0 that remembers `memory` steps, in `n` parts of 128 steps each: `[steps, sum]`.
    fn series(memory: f64, n: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let kept = (-1.0 / memory).exp();
        let kick = (3.0 * (1.0 - kept * kept)).sqrt();
        let mut x = 0.0;
        let mut step = || {
            x = kept * x + kick * random.random_range(-1.0..1.0);
            x
        };
        // What is not yet stationary.
        (0..(10.0 * memory) as usize).for_each(|_| _ = step());
        (0..n).map(|_| vec![128.0, (0..128).map(|_| step()).sum()]).collect()
    }

    #[test]
    fn errors_are_what_runs_scatter_by_also_where_memory_outlasts_parts() {
        let mean = |s: &[f64]| vec![s[1] / s[0]];
        for (memory, range) in
            [(1.0, 0.95..1.2), (32.0, 0.95..1.2), (128.0, 0.95..1.25), (256.0, 0.9..1.25), (512.0, 0.8..1.1)]
        {
            let (mut departures, mut stated, mut independent) = (0.0, 0.0, 0.0);
            for seed in 0..400 {
                let parts = series(memory, 64, seed);
                let total = sums(&parts, 2);
                let (value, error) = leave_one_out_in_order(&parts, &total, &mean)[0];
                departures += value * value;
                stated += error.unwrap().powi(2);
                independent += leave_one_out(&parts, &total, &mean)[0].1.unwrap().powi(2);
            }
            let ratio = (stated / departures).sqrt();
            assert!(range.contains(&ratio), "memory {memory}: {ratio}");
            assert!(memory < 100.0 || (independent / departures).sqrt() < 0.7, "memory {memory}");
        }
    }

    #[test]
    fn each_value_has_parts_of_its_own() {
        let both: Vec<Vec<f64>> = (series(256.0, 64, 1).into_iter().zip(series(1.0, 64, 2)))
            .map(|(slow, fast)| vec![slow[0], slow[1], fast[1]])
            .collect();
        let total = sums(&both, 3);
        let means = |s: &[f64]| vec![s[1] / s[0], s[2] / s[0]];
        let alone = |k: usize| leave_one_out_in_order(&both, &total, &move |s| vec![s[k] / s[0]])[0];
        assert_eq!(leave_one_out_in_order(&both, &total, &means), [alone(1), alone(2)]);
        let independent = leave_one_out(&both, &total, &means);
        assert!(alone(1).1.unwrap() > 1.5 * independent[0].1.unwrap());
        assert!(alone(2).1.unwrap() < 1.5 * independent[1].1.unwrap());
    }

    #[test]
    fn what_never_changes_has_no_error_and_what_one_part_alone_tells_has_none_to_state() {
        let parts: Vec<Vec<f64>> = (0..32).map(|i| vec![2.0, 6.0, f64::from(i == 3)]).collect();
        let of = |s: &[f64]| vec![s[1] / s[0], s[2] / s[2]];
        assert_eq!(leave_one_out_in_order(&parts, &sums(&parts, 3), &of), [(3.0, Some(0.0)), (1.0, None)]);
    }
}
