//! The one path from surroundings to local molar conductivities: gather neighbours, describe them, ask the model.
//!
//! LAMMPS and the command line differ in where neighbours come from ([`Environments`]) and in nothing else.

mod inputs;
mod periodic;
mod sites;
mod threads;

use std::path::Path;
use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2, ArrayViewMut1, s};
use rayon::ThreadPool;
use rayon::prelude::*;

pub use inputs::Inputs;
pub use periodic::PeriodicEnvironments;
pub use sites::{Atoms, BadAtoms, Sites};
pub(crate) use threads::Threads;

use crate::descriptor::{Environment, PowerSpectrum, SoapParameters, Workspace};
use crate::model::{BLOCK, Conditions, Metadata, Model};
use crate::pool::Pool;
use crate::processor::expect_writes;
use crate::species::{Species, SpeciesMap};
use crate::statistics::mean_and_deviation;
use crate::{Error, Result};

/// Centers that go through descriptor and network together: enough for matrix products, few enough for the cache.
pub(crate) const CHUNK: usize = BLOCK;

/// Centers that are described in one go at most, so that no core waits long for the last one, and at least.
const FEW: usize = 128;
const FEWEST: usize = 16;

/// Where the neighbours of centers come from.
pub trait Environments: Sync {
    /// Number of centers.
    fn len(&self) -> usize;

    /// Whether there is no center.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Species of a center, an index into those of the model.
    fn species(&self, center: usize) -> usize;

    /// Says in which channel the center itself is, and adds to the empty `environment` every neighbour of a center within the descriptor's reach.
    fn gather(&self, center: usize, environment: &mut Environment);
}

/// A model together with the descriptor that it was trained on.
pub struct LocalModel {
    model: Model,
    inputs: Inputs,
    shown: OnceLock<Inputs>,
    species: Vec<Species>,
    pool: Pool<Scratch>,
}

/// What one thread works in.
struct Scratch {
    environment: Environment,
    workspace: Workspace,
    row: Vec<f64>,
    features: Array2<f32>,
}

impl Scratch {
    fn new(inputs: &Inputs) -> Self {
        let descriptor = inputs.descriptor();
        Self {
            environment: Environment::new(descriptor.n_channels()),
            workspace: descriptor.workspace(),
            row: vec![0.0; inputs.len()],
            features: Array2::zeros((CHUNK, inputs.len())),
        }
    }
}

/// What stands for a center that the model failed on, in place of its values: a grade that no center has.
pub const FAILED: [f64; 3] = [0.0, 0.0, -2.0];

/// What an evaluation of many centers came to.
#[derive(Debug, Default)]
pub struct Evaluated {
    /// Each member's sum over the centers, but for those that failed; `[n_members]`.
    pub sums: Vec<f64>,
    pub n_failed: usize,
    /// The first center that failed, and why.
    pub first_failure: Option<(usize, Error)>,
}

impl Evaluated {
    /// Each member's sum, if no center failed.
    ///
    /// # Errors
    /// The first center that failed, and why.
    pub fn complete(self) -> Result<Vec<f64>, (usize, Error)> {
        self.first_failure.map_or(Ok(self.sums), Err)
    }

