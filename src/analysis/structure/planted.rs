//! Models and surroundings of which everything is known, for the tests.

use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::descriptor::{Environment, SoapParameters};
use crate::local::{Environments, LocalModel};
use crate::model::{GraphBuilder, INPUT, Metadata, OUTPUT};
use crate::species::Channels;

/// Within 1.5, three radial functions, up to l = 1.
pub fn small_descriptor() -> serde_json::Value {
    serde_json::json!({"convention": "compact", "cutoff": 1.5, "n_max": 3, "l_max": 1, "switching": 1.5})
}

pub fn parameters(descriptor: &serde_json::Value) -> SoapParameters {
    serde_json::from_value(descriptor.clone()).unwrap()
}

/// A model that is linear in its features.
pub fn linear(descriptor: &serde_json::Value, weight: impl Fn(usize) -> f32) -> LocalModel {
    let n_features = parameters(descriptor).n_features(2);
    let metadata = Metadata {
        version: Metadata::VERSION,
        units: "lj".into(),
        species: vec!["cation".into(), "anion".into()],
        charges: [("cation".into(), 1.0), ("anion".into(), -1.0)].into(),
        molecules: vec![],
        channels: Channels::ChargeSymmetric,
        conditions: vec![],
        descriptor: descriptor.clone(),
        domain: None,
        provenance: Default::default(),
        validation: Default::default(),
    };
    let mut graph = GraphBuilder::default();
    graph.matrix("weights", Array2::from_shape_fn((n_features, 1), |(i, _)| weight(i)).view());
    graph.node("MatMul", &[INPUT, "weights"], OUTPUT);
    let bytes = graph.finish(n_features, 1, &metadata).unwrap();
    LocalModel::from_bytes("planted.onnx", &bytes).unwrap()
}

/// Weights that follow no pattern, from -1 to 1.
pub fn weight(i: usize) -> f32 {
    ((i * 37 + 11) % 41) as f32 / 20.5 - 1.0
}

/// Centers amid ten neighbours each, all within 1.4.
pub struct Scattered(pub Vec<Environment>);

impl Scattered {
    pub fn new(random: &mut ChaCha8Rng, n: usize) -> Self {
        let of = |_| {
            let mut environment = Environment::new(2);
            for j in 0..10 {
                environment.push(j % 2, [0; 3].map(|_| 0.8 * (2.0 * random.random::<f64>() - 1.0)));
            }
            environment
        };
        Self((0..n).map(of).collect())
    }
}

impl Environments for Scattered {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn species(&self, _center: usize) -> usize {
        0
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        environment.clone_from(&self.0[center]);
    }
}
