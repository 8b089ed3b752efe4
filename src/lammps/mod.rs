//! The Rust side of the LAMMPS compute styles; the C++ side is in `cpp/`.

mod arguments;
mod bridge;
mod composition;
mod engine;
mod gathered;
mod surroundings;

pub use arguments::arguments;
pub use bridge::{Arguments, Temperature, TemperatureKind};
