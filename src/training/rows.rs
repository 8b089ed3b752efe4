//! Where training reads its environments from.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};
use rayon::prelude::*;

/// Sums of so many chunks are in memory at once.
const CHUNKS_AT_ONCE: usize = 256;

/// The environments of one system as rows of inputs, in memory or on disk.
pub trait Rows: Sync {
    /// Number of environments.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Inputs of an environment.
    fn width(&self) -> usize;

    /// Copies some rows, `[indices.len(), width]`.
    fn gather(&self, indices: &[usize], out: ArrayViewMut2<f32>);

    /// Rows without a copy, `[rows.len(), width]`; none where they do not lie in memory.
    fn in_place(&self, _rows: Range<usize>) -> Option<ArrayView2<'_, f32>> {
        None
    }
}

impl Rows for ndarray::Array2<f32> {
    fn len(&self) -> usize {
        self.nrows()
    }

    fn width(&self) -> usize {
        self.ncols()
    }

    fn gather(&self, indices: &[usize], mut out: ArrayViewMut2<f32>) {
        for (mut row, &i) in out.rows_mut().into_iter().zip(indices) {
            row.assign(&self.row(i));
        }
    }

    fn in_place(&self, rows: Range<usize>) -> Option<ArrayView2<'_, f32>> {
        Some(self.slice(s![rows, ..]))
    }
}

/// Sum over environments `0..n` of `width` numbers that `of` gives for each chunk of them.
///
/// Sums of chunks are added in order: the same result on any number of threads. The memory does not grow with `n`.
pub(super) fn sum_over_chunks(
    n: usize,
    chunk: usize,
    width: usize,
    of: impl Fn(Range<usize>) -> Vec<f64> + Sync,
) -> Vec<f64> {
    let mut total = vec![0.0; width];
    let n_chunks = n.div_ceil(chunk);
    for start in (0..n_chunks).step_by(CHUNKS_AT_ONCE) {
        let sums: Vec<Vec<f64>> = (start..n_chunks.min(start + CHUNKS_AT_ONCE))
            .into_par_iter()
            .map(|c| of(c * chunk..n.min((c + 1) * chunk)))
            .collect();
        sums.iter().for_each(|sum| total.iter_mut().zip(sum).for_each(|(t, s)| *t += s));
    }
    total
}

/// A system to learn from: environments whose mean output is the label.
#[derive(Clone, Copy)]
pub struct Pooled<'a> {
    /// By which errors tell of it.
    pub name: &'a str,
    pub rows: &'a dyn Rows,
    pub label: f64,
    /// Standard error of the label, above zero.
    pub error: f64,
    /// Ions whose own responses are known.
    pub local: Option<LocalRows<'a>>,
}

/// Environments whose outputs depart from their system's mean by known amounts.
#[derive(Clone, Copy)]
pub struct LocalRows<'a> {
    pub rows: &'a dyn Rows,
    /// Over the label: each ion's response over the mean response, less 1.
    pub departures: &'a [f64],
    /// How far a departure may be from the field's, as a standard deviation.
    pub error: f64,
}
