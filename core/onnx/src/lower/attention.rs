//! Attention as one operator (operator set 23), as the products of matrices that it stands for.

use assay_core::graph::Operator;

use super::elementwise::{finite, one};
use super::products::{matrices, turned};
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::{Data, Tensor};

pub(super) fn attention(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<Vec<Value>, Problem> {
    let step = &call.step;
    if (4..=6).any(|place| call.optional(place).is_some()) {
        return Err(call.wrong("goes on from earlier tokens (past keys and values), which is not measured here"));
    }
    if step.float("softcap", 0.0) != 0.0 {
        return Err(call.wrong("has a `softcap`, which is not supported"));
    }
    let count = |name: &str| usize::try_from(step.int(name, 0)).unwrap_or(0);
    let is_flat = super::align::rank(call.input(0)?) == 3;
    let query = in_heads(reader, call, 0, count("q_num_heads"))?;
    let mut key = in_heads(reader, call, 1, count("kv_num_heads"))?;
    let mut value = in_heads(reader, call, 2, count("kv_num_heads"))?;
    let heads = reader.shape(&query).axis(0);
    key = of_all_heads(reader, call, key, heads)?;
    value = of_all_heads(reader, call, value, heads)?;
    let name = call.name();
    let features = reader.shape(&query).axis(2);
    let scale = if step.has("scale") { f64::from(step.float("scale", 1.0)) } else { 1.0 / (features as f64).sqrt() };
    let keys = turned(reader, call, &key)?;
    let products = matrices(reader, call, &Value::Live(query), &Value::Live(keys))?;
    let id = reader.draft.affine(products.id, scale, 0.0, &name);
    let mut weights = Live { id, ..products };
    for mask in masks(reader, call, &weights)? {
        let (lives, layout) = reader.aligned(call, &[Value::Live(weights), mask])?;
        let id = reader.draft.sum(&[(1.0, lives[0].id), (1.0, lives[1].id)], &name).map_err(|problem| call.wrong(problem))?;
        weights = Live { id, layout, is_whole: false };
    }
    let weights = reader.keeping(call, &weights, Operator::Softmax { axis: 2 })?;
    let attended = matrices(reader, call, &Value::Live(weights), &Value::Live(value))?;
    if !is_flat {
        return one(attended);
    }
    // Heads behind tokens, and both features in one axis.
    let order = reader.draft.transpose(attended.id, &[1, 0, 2], &name).map_err(|problem| call.wrong(problem))?;
    let shape = reader.draft.shape(order);
    let joined = [shape.axis(0), shape.axis(1) * shape.axis(2)];
    let id = reader.draft.reshape(order, &joined, &name).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout: Layout::of_image(&joined), is_whole: false })
}

/// A value as heads × tokens × features of each image.
fn in_heads(reader: &mut Lowering<'_>, call: &Call<'_>, place: usize, heads: usize) -> Result<Live, Problem> {
    let live = reader.live(call, place)?;
    let image = live.layout.image();
    if live.layout != Layout::of_image(&image) {
        return Err(call.wrong(format!("its input {place} is not a batch of sequences")));
    }
    match image[..] {
        [_, _, _] => Ok(live),
        [tokens, features] if heads > 0 && features.is_multiple_of(heads) => {
            let name = call.name();
            let id = reader.draft.reshape(live.id, &[tokens, heads, features / heads], &name);
            let id = id.and_then(|id| reader.draft.transpose(id, &[1, 0, 2], &name)).map_err(|problem| call.wrong(problem))?;
            Ok(Live { id, layout: Layout::of_image(&[heads, tokens, features / heads]), is_whole: false })
        }
        _ => Err(call.wrong(format!("its input {place} is of {image:?} an image, which does not split into {heads} heads"))),
    }
}

/// Heads that several of the query's share, repeated.
fn of_all_heads(reader: &mut Lowering<'_>, call: &Call<'_>, live: Live, heads: usize) -> Result<Live, Problem> {
    let own = reader.shape(&live).axis(0);
    if own == heads {
        return Ok(live);
    }
    if own == 0 || !heads.is_multiple_of(own) {
        return Err(call.wrong(format!("{heads} heads of queries do not share {own} of keys")));
    }
    let operator = Operator::Gather { axis: 0, indices: (0..heads).map(|head| head / (heads / own)).collect() };
    let id = reader.draft.add(operator, &[live.id], &call.name()).map_err(|problem| call.wrong(problem))?;
    let mut layout = live.layout;
    layout.0[1] = Axis::of(heads);
    Ok(Live { id, layout, is_whole: false })
}

/// What is added to the products before the softmax.
fn masks(reader: &mut Lowering<'_>, call: &Call<'_>, weights: &Live) -> Result<Vec<Value>, Problem> {
    const FAR: f32 = -1e30;
    let mut masks = Vec::new();
    let [_, rows, columns, ..] = reader.shape(weights).axes();
    if call.step.int("is_causal", 0) == 1 {
        reader.budget.take(rows.saturating_mul(columns)).map_err(|problem| call.wrong(problem))?;
        let hidden = |place: usize| if place % columns > place / columns { FAR } else { 0.0 };
        masks.push(Value::Known(Tensor::floats(vec![rows, columns], (0..rows * columns).map(hidden).collect())));
    }
    match call.optional(3) {
        None => {}
        Some(Value::Known(Tensor { data: Data::Truth(kept), dims, .. })) => {
            masks.push(Value::Known(Tensor::floats(dims.clone(), kept.iter().map(|kept| if *kept { 0.0 } else { FAR }).collect())));
        }
        Some(mask) => masks.push(finite(mask.clone())),
    }
    Ok(masks)
}
