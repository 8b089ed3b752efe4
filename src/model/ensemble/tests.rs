//! Networks run here against tract, on random inputs.

use ndarray::{Array1, Array2, s};
use prost::Message;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tract_onnx::pb::ModelProto;

use super::*;
use crate::model::{Metadata, Model};

const BASELINE: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/models/baseline.onnx"));

fn uniform(random: &mut ChaCha8Rng, n: usize, width: usize, bound: f32) -> Array2<f32> {
    Array2::from_shape_fn((n, width), |_| random.random_range(-bound..bound))
}

/// Layers of random weights `[out, in]` and biases.
fn layers(random: &mut ChaCha8Rng, widths: &[usize]) -> Vec<(Array2<f32>, Array1<f32>)> {
    let mut layer = |pair: &[usize]| {
        let bound = (6.0 / pair[0] as f32).sqrt();
        (uniform(random, pair[1], pair[0], bound), uniform(random, 1, pair[1], 0.5).row(0).to_owned())
    };
    widths.windows(2).map(&mut layer).collect()
}

fn metadata() -> Metadata {
    let mut metadata = Model::from_bytes("baseline.onnx", BASELINE).unwrap().metadata().clone();
    metadata.domain = None;
    metadata
}

/// Whether the file is run here.
fn is_own(file: &[u8]) -> bool {
    Ensemble::from_file(&ModelProto::decode(file).unwrap()).is_some()
}

/// Predictions of a file against those of tract, relative to the largest of each member.
fn compare(file: &[u8], what: &str) {
    let (ours, tracts) = (Model::from_bytes(what, file).unwrap(), Model::by_tract(what, file).unwrap());
    let x = uniform(&mut ChaCha8Rng::seed_from_u64(41), 701, ours.n_features(), 2.0);
    let largest = tracts.predict(x.view()).unwrap().map_axis(Axis(0), |c| c.fold(0.0f32, |m, v| m.max(v.abs())));
    for n in [0, 1, 2, 3, 7, 32, 255, 256, 257, 701] {
        let x = x.slice(s![701 - n.., ..]);
        let (a, b) = (ours.predict(x).unwrap(), tracts.predict(x).unwrap());
        assert_eq!(a.dim(), (n, ours.n_members()), "{what}");
        for ((place, a), b) in a.indexed_iter().zip(&b) {
            assert!((a - b).abs() <= 1e-5 * largest[place.1], "{what}, {n} rows, {place:?}: {a} {b}");
        }
    }
}

#[test]
fn the_baseline_is_run_here_as_tract_runs_it() {
    assert!(is_own(BASELINE));
    compare(BASELINE, "baseline.onnx");
}

#[test]
fn exported_perceptrons_are_run_here_as_tract_runs_them() {
    let mut random = ChaCha8Rng::seed_from_u64(42);
    for (members, hidden, activation, output, transform, scale) in [
        (1, vec![20, 10], Activation::Relu, Output::Linear, Transform::None, 1.0),
        (3, vec![20, 10], Activation::Relu, Output::Softplus, Transform::SoftSqrt, 2.5),
        (2, vec![8], Activation::Softplus, Output::Linear, Transform::SoftSqrt, 1.0),
        (2, vec![8, 8, 8], Activation::Softplus, Output::Softplus, Transform::None, 0.3),
        (4, vec![], Activation::Relu, Output::Linear, Transform::SoftSqrt, 1.0),
    ] {
        let widths: Vec<usize> = [12].iter().chain(&hidden).chain(&[1]).copied().collect();
        let networks = (0..members)
            .map(|_| Network::from_layers(&layers(&mut random, &widths), activation, output, scale).unwrap())
            .collect();
        let map = InputMap {
            transform,
            factor: if transform == Transform::None { 1.0 } else { 30.0 },
            matrix: uniform(&mut random, 30, 12, 0.4),
            offset: Array1::from_elem(12, 0.1),
        };
        let ensemble = Ensemble::new(map, Head::Perceptrons(Perceptrons::new(networks, 0.7)));
        let file = ensemble.to_graph().finish(30, members, &metadata()).unwrap();
        let what = format!("{members} members {hidden:?} {activation:?} {output:?} {transform:?}");
        assert!(is_own(&file), "{what}");
        compare(&file, &what);

        let x = uniform(&mut random, 5, 30, 2.0);
        let read = Model::from_bytes("m.onnx", &file).unwrap().predict(x.view()).unwrap();
        assert_eq!(read, ensemble.predict(x.view(), &mut Scratch::default()), "{what}");
    }
}

#[test]
fn exported_waves_are_run_here_as_tract_runs_them() {
    let mut random = ChaCha8Rng::seed_from_u64(45);
    let directions = uniform(&mut random, 12, 40, 0.5);
    let phases = uniform(&mut random, 1, 40, 1.0).row(0).to_owned();
    let pairs = Waves::pairs(directions.clone());
    for (waves, what) in [(pairs, "cosines and sines"), (Waves::new(directions, phases), "cosines with phases")] {
        let map = InputMap {
            transform: Transform::SoftSqrt,
            factor: 30.0,
            matrix: uniform(&mut random, 30, 12, 0.4),
            offset: Array1::from_elem(12, 0.1),
        };
        let weights = uniform(&mut random, waves.n_features(), 3, 0.2);
        let head = Head::Waves { waves, weights, offsets: Array1::from_elem(3, 0.7) };
        let ensemble = Ensemble::new(map, head);
        let file = ensemble.to_graph().finish(30, 3, &metadata()).unwrap();
        assert!(is_own(&file), "{what}");
        compare(&file, what);

        let x = uniform(&mut random, 5, 30, 2.0);
        let read = Model::from_bytes("m.onnx", &file).unwrap().predict(x.view()).unwrap();
        assert_eq!(read, ensemble.predict(x.view(), &mut Scratch::default()), "{what}");
    }
}

