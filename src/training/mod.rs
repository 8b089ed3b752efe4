//! Learning a local field from global labels: the mean output over a system's environments is its molar conductivity.

pub mod baselines;
pub mod cache;
pub mod corpus;
pub mod cross_validation;
pub mod evaluation;
pub mod fit;
pub mod folds;
pub mod gaussian;
mod input;
mod rows;
pub mod score;
pub mod session;
mod settings;

pub use input::{FittedInputs, InputSettings, fit_inputs};
pub use rows::{Pooled, Rows};
pub use settings::{ModelKind, TrainSettings};
