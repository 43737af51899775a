//! Tensors that are made of nothing but their shape.

use super::Given;
use crate::Problem;
use crate::attributes::Step;
use crate::file::Beside;
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Tensor>, String>;

/// What a constant of a shape is filled with.
pub(crate) fn filling(step: &Step<'_>) -> Result<Tensor, Problem> {
    match step.tensor("value") {
        Some(tensor) => Tensor::read(tensor, step.name(), &mut Beside::of(None)),
        None => Ok(Tensor::floats(vec![1], vec![0.0])),
    }
}

pub(super) fn constant_of_shape(given: &mut Given<'_, '_>) -> Outcome {
    let value = filling(given.step).map_err(|problem| problem.to_string())?;
    let dims = given.wholes(0)?.iter().map(|extent| usize::try_from(*extent)).collect::<Result<Vec<_>, _>>();
    let dims = dims.map_err(|_| "makes an axis of negative extent")?;
    if value.len() != 1 {
        return Err("is filled with what is not one number".into());
    }
    let count = given.room(&dims)?;
    Ok(vec![value.pick(dims, std::iter::repeat_n(0, count))])
}

pub(super) fn range(given: &mut Given<'_, '_>) -> Outcome {
    let [start, limit, delta] = [given.input(0)?, given.input(1)?, given.input(2)?];
    if [start, limit, delta].iter().any(|tensor| tensor.len() != 1) {
        return Err("its bounds are not one number each".into());
    }
    if let (Some(start), Some(limit), Some(delta)) = (start.to_wholes(), limit.to_wholes(), delta.to_wholes()) {
        let (start, limit, delta) = (i128::from(start[0]), i128::from(limit[0]), i128::from(delta[0]));
        if delta == 0 {
            return Err("steps by 0".into());
        }
        let count = ((limit - start + delta - delta.signum()) / delta).max(0);
        let count = given.room(&[usize::try_from(count).map_err(|_| "is more than any machine holds")?])?;
        return Ok(vec![Tensor::wholes(vec![count], (0..count).map(|number| (start + number as i128 * delta) as i64).collect())]);
    }
    let [start, limit, delta] = [start, limit, delta].map(|tensor| f64::from(tensor.to_floats()[0]));
    let count = ((limit - start) / delta).ceil().max(0.0);
    if !count.is_finite() {
        return Err("steps by 0, or without an end".into());
    }
    let count = given.room(&[count as usize])?;
    Ok(vec![Tensor::floats(vec![count], (0..count).map(|number| (start + number as f64 * delta) as f32).collect())])
}

/// The upper or lower triangle of matrices, with zeros elsewhere.
pub(super) fn trilu(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let shift = given.optional(1).and_then(Tensor::to_wholes).and_then(|numbers| numbers.first().copied()).unwrap_or(0);
    let [.., rows, columns] = tensor.dims[..] else { return Err("cuts what is not a matrix".into()) };
    given.room(&tensor.dims)?;
    let is_upper = given.step.int("upper", 1) == 1;
    let stays = |place: usize| {
        let (row, column) = ((place / columns % rows) as i64, (place % columns) as i64);
        let across = (column - row).cmp(&shift);
        if is_upper { across.is_ge() } else { across.is_le() }
    };
    let dims = tensor.dims.clone();
    Ok(vec![match &tensor.data {
        Data::Float(values) => {
            Tensor::floats(dims, values.iter().enumerate().map(|(place, value)| if stays(place) { *value } else { 0.0 }).collect())
        }
        Data::Whole(values) => {
            Tensor::wholes(dims, values.iter().enumerate().map(|(place, value)| if stays(place) { *value } else { 0 }).collect())
        }
        Data::Truth(values) => {
            let truths: Vec<bool> = values.iter().enumerate().map(|(place, value)| *value && stays(place)).collect();
            Tensor::computed(dims, Data::Truth(truths.into()))
        }
    }])
}

pub(super) fn eye_like(given: &mut Given<'_, '_>) -> Outcome {
    let dims = given.input(0)?.dims.clone();
    let [_, columns] = dims[..] else { return Err("is not like a matrix".into()) };
    let count = given.room(&dims)?;
    let shift = given.step.int("k", 0);
    let is_one = |place: usize| (place % columns) as i64 - (place / columns) as i64 == shift;
    Ok(vec![Tensor::floats(dims, (0..count).map(|place| f32::from(u8::from(is_one(place)))).collect())])
}

/// The places of what is not zero: a row an axis.
pub(super) fn non_zero(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let places: Vec<usize> = tensor.to_floats().iter().enumerate().filter(|(_, value)| **value != 0.0).map(|(place, _)| place).collect();
    let dims = vec![tensor.dims.len(), places.len()];
    given.room(&dims)?;
    let mut rows = Vec::new();
    for axis in 0..tensor.dims.len() {
        let inner: usize = tensor.dims[axis + 1..].iter().product();
        rows.extend(places.iter().map(|place| (place / inner % tensor.dims[axis]) as i64));
    }
    Ok(vec![Tensor::wholes(dims, rows)])
}
