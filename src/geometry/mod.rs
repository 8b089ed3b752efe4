//! The simulation cell and the neighbours in it.

mod cell;
mod neighbors;

pub use cell::Cell;
pub use neighbors::{Displacements, NeighborSearch};
