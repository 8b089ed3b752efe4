//! Green-Kubo: the time integral of the current autocorrelation, up to a plateau found by a stated rule.

use super::Estimate;
use super::fourier::correlation;
use super::series::components;
use super::window::{convolve, integral_variance, running_integral};
use crate::{Error, Result};
use serde::Serialize;

/// Fewer frames than this leave no choice of windows.
const FEWEST_FRAMES: usize = 64;
/// Longer parts of the run than one in this many are no windows: the variance would be no longer that of a short one.
const FEWEST_WINDOWS: usize = 12;
/// An integral of fewer standard errors than this is none.
const SIGNIFICANT: f64 = 2.0;

/// How the plateau is found.
#[derive(Clone, Debug)]
pub struct GreenKuboOptions {
    /// Upper limit of the integral, a time; chosen from the data if absent.
    pub window: Option<f64>,
    /// The least window in units of the mean correlation time: the largest `|int t C dt|` so far over `int C dt`.
    pub correlation_times: f64,
    /// Longer windows may differ by this many standard errors of the difference.
    pub agreement: f64,
}

impl Default for GreenKuboOptions {
    fn default() -> Self {
        Self { window: None, correlation_times: 5.0, agreement: 3.0 }
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
    /// The integral's upper limit in the estimate.
    pub plateau_from: f64,
    /// Windows up to here agree with the estimate.
    pub plateau_to: f64,
    /// How the upper limit was chosen, in words.
    pub rule: String,
    pub has_plateau: bool,
}

/// The coefficient of a current, `[n_frames]` rows of `D` components.
///
/// The running integral is read at the earliest window that (1) is several mean correlation times long, the guard
/// against a plateau seen too early, and (2) agrees with all longer windows up to a twelfth of the run within their
/// scatter; then a quarter of the window is added. The error is that of the integral, by Bartlett's formula for
/// Gaussian currents (for long windows `sqrt(4 t / (D T))` of the value: R. Zwanzig and N. K. Ailawadi, Phys. Rev. 182,
/// 280 (1969)), and, in quadrature, half of what it changes when the window is doubled. Integrals are by trapezoids:
/// with currents averaged over the spacing their sum is the displacement, exactly.
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
    let (window, has_plateau) = match options.window {
        Some(time) => (fixed_window(time, dt, n_lags - 1)?, true),
        None => find_plateau(&one, &running, duration, dt, options),
    };
    let variance = integral_variance(&convolve(&one[..=window], &one[..=window], dt), dt, n_lags);
    let running_error: Vec<f64> = variance.iter().map(|v| (v.max(0.0) / duration).sqrt()).collect();
    let doubled = (2 * window).min(n_lags - 1);
    let error = running_error[window].hypot(0.5 * (running[doubled] - running[window]));
    let estimate = Estimate { value: running[window], error };
    let agrees = |t: usize| {
        let scatter = (variance[t] - variance[window]).max(0.0) / duration;
        (running[t] - estimate.value).abs() <= options.agreement * scatter.sqrt() + 0.1 * error
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
        has_plateau: has_plateau && estimate.value > SIGNIFICANT * error,
    })
}

fn rule(options: &GreenKuboOptions) -> String {
    match options.window {
        Some(window) => format!("integral up to {window}, as asked"),
        None => format!(
            "earliest window of at least {} mean correlation times that agrees with all longer ones up to a twelfth \
             of the run within {} standard errors of the difference, and a quarter more",
            options.correlation_times, options.agreement
        ),
    }
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

/// The window that the rule chooses, in frames, and whether the rule holds there. `one` is the correlation of one
/// component, `duration` the length of the run times the number of components.
fn find_plateau(one: &[f64], running: &[f64], duration: f64, dt: f64, options: &GreenKuboOptions) -> (usize, bool) {
    let longest = one.len() - 1;
    // A current that reverses has a moment that passes through zero, so its largest value so far counts.
    let (mut moment, mut largest) = (0.0, 0.0);
    let moments: Vec<f64> = (0..=longest)
        .map(|t| {
            moment += one[t] * t as f64 * dt * dt;
            largest = f64::max(largest, f64::abs(moment));
            largest
        })
        .collect();
    let long = |t: usize| running[t] > 0.0 && t as f64 * dt * running[t] >= options.correlation_times * moments[t];
    // The integral of a reversing current passes the test at its crest, but not later.
    let guarded = |t: usize| (t..=longest.min(2 * t)).all(long);
    let mut ladder: Vec<usize> =
        (0..).map(|i| 2f64.powf(0.25 * f64::from(i)).round() as usize).take_while(|&t| t <= longest).collect();
    ladder.dedup();
    let variance = |frames: usize, value: f64| 4.0 * frames as f64 * dt / duration * value * value;
    let cost = |a: usize| {
        let excess = |b: usize| {
            // The scatter of either value alone would favour windows where the integral happens to be large.
            let square = 0.5 * (running[a].powi(2) + running[b].powi(2));
            (running[b] - running[a]).powi(2) - options.agreement.powi(2) * variance(b - a, square.sqrt())
        };
        let bias = ladder.iter().filter(|&&b| b > a).map(|&b| excess(b)).fold(0.0, f64::max);
        (bias, variance(a, running[a]))
    };
    let costs = ladder.iter().filter(|&&t| guarded(t)).map(|&t| (t, cost(t)));
    match costs.min_by(|(_, a), (_, b)| (a.0 + a.1).total_cmp(&(b.0 + b.1))) {
        // The rule ends early where the integral happens to be low, with an error that is then too small.
        Some((t, (bias, variance))) => ((t * 5 / 4).min(longest), t < longest && bias <= variance),
        None => (longest, false),
    }
}
