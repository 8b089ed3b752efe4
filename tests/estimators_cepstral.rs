//! Cepstral analysis against currents of known coefficient: the value, and how often the stated error holds it.

mod processes;

use ionscape::transport::estimators::{CepstralOptions, Estimate, cepstral};
use processes::{currents, viscoelastic};

/// Runs of each kind and length.
const RUNS: u64 = 300;

/// Share of runs whose one-sigma interval holds the truth, and the mean estimate over the truth.
fn coverage(truth: f64, estimate: impl Fn(u64) -> Estimate) -> (f64, f64) {
    let estimates: Vec<Estimate> = (0..RUNS).map(estimate).collect();
    let held = estimates.iter().filter(|e| (e.value - truth).abs() <= e.error).count();
    (held as f64 / RUNS as f64, estimates.iter().map(|e| e.value).sum::<f64>() / RUNS as f64 / truth)
}

/// `dt/2 sum_k v exp(-|k| dt/tau)`: what a sampled current of one time has at frequency 0.
fn sampled(variance: f64, tau: f64, dt: f64) -> f64 {
    variance * dt / 2.0 / (dt / tau / 2.0).tanh()
}

#[test]
fn stated_errors_hold_the_truth() {
    let dt = 0.25;
    let options = CepstralOptions::default();
    let of = |j: &[[f64; 3]]| cepstral(j, dt, &options).unwrap().estimate;
    let binding = viscoelastic(0.5, 3.0, dt);
    let two = sampled(1.0, 0.5, dt) + sampled(0.5, 3.0, dt);
    for n in [2000, 5000, 15000] {
        for (name, truth, estimate) in [
            (
                "one time",
                sampled(2.0, 1.0, dt),
                &(|seed| of(&currents(n, dt, &[(2.0, 1.0)], seed))) as &dyn Fn(u64) -> _,
            ),
            ("two times", two, &|seed| of(&currents(n, dt, &[(1.0, 0.5), (0.5, 3.0)], seed))),
            ("back flow", 0.4, &|seed| of(&binding.sample(n, seed)[0])),
        ] {
            let (share, mean) = coverage(truth, estimate);
            eprintln!("{name}, {n} frames: {:.1} % held, mean {mean:.3} of the truth", 100.0 * share);
            assert!((0.60..=0.76).contains(&share), "{name}, {n} frames: {share} held, mean {mean} of the truth");
        }
    }
}

#[test]
fn white_noise_needs_one_coefficient() {
    // Independent frames: the spectrum is flat, and K is half the variance times the spacing.
    let j = currents(20_000, 1.0, &[(3.0, 1e-3)], 7);
    let found = cepstral(&j, 1.0, &CepstralOptions::default()).unwrap();
    assert!(found.n_akaike <= 5 && found.n_coefficients == 3 * found.n_akaike, "{}", found.n_akaike);
    assert!((found.estimate.value - 1.5).abs() < 3.0 * found.estimate.error && found.estimate.error < 0.1);
    assert!((found.spectrum[5000] / 1.5 - 1.0).abs() < 0.15);
}

#[test]
fn averaging_over_blocks_keeps_the_value_and_lowers_the_nyquist_frequency() {
    let j = currents(40_000, 0.05, &[(2.0, 1.0)], 11);
    let whole = cepstral(&j, 0.05, &CepstralOptions::default()).unwrap();
    let options = CepstralOptions { nyquist: Some(1.0), ..Default::default() };
    let lower = cepstral(&j, 0.05, &options).unwrap();
    assert_eq!((whole.block, lower.block), (1, 10));
    assert!((lower.frequencies[lower.frequencies.len() - 1] - 1.0).abs() < 1e-12);
    for found in [&whole, &lower] {
        assert!((found.estimate.value - 2.0).abs() < 3.0 * found.estimate.error, "{:?}", found.estimate);
    }
}
