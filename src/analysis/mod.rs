//! What the field of local conductivities says about the electrolyte.

mod across;
mod autocorrelation;
mod blocks;
mod coordination;
mod densities;
mod distribution;
mod first_minimum;
mod fits;
mod histogram;
mod history;
mod jackknife;
mod lifetimes;
mod map;
mod parts;
mod pooled_moments;
mod populations;
mod shape;
mod simplex;
mod snapshot;
mod spatial;
mod states;
mod structure;
mod structure_factor;
mod temporal;
mod visits;

pub use across::{AcrossSummary, Relation, Strength, SystemPoint, across};
pub use coordination::{Coordination, CoordinationSummary, FieldByCoordination};
pub use densities::{Density, Normal, Population, SinhArcsinh, TwoNormals};
pub use distribution::{FieldDistribution, FieldFrame, FieldSummary, FrameMean, GroupSummary};
pub use histogram::Histogram;
pub use history::FieldHistory;
pub use map::{Axis, FieldMap, MapBin, MapSummary};
pub use populations::{Candidate, Populations, Verdict};
pub use shape::{FieldShape, ShapeSummary};
pub use snapshot::FieldSnapshot;
pub use spatial::{Contact, PairCurves, SpatialCorrelation, SpatialSummary};
pub use states::{IonState, IonStates, OfState, StateSummary};
pub use structure::{
    Attribution, AttributionSettings, AttributionSummary, EffectCurves, EnvironmentOverlap, OverlapCurves,
    OverlapSettings, OverlapSummary, PartialDependence, PartialDependenceSettings, PartialDependenceSummary,
    RadialDependence, ShellEffect, ShellEffects,
};
pub use structure_factor::{FieldStructureFactor, StructureFactorSummary};
pub use temporal::TemporalSummary;
