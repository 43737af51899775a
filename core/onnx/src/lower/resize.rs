//! The same elements in other axes, and axes that are repeated.

use assay_core::graph::Operator;

use super::elementwise::one;
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::fold;
use crate::layout::{Axis, Layout, axis_of};
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

/// A live value whose elements have another layout.
fn in_layout(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, layout: Layout) -> Outcome {
    let id = reader.draft.reshape(live.id, &layout.image(), &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout, is_whole: live.is_whole })
}

pub(super) fn reshape(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let wanted = call.list("shape", 1)?.ok_or_else(|| call.wrong("does not say what it makes of it"))?;
    let dims = live.layout.dims(reader.batch);
    let to = fold::resolved(&dims, &wanted, call.step.int("allowzero", 0) == 1).map_err(|problem| call.wrong(problem))?;
    let layout = live.layout.reshape(&to, reader.batch).map_err(|problem| call.wrong(problem))?;
    in_layout(reader, call, &live, layout)
}

pub(super) fn flatten(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let dims = live.layout.dims(reader.batch);
    let axis = call.step.int("axis", 1);
    let axis = if axis == dims.len() as i64 { dims.len() } else { live.layout.axis(axis).map_err(|problem| call.wrong(problem))? };
    let to = [dims[..axis].iter().product(), dims[axis..].iter().product()];
    let layout = live.layout.reshape(&to, reader.batch).map_err(|problem| call.wrong(problem))?;
    in_layout(reader, call, &live, layout)
}

pub(super) fn squeeze(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let dims = live.layout.dims(reader.batch);
    let axes: Vec<usize> = match call.list("axes", 1)? {
        Some(axes) => axes.iter().map(|axis| live.layout.axis(*axis)).collect::<Result<_, _>>().map_err(|problem| call.wrong(problem))?,
        None => (0..dims.len()).filter(|axis| dims[*axis] == 1 && !live.layout.0[*axis].has_batch()).collect(),
    };
    if let Some(axis) = axes.iter().find(|axis| dims[**axis] != 1 || live.layout.0[**axis].has_batch()) {
        return Err(call.wrong(format!("takes away axis {axis} of {dims:?}, which is not of extent 1 or is the batch")));
    }
    let kept = live.layout.0.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, axis)| *axis);
    in_layout(reader, call, &live.clone(), Layout(kept.collect()))
}

pub(super) fn unsqueeze(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let axes = call.list("axes", 1)?.ok_or_else(|| call.wrong("does not say which axes it adds"))?;
    let rank = live.layout.rank() + axes.len();
    let mut added = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>, _>>().map_err(|problem| call.wrong(problem))?;
    added.sort_unstable();
    if added.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(call.wrong(format!("adds axes {axes:?}, one of which twice")));
    }
    let mut layout = live.layout.clone();
    for axis in added {
        layout.0.insert(axis, Axis::of(1));
    }
    in_layout(reader, call, &live, layout)
}

pub(super) fn transpose(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let rank = live.layout.rank();
    let order: Vec<usize> = match call.step.ints("perm") {
        Some(order) => order.iter().map(|axis| usize::try_from(*axis).unwrap_or(rank)).collect(),
        None => (0..rank).rev().collect(),
    };
    one(reordered(reader, call, &live, &order)?)
}

/// The axes of a value in the file in another order.
pub(super) fn reordered(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, order: &[usize]) -> Result<Live, Problem> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted.iter().copied().ne(0..live.layout.rank()) {
        return Err(call.wrong(format!("{order:?} is not an order of {} axes", live.layout.rank())));
    }
    let layout = Layout(order.iter().map(|axis| live.layout.0[*axis]).collect());
    let places: Vec<usize> = order.iter().filter_map(|axis| live.layout.place(*axis)).collect();
    let id = reader.draft.transpose(live.id, &places, &call.name()).map_err(|problem| call.wrong(problem))?;
    Ok(Live { id, layout, is_whole: live.is_whole })
}

pub(super) fn expand(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let wanted = call.list("shape", 1)?.ok_or_else(|| call.wrong("does not say what it makes of it"))?;
    let wanted: Vec<usize> = wanted
        .iter()
        .map(|extent| usize::try_from(*extent))
        .collect::<Result<_, _>>()
        .map_err(|_| call.wrong("makes an axis of negative extent"))?;
    let mut to: Vec<Axis> =
        wanted.iter().map(|extent| if reader.is_any_batch && *extent == reader.batch { Axis::BATCH } else { Axis::of(*extent) }).collect();
    // What is longer in the value stays.
    let missing = live.layout.rank().saturating_sub(to.len());
    to.splice(0..0, std::iter::repeat_n(Axis::of(1), missing));
    let target =
        reader.common(call, &[Value::Live(live.clone()), Value::Live(Live { layout: Layout(to.clone()), ..live.clone() })], to.len(), 0)?;
    let fitted = reader.fitted(call, &Value::Live(live), &target, 0)?;
    let extents = target.image();
    let id = repeated(reader, call, fitted.id, &extents)?;
    one(Live { id, layout: target, is_whole: fitted.is_whole })
}

