//! Stated errors against actual ones, over many synthetic runs of known coefficient.

mod common;

use common::{brownian, currents, integrate, viscoelastic};
use ionscape::transport::estimators::*;

/// Runs of each kind and length.
const RUNS: u64 = 300;

/// Share of runs whose one-sigma interval holds the truth, mean of the estimates over the truth, root mean square
/// actual over root mean square stated error.
fn cover(name: &str, truth: f64, estimate: impl Fn(u64) -> Estimate) -> f64 {
    let estimates: Vec<Estimate> = (0..RUNS).map(&estimate).collect();
    let n = estimates.len() as f64;
    let share = estimates.iter().filter(|e| (e.value - truth).abs() <= e.error).count() as f64 / n;
    let mean = estimates.iter().map(|e| e.value).sum::<f64>() / n / truth;
    let actual = (estimates.iter().map(|e| (e.value - truth).powi(2)).sum::<f64>() / n).sqrt();
    let stated = (estimates.iter().map(|e| e.error.powi(2)).sum::<f64>() / n).sqrt();
    eprintln!("{name}: {:.1} percent, mean {mean:.3}, actual error {:.3}, actual / stated {:.3}", 100.0 * share, actual / truth, actual / stated);
    share
}

fn check(name: &str, truth: f64, estimate: impl Fn(u64) -> Estimate) {
    let share = cover(name, truth, estimate);
    assert!((0.60..=0.76).contains(&share), "{name}: {share}");
}

#[test]
fn einstein_helfand_of_brownian_motion() {
    for n in [200, 1000, 5000] {
        for noise in [0.0, 1.0] {
            cover(&format!("EH brownian {n} frames noise {noise}"), 2.0, |seed| {
                einstein_helfand(&brownian(n, 0.5, 2.0, noise, seed), 0.5, &EinsteinOptions::default()).unwrap().estimate
            });
        }
    }
}

#[test]
fn einstein_helfand_of_currents() {
    for n in [2000, 5000, 15000] {
        let dt = 0.25;
        cover(&format!("EH one time, {n}"), 2.0, |seed| {
            let m = integrate(&currents(n, dt, &[(2.0, 1.0)], seed), dt);
            einstein_helfand(&m, dt, &EinsteinOptions::default()).unwrap().estimate
        });
        cover(&format!("EH two times, {n}"), 2.0, |seed| {
            let m = integrate(&currents(n, dt, &[(1.0, 0.5), (0.5, 3.0)], seed), dt);
            einstein_helfand(&m, dt, &EinsteinOptions::default()).unwrap().estimate
        });
        let model = viscoelastic(0.5, 3.0, dt);
        cover(&format!("EH back flow, {n}"), 0.4, |seed| {
            let m = integrate(&model.sample(n, seed)[0], dt);
            einstein_helfand(&m, dt, &EinsteinOptions::default()).unwrap().estimate
        });
    }
}

#[test]
fn diagnose() {
    for n in [240, 1000, 5000] {
        for spacing in [1, n / 100, n / 50, n / 24] {
            for n_lags in [3, 8] {
                if spacing < 1 || spacing * 3 * n_lags > n { continue; }
                cover(&format!("EH brownian {n} frames spacing {spacing} lags {n_lags}"), 2.0, |seed| {
                    let o = EinsteinOptions { spacing: Some(spacing as f64 * 0.5), n_lags, ..Default::default() };
                    einstein_helfand(&brownian(n, 0.5, 2.0, 0.0, seed), 0.5, &o).unwrap().estimate
                });
            }
        }
    }
}
