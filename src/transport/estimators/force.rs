//! The force route: under Langevin dynamics, what the forces take from the ideal conductivity is known exactly.

use super::series::{components, same_length};
use super::window::{convolve, convolve_odd, integral_variance};
use super::{Estimate, GreenKubo, GreenKuboOptions, green_kubo};
use crate::fourier::correlation_sums;
use crate::{Error, Result};
use serde::Serialize;

/// Parts of the run; the weights used in each come from the others.
const BLOCKS: usize = 8;
/// The first window in units of Green-Kubo's, the mean of many; here longer windows are compared in any case.
const FIRST_WINDOW: f64 = 0.65;
/// Factor between the windows that are compared.
const WINDOW_GROWTH: f64 = std::f64::consts::SQRT_2;

/// The coefficient from currents and forces together.
#[derive(Clone, Debug, Serialize)]
pub struct ForceRoute {
    /// Of both, weighted.
    pub estimate: Estimate,
    /// From the current alone, over the common window.
    pub current: Estimate,
    /// From the forces alone, over the common window: `K_ideal - damping^2 / D * int <A(0).A(t)> dt`.
    pub force: Estimate,
    /// Of the force route in the estimate, the mean over parts of the run.
    pub force_weight: f64,
    /// Upper limit of both integrals.
    pub window: f64,
    /// Whether Green-Kubo has a plateau and longer windows leave the mean as it is.
    pub has_plateau: bool,
    /// Of the current alone.
    pub green_kubo: GreenKubo,
}

/// The coefficient of `J = sum q v` under Langevin dynamics that damps all particles alike in the time `damping`, from
/// the current and from `A = sum q F / m`, with `F` the forces without the thermostat's.
///
/// `dJ/dt = A - J / damping + R` with random forces `R` of known strength. Time reversal leaves `A` as it is and turns
/// `J` around, so their spectra at zero frequency have no cross term, and
///
/// `K = K_ideal - damping^2 / D * integral from 0 to infinity of <A(0).A(t)> dt`, `K_ideal = damping kB T sum q^2 / m`.
///
/// The relative error of either integral is that of Green-Kubo, so that the absolute one of the force route vanishes
/// with the forces. The two are independent at zero frequency; their best mean gives the force route the weight
/// `K^2 / (K^2 + (K_ideal - K)^2)`. Each part of the run is weighted with what the other parts say of `K`: weights
/// from the same data would follow its noise and bias the mean. Both integrals end at the plateau of the current or,
/// where longer windows change the mean by more than their scatter explains, later; the error holds their covariance up
/// to there and, in quadrature, half of what a doubled window changes beyond scatter. A plateau of the forces' own
/// integral will not do: at weak coupling their correlation has a strong fast part and a weak slow one, whose integral
/// counts.
///
/// The equal-time `<J^2>` less its equipartition value must not be used for the same purpose: with currents that are
/// averages over steps its mean is not zero.
///
/// # Errors
/// Those of [`green_kubo`], for either series; series of different lengths; `damping` or `ideal` not positive.
pub fn force_route<const D: usize>(
    currents: &[[f64; D]],
    accelerations: &[[f64; D]],
    dt: f64,
    ideal: f64,
    damping: f64,
    options: &GreenKuboOptions,
) -> Result<ForceRoute> {
    same_length("force route", currents.len(), accelerations.len())?;
    if !(ideal.is_finite() && ideal > 0.0 && damping.is_finite() && damping > 0.0) {
        return Err(Error::Input(format!(
            "force route: the ideal coefficient is {ideal} and the damping time {damping}; both must be positive"
        )));
    }
    let of_current = green_kubo(currents, dt, options)?;
    let frames = |found: &GreenKubo| (FIRST_WINDOW * found.plateau_from / dt).round() as usize;
    let longest = of_current.times.len() - 1;
    let (j, a) = (components("force route", currents, dt, 1)?, components("force route", accelerations, dt, 1)?);
    let correlations = Correlations::new(&j, &a, longest, dt);
    let window = |frames: usize| Window::new(frames, [&j, &a], &correlations, ideal, damping);
    let mut shortest = frames(&of_current);
    let of_force = green_kubo(accelerations, dt, options)?;
    // Where the force route decides, slow forces do; elsewhere their plateau is too noisy to ask for.
    if of_force.has_plateau && window(shortest).combined.weight > 0.5 {
        shortest = shortest.max(frames(&of_force));
    }
    let windows: Vec<Window> = (0..)
        .map(|i| (shortest as f64 * WINDOW_GROWTH.powi(i)).round() as usize)
        .take_while(|&frames| frames <= longest)
        .map(window)
        .collect();
    let costs = windows.iter().enumerate().map(|(i, window)| (i, bias(window, &windows[i + 1..], options)));
    let Some((chosen, bias)) =
        costs.min_by(|a, b| (windows[a.0].variance + a.1).total_cmp(&(windows[b.0].variance + b.1)))
    else {
        return Err(Error::Input("force route: the run is too short for any window".into()));
    };
    let window = &windows[chosen];
    // When the window is doubled, two steps on, the mean scatters by as much as its own variance; half of what it
    // changes beyond that counts as error, for the choice of the window follows the noise.
    let doubled = &windows[(chosen + 2).min(windows.len() - 1)];
    let change = (doubled.combined.value - window.combined.value).powi(2) - window.variance;
    let square = damping * damping;
    Ok(ForceRoute {
        estimate: Estimate::of_variance(window.combined.value, window.variance + 0.25 * change.max(0.0)),
        current: Estimate::of_variance(window.combined.current, window.of_current),
        force: Estimate::of_variance(window.combined.force, square * square * window.of_force),
        force_weight: window.combined.weight,
        window: window.frames as f64 * dt,
        has_plateau: of_current.has_plateau && bias <= window.variance,
        green_kubo: of_current,
    })
}