/// A node whose axes of extent 1 are repeated to be of these extents.
fn repeated(reader: &mut Lowering<'_>, call: &Call<'_>, mut id: usize, extents: &[usize]) -> Result<usize, Problem> {
    for (axis, extent) in extents.iter().enumerate() {
        if reader.draft.shape(id).axis(axis) != *extent {
            reader.budget.take(*extent).map_err(|problem| call.wrong(problem))?;
            let operator = Operator::Gather { axis, indices: vec![0; *extent] };
            id = reader.draft.add(operator, &[id], &call.name()).map_err(|problem| call.wrong(problem))?;
        }
    }
    Ok(id)
}

pub(super) fn tile(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let repeats = call.known(1)?.and_then(Tensor::to_wholes).ok_or_else(|| call.wrong("does not say how often"))?;
    if repeats.len() != live.layout.rank() {
        return Err(call.wrong(format!("repeats {} axes of {}", repeats.len(), live.layout.rank())));
    }
    let (mut id, mut layout) = (live.id, live.layout.clone());
    for (axis, times) in repeats.iter().enumerate().filter(|(_, times)| **times != 1) {
        let place = layout.own(axis).map_err(|problem| call.wrong(problem))?;
        let extent = reader.draft.shape(id).axis(place);
        let count = usize::try_from(*times).ok().filter(|times| *times > 0).and_then(|times| times.checked_mul(extent));
        let count = count.ok_or_else(|| call.wrong(format!("repeats an axis {times} times")))?;
        reader.budget.take(count).map_err(|problem| call.wrong(problem))?;
        let operator = Operator::Gather { axis: place, indices: (0..count).map(|number| number % extent).collect() };
        id = reader.draft.add(operator, &[id], &call.name()).map_err(|problem| call.wrong(problem))?;
        layout.0[axis] = Axis::of(count);
    }
    one(Live { id, layout, is_whole: live.is_whole })
}

/// The same number everywhere, for each image of a batch.
pub(super) fn constant_of_shape(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let dims = call.known(0)?.and_then(Tensor::to_wholes).ok_or_else(|| call.wrong("does not say of which shape"))?;
    let value = fold::filling(&call.step)?;
    let number = value.scalar().ok_or_else(|| call.wrong("is filled with what is not one number"))?;
    let mut axes = Vec::new();
    for extent in dims {
        let extent = usize::try_from(extent).map_err(|_| call.wrong("makes an axis of negative extent"))?;
        axes.push(if extent == reader.batch { Axis::BATCH } else { Axis::of(extent) });
    }
    let layout = Layout(axes);
    if layout.0.iter().filter(|axis| axis.has_batch()).count() > 1 {
        return Err(call.wrong("is as long as the batch along several axes"));
    }
    let image = layout.image();
    let count = image.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent));
    let count = count
        .filter(|count| reader.budget.take(*count).is_ok())
        .ok_or_else(|| call.wrong(format!("is of {image:?}: more than is computed here")))?;
    let is_whole = !matches!(value.data, Data::Float(_));
    let held = reader.held(call, Tensor::floats(image, vec![number; count]))?;
    one(Live { layout, is_whole, ..held })
}

/// The channels of a batch of maps, and the side of a block.
fn blocks(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<(Live, [usize; 3], usize), Problem> {
    let live = reader.live(call, 0)?;
    let side = usize::try_from(call.step.int("blocksize", 0)).unwrap_or(0);
    let image = live.layout.image();
    match image.as_slice() {
        [channels, rows, columns] if live.layout == Layout::of_image(&image) && side > 0 && side < 1 << 16 => {
            Ok((live.clone(), [*channels, *rows, *columns], side))
        }
        _ => Err(call.wrong(format!("moves blocks of {side} in {:?}, which is not a batch of maps", live.layout.dims(reader.batch)))),
    }
}

/// One order of axes between two shapes.
fn rearranged(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, apart: &[usize], order: &[usize], to: [usize; 3]) -> Outcome {
    let name = call.name();
    let id = reader
        .draft
        .reshape(live.id, apart, &name)
        .and_then(|id| reader.draft.transpose(id, order, &name))
        .and_then(|id| reader.draft.reshape(id, &to, &name));
    one(Live { id: id.map_err(|problem| call.wrong(problem))?, layout: Layout::of_image(&to), is_whole: false })
}

pub(super) fn depth_to_space(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, [channels, rows, columns], side) = blocks(reader, call)?;
    if !channels.is_multiple_of(side * side) {
        return Err(call.wrong(format!("{channels} channels are not blocks of {side}×{side}")));
    }
    let less = channels / (side * side);
    let to = [less, rows * side, columns * side];
    match call.step.text("mode", "DCR").as_str() {
        "DCR" => rearranged(reader, call, &live, &[side, side, less, rows, columns], &[2, 3, 0, 4, 1], to),
        _ => rearranged(reader, call, &live, &[less, side, side, rows, columns], &[0, 3, 1, 4, 2], to),
    }
}

pub(super) fn space_to_depth(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, [channels, rows, columns], side) = blocks(reader, call)?;
    if !rows.is_multiple_of(side) || !columns.is_multiple_of(side) {
        return Err(call.wrong(format!("{rows}×{columns} are not blocks of {side}×{side}")));
    }
    let (rows, columns) = (rows / side, columns / side);
    let to = [channels * side * side, rows, columns];
    rearranged(reader, call, &live, &[channels, rows, side, columns, side], &[2, 4, 0, 1, 3], to)
}
