//! What simple models predict: a model of the local structure is worth something where it beats them.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::corpus::Member;
use super::folds::{complement, folds};

/// Strengths of the ridge to choose from, in units of the features' mean variance.
const RIDGES: [f64; 9] = [1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0];

/// The choice is by cross-validation: so many folds, so many times.
const INNER_FOLDS: usize = 5;
const INNER_SPLITS: u64 = 4;

/// A baseline, fitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Baseline {
    /// The system's Nernst-Einstein conductivity as it is.
    NernstEinstein,
    /// A quadratic in the root of the density, in another variable, and in the temperature where systems differ in it.
    Quadratic {
        variable: Variable,
        #[serde(default)]
        temperature: bool,
        coefficients: Vec<f64>,
    },
    /// Ridge regression on the mean descriptor.
    Ridge { intercept: f64, coefficients: Vec<f64> },
}

/// The second variable of the quadratic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variable {
    BjerrumLength,
    /// Mean number of unlike ions within the coordination radius.
    Coordination,
}

impl Baseline {
    /// Its key in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NernstEinstein => "nernst_einstein",
            Self::Quadratic { .. } => "quadratic",
            Self::Ridge { .. } => "ridge",
        }
    }

    /// Its name for people.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NernstEinstein => "Nernst-Einstein",
            Self::Quadratic { variable, temperature, .. } => match (variable, temperature) {
                (Variable::BjerrumLength, false) => "quadratic in sqrt(density), Bjerrum length",
                (Variable::BjerrumLength, true) => "quadratic in sqrt(density), Bjerrum length, temperature",
                (Variable::Coordination, false) => "quadratic in sqrt(density), coordination",
                (Variable::Coordination, true) => "quadratic in sqrt(density), coordination, temperature",
            },
            Self::Ridge { .. } => "ridge on the mean descriptor",
        }
    }

    /// Refuses coefficients that are not those of its terms.
    pub(super) fn check(&self, n_features: usize) -> Result<(), String> {
        let (coefficients, terms) = match self {
            Self::NernstEinstein => return Ok(()),
            Self::Quadratic { temperature, coefficients, .. } => (coefficients, if *temperature { 10 } else { 6 }),
            Self::Ridge { coefficients, .. } => (coefficients, n_features),
        };
        match coefficients.len() {
            n if n != terms => Err(format!("{} has {n} coefficients for {terms} terms", self.name())),
            _ => Ok(()),
        }
    }

    /// All baselines that systems allow, fitted to them by least squares.
    pub fn fit_all(systems: &[&Member]) -> Vec<Self> {
        let mut baselines = vec![];
        if systems.iter().all(|s| s.nernst_einstein.is_some()) {
            baselines.push(Self::NernstEinstein);
        }
        baselines.extend(quadratic(systems));
        baselines.push(ridge(systems));
        baselines
    }

    /// Predicted molar conductivity; none where the system lacks what it needs.
    pub fn predict(&self, system: &Member) -> Option<f64> {
        match self {
            Self::NernstEinstein => system.nernst_einstein,
            Self::Quadratic { variable, temperature, coefficients } => {
                let terms = terms(system, *variable, *temperature)?;
                (terms.len() == coefficients.len()).then(|| terms.iter().zip(coefficients).map(|(t, c)| t * c).sum())
            }
            Self::Ridge { intercept, coefficients } => (coefficients.len() == system.mean_features.len()).then(|| {
                let products = system.mean_features.iter().zip(coefficients).map(|(x, c)| x * c);
                intercept + products.sum::<f64>()
            }),
        }
    }
}

fn terms(system: &Member, variable: Variable, temperature: bool) -> Option<Vec<f64>> {
    let contents = &system.features.contents;
    let a = contents.density.sqrt();
    let b = match variable {
        Variable::BjerrumLength => system.bjerrum_length?,
        Variable::Coordination => contents.coordination[0],
    };
    let mut terms = vec![1.0, a, b, a * a, a * b, b * b];
    if temperature {
        let t = system.temperature?;
        terms.extend([t, t * t, t * a, t * b]);
    }
    Some(terms)
}

/// None where a term is not finite, of which a decomposition would have no end.
fn quadratic(systems: &[&Member]) -> Option<Baseline> {
    let variable = match systems.iter().all(|s| s.bjerrum_length.is_some()) {
        true => Variable::BjerrumLength,
        false => Variable::Coordination,
    };
    let first = systems[0].temperature;
    let temperature = systems.iter().all(|s| s.temperature.is_some()) && systems.iter().any(|s| s.temperature != first);
    let rows: Vec<Vec<f64>> = systems.iter().filter_map(|s| terms(s, variable, temperature)).collect();
    let labels: Vec<f64> = systems.iter().map(|s| s.label).collect();
    Some(Baseline::Quadratic { variable, temperature, coefficients: least_squares(&rows, &labels)? })
}

