//! What the field of local conductivities says about the electrolyte.

mod distribution;
mod histogram;

pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
pub use histogram::Histogram;
