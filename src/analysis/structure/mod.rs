//! Why a model gives an ion the local conductivity that it does: which neighbours and which features it goes by, and how much
//! of the field's correlation comes of ions that see the same neighbours.
//!
//! All of it asks the model again, through [`crate::local::LocalModel`], about surroundings that were changed.

mod attribution;
mod left_out;
mod overlap;
mod partial_dependence;
mod sample;

#[cfg(test)]
mod planted;

use ndarray::ArrayView2;

use crate::Result;
use crate::local::LocalModel;

pub use attribution::{Attribution, AttributionSettings, AttributionSummary, EffectCurves, ShellEffect, ShellEffects};
pub use overlap::{EnvironmentOverlap, OverlapCurves, OverlapSettings, OverlapSummary};
pub use partial_dependence::{
    PartialDependence, PartialDependenceSettings, PartialDependenceSummary, RadialDependence,
};

/// Local conductivity of centers by their features, `[n, n_features]`.
fn field_of(local: &LocalModel, features: ArrayView2<f32>) -> Result<Vec<f64>> {
    let mut out = vec![[0.0; 3]; features.nrows()];
    local.evaluate_features(features, &mut out)?;
    Ok(out.into_iter().map(|[lambda, ..]| lambda).collect())
}
