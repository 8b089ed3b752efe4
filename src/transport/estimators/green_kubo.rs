//! Green-Kubo: the time integral of the current autocorrelation over windows chosen by a stated rule.

use super::series::components;
use super::window::{convolve, integral_variance, running_integral, tapered_variance};
use super::{Estimate, FEWEST_FRAMES};
use crate::fourier::correlation;
use crate::{Error, Result};
use serde::Serialize;

/// Longer parts of the run than one in this many are no windows: the variance would be no longer that of a short one.
const FEWEST_WINDOWS: usize = 12;
/// An integral of fewer standard errors than this is none.
const SIGNIFICANT: f64 = 2.0;
/// A window weighs as its expected squared error to the power of minus this. To take the best one alone would follow
/// the noise: whether a window looks best and what its integral is depend on the same fluctuations.
const COST_POWER: i32 = 3;
/// Each window is made longer by this factor: the rule ends early where the integral happens to be low, with an error
/// that is then too small.
const MARGIN: f64 = 1.25;
/// Standard errors of the moment that the guard leaves out. With none, the guard of a short run asks for ever longer
/// windows; with many, slow parts of the correlation pass for noise.
const MOMENT_NOISE: f64 = 0.85;

/// How the plateau is found.
#[derive(Clone, Debug)]
pub struct GreenKuboOptions {
    /// Upper limit of the integral, a time; chosen from the data if absent.
    pub window: Option<f64>,
    /// The least window in units of the mean correlation time: the largest `|int t C dt|` so far, less 0.85 of
    /// its standard errors, over `int C dt`.
    pub correlation_times: f64,
    /// Longer windows may differ by this many standard errors of the difference.
    pub agreement: f64,
}

impl Default for GreenKuboOptions {
    fn default() -> Self {
        Self { window: None, correlation_times: 8.0, agreement: 3.0 }
    }
}

/// The coefficient from the current autocorrelation.
#[derive(Clone, Debug, Serialize)]
pub struct GreenKubo {
    pub estimate: Estimate,
    /// Lag times, from 0 to the longest window considered.
    pub times: Vec<f64>,
    /// `<J(0).J(t)>`, summed over components.
    pub acf: Vec<f64>,
    /// `1/D int_0^t <J(0).J(s)> ds`.
    pub running: Vec<f64>,
    pub running_error: Vec<f64>,
    /// The integral's upper limit in the estimate, the mean over windows.
    pub plateau_from: f64,
    /// The running integral stays as it is there up to here.
    pub plateau_to: f64,
    /// How the windows were chosen, in words.
    pub rule: String,
    pub has_plateau: bool,
}

/// The coefficient of a current, `[n_frames]` rows of `D` components.
///
/// The estimate is the mean of the running integral over windows that are several mean correlation times long, the
/// guard against a plateau seen too early. They weigh as the inverse cube of their expected squared error: the variance
/// of the integral and what it differs from that of any longer window, up to a twelfth of the run, beyond the scatter
/// of the difference. The error is that of this mean, by Bartlett's formula for Gaussian currents (for one long window
/// `sqrt(4 t / (D T))` of the value: R. Zwanzig and N. K. Ailawadi, Phys. Rev. 182, 280 (1969)), and, in quadrature,
/// half of what it changes beyond scatter when all windows are doubled. Integrals are by trapezoids: with currents
/// averaged over the spacing their sum is the displacement, exactly.
///
/// # Errors
/// Fewer than 64 frames, values that are not finite, a current that is zero throughout, a window longer than a
/// twelfth of the run.
pub fn green_kubo<const D: usize>(currents: &[[f64; D]], dt: f64, options: &GreenKuboOptions) -> Result<GreenKubo> {
    let series = components("current autocorrelation", currents, dt, FEWEST_FRAMES)?;
    let n_frames = currents.len();
    let n_lags = n_frames / FEWEST_WINDOWS + 1;
    let acf = correlation(&series, &series, n_lags);
    if acf[0] <= 0.0 {
        return Err(Error::Input(
            "current autocorrelation: the current is zero in all frames; check charges and velocities".into(),
        ));
    }
    let one: Vec<f64> = acf.iter().map(|c| c / D as f64).collect();
    let running = running_integral(&one, dt);
    let duration = D as f64 * n_frames as f64 * dt;
    let (windows, has_plateau) = match options.window {
        Some(time) => (vec![(fixed_window(time, dt, n_lags - 1)?, 1.0)], true),
        None => find_plateau(&one, &running, duration, dt, options),
    };
    let mean = |of: &dyn Fn(usize) -> f64| windows.iter().map(|&(frames, weight)| weight * of(frames)).sum::<f64>();
    let taper = taper(&windows);
    let tapered: Vec<f64> = taper.iter().zip(&one).map(|(h, c)| h * c).collect();
    let convolution = convolve(&tapered, &tapered, dt);
    let statistical = tapered_variance(&convolution, &taper, dt) / duration;
    let value = mean(&|frames| running[frames]);
    let change = mean(&|frames| running[(2 * frames).min(n_lags - 1)]) - value;
    // To double a long window adds as much variance as it has.
    let unexplained = (change.powi(2) - statistical).max(0.0);
    let estimate = Estimate { value, error: (statistical.max(0.0) + 0.25 * unexplained).sqrt() };
    let variance = integral_variance(&convolution, dt, n_lags);
    let running_error: Vec<f64> = variance.iter().map(|v| (v.max(0.0) / duration).sqrt()).collect();
    let window = mean(&|frames| frames as f64).round() as usize;
    let agrees = |t: usize| {
        let scatter = (variance[t] - variance[window]).max(0.0) / duration;
        (running[t] - running[window]).abs() <= options.agreement * scatter.sqrt() + 0.1 * estimate.error
    };
    let plateau_to = (window..n_lags).take_while(|&t| agrees(t)).last().unwrap_or(window);
    Ok(GreenKubo {
        estimate,
        times: (0..n_lags).map(|k| k as f64 * dt).collect(),
        acf,
        running,
        running_error,
        plateau_from: window as f64 * dt,
        plateau_to: plateau_to as f64 * dt,
        rule: rule(options),
        has_plateau: has_plateau && estimate.value > SIGNIFICANT * estimate.error,
    })
}

