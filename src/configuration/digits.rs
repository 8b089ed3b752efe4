//! Positions of too few digits to tell surroundings by, as LAMMPS's six of atoms far from the origin.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::trajectory::Frame;

/// The power of ten, in length units, whose whole multiples are coarse: 0.1.
const COARSE: i32 = -1;

/// Fewer atoms may be at such places by chance or by design.
const FEWEST_ATOMS: usize = 20;

/// A run may begin on a lattice, which so many frames do not keep to.
const FRAMES: usize = 3;

static SEEN: Mutex<Seen> = Mutex::new(Seen::new());

/// Says once that the positions of the first frames of a dump have few digits; frames are looked at in their order.
pub(super) fn look_at(frame: &Frame) {
    let said = SEEN.lock().ok().and_then(|mut seen| seen.add(frame));
    say(said);
}

/// Says what [`look_at`] would have said of a last dump of fewer frames.
pub(super) fn conclude() {
    let said = SEEN.lock().ok().and_then(|mut seen| seen.end());
    say(said);
}

fn say(message: Option<String>) {
    if let Some(message) = message {
        log::warn!("{message}");
    }
}

/// The first frames of a dump, all of few digits so far.
struct Seen {
    path: Option<Arc<PathBuf>>,
    last: Option<usize>,
    n_frames: usize,
    /// What the coordinates of all of them are multiples of.
    unit: f64,
    message: Option<String>,
    /// Nothing more is to be said of the dump, or of any.
    is_settled: bool,
    is_said: bool,
}

impl Seen {
    const fn new() -> Self {
        Self {
            path: None,
            last: None,
            n_frames: 0,
            unit: f64::INFINITY,
            message: None,
            is_settled: false,
            is_said: false,
        }
    }

    /// Adds a frame; what is to be said of it or of the dump before.
    fn add(&mut self, frame: &Frame) -> Option<String> {
        if self.is_said {
            return None;
        }
        if self.path.as_ref() != Some(&frame.place.path) {
            let said = self.end();
            *self = Self { path: Some(frame.place.path.clone()), is_said: said.is_some(), ..Self::new() };
            if said.is_some() {
                return said;
            }
        }
        // Dumps are read more than once.
        let was_seen = self.last.is_some_and(|last| frame.place.frame <= last);
        if self.is_settled || was_seen || frame.positions.len() < FEWEST_ATOMS {
            return None;
        }
        self.last = Some(frame.place.frame);
        let Some(unit) = unit(frame.positions.as_flattened()) else {
            (self.is_settled, self.message) = (true, None);
            return None;
        };
        self.unit = self.unit.min(unit);
        self.n_frames += 1;
        self.message = Some(frame.error(None, message(self.unit)).to_string());
        if self.n_frames == FRAMES { self.end() } else { None }
    }

    /// What is to be said of the dump, if no more frames of it come.
    fn end(&mut self) -> Option<String> {
        let said = self.message.take();
        self.is_said |= said.is_some();
        said
    }
}

fn message(unit: f64) -> String {
    format!(
        "positions are whole multiples of {unit}, as a dump of few digits rounds them: surroundings of ions, and their values, are off \
         with them, unless this is a lattice; dump more digits, as in dump_modify ID format float %.8g"
    )
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

    #[test]
    fn the_first_frames_of_a_dump_decide_once() {
        let frame = |path: &str, number: usize, fine: bool| {
            let mut frame = Frame::default();
            (frame.place.path, frame.place.frame) = (Arc::new(path.into()), number);
            frame.positions = (0..30).map(|i| [if fine { 0.37 } else { 0.5 } * f64::from(i), 7.0, 1.0]).collect();
            frame
        };
        let mut seen = Seen::new();
        let mut add = |path: &str, number: usize, fine: bool| seen.add(&frame(path, number, fine));
        // A lattice that melts, also where it is read again.
        let melts =
            [("a", 0, false), ("a", 1, false), ("a", 2, true), ("a", 3, false), ("a", 0, false), ("a", 1, false)];
        assert!(melts.iter().all(|&(path, number, fine)| add(path, number, fine).is_none()));
        // One frame, and then another dump.
        assert_eq!(add("b", 0, false), None);
        let said = add("c", 0, true).unwrap();
        assert!(said.starts_with("b: frame 0") && said.contains("whole multiples of 0.1, as a dump"), "{said}");
        assert_eq!((0..5).find_map(|number| add("d", number, false)), None);
        assert_eq!(seen.end(), None);

        let mut seen = Seen::new();
        let said: Vec<_> = (0..5).map(|number| seen.add(&frame("e", number, false)).is_some()).collect();
        assert_eq!((said, seen.end()), (vec![false, false, true, false, false], None));
        assert!(Seen::new().add(&frame("f", 0, false)).is_none());
    }
}
