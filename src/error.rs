//! The library's one error type: what is wrong, where, and what to do about it.

use std::path::PathBuf;

/// Result of a fallible call of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that the library refuses, each with the place and the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened, read, written or renamed.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },

    /// A simulation cell that no geometry can be done in.
    #[error("cell: {0}")]
    Cell(String),

    /// Atom coordinates or a neighbour search that cannot be carried out.
    #[error("neighbours: {0}")]
    Neighbors(String),

    /// Descriptor parameters outside what the convention defines.
    #[error("descriptor: {0}")]
    Descriptor(String),

    /// Species names, types or charges that do not fit together.
    #[error("species: {0}")]
    Species(String),

    /// A unit style that is unknown, or that a model cannot be used in.
    #[error("units: {0}")]
    Units(String),

    /// A model file that is damaged, foreign, or asks for what is not allowed.
    #[error("model {}: {message}", path.display())]
    Model { path: PathBuf, message: String },

    /// A trajectory file that does not say what it should.
    #[error("{}: frame {frame}, line {line}: {message}", path.display())]
    Dump { path: PathBuf, frame: usize, line: u64, message: String },

    /// What LAMMPS, run within this program, complains of.
    #[error("LAMMPS: {0}")]
    Lammps(String),

    /// Input that is well formed and still makes no sense for what was asked.
    #[error("{0}")]
    Input(String),
}

impl Error {
    /// Wraps an input or output error with the path that it happened on.
    pub fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}
