//! How estimates of one run differ among themselves, and what the best of them is worth.

mod processes;

use ionscape::transport::estimators::*;
use ionscape::transport::{ChargeEstimate, Method, best};
use processes::{currents, integrate, viscoelastic};

const DT: f64 = 0.25;
const RUNS: u64 = 300;

fn estimates(current: &[[f64; 3]]) -> Vec<ChargeEstimate> {
    let einstein = einstein_helfand(&integrate(current, DT), DT, &EinsteinOptions::default()).unwrap();
    let green_kubo = green_kubo(current, DT, &GreenKuboOptions::default()).unwrap();
    let cepstral = cepstral(current, DT, &CepstralOptions::default()).unwrap();
    let of = |method, estimate, accepted: bool| ChargeEstimate {
        method,
        estimate,
        objection: (!accepted).then(|| "by its own rules".to_string()),
    };
    vec![
        of(Method::EinsteinHelfand, einstein.estimate, einstein.diffusive.yes),
        of(Method::GreenKubo, green_kubo.estimate, green_kubo.has_plateau),
        of(Method::Cepstral, cepstral.estimate, true),
    ]
}

/// The best estimate's interval holds the truth as often as it says, and right estimates are seldom called contradictory.
fn check(name: &str, truth: f64, make: impl Fn(usize, u64) -> Vec<[f64; 3]>) {
    let (mut covered, mut differ, mut runs) = (0, 0, 0);
    for n in [2000, 5000, 15000] {
        for seed in 0..RUNS {
            let all = estimates(&make(n, 40_000 + seed));
            let best = best(&all).estimate;
            covered += usize::from((best.value - truth).abs() <= best.error);
            let accepted: Vec<Estimate> = all.iter().filter(|e| e.objection.is_none()).map(|e| e.estimate).collect();
            let apart = |a: &Estimate, b: &Estimate| (a.value - b.value).abs() / a.error.hypot(b.error);
            differ += usize::from(accepted.iter().any(|a| accepted.iter().any(|b| apart(a, b) > 1.2)));
            runs += 1;
        }
    }
    let share = |count: usize| count as f64 / runs as f64;
    eprintln!("{name}: best covers {:.3}, contradictory {:.3}", share(covered), share(differ));
    assert!((0.60..=0.76).contains(&share(covered)), "{name}: {}", share(covered));
    assert!(share(differ) < 0.08, "{name}: {}", share(differ));
}

#[test]
fn the_best_estimate_has_an_honest_error() {
    check("one time", 2.0, |n, seed| currents(n, DT, &[(2.0, 1.0)], seed));
    check("two times", 2.0, |n, seed| currents(n, DT, &[(1.0, 0.5), (0.5, 3.0)], seed));
    let model = viscoelastic(0.5, 3.0, DT);
    check("back flow", 0.4, |n, seed| model.sample(n, seed).swap_remove(0));
}
