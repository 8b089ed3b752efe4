//! The conductivity of single ions without a model: their own response to a field.
//!
//! From one configuration many pairs of short runs start, each with velocities and noise of its own that its two runs
//! share, one under a field and one under its opposite ([`stage`]). Half the difference of an ion's displacements over the
//! field, averaged over pairs ([`batch`], [`moments`]), is that ion's response in this configuration: an isoconfigurational
//! average (A. Widmer-Cooper, P. Harrowell and H. Fynewever, Phys. Rev. Lett. 93, 135701 (2004)) in linear response.
//! Summed over ions and averaged over configurations it is half the mean square displacement of the charge over kT
//! (R. Kubo, J. Phys. Soc. Jpn. 12, 570 (1957)), which [`summary`] compares it with.

mod batch;
mod collect;
mod drive;
mod moments;
mod plan;
mod stage;
mod summary;

pub use collect::{SystemTruth, collect, dataset, write_text};
pub use drive::{Event, drive};
pub use moments::Moments;
pub use plan::{BATCH, TruthPlan};
pub use summary::{AtTime, Summary};
