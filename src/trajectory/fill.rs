//! From tables of numbers to a frame's quantities.

use super::columns::{Coordinates, Plan, Reading, Unwrapping};
use super::error::Trouble;
use super::frame::Frame;
use super::rows::Rows;
use crate::geometry::Cell;

/// Widths of the box that an atom may be away from it: no simulation goes so far, and half of a number's digits are then gone.
const FARTHEST: f64 = 1e8;

/// The rows of a frame with the plan that they were read by.
pub(super) struct Filling<'a> {
    pub(super) rows: &'a mut Rows,
    pub(super) plan: &'a Plan,
}

impl Filling<'_> {
    /// Sets all quantities of `frame` whose place, cell and number of atoms are set already.
    pub(super) fn fill(self, frame: &mut Frame) -> Result<(), Trouble> {
        let Plan { id, atom_type, molecule, charge, mass, .. } = *self.plan;
        frame.ids.clear();
        if let Some(column) = id {
            frame.ids.extend(self.integers(column));
        }
        frame.types.clear();
        let as_type = |value: i64| i32::try_from(value).ok().filter(|&t| t > 0).unwrap_or(0);
        if let Some(column) = atom_type {
            frame.types.extend(self.integers(column).map(as_type));
        }
        let first_row = frame.place.first_row;
        let line = |atom: usize| first_row + atom as u64;
        if let Some((atom, column)) = self.contradiction() {
            let name = &frame.column_names[column];
            let message = format!(
                "two columns are called {name} and differ here; which is meant cannot be told: name each once (dump_modify colname)"
            );
            return Err(Trouble::frame(line(atom), message));
        }
        if let Some(atom) = frame.ids.iter().position(|&id| id < 1) {
            let message = format!(
                "atom id {}; ids begin at 1: the frame is damaged, or the simulation ran with 'atom_modify id no' and \
                 needs 'id yes'",
                frame.ids[atom]
            );
            return Err(Trouble::frame(line(atom), message));
        }
        if let (Some(atom), Some(column)) = (frame.types.iter().position(|&t| t == 0), atom_type) {
            let value = self.integers(column).nth(atom).unwrap_or(0);
            let message =
                format!("atom type {value}; types begin at 1: the frame is damaged, dump it again or skip bad frames");
            return Err(Trouble::frame(line(atom), message));
        }
        set(&mut frame.molecules, molecule.map(|column| self.integers(column)));
        set(&mut frame.charges, charge.map(|column| self.reals(column)));
        set(&mut frame.masses, mass.map(|column| self.reals(column)));
        set(&mut frame.velocities, self.plan.velocities.map(|columns| self.triples(columns)));
        set(&mut frame.forces, self.plan.forces.map(|columns| self.triples(columns)));
        set(&mut frame.images, self.plan.images.map(|columns| self.integer_triples(columns)));
        frame.positions.clear();
        if let Some(coordinates) = self.plan.positions {
            self.positions(coordinates, &frame.cell, &mut frame.positions);
        }
        self.unwrap(frame);
        let lists = [Some(&frame.positions), frame.unwrapped.as_ref()];
        if let Some((atom, position)) = lists.into_iter().flatten().find_map(|list| lost(list, &frame.cell)) {
            let message = format!(
                "an atom at {position:?} is more than {FARTHEST:.0e} boxes away, which no simulation reaches: it had gone wrong \
                 before this step; use the frames before it"
            );
            return Err(Trouble::frame(line(atom), message));
        }
        self.named(frame);
        if self.plan.element {
            std::mem::swap(frame.elements.get_or_insert_default(), &mut self.rows.labels);
        } else {
            frame.elements = None;
        }
        Ok(())
    }

    /// The first atom that two columns of one name tell different things of, and one of them.
    fn contradiction(&self) -> Option<(usize, usize)> {
        self.plan.twice.iter().find_map(|&[column, other]| {
            let [a, b] = [column, other].map(|column| self.plan.slots[column]);
            Some((self.rows.values(self.plan).position(|row| row[a] != row[b])?, column))
        })
    }

    fn unwrap(&self, frame: &mut Frame) {
        let Some(unwrapping) = self.plan.unwrapped else {
            frame.unwrapped = None;
            return;
        };
        let unwrapped = frame.unwrapped.get_or_insert_default();
        unwrapped.clear();
        match unwrapping {
            Unwrapping::Written(coordinates) => self.positions(coordinates, &frame.cell, unwrapped),
            Unwrapping::Images(coordinates, columns) => {
                self.positions(coordinates, &frame.cell, unwrapped);
                for (position, image) in unwrapped.iter_mut().zip(self.integer_triples(columns)) {
                    let shift = frame.cell.translation(image.map(|n| n as f64));
                    *position = std::array::from_fn(|k| position[k] + shift[k]);
                }
            }
        }
    }

    fn positions(&self, coordinates: Coordinates, cell: &Cell, out: &mut Vec<[f64; 3]>) {
        let written = self.triples(coordinates.columns);
        if coordinates.scaled {
            out.extend(written.map(|scaled| cell.to_cartesian(scaled)));
        } else {
            out.extend(written);
        }
    }

    fn named(&self, frame: &mut Frame) {
        frame.named.truncate(self.plan.named.len());
        frame.named.resize_with(self.plan.named.len(), Default::default);
        for ((name, column), (kept, values)) in self.plan.named.iter().zip(&mut frame.named) {
            kept.clone_from(name);
            values.clear();
            match self.plan.readings[*column] {
                Reading::Integer => values.extend(self.integers(*column).map(|value| value as f64)),
                _ => values.extend(self.reals(*column)),
            }
        }
    }

    fn reals(&self, column: usize) -> impl Iterator<Item = f64> {
        let slot = self.plan.slots[column];
        self.rows.values(self.plan).map(move |row| f64::from_bits(row[slot]))
    }

    fn integers(&self, column: usize) -> impl Iterator<Item = i64> {
        let slot = self.plan.slots[column];
        self.rows.values(self.plan).map(move |row| row[slot] as i64)
    }

    fn triples(&self, columns: [usize; 3]) -> impl Iterator<Item = [f64; 3]> {
        let slots = columns.map(|column| self.plan.slots[column]);
        self.rows.values(self.plan).map(move |row| slots.map(|slot| f64::from_bits(row[slot])))
    }

    fn integer_triples(&self, columns: [usize; 3]) -> impl Iterator<Item = [i64; 3]> {
        let slots = columns.map(|column| self.plan.slots[column]);
        self.rows.values(self.plan).map(move |row| slots.map(|slot| row[slot] as i64))
    }
}

