//! Whether one normal population of ions, one with long tails or two describe the distribution best.

use serde::Serialize;

use super::Histogram;
use super::densities::{Density, Normal, SinhArcsinh, TwoNormals};
use super::fits::Binned;

/// Evidence below this decides nothing (R. E. Kass and A. E. Raftery, J. Am. Stat. Assoc. 90, 773 (1995)).
const DECISIVE: f64 = 10.0;

/// One normal distribution, one with long tails and a mixture of two normal ones, by Schwarz's criterion.
///
/// In at least 18 of 20 samples each, 500 independent values were enough for populations 5 deviations apart, 1,000 for 3
/// deviations and for a skewness of -1.3, 2,000 for one of -0.6 or an exponential decay on both sides, 20,000 for a normal
/// distribution; the others were undecided, none taken for another. Populations 2 deviations apart make one maximum and take
/// 20,000. A power law on both sides was taken for two populations with one maximum in up to 8 of 20.
#[derive(Clone, Debug, Serialize)]
pub struct Populations {
    pub normal: Candidate<Normal>,
    pub long_tailed: Candidate<SinhArcsinh>,
    pub two: Candidate<TwoNormals>,
    /// How many independent values the criterion takes the ions of all frames for.
    pub independent_values: f64,
    /// Criterion of the second best less that of the best.
    pub evidence: f64,
    /// The best, if evidence for it is above 10.
    pub verdict: Verdict,
}

/// A density of greatest likelihood.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Candidate<D> {
    #[serde(flatten)]
    pub density: D,
    /// `k ln n - 2 n <ln density>` with `k` parameters and `n` independent values: the lower, the better (G. Schwarz,
    /// Ann. Stat. 6, 461 (1978)).
    pub criterion: f64,
    /// Its share more than two standard deviations of all values below their mean.
    pub low_tail: f64,
}

/// What describes a distribution best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A normal distribution.
    Normal,
    /// One population, skewed or with longer tails than a normal one has.
    LongTailed,
    /// Two normal populations.
    Two,
    /// No one is much better than the others.
    Undecided,
}

impl Verdict {
    /// For tables and pages.
    pub fn words(self) -> &'static str {
        match self {
            Self::Normal => "a normal distribution describes it best",
            Self::LongTailed => "one population with long tails describes it best",
            Self::Two => "two populations describe it best",
            Self::Undecided => "normal, long-tailed or of two populations: undecided",
        }
    }
}

impl Populations {
    /// Of all values, worth `independent` independent ones; none where values do not differ.
    pub fn of(all: &Histogram, independent: f64) -> Option<Self> {
        let binned = Binned::of(all)?;
        let n = independent.max(1.0);
        let bound = all.mean() - 2.0 * all.standard_deviation();
        let normal = candidate(&binned, binned.normal(), n, bound);
        let long_tailed = candidate(&binned, binned.sinh_arcsinh()?, n, bound);
        let two = candidate(&binned, binned.two_normals()?, n, bound);
        let mut ranks = [
            (normal.criterion, Verdict::Normal),
            (long_tailed.criterion, Verdict::LongTailed),
            (two.criterion, Verdict::Two),
        ];
        ranks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let evidence = ranks[1].0 - ranks[0].0;
        let verdict = if evidence > DECISIVE { ranks[0].1 } else { Verdict::Undecided };
        Some(Self { normal, long_tailed, two, independent_values: independent, evidence, verdict })
    }

    /// Share in the low tail of what describes the distribution best; none where that is undecided.
    pub fn low_tail(&self) -> Option<f64> {
        match self.verdict {
            Verdict::Normal => Some(self.normal.low_tail),
            Verdict::LongTailed => Some(self.long_tailed.low_tail),
            Verdict::Two => Some(self.two.low_tail),
            Verdict::Undecided => None,
        }
    }
}

