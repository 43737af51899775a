//! Operators along axes: parts of one, averages, softmax, zeros around.

use assay_core::graph::{Activation, Operator};

use super::elementwise::one;
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

/// Elements of an axis by known indices; of a table of vectors by the network's own input.
pub(super) fn gather(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    if let (Value::Known(table), Value::Live(tokens)) = (call.input(0)?, call.input(1)?) {
        return embedding(reader, call, table, tokens);
    }
    let indices = call.known(1)?.ok_or_else(|| call.wrong("has no indices"))?.clone();
    let live = reader.live(call, 0)?;
    let wrong = |problem: String| call.wrong(problem);
    let axis = live.layout.axis(call.step.int("axis", 0)).map_err(wrong)?;
    let dims = live.layout.dims(reader.batch);
    let numbers = indices.to_wholes().ok_or_else(|| call.wrong("its indices are not whole numbers"))?;
    // All elements in their order: a reshape, as PyTorch writes `as_strided`.
    if numbers.iter().copied().eq(0..dims[axis] as i64) {
        let to = [&dims[..axis], &indices.dims, &dims[axis + 1..]].concat();
        let layout = live.layout.reshape(&to, reader.batch).map_err(wrong)?;
        return laid_out(reader, call, Live { layout, ..live });
    }
    let place = live.layout.own(axis).map_err(wrong)?;
    let extent = reader.shape(&live).axis(place);
    let numbers = numbers.iter().map(|number| crate::layout::axis_of(*number, extent)).collect::<Result<Vec<usize>, _>>();
    let numbers = numbers.map_err(|_| call.wrong(format!("its indices reach beyond the {extent} elements of axis {axis}")))?;
    let name = call.name();
    let step = numbers.get(1).map_or(1, |second| second.saturating_sub(numbers[0])).max(1);
    let id = match numbers.as_slice() {
        [] => return Err(call.wrong("takes nothing: it has no index")),
        // A stretch of the axis.
        [first, ..] if numbers.iter().enumerate().all(|(count, number)| *number == first + count * step) => {
            let end = first + (numbers.len() - 1) * step + 1;
            reader.draft.slice(live.id, place, [*first, end, step], &name)
        }
        _ => reader.draft.add(Operator::Gather { axis: place, indices: numbers }, &[live.id], &name),
    };
    let id = id.map_err(wrong)?;
    let mut axes = live.layout.0.clone();
    axes.splice(axis..=axis, indices.dims.iter().copied().map(Axis::of));
    laid_out(reader, call, Live { id, layout: Layout(axes), is_whole: live.is_whole })
}

/// A node whose elements are to be in the axes of the layout.
fn laid_out(reader: &mut Lowering<'_>, call: &Call<'_>, live: Live) -> Outcome {
    let id = reader.draft.reshape(live.id, &live.layout.image(), &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..live })
}

fn embedding(reader: &mut Lowering<'_>, call: &Call<'_>, table: &Tensor, tokens: &Live) -> Outcome {
    let [count, features] = table.dims[..] else {
        return Err(call.wrong(format!("takes vectors from a table of {:?}, which is not a matrix", table.dims)));
    };
    if !matches!(table.data, Data::Float(_)) || call.step.int("axis", 0) != 0 {
        return Err(
            call.wrong("takes elements of a tensor by indices that the network computes; only rows of a table of floats are read so")
        );
    }
    if !tokens.is_whole {
        return Err(call.wrong("takes rows by what are not whole numbers"));
    }
    let axis = tokens.layout.image().len();
    let operator = Operator::Embedding { count, features, axis };
    let id = reader.draft.add_layer(operator, tokens.id, Some(table.clone()), None, &call.name()).map_err(|problem| call.wrong(problem))?;
    let mut layout = tokens.layout.clone();
    layout.0.push(Axis::of(features));
    one(Live { id, layout, is_whole: false })
}

