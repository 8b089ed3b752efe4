//! Positions of too few digits to tell surroundings by, as LAMMPS's six of atoms far from the origin.

use crate::trajectory::Frame;

/// The power of ten, in length units, whose whole multiples are coarse: 0.1.
const COARSE: i32 = -1;

/// Fewer atoms may be at such places by chance or by design.
const FEWEST_ATOMS: usize = 20;

/// That the positions of a frame have few digits; not of a dump's first, in which a run may begin on a lattice.
pub(super) fn few(frame: &Frame) -> Option<String> {
    if frame.place.frame == 0 || frame.positions.len() < FEWEST_ATOMS {
        return None;
    }
    let unit = unit(frame.positions.as_flattened())?;
    let message = format!(
        "positions are whole multiples of {unit}, as a dump of few digits rounds them: surroundings of ions, and their values, are off \
         with them, unless this is a lattice; dump more digits, as in dump_modify ID format float %.8g"
    );
    Some(frame.error(None, message).to_string())
}

/// What all coordinates are rounded to that are as large as the largest, if that is coarse; those near zero may have more decimals
/// with as many digits, as `%.3g` writes them.
fn unit(coordinates: &[f64]) -> Option<f64> {
    let largest = coordinates.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let magnitude = |size: f64| size.log10().floor() as i32;
    let highest = Some(largest).filter(|size| *size > 0.0 && size.is_finite()).map(magnitude)?;
    let all_of = |power: i32| {
        coordinates.iter().all(|x| {
            let size = x.abs();
            let behind = highest - magnitude(size);
            let steps = size / 10f64.powi(power - behind);
            size == 0.0 || (steps - steps.round()).abs() < 1e-6
        })
    };
    (COARSE..=highest).rev().find(|&power| all_of(power)).map(|power| 10f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coordinates all over a box of edge 30 whose corner is at `origin`, as `written`.
    fn coordinates(origin: f64, written: impl Fn(f64) -> String) -> Vec<f64> {
        (1..200).map(|i| written(origin + (f64::from(i) * 18.541).rem_euclid(30.0)).parse().unwrap()).collect()
    }

    /// As C's `%.Ng`.
    fn digits(n: usize) -> impl Fn(f64) -> String {
        move |x| format!("{:.1$e}", x, n - 1)
    }

    #[test]
    fn few_digits_are_told_from_enough() {
        assert_eq!(unit(&coordinates(1e5, digits(6))), Some(1.0));
        assert_eq!(unit(&coordinates(-2e6, digits(6))), Some(10.0));
        assert_eq!(unit(&coordinates(0.0, digits(3))), Some(0.1));
        assert_eq!(unit(&coordinates(0.0, |x| format!("{x:.1}"))), Some(0.1));
        for enough in [
            coordinates(1e5, digits(8)),
            coordinates(0.0, digits(6)),
            coordinates(1e3, digits(6)),
            coordinates(0.0, |x| format!("{x:.2}")),
        ] {
            assert_eq!(unit(&enough), None);
        }
        assert_eq!([unit(&[0.0; 60]), unit(&[f64::NAN]), unit(&[f64::INFINITY])], [None; 3]);
    }
}
