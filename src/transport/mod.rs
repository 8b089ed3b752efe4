//! The conductivity of a whole trajectory, with errors that account for its correlations.

pub mod estimators;
