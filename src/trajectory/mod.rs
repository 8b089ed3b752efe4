//! Trajectories: LAMMPS text dumps, read frame by frame.
//!
//! Bytes pass from the file (`source`, which unpacks; `foreign` tells other files) into lines (`text`), a frame's `header` and its `rows` of
//! numbers (`parse`), by a plan of which columns are wanted (`columns`), into a [`Frame`] (`fill`): `parser` does all of that for a
//! frame. Of long plain dumps, threads read parts that begin with a frame (`section`, `piece`) before they are asked for (`ahead`).

mod ahead;
mod attributes;
mod boxbounds;
mod columns;
mod error;
mod fill;
mod foreign;
mod frame;
mod header;
mod lacking;
mod parse;
mod parser;
mod piece;
mod raw;
mod reader;
mod rows;
mod section;
mod source;
mod text;
#[cfg(target_arch = "x86_64")]
mod wide;

pub use columns::{Columns, Quantity};
pub use frame::{Frame, Place};
pub use raw::Raw;
pub use reader::{AtomCount, DumpReader, OnBadFrame, ReadOptions};
pub use rows::Labels;
pub use source::unpacked;

#[cfg(test)]
mod tests;
