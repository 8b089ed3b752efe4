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
    /// Pearson's, over ions; none where one of the fields is the same for all of them.
    pub correlation: Option<f64>,
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
            correlation: values.iter().all(|field| varies(field)).then(|| correlation(&values[0], &values[1])),
        }
    };
    Ok(corpus.systems.iter().zip(&pooled).map(compare).collect())
}

/// Whether values differ by more than rounding.
fn varies(values: &[f64]) -> bool {
    const ROUNDING: f64 = 1e-9;
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &v| (v.min(low), v.max(high)));
    high - low > ROUNDING * high.abs().max(low.abs())
}

/// Mean over the systems of each density, ascending; none where no system of a density has a correlation.
pub fn by_density(all: &[Reproducibility]) -> Vec<(f64, Option<f64>)> {
    let mut sorted: Vec<&Reproducibility> = all.iter().collect();
    sorted.sort_by(|a, b| a.density.total_cmp(&b.density));
    // Densities of one grid point agree but for rounding of the box.
    let groups = sorted.chunk_by(|a, b| b.density < 1.01 * a.density);
    let mean = |group: &[&Reproducibility]| {
        let known: Vec<f64> = group.iter().filter_map(|r| r.correlation).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    groups.map(|group| (group[0].density, mean(group))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_are_the_same_for_all_ions_have_no_correlation() {
        assert!(varies(&[1.0, 1.001]) && varies(&[0.0, 1e-20]) && varies(&[-1.0, 1.0]));
        assert!(!varies(&[0.7, 0.7 + 1e-12]) && !varies(&[0.0, 0.0]));
        let one = |density: f64, correlation: Option<f64>| Reproducibility { name: "s".into(), density, correlation };
        let found = by_density(&[one(0.2, None), one(0.1, Some(0.5)), one(0.1, None), one(0.1, Some(1.0))]);
        assert_eq!(found, [(0.1, Some(0.75)), (0.2, None)]);
    }
}