    /// Takes in those of later centers.
    fn add(&mut self, other: Self) {
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, other)| *sum += other);
        self.n_failed += other.n_failed;
        self.first_failure = self.first_failure.take().or(other.first_failure);
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
        let Metadata { descriptor, channels, conditions, .. } = model.metadata();
        let parameters: SoapParameters = serde_json::from_value(descriptor.clone())
            .map_err(|e| refuse(format!("its descriptor is not one that this program knows: {e}")))?;
        let species = model.metadata().species();
        let inputs = Inputs::new(parameters, *channels, &species, conditions).map_err(|e| refuse(e.to_string()))?;
        if inputs.len() != model.n_features() {
            let beside = match inputs.n_beside() {
                0 => String::new(),
                n => format!(" ({n} of them beside the power spectrum)"),
            };
            return Err(refuse(format!(
                "its descriptor gives {} features{beside} and its graph takes {}",
                inputs.len(),
                model.n_features()
            )));
        }
        Ok(Self { model, inputs, shown: OnceLock::new(), species, pool: Pool::new() })
    }

    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The descriptor.
    pub fn descriptor(&self) -> &PowerSpectrum {
        self.inputs.descriptor()
    }

    /// All that the network takes of a center.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The species that the model knows.
    pub fn species(&self) -> &[Species] {
        &self.species
    }

    /// Which atom types are which of the model's species: one name for each type, in order.
    ///
    /// # Errors
    /// As [`SpeciesMap::new`].
    pub fn map(&self, names: &[impl AsRef<str>]) -> Result<SpeciesMap> {
        SpeciesMap::new(&self.species, self.model.metadata().channels, names)
    }

    /// Memory that each thread works in during [`LocalModel::evaluate`], in bytes; the network's own is not counted.
    pub fn memory_of_thread(&self) -> usize {
        CHUNK * self.inputs.len() * size_of::<f32>() + self.descriptor().memory_of_workspace()
    }

    /// Memory that so many threads need beside what earlier evaluations left them, in bytes.
    pub fn memory_to_begin(&self, threads: usize) -> usize {
        threads.saturating_sub(self.pool.n_free()) * self.memory_of_thread()
    }

    /// Local molar conductivity, its standard deviation over the ensemble and the extrapolation grade of each center.
    ///
    /// The first two in the model's units, the deviation with the number of members as denominator; the grade as in
    /// [`crate::model::Domain`]. Runs in rayon's current thread pool; results do not depend on its size.
    ///
    /// Centers that the model fails on are [`FAILED`], and all others are as without them.
    ///
    /// # Errors
    /// Conditions that the model takes and that are not given.
    ///
    /// # Panics
    /// `out` has another length than there are centers.
    pub fn evaluate(
        &self,
        environments: &impl Environments,
        conditions: &Conditions,
        out: &mut [[f64; 3]],
    ) -> Result<Evaluated> {
        self.evaluate_on(Threads::Pool, environments, conditions, out)
    }

    /// As [`LocalModel::evaluate`], on given threads.
    pub(crate) fn evaluate_on(
        &self,
        threads: Threads,
        environments: &impl Environments,
        conditions: &Conditions,
        out: &mut [[f64; 3]],
    ) -> Result<Evaluated> {
        assert_eq!(out.len(), environments.len(), "length of the output");
        let conditions = conditions.values(self.inputs.conditions())?;
        let descriptor = self.descriptor();
        let make = || Scratch::new(&self.inputs);
        let of_chunk = |(chunk, out): (usize, &mut [[f64; 3]])| {
            self.pool.with(make, |scratch| {
                for i in 0..out.len() {
                    let center = chunk * CHUNK + i;
                    environments.gather(center, cleared(&mut scratch.environment));
                    let features = &mut scratch.row[..descriptor.n_features()];
                    descriptor.compute(&scratch.environment, &mut scratch.workspace, features);
                    self.inputs.complete(environments.species(center), &conditions, &mut scratch.row);
                    narrow(&scratch.row, scratch.features.row_mut(i));
                }
                self.evaluate_chunk(scratch.features.slice(s![..out.len(), ..]), chunk * CHUNK, out)
            })
        };
        let chunks = threads.map(out.chunks_mut(CHUNK).collect(), of_chunk);
        let mut all = Evaluated { sums: vec![0.0; self.model.n_members()], ..Default::default() };
        chunks.into_iter().for_each(|chunk| all.add(chunk));
        Ok(all)
    }

    /// One by one where all together fail: what is wrong with one center is not with its neighbours in the list.
    fn evaluate_chunk(&self, features: ArrayView2<f32>, first: usize, out: &mut [[f64; 3]]) -> Evaluated {
        if let Ok(sums) = self.evaluate_features(features, out) {
            return Evaluated { sums, ..Default::default() };
        }
        let mut all = Evaluated { sums: vec![0.0; self.model.n_members()], ..Default::default() };
        for (i, out) in out.chunks_mut(1).enumerate() {
            match self.evaluate_features(features.slice(s![i..=i, ..]), out) {
                Ok(sums) => all.add(Evaluated { sums, ..Default::default() }),
                Err(error) => {
                    out[0] = FAILED;
                    all.add(Evaluated { n_failed: 1, first_failure: Some((first + i, error)), ..Default::default() });
                }
            }
        }
        all
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
            let [mean, deviation] = mean_and_deviation(members.iter().map(|&v| f64::from(v)));
            *out = [mean, deviation, grade];
            sums.iter_mut().zip(members).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        Ok(sums)
    }

    /// The inputs of each center, `[n, n_inputs]`.
    ///
    /// # Errors
    /// As [`inputs`].
    ///
    /// # Panics
    /// As [`inputs`].
    pub fn features(&self, environments: &impl Environments, conditions: &Conditions, out: &mut [f64]) -> Result<()> {
        self.features_on(Threads::Pool, environments, conditions, out)
    }

    /// As [`LocalModel::features`], on given threads.
    pub(crate) fn features_on(
        &self,
        threads: Threads,
        environments: &impl Environments,
        conditions: &Conditions,
        out: &mut [f64],
    ) -> Result<()> {
        inputs_on(threads, self.shown()?, environments, conditions, out)
    }

    /// The inputs in double precision, made when first asked for.
    fn shown(&self) -> Result<&Inputs> {
        if let Some(shown) = self.shown.get() {
            return Ok(shown);
        }
        let shown = self.inputs.to_double_precision()?;
        Ok(self.shown.get_or_init(|| shown))
    }
}