/// The first atom that is too far away, and where it is. What is not finite is nowhere, and told of by whoever needs it.
fn lost(positions: &[[f64; 3]], cell: &Cell) -> Option<(usize, [f64; 3])> {
    // A box that does not repeat may be as thin as its atoms are.
    let widths =
        cell.widths().into_iter().zip(cell.periodic()).map(|(w, repeats)| if repeats { w } else { w.max(1.0) });
    let limit = FARTHEST * widths.fold(f64::INFINITY, f64::min);
    let origin = cell.origin();
    let farthest_corner = origin.iter().fold(0.0, |far: f64, x| far.max(x.abs()));
    if largest(positions.as_flattened()) + farthest_corner <= limit {
        return None;
    }
    let is_lost = |p: &[f64; 3]| (0..3).any(|k| (p[k] - origin[k]).abs() > limit) && p.iter().all(|x| x.is_finite());
    positions.iter().position(is_lost).map(|atom| (atom, positions[atom]))
}

/// The largest size of some numbers.
fn largest(values: &[f64]) -> f64 {
    // As many maxima as vectors hold, and enough of them not to wait for each other.
    let mut maxima = [0.0f64; 8];
    for values in values.chunks(maxima.len()) {
        for (largest, value) in maxima.iter_mut().zip(values) {
            *largest = if value.abs() > *largest { value.abs() } else { *largest };
        }
    }
    maxima.into_iter().fold(0.0, f64::max)
}

/// Replaces a list by new values in the memory that it has.
fn set<T>(list: &mut Option<Vec<T>>, values: Option<impl Iterator<Item = T>>) {
    match values {
        Some(values) => {
            let list = list.get_or_insert_default();
            list.clear();
            list.extend(values);
        }
        None => *list = None,
    }
}
