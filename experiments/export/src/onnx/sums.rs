//! Sums and products of values, and values of the network's own.
//!
//! A tensor of the file has no batch. One that is added to a value or multiplied with it stands there as it is, and is repeated over the
//! images as over any axis that it lacks. Otherwise it is laid out once for each image, by which it becomes a value like others: the
//! reader then has one node of it, and computes nothing of it beforehand that would not be learned any more.

use assay_core::graph::{NodeId, Operator};

use super::writing::{Value, Writing};
use crate::ExportError;

/// Σ weight · input.
pub(super) fn weighted_sum(file: &mut Writing<'_>, id: NodeId, weights: &[f32]) -> Result<Value, ExportError> {
    let (names, rank) = side_by_side(file, id)?;
    if weights == [1.0, -1.0] {
        let name = file.last("Sub", &names, vec![]);
        return Ok(Value { name, rank, is_whole: false });
    }
    let mut terms = Vec::new();
    for (number, (weight, name)) in weights.iter().zip(names).enumerate() {
        terms.push(if *weight == 1.0 {
            name
        } else {
            let factor = file.scalar(&format!("weight{number}"), *weight);
            file.part("Mul", &[name, factor], &format!("term{number}"), vec![])
        });
    }
    let name = file.last("Sum", &terms, vec![]);
    Ok(Value { name, rank, is_whole: false })
}

pub(super) fn product(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let node = file.graph().node(id);
    let is_cube = node.inputs.len() == 3 && node.inputs.iter().all(|input| *input == node.inputs[0]);
    let (names, rank) = side_by_side(file, id)?;
    let name = match names.as_slice() {
        [only] => file.last("Identity", std::slice::from_ref(only), vec![]),
        [x, ..] if is_cube => {
            let power = file.scalar("power", 3.0);
            file.last("Pow", &[x.clone(), power], vec![])
        }
        [first, between @ .., last] => {
            let mut product = first.clone();
            for (number, factor) in between.iter().enumerate() {
                product = file.part("Mul", &[product, factor.clone()], &format!("product{number}"), vec![]);
            }
            file.last("Mul", &[product, last.clone()], vec![])
        }
        [] => return Err(file.wrong("multiplies nothing")),
    };
    Ok(Value { name, rank, is_whole: false })
}

/// The node's inputs with as many axes each, and how many these are.
fn side_by_side(file: &mut Writing<'_>, id: NodeId) -> Result<(Vec<String>, usize), ExportError> {
    let graph = file.graph();
    let inputs = &graph.node(id).inputs;
    let mut values = Vec::new();
    let mut rank = 1;
    for (place, input) in inputs.iter().enumerate() {
        let value = if stands_beside(file, *input).is_some() { None } else { Some(file.input(place)?) };
        rank = rank.max(value.as_ref().map_or_else(|| own_axes(file, *input).len(), |value| value.rank));
        values.push(value);
    }
    let names = inputs.iter().zip(values).map(|(input, value)| match value {
        Some(value) => file.of_rank(value, rank).name,
        None => file.own_tensor(*input, &graph.node(*input).shape.axes()[..rank]),
    });
    Ok((names.collect(), rank))
}

/// Writes what the network has of its own, if no sum or product has it as it is.
pub(super) fn source(file: &mut Writing<'_>, id: NodeId) -> Option<Value> {
    if stands_beside(file, id).is_some() {
        return None;
    }
    let axes = own_axes(file, id);
    let tensor = file.own_tensor(id, &axes);
    file.begin(id);
    let shape = file.batch_of(&axes);
    let name = file.last("Expand", &[tensor, shape], vec![]);
    Some(Value { name, rank: axes.len(), is_whole: false })
}

/// The axes that the node was given.
fn own_axes(file: &Writing<'_>, id: NodeId) -> Vec<usize> {
    match &file.graph().node(id).operator {
        Operator::Parameter { axes } | Operator::Constant { axes, .. } if !axes.is_empty() => axes.clone(),
        _ => vec![1],
    }
}

/// The one sum or product that reads a source beside a value that depends on the input, if nothing else reads it: a product of two, and
/// a sum that does not scale it.
fn stands_beside(file: &Writing<'_>, id: NodeId) -> Option<NodeId> {
    let graph = file.graph();
    let is_own = |id: NodeId| matches!(graph.node(id).operator, Operator::Parameter { .. } | Operator::Constant { .. });
    if !is_own(id) || file.readers[id.0] != 1 {
        return None;
    }
    let reader = file.last_reader[id.0]?;
    let node = graph.node(reader);
    let has_other = node.inputs.iter().any(|input| !is_own(*input));
    let is_plain = match &node.operator {
        Operator::Product => node.inputs.len() == 2,
        Operator::WeightedSum { weights } => {
            *weights == [1.0, -1.0] || node.inputs.iter().zip(weights).all(|(input, weight)| *input != id || *weight == 1.0)
        }
        _ => false,
    };
    (has_other && is_plain).then_some(reader)
}
