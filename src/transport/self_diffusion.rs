//! Self-diffusion coefficients from mean squared displacements.

use nalgebra::{DMatrix, Matrix2};

use super::estimators::Estimate;
use super::msd::MsdTable;
use super::resampling::{Jackknife, Replicates};
use crate::{Error, Result};

/// Least length of the stretches of time that are left out for the error, in units of the shortest lag of the fit. The slope of
/// the line is mostly that between its first lags, and hardly correlated over longer times, unless ions are fast at times.
const STRETCH: usize = 3;

/// Stretches of time at least.
const FEWEST_STRETCHES: usize = 8;

/// Longer stretches are taken where the variance is larger with them by so many of its standard errors.
const CLEARLY: f64 = 3.0;

/// The longest lag of a fit is at most so many times the shortest.
const LAG_RANGE: usize = 4;

/// Lags in a fit at least.
const FEWEST_LAGS: usize = 3;

/// Frames at least.
const FEWEST_FRAMES: usize = 48;

/// Fits at longer lags may differ by this many standard errors of the difference.
const AGREEMENT: f64 = 3.0;

/// The mean squared displacement at the longest lag may be below a line by so many standard errors, which that of free ions is in 1
/// or 2 of 100 runs.
const SAG: f64 = 2.5;

/// Lags that differ by less than this share are the same but for rounding.
const SAME_LAG: f64 = 1e-9;

/// The shortest lag of a fit in units of the time that the line's offset amounts to, `|intercept| / slope`.
const OFFSET_GUARD: f64 = 6.0;

/// What the choice of lags adds to the error, as a part of what the slope changes when they are doubled, or of an offset that no lag is
/// long beside over the shortest.
pub(super) const CHOICE: f64 = 1.0 / 3.0;

/// An offset above zero that is a smaller part of the line's rise than this does not speak against diffusion.
const LARGEST_OFFSET: f64 = 0.1;

/// A slope of fewer standard errors than this is none.
const SIGNIFICANT: f64 = 3.0;

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
    /// Frames that are left out at once for the error.
    #[serde(skip)]
    pub(super) stretch: usize,
    /// First and last of the fitted lags in the table.
    #[serde(skip)]
    pub(super) fitted: (usize, usize),
    /// Error from the choice of lags, with its sign; a part of the estimate's error.
    #[serde(skip)]
    pub(super) choice: f64,
}

impl SelfDiffusion {
    /// A sixth of the mean squared displacement's slope between the lags of the curve next to two times; none where there are not two.
    pub(super) fn slope_between(&self, from: f64, to: f64) -> Option<Estimate> {
        let first = self.lags.iter().position(|&lag| lag >= from * (1.0 - SAME_LAG))?;
        let last = self.lags.iter().rposition(|&lag| lag <= to * (1.0 + SAME_LAG)).filter(|last| *last > first)?;
        let six_times = 6.0 * (self.lags[last] - self.lags[first]);
        let value = (self.msd[last] - self.msd[first]) / six_times;
        Some(Estimate { value, error: self.msd_error[last].hypot(self.msd_error[first]) / six_times })
    }
}

#[cfg(test)]
impl SelfDiffusion {
    /// A curve of lags, mean squared displacements and their errors, with a coefficient.
    pub(super) fn of_curve(curve: impl Iterator<Item = (f64, f64, f64)>, value: f64, error: f64) -> Self {
        let (mut lags, mut msd, mut msd_error) = (vec![], vec![], vec![]);
        for (lag, squares, error) in curve {
            lags.push(lag);
            msd.push(squares);
            msd_error.push(error);
        }
        Self {
            estimate: Estimate { value, error },
            lags,
            msd,
            msd_error,
            fit_from: 1.0,
            fit_to: 2.0,
            intercept: 0.0,
            exponent: Estimate { value: 1.0, error: 0.01 },
            diffusive: true,
            n_blocks: 9,
            stretch: 1,
            fitted: (0, 1),
            choice: 0.0,
        }
    }
}

