//! Estimators against programs of others, on the current of a simulated electrolyte.
//!
//! `tests/reference/transport/record_*.py` say where the current and the recorded values come from.

use ionscape::transport::estimators::*;
use serde_json::Value;

const SPACING: f64 = 0.05;

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/transport")
}

fn current() -> Vec<[f64; 3]> {
    let rows: ndarray::Array2<f32> = ndarray_npy::read_npy(folder().join("current.npy")).unwrap();
    rows.rows().into_iter().map(|row| std::array::from_fn(|c| f64::from(row[c]))).collect()
}

fn recorded(name: &str) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

#[test]
fn sportran_finds_the_same_cepstral_estimate() {
    let current = current();
    for theirs in recorded("sportran.json") {
        let n_coefficients = theirs["n_coefficients"].as_u64().map(|n| n as usize);
        let ours = cepstral(&current, SPACING, &CepstralOptions { n_coefficients, ..Default::default() }).unwrap();
        if theirs["factor"] == 1.0 {
            assert_eq!(Some(ours.n_akaike), n_coefficients);
        }
        assert!((ours.estimate.value / theirs["k"].as_f64().unwrap() - 1.0).abs() < 1e-9);
        assert!((ours.estimate.relative_error() / theirs["relative_error"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn kinisi_and_all_our_estimators_agree_within_their_errors() {
    let current = current();
    // The current is an average over each interval: its sum is the displacement without approximation.
    let mut displacement = vec![[0.0; 3]];
    for j in &current {
        let last = displacement[displacement.len() - 1];
        displacement.push(std::array::from_fn(|c| last[c] + j[c] * SPACING));
    }
    let ours = [
        einstein_helfand(&displacement, SPACING, &EinsteinOptions::default()).unwrap().estimate,
        green_kubo(&current, SPACING, &GreenKuboOptions::default()).unwrap().estimate,
        cepstral(&current, SPACING, &CepstralOptions::default()).unwrap().estimate,
    ];
    for ours in ours {
        for theirs in recorded("kinisi.json") {
            let (value, error) = (theirs["k"].as_f64().unwrap(), theirs["error"].as_f64().unwrap());
            assert!((ours.value - value).abs() < 2.0 * ours.error.hypot(error), "{ours:?} against {theirs}");
        }
        // 200 ion pairs: K = 200 Lambda. The label of this state point, from longer runs and other routes.
        assert!((ours.value - 200.0 * 0.7616).abs() < 2.0 * ours.error.hypot(200.0 * 0.0503), "{ours:?}");
        eprintln!("{ours:?}");
    }
}
