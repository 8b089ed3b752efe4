//! Cosines of random projections.

use std::f32::consts::TAU;

use ndarray::{Array1, Array2, ArrayView2};

use super::elementwise::cosine_of_turns;
use super::{Constants, in_columns};
use crate::matrix::product;
use crate::model::GraphBuilder;

/// `cos(2 pi (x . directions + phases))`.
#[derive(Clone, Debug)]
pub struct Waves {
    /// `[n_inputs, D]`, in turns; column after column, as products like them best.
    directions: Array2<f32>,
    /// In turns.
    phases: Array1<f32>,
}

impl Waves {
    /// # Panics
    /// Another number of phases than of directions.
    pub fn new(directions: Array2<f32>, phases: Array1<f32>) -> Self {
        assert_eq!(directions.ncols(), phases.len(), "phases");
        Self { directions: in_columns(&directions), phases }
    }

    /// `D`.
    pub fn n_features(&self) -> usize {
        self.phases.len()
    }

    /// Number of inputs.
    pub fn width(&self) -> usize {
        self.directions.nrows()
    }

    /// Waves of environments, `[D, n]`, from inputs, `[n, n_inputs]`; the output is resized as needed.
    ///
    /// Each wave's values lie together: products are fastest along environments.
    pub fn evaluate(&self, inputs: ArrayView2<f32>, out: &mut Array2<f32>) {
        if out.dim() != (self.n_features(), inputs.nrows()) {
            *out = Array2::zeros((self.n_features(), inputs.nrows()));
        }
        product(self.directions.t(), inputs.t(), out.view_mut());
        for (mut wave, &phase) in out.rows_mut().into_iter().zip(&self.phases) {
            cosine_of_turns(wave.as_slice_mut().expect("rows of a table of its own lie in order"), phase);
        }
    }

    /// Adds the waves to a graph; the name of their output.
    pub(super) fn write(&self, graph: &mut GraphBuilder, inputs: &str) -> &'static str {
        graph.matrix("directions", self.directions.view());
        graph.vector("phases", self.phases.view());
        graph.scalar("turn", TAU);
        graph.node("Gemm", &[inputs, "directions", "phases"], "turns");
        graph.node("Mul", &["turns", "turn"], "angles");
        graph.node("Cos", &["angles"], "waves");
        "waves"
    }

    pub(super) fn read(constants: &Constants) -> Option<Self> {
        let (directions, phases) = (constants.matrix("directions")?, constants.vector("phases")?);
        (directions.ncols() == phases.len() && constants.scalar("turn") == Some(TAU))
            .then(|| Self::new(directions, phases))
    }
}
