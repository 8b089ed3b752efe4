//! What the field of local conductivities says about the electrolyte.

mod across;
mod blocks;
mod coordination;
mod distribution;
mod histogram;
mod map;
mod shape;
mod snapshot;
mod spatial;
mod states;
mod structure;
mod structure_factor;
mod temporal;

pub use across::{AcrossSummary, Relation, Strength, SystemPoint, across};
pub use coordination::{Coordination, CoordinationSummary, FieldByCoordination};
pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, GroupSummary};
pub use histogram::Histogram;
pub use map::{Axis, FieldMap, MapBin, MapSummary};
pub use shape::{FieldShape, Populations, ShapeSummary};
pub use snapshot::FieldSnapshot;
pub use spatial::{PairCurves, SpatialCorrelation, SpatialSummary};
pub use states::{IonState, IonStates, OfState, StateSummary};
pub use structure::{
    Attribution, AttributionSettings, AttributionSummary, EffectCurves, EnvironmentOverlap, OverlapCurves,
    OverlapSettings, OverlapSummary, PartialDependence, PartialDependenceSettings, PartialDependenceSummary,
    RadialDependence, ShellEffect, ShellEffects,
};
pub use structure_factor::{FieldStructureFactor, StructureFactorSummary};
pub use temporal::{FieldHistory, TemporalSummary};
