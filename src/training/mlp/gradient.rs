//! Loss and gradient of a batch, in parallel over chunks of rows, to the same bit on any number of threads.

use std::sync::Mutex;

use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::batch::{Batch, Chunk};
use super::pass::{Architecture, CHUNK, Workspace};
use super::target::Target;
use crate::training::Pooled;
use crate::{Error, Result};

/// Chunks that are in work at a time. Their gradients are held side by side and summed in order.
const WAVE: usize = 16;

/// Systems as training or validation sees them.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    /// `training` or `validation`, for messages.
    pub kind: &'static str,
    pub systems: &'a [Pooled<'a>],
    pub targets: &'a [Target],
}

/// What one chunk came to.
struct Part {
    /// Of the loss, or, for a piece of a group, of the sum of its outputs.
    gradient: Vec<f32>,
    /// Loss, or sum of the outputs.
    value: Result<f64>,
}

/// One thread's room.
struct Room {
    x: Array2<f32>,
    workspace: Workspace,
}

/// Computes losses and gradients; holds the room for it, which no step allocates again.
pub(super) struct Engine {
    architecture: Architecture,
    parts: Vec<Part>,
    rooms: Mutex<Vec<Room>>,
    /// Gradient of the sum of the outputs of a group that is larger than a chunk.
    pooled: Vec<f32>,
}

impl Engine {
    pub fn new(architecture: Architecture) -> Self {
        let n = architecture.layout.n_parameters();
        let parts = (0..WAVE).map(|_| Part { gradient: vec![0.0; n], value: Ok(0.0) }).collect();
        Self { architecture, parts, rooms: Mutex::default(), pooled: vec![0.0; n] }
    }

    /// The loss `sum_groups weight (mean output - label)^2`; its gradient is written to `gradient`.
    ///
    /// A group within a chunk knows its error after the forward pass. For a larger one the gradient of the sum of its
    /// outputs is gathered over its chunks and multiplied by the error at the end, so that no row goes through twice.
    ///
    /// # Errors
    /// An input that is no number, with its system and row.
    pub fn gradient(&mut self, flat: &[f32], data: Data, batch: &Batch, gradient: &mut [f32]) -> Result<f64> {
        let Self { architecture, parts, rooms, pooled } = self;
        gradient.fill(0.0);
        let mut loss = 0.0;
        let mut sum = 0.0;
        for wave in batch.chunks.chunks(WAVE) {
            parts.par_iter_mut().zip(wave).with_max_len(1).for_each(|(part, chunk)| {
                with_room(rooms, architecture, |room| {
                    part.value = chunk_gradient(architecture, flat, data, batch, chunk, room, &mut part.gradient);
                });
            });
            for (part, chunk) in parts.iter_mut().zip(wave) {
                let value = std::mem::replace(&mut part.value, Ok(0.0))?;
                if batch.is_whole(chunk) {
                    loss += value;
                    add(gradient, 1.0, &part.gradient);
                    continue;
                }
                let group = &batch.groups[chunk.groups.start];
                if chunk.rows.start == group.rows.start {
                    sum = 0.0;
                    pooled.fill(0.0);
                }
                sum += value;
                add(pooled, 1.0, &part.gradient);
                if chunk.rows.end == group.rows.end {
                    let n = group.rows.len() as f64;
                    let error = sum / n - data.targets[group.system].label;
                    loss += group.weight * error.powi(2);
                    add(gradient, (2.0 * group.weight * error / n) as f32, pooled);
                }
            }
        }
        Ok(loss)
    }

