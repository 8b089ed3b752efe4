//! An ion's surroundings without one neighbour or another.

use crate::descriptor::Environment;
use crate::local::Environments;

/// An environment, and each that it becomes without one of its neighbours.
pub(super) struct LeftOut {
    full: Environment,
    species: usize,
    /// Channel, place in it and distance of the neighbours that are left out in turn.
    pub neighbors: Vec<(usize, usize, f64)>,
}

impl LeftOut {
    /// Of the neighbours within `radius`.
    pub fn new(full: Environment, species: usize, radius: f64) -> Self {
        let mut neighbors = vec![];
        for (channel, displacements) in full.channels().iter().enumerate() {
            for (place, d) in displacements.iter().enumerate() {
                let r = d.iter().map(|x| x * x).sum::<f64>().sqrt();
                if r <= radius {
                    neighbors.push((channel, place, r));
                }
            }
        }
        Self { full, species, neighbors }
    }
}

impl Environments for LeftOut {
    /// One for each neighbour, and last the whole.
    fn len(&self) -> usize {
        self.neighbors.len() + 1
    }

    fn species(&self, _center: usize) -> usize {
        self.species
    }

    fn gather(&self, center: usize, environment: &mut Environment) {
        environment.set_center(self.full.center());
        let without = self.neighbors.get(center).map(|&(channel, place, _)| (channel, place));
        for (channel, displacements) in self.full.channels().iter().enumerate() {
            for (place, d) in displacements.iter().enumerate() {
                if without != Some((channel, place)) {
                    environment.push(channel, d);
                }
            }
        }
    }
}
