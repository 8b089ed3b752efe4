//! How large the values of a graph may become, found before anything is computed.
//!
//! A file of a few bytes can ask for any amount of memory: a constant of any shape, or one that is tiled again and again.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::internal::bail;
use tract_onnx::tract_hir::infer::{Factoid, InferenceFact, InferenceOp};

use super::BLOCK;

/// Elements that one value may have, for a block of rows: 16 Mi, a quarter of the largest tensor that a file may hold.
const LARGEST_VALUE: i64 = 1 << 24;

/// Elements that all values together may have for a block of rows.
const LARGEST_SUM: i64 = 1 << 28;

/// Elements of a constant that is not in the file but computed from what is; more where the file itself holds more.
const LARGEST_CONSTANT: i64 = 1 << 20;

/// All computed constants together may have so many times the elements of the largest.
const CONSTANTS: i64 = 8;

/// Nodes of a graph: 1,000 members of ten layers each have fewer.
const MOST_NODES: usize = 1 << 16;

/// Checks the size of all that nodes compute, in the order in which they do; `rows` stands for the number of rows.
///
/// tract evaluates what depends on constants alone while it finds shapes, so that each node's output is looked at before tract
/// gets to it.
///
/// # Errors
/// A graph whose shapes contradict each other, whose values are too large, or of a size that only running it would tell.
pub(super) fn check(model: &mut InferenceModel, rows: &Symbol) -> TractResult<()> {
    if model.nodes().len() > MOST_NODES {
        bail!("it has {} nodes, and at most {MOST_NODES} are run", model.nodes().len());
    }
    let [block, one] = [BLOCK as i64, 1].map(|n| SymbolValues::default().with(rows, n));
    let mut sum = 0;
    let (mut constants, mut largest_constant) = (0, LARGEST_CONSTANT);
    for id in model.eval_order()? {
        if model.nodes()[id].inputs.is_empty() {
            // The graph's input and the file's constants, whose sizes are known to be sensible.
            let largest = model.node_facts(id)?.1.iter().filter_map(|fact| elements(fact, &block)).max();
            largest_constant = largest_constant.max(largest.unwrap_or(0));
            if !model.input_outlets()?.iter().any(|input| input.node == id) {
                set(model, id)?;
            }
            continue;
        }
        for fact in &inferred(model, id, |op, facts| op.infer_facts(facts.0, facts.1, facts.2))? {
            let name = &model.nodes()[id].name;
            let (Some(of_block), Some(of_one)) = (elements(fact, &block), elements(fact, &one)) else {
                bail!("the shape of what its node '{name}' computes cannot be told without running it");
            };
            let constant = of_block == of_one;
            // So many elements for one row that they overflow for more are too many as well.
            let elements = of_block.max(of_one);
            let (sum, most, most_together) = if constant {
                (&mut constants, largest_constant, CONSTANTS * largest_constant)
            } else {
                (&mut sum, LARGEST_VALUE, LARGEST_SUM)
            };
            *sum += elements;
            if elements > most || *sum > most_together {
                let what = if constant { "a constant".into() } else { format!("for {BLOCK} rows a value") };
                bail!(
                    "its node '{name}' makes {what} of {elements} elements, and {sum} together with those before; at most {most} \
                     and {most_together} are computed"
                );
            }
        }
        set(model, id)?;
    }
    Ok(())
}

/// Notes what is known of a node's outputs: values of constants too, which shapes further on may depend on.
fn set(model: &mut InferenceModel, id: usize) -> TractResult<()> {
    let facts = inferred(model, id, |op, facts| op.infer(facts.0, facts.1, facts.2))?;
    for (slot, fact) in facts.into_iter().enumerate() {
        model.set_outlet_fact(OutletId::new(id, slot), fact)?;
    }
    Ok(())
}

type Facts<F> = (TVec<F>, TVec<F>, TVec<F>);

/// What `infer` says of a node's outputs, from what is known of its inputs, its outputs and what it looks at besides.
fn inferred(
    model: &InferenceModel,
    id: usize,
    infer: impl FnOnce(&mut dyn InferenceOp, Facts<&InferenceFact>) -> TractResult<Facts<InferenceFact>>,
) -> TractResult<TVec<InferenceFact>> {
    let node = &model.nodes()[id];
    let (inputs, outputs) = model.node_facts(id)?;
    let observed = node.op.observe_outlets(model, node)?;
    let observed = observed.iter().map(|outlet| model.outlet_fact(*outlet)).collect::<TractResult<_>>()?;
    Ok(infer(node.op.clone().as_mut(), (inputs, outputs, observed))?.1)
}

/// Elements of a value for some rows, if its shape is known. A dimension of 0 counts as 1: what is computed on the way to it may
/// be as large as the others say.
fn elements(fact: &InferenceFact, block: &SymbolValues) -> Option<i64> {
    let shape = fact.shape.concretize()?;
    shape.iter().try_fold(1i64, |n, dim| {
        let dim = dim.eval(block).to_i64().ok().filter(|dim| *dim >= 0)?;
        Some(n.saturating_mul(dim.max(1)))
    })
}