/// Both routes and their mean with one upper limit of the integrals.
struct Window {
    frames: usize,
    combined: Combined,
    /// Of the mean, of the current's integral and of the accelerations'.
    variance: f64,
    of_current: f64,
    of_force: f64,
}

impl Window {
    fn new(frames: usize, [j, a]: [&[Vec<f64>]; 2], correlations: &Correlations, ideal: f64, damping: f64) -> Self {
        let dt = correlations.dt;
        let square = damping * damping;
        let mut force = integrals_by_block(a, frames, dt);
        force.coefficient.iter_mut().for_each(|integral| *integral = ideal - square * *integral);
        force.spread.iter_mut().for_each(|spread| *spread *= square);
        let combined = combine(&integrals_by_block(j, frames, dt), &force);
        let [of_current, of_force, both] = correlations.covariance(frames);
        let w = combined.weight;
        let variance =
            (1.0 - w).powi(2) * of_current + (w * square).powi(2) * of_force - 2.0 * w * (1.0 - w) * square * both;
        Self { frames, combined, variance, of_current, of_force }
    }
}

/// The square by which longer windows differ beyond what their scatter explains.
fn bias(window: &Window, longer: &[Window], options: &GreenKuboOptions) -> f64 {
    let excess = |other: &Window| {
        let change = (other.combined.value - window.combined.value).powi(2);
        // Variances grow with the window; those measured at either end alone would favour windows that err.
        let growth = other.frames as f64 / window.frames as f64 - 1.0;
        change - options.agreement.powi(2) * (window.variance * growth).max(other.variance - window.variance)
    };
    longer.iter().map(excess).fold(0.0, f64::max)
}

/// What one route says, by parts of the run.
struct Route {
    coefficient: Vec<f64>,
    /// Mean squared integral over the window, per time: never negative, and accurate enough for weights.
    spread: Vec<f64>,
}