pub(super) fn slice(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let mut live = reader.live(call, 0)?;
    let list = |name: &str, place| call.list(name, place);
    let (starts, ends) = (list("starts", 1)?, list("ends", 2)?);
    let (Some(starts), Some(ends)) = (starts, ends) else { return Err(call.wrong("does not say where its part begins and ends")) };
    let axes = list("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|length| *length != starts.len()) {
        return Err(call.wrong("its starts, ends, axes and steps are not equally many"));
    }
    for (place, axis) in axes.iter().enumerate() {
        let axis = live.layout.axis(*axis).map_err(|problem| call.wrong(problem))?;
        let extent = live.layout.dims(reader.batch)[axis] as i64;
        let (start, end, step) = (starts[place], ends[place], steps[place]);
        if step < 1 {
            return Err(call.wrong(format!("steps by {step} along axis {axis}; only forward steps are read")));
        }
        let counted = |bound: i64| if bound < 0 { bound.saturating_add(extent).max(0) } else { bound.min(extent) };
        let (start, end) = (counted(start), counted(end));
        if start == 0 && end == extent && step == 1 {
            continue;
        }
        if start >= end {
            return Err(call.wrong(format!("keeps nothing of the {extent} along axis {axis}")));
        }
        live = part(reader, call, &live, axis, [start as usize, end as usize, step as usize])?;
    }
    one(live)
}

fn part(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, axis: usize, [start, end, step]: [usize; 3]) -> Result<Live, Problem> {
    let place = live.layout.own(axis).map_err(|problem| call.wrong(problem))?;
    let id = reader.draft.slice(live.id, place, [start, end, step], &call.name()).map_err(|problem| call.wrong(problem))?;
    let mut layout = live.layout.clone();
    layout.0[axis] = Axis::of((end - start).div_ceil(step));
    Ok(Live { id, layout, is_whole: live.is_whole })
}

pub(super) fn split(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let axis = live.layout.axis(call.step.int("axis", 0)).map_err(|problem| call.wrong(problem))?;
    let extent = live.layout.dims(reader.batch)[axis];
    let sizes = match call.list("split", 1)? {
        Some(sizes) => sizes.iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect(),
        None => crate::fold::equal_parts(extent, call.step.node.output.len()),
    };
    if sizes.contains(&0)
        || sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size)) != extent
        || sizes.len() != call.step.node.output.len()
    {
        return Err(call.wrong(format!("cannot split {extent} along axis {axis} into {sizes:?}")));
    }
    let mut start = 0;
    let mut parts = Vec::with_capacity(sizes.len());
    for size in sizes {
        parts.push(if size == extent { live.clone().into() } else { part(reader, call, &live, axis, [start, start + size, 1])?.into() });
        start += size;
    }
    Ok(parts)
}

pub(super) fn pad(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let mode = call.step.text("mode", "constant");
    let pads = call.list("pads", 1)?.ok_or_else(|| call.wrong("does not say how much it adds"))?;
    let rank = live.layout.rank();
    let axes = match call.known(3)?.and_then(Tensor::to_wholes) {
        Some(axes) => {
            axes.iter().map(|axis| live.layout.axis(*axis)).collect::<Result<Vec<_>, _>>().map_err(|problem| call.wrong(problem))?
        }
        None => (0..rank).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(call.wrong(format!("its `pads` are {} numbers for {} axes", pads.len(), axes.len())));
    }
    let value = call.known(2)?.and_then(Tensor::scalar).unwrap_or_else(|| call.step.float("value", 0.0));
    let mut amounts = vec![[0; 2]; live.layout.image().len()];
    let mut layout = live.layout.clone();
    for (number, axis) in axes.iter().enumerate() {
        let pair = [pads[number], pads[number + axes.len()]];
        if pair == [0, 0] {
            continue;
        }
        let place = live.layout.own(*axis).map_err(|problem| call.wrong(problem))?;
        let [Ok(before), Ok(after)] = pair.map(usize::try_from) else {
            return Err(call.wrong("cuts off with negative `pads`, which is not supported"));
        };
        amounts[place] = [before, after];
        let extent = live.layout.dims(reader.batch)[*axis].checked_add(before).and_then(|sum| sum.checked_add(after));
        layout.0[*axis] = Axis::of(extent.ok_or_else(|| call.wrong("adds more than any machine holds"))?);
    }
    if amounts.iter().any(|amount| *amount != [0, 0]) && (mode != "constant" || value != 0.0) {
        return Err(call.wrong(format!("adds by mode `{mode}` with value {value}; only zeros are added here")));
    }
    let id = reader.draft.pad(live.id, amounts, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout, is_whole: live.is_whole })
}

