//! Parts of tensors, and tensors put together.

use super::Given;
use crate::layout::axis_of;
use crate::tensor::{Data, Origin, Tensor};

type Outcome = Result<Vec<Tensor>, String>;

/// Elements of one axis of a tensor, in this order.
fn along(given: &mut Given<'_, '_>, tensor: &Tensor, axis: usize, indices: &[usize], replaced_by: &[usize]) -> Result<Tensor, String> {
    let (extent, inner): (usize, usize) = (tensor.dims[axis], tensor.dims[axis + 1..].iter().product());
    let dims = [&tensor.dims[..axis], replaced_by, &tensor.dims[axis + 1..]].concat();
    let count = given.room(&dims)?;
    let block = indices.len() * inner;
    let places = (0..count).map(|number| (number / block * extent + indices[number % block / inner]) * inner + number % inner);
    let origin = match &tensor.origin {
        Origin::Whole(named) | Origin::Part(named) => Origin::Part(named.clone()),
        Origin::Computed => Origin::Computed,
    };
    Ok(tensor.pick(dims, places).from(origin))
}

pub(super) fn gather(given: &mut Given<'_, '_>) -> Outcome {
    let (tensor, indices) = (given.input(0)?.clone(), given.input(1)?.clone());
    let axis = axis_of(given.step.int("axis", 0), tensor.dims.len())?;
    let numbers = given.wholes(1)?;
    let numbers = numbers.iter().map(|number| axis_of(*number, tensor.dims[axis])).collect::<Result<Vec<_>, _>>();
    let numbers = numbers.map_err(|_| format!("its indices reach beyond the {} elements of axis {axis}", tensor.dims[axis]))?;
    Ok(vec![along(given, &tensor, axis, &numbers, &indices.dims)?])
}

pub(super) fn slice(given: &mut Given<'_, '_>) -> Outcome {
    let mut tensor = given.input(0)?.clone();
    let (starts, ends) = (given.list("starts", 1)?, given.list("ends", 2)?);
    let (Some(starts), Some(ends)) = (starts, ends) else { return Err("does not say where its part begins and ends".into()) };
    let axes = given.list("axes", 3)?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = given.list("steps", 4)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|length| *length != starts.len()) {
        return Err("its starts, ends, axes and steps are not equally many".into());
    }
    for (place, axis) in axes.iter().enumerate() {
        let axis = axis_of(*axis, tensor.dims.len())?;
        let indices = stretch(tensor.dims[axis], starts[place], ends[place], steps[place])?;
        if indices.iter().copied().ne(0..tensor.dims[axis]) {
            tensor = along(given, &tensor, axis, &indices, &[indices.len()])?;
        }
    }
    Ok(vec![tensor])
}

/// The elements of an axis from one to before another.
fn stretch(extent: usize, start: i64, end: i64, step: i64) -> Result<Vec<usize>, String> {
    let whole = extent as i64;
    let counted = |bound: i64, low: i64, high: i64| (if bound < 0 { bound.saturating_add(whole) } else { bound }).clamp(low, high);
    let mut indices = Vec::new();
    if step > 0 {
        let (mut at, end) = (counted(start, 0, whole), counted(end, 0, whole));
        while at < end {
            indices.push(at as usize);
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let (mut at, end) = (counted(start, -1, whole - 1), counted(end, -1, whole - 1));
        while at > end {
            indices.push(at as usize);
            at = at.saturating_add(step);
        }
    } else {
        return Err("steps by 0".into());
    }
    Ok(indices)
}

/// The sizes of so many parts of an axis, as equal as they can be: the last is smaller.
pub(crate) fn equal_parts(extent: usize, parts: usize) -> Vec<usize> {
    let size = extent.div_ceil(parts.max(1)).max(1);
    (0..parts).map(|part| size.min(extent.saturating_sub(part * size))).collect()
}

pub(super) fn split(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let axis = axis_of(given.step.int("axis", 0), tensor.dims.len())?;
    let extent = tensor.dims[axis];
    let outputs = given.step.node.output.len();
    let sizes = match given.list("split", 1)? {
        Some(sizes) => {
            sizes.iter().map(|size| usize::try_from(*size)).collect::<Result<Vec<_>, _>>().map_err(|_| "has a part of negative size")?
        }
        None => equal_parts(extent, outputs),
    };
    if sizes.len() != outputs || sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size)) != extent {
        return Err(format!("cannot split {extent} along axis {axis} into {sizes:?}"));
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for size in sizes {
        let indices: Vec<usize> = (start..start + size).collect();
        parts.push(along(given, &tensor, axis, &indices, &[size])?);
        start += size;
    }
    Ok(parts)
}

