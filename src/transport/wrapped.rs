//! Positions that are called unwrapped and are not.

use crate::trajectory::Frame;
use crate::{Error, Result};

/// Steps across half the box, and more, by which positions are judged. Of ions that really make such steps none would be left
/// near the box.
const ENOUGH: usize = 100;

/// LAMMPS lets atoms leave the box by a little before it wraps them; by so much of it none goes.
const MARGIN: f64 = 0.25;

/// Looks whether atoms ever leave the box.
#[derive(Debug, Default)]
pub struct Wrapped {
    before: Vec<[f64; 3]>,
    jumps: usize,
    left: bool,
}

impl Wrapped {
    /// Takes the next frame's unwrapped positions; `order` gives the atoms as in the frames before.
    ///
    /// # Errors
    /// Atoms that cross the box between frames, of which none was ever outside.
    pub fn take(&mut self, unwrapped: &[[f64; 3]], order: &[usize], frame: &Frame) -> Result<()> {
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