pub(super) fn softmax(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let wrong = |problem: String| call.wrong(problem);
    let is_old = call.step.opset < 13;
    let axis = live.layout.axis(call.step.int("axis", if is_old { 1 } else { -1 })).map_err(wrong)?;
    let place = live.layout.own(axis).map_err(wrong)?;
    let dims = live.layout.dims(reader.batch);
    // Up to operator set 12 it is over the axis and all after it together.
    let after: usize = dims[axis + 1..].iter().product();
    if !is_old || after == 1 {
        return one(reader.keeping(call, &live, Operator::Softmax { axis: place })?);
    }
    for axis in axis..dims.len() {
        live.layout.own(axis).map_err(wrong)?;
    }
    let image = live.layout.image();
    let joined: Vec<usize> = [&image[..place], &[image[place..].iter().product()]].concat();
    let name = call.name();
    let flat = reader.draft.reshape(live.id, &joined, &name).map_err(wrong)?;
    let id = reader.draft.add(Operator::Softmax { axis: place }, &[flat], &name).map_err(wrong)?;
    let id = reader.draft.reshape(id, &image, &name).map_err(wrong)?;
    one(Live { id, layout: live.layout, is_whole: false })
}

/// Averages and sums over axes, and roots of sums of squares.
pub(super) fn reduce(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let axes = call.list("axes", 1)?.filter(|axes| !axes.is_empty());
    let axes: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|axis| live.layout.axis(*axis)).collect::<Result<_, _>>().map_err(|problem| call.wrong(problem))?,
        None if call.step.int("noop_with_empty_axes", 0) == 1 => return one(live),
        None => (0..live.layout.rank()).collect(),
    };
    let is_over_batch = axes.iter().any(|axis| live.layout.0[*axis] == Axis::BATCH);
    let mut places = Vec::new();
    for axis in &axes {
        if live.layout.0[*axis] != Axis::BATCH {
            places.push(live.layout.own(*axis).map_err(|problem| call.wrong(problem))?);
        }
    }
    let name = call.name();
    let operator = call.step.node.op_type.as_str();
    let shape = reader.shape(&live);
    let count: usize = places.iter().map(|place| shape.axis(*place)).product();
    let wrong = |problem: String| call.wrong(problem);
    let draft = &mut reader.draft;
    let id = if is_over_batch {
        places.sort_unstable();
        if operator != "ReduceMean" {
            return Err(wrong("adds over the batch: what it makes of an image depends on the others".into()));
        }
        draft.batch_mean(live.id, places, &name)
    } else {
        let squared = matches!(operator, "ReduceL2" | "ReduceSumSquare");
        let input = if squared { draft.product(live.id, live.id, &name).map_err(wrong)? } else { live.id };
        let mean = draft.mean(input, places, &name).map_err(wrong)?;
        let factor = if operator == "ReduceMean" { 1.0 } else { count as f64 };
        let total = draft.affine(mean, factor, 0.0, &name);
        if operator == "ReduceL2" { draft.activation(Activation::Sqrt, total, &name).map_err(wrong)? } else { total }
    };
    let mut layout = live.layout.clone();
    let keeps = call.step.int("keepdims", 1) != 0;
    // A mean over the batch is the same for each image: it stays a value of every one.
    for axis in &axes {
        if !keeps || layout.0[*axis] != Axis::BATCH {
            layout.0[*axis] = Axis::of(1);
        }
    }
    if !keeps {
        let kept = layout.0.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, axis)| *axis);
        layout = Layout(kept.collect());
    }
    laid_out(reader, call, Live { id, layout, is_whole: false })
}