/// What a model would be told of each center, `[n, n_inputs]`; in rayon's current thread pool.
///
/// # Errors
/// Conditions that are taken and not given.
///
/// # Panics
/// `out` has another length than `n n_inputs`.
pub fn inputs(
    inputs: &Inputs,
    environments: &impl Environments,
    conditions: &Conditions,
    out: &mut [f64],
) -> Result<()> {
    inputs_on(Threads::Pool, inputs, environments, conditions, out)
}

fn inputs_on(
    threads: Threads,
    inputs: &Inputs,
    environments: &impl Environments,
    conditions: &Conditions,
    out: &mut [f64],
) -> Result<()> {
    let conditions = conditions.values(inputs.conditions())?;
    describe(threads, inputs.descriptor(), inputs.len(), environments, out, |center, row| {
        inputs.complete(environments.species(center), &conditions, row);
    });
    Ok(())
}

/// The features of each center, `[n, n_features]`, by any descriptor; in rayon's current thread pool.
///
/// # Panics
/// `out` has another length than `n n_features`.
pub fn features(descriptor: &PowerSpectrum, environments: &impl Environments, out: &mut [f64]) {
    describe(Threads::Pool, descriptor, descriptor.n_features(), environments, out, |_, _| {});
}

/// Rows of `width` numbers that begin with the features of a center, each completed by `complete(center, row)`.
fn describe(
    threads: Threads,
    descriptor: &PowerSpectrum,
    width: usize,
    environments: &impl Environments,
    out: &mut [f64],
    complete: impl Fn(usize, &mut [f64]) + Sync,
) {
    assert_eq!(out.len(), environments.len() * width, "length of the output");
    let make = || (Environment::new(descriptor.n_channels()), descriptor.workspace());
    let of_center = |(environment, workspace): &mut (Environment, Workspace), (center, row): (usize, &mut [f64])| {
        expect_writes(&row[..descriptor.features_at_a_time()]);
        environments.gather(center, cleared(environment));
        descriptor.compute(environment, workspace, &mut row[..descriptor.n_features()]);
        complete(center, row);
    };
    match threads {
        Threads::Pool => {
            let rows = out.par_chunks_mut(width).with_min_len(FEWEST).with_max_len(FEW).enumerate();
            rows.for_each_init(make, of_center);
        }
        Threads::Calling(others) => {
            let n_threads = 1 + others.map_or(0, ThreadPool::current_num_threads);
            let few = environments.len().div_ceil(4 * n_threads).clamp(FEWEST, FEW);
            threads.map(out.chunks_mut(few * width).collect(), |(part, rows): (usize, &mut [f64])| {
                let mut memory = make();
                rows.chunks_mut(width).enumerate().for_each(|(i, row)| of_center(&mut memory, (part * few + i, row)));
            });
        }
    }
}

fn cleared(environment: &mut Environment) -> &mut Environment {
    environment.clear();
    environment
}

fn narrow(from: &[f64], mut to: ArrayViewMut1<f32>) {
    let to = to.as_slice_mut().expect("rows of a table of its own lie in order");
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as f32);
}
