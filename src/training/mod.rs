//! Learning a local field from global labels: the mean output over a system's environments is its molar conductivity.

mod rows;

pub use rows::{Pooled, Rows};
