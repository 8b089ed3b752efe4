//! The simulation cell and the neighbours in it.

mod cell;
mod neighbors;

pub use cell::Cell;
pub(crate) use cell::WIDEST;
pub use neighbors::{Displacements, NeighborSearch};
