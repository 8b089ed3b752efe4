//! Loss and gradient of a batch, in parallel over chunks of rows, to the same bit on any number of threads.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::backward::{Derivatives, backward};
use super::batch::{Batch, Chunk};
use crate::model::ensemble::{Architecture, BLOCK, Workspace};
use crate::pool::Pool;
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
    /// Copied inputs, `[BLOCK, n_inputs]`.
    x: Array2<f32>,
    workspace: Workspace,
    derivatives: Derivatives,
}

/// Computes losses and gradients; holds the room for it, which no step allocates again.
pub(super) struct Engine {
    architecture: Architecture,
    parts: Vec<Part>,
    rooms: Pool<Room>,
    /// Gradient of the sum of the outputs of a group that is larger than a chunk.
    pooled: Vec<f32>,
}

impl Engine {
    pub fn new(architecture: Architecture) -> Self {
        let n = architecture.layout.n_parameters();
        let parts = (0..WAVE).map(|_| Part { gradient: vec![0.0; n], value: Ok(0.0) }).collect();
        Self { architecture, parts, rooms: Pool::new(), pooled: vec![0.0; n] }
    }

    /// The loss `sum_groups weight (mean output - label)^2`; its gradient is written to `gradient`.
    ///
    /// A group within a block knows its error after the forward pass. For a larger one the gradient of the sum of its
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
                rooms.with(room_for(architecture), |room| {
                    part.value = chunk_gradient(architecture, flat, data, batch, chunk, room, &mut part.gradient);
                });
            });
            for (part, chunk) in parts.iter_mut().zip(wave) {
                let value = std::mem::replace(&mut part.value, Ok(0.0))?;
                if batch.is_one_block(chunk) {
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
                    let error = sum / n - group.label;
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
                self.rooms.with(room_for(architecture), |Room { x, workspace, .. }| {
                    let mut sums = vec![0.0; chunk.groups.len()];
                    for rows in blocks(chunk) {
                        let x = inputs(data, batch, chunk, rows.clone(), x);
                        check(data, batch, chunk, &rows, x)?;
                        let outputs = architecture.forward(flat, x, workspace);
                        for (sum, group) in sums.iter_mut().zip(&batch.groups[chunk.groups.clone()]) {
                            *sum += total(&outputs[within(&group.rows, &rows)]);
                        }
                    }
                    Ok(sums)
                })
            })
            .collect();
        let mut totals = vec![0.0; batch.groups.len()];
        for (chunk, sums) in batch.chunks.iter().zip(sums) {
            totals[chunk.groups.clone()].iter_mut().zip(sums?).for_each(|(total, sum)| *total += sum);
        }
        let terms = batch
            .groups
            .iter()
            .zip(totals)
            .map(|(group, total)| group.weight * (total / group.rows.len() as f64 - group.label).powi(2));
        Ok(terms.sum())
    }
}

fn room_for(architecture: &Architecture) -> impl FnOnce() -> Room {
    || {
        let workspace = Workspace::new(&architecture.layout);
        let derivatives = Derivatives::like(&workspace);
        Room { x: Array2::zeros((BLOCK, architecture.layout.n_inputs())), workspace, derivatives }
    }
}

/// Rows of a chunk that go through the network together.
fn blocks(chunk: &Chunk) -> impl Iterator<Item = Range<usize>> {
    let end = chunk.rows.end;
    chunk.rows.clone().step_by(BLOCK).map(move |start| start..end.min(start + BLOCK))
}

/// Where those of some rows that lie in a block stand in it.
fn within(rows: &Range<usize>, block: &Range<usize>) -> Range<usize> {
    rows.start.max(block.start) - block.start..rows.end.min(block.end) - block.start
}

fn total(outputs: &[f32]) -> f64 {
    outputs.iter().copied().map(f64::from).sum()
}

fn chunk_gradient(
    architecture: &Architecture,
    flat: &[f32],
    data: Data,
    batch: &Batch,
    chunk: &Chunk,
    Room { x, workspace, derivatives }: &mut Room,
    gradient: &mut [f32],
) -> Result<f64> {
    gradient.fill(0.0);
    let mut value = 0.0;
    for rows in blocks(chunk) {
        let x = inputs(data, batch, chunk, rows.clone(), x);
        let outputs = architecture.forward(flat, x, workspace);
        if batch.is_one_block(chunk) {
            for group in &batch.groups[chunk.groups.clone()] {
                let within = within(&group.rows, &rows);
                let n = within.len() as f64;
                let error = total(&outputs[within.clone()]) / n - group.label;
                value += group.weight * error.powi(2);
                derivatives.outputs[within].fill((2.0 * group.weight * error / n) as f32);
            }
        } else {
            value += total(outputs);
            derivatives.outputs.fill(1.0);
        }
        backward(architecture, flat, x, workspace, derivatives, gradient);
    }
    // An input that is no number leaves none in the gradient of its weights, which are fewer to look at.
    if !all_finite(gradient) {
        for rows in blocks(chunk) {
            let x = inputs(data, batch, chunk, rows.clone(), x);
            check(data, batch, chunk, &rows, x)?;
        }
    }
    Ok(value)
}

/// The inputs of a block of a chunk, `[rows.len(), n_inputs]`: where they lie, if they lie in order, or copied to `room`.
fn inputs<'a>(
    data: Data<'a>,
    batch: &Batch,
    chunk: &Chunk,
    block: Range<usize>,
    room: &'a mut Array2<f32>,
) -> ArrayView2<'a, f32> {
    let groups = &batch.groups[chunk.groups.clone()];
    let drawn = &batch.rows[block.clone()];
    let in_order = groups.len() == 1 && drawn.windows(2).all(|pair| pair[1] == pair[0] + 1);
    let lying =
        if in_order { data.systems[groups[0].system].rows.in_place(drawn[0]..drawn[0] + drawn.len()) } else { None };
    if let Some(x) = lying {
        return x;
    }
    for group in groups {
        let within = within(&group.rows, &block);
        let place = room.slice_mut(s![within.clone(), ..]);
        data.systems[group.system].rows.gather(&drawn[within], place);
    }
    room.slice(s![..block.len(), ..])
}

/// Refuses inputs of a block that are no numbers, with their system and row.
fn check(data: Data, batch: &Batch, chunk: &Chunk, block: &Range<usize>, x: ArrayView2<f32>) -> Result<()> {
    let drawn = &batch.rows[block.clone()];
    for group in &batch.groups[chunk.groups.clone()] {
        let within = within(&group.rows, block);
        for (&row, inputs) in drawn[within.clone()].iter().zip(x.slice(s![within, ..]).rows()) {
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
    Ok(())
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
