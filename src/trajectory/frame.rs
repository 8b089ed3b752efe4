//! One instant of a trajectory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::located;
use super::raw::Raw;
use super::rows::Labels;
use crate::geometry::Cell;
use crate::{Error, Result};

/// Where a frame stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The dump.
    pub path: Arc<PathBuf>,
    /// Number of the frame in the dump, counted from 0, skipped frames included.
    pub frame: usize,
    /// Line of the frame's first atom, counted from 1.
    pub first_row: u64,
}

/// The atoms of one timestep in the order of the file, which may differ from frame to frame.
///
/// Lists have one entry for each atom. Those that are no `Option` are empty if their column was not asked for; those
/// that are an `Option` are `None` if it was not asked for or is not in the dump. All units are those of the dump.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Where the frame stands in which file.
    pub place: Place,
    /// The timestep's number.
    pub timestep: i64,
    /// The simulated time, where `dump_modify time yes` had it written.
    pub time: Option<f64>,
    /// The unit style, where `dump_modify units yes` had it written.
    pub units: Option<String>,
    /// The simulation box of this frame.
    pub cell: Cell,
    /// Number of atoms, whatever was asked of them.
    pub n_atoms: usize,
    /// Atom ids, 1 or more.
    pub ids: Vec<i64>,
    /// Atom types, 1 or more.
    pub types: Vec<i32>,
    /// Cartesian positions as the dump has them: wrapped into the box, or unwrapped if it has no others.
    pub positions: Vec<[f64; 3]>,
    /// Cartesian positions that follow each atom through the boundaries.
    pub unwrapped: Option<Vec<[f64; 3]>>,
    /// How many boxes each atom has moved on along each vector.
    pub images: Option<Vec<[i64; 3]>>,
    /// Charges.
    pub charges: Option<Vec<f64>>,
    /// Velocities.
    pub velocities: Option<Vec<[f64; 3]>>,
    /// Forces.
    pub forces: Option<Vec<[f64; 3]>>,
    /// Molecule ids.
    pub molecules: Option<Vec<i64>>,
    /// Masses.
    pub masses: Option<Vec<f64>>,
    /// Element names.
    pub elements: Option<Labels>,
    /// Columns asked for by name.
    pub(super) named: Vec<(String, Vec<f64>)>,
    pub(super) column_names: Arc<Vec<String>>,
    pub(super) raw: Option<Raw>,
}

impl Default for Frame {
    /// No atoms in a unit cube, for a reader to fill.
    fn default() -> Self {
        let cell = Cell::from_lammps([0.0; 3], [1.0; 3], [0.0; 3], [true; 3]).expect("a unit cube has a volume");
        Self {
            cell,
            place: Place::default(),
            timestep: 0,
            time: None,
            units: None,
            n_atoms: 0,
            ids: vec![],
            types: vec![],
            positions: vec![],
            unwrapped: None,
            images: None,
            charges: None,
            velocities: None,
            forces: None,
            molecules: None,
            masses: None,
            elements: None,
            named: vec![],
            column_names: Arc::default(),
            raw: None,
        }
    }
}

impl Frame {
    /// Whether it has memory for many times more atoms than are in it.
    pub(super) fn is_roomy(&self) -> bool {
        const ROOM: usize = 4;
        const SMALL: usize = 1 << 12;
        let room = [self.ids.capacity(), self.positions.capacity(), self.unwrapped.as_ref().map_or(0, Vec::capacity)];
        room.into_iter().any(|room| room > SMALL.max(ROOM * self.n_atoms))
    }

    /// Names of all columns that the dump has, in its order, those that were not asked for included.
    pub fn column_names(&self) -> &[String] {
        &self.column_names
    }

    /// Values of a column that was asked for by name; `None` if it was not, or is not in the dump.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.named.iter().find(|(n, _)| n == name).map(|(_, values)| values.as_slice())
    }

    /// The frame's text, if the reader was told to keep it.
    pub fn raw(&self) -> Option<&Raw> {
        self.raw.as_ref()
    }

    /// Unwrapped positions.
    ///
    /// # Errors
    /// If the dump cannot give them, or [`super::Quantity::Unwrapped`] was not asked for; says how to dump.
    pub fn unwrapped(&self) -> Result<&[[f64; 3]]> {
        self.unwrapped.as_deref().ok_or_else(|| {
            self.error(
                None,
                "no unwrapped positions; add xu yu zu, or ix iy iz beside x y z, to the dump command".into(),
            )
        })
    }

    /// Indices of the atoms in the order of their ids.
    ///
    /// # Errors
    /// Two atoms with the same id; ids that were not asked for.
    pub fn order_by_id(&self) -> Result<Vec<usize>> {
        if self.ids.len() != self.n_atoms {
            return Err(
                self.error(None, "atoms cannot be ordered without their ids; add id to the dump command".into())
            );
        }
        if self.ids.is_sorted_by(|a, b| a < b) {
            return Ok((0..self.n_atoms).collect());
        }
        const NONE: usize = usize::MAX;
        let highest = self.ids.iter().copied().max().unwrap_or(0);
        let lowest = self.ids.iter().copied().min().unwrap_or(0);
        if lowest >= 0 && highest as u64 <= 4 * self.n_atoms as u64 {
            // Ids without large gaps, the usual case, need no sorting.
            let mut atom_of = vec![NONE; highest as usize + 1];
            for (atom, &id) in self.ids.iter().enumerate() {
                let first = std::mem::replace(&mut atom_of[id as usize], atom);
                if first != NONE {
                    return Err(self.duplicate(first, atom));
                }
            }
            atom_of.retain(|&atom| atom != NONE);
            return Ok(atom_of);
        }
        let mut order: Vec<usize> = (0..self.n_atoms).collect();
        order.sort_unstable_by_key(|&atom| (self.ids[atom], atom));
        match order.windows(2).find(|pair| self.ids[pair[0]] == self.ids[pair[1]]) {
            Some(pair) => Err(self.duplicate(pair[0], pair[1])),
            None => Ok(order),
        }
    }

    fn duplicate(&self, first: usize, second: usize) -> Error {
        let message = format!(
            "atom id {} stands here a second time, first on line {}; the frame is damaged, or two dumps were written \
             to one file: dump it again",
            self.ids[second],
            self.place.first_row + first as u64
        );
        self.error(Some(second), message)
    }

    /// An error that names this frame, and the line of one of its atoms if given.
    pub fn error(&self, atom: Option<usize>, message: String) -> Error {
        let line = match atom {
            Some(atom) => self.place.first_row + atom as u64,
            None => self.place.first_row.saturating_sub(1),
        };
        located(Path::new(self.place.path.as_ref()), self.place.frame, Some(self.timestep), line, message)
    }
}
