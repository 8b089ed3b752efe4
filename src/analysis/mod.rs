//! What the field of local conductivities says about the electrolyte.

mod blocks;
mod distribution;
mod histogram;
mod shape;
mod snapshot;
mod spatial;
mod states;
mod structure;
mod temporal;

pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
pub use histogram::Histogram;
pub use shape::{FieldShape, Populations, ShapeSummary};
pub use snapshot::FieldSnapshot;
pub use spatial::{PairCurves, SpatialCorrelation, SpatialSummary};
pub use states::{IonState, IonStates, OfState, StateSummary};
pub use structure::{
    Attribution, AttributionSettings, AttributionSummary, EffectCurves, EnvironmentOverlap, OverlapCurves,
    OverlapSettings, OverlapSummary, PartialDependence, PartialDependenceSettings, PartialDependenceSummary,
    RadialDependence, ShellEffect, ShellEffects,
};
pub use temporal::{FieldHistory, TemporalSummary};
