//! Sums, extremes and products over axes.

use super::Given;
use crate::layout::axis_of;
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Tensor>, String>;

pub(super) fn reduce(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let rank = tensor.dims.len();
    let axes = given.list("axes", 1)?.filter(|axes| !axes.is_empty());
    let axes: Vec<usize> = match axes {
        Some(axes) => axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<_, _>>()?,
        None if given.step.int("noop_with_empty_axes", 0) == 1 => return Ok(vec![tensor]),
        None => (0..rank).collect(),
    };
    given.room(&tensor.dims)?;
    let small: Vec<usize> = (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { tensor.dims[axis] }).collect();
    let count: usize = small.iter().product();
    let place = |mut number: usize| {
        let (mut place, mut stride) = (0, 1);
        for axis in (0..rank).rev() {
            if small[axis] != 1 {
                place += number % tensor.dims[axis] * stride;
            }
            number /= tensor.dims[axis];
            stride *= small[axis];
        }
        place
    };
    let kept = if given.step.int("keepdims", 1) == 0 {
        (0..rank).filter(|axis| !axes.contains(axis)).map(|axis| small[axis]).collect()
    } else {
        small.clone()
    };
    let operator = given.operator();
    if tensor.len() == 0 {
        return Err("goes over nothing".into());
    }
    if let (Data::Whole(values), true) = (&tensor.data, operator != "ReduceMean") {
        let function: fn(i64, i64) -> Option<i64> = match operator {
            "ReduceMax" => |a, b| Some(a.max(b)),
            "ReduceMin" => |a, b| Some(a.min(b)),
            "ReduceProd" => i64::checked_mul,
            _ => i64::checked_add,
        };
        let mut all: Vec<Option<i64>> = vec![None; count];
        for (number, value) in values.iter().enumerate() {
            let own = &mut all[place(number)];
            *own = Some(own.map_or(Some(*value), |own| function(own, *value)).ok_or("goes beyond 64 bits")?);
        }
        return Ok(vec![Tensor::wholes(kept, all.into_iter().flatten().collect())]);
    }
    let function: fn(f64, f64) -> f64 = match operator {
        "ReduceMax" => f64::max,
        "ReduceMin" => f64::min,
        "ReduceProd" => |a, b| a * b,
        _ => |a, b| a + b,
    };
    let mut all: Vec<Option<f64>> = vec![None; count];
    for (number, value) in tensor.to_floats().iter().enumerate() {
        let own = &mut all[place(number)];
        *own = Some(own.map_or(f64::from(*value), |own| function(own, f64::from(*value))));
    }
    let each = if operator == "ReduceMean" { (tensor.len() / count) as f64 } else { 1.0 };
    Ok(vec![Tensor::floats(kept, all.into_iter().flatten().map(|value| (value / each) as f32).collect())])
}

/// Sums up to each element of an axis.
pub(super) fn cum_sum(given: &mut Given<'_, '_>) -> Outcome {
    let tensor = given.input(0)?.clone();
    let axis = given.wholes(1)?.first().copied().ok_or("does not say along which axis")?;
    let axis = axis_of(axis, tensor.dims.len())?;
    if given.step.int("exclusive", 0) != 0 || given.step.int("reverse", 0) != 0 {
        return Err("adds up exclusively or from behind, which is not supported".into());
    }
    given.room(&tensor.dims)?;
    let (extent, inner): (usize, usize) = (tensor.dims[axis], tensor.dims[axis + 1..].iter().product());
    let is_first = |place: usize| (place / inner).is_multiple_of(extent);
    Ok(vec![match &tensor.data {
        Data::Whole(values) => {
            let mut sums = values.to_vec();
            for place in (0..sums.len()).filter(|place| !is_first(*place)) {
                sums[place] = sums[place].checked_add(sums[place - inner]).ok_or("goes beyond 64 bits")?;
            }
            Tensor::wholes(tensor.dims.clone(), sums)
        }
        _ => {
            let mut sums = tensor.to_floats().to_vec();
            for place in (0..sums.len()).filter(|place| !is_first(*place)) {
                sums[place] += sums[place - inner];
            }
            Tensor::floats(tensor.dims.clone(), sums)
        }
    }])
}

/// Products of matrices, as of positions and frequencies.
pub(super) fn mat_mul(given: &mut Given<'_, '_>) -> Outcome {
    let (left, right) = (given.input(0)?.clone(), given.input(1)?.clone());
    let ([left_places @ .., rows, shared], [right_places @ .., other, columns]) = (&left.dims[..], &right.dims[..]) else {
        return Err("multiplies vectors, which is not computed before the network runs".into());
    };
    if shared != other {
        return Err(format!("its inputs of {:?} and {:?} do not fit", left.dims, right.dims));
    }
    let places = super::arithmetic::broadcast(left_places, right_places).ok_or("its matrices do not fit")?;
    let dims = [&places[..], &[*rows, *columns]].concat();
    let count = given.room(&dims)?;
    given.budget.take(count.saturating_mul(*shared))?;
    let (a, b) = (left.to_floats(), right.to_floats());
    let mut values = Vec::with_capacity(count);
    let pairs = super::arithmetic::places(left_places, &places).zip(super::arithmetic::places(right_places, &places));
    for (left, right) in pairs {
        for row in 0..*rows {
            for column in 0..*columns {
                let sum: f64 = (0..*shared)
                    .map(|step| {
                        f64::from(a[(left * rows + row) * shared + step]) * f64::from(b[(right * shared + step) * columns + column])
                    })
                    .sum();
                values.push(sum as f32);
            }
        }
    }
    Ok(vec![Tensor::floats(dims, values)])
}