#[test]
fn calibration_keeps_the_mean_and_scales_deviations() {
    let mut random = ChaCha8Rng::seed_from_u64(43);
    let networks: Vec<Network> = (0..3)
        .map(|_| Network::from_layers(&layers(&mut random, &[4, 6, 1]), Activation::Relu, Output::Linear, 1.0).unwrap())
        .collect();
    let x = uniform(&mut random, 9, 4, 2.0);
    let predict = |calibration| {
        let mut out = Array2::zeros((9, 3));
        let perceptrons = Perceptrons::new(networks.clone(), calibration);
        perceptrons.evaluate(x.view(), &mut Workspace::default(), out.view_mut());
        out
    };
    let (plain, half) = (predict(1.0), predict(0.5));
    for (plain, half) in plain.rows().into_iter().zip(half.rows()) {
        let mean = plain.mean().unwrap();
        for (p, h) in plain.iter().zip(half) {
            assert!((mean + 0.5 * (p - mean) - h).abs() < 1e-5, "{plain} {half}");
        }
    }
}

/// A graph of 4 features with matrices `w0` `[4, 6]`, `w1` `[6, 6]`, `w2` `[6, 1]`, vectors `b0` `[6]`, `b2` `[1]` and
/// the number `half`.
fn graph(nodes: &[(&str, &[&str], &str)]) -> Vec<u8> {
    let mut random = ChaCha8Rng::seed_from_u64(44);
    let mut graph = GraphBuilder::default();
    for (name, n, width) in [("w0", 4, 6), ("w1", 6, 6), ("w2", 6, 1)] {
        graph.matrix(name, uniform(&mut random, n, width, 1.0).view());
    }
    for (name, n) in [("b0", 6), ("b2", 1)] {
        graph.vector(name, uniform(&mut random, 1, n, 1.0).row(0));
    }
    graph.scalar("half", 0.5);
    let mut members = 1;
    for (operator, inputs, output) in nodes {
        if *operator == "Concat" {
            members = inputs.len();
            graph.concatenate(inputs, output);
        } else {
            graph.node(operator, inputs, output);
        }
    }
    graph.finish(4, members, &metadata()).unwrap()
}

#[test]
fn plain_chains_of_others_are_recognised() {
    let by_sums: &[(&str, &[&str], &str)] = &[
        ("MatMul", &[INPUT, "w0"], "a"),
        ("Add", &["b0", "a"], "b"),
        ("Relu", &["b"], "c"),
        ("MatMul", &["c", "w1"], "d"),
        ("Relu", &["d"], "e"),
        ("Gemm", &["e", "w2", "b2"], OUTPUT),
    ];
    let scaled: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Softplus", &["a"], "b"),
        ("Gemm", &["b", "w2"], "c"),
        ("Softplus", &["c"], "d"),
        ("Mul", &["d", "half"], OUTPUT),
    ];
    let abreast: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Gemm", &[INPUT, "w0"], "b"),
        ("Relu", &["a"], "c"),
        ("Softplus", &["b"], "d"),
        ("MatMul", &["c", "w2"], "e"),
        ("MatMul", &["d", "w2"], "f"),
        ("Concat", &["e", "f"], OUTPUT),
    ];
    for (what, nodes) in [("sums", by_sums), ("scaled", scaled), ("abreast", abreast)] {
        let file = graph(nodes);
        assert!(is_own(&file), "{what}");
        compare(&file, what);
    }
}

#[test]
fn what_is_no_plain_chain_is_left_to_tract() {
    let shared_trunk: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Relu", &["a"], "b"),
        ("Gemm", &["b", "w2"], "c"),
        ("Gemm", &["b", "w2", "b2"], "d"),
        ("Concat", &["c", "d"], OUTPUT),
    ];
    let two_functions: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Relu", &["a"], "b"),
        ("Gemm", &["b", "w1"], "c"),
        ("Softplus", &["c"], "d"),
        ("Gemm", &["d", "w2", "b2"], OUTPUT),
    ];
    let skip: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Relu", &["a"], "b"),
        ("Add", &["a", "b"], "c"),
        ("Gemm", &["c", "w2", "b2"], OUTPUT),
    ];
    let inner_scale: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Mul", &["a", "half"], "b"),
        ("Relu", &["b"], "c"),
        ("Gemm", &["c", "w2", "b2"], OUTPUT),
    ];
    let no_layer: &[(&str, &[&str], &str)] =
        &[("Relu", &[INPUT], "a"), ("MatMul", &["a", "w0"], "b"), ("MatMul", &["b", "w2"], OUTPUT)];
    let cut: &[(&str, &[&str], &str)] = &[
        ("Gemm", &[INPUT, "w0", "b0"], "a"),
        ("Relu", &["a"], "b"),
        ("Gemm", &["b", "w2"], "c"),
        ("Relu", &["c"], OUTPUT),
    ];
    for (what, nodes) in [
        ("trunk", shared_trunk),
        ("two functions", two_functions),
        ("skip", skip),
        ("inner scale", inner_scale),
        ("no layer", no_layer),
        ("cut", cut),
    ] {
        let file = graph(nodes);
        assert!(!is_own(&file), "{what}");
        compare(&file, what);
    }
    let mut proto = ModelProto::decode(BASELINE).unwrap();
    let attribute = &mut proto.graph.as_mut().unwrap().node[0].attribute[0];
    (attribute.name, attribute.i) = ("transA".into(), 1);
    assert!(!is_own(&proto.encode_to_vec()));
}
