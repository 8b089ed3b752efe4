//! Self-diffusion coefficients from mean squared displacements.

use nalgebra::{DMatrix, DVector, Matrix2};

use super::estimators::Estimate;
use super::msd::MsdTable;
use crate::{Error, Result};

/// Blocks of time that the error comes from, each twice as long as the longest lag in the fit.
const FEWEST_BLOCKS: usize = 8;

/// The longest lag of a fit is at most so many times the shortest.
const LAG_RANGE: usize = 4;

/// Lags in a fit at least.
const FEWEST_LAGS: usize = 3;

/// Fits at longer lags may differ by this many standard errors of the difference.
const AGREEMENT: f64 = 3.0;

/// A logarithmic slope this far from 1 that its error does not explain is no diffusion.
const EXPONENT_TOLERANCE: f64 = 0.1;

/// A diffusion coefficient and the curve that it was read from.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SelfDiffusion {
    /// `D`, in length squared over time.
    pub estimate: Estimate,
    /// Lag times of the curve.
    pub lags: Vec<f64>,
    /// Mean squared displacement at `lags`.
    pub msd: Vec<f64>,
    pub msd_error: Vec<f64>,
    /// Shortest and longest lag of the fit.
    pub fit_from: f64,
    pub fit_to: f64,
    /// Of the fitted line, `msd = intercept + 6 D t`.
    pub intercept: f64,
    /// `d ln MSD / d ln t` over the fitted lags.
    pub exponent: Estimate,
    /// Whether the motion is diffusive over the fitted lags.
    pub diffusive: bool,
    /// Blocks of time behind the errors.
    pub n_blocks: usize,
}

/// The self-diffusion coefficient `D` of `MSD(t) = intercept + 6 D t` at long times, `dt` being the time between frames.
///
/// The line is fitted by generalised least squares with the covariance that the lags of one Brownian path have
/// (J. T. Bullerjahn, S. von Buelow and G. Hummer, J. Chem. Phys. 153, 024116 (2020)); that the path is not quite one
/// costs precision, not correctness, for the error is not from that model but from leaving out one block of time after
/// another (jackknife), with blocks twice as long as the longest lag. The fit begins at the shortest lag from which on no
/// fit that begins later differs by more than three standard errors of the difference.
///
/// # Errors
/// Too few frames for a fit and blocks.
pub fn self_diffusion(table: &MsdTable, dt: f64) -> Result<SelfDiffusion> {
    let longest = table.n_frames / (2 * FEWEST_BLOCKS);
    let usable = table.lags.iter().take_while(|&&lag| lag <= longest).count();
    if usable < FEWEST_LAGS {
        return Err(Error::Input(format!(
            "{} frames are too few for a diffusion coefficient with an error; at least {} are needed",
            table.n_frames,
            2 * FEWEST_BLOCKS * FEWEST_LAGS
        )));
    }
    let fits: Vec<Fit> = (0..=usable - FEWEST_LAGS).filter_map(|first| Fit::new(table, first, usable)).collect();
    let contradiction = |i: usize| {
        let difference = |later: &Fit| fits[i].difference(later);
        fits[i + 1..].iter().map(difference).fold(0.0, f64::max)
    };
    let chosen = (0..fits.len()).find(|&i| contradiction(i) <= AGREEMENT);
    let Some(fit) = chosen.map(|i| &fits[i]) else {
        return Err(Error::Input("no line can be fitted to the mean squared displacement; do the ions move?".into()));
    };
    Ok(fit.report(table, dt, usable))
}

/// A line over some lags, with the lines of the jackknife.
struct Fit {
    first: usize,
    last: usize,
    table: MsdTable,
    slope: f64,
    intercept: f64,
    slopes: Vec<f64>,
}

impl Fit {
    fn new(table: &MsdTable, first: usize, usable: usize) -> Option<Self> {
        let reach = LAG_RANGE * table.lags[first];
        let last = (first + FEWEST_LAGS - 1).max((first..usable).rev().find(|&i| table.lags[i] <= reach)?);
        let lags: Vec<f64> = table.lags[first..=last].iter().map(|&lag| lag as f64).collect();
        let blocks = table.with_blocks_of(2 * table.lags[last]);
        let weights = line_weights(&lags)?;
        let line = |left_out| {
            let msd = DVector::from_column_slice(&blocks.mean_without(left_out)[first..=last]);
            let line = &weights * msd;
            (line[0], line[1])
        };
        let (intercept, slope) = line(None);
        let slopes: Vec<f64> = (0..blocks.sums.len()).map(|b| line(Some(b)).1).collect();
        let finite = slope.is_finite() && slopes.iter().all(|s| s.is_finite());
        finite.then_some(Self { first, last, table: blocks, slope, intercept, slopes })
    }

