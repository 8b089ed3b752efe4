//! A trained model: one ONNX file with its own description inside.
//!
//! This module sees a plain matrix of features. What they mean stands in the metadata, for others to read.

mod agreement;
mod bounds;
mod builder;
mod conditions;
mod domain;
pub mod ensemble;
mod file;
mod graph;
mod limits;
mod metadata;
mod nan;
mod operators;
mod rows;
mod softplus;
mod unrepeated;

pub use agreement::Agreement;
pub use builder::GraphBuilder;
pub use conditions::{Condition, Conditions};
pub use domain::{Domain, DomainBuilder, Grader, NO_DOMAIN};
pub use file::{Card, adopt, read as read_file};
pub use graph::Model;
pub use metadata::Metadata;

/// Name of the graph's input, float32 `[N, n_features]`.
pub const INPUT: &str = "descriptor";

/// Name of the graph's output, float32 `[N, n_members]`.
pub const OUTPUT: &str = "local_conductivity";

/// Rows of a block: as many as an evaluation asks a graph for at once.
pub(crate) const BLOCK: usize = 256;
