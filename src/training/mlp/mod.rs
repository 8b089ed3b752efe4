//! A dense network that learns a local field from the means over systems.
//!
//! [`settings`](MlpSettings) -> layout (where weights lie) -> pass (one chunk of rows forwards and backwards) -> batch
//! (which environments) -> gradient (over all chunks, in parallel) -> adam -> [`train()`].

mod adam;
mod batch;
mod gradient;
mod layout;
mod network;
mod pass;
mod random;
mod settings;
mod state;
mod target;
mod train;

#[cfg(test)]
mod tests;

pub use network::{Layer, Network};
pub use settings::{Activation, MlpSettings, Output};
pub use state::{Check, State};
pub use train::{Checkpoints, Trained, train};