/// The self-diffusion coefficient `D` of `MSD(t) = intercept + 6 D t` at long times, `dt` being the time between frames.
///
/// The line is fitted by generalised least squares with the covariance that the lags of one Brownian path have
/// (J. T. Bullerjahn, S. von Buelow and G. Hummer, J. Chem. Phys. 153, 024116 (2020)); that the path is not quite one
/// costs precision, not correctness, for the error is not from that model but from leaving out one stretch of time after
/// another (jackknife), each three times as long as the shortest lag, or longer where that leaves a clearly larger error.
///
/// The fit begins at the shortest lag at which the offset, there and at shorter lags, is worth no more than a sixth of that lag,
/// no fit that begins later differs by more than three standard errors of the difference, and the curve's end lies no more than two
/// and a half below the line. Where there is none, the longest lags are fitted; the motion is then called diffusive only if
/// the offset is above zero and under a tenth of the line's rise, and if nothing but its offset speaks against the fit at half
/// these lags. The error also has, in quadrature, a third of what the slope changes when the fit begins at twice the lag, which stands
/// for the choice made, and where there was none to make a third of the offset over the shortest lag.
///
/// # Errors
/// Too few frames for a fit and its error.
pub fn self_diffusion(table: &MsdTable, dt: f64) -> Result<SelfDiffusion> {
    if table.n_frames < FEWEST_FRAMES {
        return Err(Error::Input(format!(
            "{} frames are too few for a diffusion coefficient with an error; at least {FEWEST_FRAMES} are needed",
            table.n_frames
        )));
    }
    let longest = table.n_frames / (STRETCH * FEWEST_STRETCHES);
    let starts = table.lags.iter().take_while(|&&lag| lag <= longest).count();
    let fits: Vec<Fit> = (0..starts).filter_map(|first| Fit::new(table, first)).collect();
    let far = fits.last().map_or(0, |last| last.last);
    let to_far = Jackknife::new(table, table.lags[far]);
    let contradicted = |i: usize| {
        let sags = fits[i].sag(table.lags[far] as f64, far, &to_far) > SAG;
        sags || fits[i + 1..].iter().any(|later| fits[i].difference(later) > AGREEMENT)
    };
    let guarded = fits.iter().scan(0.0, |offset: &mut f64, fit| {
        *offset = offset.max(fit.intercept.abs());
        Some(fit.slope.value > 0.0 && fit.start * fit.slope.value >= OFFSET_GUARD * *offset)
    });
    let chosen = guarded.enumerate().find(|&(i, guarded)| guarded && !contradicted(i));
    let Some(last) = fits.last() else {
        return Err(Error::Input("no line can be fitted to the mean squared displacement; do the ions move?".into()));
    };
    let fit = chosen.map_or(last, |(i, _)| &fits[i]);
    let from_half = |fit: &Fit| (fit.start - 0.5 * last.start).abs();
    let half = (0..fits.len()).min_by(|&a, &b| from_half(&fits[a]).total_cmp(&from_half(&fits[b])));
    // Where slopes still fall, the last one is no better than those before.
    let trust = match chosen {
        Some(_) => Trust::Full,
        None if half.is_some_and(|half| !contradicted(half)) => Trust::OffsetAside,
        None => Trust::None,
    };
    let distance = |later: &&Fit| (later.start - 2.0 * fit.start).abs();
    let doubled =
        fits.iter().filter(|later| later.first > fit.first).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let change = doubled.map_or(0.0, |doubled| doubled.slope.value - fit.slope.value);
    // Where no lag is long beside the offset, what it says of the slope before these lags it may also say of the one behind them.
    let offset = if chosen.is_some() { 0.0 } else { -fit.intercept / fit.start };
    let larger = if offset.abs() > change.abs() { offset } else { change };
    Ok(fit.report(table, dt, CHOICE * change.hypot(offset).copysign(larger), trust))
}

/// How far a fit is that of a straight part of the curve.
enum Trust {
    Full,
    /// But for its offset.
    OffsetAside,
    None,
}

/// A line over some lags, and what it is without one stretch of time or another.
struct Fit {
    first: usize,
    last: usize,
    /// The shortest lag, in frames.
    start: f64,
    weights: DMatrix<f64>,
    jackknife: Jackknife,
    intercept: f64,
    slope: Replicates,
}

impl Fit {
    fn new(table: &MsdTable, first: usize) -> Option<Self> {
        let reach = LAG_RANGE * table.lags[first];
        let last = table.lags.iter().rposition(|&lag| lag <= reach)?;
        let fitted = first..=last.max(first + FEWEST_LAGS - 1);
        let lags: Vec<f64> = table.lags.get(fitted.clone())?.iter().map(|&lag| lag as f64).collect();
        let weights = line_weights(&lags)?;
        let jackknife = Jackknife::new(table, STRETCH * table.lags[first]);
        let intercept = row(&weights, 0, &jackknife.means()[fitted.clone()]);
        let slope = jackknife.replicates(|means| row(&weights, 1, &means[fitted.clone()]));
        let finite = intercept.is_finite() && slope.value.is_finite() && slope.error().is_finite();
        finite.then(|| Self { first, last: *fitted.end(), start: lags[0], weights, jackknife, intercept, slope })
    }