/// Coefficients of the columns of `rows`, the least ones where several fit as well; 0 for a column of zeros, which tells nothing
/// of what it is worth elsewhere. None for what is not finite.
fn least_squares(rows: &[Vec<f64>], labels: &[f64]) -> Option<Vec<f64>> {
    if rows.iter().flatten().chain(labels).any(|v| !v.is_finite()) {
        return None;
    }
    // Columns are divided by their size, for a pseudoinverse that knows no units.
    let size: Vec<f64> = (0..rows[0].len()).map(|c| rows.iter().map(|r| r[c].abs()).fold(0.0, f64::max)).collect();
    let used: Vec<usize> = (0..size.len()).filter(|&c| size[c] > 0.0).collect();
    let design = DMatrix::from_fn(rows.len(), used.len(), |s, c| rows[s][used[c]] / size[used[c]]);
    let svd = design.svd(true, true);
    let least = 1e-9 * svd.singular_values.max();
    let solution =
        svd.solve(&DVector::from_column_slice(labels), least).expect("both sides of the decomposition were asked for");
    let mut coefficients = vec![0.0; size.len()];
    used.iter().zip(&solution).for_each(|(&c, slope)| coefficients[c] = slope / size[c]);
    Some(coefficients)
}

/// Ridge regression on standardised mean features, its strength by cross-validation within the systems given.
fn ridge(systems: &[&Member]) -> Baseline {
    let n = systems.len();
    let error = |ridge: f64| -> f64 {
        let splits = (0..INNER_SPLITS).filter_map(|seed| folds(n, INNER_FOLDS.min(n), seed).ok());
        let squares = splits.flatten().map(|part| {
            let training: Vec<&Member> = complement(&part, n).into_iter().map(|i| systems[i]).collect();
            let fitted = fit_ridge(&training, ridge);
            part.iter()
                .map(|&i| (fitted.predict(systems[i]).unwrap_or(f64::NAN) - systems[i].label).powi(2))
                .sum::<f64>()
        });
        squares.sum()
    };
    let errors = RIDGES.map(error);
    let best = (0..RIDGES.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0);
    fit_ridge(systems, RIDGES[best])
}

/// In the dual form: there are fewer systems than features.
fn fit_ridge(systems: &[&Member], ridge: f64) -> Baseline {
    let n = systems.len();
    let n_features = systems[0].mean_features.len();
    let mean = |f: usize| systems.iter().map(|s| s.mean_features[f]).sum::<f64>() / n as f64;
    let means: Vec<f64> = (0..n_features).map(mean).collect();
    let variance = |f: usize| systems.iter().map(|s| (s.mean_features[f] - means[f]).powi(2)).sum::<f64>() / n as f64;
    let deviations: Vec<f64> = (0..n_features).map(|f| variance(f).sqrt()).collect();
    let largest = deviations.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let divisors: Vec<f64> = deviations.iter().map(|d| d.max(1e-9 * largest)).collect();
    let x = DMatrix::from_fn(n, n_features, |s, f| (systems[s].mean_features[f] - means[f]) / divisors[f]);
    let mut gram = &x * x.transpose() / n_features as f64;
    (0..n).for_each(|s| gram[(s, s)] += ridge);
    let label = systems.iter().map(|s| s.label).sum::<f64>() / n as f64;
    let y = DVector::from_fn(n, |s, _| systems[s].label - label);
    let slopes = match gram.cholesky() {
        Some(factor) => x.transpose() * factor.solve(&y) / n_features as f64,
        None => DVector::zeros(n_features),
    };
    let coefficients: Vec<f64> = slopes.iter().zip(&divisors).map(|(c, d)| c / d).collect();
    let offset: f64 = coefficients.iter().zip(&means).map(|(c, m)| c * m).sum();
    Baseline::Ridge { intercept: label - offset, coefficients }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_zeros_has_no_coefficient_and_what_is_not_finite_no_fit() {
        let row = |x: f64, y: f64| vec![1.0, x, y];
        let rows = [0.0, 1.0, 2.0, 5.0].map(|x| row(x, 0.0));
        let labels = [3.0, 5.0, 7.0, 13.0];
        let found = least_squares(&rows, &labels).unwrap();
        assert!((found[0] - 3.0).abs() < 1e-12 && (found[1] - 2.0).abs() < 1e-12 && found[2] == 0.0, "{found:?}");
        assert_eq!(least_squares(&[row(1.0, f64::NAN), row(2.0, 1.0)], &[1.0, 2.0]), None);
        assert_eq!(least_squares(&rows, &[1.0, 2.0, f64::INFINITY, 3.0]), None);
    }
}
