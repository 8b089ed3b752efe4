//! Whether atoms of one molecule id are a molecule.

use rayon::prelude::*;

use super::assignment::Assignment;
use super::links::Links;
use crate::trajectory::Frame;
use crate::{Error, Result};

/// Atoms of an ion, the first in the order of ids, that are looked at: where thousands of ions share an id, these are many.
const MOST: usize = 1000;

/// Frames from one look to the next grow by this share of those before: bonds hold for ever, and what drifts is soon far away.
const GROWTH: f64 = 1.0 / 16.0;

/// What holds the atoms of each molecular ion together.
#[derive(Debug, Default)]
pub(super) struct Molecules {
    ions: Vec<Ion>,
    frames: usize,
    next_look: usize,
}

#[derive(Debug)]
struct Ion {
    /// Places in the order of ids.
    places: Vec<usize>,
    links: Links,
}

impl Molecules {
    /// As they are in the first frame.
    pub fn new(assignment: &Assignment, frame: &Frame, order: &[usize], positions: &[[f64; 3]]) -> Self {
        let several: Vec<_> = assignment.ions().filter(|atoms| atoms.len() > 1).collect();
        let ion = |atoms: &&[(usize, f64)]| {
            let places: Vec<usize> = atoms.iter().take(MOST).map(|(place, _)| *place).collect();
            let links =
                Links::new(places.len(), |a, b| separation(frame, positions, [a, b].map(|i| order[places[i]])).0);
            Ion { places, links }
        };
        Self { ions: several.par_iter().map(ion).collect(), ..Self::default() }
    }

    /// Takes the next frame; the first is one.
    ///
    /// # Errors
    /// Atoms that nothing holds together any more, with file, frame and line.
    pub fn check(&mut self, frame: &Frame, order: &[usize], positions: &[[f64; 3]]) -> Result<()> {
        self.frames += 1;
        if self.frames <= self.next_look {
            return Ok(());
        }
        self.next_look = self.frames + (GROWTH * self.frames as f64) as usize;
        for Ion { places, links } in &mut self.ions {
            let atoms = |[a, b]: [usize; 2]| [order[places[a]], order[places[b]]];
            if let Some((pair, along)) = links.cut(|a, b| separation(frame, positions, atoms([a, b])).1) {
                return Err(refuse(frame, atoms(pair), along));
            }
        }
        Ok(())
    }
}

fn refuse(frame: &Frame, [atom, other]: [usize; 2], along: f64) -> Error {
    let molecule = frame.molecules.as_ref().map_or(String::new(), |ids| format!(" of molecule {}", ids[atom]));
    frame.error(
        Some(atom),
        format!(
            "atoms {} and {}{molecule} are {along:.2} of the cell apart, which no bond spans, and no others hold the molecule \
             together: do several ions share a molecule id? Give each its own, or take a species of single atoms",
            frame.ids[atom], frame.ids[other]
        ),
    )
}

/// Of two atoms: their nearest images' distance, and its share of the cell.
fn separation(frame: &Frame, positions: &[[f64; 3]], [a, b]: [usize; 2]) -> (f64, f64) {
    let (d, along) = frame.cell.nearest_image(std::array::from_fn(|k| positions[b][k] - positions[a][k]));
    (d.iter().map(|v| v * v).sum::<f64>().sqrt(), along)
}