    /// How many standard errors of the difference another fit differs by.
    fn difference(&self, other: &Self) -> f64 {
        // The longer blocks of the later fit serve both.
        let blocks = &other.table;
        let lags: Vec<f64> = blocks.lags[self.first..=self.last].iter().map(|&lag| lag as f64).collect();
        let Some(weights) = line_weights(&lags) else { return 0.0 };
        let slope = |left_out| {
            let msd = DVector::from_column_slice(&blocks.mean_without(left_out)[self.first..=self.last]);
            (&weights * msd)[1]
        };
        let differences: Vec<f64> = other.slopes.iter().enumerate().map(|(b, later)| later - slope(Some(b))).collect();
        (other.slope - self.slope).abs() / jackknife(&differences)
    }

    fn report(&self, table: &MsdTable, dt: f64, usable: usize) -> SelfDiffusion {
        let blocks = &self.table;
        let all = blocks.mean_without(None);
        let without: Vec<Vec<f64>> = (0..blocks.sums.len()).map(|b| blocks.mean_without(Some(b))).collect();
        let error_of = |value: &dyn Fn(&[f64]) -> f64| jackknife(&without.iter().map(|m| value(m)).collect::<Vec<_>>());
        let logarithmic = |msd: &[f64]| {
            let x = |i: usize| (table.lags[i] as f64).ln();
            let n = (self.last - self.first + 1) as f64;
            let mean_x = (self.first..=self.last).map(x).sum::<f64>() / n;
            let mean_y = (self.first..=self.last).map(|i| msd[i].ln()).sum::<f64>() / n;
            let xy: f64 = (self.first..=self.last).map(|i| (x(i) - mean_x) * (msd[i].ln() - mean_y)).sum();
            xy / (self.first..=self.last).map(|i| (x(i) - mean_x).powi(2)).sum::<f64>()
        };
        let exponent = Estimate { value: logarithmic(&all), error: error_of(&logarithmic) };
        let per_frame = 1.0 / (6.0 * dt);
        let estimate = Estimate { value: self.slope * per_frame, error: jackknife(&self.slopes) * per_frame };
        let astray = (exponent.value - 1.0).abs();
        // A line with an offset, as inertia or a cage leaves one, is diffusion if the offset is small against the line.
        let offset = self.intercept.abs() / (self.slope.abs() * table.lags[self.last] as f64);
        let diffusive = estimate.value > 3.0 * estimate.error
            && (astray <= EXPONENT_TOLERANCE.max(2.0 * exponent.error) || offset < EXPONENT_TOLERANCE);
        SelfDiffusion {
            estimate,
            lags: table.lags[..usable].iter().map(|&lag| lag as f64 * dt).collect(),
            msd: all[..usable].to_vec(),
            msd_error: (0..usable).map(|i| error_of(&|msd: &[f64]| msd[i])).collect(),
            fit_from: table.lags[self.first] as f64 * dt,
            fit_to: table.lags[self.last] as f64 * dt,
            intercept: self.intercept,
            exponent,
            diffusive,
            n_blocks: blocks.sums.len(),
        }
    }
}

/// Standard error from the values that are left when one block after another is left out.
fn jackknife(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() * (n - 1.0) / n).sqrt()
}

/// Sum over the distance of two origins of the squared overlap of displacements over `a` and `b` frames from them.
pub(super) fn squared_overlap(a: f64, b: f64) -> f64 {
    let (short, long) = (a.min(b), a.max(b));
    short * short * (long - short + 1.0) + (short - 1.0) * short * (2.0 * short - 1.0) / 3.0
}

/// The matrix that makes intercept and slope of the mean squared displacements at `lags` (in frames).
pub(super) fn line_weights(lags: &[f64]) -> Option<DMatrix<f64>> {
    let n = lags.len();
    let covariance = DMatrix::from_fn(n, n, |i, j| squared_overlap(lags[i], lags[j]));
    let inverse = covariance.cholesky()?.inverse();
    let design = DMatrix::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { lags[i] });
    let weighted = design.transpose() * inverse;
    let normal = &weighted * &design;
    let normal = Matrix2::new(normal[(0, 0)], normal[(0, 1)], normal[(1, 0)], normal[(1, 1)]).try_inverse()?;
    Some(DMatrix::from_fn(2, 2, |i, j| normal[(i, j)]) * weighted)
}

