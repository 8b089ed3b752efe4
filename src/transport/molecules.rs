//! Whether atoms of one molecule id are a molecule.

use super::assignment::Assignment;
use crate::geometry::WIDEST;
use crate::trajectory::Frame;
use crate::{Error, Result};

/// Atoms of an ion before and behind one, in the order of ids, of which the nearest is looked for: ids mostly follow the bonds, and
/// ions that share a molecule id by mistake may be thousands.
const NEAR: usize = 8;

/// Each atom of a molecular ion with the nearest of those about it in the order of ids, by their places in that order.
///
/// A molecule may be long, yet bonds keep these two together. Ions that share an id by mistake part before long.
#[derive(Debug, Default)]
pub(super) struct Molecules(Vec<[usize; 2]>);

impl Molecules {
    /// As they are in the first frame.
    pub fn new(assignment: &Assignment, frame: &Frame, order: &[usize], positions: &[[f64; 3]]) -> Self {
        let distance = |a: usize, b: usize| separation(frame, positions, [order[a], order[b]]).0;
        let mut pairs = vec![];
        for ion in assignment.ions() {
            let places: Vec<usize> = ion.iter().map(|(place, _)| *place).collect();
            for (i, &atom) in places.iter().enumerate() {
                let near = &places[i.saturating_sub(NEAR)..(i + NEAR + 1).min(places.len())];
                let others = near.iter().filter(|other| **other != atom).map(|&other| (distance(atom, other), other));
                pairs.extend(others.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| [atom, other]));
            }
        }
        Self(pairs)
    }

    /// # Errors
    /// Atoms that are too far apart, with file, frame and line.
    pub fn check(&self, frame: &Frame, order: &[usize], positions: &[[f64; 3]]) -> Result<()> {
        for pair in &self.0 {
            let atoms = pair.map(|place| order[place]);
            let (_, along) = separation(frame, positions, atoms);
            if along > WIDEST {
                return Err(self.refuse(frame, atoms, along));
            }
        }
        Ok(())
    }

    fn refuse(&self, frame: &Frame, [atom, other]: [usize; 2], along: f64) -> Error {
        let molecule = frame.molecules.as_ref().map_or(String::new(), |ids| format!(" of molecule {}", ids[atom]));
        frame.error(
            Some(atom),
            format!(
                "atoms {} and {}{molecule} are {along:.2} of the cell apart, which no bond spans: do several ions share a molecule id? \
                 Give each its own, or take a species of single atoms",
                frame.ids[atom], frame.ids[other]
            ),
        )
    }
}

/// Of two atoms: their nearest images' distance, and its share of the cell.
fn separation(frame: &Frame, positions: &[[f64; 3]], [a, b]: [usize; 2]) -> (f64, f64) {
    let (d, along) = frame.cell.nearest_image(std::array::from_fn(|k| positions[b][k] - positions[a][k]));
    (d.iter().map(|v| v * v).sum::<f64>().sqrt(), along)
}
