//! The network: an ONNX graph, run by our own forward pass if it is one of ours, else by tract.

use std::cell::RefCell;
use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tract_onnx::pb::{ModelProto, tensor_proto};
use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;

use super::domain::Grader;
use super::ensemble::{Ensemble, Scratch};
use super::file::{self, Signature};
use super::{BLOCK, Domain, Metadata, NO_DOMAIN, limits, nan, rows, softplus};
use crate::contained::contained;
use crate::{Error, Result};

/// A model, ready to predict.
pub struct Model {
    runner: Runner,
    signature: Signature,
    metadata: Metadata,
    grader: Option<Grader>,
    path: std::path::PathBuf,
}

enum Runner {
    Own(Box<Ensemble>),
    Tract(Arc<TypedRunnableModel>),
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    /// A file that cannot be read, is too large, is no ONNX, carries no ionscape metadata, has another signature than
    /// [`super::INPUT`] to [`super::OUTPUT`], uses external data or operators that models may not use, or gives a row a
    /// value that depends on other rows.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::from_bytes(path, &file::read(path)?)
    }

    /// Makes a model from a file's content; `path` serves for messages alone.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |message: String| Error::Model { path: path.into(), message };
        let proto = file::decode(bytes).map_err(refuse)?;
        let metadata = file::metadata(&proto).map_err(refuse)?;
        let signature = file::signature(&proto).map_err(refuse)?;
        if let Some(domain) = &metadata.domain
            && domain.n_features() != signature.n_features
        {
            return Err(refuse(format!(
                "its training domain speaks of {} features and its graph takes {}",
                domain.n_features(),
                signature.n_features
            )));
        }
        let own = Ensemble::from_file(&proto)
            .filter(|own| (own.n_features(), own.n_members()) == (signature.n_features, signature.n_members));
        let runner = match own {
            Some(ensemble) => Runner::Own(Box::new(ensemble)),
            None => Runner::Tract(prepare(&proto, signature, metadata.domain.as_ref()).map_err(refuse)?),
        };
        let grader = metadata.domain.as_ref().map(|d| d.grader());
        Ok(Self { runner, signature, metadata, grader, path: path.into() })
    }

    /// What the file says of the model.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Number of features of an environment.
    pub fn n_features(&self) -> usize {
        self.signature.n_features
    }

    /// Members of the ensemble.
    pub fn n_members(&self) -> usize {
        self.signature.n_members
    }

    /// Local molar conductivity by each member, `[n, n_members]`, from features, `[n, n_features]`.
    ///
    /// # Errors
    /// Features of another width, a graph that fails, or a result that is not finite.
    pub fn predict(&self, features: ArrayView2<f32>) -> Result<Array2<f32>> {
        let refuse = |message: String| Error::Model { path: self.path.clone(), message };
        let n = features.nrows();
        if features.ncols() != self.n_features() {
            return Err(refuse(format!("it takes {} features, not {}", self.n_features(), features.ncols())));
        }
        if n == 0 {
            return Ok(Array2::zeros((0, self.n_members())));
        }
        let predicted = match &self.runner {
            Runner::Own(ensemble) => SCRATCH.with_borrow_mut(|scratch| ensemble.predict(features, scratch)),
            Runner::Tract(plan) => by_rows(plan, features, self.signature).map_err(refuse)?,
        };
        if predicted.iter().all(|v| v.is_finite()) {
            return Ok(predicted);
        }
        match predicted.indexed_iter().find(|(_, v)| !v.is_finite()) {
            None => Ok(predicted),
            Some(((row, member), v)) => {
                let kind = if features.row(row).iter().all(|x| x.is_finite()) { "finite" } else { "non-finite" };
                Err(refuse(format!("member {member} gives {v} for {kind} features")))
            }
        }
    }

    /// The same file run by tract, the reference for our own forward pass.
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    pub fn by_tract(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |message: String| Error::Model { path: path.into(), message };
        let mut model = Self::from_bytes(path, bytes)?;
        let proto = file::decode(bytes).map_err(refuse)?;
        let plan = prepare(&proto, model.signature, model.metadata.domain.as_ref()).map_err(refuse)?;
        model.runner = Runner::Tract(plan);
        Ok(model)
    }

    /// Extrapolation grade of each environment, see [`super::Domain`]; [`NO_DOMAIN`] where the model carries none.
    pub fn grades(&self, features: ArrayView2<f32>) -> Vec<f64> {
        features.rows().into_iter().map(|row| self.grader.as_ref().map_or(NO_DOMAIN, |g| g.grade(row))).collect()
    }
}

thread_local! {
    /// Each thread's own, kept from one batch to the next.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fn run(plan: &Arc<TypedRunnableModel>, features: ArrayView2<f32>) -> TractResult<Vec<f32>> {
    let contiguous = features.as_standard_layout();
    let input = Tensor::from_shape(features.shape(), contiguous.as_slice().unwrap_or_default())?;
    let output = plan.run(tvec!(input.into_tvalue()))?.remove(0);
    Ok(output.to_plain_array_view::<f32>()?.iter().copied().collect())
}

