//! Whether a timestep that stands twice is one frame, as where a run goes on from another's last.

use ionscape::trajectory::Frame;

/// Share of the box by which places may differ that are the same: dumps round them to six digits or more.
const SAME_PLACE: f64 = 1e-5;

/// Share of the largest value by which values of a column may differ: what is added up in another order differs a little.
const SAME_VALUE: f64 = 1e-3;

/// Whether both frames have the same atoms in the same places, and the same values of `column` where both have it.
pub fn is_same(a: &Frame, b: &Frame, column: &str) -> anyhow::Result<bool> {
    if a.n_atoms != b.n_atoms || a.ids.is_empty() != b.ids.is_empty() {
        return Ok(false);
    }
    let order = |frame: &Frame| match frame.ids.is_empty() {
        true => Ok((0..frame.n_atoms).collect()),
        false => frame.order_by_id(),
    };
    let pairs: Vec<(usize, usize)> = order(a)?.into_iter().zip(order(b)?).collect();
    let same_atoms = pairs.iter().all(|&(i, j)| a.ids.get(i) == b.ids.get(j) && a.types[i] == b.types[j]);
    let same_places = || pairs.iter().all(|&(i, j)| is_near(a, a.positions[i], b.positions[j]));
    let same_values = || {
        let Some((x, y)) = a.column(column).zip(b.column(column)) else { return true };
        let largest = x.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        pairs.iter().all(|&(i, j)| (x[i] - y[j]).abs() <= SAME_VALUE * largest)
    };
    Ok(same_atoms && same_places() && same_values())
}

/// Whether places are the same, or images of each other.
fn is_near(frame: &Frame, a: [f64; 3], b: [f64; 3]) -> bool {
    let cell = &frame.cell;
    let (from, to) = (cell.to_fractional(a), cell.to_fractional(b));
    (0..3).all(|k| {
        let apart = to[k] - from[k];
        let boxes = if cell.periodic()[k] { apart.round() } else { 0.0 };
        (apart - boxes).abs() <= SAME_PLACE
    })
}
