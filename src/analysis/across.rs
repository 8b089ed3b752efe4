//! Systems beside each other: does the field fluctuate more where the liquid conducts more?

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::statistics::correlation;

/// Permutations that a correlation is set beside.
const PERMUTATIONS: usize = 4000;

/// Concentrations that differ by less than this share are the same.
const SAME: f64 = 0.02;

/// What is compared of a system.
#[derive(Clone, Copy, Debug)]
pub struct SystemPoint {
    /// Ions per volume.
    pub density: f64,
    /// Mean over ions and time.
    pub mean: f64,
    /// Standard deviation over the ions at one instant, the mean over time.
    pub fluctuation: f64,
}

/// Correlation of fluctuation with mean conductivity over systems.
#[derive(Clone, Debug, Serialize)]
pub struct AcrossSummary {
    /// Over all systems.
    pub all: Relation,
    /// At one concentration each, with the mean ions per volume; those with fewer than three systems are left out.
    pub by_density: Vec<(f64, Relation)>,
}

/// How two quantities go together over systems.
#[derive(Clone, Debug, Serialize)]
pub struct Relation {
    pub n_systems: usize,
    /// Of the standard deviation over ions with the mean.
    pub absolute: Strength,
    /// Of the standard deviation over the mean with the mean.
    pub relative: Strength,
}

/// One correlation.
#[derive(Clone, Debug, Serialize)]
pub struct Strength {
    /// Pearson's, with its error from leaving out one system in turn (none for fewer than four).
    pub pearson: (f64, Option<f64>),
    /// Spearman's: Pearson's of the ranks.
    pub spearman: f64,
    /// Share of random orders of the systems in which Pearson's is as far from zero: all orders, or 4,000 of them.
    pub chance: f64,
}

/// Correlations over systems; none for fewer than three. `seed` is for the random orders.
pub fn across(systems: &[SystemPoint], seed: u64) -> Option<AcrossSummary> {
    let all = relation(systems, seed)?;
    let mut sorted = systems.to_vec();
    sorted.sort_by(|a, b| a.density.total_cmp(&b.density));
    let by_density = sorted
        .chunk_by(|a, b| b.density <= a.density * (1.0 + SAME))
        .filter_map(|group| {
            let density = group.iter().map(|s| s.density).sum::<f64>() / group.len() as f64;
            Some((density, relation(group, seed)?))
        })
        .collect();
    Some(AcrossSummary { all, by_density })
}

fn relation(systems: &[SystemPoint], seed: u64) -> Option<Relation> {
    let mean: Vec<f64> = systems.iter().map(|s| s.mean).collect();
    let absolute: Vec<f64> = systems.iter().map(|s| s.fluctuation).collect();
    let relative: Vec<f64> = systems.iter().map(|s| s.fluctuation / s.mean).collect();
    (systems.len() >= 3).then(|| Relation {
        n_systems: systems.len(),
        absolute: strength(&absolute, &mean, seed),
        relative: strength(&relative, &mean, seed),
    })
}

fn strength(x: &[f64], y: &[f64], seed: u64) -> Strength {
    let found = correlation(x, y);
    let n = x.len();
    let without = |skip: usize| {
        let keep =
            |v: &[f64]| -> Vec<f64> { v.iter().enumerate().filter(|(i, _)| *i != skip).map(|(_, v)| *v).collect() };
        correlation(&keep(x), &keep(y))
    };
    let error = (n >= 4).then(|| {
        let each: Vec<f64> = (0..n).map(without).collect();
        let mean = each.iter().sum::<f64>() / n as f64;
        ((n - 1) as f64 / n as f64 * each.iter().map(|v| (v - mean).powi(2)).sum::<f64>()).sqrt()
    });
    // The order as it is counts as one of those at random.
    let as_far = |v: f64| v.abs() >= found.abs() - 1e-12;
    let chance = if n <= 6 {
        let mut order: Vec<usize> = (0..n).collect();
        let (mut far, mut all) = (0usize, 0usize);
        permutations(&mut order, 0, &mut |order| {
            let shuffled: Vec<f64> = order.iter().map(|&i| x[i]).collect();
            all += 1;
            far += usize::from(as_far(correlation(&shuffled, y)));
        });
        far as f64 / all as f64
    } else {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut shuffled = x.to_vec();
        let far = (0..PERMUTATIONS)
            .filter(|_| {
                shuffled.shuffle(&mut random);
                as_far(correlation(&shuffled, y))
            })
            .count();
        (far + 1) as f64 / (PERMUTATIONS + 1) as f64
    };
    Strength { pearson: (found, error), spearman: correlation(&ranks(x), &ranks(y)), chance }
}

/// Calls `visit` with every order of the items from `first` on.
fn permutations(order: &mut [usize], first: usize, visit: &mut dyn FnMut(&[usize])) {
    if first + 1 >= order.len() {
        return visit(order);
    }
    for i in first..order.len() {
        order.swap(first, i);
        permutations(order, first + 1, visit);
        order.swap(first, i);
    }
}

/// Ranks, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |v: f64| {
        let (less, equal) = values.iter().fold((0.0, 0.0), |(less, equal), other| {
            (less + f64::from(u8::from(*other < v)), equal + f64::from(u8::from(*other == v)))
        });
        less + 0.5 * (equal - 1.0)
    };
    values.iter().map(|v| rank(*v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(density: f64, mean: f64, fluctuation: f64) -> SystemPoint {
        SystemPoint { density, mean, fluctuation }
    }

    #[test]
    fn systems_of_one_concentration_are_told_apart_from_all() {
        // Within each concentration more fluctuation goes with more conduction; over all it does not.
        let mut systems = vec![];
        for (density, offset) in [(0.1, 0.0), (0.2, 5.0)] {
            for i in 0..5 {
                let x = f64::from(i);
                systems.push(point(density * (1.0 + 0.001 * x), 10.0 - offset + x, 1.0 + offset + 0.1 * x * x));
            }
        }
        let found = across(&systems, 1).unwrap();
        assert!(found.all.absolute.pearson.0 < -0.5 && found.all.absolute.chance < 0.05);
        assert_eq!(found.by_density.len(), 2);
        let (density, relation) = &found.by_density[0];
        assert!((density - 0.1002).abs() < 1e-9 && relation.n_systems == 5);
        assert!(relation.absolute.pearson.0 > 0.95 && relation.absolute.spearman == 1.0);
        // Of 120 orders this one and its reverse.
        assert!((relation.absolute.chance - 2.0 / 120.0).abs() < 1e-12, "{}", relation.absolute.chance);
    }

    #[test]
    fn chance_is_even_for_what_goes_together_by_chance() {
        use rand::Rng;
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let below: usize = (0..300)
            .filter(|_| {
                let systems: Vec<SystemPoint> =
                    (0..9).map(|_| point(1.0, 1.0 + random.random::<f64>(), random.random())).collect();
                across(&systems, 3).unwrap().all.absolute.chance < 0.2
            })
            .count();
        assert!((42..=78).contains(&below), "{below} of 300, 60 expected");
    }

    #[test]
    fn two_systems_have_no_correlation() {
        assert!(across(&[point(0.1, 1.0, 1.0), point(0.1, 2.0, 1.5)], 0).is_none());
        assert_eq!(ranks(&[3.0, 1.0, 3.0]), [1.5, 0.0, 1.5]);
    }
}
