//! From features to a network's inputs: bounded in range, few, and of like variance.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, s};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Rows;
use crate::model::ensemble::{InputMap, Transform};
use crate::{Error, Result};

/// How features become inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputSettings {
    pub transform: Transform,
    /// Features below this share of the largest feature's root mean square are left as they are by `soft-sqrt`.
    pub softening: f64,
    /// Deviations that features are divided by are raised by this share of the largest one.
    pub deviation_floor: f64,
    /// Principal components kept; 0 keeps the features.
    pub components: usize,
    /// A component of variance `v` is divided by `v^(whitening/2)`: 0 keeps variances, 1 makes all equal.
    pub whitening: f64,
    /// Standard deviation of each input that is no feature of the descriptor (which ion, temperature), over that of the leading
    /// component or, without components, of the widest feature.
    pub beside: f64,
    /// Environments of each system that scales and components are computed from.
    pub sample: usize,
}

impl Default for InputSettings {
    fn default() -> Self {
        Self {
            transform: Transform::SoftSqrt,
            softening: 1e-6,
            deviation_floor: 1.0,
            components: 100,
            whitening: 0.5,
            beside: 1.0,
            sample: 2000,
        }
    }
}

impl InputSettings {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |key: &str, value: f64, range: &str| {
            Err(Error::Input(format!("input.{key} = {value:?}: it must be {range}")))
        };
        if !(1e-20..=1e6).contains(&self.softening) {
            return refuse("softening", self.softening, "from 1e-20 to 1e6");
        }
        if !(0.0..=1e6).contains(&self.deviation_floor) {
            return refuse("deviation_floor", self.deviation_floor, "from 0 to 1e6");
        }
        if !(0.0..=1.0).contains(&self.whitening) {
            return refuse("whitening", self.whitening, "from 0 to 1");
        }
        if !(1e-6..=1e6).contains(&self.beside) {
            return refuse("beside", self.beside, "from 1e-6 to 1e6");
        }
        if self.sample < 2 {
            return refuse("sample", self.sample as f64, "2 or more");
        }
        Ok(())
    }
}

/// Inputs fitted to systems.
#[derive(Clone, Debug)]
pub struct FittedInputs {
    pub map: InputMap,
    /// Of each input over the sample.
    pub variances: Vec<f64>,
}

impl FittedInputs {
    /// Mean squared distance between the inputs of two environments.
    pub fn mean_squared_distance(&self) -> f64 {
        2.0 * self.variances.iter().sum::<f64>()
    }
}

/// Fits scales and components to systems, each of which counts alike; the last `n_beside` columns are no features of the
/// descriptor, and each becomes an input of its own.
///
/// # Errors
/// Features that are not finite, or that never vary.
pub fn fit_inputs(systems: &[&dyn Rows], n_beside: usize, settings: &InputSettings, seed: u64) -> Result<FittedInputs> {
    let width = systems[0].width();
    let n_features = width - n_beside;
    // Drawn anew for each pass, so that no more than one system's sample is in memory.
    let sample = |s: usize| draw(systems[s], settings.sample, seed, s as u64).mapv(f64::from);
    let mean_over = |sample: &dyn Fn(usize) -> Array2<f64>, of: &dyn Fn(f64) -> f64| {
        let mut mean = vec![0.0; width];
        for s in 0..systems.len() {
            let system = sample(s);
            let share = 1.0 / (system.nrows() * systems.len()) as f64;
            for row in system.rows() {
                mean.iter_mut().zip(row).for_each(|(m, &x)| *m += share * of(x));
            }
        }
        mean
    };
    let largest = mean_over(&sample, &|x| x * x).into_iter().take(n_features).fold(0.0, f64::max).sqrt();
    if !(largest.is_finite() && largest > 0.0) {
        return Err(Error::Input(
            "the features are zero or not finite in all systems; is there any ion within the \
             cutoff of another?"
                .into(),
        ));
    }
    let scale = match settings.transform {
        Transform::None => 1.0,
        Transform::SoftSqrt => (settings.softening * largest) as f32,
    };
    let sample = |s: usize| {
        let mut system = sample(s);
        system.mapv_inplace(|x| transformed(settings.transform, x / f64::from(scale)));
        system
    };
    let mean = mean_over(&sample, &|x| x);
    let sample = |s: usize| {
        let mut system = sample(s);
        system.rows_mut().into_iter().for_each(|mut row| row.iter_mut().zip(&mean).for_each(|(x, m)| *x -= m));
        system
    };
    let deviation: Vec<f64> = mean_over(&sample, &|x| x * x).into_iter().map(f64::sqrt).collect();
    let (deviation, beside) = deviation.split_at(n_features);
    let floor = settings.deviation_floor.max(1e-6) * deviation.iter().copied().fold(0.0, f64::max);
    if deviation.iter().zip(&mean).all(|(d, m)| varying(*d, *m) == 0.0) {
        return Err(Error::Input("the features are the same for every ion; there is nothing to learn from".into()));
    }
    let divisor: Vec<f64> = deviation.iter().map(|d| d + floor).collect();
    let (matrix, variances) = match settings.components {
        0 => {
            let variances = deviation.iter().zip(&divisor).map(|(d, s)| (d / s).powi(2)).collect();
            (Array2::from_diag(&Array1::from_iter(divisor.iter().map(|s| 1.0 / s))), variances)
        }
        n => {
            let of_descriptor = |s: usize| sample(s).slice_move(s![.., ..n_features]);
            components(&of_descriptor, systems.len(), &divisor, n.min(n_features), settings.whitening)
        }
    };
    let beside: Vec<f64> = beside.iter().zip(&mean[n_features..]).map(|(d, m)| varying(*d, *m)).collect();
    let (matrix, variances) = with_beside(matrix, variances, &beside, settings.beside);
    let offset = -Array1::from_iter(mean.iter().copied()).dot(&matrix);
    let map = InputMap {
        transform: settings.transform,
        factor: 1.0 / scale,
        matrix: matrix.mapv(|v| v as f32),
        offset: offset.mapv(|v| v as f32),
    };
    Ok(FittedInputs { map, variances })
}

