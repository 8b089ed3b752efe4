//! Cosines and sines of random projections.

use std::f32::consts::TAU;

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::elementwise::{cosine_and_sine_of_turns, cosine_of_turns};
use super::{Constants, in_columns};
use crate::matrix::product;
use crate::model::GraphBuilder;

/// `cos(2 pi x . directions)` and, behind them, the sines of the same; or `cos(2 pi (x . directions + phases))`, as models
/// have them that were trained before.
#[derive(Clone, Debug)]
pub struct Waves {
    /// `[n_inputs, n_directions]`, in turns; column after column, as products like them best.
    directions: Array2<f32>,
    /// In turns; without, there are sines too.
    phases: Option<Array1<f32>>,
}

impl Waves {
    /// Cosines alone, each of a direction and a phase of its own.
    ///
    /// # Panics
    /// Another number of phases than of directions.
    pub fn new(directions: Array2<f32>, phases: Array1<f32>) -> Self {
        assert_eq!(directions.ncols(), phases.len(), "phases");
        Self { directions: in_columns(&directions), phases: Some(phases) }
    }

    /// A cosine and a sine of each direction.
    pub fn pairs(directions: Array2<f32>) -> Self {
        Self { directions: in_columns(&directions), phases: None }
    }

    /// `D`.
    pub fn n_features(&self) -> usize {
        let n_directions = self.directions.ncols();
        if self.phases.is_some() { n_directions } else { 2 * n_directions }
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
        let (mut turns, mut sines) = out.view_mut().split_at(Axis(0), self.directions.ncols());
        product(self.directions.t(), inputs.t(), turns.view_mut());
        const IN_ORDER: &str = "rows of a table of its own lie in order";
        match &self.phases {
            Some(phases) => {
                for (mut wave, &phase) in turns.rows_mut().into_iter().zip(phases) {
                    cosine_of_turns(wave.as_slice_mut().expect(IN_ORDER), phase);
                }
            }
            None => {
                for (mut turns, mut sines) in turns.rows_mut().into_iter().zip(sines.rows_mut()) {
                    let sines = sines.as_slice_mut().expect(IN_ORDER);
                    cosine_and_sine_of_turns(turns.as_slice_mut().expect(IN_ORDER), sines);
                }
            }
        }
    }

    /// Adds the waves to a graph; the name of their output.
    pub(super) fn write(&self, graph: &mut GraphBuilder, inputs: &str) -> &'static str {
        graph.matrix("directions", self.directions.view());
        match &self.phases {
            Some(phases) => {
                graph.vector("phases", phases.view());
                graph.scalar("turn", TAU);
                graph.node("Gemm", &[inputs, "directions", "phases"], "turns");
                graph.node("Mul", &["turns", "turn"], "angles");
                graph.node("Cos", &["angles"], "waves");
            }
            None => {
                graph.scalar("turn", TAU);
                graph.node("MatMul", &[inputs, "directions"], "turns");
                graph.node("Mul", &["turns", "turn"], "angles");
                graph.node("Cos", &["angles"], "cosines");
                graph.node("Sin", &["angles"], "sines");
                graph.concatenate(&["cosines", "sines"], "waves");
            }
        }
        "waves"
    }

    pub(super) fn read(constants: &Constants) -> Option<Self> {
        let directions = constants.matrix("directions")?;
        let phases = constants.vector("phases");
        let agree = phases.as_ref().is_none_or(|phases| phases.len() == directions.ncols());
        (agree && constants.scalar("turn") == Some(TAU)).then(|| Self { directions: in_columns(&directions), phases })
    }
}