fn candidate<D: Density>(binned: &Binned, density: D, n: f64, bound: f64) -> Candidate<D> {
    let criterion = D::PARAMETERS as f64 * n.ln() - 2.0 * n * binned.likelihood(&density);
    Candidate { criterion, low_tail: density.below(bound), density }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rayon::prelude::*;

    /// Values made of a normal and an even random number.
    type Made = fn(f64, f64) -> f64;

    fn sample(n: usize, seed: u64, of: Made) -> Populations {
        Populations::of(&histogram(n, seed, of), n as f64).unwrap()
    }

    fn histogram(n: usize, seed: u64, of: Made) -> Histogram {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut all = Histogram::default();
        for _ in 0..n {
            all.add(of(normal(&mut random), random.random())).unwrap();
        }
        all
    }

    #[test]
    fn twenty_samples_of_each_kind_are_told_apart() {
        let normal: Made = |z, _| 1.0 + 0.2 * z;
        // Skewness of -0.6 and of -1.3.
        let weak_tail: Made = |z, _| -(0.2 * z).exp();
        let long_tail: Made = |z, _| -(0.4 * z).exp();
        // As many low as high far values.
        let both_tails: Made = |z, u| z * (-2.0 * u.ln()).sqrt();
        let mixture_5: Made = |z, u| if u < 0.3 { z - 5.0 } else { z };
        let mixture_3: Made = |z, u| if u < 0.3 { z - 3.0 } else { z };
        for (n, of, kind, at_least) in [
            (2000, normal, Verdict::Normal, 14),
            (20_000, normal, Verdict::Normal, 19),
            (2000, weak_tail, Verdict::LongTailed, 16),
            (1000, long_tail, Verdict::LongTailed, 19),
            (2000, both_tails, Verdict::LongTailed, 18),
            (500, mixture_5, Verdict::Two, 19),
            (1000, mixture_3, Verdict::Two, 18),
        ] {
            let found: Vec<Verdict> = (0..20).into_par_iter().map(|seed| sample(n, seed, of).verdict).collect();
            let right = found.iter().filter(|verdict| **verdict == kind).count();
            let open = found.iter().filter(|verdict| **verdict == Verdict::Undecided).count();
            assert!(right >= at_least && right + open == 20, "{n} {kind:?}: {found:?}");
        }
    }

    #[test]
    fn fits_have_the_parameters_and_the_low_tail_of_what_was_drawn() {
        let found = sample(20_000, 1, |z, u| if u < 0.3 { 0.5 + 0.1 * z } else { 1.0 + 0.1 * z }).two;
        let [low, high] = found.density.populations;
        for (value, exact) in [
            (low.share, 0.3),
            (low.normal.mean, 0.5),
            (low.normal.standard_deviation, 0.1),
            (high.share, 0.7),
            (high.normal.mean, 1.0),
            (high.normal.standard_deviation, 0.1),
        ] {
            assert!((value - exact).abs() < 0.01, "{value} {exact}");
        }
        assert_eq!(found.density.modes, 2);
        // Mean 0.85, variance 0.01 + 0.3 * 0.7 * 0.25.
        let bound = 0.85 - 2.0 * 0.0625f64.sqrt();
        let exact = 0.3 * Normal { mean: 0.5, standard_deviation: 0.1 }.below(bound);
        assert!((found.low_tail - exact).abs() < 0.002, "{} {exact}", found.low_tail);

        let found = sample(20_000, 1, |z, _| 2.0 + 0.5 * ((z.asinh() - 0.6) / 0.8).sinh()).long_tailed.density;
        for (value, exact) in [(found.location, 2.0), (found.scale, 0.5), (found.skew, -0.6), (found.tails, 0.8)] {
            assert!((value - exact).abs() < 0.05, "{value} {exact}");
        }
    }

    #[test]
    fn the_criterion_of_a_normal_distribution_is_that_of_its_closed_form() {
        let n = 20_000.0;
        let found = sample(n as usize, 3, |z, _| 0.3 * z).normal;
        let variance = found.density.standard_deviation.powi(2);
        let exact = 2.0 * f64::ln(n) + n * ((std::f64::consts::TAU * variance).ln() + 1.0);
        assert!((found.criterion - exact).abs() < 1.0, "{} {exact}", found.criterion);
    }

    #[test]
    fn few_independent_values_decide_nothing() {
        let all = histogram(2000, 1, |z, u| if u < 0.3 { z - 3.0 } else { z });
        assert_eq!(Populations::of(&all, 2000.0).unwrap().verdict, Verdict::Two);
        assert_eq!(Populations::of(&all, 50.0).unwrap().verdict, Verdict::Undecided);
        let mut equal = Histogram::default();
        (0..9).for_each(|_| equal.add(0.5).unwrap());
        assert!(Populations::of(&equal, 9.0).is_none());
    }
}
