//! How estimates of one run differ among themselves, and what the best of them is worth.

mod processes;

use ionscape::transport::estimators::*;
use ionscape::transport::{ChargeEstimate, Method, best};
use processes::{currents, integrate, viscoelastic};
use rayon::prelude::*;

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

/// Of one run: whether the best estimate's interval holds the truth, whether estimates that their rules accept are
/// further apart than the verdict allows, and how far each two of these are apart, over their errors in quadrature.
fn outcome(all: &[ChargeEstimate], truth: f64) -> (bool, bool, Vec<(Method, Method, f64)>) {
    let best = best(all).unwrap().estimate;
    let accepted: Vec<&ChargeEstimate> = all.iter().filter(|e| e.objection.is_none()).collect();
    let mut apart = vec![];
    for (i, a) in accepted.iter().enumerate() {
        for b in &accepted[..i] {
            let difference = a.estimate.value - b.estimate.value;
            apart.push((b.method, a.method, difference.abs() / a.estimate.error.hypot(b.estimate.error)));
        }
    }
    ((best.value - truth).abs() <= best.error, apart.iter().any(|pair| pair.2 > 1.2), apart)
}

/// The best estimate's interval holds the truth as often as it says, and right estimates are seldom called contradictory.
fn check(name: &str, truth: f64, make: impl Fn(usize, u64) -> Vec<[f64; 3]> + Sync) {
    let (mut covered, mut differ, mut runs) = (0, 0, 0);
    for n in [2000, 5000, 15000] {
        let run = |seed| outcome(&estimates(&make(n, 40_000 + seed)), truth);
        let outcomes: Vec<_> = (0..RUNS).into_par_iter().map(run).collect();
        covered += outcomes.iter().filter(|o| o.0).count();
        differ += outcomes.iter().filter(|o| o.1).count();
        runs += outcomes.len();
        for pair in [
            (Method::EinsteinHelfand, Method::GreenKubo),
            (Method::EinsteinHelfand, Method::Cepstral),
            (Method::GreenKubo, Method::Cepstral),
        ] {
            let apart: Vec<f64> =
                outcomes.iter().flat_map(|o| &o.2).filter(|p| (p.0, p.1) == pair).map(|p| p.2).collect();
            let scatter = (apart.iter().map(|p| p * p).sum::<f64>() / apart.len() as f64).sqrt();
            eprintln!("{name}, {n}: {} and {} differ by {scatter:.2}", pair.0.label(), pair.1.label());
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
