//! Operators that move elements: parts of an axis, other orders, other axes, zeros around. Whole numbers stay whole numbers.

use assay_core::graph::NodeId;

use super::attributes::{list, whole};
use super::writing::{Value, Writing};
use crate::ExportError;

/// Every `step`-th element of an axis, from `start` to before `end`.
pub(super) fn slice(file: &mut Writing<'_>, axis: usize, [start, end, step]: [usize; 3]) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let input = file.of_rank_at_least(input, axis + 1);
    let mut read = vec![input.name.clone()];
    for (name, value) in [("starts", start), ("ends", end), ("axes", axis + 1), ("steps", step)] {
        // A step of 1 need not be said.
        if name != "steps" || step != 1 {
            read.push(file.integers(name, &[value as i64]));
        }
    }
    let name = file.last("Slice", &read, vec![]);
    Ok(Value { name, ..input })
}

pub(super) fn gather(file: &mut Writing<'_>, axis: usize, indices: &[usize]) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let input = file.of_rank_at_least(input, axis + 1);
    let indices: Vec<i64> = indices.iter().map(|index| *index as i64).collect();
    let indices = file.integers("indices", &indices);
    let name = file.last("Gather", &[input.name.clone(), indices], vec![whole("axis", axis + 1)]);
    Ok(Value { name, ..input })
}

pub(super) fn pad(file: &mut Writing<'_>, amounts: &[[usize; 2]]) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let input = file.of_rank_at_least(input, amounts.len());
    let along =
        |side: usize| (0..=input.rank).map(move |axis| axis.checked_sub(1).and_then(|own| amounts.get(own)).map_or(0, |own| own[side]));
    let pads: Vec<i64> = along(0).chain(along(1)).map(|amount| amount as i64).collect();
    let pads = file.integers("pads", &pads);
    let name = file.last("Pad", &[input.name.clone(), pads], vec![]);
    Ok(Value { name, ..input })
}

pub(super) fn transpose(file: &mut Writing<'_>, order: &[usize]) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let input = file.of_rank_at_least(input, order.len());
    let places: Vec<usize> = std::iter::once(0).chain((0..input.rank).map(|axis| 1 + order.get(axis).copied().unwrap_or(axis))).collect();
    let name = file.last("Transpose", std::slice::from_ref(&input.name), vec![list("perm", &places)]);
    Ok(Value { name, ..input })
}

/// The same elements in the axes of the node that count.
pub(super) fn reshape(file: &mut Writing<'_>, id: NodeId) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let axes = super::counting(file.graph().node(id).shape);
    let extents: Vec<i64> = std::iter::once(0).chain(axes.iter().map(|extent| *extent as i64)).collect();
    let extents = file.integers("extents", &extents);
    let name = file.last("Reshape", &[input.name.clone(), extents], vec![]);
    Ok(Value { name, rank: axes.len(), ..input })
}

pub(super) fn concat(file: &mut Writing<'_>, id: NodeId, axis: usize) -> Result<Value, ExportError> {
    let count = file.graph().node(id).inputs.len();
    let mut values = (0..count).map(|place| file.moved(place)).collect::<Result<Vec<_>, _>>()?;
    let is_whole = values.iter().all(|value| value.is_whole);
    if !is_whole {
        values = (0..count).map(|place| file.input(place)).collect::<Result<Vec<_>, _>>()?;
    }
    let rank = values.iter().map(|value| value.rank).fold(axis + 1, usize::max);
    let read: Vec<String> = values.into_iter().map(|value| file.of_rank(value, rank).name).collect();
    let name = file.last("Concat", &read, vec![whole("axis", axis + 1)]);
    Ok(Value { name, rank, is_whole })
}

/// Rows and columns cut off at the top and the left, and as many zeros at the bottom and the right.
pub(super) fn shift(file: &mut Writing<'_>, offset: usize) -> Result<Value, ExportError> {
    let input = file.moved(0)?;
    let input = file.of_rank_at_least(input, 3);
    let offset = offset as i64;
    let [starts, ends, axes] =
        [("starts", [offset; 2]), ("ends", [i64::MAX; 2]), ("axes", [2, 3])].map(|(name, values)| file.integers(name, &values));
    let kept = file.part("Slice", &[input.name.clone(), starts, ends, axes], "kept", vec![]);
    let mut pads = vec![0; 2 * (input.rank + 1)];
    for axis in [2, 3] {
        pads[input.rank + 1 + axis] = offset;
    }
    let pads = file.integers("pads", &pads);
    let name = file.last("Pad", &[kept, pads], vec![]);
    Ok(Value { name, ..input })
}
