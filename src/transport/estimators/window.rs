//! Variances of time integrals of correlation functions, by window length.

use crate::fourier::padded;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// Convolution of two correlation functions, both even in time and zero beyond their ends:
/// `R(v) = dt * sum over u of f(u) g(v - u)`, for `v` from 0 to twice the longest lag.
pub(super) fn convolve(f: &[f64], g: &[f64], dt: f64) -> Vec<f64> {
    let longest = f.len().max(g.len()) - 1;
    let length = padded(4 * longest + 2);
    let (f, g) = (spectrum(f, 1.0, length), spectrum(g, 1.0, length));
    // Even functions have real spectra; what else there is, is rounding.
    inverse(f.iter().zip(&g).map(|(f, g)| f.re * g.re).collect(), longest, dt, length)
}

/// Correlation with itself of a function that is odd in time: `dt * sum over u of f(u) f(u + v)`.
pub(super) fn convolve_odd(f: &[f64], dt: f64) -> Vec<f64> {
    let longest = f.len() - 1;
    let length = padded(4 * longest + 2);
    let f = spectrum(f, -1.0, length);
    inverse(f.iter().map(|f| f.im * f.im).collect(), longest, dt, length)
}

/// Transform of a function given for positive times; `parity` times its values stand at negative ones.
fn spectrum(x: &[f64], parity: f64, length: usize) -> Vec<Complex<f64>> {
    let mut both = vec![0.0; length];
    both[0] = x[0];
    for (k, &value) in x.iter().enumerate().skip(1) {
        both[k] = value;
        both[length - k] = parity * value;
    }
    let forward = RealFftPlanner::<f64>::new().plan_fft_forward(length);
    let mut out = forward.make_output_vec();
    forward.process(&mut both, &mut out).expect("the buffers come from the plan");
    out
}

fn inverse(spectrum: Vec<f64>, longest: usize, dt: f64, length: usize) -> Vec<f64> {
    let mut spectrum: Vec<Complex<f64>> = spectrum.into_iter().map(Complex::from).collect();
    let mut out = vec![0.0; length];
    let plan = RealFftPlanner::<f64>::new().plan_fft_inverse(length);
    plan.process(&mut spectrum, &mut out).expect("the buffers fit the plan");
    out.iter().take(2 * longest + 1).map(|v| v * dt / length as f64).collect()
}

/// Variances of the running integral of a correlation function.
///
/// For Gaussian currents the integral `I(t) = 1/D int_0^t <J(0).J(s)> ds` from a run of length `T` has the variance
/// `1/(2 D T) int R(v) (2 t - |v|)+ dv` with `R` the convolution of the correlation of one component with itself:
/// Bartlett's formula. For `t` beyond the correlation time it is `4 t I^2 / (D T)`, the rule of R. Zwanzig and
/// N. K. Ailawadi, Phys. Rev. 182, 280 (1969), for three components.
///
/// Returns the variance for `t = 0, dt, ..., (n - 1) dt`, without the factor `1 / (D T)`.
pub(super) fn integral_variance(convolution: &[f64], dt: f64, n: usize) -> Vec<f64> {
    // Sums over 0 < v <= 2 t of R and of v R grow with t; no term is met twice.
    let (mut plain, mut moment) = (0.0, 0.0);
    let mut reached = 0;
    (0..n)
        .map(|k| {
            while reached < 2 * k && reached + 1 < convolution.len() {
                reached += 1;
                plain += convolution[reached];
                moment += convolution[reached] * reached as f64;
            }
            let width = 2.0 * k as f64;
            (0.5 * convolution[0] * width + width * plain - moment) * dt * dt
        })
        .collect()
}

/// Variance of the integral of a correlation function times a taper `h`, without the factor `1 / (D T)`.
///
/// Bartlett's formula as in [`integral_variance`], with the convolution of `h` (even in time) with itself in place of
/// `(2 t - |v|)+`, which is that of a window without taper.
pub(super) fn tapered_variance(convolution: &[f64], taper: &[f64], dt: f64) -> f64 {
    let overlap = convolve(taper, taper, dt);
    let sum: f64 = convolution.iter().zip(&overlap).skip(1).map(|(r, a)| r * a).sum();
    0.5 * dt * (convolution[0] * overlap[0] + 2.0 * sum)
}

/// The running integral of a correlation function by the trapezoidal rule.
///
/// Trapezoids and nothing finer: with currents that are averages over the spacing, their sum is the exact displacement.
pub(super) fn running_integral(correlation: &[f64], dt: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut out = vec![0.0];
    for pair in correlation.windows(2) {
        sum += 0.5 * dt * (pair[0] + pair[1]);
        out.push(sum);
    }
    out
}
