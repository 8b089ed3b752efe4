//! One fitted model, whatever its kind.

use ndarray::{Array1, Array2, ArrayView2};
use serde_json::json;

use super::gaussian::GaussianField;
use super::input::{InputMap, Transform};
use super::settings::{ModelKind, TrainSettings};
use super::{Pooled, Rows};
use crate::Result;
use crate::model::{GraphBuilder, INPUT, OUTPUT};

/// A model fitted to systems.
pub enum Fitted {
    GaussianProcess { map: InputMap, field: GaussianField },
}

impl Fitted {
    /// Fits a model to systems.
    ///
    /// # Errors
    /// As those of the parts.
    pub fn fit(systems: &[Pooled], settings: &TrainSettings, seed: u64) -> Result<Self> {
        let rows: Vec<&dyn Rows> = systems.iter().map(|s| s.rows).collect();
        let map = InputMap::fit(&rows, &settings.input, seed)?;
        match settings.kind {
            ModelKind::GaussianProcess => {
                let field = GaussianField::fit(systems, &map, &settings.gaussian_process, seed)?;
                Ok(Self::GaussianProcess { map, field })
            }
            ModelKind::Mlp => todo!(),
        }
    }

    /// Predicted molar conductivity of a system and its standard deviation, not calibrated.
    pub fn predict(&self, rows: &dyn Rows) -> (f64, f64) {
        match self {
            Self::GaussianProcess { map, field } => field.predict(rows, map),
        }
    }

    /// What the fit found, for the model's provenance.
    pub fn summary(&self) -> serde_json::Value {
        match self {
            Self::GaussianProcess { map, field } => json!({
                "inputs": map.width(),
                "length_scale": field.length_scale,
                "prior_variance": field.posterior.prior_variance,
                "log_evidence": field.posterior.log_evidence,
            }),
        }
    }

    /// The ensemble that goes into a model file; deviations of members from their mean are multiplied by `calibration`.
    pub fn ensemble(&self, members: usize, calibration: f64, seed: u64) -> Ensemble {
        match self {
            Self::GaussianProcess { map, field } => {
                let draws = field.posterior.draws(members, calibration, seed);
                let amplitude = field.basis.amplitude();
                let weights = Array2::from_shape_fn((field.basis.n_features(), members), |(d, m)| {
                    (amplitude * draws.weights[m][d]) as f32
                });
                let offsets = draws.intercepts.iter().map(|&m| m as f32).collect();
                Ensemble { map: map.clone(), kind: Head::Cosine { basis: field.basis.clone(), weights, offsets } }
            }
        }
    }
}

/// Networks that share their inputs.
pub struct Ensemble {
    map: InputMap,
    kind: Head,
}

enum Head {
    Cosine { basis: super::gaussian::Basis, weights: Array2<f32>, offsets: Array1<f32> },
}

impl Ensemble {
    pub fn n_features(&self) -> usize {
        self.map.n_features()
    }

    pub fn n_members(&self) -> usize {
        match &self.kind {
            Head::Cosine { offsets, .. } => offsets.len(),
        }
    }

    /// Local conductivities `[n, n_members]` of environments `[n, n_features]`.
    pub fn predict(&self, features: ArrayView2<f32>) -> Array2<f32> {
        let mut inputs = Array2::zeros((features.nrows(), self.map.width()));
        self.map.apply(features, &mut Array2::zeros((0, 0)), inputs.view_mut());
        match &self.kind {
            Head::Cosine { basis, weights, offsets } => basis.evaluate(inputs.view()).dot(weights) + offsets,
        }
    }

    /// The ensemble as an ONNX graph.
    pub fn graph(&self) -> GraphBuilder {
        let mut graph = GraphBuilder::default();
        let transformed = match self.map.transform {
            Transform::None => INPUT,
            Transform::SoftSqrt => {
                graph.scalar("inverse_scale", 1.0 / self.map.scale);
                graph.scalar("one", 1.0);
                graph.node("Mul", &[INPUT, "inverse_scale"], "scaled");
                graph.node("Abs", &["scaled"], "size");
                graph.node("Add", &["size", "one"], "raised");
                graph.node("Sqrt", &["raised"], "root");
                graph.node("Add", &["root", "one"], "divisor");
                graph.node("Div", &["scaled", "divisor"], "transformed");
                "transformed"
            }
        };
        graph.matrix("components", self.map.matrix.view());
        graph.vector("input_offset", self.map.offset.view());
        graph.node("Gemm", &[transformed, "components", "input_offset"], "inputs");
        match &self.kind {
            Head::Cosine { basis, weights, offsets } => {
                graph.matrix("directions", (&basis.directions * std::f32::consts::TAU).view());
                graph.vector("phases", (&basis.phases * std::f32::consts::TAU).view());
                graph.node("Gemm", &["inputs", "directions", "phases"], "angles");
                graph.node("Cos", &["angles"], "waves");
                graph.matrix("weights", weights.view());
                graph.vector("offsets", offsets.view());
                graph.node("Gemm", &["waves", "weights", "offsets"], OUTPUT);
            }
        }
        graph
    }
}
