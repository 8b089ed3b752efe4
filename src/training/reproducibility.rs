//! Whether a field is a property of the liquid or of who trained it: fields learned from disjoint systems, compared.

use serde::{Deserialize, Serialize};

use super::Pooled;
use super::corpus::Corpus;
use super::fit::Fitted;
use super::folds::folds;
use super::settings::TrainSettings;
use crate::Result;
use crate::statistics::correlation;

/// Ions of each system that are compared.
const SAMPLE: usize = 2000;

/// Fewer systems make halves that are no training sets.
const FEWEST: usize = 8;

/// Two fields, each learned from one half of the systems, over the ions of one system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reproducibility {
    pub name: String,
    /// Ions per volume.
    pub density: f64,
    /// Pearson's, over ions.
    pub correlation: f64,
}

/// Trains on two halves of a corpus and compares the fields in all its systems; nothing for fewer than eight systems.
///
/// # Errors
/// What [`Fitted::fit`] refuses.
pub fn reproducibility(corpus: &Corpus, settings: &TrainSettings) -> Result<Vec<Reproducibility>> {
    let n = corpus.systems.len();
    if n < FEWEST {
        return Ok(vec![]);
    }
    let pooled = corpus.pooled(settings);
    let halves = folds(n, 2, settings.seed)?;
    let fields: Vec<Fitted> = halves
        .iter()
        .map(|half| {
            let systems: Vec<Pooled> = half.iter().map(|&i| pooled[i]).collect();
            Fitted::fit(&systems, corpus.inputs.n_beside(), settings, settings.seed, None)
        })
        .collect::<Result<_>>()?;
    let compare = |(member, pooled): (&super::corpus::Member, &Pooled)| {
        let step = pooled.rows.len().div_ceil(SAMPLE).max(1);
        let ions: Vec<usize> = (0..pooled.rows.len()).step_by(step).collect();
        let values: Vec<Vec<f64>> = fields.iter().map(|field| field.field(pooled.rows, &ions)).collect();
        Reproducibility {
            name: member.name.clone(),
            density: member.features.contents.density,
            correlation: correlation(&values[0], &values[1]),
        }
    };
    Ok(corpus.systems.iter().zip(&pooled).map(compare).collect())
}

/// Mean over the systems of each density, ascending.
pub fn by_density(all: &[Reproducibility]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<&Reproducibility> = all.iter().collect();
    sorted.sort_by(|a, b| a.density.total_cmp(&b.density));
    // Densities of one grid point agree but for rounding of the box.
    let groups = sorted.chunk_by(|a, b| b.density < 1.01 * a.density);
    groups.map(|g| (g[0].density, g.iter().map(|r| r.correlation).sum::<f64>() / g.len() as f64)).collect()
}
