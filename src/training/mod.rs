//! Learning a local field from global labels: the mean output over a system's environments is its molar conductivity.

mod mlp;
mod rows;

pub use mlp::{Activation, Check, Checkpoints, Layer, MlpSettings, Network, Output, State, Trained, train};
pub use rows::{Pooled, Rows};
