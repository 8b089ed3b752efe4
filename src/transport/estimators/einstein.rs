//! Einstein-Helfand: the slope of the mean squared displacement, by generalised least squares.

use super::bursts::widening;
use super::series::components;
use super::structure::{Lags, Line, StructureFunction, fit_line};
use super::{Estimate, FEWEST_FRAMES};
use crate::fourier::displacement;
use crate::{Error, Result};
use puruspe::gammq;
use serde::Serialize;

/// Fits at spacings that leave fewer windows than this in the run are not tried.
const FEWEST_WINDOWS: usize = 24;
/// Rounds of fitting the line and computing its covariance; three suffice but at very few windows.
const ITERATIONS: usize = 8;
/// A slope of fewer standard errors than this is none.
const SIGNIFICANT: f64 = 2.0;
/// Factor between the lags of the curve.
const CURVE_GROWTH: f64 = 1.15;

/// How the mean squared displacement is fitted.
#[derive(Clone, Debug)]
pub struct EinsteinOptions {
    /// Lags in a fit: multiples of the spacing.
    pub n_lags: usize,
    /// The spacing, a time; chosen from the data if absent.
    pub spacing: Option<f64>,
    /// A spacing is refused when residuals as large as its own have less than this probability.
    pub significance: f64,
    /// The least spacing in units of the time that the offset amounts to, `|intercept| / slope`.
    pub offset_guard: f64,
    /// Fits at longer spacings may differ by this many standard errors of the difference.
    pub agreement: f64,
}

impl Default for EinsteinOptions {
    fn default() -> Self {
        Self { n_lags: 8, spacing: None, significance: 0.05, offset_guard: 4.0, agreement: 3.0 }
    }
}

/// Whether the displacement grows as that of diffusion over the fitted lags.
#[derive(Clone, Debug, Serialize)]
pub struct Diffusive {
    pub yes: bool,
    /// `d ln MSD / d ln t` over the fitted lags, with its standard error; 1 for diffusion without offset.
    pub exponent: Estimate,
    /// Of the residuals of the fit.
    pub chi2: f64,
    pub degrees_of_freedom: usize,
    /// Probability of residuals at least as large.
    pub quality: f64,
    /// What speaks against diffusion, in words; empty if nothing.
    pub reason: String,
}

/// The coefficient from the mean squared displacement.
#[derive(Clone, Debug, Serialize)]
pub struct EinsteinHelfand {
    pub estimate: Estimate,
    /// Lag times of the curve, growing by a constant factor.
    pub lags: Vec<f64>,
    /// Mean squared displacement at `lags`, summed over components.
    pub msd: Vec<f64>,
    pub msd_error: Vec<f64>,
    pub fit_from: f64,
    pub fit_to: f64,
    /// Of the fitted line, `msd = intercept + 2 D K t`.
    pub intercept: f64,
    pub diffusive: Diffusive,
    /// By what the error is widened for motion that scatters more than Gaussian motion with equal components; at least 1.
    pub widening: f64,
    /// How many independent squared displacements are worth as much as the whole run.
    pub n_independent: f64,
}

/// The coefficient of a collective displacement, `[n_frames]` rows of `D` components, unwrapped.
///
/// A line `intercept + 2 D K t` is fitted to the mean squared displacement at lags of 1, 2, ..., `n_lags` spacings by
/// generalised least squares with the covariance of overlapping displacements (J. T. Bullerjahn, S. von Buelow and
/// G. Hummer, J. Chem. Phys. 153, 024116 (2020)). The offset may be negative, as inertia makes it, and costs the slope
/// part of its precision; leaving it out would bias the slope. The spacing is the shortest from which on
/// the residuals are as small as chance allows, no fit at longer spacings differs by more than the data explain, and
/// the offset, there and at shorter spacings, is worth no more than a quarter of a spacing. The error is that of the
/// fit and, in quadrature, half of what the slope changes when the spacing is doubled, which stands for the choice made; where blocks of
/// the run scatter by more than that, it is widened to what they scatter by.
///
/// # Errors
/// Fewer than 64 frames, values that are not finite, a displacement that never changes, a spacing that does not fit
/// into the run.
pub fn einstein_helfand<const D: usize>(
    displacements: &[[f64; D]],
    dt: f64,
    options: &EinsteinOptions,
) -> Result<EinsteinHelfand> {
    let series = components("mean squared displacement", displacements, dt, FEWEST_FRAMES)?;
    let n_frames = displacements.len();
    let spacings = spacings(n_frames, dt, options)?;
    let longest = spacings.iter().max().expect("a series of 64 frames has spacings") * options.n_lags;
    let measured = displacement(&series, &series, longest.max(n_frames / 3) + 1);
    if measured[1..].iter().all(|&msd| msd <= 0.0) {
        return Err(Error::Input(
            "mean squared displacement: the displacement never changes; check that charges and unwrapped coordinates \
             are those of mobile ions"
                .into(),
        ));
    }
    let lags = |spacing| Lags { spacing, count: options.n_lags, n_frames, dimensions: D };
    let fits: Vec<Fit> = spacings.iter().filter_map(|&spacing| fit(lags(spacing), &measured)).collect();
    let Some((chosen, contradiction)) = choose(&fits, options).or(fits.last().map(|fit| (fit, 0.0))) else {
        return Err(Error::Input(
            "mean squared displacement: no line can be fitted at any lag; the series is no random motion".into(),
        ));
    };
    let mut result = report(chosen, contradiction, &measured, dt, options);
    result.estimate.error =
        result.estimate.error.hypot(0.5 * change_on_doubling(&fits, chosen) / (2.0 * D as f64 * dt));
    let of_slope = result.estimate.error * 2.0 * D as f64 * dt;
    result.widening = widening(displacements, chosen.lags.spacing, &chosen.line.weights, of_slope);
    result.estimate.error *= result.widening;
    result.n_independent /= result.widening.powi(2);
    Ok(result)
}

