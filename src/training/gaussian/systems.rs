//! Directions of the inputs in which systems differ, and ions of one system hardly do.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::Array2;

/// At most so many directions.
const MOST: usize = 10;

/// Directions `[n_inputs, n]` with variance 1 within systems, and their variances between systems: the discriminant
/// analysis of R. A. Fisher, Ann. Eugen. 7, 179 (1936), with systems for classes.
pub fn between_systems(samples: &[Array2<f32>]) -> (Array2<f64>, Vec<f64>) {
    let n = samples[0].ncols();
    let means: Vec<Vec<f64>> = samples
        .iter()
        .map(|s| {
            s.columns().into_iter().map(|c| c.iter().map(|&v| f64::from(v)).sum::<f64>() / s.nrows() as f64).collect()
        })
        .collect();
    let mean: Vec<f64> = (0..n).map(|i| means.iter().map(|m| m[i]).sum::<f64>() / means.len() as f64).collect();
    let (mut within, mut between) = (DMatrix::<f64>::zeros(n, n), DMatrix::<f64>::zeros(n, n));
    for (sample, own) in samples.iter().zip(&means) {
        let centred = DMatrix::from_fn(sample.nrows(), n, |r, c| f64::from(sample[(r, c)]) - own[c]);
        within += centred.tr_mul(&centred) / (sample.nrows() * samples.len()) as f64;
        let apart = DMatrix::from_fn(1, n, |_, c| own[c] - mean[c]);
        between += apart.tr_mul(&apart) / samples.len() as f64;
    }
    // Directions that ions do not move in have a variance that is rounding.
    let least = 1e-6 * within.trace() / n as f64;
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(within);
    let inverse = DMatrix::from_diagonal(&eigenvalues.map(|v| (v.max(0.0) + least).powf(-0.5)));
    let white = &eigenvectors * inverse;
    let found = SymmetricEigen::new(white.tr_mul(&(between * &white)));
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| found.eigenvalues[b].total_cmp(&found.eigenvalues[a]));
    order.truncate(MOST.min(samples.len().saturating_sub(1)).max(1));
    let mut directions = Array2::zeros((n, order.len()));
    for (mut column, &k) in directions.columns_mut().into_iter().zip(&order) {
        let vector = &white * found.eigenvectors.column(k);
        // An eigenvector's sign is arbitrary: its largest entry is made positive, the same on every machine.
        let sign = vector[vector.iamax()].signum();
        column.iter_mut().zip(&vector).for_each(|(c, v)| *c = sign * v);
    }
    (directions, order.iter().map(|&k| found.eigenvalues[k].max(0.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direction_that_tells_systems_apart_is_found() {
        // Systems differ along the second input; ions scatter most along the first.
        let system = |s: usize| {
            Array2::from_shape_fn((200, 3), |(i, k)| {
                let wave = |f: f64| (f * i as f64).sin() as f32;
                [5.0 * wave(1.3), s as f32 + 0.1 * wave(2.1), wave(0.7)][k]
            })
        };
        let samples: Vec<Array2<f32>> = (0..4).map(system).collect();
        let (directions, variances) = between_systems(&samples);
        assert_eq!(directions.ncols(), 3);
        // Variance of 0 to 3 over that of 0.1 sin.
        assert!((variances[0] / (1.25 / 0.005) - 1.0).abs() < 0.05, "{variances:?}");
        assert!(variances[1] < 1e-3 * variances[0]);
        let [x, y, z] = [0, 1, 2].map(|i| directions[(i, 0)]);
        assert!(y > 10.0 && x.abs() < 0.02 * y && z.abs() < 0.02 * y, "{x} {y} {z}");
    }
}
