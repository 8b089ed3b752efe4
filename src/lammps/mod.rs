//! The Rust side of the LAMMPS compute styles; the C++ side is in `cpp/`.

mod bridge;
mod engine;
mod gathered;
mod surroundings;
