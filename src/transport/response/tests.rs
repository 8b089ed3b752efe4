use super::*;
use crate::random::normal;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const INTERVAL: f64 = 0.1;
const STEPS: usize = 160;

/// The running integral of a normalized response, and how loud the noise is after a time.
struct Process {
    drift: fn(f64) -> f64,
    loudness: fn(f64) -> f64,
    noise: f64,
}

/// Free ions of damping time 1.
const FREE: Process = Process { drift: |t| t - (1.0 - (-t).exp()), loudness: |_| 1.0, noise: 0.3 };

/// Chaos sets in after some time, and half of the drift relaxes away within 1.5.
const SLOW: Process = Process {
    drift: |t| t - 1.5 * (1.0 - (-t).exp()) + 0.5 * 1.5 * (1.0 - (-t / 1.5f64).exp()),
    loudness: |t| 1.0 - (-t / 3.0f64).exp(),
    noise: 0.3,
};

/// Pairs with noise of correlation time 0.5 in the current, and a share of it that successive pairs have in common.
fn pairs(process: &Process, n: usize, shared: f64, seed: u64) -> Vec<Pair> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let keep = (-INTERVAL / 0.5f64).exp();
    let mut memory = 0.0;
    let pair = |i: usize| {
        memory = shared * memory + (1.0 - shared * shared).sqrt() * normal(&mut random);
        let mut current = normal(&mut random);
        let mut noise = 0.0;
        let drift = (0..=STEPS).map(|k| {
            let t = k as f64 * INTERVAL;
            let value = (process.drift)(t) + noise + 0.05 * memory * t;
            current = keep * current + (1.0 - keep * keep).sqrt() * normal(&mut random);
            noise += process.noise * (process.loudness)(t) * current * INTERVAL;
            value
        });
        Pair { direction: i % 3, drift: drift.collect(), stronger: None }
    };
    (0..n).map(pair).collect()
}

fn options() -> ResponseOptions {
    ResponseOptions { interval: INTERVAL, damp: Some(1.0), stronger: 2.0 }
}

/// Share of repeats whose interval of one error holds 1, mean over truth, and actual over stated error.
fn coverage(process: &Process, n: usize, shared: f64, first_seed: u64) -> (f64, f64, f64) {
    const REPEATS: u64 = 400;
    let found: Vec<Estimate> = (0..REPEATS)
        .map(|r| paired_response(&pairs(process, n, shared, first_seed + r), &options()).unwrap().slope)
        .collect();
    let share = found.iter().filter(|e| (e.value - 1.0).abs() <= e.error).count() as f64 / REPEATS as f64;
    let mean = found.iter().map(|e| e.value).sum::<f64>() / REPEATS as f64;
    let actual = (found.iter().map(|e| (e.value - 1.0).powi(2)).sum::<f64>() / REPEATS as f64).sqrt();
    let stated = (found.iter().map(|e| e.error.powi(2)).sum::<f64>() / REPEATS as f64).sqrt();
    (share, mean, actual / stated)
}

#[test]
fn stated_errors_are_right() {
    for (name, process, n, shared) in [
        ("free, 20 pairs", &FREE, 20, 0.0),
        ("free, 40 pairs", &FREE, 40, 0.0),
        ("free, 40 correlated pairs", &FREE, 40, 0.5),
        ("slow, 20 pairs", &SLOW, 20, 0.0),
        ("slow, 40 pairs", &SLOW, 40, 0.0),
        ("slow, 120 pairs", &SLOW, 120, 0.0),
        ("slow, 120 correlated pairs", &SLOW, 120, 0.5),
    ] {
        let (share, mean, ratio) = coverage(process, n, shared, 5_000_000);
        println!(
            "{name}: {:.1} percent within one error, mean {mean:.4}, actual over stated {ratio:.2}",
            100.0 * share
        );
        assert!((0.60..0.80).contains(&share), "{name}: {share}");
        assert!((mean - 1.0).abs() < 0.01, "{name}: {mean}");
    }
}

#[test]
fn free_ions_without_noise_are_exact() {
    let quiet = Process { noise: 0.0, ..FREE };
    let drift: Vec<f64> = (0..=STEPS).map(|k| 2.0 * (quiet.drift)(k as f64 * INTERVAL)).collect();
    let pairs: Vec<Pair> =
        (0..12).map(|i| Pair { direction: i % 3, drift: drift.clone(), stronger: Some(drift.clone()) }).collect();
    let found = paired_response(&pairs, &options()).unwrap();
    assert!((found.slope.value / 2.0 - 1.0).abs() < 0.004, "{found:?}");
    assert!(found.from >= 2.5 && found.objection.is_none(), "{found:?}");
}

#[test]
fn a_response_that_is_not_linear_is_said() {
    let mut found = pairs(&FREE, 40, 0.0, 77);
    for pair in found.iter_mut().step_by(4) {
        pair.stronger = Some(pair.drift.iter().map(|d| 1.5 * d).collect());
    }
    let response = paired_response(&found, &options()).unwrap();
    assert!(response.objection.unwrap().contains("not linear"));
    assert!(response.stronger_field.unwrap().value > 0.4);
}

/// A change that is real and smaller than the error is no objection; it is in the error.
#[test]
fn a_slight_departure_from_linear_response_is_in_the_error() {
    const CHANGE: f64 = 0.01;
    let mut found = pairs(&FREE, 40, 0.0, 77);
    let before = paired_response(&found, &options()).unwrap().slope;
    for pair in &mut found {
        pair.stronger = Some(pair.drift.iter().map(|d| (1.0 + CHANGE) * d).collect());
    }
    let response = paired_response(&found, &options()).unwrap();
    assert!(response.objection.is_none(), "{response:?}");
    let error = before.error.hypot(CHANGE / 3.0 * before.value);
    assert!((response.slope.error / error - 1.0).abs() < 1e-6 && response.slope.value == before.value, "{response:?}");
}

#[test]
fn what_says_nothing_is_refused() {
    let all = pairs(&FREE, 10, 0.0, 1);
    let refusal = |pairs: &[Pair], options: ResponseOptions| paired_response(pairs, &options).unwrap_err().to_string();
    assert!(refusal(&all[..5], options()).contains("at least 8 are needed"));
    assert!(refusal(&all, ResponseOptions { damp: Some(20.0), ..options() }).contains("too short"));
    assert!(refusal(&all, ResponseOptions { interval: 0.0, ..options() }).contains("above zero"));
    let mut uneven = all.clone();
    uneven[3].drift.pop();
    assert!(refusal(&uneven, options()).contains("pair 3 has 160 values"));
    let mut damaged = all;
    damaged[9].drift[4] = f64::NAN;
    assert!(refusal(&damaged, options()).contains("not finite"));
}