/// Values `[n, n_members]` of features `[n, n_features]`, NaN where features are no numbers, of which tract may make some.
fn by_rows(
    plan: &Arc<TypedRunnableModel>,
    features: ArrayView2<f32>,
    signature: Signature,
) -> Result<Array2<f32>, String> {
    let shape = (features.nrows(), signature.n_members);
    let mut values = Vec::with_capacity(shape.0 * shape.1);
    for block in features.axis_chunks_iter(Axis(0), BLOCK) {
        let n = block.nrows();
        let of_block =
            within_tract(|| run(plan, block)).map_err(|e| format!("its graph failed on {n} environments: {e}"))?;
        if of_block.len() != n * shape.1 {
            return Err(format!("its output for {n} environments is not [{n}, {}]", shape.1));
        }
        values.extend(of_block);
    }
    let mut values = Array2::from_shape_vec(shape, values).map_err(|e| e.to_string())?;
    for (features, mut values) in features.rows().into_iter().zip(values.rows_mut()) {
        if !features.iter().all(|x| x.is_finite()) {
            values.fill(f32::NAN);
        }
    }
    Ok(values)
}

/// What to say of a graph that tract refuses.
fn cannot_run(proto: &ModelProto, error: &str) -> String {
    let double = tensor_proto::DataType::Double as i32;
    let doubles = proto.graph.iter().flat_map(|g| &g.initializer).any(|tensor| tensor.data_type == double);
    let cure =
        if doubles { "; it has float64 weights: export it in float32, from PyTorch after model.float()" } else { "" };
    format!("its graph cannot be run: {error}{cure}")
}

/// Runs a part of tract, which panics on some graphs that make no sense.
fn within_tract<T>(work: impl FnOnce() -> TractResult<T>) -> Result<T, String> {
    match contained(work) {
        Ok(outcome) => outcome.map_err(|e| format!("{e:#}")),
        Err(panic) => {
            Err(format!("the runtime panicked ({panic}); check the graph, as with onnx.checker, or report it"))
        }
    }
}

/// Makes a graph ready for tract; the error says why it cannot be.
fn prepare(
    proto: &ModelProto,
    signature: Signature,
    domain: Option<&Domain>,
) -> Result<Arc<TypedRunnableModel>, String> {
    let plan = within_tract(|| optimized(proto, signature)).map_err(|e| cannot_run(proto, &e))?;
    rows::check(signature.n_features, domain, |features| by_rows(&plan, features, signature))?;
    Ok(plan)
}

fn optimized(proto: &ModelProto, signature: Signature) -> TractResult<Arc<TypedRunnableModel>> {
    let mut proto = proto.clone();
    nan::keep(&mut proto)?;
    softplus::spell_all_out(&mut proto);
    // Shapes that the exporter noted on the way name the rows each in its own way; they follow from the input anyhow.
    let model = tract_onnx::onnx().with_ignore_value_info(true).model_for_proto_model(&proto)?;
    let n = model.symbols.sym("N");
    let input = f32::fact(&[n.to_dim(), signature.n_features.to_dim()]);
    let mut model = model.with_input_fact(0, input.into())?;
    limits::check(&mut model, &n)?;
    let typed = model.into_typed()?;
    let plain = typed.clone().into_runnable()?;
    let optimized = typed.into_optimized()?.into_runnable()?;
    compare(&plain, &optimized, signature)?;
    Ok(optimized)
}

/// Rows of features on which a graph is run as it stands and as it was simplified, and factors of their size.
const TRIED: [f32; 4] = [0.0, 0.01, 1.0, 30.0];

/// What the two may differ by, over the largest value of a row.
const ROUNDING: f32 = 1e-3;

/// Refuses a graph that tract simplifies to another: with some combinations of operators it does.
fn compare(plain: &Arc<TypedRunnableModel>, optimized: &Arc<TypedRunnableModel>, to: Signature) -> TractResult<()> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let features = Array2::from_shape_fn((TRIED.len(), to.n_features), |(row, _)| TRIED[row] * random.random::<f32>());
    let [expected, found] = [run(plain, features.view())?, run(optimized, features.view())?];
    if expected.len() != found.len() {
        bail!("simplified, it has {} values in place of {}", found.len(), expected.len());
    }
    for (expected, found) in expected.chunks(to.n_members).zip(found.chunks(to.n_members)) {
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let differs = |(a, b): (&f32, &f32)| {
            let close = (a - b).abs() <= ROUNDING * largest;
            (a.is_finite() && !close) || (a.is_nan() && !b.is_nan())
        };
        if expected.iter().zip(found).any(differs) {
            bail!(
                "the runtime simplifies it to a graph that gives {found:?} in place of {expected:?}; write it with other \
                 operators, such as a product with ones in place of Expand or Tile"
            );
        }
    }
    Ok(())
}
