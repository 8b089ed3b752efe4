//! Learning a local field from global labels: the mean output over a system's environments is its molar conductivity.
//!
//! [`cache`] and [`corpus`] hold features and labels; [`gaussian`] and [`mlp`] are what can be fitted to them, behind one
//! face in [`fit`]; [`cross_validation`] and [`evaluation`] tell how well it predicts, beside [`baselines`];
//! [`session`] goes from a corpus to a model file.

pub mod baselines;
pub mod cache;
mod calibration;
pub mod corpus;
pub mod cross_validation;
pub mod evaluation;
pub mod fit;
pub mod folds;
pub mod gaussian;
mod input;
pub mod local;
pub mod mlp;
pub mod outline;
mod perceptrons;
pub mod reproducibility;
mod rows;
pub mod score;
pub mod session;
mod settings;

pub use input::{FittedInputs, InputSettings, fit_inputs};
pub use perceptrons::Kept;
pub use rows::{LocalRows, Pooled, Rows};
pub use settings::{LocalSettings, ModelKind, TrainSettings};
