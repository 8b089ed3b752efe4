//! The smooth overlap of atomic positions (SOAP) power spectrum of an ion's surroundings.
//!
//! Bartok, Kondor, Csanyi, Phys. Rev. B 87, 184115 (2013), with the conventions named in [`Convention`].

mod aligned;
mod environment;
mod expansion;
mod harmonics;
mod lanes;
mod parameters;
mod power_spectrum;
mod radial;
mod written;

pub use crate::processor::InstructionSet;
pub use environment::Environment;
pub use parameters::{Convention, ConventionName, SoapParameters};
pub use power_spectrum::{PowerSpectrum, Workspace};
pub(crate) use written::completed;