/// A line at one spacing.
pub(super) struct Fit {
    pub lags: Lags,
    pub line: Line,
    /// Of the slope.
    pub error: f64,
    pub quality: f64,
}

/// Spacings to try, in frames: growing by about the square root of two, or the one asked for.
fn spacings(n_frames: usize, dt: f64, options: &EinsteinOptions) -> Result<Vec<usize>> {
    if options.n_lags < 3 {
        return Err(Error::Input(format!(
            "mean squared displacement: {} lags in a fit; a line and its quality need at least 3",
            options.n_lags
        )));
    }
    let longest = (n_frames / FEWEST_WINDOWS.max(3 * options.n_lags)).max(1);
    if let Some(time) = options.spacing {
        let spacing = (time / dt).round();
        if !(spacing >= 1.0 && spacing <= longest as f64) {
            return Err(Error::Input(format!(
                "mean squared displacement: a spacing of {time} does not fit; with these {n_frames} frames it must lie \
                 between {dt} and {}",
                longest as f64 * dt
            )));
        }
        return Ok(vec![spacing as usize]);
    }
    let mut spacings: Vec<usize> =
        (0..).map(|i| 2f64.powf(0.5 * f64::from(i)).round() as usize).take_while(|&n| n <= longest).collect();
    spacings.dedup();
    Ok(spacings)
}

/// The line at one spacing. Its covariance depends on the line, so the two are brought to agree.
pub(super) fn fit(lags: Lags, measured: &[f64]) -> Option<Fit> {
    let at: Vec<usize> = (0..lags.count).map(|i| lags.lag(i)).collect();
    let x: Vec<f64> = at.iter().map(|&lag| lag as f64).collect();
    let y: Vec<f64> = at.iter().map(|&lag| measured[lag]).collect();
    let mut slope = (y[1] - y[0]) / lags.spacing as f64;
    if slope <= 0.0 {
        slope = y[0] / lags.spacing as f64;
    }
    let mut intercept = y[0] - slope * lags.spacing as f64;
    let mut line = None;
    for _ in 0..ITERATIONS {
        let structure = StructureFunction { measured, from: lags.spacing, intercept, slope };
        let covariance = lags.covariance([&structure; 2], [&structure; 2]);
        let Some(fitted) = fit_line(&x, &y, &covariance) else { break };
        let settled = (fitted.slope - slope).abs() < 1e-4 * slope;
        (intercept, slope) = (fitted.intercept, fitted.slope);
        line = Some(fitted);
        // A line that falls is no structure function; its last covariance stands.
        if settled || slope <= 0.0 {
            break;
        }
    }
    let line = line?;
    let error = line.covariance[1][1].sqrt();
    let quality = gammq(0.5 * (lags.count - 2) as f64, 0.5 * line.chi2);
    Some(Fit { lags, line, error, quality })
}

/// Whether the offsets of the last fit, and of all before it, are small against its rise over a spacing. Those before
/// count because the offset of a current that reverses passes through zero on its way.
fn guarded(fits: &[Fit], options: &EinsteinOptions) -> bool {
    let Some(fit) = fits.last() else { return false };
    let offset = fits.iter().map(|fit| fit.line.intercept.abs()).fold(0.0, f64::max);
    fit.line.slope > 0.0 && fit.lags.spacing as f64 * fit.line.slope >= options.offset_guard * offset
}

/// The fit with the shortest spacing that nothing speaks against; where longer spacings speak against all, the one
/// that they contradict least.
/// With it, the largest difference from a longer spacing in standard errors.
fn choose<'a>(fits: &'a [Fit], options: &EinsteinOptions) -> Option<(&'a Fit, f64)> {
    let contradiction = |i: usize| {
        let z = |b: &Fit| (b.line.slope - fits[i].line.slope).abs() / scatter(&fits[i], b);
        fits[i + 1..].iter().map(z).fold(0.0, f64::max)
    };
    let candidates: Vec<(usize, f64)> = (0..fits.len())
        .filter(|&i| fits[i].quality >= options.significance && guarded(&fits[..=i], options))
        .map(|i| (i, contradiction(i)))
        .collect();
    let agreed = candidates.iter().find(|(_, z)| *z <= options.agreement);
    agreed.or(candidates.iter().min_by(|a, b| a.1.total_cmp(&b.1))).map(|&(i, z)| (&fits[i], z))
}

