//! Correlations and displacements of whole series by fast Fourier transform.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

/// `sum over n of a[n].b[n + k]`, over components, for lags `k` from 0 to `n_lags - 1`; and the same with `a` and `b`
/// exchanged. Nothing is divided by the number of terms, `n - k`.
pub(crate) fn correlation_sums(a: &[Vec<f64>], b: &[Vec<f64>], n_lags: usize) -> (Vec<f64>, Vec<f64>) {
    let n = a[0].len();
    let length = padded(n + n_lags);
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(length);
    let transform = |x: &[f64]| {
        let mut input = vec![0.0; length];
        input[..n].copy_from_slice(x);
        let mut output = forward.make_output_vec();
        forward.process(&mut input, &mut output).expect("the buffers come from the plan");
        output
    };
    let mut product = vec![Complex::new(0.0, 0.0); length / 2 + 1];
    for (x, y) in a.iter().zip(b) {
        let x = transform(x);
        let y = transform(y);
        for ((p, x), y) in product.iter_mut().zip(&x).zip(&y) {
            *p += x.conj() * y;
        }
    }
    // The ends are real by symmetry; rounding must not say otherwise to the inverse transform.
    product[0].im = 0.0;
    product[length / 2].im = 0.0;
    let mut sums = vec![0.0; length];
    planner.plan_fft_inverse(length).process(&mut product, &mut sums).expect("the buffers fit the plan");
    let scale = 1.0 / length as f64;
    let forth = (0..n_lags).map(|k| sums[k] * scale).collect();
    let back = (0..n_lags).map(|k| sums[(length - k) % length] * scale).collect();
    (forth, back)
}

/// `<a(0).b(t)>`, symmetrised in time, for lags 0 to `n_lags - 1`: each lag averaged over all its origins.
pub(crate) fn correlation(a: &[Vec<f64>], b: &[Vec<f64>], n_lags: usize) -> Vec<f64> {
    let n = a[0].len();
    let (forth, back) = correlation_sums(a, b, n_lags);
    (0..n_lags).map(|k| 0.5 * (forth[k] + back[k]) / (n - k) as f64).collect()
}

/// `<[a(t) - a(0)].[b(t) - b(0)]>` for lags 0 to `n_lags - 1`, each averaged over all its origins.
pub(crate) fn displacement(a: &[Vec<f64>], b: &[Vec<f64>], n_lags: usize) -> Vec<f64> {
    let n = a[0].len();
    let (a, b) = (centered(a), centered(b));
    let (forth, back) = correlation_sums(&a, &b, n_lags);
    let equal: Vec<f64> = (0..n).map(|i| a.iter().zip(&b).map(|(a, b)| a[i] * b[i]).sum()).collect();
    let total: f64 = equal.iter().sum();
    let mut ends = 2.0 * total;
    let mut displacement = vec![0.0; n_lags];
    for k in 1..n_lags {
        ends -= equal[k - 1] + equal[n - k];
        displacement[k] = (ends - forth[k] - back[k]) / (n - k) as f64;
    }
    displacement
}

/// The series less their means: displacements do not change, and a large offset costs no digits.
fn centered(series: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let center = |x: &Vec<f64>| {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|v| v - mean).collect()
    };
    series.iter().map(center).collect()
}

/// The smallest even length of factors 2, 3 and 5 that is not below `n`.
pub(crate) fn padded(n: usize) -> usize {
    let smooth = |mut m: usize| {
        for factor in [2, 3, 5] {
            while m.is_multiple_of(factor) {
                m /= factor;
            }
        }
        m == 1
    };
    let mut length = n.max(2).next_multiple_of(2);
    while !smooth(length) {
        length += 2;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(seed: f64, n: usize) -> Vec<Vec<f64>> {
        (0..2).map(|c| (0..n).map(|i| (seed + c as f64 + (i * i) as f64 * 0.37).sin() + 3.0).collect()).collect()
    }

    #[test]
    fn correlations_are_the_direct_sums() {
        let (a, b) = (series(0.1, 37), series(1.7, 37));
        let (forth, back) = correlation_sums(&a, &b, 20);
        for k in 0..20 {
            let sum = |a: &[Vec<f64>], b: &[Vec<f64>]| -> f64 {
                (0..2).flat_map(|c| (0..37 - k).map(move |i| (c, i))).map(|(c, i)| a[c][i] * b[c][i + k]).sum()
            };
            assert!((forth[k] - sum(&a, &b)).abs() < 1e-9 && (back[k] - sum(&b, &a)).abs() < 1e-9);
        }
    }

    #[test]
    fn displacements_are_the_direct_averages_whatever_the_offset() {
        let (mut a, b) = (series(0.1, 41), series(1.7, 41));
        a[0].iter_mut().for_each(|v| *v += 1e5);
        let fast = displacement(&a, &b, 41);
        for k in 0..41 {
            let mut direct = 0.0;
            for c in 0..2 {
                for i in 0..41 - k {
                    direct += (a[c][i + k] - a[c][i]) * (b[c][i + k] - b[c][i]) / (41 - k) as f64;
                }
            }
            assert!((fast[k] - direct).abs() < 1e-8, "lag {k}: {} against {direct}", fast[k]);
        }
    }

    #[test]
    fn transform_lengths_have_small_factors() {
        assert_eq!([padded(1), padded(7), padded(13), padded(1025)], [2, 8, 16, 1080]);
    }
}
