//! An ensemble of multilayer perceptrons, each trained on other systems.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayViewMut2};
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::input::FittedInputs;
use super::mlp::{Checkpoints, Network, State, train};
use super::settings::TrainSettings;
use super::{LocalRows, Pooled, Rows};
use crate::model::ensemble::InputMap;
use crate::statistics::mean_and_deviation;
use crate::{Error, Result, files};

/// Inputs of all systems are kept in memory up to this many bytes, over all folds, which may be trained at once; beyond,
/// they are computed at each step anew.
const MOST_IN_MEMORY: usize = 1 << 30;

/// Steps between two checkpoints of a network.
const CHECKPOINT_EVERY: usize = 250;

/// Where networks under training are kept, to go on from after a kill.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    pub folder: &'a Path,
    /// Tells trainings apart that run in the same folder.
    pub tag: &'a str,
}

/// Trains the members of an ensemble.
///
/// # Errors
/// As [`train`]; checkpoints that cannot be written.
pub fn train_members(
    systems: &[Pooled],
    inputs: &FittedInputs,
    settings: &TrainSettings,
    seed: u64,
    kept: Option<Kept>,
) -> Result<Vec<Network>> {
    let of_responses = |s: &Pooled| s.local.map_or(0, |local| local.rows.len());
    let environments: usize = systems.iter().map(|s| s.rows.len() + of_responses(s)).sum();
    let bytes = environments * inputs.map.width() * size_of::<f32>();
    let here = bytes <= MOST_IN_MEMORY / settings.folds(systems.len()).max(1);
    let rows: Vec<Inputs> = systems.iter().map(|s| Inputs::new(s.rows, &inputs.map, here)).collect();
    let responses: Vec<Option<Inputs>> =
        systems.iter().map(|s| Some(Inputs::new(s.local?.rows, &inputs.map, here))).collect();
    let mapped: Vec<Pooled> = (systems.iter().zip(&rows).zip(&responses))
        .map(|((system, rows), responses)| {
            let local = system.local.zip(responses.as_ref());
            let local = local.map(|(local, responses)| LocalRows { rows: responses.as_rows(), ..local });
            Pooled { rows: rows.as_rows(), local, ..*system }
        })
        .collect();
    (0..settings.members)
        .into_par_iter()
        .map(|member| {
            let held_out = held_out(systems.len(), settings.validation, seed, member as u64);
            let part = |held: bool| -> Vec<Pooled> {
                (0..mapped.len()).filter(|i| held_out.contains(i) == held).map(|i| mapped[i]).collect()
            };
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(member as u64);
            let path = kept.map(|k| k.folder.join(format!("{}-{member}.state", k.tag)));
            let resume = match &path {
                Some(path) => read(path)?,
                None => None,
            };
            let mut save = |state: &State| {
                let Some((kept, path)) = kept.zip(path.as_deref()) else { return Ok(()) };
                // Another training like this one, if it ends first, takes the folder away, be it between these two.
                let write = || {
                    std::fs::create_dir_all(kept.folder).map_err(|e| Error::io(kept.folder, e))?;
                    files::write(path, state.to_bytes())
                };
                write().or_else(|_| write())
            };
            // The last step is saved too: a member that is done is not trained again.
            let every = common_divisor(CHECKPOINT_EVERY, settings.mlp.steps);
            let checkpoints = Checkpoints { every, save: &mut save };
            Ok(train(&part(false), &part(true), &settings.mlp, seed, Some(checkpoints), resume)?.network)
        })
        .collect()
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Systems that a member is not trained on; none where there are too few.
fn held_out(n: usize, share: f64, seed: u64, member: u64) -> Vec<usize> {
    let count = (share * n as f64).round() as usize;
    if n < 5 || count == 0 {
        return vec![];
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(member + 1);
    index::sample(&mut random, n, count).into_vec()
}

fn read(path: &Path) -> Result<Option<State>> {
    let Some(bytes) = files::if_there(path, std::fs::read(path))? else { return Ok(None) };
    let refuse = |e| Error::Input(format!("{}: {e}; delete the file to train from the start", path.display()));
    State::from_bytes(&bytes).map(Some).map_err(refuse)
}

/// A system's inputs, in memory or made from its features each time.
enum Inputs<'a> {
    Here(Array2<f32>),
    Mapped(Mapped<'a>),
}

struct Mapped<'a> {
    rows: &'a dyn Rows,
    map: &'a InputMap,
}

impl<'a> Inputs<'a> {
    /// `here` keeps them in memory.
    fn new(rows: &'a dyn Rows, map: &'a InputMap, here: bool) -> Self {
        const CHUNK: usize = 1024;
        let mapped = Mapped { rows, map };
        if !here {
            return Self::Mapped(mapped);
        }
        let mut here = Array2::zeros((rows.len(), map.width()));
        here.axis_chunks_iter_mut(ndarray::Axis(0), CHUNK).into_par_iter().enumerate().for_each(|(chunk, out)| {
            let indices: Vec<usize> = (chunk * CHUNK..chunk * CHUNK + out.nrows()).collect();
            mapped.gather(&indices, out);
        });
        Self::Here(here)
    }

    fn as_rows(&self) -> &dyn Rows {
        match self {
            Self::Here(rows) => rows,
            Self::Mapped(mapped) => mapped,
        }
    }
}

impl Rows for Mapped<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn width(&self) -> usize {
        self.map.width()
    }

    fn gather(&self, indices: &[usize], mut out: ArrayViewMut2<f32>) {
        let mut features = Array2::zeros((indices.len(), self.rows.width()));
        let (mut room, mut inputs) = (vec![], Array2::zeros((0, 0)));
        self.rows.gather(indices, features.view_mut());
        self.map.apply(features.view(), &mut room, &mut inputs);
        out.assign(&inputs);
    }
}

/// Mean output of each network over a system.
pub fn pooled_outputs(networks: &[Network], rows: &dyn Rows, map: &InputMap) -> Vec<f64> {
    const CHUNK: usize = 1024;
    let mapped = Mapped { rows, map };
    let n = rows.len();
    let sums: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let indices: Vec<usize> = (chunk * CHUNK..n.min((chunk + 1) * CHUNK)).collect();
            let mut inputs = Array2::zeros((indices.len(), map.width()));
            mapped.gather(&indices, inputs.view_mut());
            let sum = |values: Array1<f32>| values.iter().map(|&v| f64::from(v)).sum();
            networks.iter().map(|network| sum(network.forward(inputs.view()))).collect()
        })
        .collect();
    let mean = |m: usize| sums.iter().map(|s| s[m]).sum::<f64>() / n as f64;
    (0..networks.len()).map(mean).collect()
}

/// Output of some environments: mean and standard deviation over networks.
pub fn outputs(networks: &[Network], rows: &dyn Rows, map: &InputMap, indices: &[usize]) -> Vec<[f64; 2]> {
    const CHUNK: usize = 1024;
    let mapped = Mapped { rows, map };
    let of_chunk = |indices: &[usize]| -> Vec<[f64; 2]> {
        let mut inputs = Array2::zeros((indices.len(), map.width()));
        mapped.gather(indices, inputs.view_mut());
        let members: Vec<Array1<f32>> = networks.iter().map(|network| network.forward(inputs.view())).collect();
        let of_ion = |i: usize| mean_and_deviation(members.iter().map(|m| f64::from(m[i])));
        (0..indices.len()).map(of_ion).collect()
    };
    indices.par_chunks(CHUNK).flat_map_iter(of_chunk).collect()
}
