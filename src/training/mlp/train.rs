//! Training of one network.

use ndarray::Array2;
use sha2::{Digest, Sha256};

use super::adam::{Adam, cosine};
use super::batch::Batch;
use super::gradient::{Data, Engine};
use super::settings::MlpSettings;
use super::state::{Best, Check, State};
use super::target::{self, Scale};
use crate::model::ensemble::Network;
use crate::training::Pooled;
use crate::{Error, Result};

/// Saves states on the way.
pub struct Checkpoints<'a> {
    /// Steps between two of them, at least 1.
    pub every: usize,
    /// Called with each; its error ends the training.
    pub save: &'a mut dyn FnMut(&State) -> Result<()>,
}

/// What training gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    pub network: Network,
    pub history: Vec<Check>,
    /// Steps that the network's weights have behind them.
    pub best_step: u64,
}

/// Trains a network on systems of which only the mean output is known.
///
/// The loss is the paper's, `mean_s (mean_i f(x_i) - Lambda_s)^2 / error_s^2` (arXiv:2208.03182), over the environments
/// that a step draws; ions whose own responses are known add `(f(x_i) - Lambda_s lambda_i / <lambda>)^2 / error^2` each, as the
/// sum over all of them and over the number of systems. Labels are standardised within, and the result is put back into their scale. The weights are those
/// of the best look at the validation systems, or the last ones if there are no such systems. The same seed gives the
/// same bits on any number of threads, also when resumed.
///
/// # Errors
/// Settings, labels, errors or inputs that make no sense, with the place; a loss that grows out of bounds; a state to
/// resume from that belongs to another training; what [`Checkpoints::save`] returns.
pub fn train(
    training: &[Pooled],
    validation: &[Pooled],
    settings: &MlpSettings,
    seed: u64,
    mut checkpoints: Option<Checkpoints>,
    resume: Option<State>,
) -> Result<Trained> {
    settings.check()?;
    let n_inputs = target::check(training, validation, settings.output)?;
    let scale = Scale::of(training, settings.output);
    let targets = scale.targets(training);
    let learned = target::with_responses(training);
    let data = Data { kind: "training", systems: &learned };
    let watched_targets = scale.targets(validation);
    let watched = target::with_responses(validation);
    let watched_batch = Batch::evenly_spaced(&watched, &watched_targets, settings.validation_ions);
    let watched = Data { kind: "validation", systems: &watched };

    let (architecture, flat) = Network::initial(n_inputs, settings, seed).into_parts();
    let layout = &architecture.layout;
    let origin = origin(training, validation, settings, seed);
    let mut state = begin(resume, origin, flat)?;

    let mut engine = Engine::new(architecture.clone());
    let mut gradient = vec![0.0; layout.n_parameters()];
    let mut batch = Batch::default();
    let steps = settings.steps as u64;
    while state.step < steps && !is_over(&state, settings) {
        batch.draw(&learned, &targets, settings, seed, state.step);
        let loss = engine.gradient(&state.flat, data, &batch, &mut gradient)?;
        state.step += 1;
        refuse_divergence(loss, state.step)?;
        let rate = cosine(settings.learning_rate, state.step, steps);
        state.adam.step(layout, &mut state.flat, &gradient, state.step, rate, settings.weight_decay);
        state.pending = (state.pending.0 + loss, state.pending.1 + 1);

        if state.step.is_multiple_of(settings.check_every as u64) || state.step == steps {
            let mut check =
                Check { step: state.step, training: scale.chi2(mean_pending(&mut state)), validation: None };
            if !validation.is_empty() {
                let loss = engine.loss(&state.flat, watched, &watched_batch)?;
                refuse_divergence(loss, state.step)?;
                check.validation = Some(scale.chi2(loss));
                remember(&mut state, loss);
            }
            state.history.push(check);
        }
        if let Some(c) = &mut checkpoints
            && state.step.is_multiple_of(c.every.max(1) as u64)
        {
            (c.save)(&state)?;
        }
    }

    let (flat, best_step) = match state.best {
        Some(best) => (best.flat, best.step),
        None => (state.flat, state.step),
    };
    Ok(Trained { network: Network::trained(architecture, flat, &scale), history: state.history, best_step })
}

/// The state to go on from, or the first of a training of this origin, whose weights are `flat`.
fn begin(resume: Option<State>, origin: [u8; 32], flat: Vec<f32>) -> Result<State> {
    match resume {
        Some(state) if state.origin != origin || state.flat.len() != flat.len() => Err(Error::Input(
            "checkpoint: it belongs to a training with other settings, seed or systems; delete it to train from the start"
                .into(),
        )),
        Some(state) => Ok(state),
        None => Ok(State {
            origin,
            step: 0,
            adam: Adam::new(flat.len()),
            flat,
            best: None,
            stale: 0,
            history: vec![],
            pending: (0.0, 0),
        }),
    }
}

/// Whether the validation systems have seen no improvement for too long.
fn is_over(state: &State, settings: &MlpSettings) -> bool {
    settings.patience > 0 && state.stale >= settings.patience as u64
}

/// Mean loss since the last look, which is forgotten.
fn mean_pending(state: &mut State) -> f64 {
    let (sum, n) = std::mem::take(&mut state.pending);
    sum / n as f64
}

/// Keeps the weights if no look found better ones.
fn remember(state: &mut State, validation: f64) {
    if state.best.as_ref().is_none_or(|best| validation < best.validation) {
        state.best = Some(Best { step: state.step, validation, flat: state.flat.clone() });
        state.stale = 0;
    } else {
        state.stale += 1;
    }
}

fn refuse_divergence(loss: f64, step: u64) -> Result<()> {
    if loss.is_finite() {
        return Ok(());
    }
    Err(Error::Input(format!("training: the loss at step {step} is {loss}; give a lower learning_rate")))
}

/// What a checkpoint must agree with: everything that the result depends on but the inputs themselves, which are too
/// many to hash; of those the first and the last row of each system stand for the rest.
fn origin(training: &[Pooled], validation: &[Pooled], settings: &MlpSettings, seed: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Debug prints floating-point numbers so that they can be read back exactly.
    hash.update(format!("{settings:?} {seed}"));
    for systems in [training, validation] {
        hash.update((systems.len() as u64).to_le_bytes());
        for Pooled { rows, label, error, local, .. } in systems {
            hash.update((rows.len() as u64).to_le_bytes());
            hash.update(label.to_le_bytes());
            hash.update(error.to_le_bytes());
            if let Some(local) = local {
                hash.update(local.error.to_le_bytes());
                local.departures.iter().for_each(|departure| hash.update(departure.to_le_bytes()));
            }
            let mut ends = Array2::zeros((2, rows.width()));
            rows.gather(&[0, rows.len() - 1], ends.view_mut());
            ends.iter().for_each(|x: &f32| hash.update(x.to_le_bytes()));
        }
    }
    hash.finalize().into()
}