/// What the slope gains at twice the spacing, or at the longest that was tried; nothing where there is no longer one.
fn change_on_doubling(fits: &[Fit], chosen: &Fit) -> f64 {
    let longer = fits.iter().filter(|fit| fit.lags.spacing > chosen.lags.spacing);
    let doubled = longer.min_by_key(|fit| fit.lags.spacing.abs_diff(2 * chosen.lags.spacing));
    doubled.map_or(0.0, |fit| fit.line.slope - chosen.line.slope)
}

/// Standard error of the difference between a fit and one at a longer spacing, if the line of the first is right.
///
/// The slope from windows of `n` of `N` frames has the relative variance `6 n / (D N)`, and the better of two
/// estimates is uncorrelated with their difference (J. A. Hausman, Econometrica 46, 1251 (1978)).
fn scatter(a: &Fit, b: &Fit) -> f64 {
    let per_window = 6.0 / (a.lags.dimensions * a.lags.n_frames) as f64;
    a.line.slope * (per_window * (b.lags.spacing - a.lags.spacing) as f64).sqrt()
}

fn report(fit: &Fit, contradiction: f64, measured: &[f64], dt: f64, options: &EinsteinOptions) -> EinsteinHelfand {
    let Fit { lags, line, error, .. } = fit;
    let per_frame = 1.0 / (2.0 * lags.dimensions as f64 * dt);
    let estimate = Estimate { value: line.slope * per_frame, error: error * per_frame };
    let structure = StructureFunction { measured, from: lags.spacing, intercept: line.intercept, slope: line.slope };
    let curve = Lags { spacing: 1, count: 1, ..*lags };
    let mut at: Vec<usize> =
        (0..).map(|i| (CURVE_GROWTH.powi(i)).round() as usize).take_while(|&n| n < measured.len()).collect();
    at.dedup();
    let msd_error = at
        .iter()
        .map(|&lag| Lags { spacing: lag, ..curve }.covariance([&structure; 2], [&structure; 2])[(0, 0)].sqrt())
        .collect();
    EinsteinHelfand {
        estimate,
        lags: at.iter().map(|&lag| lag as f64 * dt).collect(),
        msd: at.iter().map(|&lag| measured[lag]).collect(),
        msd_error,
        fit_from: lags.lag(0) as f64 * dt,
        fit_to: lags.lag(lags.count - 1) as f64 * dt,
        intercept: line.intercept,
        diffusive: verdict(fit, contradiction, measured, options),
        widening: 1.0,
        n_independent: 2.0 / (lags.dimensions as f64 * estimate.relative_error().powi(2)),
    }
}

fn verdict(fit: &Fit, contradiction: f64, measured: &[f64], options: &EinsteinOptions) -> Diffusive {
    let Fit { lags, line, error, quality } = fit;
    let at: Vec<usize> = (0..lags.count).map(|i| lags.lag(i)).collect();
    let structure =
        StructureFunction { measured, from: lags.spacing, intercept: line.intercept, slope: line.slope.max(0.0) };
    let mut covariance = lags.covariance([&structure; 2], [&structure; 2]);
    for (row, i) in at.iter().enumerate() {
        for (column, j) in at.iter().enumerate() {
            covariance[(row, column)] /= measured[*i] * measured[*j];
        }
    }
    let log = |values: Vec<f64>| values.into_iter().map(f64::ln).collect::<Vec<f64>>();
    let x = log(at.iter().map(|&lag| lag as f64).collect());
    let y = log(at.iter().map(|&lag| measured[lag]).collect());
    let exponent = match fit_line(&x, &y, &covariance) {
        Some(fitted) => Estimate { value: fitted.slope, error: fitted.covariance[1][1].sqrt() },
        None => Estimate { value: (y[y.len() - 1] - y[0]) / (x[x.len() - 1] - x[0]), error: f64::INFINITY },
    };
    let mut reasons = Vec::new();
    if line.slope < SIGNIFICANT * error {
        reasons.push(format!("the slope is not {SIGNIFICANT} standard errors above zero"));
    }
    if contradiction > options.agreement {
        reasons.push(format!("longer lags give another slope, {contradiction:.1} standard errors off"));
    }
    if *quality < options.significance {
        reasons.push(format!("the displacement is not a straight line (quality {quality:.1e})"));
    }
    if !guarded(std::slice::from_ref(fit), options) {
        reasons.push("the offset of the line outweighs its rise over the lags fitted".into());
    }
    Diffusive {
        yes: reasons.is_empty(),
        exponent,
        chi2: line.chi2,
        degrees_of_freedom: lags.count - 2,
        quality: *quality,
        reason: reasons.join("; "),
    }
}
