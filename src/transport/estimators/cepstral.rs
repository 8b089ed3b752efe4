//! Cepstral analysis: the zero-frequency value of the current's spectrum from the logarithm of its periodogram.

use super::Estimate;
use super::series::components;
use crate::{Error, Result};
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;
use serde::Serialize;

/// Fewer frames than this leave no choice of coefficients.
const FEWEST_FRAMES: usize = 64;
/// The Euler-Mascheroni constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// How the spectrum is filtered.
#[derive(Clone, Debug)]
pub struct CepstralOptions {
    /// The number of coefficients that Akaike's criterion finds is multiplied by this.
    pub aic_factor: f64,
    /// Number of coefficients, in place of the criterion's.
    pub n_coefficients: Option<usize>,
    /// Frequencies above this one are left out, in cycles per time; best just above the last feature of the spectrum.
    pub nyquist: Option<f64>,
}

impl Default for CepstralOptions {
    fn default() -> Self {
        Self { aic_factor: 1.0, n_coefficients: None, nyquist: None }
    }
}

/// The coefficient from the current's spectrum.
#[derive(Clone, Debug, Serialize)]
pub struct Cepstral {
    pub estimate: Estimate,
    /// Coefficients kept, the zeroth included.
    pub n_coefficients: usize,
    /// In cycles per time, from 0 to `nyquist_used`.
    pub frequencies: Vec<f64>,
    /// Half the power spectral density, averaged over components: at frequency zero it scatters around `K`.
    pub periodogram: Vec<f64>,
    /// The periodogram, filtered.
    pub spectrum: Vec<f64>,
    /// Cepstral coefficients, all of them.
    pub coefficients: Vec<f64>,
    pub coefficient_errors: Vec<f64>,
    pub nyquist_used: f64,
}

/// The coefficient of a current, `[n_frames]` rows of `D` components.
///
/// The periodogram `S_k = dt / (2 N D) sum over components |sum_n J_n exp(-2 pi i k n / N)|^2` is the spectrum times
/// `xi / D`, with `xi` of a gamma distribution of shape `D`. Its logarithm is the spectrum's with noise that is
/// independent of frequency, of mean `psi(D) - ln D` and variance `psi'(D)`. The inverse cosine transform of that
/// is cut after `P` coefficients, `ln K = C_0 + 2 sum_(n<P) C_n - psi(D) + ln D`, with the standard error
/// `sqrt(psi'(D) (4 P - 2) / N)`. `P` minimises Akaike's criterion. L. Ercole, A. Marcolongo and S. Baroni,
/// Sci. Rep. 7, 15835 (2017).
///
/// # Errors
/// Fewer than 64 frames, values that are not finite, a periodogram with zeros (constant or periodic currents),
/// a Nyquist frequency that leaves too few frequencies or lies above the highest.
pub fn cepstral<const D: usize>(currents: &[[f64; D]], dt: f64, options: &CepstralOptions) -> Result<Cepstral> {
    let series = components("cepstral analysis", currents, dt, FEWEST_FRAMES)?;
    let whole = periodogram(&series, dt);
    let highest = 0.5 / dt;
    let kept = match options.nyquist {
        None => whole.len() - 1,
        Some(nyquist) => highest_kept(nyquist, highest, whole.len() - 1)?,
    };
    let periodogram = whole[..=kept].to_vec();
    let scale = periodogram.iter().sum::<f64>() / periodogram.len() as f64;
    let dead = periodogram.iter().filter(|&&s| s <= 1e-24 * scale || s <= 0.0).count();
    if dead > 0 {
        return Err(Error::Input(format!(
            "cepstral analysis: {dead} of {} values of the periodogram are zero; the current is constant or periodic, or \
             all of its power lies below a lower Nyquist frequency",
            periodogram.len()
        )));
    }
    let logarithms: Vec<f64> = periodogram.iter().map(|s| s.ln()).collect();
    let (bias, variance) = (digamma(D) - (D as f64).ln(), trigamma(D));
    let coefficients = cosine_coefficients(&logarithms);
    // Frequencies from 0 to the last kept and their mirror images.
    let n = 2.0 * kept as f64;
    let last = coefficients.len() - 1;
    let error = |i: usize| (variance / n * if i == 0 || i == last { 2.0 } else { 1.0 }).sqrt();
    let coefficient_errors: Vec<f64> = (0..=last).map(error).collect();
    let n_coefficients = match options.n_coefficients {
        Some(count) if (1..=last).contains(&count) => count,
        Some(count) => {
            return Err(Error::Input(format!("cepstral analysis: {count} coefficients of {last}; take from 1 to {last}")));
        }
        None => ((akaike(&coefficients, &coefficient_errors) as f64 * options.aic_factor).round() as usize).clamp(1, last),
    };
    let spectrum: Vec<f64> =
        filter(&coefficients, n_coefficients).into_iter().map(|logarithm| (logarithm - bias).exp()).collect();
    let relative = (variance * (4 * n_coefficients - 2) as f64 / n).sqrt();
    let step = 1.0 / (currents.len() as f64 * dt);
    Ok(Cepstral {
        estimate: Estimate { value: spectrum[0], error: spectrum[0] * relative },
        n_coefficients,
        frequencies: (0..=kept).map(|k| k as f64 * step).collect(),
        periodogram,
        spectrum,
        coefficients,
        coefficient_errors,
        nyquist_used: kept as f64 * step,
    })
}

