//! A Gaussian process for the local field, learned from its means over systems.
//!
//! The local conductivity is `f(x) = m + w . phi(x)`, `phi` random Fourier features (A. Rahimi and B. Recht, NIPS 2007)
//! of the inputs, so that `<phi(x) . phi(x')> = exp(-|x - x'|^2 / (2 l^2))`. A label is the mean of `f` over a system's
//! ions plus an error, so it is linear in `w` as well, and everything follows in closed form: the posterior of the field,
//! its length scale by the evidence, the uncertainty of what the global labels leave open.

mod basis;
mod kernels;
mod local;
mod posterior;
mod systems;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use basis::Basis;
pub use kernels::Scales;
pub use local::LocalSums;
pub use posterior::{Draws, Posterior, PriorSearch};

use kernels::Kernels;

use super::input::FittedInputs;
use super::rows::sum_over_chunks;
use super::settings::TrainSettings;
use super::{Pooled, Rows};
use crate::statistics::mean_and_deviation;
use crate::{Error, Result};

/// Environments that go through the basis together.
const CHUNK: usize = 512;

/// Ions of each system whose responses the length scale is chosen by.
const LOCAL_SAMPLE: usize = 500;

/// How a Gaussian process is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GaussianSettings {
    /// Number of random features, half of them cosines and half sines.
    pub features: usize,
    /// Squared length scales to choose from by the evidence, in mean squared distances between two environments.
    pub length_scales: Vec<f64>,
    /// Environments of each system that the choice is made on; the fit itself uses all.
    pub sample: usize,
}

impl Default for GaussianSettings {
    fn default() -> Self {
        Self { features: 768, length_scales: vec![0.3, 0.45, 0.7, 1.0, 2.0], sample: 2000 }
    }
}

impl GaussianSettings {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |message: String| Err(Error::Input(format!("gaussian_process.{message}")));
        if !(2..=1 << 16).contains(&self.features) || !self.features.is_multiple_of(2) {
            return refuse(format!("features = {}: it must be an even number from 2 to 65536", self.features));
        }
        check_scales("gaussian_process.length_scales", &self.length_scales)?;
        if self.sample < 2 {
            return refuse(format!("sample = {}: it must be 2 or more", self.sample));
        }
        Ok(())
    }

    /// Weights that members share, and those of one.
    pub(super) fn n_weights(&self, n_inputs: u64) -> [u64; 2] {
        let features = self.features as u64;
        [n_inputs * features / 2, features]
    }

    /// Refuses numbers of features that two kernels cannot share, or of which responses make matrices too large.
    pub(super) fn check_with_responses(&self) -> Result<()> {
        if (4..=1 << 14).contains(&self.features) {
            return Ok(());
        }
        Err(Error::Input(format!(
            "gaussian_process.features = {}: where responses of ions are learned from it must be from 4 to 16384",
            self.features
        )))
    }
}

/// Length scales beyond which float32 sees no difference between environments, or nothing else.
const SCALES: std::ops::RangeInclusive<f64> = 1e-4..=1e4;

pub(super) fn check_scales(key: &str, scales: &[f64]) -> Result<()> {
    if !scales.is_empty() && scales.iter().all(|scale| SCALES.contains(scale)) {
        return Ok(());
    }
    Err(Error::Input(format!("{key}: give one or more numbers, from {} to {}", SCALES.start(), SCALES.end())))
}

/// A fitted field: `f(x) = m + w . phi(x)` with the posterior of `m` and `w`.
pub struct GaussianField {
    pub basis: Basis,
    pub posterior: Posterior,
    /// Squared length scales in mean squared distances.
    pub length_scales: Scales,
}