    /// How many standard errors of the difference a fit at longer lags differs by.
    fn difference(&self, later: &Self) -> f64 {
        // The longer stretches of the later fit serve both.
        let slope = later.jackknife.replicates(|means| row(&self.weights, 1, &means[self.first..=self.last]));
        (later.slope.value - slope.value).abs() / later.slope.error_of_difference(&slope)
    }

    /// How many standard errors the mean squared displacement at a far lag is below the line.
    fn sag(&self, lag: f64, far: usize, jackknife: &Jackknife) -> f64 {
        let below = jackknife.replicates(|means| {
            let fitted = &means[self.first..=self.last];
            row(&self.weights, 0, fitted) + lag * row(&self.weights, 1, fitted) - means[far]
        });
        below.value / below.error()
    }

    /// The stretches by which the slope's error is largest: longer ones than the shortest only where the variance is larger with them by
    /// more than three of its standard errors, as where motion comes in bursts that outlast the shortest.
    fn stretches(&self, table: &MsdTable) -> (usize, Jackknife) {
        let variance = |jackknife: &Jackknife| {
            let slope = jackknife.replicates(|means| row(&self.weights, 1, &means[self.first..=self.last]));
            slope.covariance(&slope)
        };
        let mut length = STRETCH * table.lags[self.first];
        let mut chosen = (length, self.jackknife.clone());
        let shortest = variance(&chosen.1);
        let mut largest = shortest;
        loop {
            length *= 2;
            let jackknife = Jackknife::new(table, length);
            let n = jackknife.n_stretches();
            if n < FEWEST_STRETCHES {
                return chosen;
            }
            let variance = variance(&jackknife);
            if variance > largest && variance > shortest * (1.0 + CLEARLY * (2.0 / n as f64).sqrt()) {
                (chosen, largest) = ((length, jackknife), variance);
            }
        }
    }

    /// `choice` is the error of the slope from the choice of lags.
    fn report(&self, table: &MsdTable, dt: f64, choice: f64, trust: Trust) -> SelfDiffusion {
        let fitted = self.first..=self.last;
        let (stretch, jackknife) = self.stretches(table);
        let slope = jackknife.replicates(|means| row(&self.weights, 1, &means[fitted.clone()]));
        let logarithmic = |msd: &[f64]| {
            let x = |i: usize| (table.lags[i] as f64).ln();
            let n = (self.last - self.first + 1) as f64;
            let mean_x = fitted.clone().map(x).sum::<f64>() / n;
            let mean_y = fitted.clone().map(|i| msd[i].ln()).sum::<f64>() / n;
            let xy: f64 = fitted.clone().map(|i| (x(i) - mean_x) * (msd[i].ln() - mean_y)).sum();
            xy / fitted.clone().map(|i| (x(i) - mean_x).powi(2)).sum::<f64>()
        };
        let exponent = jackknife.replicates(logarithmic).estimate();
        let per_frame = 1.0 / (6.0 * dt);
        let choice = choice * per_frame;
        let error = (slope.error() * per_frame).hypot(choice);
        let estimate = Estimate { value: self.slope.value * per_frame, error };
        let shown = table.n_frames / (STRETCH * FEWEST_STRETCHES) * LAG_RANGE;
        let shown = table.lags.iter().take_while(|&&lag| lag <= shown).count().max(self.last + 1);
        // An offset above zero, as uncertain positions or a cage leave one, may be small against the line all the same.
        let offset = self.intercept / (self.slope.value * table.lags[self.last] as f64);
        let straight = match trust {
            Trust::Full => true,
            Trust::OffsetAside => (0.0..LARGEST_OFFSET).contains(&offset),
            Trust::None => false,
        };
        let diffusive = straight && estimate.value > SIGNIFICANT * estimate.error;
        SelfDiffusion {
            estimate,
            lags: table.lags[..shown].iter().map(|&lag| lag as f64 * dt).collect(),
            msd: jackknife.means()[..shown].to_vec(),
            msd_error: (0..shown).map(|i| jackknife.replicates(|msd| msd[i]).error()).collect(),
            fit_from: table.lags[self.first] as f64 * dt,
            fit_to: table.lags[self.last] as f64 * dt,
            intercept: self.intercept,
            exponent,
            diffusive,
            n_blocks: jackknife.n_stretches(),
            stretch,
            fitted: (self.first, self.last),
            choice,
        }
    }
}

/// One row of weights times values.
pub(super) fn row(weights: &DMatrix<f64>, row: usize, values: &[f64]) -> f64 {
    values.iter().enumerate().map(|(i, value)| weights[(row, i)] * value).sum()
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
mod tests;
