//! From features to a network's inputs.

use ndarray::{Array1, Array2, ArrayView2, ShapeBuilder};
use serde::{Deserialize, Serialize};

use super::Constants;
use super::elementwise::soft_square_root;
use crate::matrix::{product, transposed};
use crate::model::{GraphBuilder, INPUT};

/// What is done to each feature first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transform {
    None,
    /// `x / (1 + sqrt(1 + |x|))`, which is `sign(x) (sqrt(1 + |x|) - 1)`: a power spectrum is quadratic in the density of
    /// neighbours, and its root is linear, over the decades that densities span.
    SoftSqrt,
}

/// The map from features to inputs: `transform(factor x) A + b`.
#[derive(Clone, Debug)]
pub struct InputMap {
    pub transform: Transform,
    /// What features are multiplied by before the transform.
    pub factor: f32,
    /// `A`, `[n_features, n_inputs]`.
    pub matrix: Array2<f32>,
    /// `b`.
    pub offset: Array1<f32>,
}

impl InputMap {
    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.matrix.nrows()
    }

    /// Number of inputs.
    pub fn width(&self) -> usize {
        self.matrix.ncols()
    }

    /// Inputs `[n, width]`, column after column, of environments `[n, n_features]`; `inputs` and `room` are resized as needed.
    pub fn apply(&self, features: ArrayView2<f32>, room: &mut Vec<f32>, inputs: &mut Array2<f32>) {
        let n = features.nrows();
        if inputs.dim() != (n, self.width()) {
            *inputs = Array2::zeros((n, self.width()).f());
        }
        let mut turned = transposed(features, room);
        if self.transform == Transform::SoftSqrt {
            for mut values in turned.rows_mut() {
                soft_square_root(values.as_slice_mut().expect("rows of a transpose lie in order"), self.factor);
            }
        }
        product(turned.t(), self.matrix.view(), inputs.view_mut());
        for (mut column, &offset) in inputs.columns_mut().into_iter().zip(&self.offset) {
            column += offset;
        }
    }

    /// Adds the map to a graph; the name of its output.
    pub fn write(&self, graph: &mut GraphBuilder) -> &'static str {
        let transformed = match self.transform {
            Transform::None => INPUT,
            Transform::SoftSqrt => {
                graph.scalar("factor", self.factor);
                graph.scalar("one", 1.0);
                graph.node("Mul", &[INPUT, "factor"], "scaled");
                graph.node("Abs", &["scaled"], "size");
                graph.node("Add", &["size", "one"], "raised");
                graph.node("Sqrt", &["raised"], "root");
                graph.node("Add", &["root", "one"], "divisor");
                graph.node("Div", &["scaled", "divisor"], "transformed");
                "transformed"
            }
        };
        graph.matrix("components", self.matrix.view());
        graph.vector("input_offset", self.offset.view());
        graph.node("Gemm", &[transformed, "components", "input_offset"], "inputs");
        "inputs"
    }

    pub(super) fn read(constants: &Constants) -> Option<Self> {
        let (transform, factor) = match constants.scalar("factor") {
            Some(factor) => (Transform::SoftSqrt, factor),
            None => (Transform::None, 1.0),
        };
        let (matrix, offset) = (constants.matrix("components")?, constants.vector("input_offset")?);
        (matrix.ncols() == offset.len()).then_some(Self { transform, factor, matrix, offset })
    }
}
