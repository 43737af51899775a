//! What belongs to a layer, found once it is known what reads what: scales and offsets of normalisations, biases, and zeros that cut an
//! edge.
//!
//! A layer that others read too stays as it is: its weights would be there twice.

use assay_core::graph::{Operator, Shape};

use crate::draft::{Draft, Id, Kind};
use crate::tensor::{Data, Origin, Tensor};

/// Settles all nodes that the output needs.
pub(crate) fn settle(draft: &mut Draft, output: Id) {
    for id in 0..draft.nodes.len() {
        zero(draft, id);
    }
    let readers = readers(draft, output);
    for id in 0..draft.nodes.len() {
        if readers[id] == 0 && id != output {
            continue;
        }
        let is_single = |layer: Id| readers[layer] == 1;
        let Some(operator) = draft.operator(id).cloned() else { continue };
        let [left, right] = draft.nodes[id].inputs[..] else { continue };
        match operator {
            Operator::Product => {
                let _ = scale(draft, id, left, right, &is_single) || scale(draft, id, right, left, &is_single);
            }
            Operator::WeightedSum { weights } if weights == [1.0, 1.0] => {
                let _ = offset(draft, id, left, right, &is_single) || offset(draft, id, right, left, &is_single);
            }
            _ => {}
        }
    }
}

/// How many nodes that the output needs read each.
fn readers(draft: &Draft, output: Id) -> Vec<usize> {
    let mut readers = vec![0; draft.nodes.len()];
    let mut needed = vec![false; draft.nodes.len()];
    needed[output] = true;
    for id in (0..draft.nodes.len()).rev() {
        if needed[id] {
            for input in &draft.nodes[id].inputs {
                readers[*input] += 1;
                needed[*input] = true;
            }
        }
    }
    readers
}

fn held(draft: &Draft, id: Id) -> Option<Tensor> {
    match &draft.nodes[id].kind {
        Kind::Held(tensor) if matches!(tensor.data, Data::Float(_)) => Some(tensor.clone()),
        _ => None,
    }
}

/// Whether a tensor has a number for each element of these axes of a shape, and repeats it along the others.
fn is_along(own: Shape, shape: Shape, axes: impl Fn(usize) -> bool) -> bool {
    own.axes().iter().zip(shape.axes()).enumerate().all(|(axis, (own, whole))| *own == if axes(axis) { whole } else { 1 })
}

/// A normalisation times a tensor is one with a scale.
fn scale(draft: &mut Draft, id: Id, norm: Id, factor: Id, is_single: &impl Fn(Id) -> bool) -> bool {
    let (Some(weight), true) = (held(draft, factor), is_single(norm)) else { return false };
    let (own, shape) = (draft.shape(factor), draft.shape(norm));
    let operator = match draft.operator(norm) {
        Some(Operator::LayerNorm { axis, scale: false, offset: false, epsilon }) if is_along(own, shape, |place| place >= *axis) => {
            Operator::LayerNorm { axis: *axis, scale: true, offset: false, epsilon: *epsilon }
        }
        Some(Operator::RmsNorm { axis, scale: false, epsilon }) if is_along(own, shape, |place| place >= *axis) => {
            Operator::RmsNorm { axis: *axis, scale: true, epsilon: *epsilon }
        }
        _ => return false,
    };
    replace(draft, id, norm, operator);
    draft.nodes[id].weight = Some(weight);
    true
}

/// The node computes what `like` does, by another operator.
fn replace(draft: &mut Draft, id: Id, like: Id, operator: Operator) {
    let Some(old) = draft.nodes.get(like).cloned() else { return };
    let node = &mut draft.nodes[id];
    (node.kind, node.inputs, node.weight, node.bias, node.moments) =
        (Kind::Operator(operator), old.inputs, old.weight, old.bias, old.moments);
}

/// A layer plus a tensor is one with a bias or an offset.
fn offset(draft: &mut Draft, id: Id, layer: Id, summand: Id, is_single: &impl Fn(Id) -> bool) -> bool {
    let (Some(bias), true) = (held(draft, summand), is_single(layer)) else { return false };
    let (own, shape) = (draft.shape(summand), draft.shape(layer));
    let of_channels = is_along(own, shape, |axis| axis == 0);
    let operator = match draft.operator(layer) {
        Some(Operator::Conv2d(conv)) if !conv.bias && of_channels => Operator::Conv2d(conv.bias(true)),
        Some(Operator::Linear { out_features, bias: false, axis }) if is_along(own, shape, |place| place == *axis) => {
            Operator::Linear { out_features: *out_features, bias: true, axis: *axis }
        }
        Some(Operator::LayerNorm { axis, scale: true, offset: false, epsilon }) if is_along(own, shape, |place| place >= *axis) => {
            Operator::LayerNorm { axis: *axis, scale: true, offset: true, epsilon: *epsilon }
        }
        Some(Operator::Product) if of_channels => return affine(draft, id, layer, bias, is_single),
        _ => return false,
    };
    replace(draft, id, layer, operator);
    draft.nodes[id].bias = Some(bias);
    true
}

/// A batch or group normalisation, times a number a channel, plus one a channel.
fn affine(draft: &mut Draft, id: Id, product: Id, bias: Tensor, is_single: &impl Fn(Id) -> bool) -> bool {
    let [left, right] = draft.nodes[product].inputs[..] else { return false };
    for (norm, factor) in [(left, right), (right, left)] {
        let (Some(weight), true) = (held(draft, factor), is_single(norm)) else { continue };
        if !is_along(draft.shape(factor), draft.shape(norm), |axis| axis == 0) {
            continue;
        }
        let operator = match draft.operator(norm) {
            Some(Operator::BatchNorm { affine: false, epsilon }) => Operator::BatchNorm { affine: true, epsilon: *epsilon },
            Some(Operator::GroupNorm { groups, affine: false, epsilon }) => {
                Operator::GroupNorm { groups: *groups, affine: true, epsilon: *epsilon }
            }
            _ => continue,
        };
        replace(draft, id, norm, operator);
        (draft.nodes[id].weight, draft.nodes[id].bias) = (Some(weight), Some(bias));
        return true;
    }
    false
}

/// Maps of zeros are an edge that carries no signal, from an earlier node whose maps they have the size of.
fn zero(draft: &mut Draft, id: Id) {
    let Kind::Held(Tensor { origin: Origin::Computed, data: Data::Float(values), .. }) = &draft.nodes[id].kind else { return };
    let shape = draft.shape(id);
    if values.len() < 2 || !shape.is_maps() || values.iter().any(|value| *value != 0.0) {
        return;
    }
    let source = (0..id).find_map(|source| {
        let node = &draft.nodes[source];
        let is_signal = !matches!(node.kind, Kind::Held(_));
        let stride = node.shape.height.div_ceil(shape.height.max(1));
        let fits = |stride: usize| Operator::Zero { stride }.infer(&[node.shape]).is_ok_and(|zeros| zeros == shape);
        (is_signal && fits(stride)).then_some((source, stride))
    });
    if let Some((source, stride)) = source {
        (draft.nodes[id].kind, draft.nodes[id].inputs) = (Kind::Operator(Operator::Zero { stride }), vec![source]);
    }
}
