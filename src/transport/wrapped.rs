//! Positions that are called unwrapped and are not, or that are unwrapped twice.

use crate::trajectory::Frame;
use crate::{Error, Result};

/// Steps across half the box, and more, by which positions are judged. Of ions that really make such steps none would be left
/// near the box.
const ENOUGH: usize = 100;

/// LAMMPS lets atoms leave the box by a little before it wraps them; by so much of it none goes.
const MARGIN: f64 = 0.25;

/// So far outside the box, in widths of it, LAMMPS writes no `x y z`: another program has unwrapped them.
const UNWRAPPED: f64 = 0.5;

/// So many of those positions whose boxes are those of the image flags tell that the flags count them again, if nearly all are.
const COUNTED_TWICE: usize = 30;

/// Looks whether atoms ever leave the box, and whether positions leave it that image flags are added to.
#[derive(Debug, Default)]
pub struct Wrapped {
    before: Vec<[f64; 3]>,
    jumps: usize,
    left: bool,
    /// Positions outside the box before flags are added: those as far outside as the flags say, and others.
    by_flags: usize,
    otherwise: usize,
}

impl Wrapped {
    /// Takes the next frame's unwrapped positions; `order` gives the atoms as in the frames before.
    ///
    /// # Errors
    /// Atoms that cross the box between frames, of which none was ever outside; positions that image flags unwrap a second time.
    pub fn take(&mut self, unwrapped: &[[f64; 3]], order: &[usize], frame: &Frame) -> Result<()> {
        self.count_twice(unwrapped, frame)?;
        if self.left {
            return Ok(());
        }
        let periodic = frame.cell.periodic();
        let along = || (0..3).filter(|&k| periodic[k]);
        for (place, &atom) in order.iter().enumerate() {
            let now = frame.cell.to_fractional(unwrapped[atom]);
            if along().any(|k| now[k] < -MARGIN || now[k] > 1.0 + MARGIN) {
                (self.left, self.before) = (true, vec![]);
                return Ok(());
            }
            match self.before.get_mut(place) {
                Some(before) => {
                    self.jumps += along().filter(|&k| (now[k] - before[k]).abs() > 0.5).count();
                    *before = now;
                }
                None => self.before.push(now),
            }
        }
        if self.jumps >= ENOUGH { Err(error(frame)) } else { Ok(()) }
    }

    /// Whether atoms were outside the box, and image flags do not seem to count twice: what else is wrong may be told.
    pub fn finds_nothing(&self) -> bool {
        self.left && self.by_flags <= 9 * self.otherwise
    }

    fn count_twice(&mut self, unwrapped: &[[f64; 3]], frame: &Frame) -> Result<()> {
        let Some(images) = &frame.images else { return Ok(()) };
        let periodic = frame.cell.periodic();
        for ((written, unwrapped), image) in frame.positions.iter().zip(unwrapped).zip(images) {
            // Flags may stand beside positions that they are not added to.
            if *image == [0; 3] || written == unwrapped {
                continue;
            }
            let place = frame.cell.to_fractional(*written);
            for k in (0..3).filter(|&k| periodic[k] && (place[k] - 0.5).abs() > 0.5 + UNWRAPPED) {
                let counter =
                    if place[k].floor() == image[k] as f64 { &mut self.by_flags } else { &mut self.otherwise };
                *counter += 1;
            }
        }
        let twice = self.by_flags >= COUNTED_TWICE && self.by_flags > 9 * self.otherwise;
        if twice { Err(unwrapped_twice(frame)) } else { Ok(()) }
    }
}

fn error(frame: &Frame) -> Error {
    frame.error(
        None,
        format!(
            "{ENOUGH} steps between frames go across half the box and more, and no atom was ever outside it: atoms cross its boundaries, \
             and columns called unwrapped (xu yu zu) have wrapped positions, or image flags (ix iy iz) were set back; dump LAMMPS's \
             own xu yu zu, or x y z with ix iy iz that count from the run's start"
        ),
    )
}

fn unwrapped_twice(frame: &Frame) -> Error {
    frame.error(
        None,
        "positions lie outside the box by as many boxes as their image flags (ix iy iz) say: they are unwrapped already, and the \
         flags would count again; name the columns xu yu zu, or give LAMMPS's own x y z with the flags"
            .into(),
    )
}
