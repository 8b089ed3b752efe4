//! The one path from surroundings to local molar conductivities: gather neighbours, describe them, ask the model.
//!
//! LAMMPS and the command line differ in where neighbours come from ([`Environments`]) and in nothing else.

mod periodic;

use std::path::Path;

use ndarray::{Array2, ArrayView2, ArrayViewMut1, s};
use rayon::prelude::*;

pub use periodic::PeriodicEnvironments;

use crate::descriptor::{Environment, PowerSpectrum, SoapParameters, Workspace};
use crate::model::{Channels, Metadata, Model};
use crate::species::{CHARGE_SYMMETRIC_CHANNELS, Species};
use crate::{Error, Result};

/// Centers that go through descriptor and network together: enough for matrix products, few enough for the cache.
const CHUNK: usize = 256;

/// Where the neighbours of centers come from.
pub trait Environments: Sync {
    /// Number of centers.
    fn len(&self) -> usize;

    /// Whether there is no center.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds to the empty `environment` every neighbour of a center within the descriptor's reach.
    fn gather(&self, center: usize, environment: &mut Environment);
}

/// A model together with the descriptor that it was trained on.
pub struct LocalModel {
    model: Model,
    descriptor: PowerSpectrum,
    species: Vec<Species>,
}

/// What one thread works in.
struct Scratch {
    environment: Environment,
    workspace: Workspace,
    row: Vec<f64>,
    features: Array2<f32>,
}

impl Scratch {
    fn new(descriptor: &PowerSpectrum) -> Self {
        let n_features = descriptor.n_features();
        Self {
            environment: Environment::new(descriptor.n_channels()),
            workspace: descriptor.workspace(),
            row: vec![0.0; n_features],
            features: Array2::zeros((CHUNK, n_features)),
        }
    }
}

impl LocalModel {
    /// Reads a model file and prepares its descriptor.
    ///
    /// # Errors
    /// As [`Model::load`]; a descriptor that is unknown or does not give as many features as the model takes.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(path, Model::load(path)?)
    }

    /// Makes a model from a file's content; `path` serves for messages alone.
    ///
    /// # Errors
    /// As [`LocalModel::load`].
    pub fn from_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        let path = path.as_ref();
        Self::new(path, Model::from_bytes(path, bytes)?)
    }

    fn new(path: &Path, model: Model) -> Result<Self> {
        let refuse = |message: String| Error::Model { path: path.into(), message };
        let Metadata { descriptor, channels, .. } = model.metadata();
        let parameters: SoapParameters = serde_json::from_value(descriptor.clone())
            .map_err(|e| refuse(format!("its descriptor is not one that this program knows: {e}")))?;
        let n_channels = match channels {
            Channels::ChargeSymmetric => CHARGE_SYMMETRIC_CHANNELS,
        };
        let descriptor = PowerSpectrum::new(parameters, n_channels).map_err(|e| refuse(e.to_string()))?;
        if descriptor.n_features() != model.n_features() {
            return Err(refuse(format!(
                "its descriptor gives {} features and its graph takes {}",
                descriptor.n_features(),
                model.n_features()
            )));
        }
        let species = model.metadata().species();
        Ok(Self { model, descriptor, species })
    }

    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &PowerSpectrum {
        &self.descriptor
    }

    /// The ion species that the model knows.
    pub fn species(&self) -> &[Species] {
        &self.species
    }

    /// Memory that each thread works in during [`LocalModel::evaluate`], in bytes; the network's own is not counted.
    pub fn memory_of_thread(&self) -> usize {
        CHUNK * self.descriptor.n_features() * size_of::<f32>() + self.descriptor.memory_of_workspace()
    }

    /// Local molar conductivity, its standard deviation over the ensemble and the extrapolation grade of each center.
    ///
    /// The first two in the model's units, the deviation with the number of members as denominator; the grade as in
    /// [`crate::model::Domain`]. Runs in rayon's current thread pool; results do not depend on its size.
    ///
    /// Returns each member's sum over the centers.
    ///
    /// # Errors
    /// As [`Model::predict`].
    ///
    /// # Panics
    /// `out` has another length than there are centers.
    pub fn evaluate(&self, environments: &impl Environments, out: &mut [[f64; 3]]) -> Result<Vec<f64>> {
        assert_eq!(out.len(), environments.len(), "length of the output");
        let sums: Vec<Vec<f64>> = out
            .par_chunks_mut(CHUNK)
            .enumerate()
            .map_init(
                || Scratch::new(&self.descriptor),
                |scratch, (chunk, out)| {
                    for i in 0..out.len() {
                        environments.gather(chunk * CHUNK + i, cleared(&mut scratch.environment));
                        self.descriptor.compute(&scratch.environment, &mut scratch.workspace, &mut scratch.row);
                        narrow(&scratch.row, scratch.features.row_mut(i));
                    }
                    self.evaluate_features(scratch.features.slice(s![..out.len(), ..]), out)
                },
            )
            .collect::<Result<_>>()?;
        Ok(sums_over(&sums, self.model.n_members()))
    }

    /// As [`LocalModel::evaluate`], for centers whose features are known, `[n, n_features]`; in the calling thread.
    ///
    /// # Errors
    /// As [`Model::predict`].
    ///
    /// # Panics
    /// `out` has another length than there are rows.
    pub fn evaluate_features(&self, features: ArrayView2<f32>, out: &mut [[f64; 3]]) -> Result<Vec<f64>> {
        assert_eq!(out.len(), features.nrows(), "length of the output");
        let members = self.model.predict(features)?;
        let grades = self.model.grades(features);
        let mut sums = vec![0.0; members.ncols()];
        for ((out, members), grade) in out.iter_mut().zip(members.rows()).zip(grades) {
            let n = members.len() as f64;
            let mean = members.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            let variance = members.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
            *out = [mean, variance.sqrt(), grade];
            sums.iter_mut().zip(members).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        Ok(sums)
    }

    /// The features of each center, `[n, n_features]`.
    ///
    /// # Panics
    /// `out` has another length than `n n_features`.
    pub fn features(&self, environments: &impl Environments, out: &mut [f64]) {
        features(&self.descriptor, environments, out);
    }
}

/// The features of each center, `[n, n_features]`, by any descriptor; in rayon's current thread pool.
///
/// # Panics
/// `out` has another length than `n n_features`.
pub fn features(descriptor: &PowerSpectrum, environments: &impl Environments, out: &mut [f64]) {
    let n_features = descriptor.n_features();
    assert_eq!(out.len(), environments.len() * n_features, "length of the output");
    out.par_chunks_mut(n_features).with_min_len(16).enumerate().for_each_init(
        || (Environment::new(descriptor.n_channels()), descriptor.workspace()),
        |(environment, workspace), (center, out)| {
            environments.gather(center, cleared(environment));
            descriptor.compute(environment, workspace, out);
        },
    );
}

/// The sum of vectors of length `n`, in their order.
fn sums_over(parts: &[Vec<f64>], n: usize) -> Vec<f64> {
    let mut total = vec![0.0; n];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}

fn cleared(environment: &mut Environment) -> &mut Environment {
    environment.clear();
    environment
}

fn narrow(from: &[f64], mut to: ArrayViewMut1<f32>) {
    let to = to.as_slice_mut().expect("rows of a table of its own lie in order");
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as f32);
}
