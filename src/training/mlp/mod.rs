//! A dense network that learns a local field from the means over systems.
//!
//! [`settings`](MlpSettings) -> start (the first weights) -> batch (which environments) -> backward (one block of rows;
//! forwards, it goes as in the model) -> gradient (over all rows, in parallel) -> adam -> [`train()`].

mod adam;
mod backward;
mod batch;
mod gradient;
mod random;
mod settings;
mod start;
mod state;
mod target;
mod train;

#[cfg(test)]
mod tests;

pub use crate::model::ensemble::{Activation, Layer, Network, Output};
pub use settings::MlpSettings;
pub use state::{Check, State};
pub use train::{Checkpoints, Trained, train};