/// A deviation, or 0 if it is the rounding of a mean.
fn varying(deviation: f64, mean: f64) -> f64 {
    if deviation > 1e-6 * mean.abs() { deviation } else { 0.0 }
}

/// Adds an input for each column beside the descriptor, of deviations `deviations`; one that never varies is left out of account.
fn with_beside(
    matrix: Array2<f64>,
    mut variances: Vec<f64>,
    deviations: &[f64],
    weight: f64,
) -> (Array2<f64>, Vec<f64>) {
    let (n_features, n_components) = matrix.dim();
    let n = deviations.len();
    let leading = variances.iter().copied().fold(0.0, f64::max).sqrt();
    let mut all = Array2::zeros((n_features + n, n_components + n));
    all.slice_mut(s![..n_features, ..n_components]).assign(&matrix);
    for (i, &deviation) in deviations.iter().enumerate() {
        let varies = deviation > 0.0;
        all[(n_features + i, n_components + i)] = if varies { weight * leading / deviation } else { 0.0 };
        variances.push(if varies { (weight * leading).powi(2) } else { 0.0 });
    }
    (all, variances)
}

/// One feature transformed, in double precision for the statistics.
fn transformed(transform: Transform, x: f64) -> f64 {
    match transform {
        Transform::None => x,
        Transform::SoftSqrt => x / (1.0 + (1.0 + x.abs()).sqrt()),
    }
}

/// Some environments of a system, or all if there are no more.
fn draw(rows: &dyn Rows, n: usize, seed: u64, stream: u64) -> Array2<f32> {
    let n = n.min(rows.len());
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    let mut indices = index::sample(&mut random, rows.len(), n).into_vec();
    indices.sort_unstable();
    let mut out = Array2::zeros((n, rows.width()));
    rows.gather(&indices, out.view_mut());
    out
}

/// Leading principal components of centred samples over `divisor`, partly whitened, and the variances after that.
fn components(
    sample: &dyn Fn(usize) -> Array2<f64>,
    n_systems: usize,
    divisor: &[f64],
    n: usize,
    whitening: f64,
) -> (Array2<f64>, Vec<f64>) {
    let n_features = divisor.len();
    let mut covariance = Array2::<f64>::zeros((n_features, n_features));
    for s in 0..n_systems {
        let system = sample(s);
        let share = 1.0 / (system.nrows() * n_systems) as f64;
        general_mat_mul(share, &system.t(), &system, 1.0, &mut covariance);
    }
    let covariance = DMatrix::from_fn(n_features, n_features, |i, j| covariance[(i, j)] / (divisor[i] * divisor[j]));
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..n_features).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    // Components below rounding carry noise alone.
    let least = 1e-10 * eigen.eigenvalues[order[0]];
    order.truncate(n);
    order.retain(|&c| eigen.eigenvalues[c] > least);
    let weight = |c: usize| eigen.eigenvalues[c].powf(-0.5 * whitening);
    let matrix = Array2::from_shape_fn((n_features, order.len()), |(f, i)| {
        // An eigenvector's sign is arbitrary: its largest entry is made positive, the same on every machine.
        let vector = eigen.eigenvectors.column(order[i]);
        vector[f] * vector[vector.iamax()].signum() * weight(order[i]) / divisor[f]
    });
    let variances = order.iter().map(|&c| eigen.eigenvalues[c].powf(1.0 - whitening)).collect();
    (matrix, variances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_beside_the_descriptor_become_inputs_of_the_leading_deviation() {
        let system = |temperature: f32| {
            Array2::from_shape_fn((50, 5), |(i, f)| match f {
                3 => temperature,
                4 => 7.0,
                f => ((i * (f + 3)) % 11) as f32,
            })
        };
        let (a, b) = (system(800.0), system(1200.0));
        let settings = InputSettings { components: 2, beside: 0.5, ..InputSettings::default() };
        let fitted = fit_inputs(&[&a, &b], 2, &settings, 0).unwrap();
        assert_eq!((fitted.map.width(), fitted.variances.len()), (4, 4));
        let leading = fitted.variances[0];
        assert!((fitted.variances[2] - 0.25 * leading).abs() < 1e-12 && fitted.variances[3] == 0.0);
        // The two temperatures are one deviation on either side of the mean; what never varies counts for nothing.
        let inputs = |x: &Array2<f32>| {
            let (mut room, mut inputs) = (vec![], Array2::zeros((0, 0)));
            fitted.map.apply(x.view(), &mut room, &mut inputs);
            inputs
        };
        let (a, b) = (inputs(&a), inputs(&b));
        let half = 0.5 * leading.sqrt();
        assert!((f64::from(b[(0, 2)]) - half).abs() < 1e-3 * half && (f64::from(a[(9, 2)]) + half).abs() < 1e-3 * half);
        assert!(b.column(3).iter().all(|v| *v == 0.0));
    }
}