/// The part of a self-diffusion coefficient that a cubic periodic box of this volume takes away.
///
/// `2.837297 kT / (6 pi viscosity L)`: I.-C. Yeh and G. Hummer, J. Phys. Chem. B 108, 15873 (2004). All in one consistent
/// set of units.
pub fn yeh_hummer(thermal_energy: f64, viscosity: f64, volume: f64) -> f64 {
    2.837_297 * thermal_energy / (6.0 * std::f64::consts::PI * viscosity * volume.cbrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::msd::MultipleTau;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn normal(random: &mut ChaCha8Rng) -> f64 {
        let (u, v): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// `step` moves one coordinate of a particle; it has a memory of its own.
    fn walk(n: usize, n_frames: usize, seed: u64, step: impl Fn(&mut f64, &mut f64, &mut ChaCha8Rng)) -> MsdTable {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut correlator = MultipleTau::new(n);
        let mut positions = vec![[0.0; 3]; n];
        let mut memory = vec![[0.0; 3]; n];
        for _ in 0..n_frames {
            correlator.push(&positions);
            for (position, memory) in positions.iter_mut().flatten().zip(memory.iter_mut().flatten()) {
                step(position, memory, &mut random);
            }
        }
        correlator.table()
    }

    #[test]
    fn brownian_ions_have_their_coefficient_within_its_error() {
        let runs = 120;
        let (mut covered, mut exact, mut diffusive) = (0, 0.0, 0);
        for seed in 0..runs {
            let table = walk(4, 1200, seed, |x, _, random| *x += normal(random));
            let d = self_diffusion(&table, 0.5).unwrap();
            // Variance 1 a frame of half a time unit: D = 1.
            covered += i32::from((d.estimate.value - 1.0).abs() < d.estimate.error);
            exact += d.estimate.value / runs as f64;
            diffusive += i32::from(d.diffusive);
        }
        let share = f64::from(covered) / runs as f64;
        assert!((0.58..0.78).contains(&share), "covered {share}");
        assert!((exact - 1.0).abs() < 0.01, "mean {exact}");
        assert!(diffusive > 110, "diffusive in {diffusive}");
    }

    #[test]
    fn inertia_moves_the_fit_to_later_lags() {
        // Velocity with a memory of 20 frames: MSD = 6 D (t - tau (1 - exp(-t/tau))), D = tau in these units.
        let decay = (-1.0f64 / 20.0).exp();
        let table = walk(50, 20_000, 3, |x, v, random| {
            *v = decay * *v + (1.0 - decay * decay).sqrt() * normal(random);
            *x += *v;
        });
        let truth = 0.5 * (1.0 + decay) / (1.0 - decay);
        let d = self_diffusion(&table, 1.0).unwrap();
        assert!((d.estimate.value - truth).abs() < 3.0 * d.estimate.error, "{:?} for {truth}", d.estimate);
        assert!(d.estimate.error < 0.03 * truth && d.fit_from > 20.0 && d.diffusive, "{d:?}");
    }

    #[test]
    fn confined_and_ballistic_motion_are_no_diffusion() {
        let confined = walk(20, 4000, 5, |x, _, random| *x = 0.8 * *x + normal(random));
        assert!(!self_diffusion(&confined, 1.0).unwrap().diffusive);
        let ballistic = walk(20, 4000, 6, |x, v, random| {
            if *v == 0.0 {
                *v = normal(random);
            }
            *x += *v;
        });
        assert!(!self_diffusion(&ballistic, 1.0).unwrap().diffusive);
    }

    #[test]
    fn too_few_frames_are_refused() {
        let table = walk(2, 20, 1, |x, _, random| *x += normal(random));
        assert!(self_diffusion(&table, 1.0).unwrap_err().to_string().contains("20 frames are too few"));
    }

    #[test]
    fn the_box_correction_is_the_published_one() {
        // Water of 0.896 mPa s at 298 K in a box of 2 nm: 2.837297 kT / (6 pi eta L) = 3.4554e-10 m2/s.
        let correction = yeh_hummer(1.380_649e-23 * 298.0, 0.896e-3, 8e-27);
        assert!((correction / 3.4559e-10 - 1.0).abs() < 1e-3, "{correction:e}");
    }
}