impl GaussianField {
    /// Fits the field to systems; `errors` of labels are those of [`Pooled`].
    ///
    /// The length scale and the prior variance are those of the largest evidence. Results do not depend on the number of
    /// threads.
    ///
    /// # Errors
    /// Fewer than two systems; features that are not finite.
    pub fn fit(systems: &[Pooled], inputs: &FittedInputs, settings: &TrainSettings, seed: u64) -> Result<Self> {
        let responses = systems.iter().any(|s| s.local.is_some());
        let samples: Vec<Array2<f32>> = systems
            .par_iter()
            .map(|system| {
                let step = system.rows.len().div_ceil(settings.gaussian_process.sample).max(1);
                let indices: Vec<usize> = (0..system.rows.len()).step_by(step).collect();
                rows_of(system.rows, inputs, &indices)
            })
            .collect();
        let labels: Vec<f64> = systems.iter().map(|s| s.label).collect();
        let errors: Vec<f64> = systems.iter().map(|s| s.error).collect();
        let kernels = match responses {
            true => Kernels::two(&samples, inputs, settings),
            false => Kernels::one(inputs, settings),
        };
        let evidence = |&scales: &Scales| -> Result<f64> {
            let basis = kernels.basis(scales, seed);
            let pooled: Vec<Vec<f64>> = samples.par_iter().map(|sample| basis.mean(sample.view())).collect();
            let local = LocalSums::of(systems, inputs, &basis, LOCAL_SAMPLE);
            Ok(Posterior::new(&pooled, &labels, &errors, &local, PriorSearch { first: &basis.first, thorough: false })?
                .log_evidence)
        };
        let candidates = kernels.candidates();
        let mut best = (f64::NEG_INFINITY, candidates[0]);
        if candidates.len() > 1 {
            for scales in &candidates {
                let found = evidence(scales)?;
                if found > best.0 {
                    best = (found, *scales);
                }
            }
        }
        let length_scales = best.1;
        let basis = kernels.basis(length_scales, seed);
        let pooled: Vec<Vec<f64>> = systems.iter().map(|s| pooled(s.rows, inputs, &basis)).collect();
        let local = LocalSums::of(systems, inputs, &basis, usize::MAX);
        let posterior =
            Posterior::new(&pooled, &labels, &errors, &local, PriorSearch { first: &basis.first, thorough: true })?;
        Ok(Self { posterior, basis, length_scales })
    }

    /// The field of some environments.
    pub fn values(&self, rows: &dyn Rows, inputs: &FittedInputs, indices: &[usize]) -> Vec<f64> {
        let of_chunk = |indices: &[usize]| {
            let features = self.basis.features(rows_of(rows, inputs, indices).view());
            let value = |row: ndarray::ArrayView1<f64>| {
                self.posterior.intercept + row.iter().zip(&self.posterior.weights).map(|(p, w)| p * w).sum::<f64>()
            };
            features.rows().into_iter().map(value).collect::<Vec<_>>()
        };
        indices.par_chunks(CHUNK).flat_map_iter(of_chunk).collect()
    }

    /// The same with the standard deviation over drawn fields.
    pub fn values_of(&self, draws: &Draws, rows: &dyn Rows, inputs: &FittedInputs, indices: &[usize]) -> Vec<[f64; 2]> {
        let (d, n) = (self.basis.n_features(), draws.weights.len());
        let weights = Array2::from_shape_fn((d, n), |(k, m)| draws.weights[m][k]);
        let of_chunk = |indices: &[usize]| {
            let features = self.basis.features(rows_of(rows, inputs, indices).view());
            let members = features.dot(&weights);
            let of_ion = |row: ndarray::ArrayView1<f64>| {
                mean_and_deviation(row.iter().zip(&draws.intercepts).map(|(v, m)| v + m))
            };
            members.rows().into_iter().map(of_ion).collect::<Vec<_>>()
        };
        indices.par_chunks(CHUNK).flat_map_iter(of_chunk).collect()
    }

    /// Mean of the field over a system, and its standard deviation.
    pub fn predict(&self, rows: &dyn Rows, inputs: &FittedInputs) -> (f64, f64) {
        self.posterior.predict(&pooled(rows, inputs, &self.basis))
    }
}

/// Mean of the features over all environments of a system.
pub(super) fn pooled(rows: &dyn Rows, inputs: &FittedInputs, basis: &Basis) -> Vec<f64> {
    let n = rows.len();
    sum_over_chunks(n, CHUNK, basis.n_features(), |chunk| {
        let share = chunk.len() as f64 / n as f64;
        let indices: Vec<usize> = chunk.collect();
        let mut mean = basis.mean(rows_of(rows, inputs, &indices).view());
        mean.iter_mut().for_each(|m| *m *= share);
        mean
    })
}

/// Inputs of some environments.
fn rows_of(rows: &dyn Rows, inputs: &FittedInputs, indices: &[usize]) -> Array2<f32> {
    let mut features = Array2::zeros((indices.len(), rows.width()));
    let (mut room, mut out) = (vec![], Array2::zeros((0, 0)));
    rows.gather(indices, features.view_mut());
    inputs.map.apply(features.view(), &mut room, &mut out);
    out
}
