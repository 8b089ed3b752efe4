//! Ensembles of networks, run by ionscape's own forward pass and by tract.

use ionscape::model::Model;
use ionscape::model::ensemble::{Activation, Ensemble, Head, InputMap, Network, Output, Perceptrons, Transform};
use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const N_FEATURES: usize = 468;

fn random(shape: (usize, usize), width: f32, seed: u64) -> Array2<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_fn(shape, |_| width * (2.0 * random.random::<f32>() - 1.0))
}

fn network(hidden: &[usize], activation: Activation, output: Output, scale: f32, seed: u64) -> Network {
    let widths: Vec<usize> = [20].iter().chain(hidden).chain(&[1]).copied().collect();
    let layers: Vec<(Array2<f32>, Array1<f32>)> = (0..widths.len() - 1)
        .map(|l| {
            let width = 2.0 / (widths[l] as f32).sqrt();
            let seed = 100 * seed + 2 * l as u64;
            (
                random((widths[l + 1], widths[l]), width, seed),
                random((1, widths[l + 1]), 0.5, seed + 1).row(0).to_owned(),
            )
        })
        .collect();
    Network::from_layers(&layers, activation, output, scale).unwrap()
}

fn file(networks: Vec<Network>, transform: Transform, calibration: f64) -> Vec<u8> {
    let metadata = Model::load("examples/models/baseline.onnx").unwrap().metadata().clone();
    let matrix = random((N_FEATURES, 20), 0.1, 1);
    let map = InputMap { transform, factor: 1.5, matrix, offset: Array1::linspace(-0.5, 0.5, 20) };
    let n_members = networks.len();
    let ensemble = Ensemble::new(map, Head::Perceptrons(Perceptrons::new(networks, calibration)));
    ensemble.to_graph().finish(N_FEATURES, n_members, &metadata).unwrap()
}

#[test]
fn own_forward_pass_gives_what_tract_gives() {
    for (case, (hidden, activation, output, transform, members)) in [
        (&[100, 100][..], Activation::Relu, Output::Linear, Transform::SoftSqrt, 5),
        (&[33][..], Activation::Relu, Output::Softplus, Transform::None, 1),
        (&[17, 9, 5][..], Activation::Softplus, Output::Softplus, Transform::SoftSqrt, 3),
        (&[][..], Activation::Relu, Output::Linear, Transform::None, 2),
    ]
    .into_iter()
    .enumerate()
    {
        let scale = if output == Output::Softplus { 0.7 } else { 1.0 };
        let networks = (0..members).map(|m| network(hidden, activation, output, scale, m)).collect();
        let bytes = file(networks, transform, 1.3);
        let (own, tract) = (Model::from_bytes("m", &bytes).unwrap(), Model::by_tract("m", &bytes).unwrap());
        assert!(!own.is_run_by_tract() && tract.is_run_by_tract(), "case {case}");
        for n in [0, 1, 7, 256, 300] {
            let x = random((n, N_FEATURES), 3.0, n as u64);
            let (ours, theirs) = (own.predict(x.view()).unwrap(), tract.predict(x.view()).unwrap());
            assert_eq!(ours.dim(), (n, members as usize));
            let largest = theirs.iter().fold(0.0f32, |l, v| l.max(v.abs()));
            for (a, b) in ours.iter().zip(&theirs) {
                assert!((a - b).abs() <= 1e-5 * largest, "case {case}, {n} rows: {a} {b}");
            }
        }
    }
}

#[test]
fn infinite_outputs_are_refused_by_both() {
    let bytes = file(vec![network(&[8], Activation::Relu, Output::Linear, 1.0, 0)], Transform::None, 1.0);
    let x = Array2::from_elem((3, N_FEATURES), f32::INFINITY);
    for model in [Model::from_bytes("m", &bytes).unwrap(), Model::by_tract("m", &bytes).unwrap()] {
        let message = model.predict(x.view()).unwrap_err().to_string();
        assert!(message.contains("non-finite features"), "{message}");
    }
}