fn highest_kept(nyquist: f64, highest: f64, last: usize) -> Result<usize> {
    let kept = (nyquist / highest * last as f64).round();
    if !(nyquist <= highest * (1.0 + 1e-9) && kept >= (FEWEST_FRAMES / 2) as f64) {
        return Err(Error::Input(format!(
            "cepstral analysis: a Nyquist frequency of {nyquist} does not fit; this series has frequencies up to {highest} \
             and needs at least {} of its {last}",
            FEWEST_FRAMES / 2
        )));
    }
    Ok((kept as usize).min(last))
}

fn periodogram(series: &[Vec<f64>], dt: f64) -> Vec<f64> {
    let n = series[0].len();
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(n);
    let mut sum = vec![0.0; n / 2 + 1];
    for component in series {
        let mut input = component.clone();
        let mut output = forward.make_output_vec();
        forward.process(&mut input, &mut output).expect("the buffers come from the plan");
        sum.iter_mut().zip(&output).for_each(|(s, x)| *s += x.norm_sqr());
    }
    let scale = dt / (2.0 * n as f64 * series.len() as f64);
    sum.into_iter().map(|s| s * scale).collect()
}

/// `C_n = 1/(2 K) sum over k from -K + 1 to K of f_|k| cos(pi k n / K)`, for `f_0, ..., f_K`.
fn cosine_coefficients(values: &[f64]) -> Vec<f64> {
    let scale = 0.5 / (values.len() - 1) as f64;
    cosine_sums(values).into_iter().map(|c| c * scale).collect()
}

/// `f_k = C_0 + 2 sum of C_n cos(pi k n / K)` over `0 < n < kept`.
fn filter(coefficients: &[f64], kept: usize) -> Vec<f64> {
    let mut low = coefficients.to_vec();
    low[kept..].fill(0.0);
    cosine_sums(&low)
}

/// `sum over k from -K + 1 to K of f_|k| cos(pi k n / K)`.
fn cosine_sums(values: &[f64]) -> Vec<f64> {
    let last = values.len() - 1;
    let mut planner = RealFftPlanner::<f64>::new();
    let inverse = planner.plan_fft_inverse(2 * last);
    let mut input: Vec<Complex<f64>> = values.iter().map(|&v| v.into()).collect();
    let mut output = inverse.make_output_vec();
    inverse.process(&mut input, &mut output).expect("the buffers come from the plan");
    output.truncate(last + 1);
    output
}

/// The number of coefficients that minimises `sum over those cut of (C_n / error_n)^2 + 2 P`.
fn akaike(coefficients: &[f64], errors: &[f64]) -> usize {
    let mut cut: f64 = coefficients.iter().zip(errors).map(|(c, e)| (c / e).powi(2)).sum();
    let mut best = (f64::INFINITY, 1);
    for kept in 1..coefficients.len() {
        cut -= (coefficients[kept - 1] / errors[kept - 1]).powi(2);
        let criterion = cut + 2.0 * kept as f64;
        if criterion < best.0 {
            best = (criterion, kept);
        }
    }
    best.1
}

/// `psi(n)` at a positive integer: `-gamma + sum over i < n of 1/i`.
fn digamma(n: usize) -> f64 {
    (1..n).map(|i| 1.0 / i as f64).sum::<f64>() - EULER
}

/// `psi'(n)` at a positive integer: `pi^2/6 - sum over i < n of 1/i^2`.
fn trigamma(n: usize) -> f64 {
    std::f64::consts::PI.powi(2) / 6.0 - (1..n).map(|i| 1.0 / (i * i) as f64).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_transforms_are_inverse() {
        let values: Vec<f64> = (0..13).map(|i| (i as f64 * 0.7).sin() + 0.1 * i as f64).collect();
        let coefficients = cosine_coefficients(&values);
        let direct: f64 = (-11..=12i32)
            .map(|k| values[k.unsigned_abs() as usize] * (std::f64::consts::PI * f64::from(k) * 5.0 / 12.0).cos())
            .sum();
        assert!((coefficients[5] - direct / 24.0).abs() < 1e-14);
        // All coefficients, with the last counted once.
        let back = filter(&coefficients, 13);
        assert!(values.iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn polygammas() {
        assert!((digamma(3) - 0.922_784_335_098_467_1).abs() < 1e-15);
        assert!((trigamma(3) - 0.394_934_066_848_226_4).abs() < 1e-15);
    }
}
