//! Local molar conductivity of every ion in an electrolyte, from the structure around it.
//!
//! Data passes through the modules in the order in which they stand here, and dependencies run that way alone:
//! [`error`], [`cautions`] and [`units`] serve all; [`geometry`] holds the cell and finds neighbours; [`descriptor`] turns an ion's
//! surroundings into features; [`model`] turns features into conductivities and knows no descriptor; [`local`] is
//! the one path that evaluates both, under LAMMPS ([`lammps`]) and on dumps ([`trajectory`]) alike; [`analysis`] asks
//! what the resulting field says, with errors from [`statistics`], [`plot`] draws it, and
//! [`page`] makes a report of figures and tables. [`embedded`] runs LAMMPS itself.

pub mod analysis;
pub mod campaign;
pub mod cautions;
mod composition;
pub mod configuration;
mod contained;
pub mod dataset;
pub mod descriptor;
mod digest;
#[cfg(feature = "embedded")]
pub mod embedded;
pub mod error;
mod files;
mod fourier;
pub mod geometry;
pub mod guard;
pub mod lammps;
pub mod local;
mod matrix;
pub mod model;
pub mod output;
pub mod page;
pub mod plot;
mod pool;
mod processor;
mod random;
pub mod species;
pub mod statistics;
pub mod training;
pub mod trajectory;
pub mod transport;
pub mod units;

pub use error::{Error, Result};
