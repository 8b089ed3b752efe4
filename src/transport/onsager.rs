//! Onsager coefficients of all pairs of species, and what follows from them and the ions' own diffusion.

use std::ops::RangeInclusive;

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::estimators::Estimate;
use super::msd::MsdTable;
use super::resampling::{Jackknife, Replicates};
use super::self_diffusion::{CHOICE, SelfDiffusion, line_weights, row};

/// Lags that the lines are fitted to: 1 to this many times the spacing.
const LAGS: usize = 8;

/// Length of the stretches of time that are left out for the errors, in units of the spacing. The slope of a line through
/// the lags is all but one through the first two, and hardly correlated over more than two spacings.
const STRETCH: usize = 3;

/// Stretches of time at least.
const FEWEST_STRETCHES: usize = 8;

/// The matrix `K_ab = lim 1/6 d/dt <M_a(t).M_b(t)>`, with `M_a` the summed displacements of the ions of species `a`, and
/// the self parts `N_a D_a`, all with one covariance of their errors.
///
/// `L_ab = K_ab / (V kB T)` are the Onsager coefficients, and `sigma = sum_ab z_a z_b L_ab`: K. D. Fong, H. K. Bergstrom,
/// B. D. McCloskey and K. K. Mandadapu, AIChE J. 66, e17091 (2020).
#[derive(Clone, Debug)]
pub struct Onsager {
    n_ions: Vec<usize>,
    /// Whether the `K_ab` are there, and the `N_a D_a`.
    collective: bool,
    own: bool,
    /// `K_ab` for `a <= b`, row by row, then `N_a D_a`; length squared over time.
    values: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Onsager {
    /// Coefficients of species of `n_ions` ions with these summed displacements, `[species][frame]`.
    ///
    /// `K_ab` is the slope of a line through the mean products of displacements over 1 to 8 times `spacing` frames; absent
    /// without a spacing, or where the run is shorter than 24 of them. All pairs are fitted by the same weights (those
    /// of the covariance of Brownian lags), so that sums over the matrix are those of the summed displacements. The self
    /// parts are those of `diffusion`, with the weights of its fits; absent if that is empty. Errors of all are from one
    /// resampling, in which the same stretches of time are left out of all: at least three spacings, and as long as those of each
    /// species' self-diffusion. In quadrature, and common to all, they have a third of what doubling the spacing
    /// changes, as self-diffusion has it for the choice of lags.
    pub fn new(
        displacement: &[Vec<[f64; 3]>],
        msd: &[MsdTable],
        diffusion: &[SelfDiffusion],
        dt: f64,
        spacing: Option<usize>,
    ) -> Self {
        let n = displacement.len();
        let n_frames = displacement.first().map_or(0, Vec::len);
        let longest = n_frames / (FEWEST_STRETCHES * STRETCH);
        let spacing = spacing.filter(|&spacing| spacing <= longest);
        let stretch = diffusion.iter().map(|d| d.stretch).max().unwrap_or(0);
        let stretch = stretch.max(STRETCH * spacing.unwrap_or(0));
        let pairs: Vec<(usize, usize)> = (0..n).flat_map(|a| (a..n).map(move |b| (a, b))).collect();
        let matrix: Option<Vec<Replicates>> = spacing.and_then(|spacing| {
            let fit = |&(a, b): &(usize, usize), spacing: usize| {
                let lags: Vec<usize> = (1..=LAGS).map(|i| i * spacing).collect();
                let products = msd[0].products(&displacement[a], &displacement[b], &lags);
                slope(&products, 0..=LAGS - 1, stretch, dt)
            };
            let with_choice = |pair| {
                let chosen = fit(pair, spacing)?;
                let doubled = fit(pair, (2 * spacing).min(longest))?;
                let choice = CHOICE * (doubled.value - chosen.value);
                Some(chosen.with_choice(choice))
            };
            pairs.par_iter().map(with_choice).collect()
        });
        let own: Option<Vec<Replicates>> = diffusion
            .iter()
            .zip(msd)
            .map(|(diffusion, table)| {
                let lags = diffusion.fitted.0..=diffusion.fitted.1;
                let slope = slope(table, lags, stretch, dt);
                slope.map(|s| s.with_choice(diffusion.choice).scaled(table.n_particles as f64))
            })
            .collect();
        let own = own.filter(|own| !own.is_empty());
        let (collective, has_own) = (matrix.is_some(), own.is_some());
        let all: Vec<Replicates> = matrix.into_iter().flatten().chain(own.into_iter().flatten()).collect();
        Self {
            n_ions: msd.iter().map(|table| table.n_particles).collect(),
            collective,
            own: has_own,
            values: DVector::from_iterator(all.len(), all.iter().map(|r| r.value)),
            covariance: DMatrix::from_fn(all.len(), all.len(), |i, j| all[i].covariance(&all[j])),
        }
    }

    /// Place of `K_ab` among the values.
    fn pair(&self, a: usize, b: usize) -> Option<usize> {
        let (a, b) = (a.min(b), a.max(b));
        self.collective.then_some(a * self.n_ions.len() - a * (a + 1) / 2 + b)
    }

    /// Place of `N_a D_a`.
    fn own_place(&self, a: usize) -> Option<usize> {
        self.own.then(|| self.values.len() - self.n_ions.len() + a)
    }

    /// A weighted sum of values, as the weights.
    fn sum(&self, terms: impl IntoIterator<Item = (usize, f64)>) -> DVector<f64> {
        let mut weights = DVector::zeros(self.values.len());
        for (place, weight) in terms {
            weights[place] += weight;
        }
        weights
    }

    fn covariance_of(&self, a: &DVector<f64>, b: &DVector<f64>) -> f64 {
        a.dot(&(&self.covariance * b))
    }

    fn estimate(&self, weights: &DVector<f64>) -> Estimate {
        Estimate::of_variance(weights.dot(&self.values), self.covariance_of(weights, weights))
    }

    /// `K_ab`; none where the run is too short for the matrix.
    pub fn coefficient(&self, a: usize, b: usize) -> Option<Estimate> {
        Some(self.estimate(&self.sum([(self.pair(a, b)?, 1.0)])))
    }

    /// The part of a diagonal coefficient from each ion with itself, `N_a D_a`; of a single ion all of the coefficient, which
    /// [`Self::self_diffusion`], fitted at other lags, meets within its error.
    pub fn own(&self, a: usize) -> Option<Estimate> {
        let own = self.own_place(a);
        let place = if self.n_ions[a] == 1 { self.pair(a, a).or(own) } else { own };
        Some(self.estimate(&self.sum([(place?, 1.0)])))
    }

    /// The self-diffusion coefficient of a species.
    pub fn self_diffusion(&self, a: usize) -> Option<Estimate> {
        Some(self.estimate(&self.sum([(self.own_place(a)?, 1.0 / self.n_ions[a] as f64)])))
    }

    /// The part of a diagonal coefficient from the correlation of different ions, `K_aa - N_a D_a`.
    pub fn distinct(&self, a: usize) -> Option<Estimate> {
        let (total, own) = (self.pair(a, a)?, self.own_place(a)?);
        if self.n_ions[a] == 1 {
            return Some(Estimate { value: 0.0, error: 0.0 });
        }
        Some(self.estimate(&self.sum([(total, 1.0), (own, -1.0)])))
    }

    /// Weights of `sum_b z_a z_b K_ab`.
    fn share(&self, a: usize, charges: &[f64]) -> Option<DVector<f64>> {
        let term = |b: usize| Some((self.pair(a, b)?, charges[a] * charges[b]));
        Some(self.sum((0..charges.len()).map(term).collect::<Option<Vec<_>>>()?))
    }

    fn charge_weights(&self, charges: &[f64]) -> Option<DVector<f64>> {
        // A sum of what begins with nothing is a panic of nalgebra's.
        let shares = (0..charges.len()).map(|a| self.share(a, charges)).collect::<Option<Vec<_>>>()?;
        shares.into_iter().reduce(|a, b| a + b)
    }

    fn nernst_einstein_weights(&self, charges: &[f64]) -> Option<DVector<f64>> {
        let term = |a: usize| Some((self.own_place(a)?, charges[a] * charges[a]));
        Some(self.sum((0..charges.len()).map(term).collect::<Option<Vec<_>>>()?))
    }

    /// The coefficient of the charge displacement, `sum_ab z_a z_b K_ab`.
    pub fn charge(&self, charges: &[f64]) -> Option<Estimate> {
        Some(self.estimate(&self.charge_weights(charges)?))
    }

    /// The same of ions that move independently, `sum_a z_a^2 N_a D_a`.
    pub fn nernst_einstein(&self, charges: &[f64]) -> Option<Estimate> {
        Some(self.estimate(&self.nernst_einstein_weights(charges)?))
    }

    /// The share of the current that a species carries, `t_a = sum_b z_a z_b K_ab / sum_ab z_a z_b K_ab`.
    pub fn transference(&self, a: usize, charges: &[f64]) -> Option<Estimate> {
        let (part, total) = (self.share(a, charges)?, self.charge_weights(charges)?);
        let sum = total.dot(&self.values);
        let value = part.dot(&self.values) / sum;
        let gradient = (part - total * value) / sum;
        Some(Estimate { value, error: self.estimate(&gradient).error })
    }

    /// Nernst-Einstein value over an estimate of the charge's coefficient, which need not be that of this matrix.
    ///
    /// Its correlation with the Nernst-Einstein value is taken to be that of the matrix's own coefficient.
    pub fn haven_ratio(&self, charges: &[f64], best: Estimate) -> Option<Estimate> {
        let independent = self.nernst_einstein_weights(charges)?;
        let ideal = self.estimate(&independent);
        let correlation = self.charge_weights(charges).map_or(0.0, |total| {
            self.covariance_of(&independent, &total) / (ideal.error * self.estimate(&total).error)
        });
        let (a, b) = (ideal.relative_error(), best.relative_error());
        let square = a * a + b * b - 2.0 * correlation * a * b;
        let value = ideal.value / best.value;
        Some(Estimate::of_variance(value, value * value * square))
    }
}

/// Of the line through a table's values at these lags, over six and per time.
fn slope(table: &MsdTable, lags: RangeInclusive<usize>, stretch: usize, dt: f64) -> Option<Replicates> {
    let frames: Vec<f64> = table.lags[lags.clone()].iter().map(|&lag| lag as f64).collect();
    let weights = line_weights(&frames)? / (6.0 * dt);
    Some(Jackknife::new(table, stretch).replicates(|means| row(&weights, 1, &means[lags.clone()])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::normal;
    use crate::transport::estimators::{EinsteinOptions, einstein_helfand};
    use crate::transport::msd::MultipleTau;
    use crate::transport::self_diffusion::self_diffusion;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Share of the motion that all ions of a species have in common.
    const COMMON: f64 = 0.3;

    const CHARGES: [f64; 2] = [1.0, -1.0];

    /// Two species whose common motions have the correlation `c`, and whose velocities, of variance 1, keep the share
    /// `memory` from frame to frame.
    #[derive(Clone, Copy)]
    struct Planted {
        n: [usize; 2],
        c: f64,
        memory: f64,
    }

    impl Planted {
        fn run(&self, n_frames: usize, seed: u64) -> (Vec<Vec<[f64; 3]>>, Vec<MsdTable>) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let mut normal = || normal(&mut random);
            let mut positions = self.n.map(|n| vec![[0.0; 3]; n]);
            let mut velocities = positions.clone();
            let mut correlators = self.n.map(MultipleTau::new);
            let mut sums = vec![vec![]; 2];
            for frame in 0..n_frames {
                let (keep, kick) =
                    if frame == 0 { (0.0, 1.0) } else { (self.memory, (1.0 - self.memory.powi(2)).sqrt()) };
                for k in 0..3 {
                    let (x, y) = (normal(), normal());
                    let common = [x, self.c * x + (1.0 - self.c * self.c).sqrt() * y];
                    for (velocities, common) in velocities.iter_mut().zip(common) {
                        for v in velocities {
                            let fresh = COMMON.sqrt() * common + (1.0 - COMMON).sqrt() * normal();
                            v[k] = keep * v[k] + kick * fresh;
                        }
                    }
                }
                for a in 0..2 {
                    correlators[a].push(&positions[a]);
                    sums[a].push(std::array::from_fn(|k| positions[a].iter().map(|x| x[k]).sum()));
                    for (x, v) in positions[a].iter_mut().flatten().zip(velocities[a].iter().flatten()) {
                        *x += v;
                    }
                }
            }
            (sums, correlators.iter().map(MultipleTau::table).collect())
        }

        fn analyse(&self, n_frames: usize, seed: u64) -> (Onsager, Estimate) {
            let (sums, msd) = self.run(n_frames, seed);
            let charge: Vec<[f64; 3]> =
                (0..n_frames).map(|t| std::array::from_fn(|k| sums[0][t][k] - sums[1][t][k])).collect();
            let einstein = einstein_helfand(&charge, 1.0, &EinsteinOptions::default()).unwrap();
            let diffusion: Vec<_> = msd.iter().map(|table| self_diffusion(table, 1.0).unwrap()).collect();
            let spacing = einstein.fit_from.round() as usize;
            (Onsager::new(&sums, &msd, &diffusion, 1.0, Some(spacing)), einstein.estimate)
        }

        /// Names, estimates and truths of one run.
        fn quantities(&self, n_frames: usize, seed: u64) -> Vec<(&'static str, Estimate, f64)> {
            let d = 0.5 * (1.0 + self.memory) / (1.0 - self.memory);
            let n = self.n.map(|n| n as f64);
            let own_species = |a: usize| d * (n[a] + COMMON * n[a] * (n[a] - 1.0));
            let cross = d * COMMON * self.c * n[0] * n[1];
            let charge = own_species(0) + own_species(1) - 2.0 * cross;
            let ideal = d * (n[0] + n[1]);
            let (onsager, einstein) = self.analyse(n_frames, seed);
            let mut all = vec![
                ("D+", onsager.self_diffusion(0).unwrap(), d),
                ("K++", onsager.coefficient(0, 0).unwrap(), own_species(0)),
                ("K+-", onsager.coefficient(1, 0).unwrap(), cross),
                ("charge", onsager.charge(&CHARGES).unwrap(), charge),
                ("Nernst-Einstein", onsager.nernst_einstein(&CHARGES).unwrap(), ideal),
                ("Haven ratio", onsager.haven_ratio(&CHARGES, einstein).unwrap(), ideal / charge),
                ("t+", onsager.transference(0, &CHARGES).unwrap(), (own_species(0) - cross) / charge),
            ];
            if self.n[0] > 1 {
                all.push(("distinct ++", onsager.distinct(0).unwrap(), own_species(0) - n[0] * d));
            }
            all
        }
    }

    #[test]
    fn planted_coefficients_are_found_within_their_errors() {
        for (n, memory, lengths) in
            [([1, 1], 0.0, [300, 1000, 3000]), ([8, 5], 0.0, [300, 1000, 3000]), ([5, 5], 0.6, [800, 1500, 3000])]
        {
            for c in [0.7, -0.7] {
                let planted = Planted { n, c, memory };
                let jobs: Vec<(usize, u64)> =
                    lengths.iter().flat_map(|&length| (0..300).map(move |run| (length, 80_000 + run))).collect();
                let runs: Vec<_> = jobs.par_iter().map(|&(length, seed)| planted.quantities(length, seed)).collect();
                for quantity in 0..runs[0].len() {
                    let name = runs[0][quantity].0;
                    let inside = |run: &&Vec<(&str, Estimate, f64)>| {
                        let (_, estimate, truth) = run[quantity];
                        (estimate.value - truth).abs() <= estimate.error
                    };
                    let share = runs.iter().filter(inside).count() as f64 / runs.len() as f64;
                    eprintln!("{n:?} ions, memory {memory}, c {c}, {name}: {:.1} percent", 100.0 * share);
                    assert!((0.60..=0.76).contains(&share), "{n:?} ions, memory {memory}, c {c}, {name}: {share}");
                }
            }
        }
    }

    #[test]
    fn one_ion_of_each_kind_has_no_distinct_part_and_no_own_error_in_it() {
        let (onsager, _) = Planted { n: [1, 1], c: 0.0, memory: 0.0 }.analyse(500, 1);
        assert_eq!(onsager.distinct(0), Some(Estimate { value: 0.0, error: 0.0 }));
        assert_eq!(onsager.own(0), onsager.coefficient(0, 0));
    }

    #[test]
    fn a_shared_resampling_knows_that_self_and_total_move_together() {
        // Of a single cation, the total is the self part but for the lags of the fit.
        let (onsager, einstein) = Planted { n: [1, 1], c: -0.7, memory: 0.0 }.analyse(3000, 3);
        let haven = onsager.haven_ratio(&CHARGES, einstein).unwrap();
        let apart = onsager.nernst_einstein(&CHARGES).unwrap().relative_error().hypot(einstein.relative_error());
        assert!(haven.relative_error() < 0.9 * apart, "{haven:?}, {apart} as if independent");
    }

    #[test]
    fn transference_numbers_sum_to_one_and_may_be_negative() {
        let (onsager, _) = Planted { n: [2, 20], c: 0.95, memory: 0.0 }.analyse(5000, 4);
        let t = [0, 1].map(|a| onsager.transference(a, &CHARGES).unwrap());
        assert!(t[0].value < -3.0 * t[0].error, "{t:?}");
        assert!((t[0].value + t[1].value - 1.0).abs() < 1e-12);
        assert!((t[0].error / t[1].error - 1.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_spacing_that_fits_there_are_self_parts_alone() {
        let (sums, msd) = Planted { n: [3, 3], c: 0.0, memory: 0.0 }.run(480, 5);
        let diffusion: Vec<_> = msd.iter().map(|table| self_diffusion(table, 1.0).unwrap()).collect();
        let onsager = Onsager::new(&sums, &msd, &diffusion, 1.0, Some(21));
        assert!(onsager.coefficient(0, 1).is_none() && onsager.transference(0, &CHARGES).is_none());
        assert!(onsager.nernst_einstein(&CHARGES).is_some() && onsager.distinct(0).is_none());
        assert!(onsager.charge(&CHARGES).is_none());
        let haven = onsager.haven_ratio(&CHARGES, Estimate { value: 1.0, error: 0.1 }).unwrap();
        assert!(haven.value > 0.0 && haven.error > 0.0, "{haven:?}");
        assert!(Onsager::new(&sums, &msd, &[], 1.0, Some(20)).coefficient(0, 1).is_some());
    }
}
