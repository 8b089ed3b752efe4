//! Motion that is no diffusion, and series that are none, told apart from those that have a coefficient.

mod processes;

use ionscape::transport::estimators::*;
use processes::{Normal, brownian, currents, viscoelastic};

fn einstein(m: &[[f64; 3]]) -> EinsteinHelfand {
    einstein_helfand(m, 0.1, &EinsteinOptions::default()).unwrap()
}

#[test]
fn diffusion_is_called_so() {
    let brownian = einstein(&brownian(5000, 0.1, 2.0, 0.0, 1));
    assert!(brownian.diffusive.yes, "{}", brownian.diffusive.reason);
    assert!((brownian.diffusive.exponent.value - 1.0).abs() < 4.0 * brownian.diffusive.exponent.error);
    assert!(brownian.n_independent > 500.0);
}

#[test]
fn ballistic_motion_is_not_diffusive() {
    let constant: Vec<[f64; 3]> = (0..2000).map(|i| [0.3 * f64::from(i), 0.0, -0.1 * f64::from(i)]).collect();
    let verdict = einstein(&constant).diffusive;
    assert!(!verdict.yes && !verdict.reason.is_empty());
    // Diffusive in the end, but not within this run.
    let mut at = [0.0; 3];
    let slow: Vec<[f64; 3]> = currents(2000, 0.1, &[(1.0, 500.0)], 5)
        .into_iter()
        .map(|j| {
            at = std::array::from_fn(|c| at[c] + 0.1 * j[c]);
            at
        })
        .collect();
    assert!(!einstein(&slow).diffusive.yes);
}

#[test]
fn confined_motion_is_not_diffusive() {
    for seed in 0..20 {
        let confined = currents(3000, 0.1, &[(1.0, 2.0)], seed);
        assert!(!einstein(&confined).diffusive.yes, "seed {seed}");
        let mut normal = Normal::new(seed);
        let rattling: Vec<[f64; 3]> = (0..3000).map(|_| normal.vector()).collect();
        assert!(!einstein(&rattling).diffusive.yes, "seed {seed}");
    }
}

#[test]
fn a_steady_current_has_no_plateau() {
    let steady = vec![[1.0, 0.0, 0.0]; 1000];
    assert!(!green_kubo(&steady, 0.1, &GreenKuboOptions::default()).unwrap().has_plateau);
    assert!(cepstral(&steady, 0.1, &CepstralOptions::default()).is_err());
}

#[test]
fn weak_forces_leave_the_ideal_coefficient() {
    let series = viscoelastic(0.01, 1.0, 0.1).sample(10000, 3);
    let route = force_route(&series[0], &series[1], 0.1, 1.0, 1.0, &GreenKuboOptions::default()).unwrap();
    assert!(route.force_weight > 0.99);
    assert!(route.green_kubo.estimate.error > 20.0 * route.estimate.error);
    assert!((route.estimate.value - 1.0 / 1.01).abs() < 3.0 * route.estimate.error);
}

/// What all four say of a series that they cannot use.
fn refusals(series: &[[f64; 3]], dt: f64) -> [String; 4] {
    let text = |error: Option<ionscape::Error>| error.expect("a series without a coefficient").to_string();
    let green_kubo_options = GreenKuboOptions::default();
    [
        text(einstein_helfand(series, dt, &EinsteinOptions::default()).err()),
        text(green_kubo(series, dt, &green_kubo_options).err()),
        text(cepstral(series, dt, &CepstralOptions::default()).err()),
        text(force_route(series, series, dt, 1.0, 1.0, &green_kubo_options).err()),
    ]
}

#[test]
fn unusable_series_are_refused() {
    let good = brownian(500, 0.1, 1.0, 0.0, 1);
    for message in refusals(&good[..20], 0.1) {
        assert!(message.contains("20 frames"), "{message}");
    }
    let mut holed = good.clone();
    holed[7][1] = f64::NAN;
    for message in refusals(&holed, 0.1) {
        assert!(message.contains("frame 8 of 500"), "{message}");
    }
    for dt in [0.0, -1.0, f64::NAN] {
        refusals(&good, dt);
    }
    refusals(&vec![[0.0; 3]; 500], 0.1);
}

#[test]
fn routes_of_different_lengths_or_no_damping_are_refused() {
    let good = brownian(500, 0.1, 1.0, 0.0, 1);
    let options = GreenKuboOptions::default();
    let message = force_route(&good, &good[1..], 0.1, 1.0, 1.0, &options).unwrap_err().to_string();
    assert!(message.contains("500 and 499"), "{message}");
    for (ideal, damping) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0)] {
        assert!(force_route(&good, &good, 0.1, ideal, damping, &options).is_err());
    }
}

#[test]
fn estimates_do_not_depend_on_scale_or_offset() {
    let m = brownian(3000, 0.1, 1.0, 0.5, 4);
    let moved: Vec<[f64; 3]> = m.iter().map(|x| x.map(|x| 1e3 * x + 1e6)).collect();
    let (a, b) = (einstein(&m).estimate, einstein(&moved).estimate);
    assert!((b.value / a.value - 1e6).abs() < 1.0 && (b.error / a.error - 1e6).abs() < 10.0);
}
