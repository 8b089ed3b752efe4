//! What the field of local conductivities says about the electrolyte.

mod autocorrelation;
mod blocks;
mod densities;
mod distribution;
mod fits;
mod histogram;
mod history;
mod lifetimes;
mod parts;
mod populations;
mod shape;
mod simplex;
mod snapshot;
mod spatial;
mod states;
mod temporal;
mod visits;

pub use densities::{Density, Normal, Population, SinhArcsinh, TwoNormals};
pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
pub use histogram::Histogram;
pub use history::FieldHistory;
pub use populations::{Candidate, Populations, Verdict};
pub use shape::{FieldShape, ShapeSummary};
pub use snapshot::FieldSnapshot;
pub use spatial::{PairCurves, SpatialCorrelation, SpatialSummary};
pub use states::{IonState, IonStates, OfState, StateSummary};
pub use temporal::TemporalSummary;
