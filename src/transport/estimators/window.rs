//! Variances of time integrals of correlation functions, by window length.

use super::fourier::padded;
use realfft::RealFftPlanner;

/// Convolution of two correlation functions, both even in time and zero beyond their ends:
/// `R(v) = dt * sum over u of f(u) g(v - u)`, for `v` from 0 to twice the longest lag.
pub(super) fn convolve(f: &[f64], g: &[f64], dt: f64) -> Vec<f64> {
    let longest = f.len().max(g.len()) - 1;
    let length = padded(4 * longest + 2);
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(length);
    let spectrum = |x: &[f64]| {
        let mut even = vec![0.0; length];
        even[0] = x[0];
        for (k, &value) in x.iter().enumerate().skip(1) {
            even[k] = value;
            even[length - k] = value;
        }
        let mut out = forward.make_output_vec();
        forward.process(&mut even, &mut out).expect("the buffers come from the plan");
        out
    };
    let mut product = spectrum(f);
    for (p, q) in product.iter_mut().zip(spectrum(g)) {
        // Even functions have real spectra; what else there is, is rounding.
        *p = (p.re * q.re).into();
    }
    let mut out = vec![0.0; length];
    planner.plan_fft_inverse(length).process(&mut product, &mut out).expect("the buffers fit the plan");
    out.iter().take(2 * longest + 1).map(|v| v * dt / length as f64).collect()
}

/// Weights of the trapezoidal rule for an integral from `-t` to `t` of an even function, times `dt`: its correlation
/// with itself at lag `v`, `max(0, 2 t - v)`, gives variances of running integrals.
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