    /// The loss alone.
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn loss(&self, flat: &[f32], data: Data, batch: &Batch) -> Result<f64> {
        let architecture = &self.architecture;
        let sums: Vec<Result<Vec<f64>>> = (batch.chunks.par_iter())
            .map(|chunk| {
                with_room(&self.rooms, architecture, |Room { x, workspace }| {
                    let x = gather(data, batch, chunk, x)?;
                    let outputs = architecture.forward(flat, x, workspace);
                    let within = |g: usize| {
                        let rows = &batch.groups[g].rows;
                        let start = rows.start.max(chunk.rows.start) - chunk.rows.start;
                        let end = rows.end.min(chunk.rows.end) - chunk.rows.start;
                        outputs[start..end].iter().copied().map(f64::from).sum()
                    };
                    Ok(chunk.groups.clone().map(within).collect())
                })
            })
            .collect();
        let mut totals = vec![0.0; batch.groups.len()];
        for (chunk, sums) in batch.chunks.iter().zip(sums) {
            totals[chunk.groups.clone()].iter_mut().zip(sums?).for_each(|(total, sum)| *total += sum);
        }
        let terms = batch.groups.iter().zip(totals).map(|(group, total)| {
            group.weight * (total / group.rows.len() as f64 - data.targets[group.system].label).powi(2)
        });
        Ok(terms.sum())
    }
}

/// Lends the calling thread a room. What is computed does not depend on which.
fn with_room<T>(rooms: &Mutex<Vec<Room>>, architecture: &Architecture, work: impl FnOnce(&mut Room) -> T) -> T {
    let free = rooms.lock().unwrap_or_else(|e| e.into_inner()).pop();
    let mut room = free.unwrap_or_else(|| Room {
        x: Array2::zeros((CHUNK, architecture.layout.n_inputs())),
        workspace: Workspace::both(&architecture.layout),
    });
    let result = work(&mut room);
    rooms.lock().unwrap_or_else(|e| e.into_inner()).push(room);
    result
}

fn chunk_gradient(
    architecture: &Architecture,
    flat: &[f32],
    data: Data,
    batch: &Batch,
    chunk: &Chunk,
    Room { x, workspace }: &mut Room,
    gradient: &mut [f32],
) -> Result<f64> {
    let x = gather(data, batch, chunk, x)?;
    let outputs = architecture.forward(flat, x, workspace);
    let mut value = 0.0;
    let mut factors = vec![];
    if batch.is_whole(chunk) {
        for group in &batch.groups[chunk.groups.clone()] {
            let rows = group.rows.start - chunk.rows.start..group.rows.end - chunk.rows.start;
            let n = rows.len() as f64;
            let error = outputs[rows.clone()].iter().copied().map(f64::from).sum::<f64>() / n
                - data.targets[group.system].label;
            value += group.weight * error.powi(2);
            factors.push((rows, (2.0 * group.weight * error / n) as f32));
        }
    } else {
        value = outputs.iter().copied().map(f64::from).sum();
        factors.push((0..chunk.rows.len(), 1.0));
    }
    let derivatives = workspace.output_derivatives();
    for (rows, factor) in factors {
        derivatives[rows].fill(factor);
    }
    architecture.backward(flat, x, workspace, gradient);
    Ok(value)
}

/// Copies a chunk's inputs, `[rows, n_inputs]`.
fn gather<'a>(data: Data, batch: &Batch, chunk: &Chunk, x: &'a mut Array2<f32>) -> Result<ArrayView2<'a, f32>> {
    for group in &batch.groups[chunk.groups.clone()] {
        let rows = group.rows.start.max(chunk.rows.start)..group.rows.end.min(chunk.rows.end);
        let place = rows.start - chunk.rows.start..rows.end - chunk.rows.start;
        data.systems[group.system].rows.gather(&batch.rows[rows.clone()], x.slice_mut(s![place.clone(), ..]));
        for (&row, inputs) in batch.rows[rows].iter().zip(x.slice(s![place, ..]).rows()) {
            if !inputs.as_slice().is_some_and(all_finite) {
                let system = group.system;
                return Err(Error::Input(format!(
                    "{} system {system}, row {row}: an input is not a finite number; the environment it was made of \
                     is damaged",
                    data.kind
                )));
            }
        }
    }
    Ok(x.slice(s![..chunk.rows.len(), ..]))
}

/// Without a branch per number: its exponent bits are all ones in what is infinite or no number.
fn all_finite(numbers: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    numbers.iter().fold(0, |found, x| found | u32::from(x.to_bits() & EXPONENT == EXPONENT)) == 0
}

/// `sum += factor * term`.
fn add(sum: &mut [f32], factor: f32, term: &[f32]) {
    sum.iter_mut().zip(term).for_each(|(s, t)| *s += factor * t);
}