pub(super) fn concat(given: &mut Given<'_, '_>) -> Outcome {
    let tensors = (0..given.count()).map(|place| given.input(place).cloned()).collect::<Result<Vec<_>, _>>()?;
    let first = tensors.first().ok_or("joins nothing: it has no input")?;
    let axis = axis_of(given.step.int("axis", 0), first.dims.len())?;
    let fits = |tensor: &Tensor| {
        tensor.dims.len() == first.dims.len()
            && tensor.dims.iter().zip(&first.dims).enumerate().all(|(place, (a, b))| place == axis || a == b)
    };
    if let Some(other) = tensors.iter().find(|tensor| !fits(tensor)) {
        return Err(format!("cannot join {:?} with {:?} along axis {axis}", other.dims, first.dims));
    }
    let mut dims = first.dims.clone();
    dims[axis] = tensors.iter().map(|tensor| tensor.dims[axis]).fold(0, usize::saturating_add);
    given.room(&dims)?;
    let outer: usize = dims[..axis].iter().product();
    let block = |tensor: &Tensor| tensor.dims[axis..].iter().product::<usize>();
    fn joined<T: Copy>(lists: &[(&[T], usize)], outer: usize) -> Vec<T> {
        (0..outer)
            .flat_map(|row| lists.iter().flat_map(move |(values, block)| values[row * block..(row + 1) * block].iter().copied()))
            .collect()
    }
    let wholes: Option<Vec<Vec<i64>>> = tensors.iter().map(Tensor::to_wholes).collect();
    if tensors.iter().all(|tensor| matches!(tensor.data, Data::Truth(_))) {
        let lists: Vec<(&[bool], usize)> = tensors
            .iter()
            .filter_map(|tensor| match &tensor.data {
                Data::Truth(values) => Some((values.as_slice(), block(tensor))),
                _ => None,
            })
            .collect();
        return Ok(vec![Tensor::computed(dims, Data::Truth(joined(&lists, outer).into()))]);
    }
    if let Some(wholes) = wholes {
        let lists: Vec<(&[i64], usize)> = wholes.iter().zip(&tensors).map(|(values, tensor)| (values.as_slice(), block(tensor))).collect();
        return Ok(vec![Tensor::wholes(dims, joined(&lists, outer))]);
    }
    let floats: Vec<_> = tensors.iter().map(Tensor::to_floats).collect();
    let lists: Vec<(&[f32], usize)> = floats.iter().zip(&tensors).map(|(values, tensor)| (values.as_slice(), block(tensor))).collect();
    Ok(vec![Tensor::floats(dims, joined(&lists, outer))])
}

