//! Values that a dump of few digits has rounded to zero, which is what atoms without a value have.

use ionscape::cautions::Cautions;
use ionscape::local::FAILED;
use ionscape::trajectory::Frame;

use super::source::Values;

/// Of values that are all whole multiples of this share of the power of ten above their mean size, some may have been rounded to zero.
const COARSE: f64 = 1e-2;

/// Keeps ions whose value was rounded to zero among those that have one, where deviation or grade tell them. A caution says so, or
/// that nothing tells them.
pub fn keep(frame: &Frame, values: &mut Values, cautions: &Cautions) {
    if values.local.iter().all(|value| *value == 0.0) {
        return;
    }
    let has_value = |column: &Option<Vec<f64>>, i: usize, none: f64| {
        column.as_ref().is_some_and(|column| column[i] != 0.0 && column[i] != none)
    };
    let is_ion = |i: &usize| has_value(&values.spread, *i, FAILED[1]) || has_value(&values.grade, *i, FAILED[2]);
    let rounded: Vec<usize> = (0..frame.n_atoms).filter(|&i| values.local[i] == 0.0).filter(is_ion).collect();
    if let Some(&first) = rounded.first() {
        let message = format!(
            "the values of {} ions were rounded to 0, and count as 0; dump the field with more digits, as in dump_modify ID format \
             float %.6g",
            rounded.len()
        );
        cautions.look("rounded", || Some(frame.error(Some(first), message).to_string()));
    } else if values.spread.is_none() && values.grade.is_none() {
        cautions.look("zeros", || zeros(frame, &values.local));
    }
    rounded.into_iter().for_each(|i| values.evaluated[i] = true);
}

/// Where the field stands alone, zeros among coarse values of one type of atoms may be either.
fn zeros(frame: &Frame, local: &[f64]) -> Option<String> {
    let unit = unit(local)?;
    let of_type = |i: usize| (0..frame.n_atoms).any(|j| frame.types[j] == frame.types[i] && local[j] != 0.0);
    let mut zeros = (0..frame.n_atoms).filter(|&i| local[i] == 0.0);
    let first = zeros.find(|&i| of_type(i))?;
    let message = format!(
        "values are multiples of {unit}, and some are 0: such atoms are left out as having none, which is wrong where a value was \
         rounded; dump the field with more digits, or with its other two columns"
    );
    Some(frame.error(Some(first), message).to_string())
}

/// What all values are multiples of, if that is coarse beside their size.
fn unit(local: &[f64]) -> Option<f64> {
    let sizes = || local.iter().map(|value| value.abs()).filter(|size| *size > 0.0);
    let mean = sizes().sum::<f64>() / sizes().count() as f64;
    let unit = COARSE * 10f64.powi(mean.log10().ceil() as i32);
    let is_multiple = |size: f64| (size / unit - (size / unit).round()).abs() < 1e-6 * (size / unit).max(1.0);
    (unit > 0.0 && sizes().all(is_multiple)).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_digits_are_told_from_many() {
        assert_eq!(unit(&[0.0, 1.25, -0.5]), Some(0.01));
        assert!((unit(&[0.03, 0.0, 0.01]).unwrap() - 1e-3).abs() < 1e-12);
        assert_eq!([unit(&[1.234, 0.5]), unit(&[0.0, 1.38833]), unit(&[120.37, 80.0])], [None; 3]);
    }
}
