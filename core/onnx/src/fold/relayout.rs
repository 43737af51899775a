//! The same numbers in other axes, and shapes themselves.

use super::Given;
use super::arithmetic::{broadcast, places};
use crate::attributes::Step;
use crate::layout::axis_of;
use crate::tensor::Tensor;

type Outcome = Result<Vec<Tensor>, String>;

pub(super) fn same(given: &mut Given<'_, '_>) -> Outcome {
    Ok(vec![given.input(0)?.clone()])
}

pub(super) fn shape(given: &mut Given<'_, '_>) -> Outcome {
    let dims = given.input(0)?.dims.clone();
    extents(given.step, &dims).map(|tensor| vec![tensor])
}

/// All extents or those of some axes; of `Size` their product.
pub(super) fn extents(step: &Step<'_>, dims: &[usize]) -> Result<Tensor, String> {
    let numbers: Vec<i64> = dims.iter().map(|extent| *extent as i64).collect();
    if step.node.op_type == "Size" {
        let size =
            numbers.iter().try_fold(1_i64, |product, extent| product.checked_mul(*extent)).ok_or("is more than any machine holds")?;
        return Ok(Tensor::wholes(vec![], vec![size]));
    }
    let rank = numbers.len() as i64;
    let bound = |name: &str, otherwise: i64| {
        let given = step.int(name, otherwise);
        (if given < 0 { given.saturating_add(rank) } else { given }).clamp(0, rank) as usize
    };
    let (start, end) = (bound("start", 0), bound("end", rank));
    let part = numbers.get(start..end).unwrap_or_default().to_vec();
    Ok(Tensor::wholes(vec![part.len()], part))
}

/// The extents that a reshape to `wanted` makes of `dims`: 0 keeps one, −1 takes what is left.
pub(crate) fn resolved(dims: &[usize], wanted: &[i64], allows_zero: bool) -> Result<Vec<usize>, String> {
    let all = dims.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent)).ok_or("is more than any machine holds")?;
    let mut to = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (place, extent) in wanted.iter().enumerate() {
        to.push(match *extent {
            0 if !allows_zero => *dims.get(place).ok_or_else(|| format!("keeps axis {place} of {dims:?}, which is not there"))?,
            -1 if open.replace(place).is_none() => 1,
            extent => usize::try_from(extent).map_err(|_| format!("makes {wanted:?} of it"))?,
        });
    }
    if let Some(place) = open {
        let known = to.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent)).filter(|known| *known > 0);
        let known = known.filter(|known| all.is_multiple_of(*known)).ok_or_else(|| format!("cannot lay out {dims:?} as {wanted:?}"))?;
        to[place] = all / known;
    }
    Ok(to)
}

fn laid_out(tensor: &Tensor, to: Vec<usize>) -> Outcome {
    let count = to.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent));
    if count == Some(tensor.len()) { Ok(vec![tensor.with_dims(to)]) } else { Err(format!("cannot lay out {:?} as {to:?}", tensor.dims)) }
}

pub(super) fn reshape(given: &mut Given<'_, '_>) -> Outcome {
    let wanted = given.list("shape", 1)?.ok_or("does not say what it makes of it")?;
    let tensor = given.input(0)?;
    let to = resolved(&tensor.dims, &wanted, given.step.int("allowzero", 0) == 1)?;
    laid_out(tensor, to)
}

pub(super) fn flatten(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?;
    let axis = given.step.int("axis", 1);
    let axis = if axis == tensor.dims.len() as i64 { tensor.dims.len() } else { axis_of(axis, tensor.dims.len())? };
    laid_out(tensor, vec![tensor.dims[..axis].iter().product(), tensor.dims[axis..].iter().product()])
}

pub(super) fn squeeze(given: &mut Given<'_, '_>) -> Outcome {
    let axes = given.list("axes", 1)?;
    let tensor = given.input(0)?;
    let rank = tensor.dims.len();
    let axes: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<_, _>>()?,
        None => (0..rank).filter(|axis| tensor.dims[*axis] == 1).collect(),
    };
    laid_out(tensor, tensor.dims.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, extent)| *extent).collect())
}

pub(super) fn unsqueeze(given: &mut Given<'_, '_>) -> Outcome {
    let axes = given.list("axes", 1)?.ok_or("does not say which axes it adds")?;
    let tensor = given.input(0)?;
    let rank = tensor.dims.len().saturating_add(axes.len());
    let mut added = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
    added.sort_unstable();
    if added.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(format!("adds axes {axes:?}, one of which twice"));
    }
    let mut dims = tensor.dims.clone();
    for axis in added {
        dims.insert(axis, 1);
    }
    laid_out(tensor, dims)
}

pub(super) fn transpose(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let rank = tensor.dims.len();
    let order: Vec<usize> = match given.step.ints("perm") {
        Some(order) => order.iter().map(|axis| usize::try_from(*axis).unwrap_or(rank)).collect(),
        None => (0..rank).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.iter().copied().ne(0..rank) {
        return Err(format!("{order:?} is not an order of {rank} axes"));
    }
    let dims: Vec<usize> = order.iter().map(|axis| tensor.dims[*axis]).collect();
    let count = given.room(&dims)?;
    if order == [1, 0] {
        return Ok(vec![tensor.turned()]);
    }
    let mut strides = vec![1; rank];
    for axis in (0..rank.saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * tensor.dims[axis + 1];
    }
    let places = (0..count).map(|mut number| {
        let mut place = 0;
        for (axis, extent) in order.iter().zip(&dims).rev() {
            place += number % extent * strides[*axis];
            number /= extent;
        }
        place
    });
    Ok(vec![tensor.pick(dims.clone(), places).from(tensor.origin.clone())])
}

pub(super) fn expand(given: &mut Given<'_, '_>) -> Outcome {
    let wanted = given.wholes(1)?;
    let tensor = given.input(0)?.clone();
    let wanted = wanted
        .iter()
        .map(|extent| usize::try_from(*extent))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| "makes an axis of negative extent")?;
    let dims = broadcast(&tensor.dims, &wanted).ok_or_else(|| format!("cannot repeat {:?} to {wanted:?}", tensor.dims))?;
    given.room(&dims)?;
    let spread = tensor.pick(dims.clone(), places(&tensor.dims, &dims));
    Ok(vec![spread.from(tensor.origin.clone())])
}

pub(super) fn tile(given: &mut Given<'_, '_>) -> Outcome {
    let repeats = given.wholes(1)?;
    let tensor = given.input(0)?.clone();
    if repeats.len() != tensor.dims.len() {
        return Err(format!("repeats {} axes of {}", repeats.len(), tensor.dims.len()));
    }
    let times = repeats
        .iter()
        .map(|times| usize::try_from(*times))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| "repeats an axis a negative number of times")?;
    let dims: Option<Vec<usize>> = tensor.dims.iter().zip(&times).map(|(extent, times)| extent.checked_mul(*times)).collect();
    let dims = dims.ok_or("would compute more than any machine holds")?;
    let count = given.room(&dims)?;
    let places = (0..count).map(|mut number| {
        let (mut place, mut stride) = (0, 1);
        for (extent, own) in dims.iter().zip(&tensor.dims).rev() {
            place += number % extent % own * stride;
            number /= extent;
            stride *= own;
        }
        place
    });
    Ok(vec![tensor.pick(dims.clone(), places)])
}