/// Numbers around a tensor, all the same.
pub(super) fn pad(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let pads = given.list("pads", 1)?.ok_or("does not say how much it adds")?;
    let rank = tensor.dims.len();
    if pads.len() != 2 * rank
        || pads.iter().any(|pad| *pad < 0)
        || given.step.text("mode", "constant") != "constant"
        || given.optional(3).is_some()
    {
        return Err(format!("adds {pads:?} in a way that is not supported"));
    }
    let before: Vec<usize> = pads[..rank].iter().map(|pad| *pad as usize).collect();
    let dims: Option<Vec<usize>> =
        (0..rank).map(|axis| tensor.dims[axis].checked_add(before[axis])?.checked_add(pads[axis + rank] as usize)).collect();
    let dims = dims.ok_or("would compute more than any machine holds")?;
    let count = given.room(&dims)?;
    let value = given.optional(2).and_then(Tensor::scalar).unwrap_or_else(|| given.step.float("value", 0.0));
    let place = |mut number: usize| {
        let (mut place, mut stride) = (0, 1);
        for axis in (0..rank).rev() {
            let at = (number % dims[axis]).checked_sub(before[axis]).filter(|at| *at < tensor.dims[axis])?;
            number /= dims[axis];
            place += at * stride;
            stride *= tensor.dims[axis];
        }
        Some(place)
    };
    Ok(vec![match &tensor.data {
        Data::Whole(values) => {
            let values = (0..count).map(|number| place(number).map_or(value as i64, |place| values[place])).collect();
            Tensor::wholes(dims.clone(), values)
        }
        _ => {
            let values = tensor.to_floats();
            let values = (0..count).map(|number| place(number).map_or(value, |place| values[place])).collect();
            Tensor::floats(dims.clone(), values)
        }
    }])
}

/// Where the rows begin that lists of indices name, and how long they are.
fn rows(tensor: &Tensor, indices: &Tensor, numbers: &[i64]) -> Result<(Vec<usize>, usize), String> {
    let depth = *indices.dims.last().ok_or("has no indices")?;
    if depth > tensor.dims.len() || depth == 0 {
        return Err(format!("its indices are of {depth} axes for {:?}", tensor.dims));
    }
    let length: usize = tensor.dims[depth..].iter().product();
    let starts = numbers.chunks(depth).map(|index| {
        let mut place = 0;
        for (axis, number) in index.iter().enumerate() {
            let at = axis_of(*number, tensor.dims[axis]).map_err(|_| format!("its index {index:?} reaches beyond {:?}", tensor.dims))?;
            place = place * tensor.dims[axis] + at;
        }
        Ok(place * length)
    });
    Ok((starts.collect::<Result<Vec<_>, String>>()?, length))
}

pub(super) fn gather_nd(given: &mut Given<'_, '_>) -> Outcome {
    let (tensor, indices) = (given.input(0)?.clone(), given.input(1)?.clone());
    if given.step.int("batch_dims", 0) != 0 {
        return Err("gathers within a batch, which is not supported".into());
    }
    let (starts, length) = rows(&tensor, &indices, &given.wholes(1)?)?;
    let depth = indices.dims.last().copied().unwrap_or(0);
    let dims = [&indices.dims[..indices.dims.len() - 1], &tensor.dims[depth..]].concat();
    given.room(&dims)?;
    Ok(vec![tensor.pick(dims, starts.iter().flat_map(|start| *start..start + length))])
}

pub(super) fn scatter_nd(given: &mut Given<'_, '_>) -> Outcome {
    let (tensor, indices, updates) = (given.input(0)?.clone(), given.input(1)?.clone(), given.input(2)?.clone());
    if given.step.text("reduction", "none") != "none" {
        return Err("adds up what it puts in, which is not supported".into());
    }
    let (starts, length) = rows(&tensor, &indices, &given.wholes(1)?)?;
    given.room(&tensor.dims)?;
    if updates.len() != starts.len() * length {
        return Err(format!("puts {} numbers into {}", updates.len(), starts.len() * length));
    }
    fn put<T: Copy>(into: &[T], updates: &[T], starts: &[usize], length: usize) -> Vec<T> {
        let mut values = into.to_vec();
        for (number, start) in starts.iter().enumerate() {
            values[*start..start + length].copy_from_slice(&updates[number * length..(number + 1) * length]);
        }
        values
    }
    let dims = tensor.dims.clone();
    Ok(vec![match (&tensor.data, &updates.data) {
        (Data::Whole(into), Data::Whole(updates)) => Tensor::wholes(dims, put(into, updates, &starts, length)),
        (Data::Truth(into), Data::Truth(updates)) => Tensor::computed(dims, Data::Truth(put(into, updates, &starts, length).into())),
        _ => Tensor::floats(dims, put(&tensor.to_floats(), &updates.to_floats(), &starts, length)),
    }])
}
