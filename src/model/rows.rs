//! Whether the value of a row is its own.
//!
//! Ions are evaluated in blocks of whichever are at hand. A graph that reduces over the rows, or counts them, would make an
//! ion's value depend on the order of ions and on the number of ranks.

use ndarray::{Array2, ArrayView2, Axis, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{BLOCK, Domain};

/// Lower and upper end of features, for each kind of row.
const KINDS: [(f32, f32); 7] =
    [(0.0, 0.01), (0.0, 1.0), (0.0, 30.0), (-1.0, 0.0), (-30.0, 0.0), (-1.0, 1.0), (-1000.0, 1000.0)];

/// Rows that are run together.
const ROWS: usize = 8;

/// What the values of a row at the same place of as many rows may differ by, over the largest of them: the same products in the
/// same order give the same bits.
const SAME_PLACE: f32 = 1e-6;

/// The same at another place and of another number of rows, over the largest of all rows: sums are in another order.
const OTHER_PLACE: f32 = 1e-3;

/// Refuses a graph in which the rows' values, `[n, n_members]` as `run` gives them of features `[n, n_features]`, depend on each
/// other.
///
/// Some rows are run again, with others of several sizes in the place of their neighbours, and among fewer; and those of a whole
/// block, few at a time.
///
/// # Errors
/// Such a graph, and what `run` says.
pub(super) fn check(
    n_features: usize,
    domain: Option<&Domain>,
    run: impl Fn(ArrayView2<f32>) -> Result<Array2<f32>, String>,
) -> Result<(), String> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let n_kinds = KINDS.len() + usize::from(domain.is_some());
    let mut number = |kind: usize, feature: usize| {
        let share = random.random::<f32>();
        match (KINDS.get(kind), domain) {
            (Some((low, high)), _) => low + share * (high - low),
            (None, Some(domain)) => domain.between(feature, share),
            (None, None) => share,
        }
    };
    let rows = Array2::from_shape_fn((ROWS, n_features), |(row, f)| number((row + n_kinds - 1) % n_kinds, f));
    let values = run(rows.view())?;
    for kind in 0..n_kinds {
        for kept in 0..2 {
            let mut others = rows.clone();
            others.slice_mut(s![1 - kept..;2, ..]).indexed_iter_mut().for_each(|((_, f), x)| *x = number(kind, f));
            let again = run(others.view())?;
            let kept = s![kept..;2, ..];
            for (a, b) in values.slice(kept).rows().into_iter().zip(again.slice(kept).rows()) {
                alike(a.insert_axis(Axis(0)), b.insert_axis(Axis(0)), SAME_PLACE)?;
            }
        }
    }
    let fewer = s![ROWS / 2 + 1.., ..];
    alike(values.slice(fewer), run(rows.slice(fewer))?.view(), OTHER_PLACE)?;
    let block = Array2::from_shape_fn((BLOCK, n_features), |(row, f)| number(row % n_kinds, f));
    let values = run(block.view())?;
    let mut parts = block.axis_chunks_iter(Axis(0), ROWS).zip(values.axis_chunks_iter(Axis(0), ROWS));
    parts.try_for_each(|(rows, values)| alike(run(rows)?.view(), values, OTHER_PLACE))
}

fn alike(a: ArrayView2<f32>, b: ArrayView2<f32>, tolerance: f32) -> Result<(), String> {
    let largest = a.iter().filter(|value| value.is_finite()).fold(0.0f32, |largest, value| largest.max(value.abs()));
    let differs = |(a, b): (&f32, &f32)| {
        let close = (a - b).abs() <= tolerance * largest;
        if a.is_finite() { !close } else { b.is_finite() }
    };
    match a.iter().zip(b).find(|pair| differs(*pair)) {
        None => Ok(()),
        Some((a, b)) => Err(format!(
            "the value that it gives a row depends on the other rows, {a} among some and {b} among others, so that an ion's would \
             depend on which ions are at hand: normalise, reduce and take rows along the features (axis 1), never along the \
             first axis, and export in inference mode, from PyTorch after model.eval()"
        )),
    }
}
