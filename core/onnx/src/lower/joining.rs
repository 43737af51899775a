//! Values joined along an axis, and chosen between by a mask.

use assay_core::graph::Operator;

use super::elementwise::{finite, one};
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

pub(super) fn concat(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let values: Vec<Value> = (0..call.inputs.len()).map(|place| call.input(place).cloned()).collect::<Result<_, _>>()?;
    let layout = values.iter().find_map(|value| match value {
        Value::Live(live) if live.layout.batch().is_some() => Some(live.layout.clone()),
        _ => None,
    });
    let layout = match (layout, values.first()) {
        (Some(layout), _) => layout,
        (None, Some(first)) => match first {
            Value::Live(live) => live.layout.clone(),
            Value::Known(tensor) => Layout::without_batch(&tensor.dims),
        },
        (None, None) => return Err(call.wrong("joins nothing: it has no input")),
    };
    let axis = layout.axis(call.step.int("axis", 0)).map_err(|problem| call.wrong(problem))?;
    let place = layout.own(axis).map_err(|problem| call.wrong(problem))?;
    let mut total = 0_usize;
    let mut ids = Vec::with_capacity(values.len());
    let mut is_whole = true;
    for value in &values {
        let live = beside(reader, call, value, &layout, axis)?;
        total = total.saturating_add(live.layout.dims(reader.batch)[axis]);
        is_whole &= live.is_whole;
        ids.push(live.id);
    }
    let mut joined = layout;
    joined.0[axis] = Axis::of(total);
    if let [id] = ids[..] {
        return one(Live { id, layout: joined, is_whole });
    }
    let id = reader.draft.add(Operator::Concat { axis: place }, &ids, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout: joined, is_whole })
}

/// A value that is joined with others of a layout: all axes the same but that along which they are joined.
fn beside(reader: &mut Lowering<'_>, call: &Call<'_>, value: &Value, layout: &Layout, axis: usize) -> Result<Live, Problem> {
    if super::align::rank(value) != layout.rank() {
        return Err(call.wrong("joins values of different numbers of axes"));
    }
    let mut own = layout.clone();
    own.0[axis] = match value {
        Value::Live(live) => live.layout.0[axis],
        Value::Known(tensor) => Axis::of(tensor.dims[axis]),
    };
    let live = match value {
        // What has no row for each image is the same for all of them.
        Value::Known(tensor) => {
            let at = layout.batch().filter(|at| tensor.dims[*at] == reader.batch);
            let tensor = match at {
                Some(at) => reader.row_of(call, tensor, at)?,
                None => tensor.clone(),
            };
            reader.fitted(call, &Value::Known(tensor), &own, 0)?
        }
        Value::Live(_) => reader.fitted(call, value, &own, 0)?,
    };
    Ok(Live { layout: own, ..live })
}

/// One value where a known mask is true, another one elsewhere: a sum of both, each times 0 where the other is meant.
pub(super) fn choose(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let mask = call.known(0)?.ok_or_else(|| call.wrong("has no mask"))?.clone();
    let Data::Truth(truths) = &mask.data else { return Err(call.wrong("its mask is not of truth values")) };
    let masks = [true, false]
        .map(|side| Tensor::floats(mask.dims.clone(), truths.iter().map(|truth| f32::from(u8::from(*truth == side))).collect()));
    let mut terms: Vec<Value> = Vec::new();
    for (mask, place) in masks.into_iter().zip([1, 2]) {
        let term = match finite(call.input(place)?.clone()) {
            Value::Known(tensor) if !matches!(tensor.data, Data::Float(_)) => {
                return Err(call.wrong("chooses between whole numbers that the network computes"));
            }
            Value::Known(tensor) => match crate::fold::product(&tensor, &mask, &mut reader.budget) {
                Ok(Some(masked)) => Value::Known(masked),
                Ok(None) | Err(_) => return Err(call.wrong("its mask does not fit what it chooses from")),
            },
            live @ Value::Live(_) => {
                let (lives, layout) = reader.aligned(call, &[live, Value::Known(mask)])?;
                let id = reader.draft.product(lives[0].id, lives[1].id, &call.name()).map_err(|problem| call.wrong(problem))?;
                Live { id, layout, is_whole: false }.into()
            }
        };
        terms.push(term);
    }
    let (lives, layout) = reader.aligned(call, &terms)?;
    let id = reader.draft.sum(&[(1.0, lives[0].id), (1.0, lives[1].id)], &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout, is_whole: false })
}