fn rule(options: &GreenKuboOptions) -> String {
    match options.window {
        Some(window) => format!("integral up to {window}, as asked"),
        None => format!(
            "mean over windows of at least {} mean correlation times, weighted by their variance and by what longer \
             ones up to a twelfth of the run differ beyond {} standard errors",
            options.correlation_times, options.agreement
        ),
    }
}

/// Share of the windows that reach each lag: the mean integral is that of the correlation times this.
fn taper(windows: &[(usize, f64)]) -> Vec<f64> {
    let longest = windows.iter().map(|&(frames, _)| frames).max().unwrap_or(0);
    (0..=longest).map(|t| windows.iter().filter(|w| w.0 >= t).map(|w| w.1).sum()).collect()
}

fn fixed_window(time: f64, dt: f64, longest: usize) -> Result<usize> {
    let window = (time / dt).round();
    if !(window >= 1.0 && window <= longest as f64) {
        return Err(Error::Input(format!(
            "current autocorrelation: a window of {time} does not fit; it must lie between {dt} and {}, a twelfth of \
             the run",
            longest as f64 * dt
        )));
    }
    Ok(window as usize)
}

/// The windows of the mean, in frames, with their weights, and whether the integral has a plateau at the best of them.
/// `one` is the correlation of one component, `duration` the length of the run times the number of components.
fn find_plateau(
    one: &[f64],
    running: &[f64],
    duration: f64,
    dt: f64,
    options: &GreenKuboOptions,
) -> (Vec<(usize, f64)>, bool) {
    let longest = one.len() - 1;
    let guarded = guard(one, running, duration, dt, options.correlation_times);
    let mut ladder: Vec<usize> =
        (0..).map(|i| 2f64.powf(0.25 * f64::from(i)).round() as usize).take_while(|&t| t <= longest).collect();
    ladder.dedup();
    let cost = |i: usize| {
        let from = ladder[i];
        // The scatter of one value would favour windows where the integral happens to be low.
        let square = ladder[i..].iter().map(|&t| running[t].powi(2)).sum::<f64>() / (ladder.len() - i) as f64;
        let variance = |frames: usize| 4.0 * frames as f64 * dt / duration * square;
        let excess =
            |to: usize| (running[to] - running[from]).powi(2) - options.agreement.powi(2) * variance(to - from);
        (ladder[i..].iter().map(|&to| excess(to)).fold(0.0, f64::max), variance(from))
    };
    let costs: Vec<(usize, f64, f64)> = (0..ladder.len())
        .filter(|&i| guarded[ladder[i]])
        .map(|i| (ladder[i], cost(i)))
        .map(|(frames, (bias, variance))| (frames, bias, variance))
        .collect();
    let Some(&(best, bias, variance)) = costs.iter().min_by(|a, b| (a.1 + a.2).total_cmp(&(b.1 + b.2))) else {
        return (vec![(longest, 1.0)], false);
    };
    let weight = |&(_, b, v): &(usize, f64, f64)| ((bias + variance) / (b + v)).powi(COST_POWER);
    let total: f64 = costs.iter().map(weight).sum();
    let extended = |frames: usize| ((MARGIN * frames as f64) as usize).min(longest);
    let windows = costs.iter().map(|cost| (extended(cost.0), weight(cost) / total)).collect();
    (windows, best < longest && bias <= variance)
}

/// Whether windows, by frames, are long against the mean correlation time.
fn guard(one: &[f64], running: &[f64], duration: f64, dt: f64, correlation_times: f64) -> Vec<bool> {
    let longest = one.len() - 1;
    let (mut moment, mut largest, mut crest) = (0.0, 0.0, 0.0);
    let long: Vec<bool> = (0..=longest)
        .map(|t| {
            let time = t as f64 * dt;
            moment += one[t] * time * dt;
            crest = f64::max(crest, running[t]);
            // The moment's own noise grows with the window; without its part the guard would ask for ever more.
            let noise = MOMENT_NOISE * 2.0 * crest * (time.powi(3) / (3.0 * duration)).sqrt();
            // A current that reverses has a moment that passes through zero, so its largest value so far counts.
            largest = f64::max(largest, f64::abs(moment) - noise);
            running[t] > 0.0 && time * running[t] >= correlation_times * largest
        })
        .collect();
    // The integral of a reversing current passes the test at its crest, but not later.
    (0..=longest).map(|t| long[t..=longest.min(2 * t)].iter().all(|&long| long)).collect()
}
