//! What the field of local conductivities says about the electrolyte.

mod autocorrelation;
mod blocks;
mod distribution;
mod histogram;
mod history;
mod lifetimes;
mod parts;
mod shape;
mod snapshot;
mod spatial;
mod states;
mod temporal;
mod visits;

pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
pub use histogram::Histogram;
pub use history::FieldHistory;
pub use shape::{FieldShape, Populations, ShapeSummary};
pub use snapshot::FieldSnapshot;
pub use spatial::{PairCurves, SpatialCorrelation, SpatialSummary};
pub use states::{IonState, IonStates, OfState, StateSummary};
pub use temporal::TemporalSummary;