struct Combined {
    value: f64,
    weight: f64,
    current: f64,
    force: f64,
}

/// The mean of two routes with the weights in each part of the run from the others.
fn combine(current: &Route, force: &Route) -> Combined {
    let n = BLOCKS as f64;
    let total = |values: &[f64]| values.iter().sum::<f64>();
    let (all_current, all_force) = (total(&current.spread), total(&force.spread));
    let mut sums = (0.0, 0.0);
    for k in 0..BLOCKS {
        let variances = ((all_current - current.spread[k]).powi(2), (all_force - force.spread[k]).powi(2));
        let weight = variances.0 / (variances.0 + variances.1);
        sums.0 += (1.0 - weight) * current.coefficient[k] + weight * force.coefficient[k];
        sums.1 += weight;
    }
    Combined {
        value: sums.0 / n,
        weight: sums.1 / n,
        current: total(&current.coefficient) / n,
        force: total(&force.coefficient) / n,
    }
}

/// `1/D int <x(0).x(t)> dt` up to the window, from the origins in each part of the run; all parts weigh the same.
/// Origins whose window would pass the end are left out.
fn integrals_by_block(series: &[Vec<f64>], window: usize, dt: f64) -> Route {
    let origins = series[0].len() - window;
    let (mut integrals, mut spread) = (vec![0.0; BLOCKS], vec![0.0; BLOCKS]);
    for x in series {
        let mut inside: f64 = x[..window].iter().sum();
        for origin in 0..origins {
            let block = origin * BLOCKS / origins;
            spread[block] += inside * inside;
            // Trapezoids: both ends count by half.
            let ends = 0.5 * (x[origin] + x[origin + window]);
            inside += x[origin + window];
            integrals[block] += x[origin] * (inside - ends);
            inside -= x[origin];
        }
    }
    let scale = dt * BLOCKS as f64 / (origins * series.len()) as f64;
    integrals.iter_mut().for_each(|sum| *sum *= scale);
    spread.iter_mut().for_each(|sum| *sum *= 0.5 * scale / window as f64);
    Route { coefficient: integrals, spread }
}

/// Correlations of one component, up to the longest window.
struct Correlations {
    /// `<j(0) j(t)>` and `<a(0) a(t)>`.
    current: Vec<f64>,
    force: Vec<f64>,
    /// `<j(0) a(t)>`, the part that is odd in time; what is even is zero by time reversal.
    odd: Vec<f64>,
    dt: f64,
    /// Length of the run times the number of components.
    duration: f64,
}

impl Correlations {
    fn new(j: &[Vec<f64>], a: &[Vec<f64>], longest: usize, dt: f64) -> Self {
        let (n, dimensions) = (j[0].len(), j.len() as f64);
        let sums = |x: &[Vec<f64>], y: &[Vec<f64>]| correlation_sums(x, y, longest + 1);
        let scaled = |k: usize, value: f64| value / ((n - k) as f64 * dimensions);
        let even = |x: &[Vec<f64>]| sums(x, x).0.iter().enumerate().map(|(k, &c)| scaled(k, c)).collect::<Vec<f64>>();
        let (forth, back) = sums(j, a);
        let odd = (0..=longest).map(|k| scaled(k, 0.5 * (forth[k] - back[k]))).collect();
        Self { current: even(j), force: even(a), odd, dt, duration: dimensions * n as f64 * dt }
    }

    /// Variances of the integrals of the correlations of `j` and of `a`, and their covariance, at a window.
    fn covariance(&self, window: usize) -> [f64; 3] {
        let at_window =
            |convolution: Vec<f64>| integral_variance(&convolution, self.dt, window + 1)[window] / self.duration;
        let (j, a) = (&self.current[..=window], &self.force[..=window]);
        [
            at_window(convolve(j, j, self.dt)),
            at_window(convolve(a, a, self.dt)),
            at_window(convolve_odd(&self.odd[..=window], self.dt)),
        ]
    }
}
