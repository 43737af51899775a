//! Functions of numbers, element by element.

use super::Given;
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Tensor>, String>;

/// The extents of what two tensors compute element by element.
pub(crate) fn broadcast(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let at = |dims: &[usize], place: usize| (place + dims.len()).checked_sub(rank).map_or(1, |place| dims[place]);
    (0..rank)
        .map(|place| match (at(left, place), at(right, place)) {
            (left, right) if left == right => Some(left),
            (1, right) => Some(right),
            (left, 1) => Some(left),
            _ => None,
        })
        .collect()
}

/// For each element of a result, which of a tensor's it is made of.
pub(crate) fn places<'a>(own: &[usize], to: &'a [usize]) -> Box<dyn Iterator<Item = usize> + 'a> {
    let count: usize = to.iter().product();
    if own == to {
        return Box::new(0..count);
    }
    if own.iter().product::<usize>() == 1 {
        return Box::new(std::iter::repeat_n(0, count));
    }
    let missing = to.len() - own.len();
    let mut strides = vec![0; to.len()];
    let mut stride = 1;
    for (place, extent) in own.iter().enumerate().rev() {
        if *extent != 1 {
            strides[place + missing] = stride;
        }
        stride *= extent;
    }
    Box::new((0..count).map(move |mut number| {
        let mut place = 0;
        for (extent, stride) in to.iter().zip(&strides).rev() {
            place += number % extent * stride;
            number /= extent;
        }
        place
    }))
}

fn fitted(given: &mut Given<'_, '_>, left: &Tensor, right: &Tensor) -> Result<Vec<usize>, String> {
    let dims =
        broadcast(&left.dims, &right.dims).ok_or_else(|| format!("its inputs of {:?} and {:?} do not fit", left.dims, right.dims))?;
    given.room(&dims)?;
    Ok(dims)
}

pub(super) fn binary(given: &mut Given<'_, '_>) -> Outcome {
    let (left, right) = (given.input(0)?.clone(), given.input(1)?.clone());
    let dims = fitted(given, &left, &right)?;
    let pairs = places(&left.dims, &dims).zip(places(&right.dims, &dims));
    if let (Data::Whole(a), Data::Whole(b)) = (&left.data, &right.data) {
        let function = whole_function(given.operator(), given.step.int("fmod", 0) == 1);
        let values: Option<Vec<i64>> = pairs.map(|(left, right)| function(a[left], b[right])).collect();
        return Ok(vec![Tensor::wholes(dims, values.ok_or("divides by 0, or goes beyond 64 bits")?)]);
    }
    let (a, b) = (left.to_floats(), right.to_floats());
    let function = float_function(given.operator());
    let values = pairs.map(|(left, right)| function(a[left], b[right])).collect();
    // A whole number to the power of a float stays whole.
    if let (Data::Whole(_), "Pow") = (&left.data, given.operator()) {
        let floats = Tensor::floats(dims, values);
        return Ok(vec![to_wholes(&floats)]);
    }
    Ok(vec![Tensor::floats(dims, values)])
}

fn whole_function(operator: &str, is_truncated: bool) -> fn(i64, i64) -> Option<i64> {
    match operator {
        "Add" => i64::checked_add,
        "Sub" => i64::checked_sub,
        "Mul" => i64::checked_mul,
        "Div" => i64::checked_div,
        "Mod" if is_truncated => i64::checked_rem,
        // The result has the sign of the divisor.
        "Mod" => |a, b| a.checked_rem(b).map(|rest| if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }),
        _ => |a, b| a.checked_pow(u32::try_from(b).ok()?),
    }
}

fn float_function(operator: &str) -> fn(f32, f32) -> f32 {
    match operator {
        "Add" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" => |a, b| a / b,
        "Mod" => |a, b| a % b,
        _ => f32::powf,
    }
}

pub(super) fn unary(given: &mut Given<'_, '_>) -> Outcome {
    let input = given.input(0)?.clone();
    given.room(&input.dims)?;
    let dims = input.dims.clone();
    match (&input.data, given.operator()) {
        (Data::Truth(values), "Not") => {
            Ok(vec![Tensor::computed(dims, Data::Truth(values.iter().map(|value| !value).collect::<Vec<_>>().into()))])
        }
        (_, "Not") => Err("turns round what are not truth values".into()),
        (Data::Whole(values), operator @ ("Abs" | "Neg" | "Sign" | "Relu")) => {
            let function: fn(i64) -> i64 = match operator {
                "Abs" => i64::wrapping_abs,
                "Neg" => i64::wrapping_neg,
                "Sign" => i64::signum,
                _ => |value| value.max(0),
            };
            Ok(vec![Tensor::wholes(dims, values.iter().map(|value| function(*value)).collect())])
        }
        (_, operator) => {
            let function: fn(f32) -> f32 = match operator {
                "Abs" => f32::abs,
                "Neg" => |value| -value,
                "Sign" => |value| if value == 0.0 { 0.0 } else { value.signum() },
                "Relu" => |value| value.max(0.0),
                "Ceil" => f32::ceil,
                "Floor" => f32::floor,
                "Round" => f32::round_ties_even,
                "Cos" => f32::cos,
                "Sin" => f32::sin,
                "Exp" => f32::exp,
                "Log" => f32::ln,
                "Sqrt" => f32::sqrt,
                "Tanh" => f32::tanh,
                "Sigmoid" => |value| 1.0 / (1.0 + (-value).exp()),
                "Reciprocal" => |value| 1.0 / value,
                _ => return Err("is not computed before the network runs".into()),
            };
            Ok(vec![Tensor::floats(dims, input.to_floats().iter().map(|value| function(*value)).collect())])
        }
    }
}

fn to_wholes(tensor: &Tensor) -> Tensor {
    match &tensor.data {
        Data::Float(values) => Tensor::wholes(tensor.dims.clone(), values.iter().map(|value| *value as i64).collect()),
        _ => Tensor::wholes(tensor.dims.clone(), tensor.to_wholes().unwrap_or_default()),
    }
}

/// The same in numbers of another kind. Floats of any width are of 32 bits here, whole numbers of 64.
pub(super) fn cast(given: &mut Given<'_, '_>) -> Outcome {
    const FLOATS: [i64; 4] = [1, 10, 11, 16];
    const WHOLES: [i64; 8] = [2, 3, 4, 5, 6, 7, 12, 13];
    const TRUTH: i64 = 9;
    let input = given.input(0)?.clone();
    let to = match (given.operator(), given.optional(1)) {
        ("CastLike", Some(like)) => match like.data {
            Data::Float(_) => FLOATS[0],
            Data::Whole(_) => WHOLES[0],
            Data::Truth(_) => TRUTH,
        },
        _ => given.step.int("to", 0),
    };
    given.room(&input.dims)?;
    let dims = input.dims.clone();
    Ok(vec![match &input.data {
        Data::Float(_) if FLOATS.contains(&to) => input,
        Data::Whole(_) if WHOLES.contains(&to) => input,
        _ if FLOATS.contains(&to) => Tensor::computed(dims, Data::Float(input.to_floats())),
        _ if WHOLES.contains(&to) => to_wholes(&input),
        _ if to == TRUTH => {
            Tensor::computed(dims, Data::Truth(input.to_floats().iter().map(|value| *value != 0.0).collect::<Vec<_>>().into()))
        }
        _ => return Err(format!("makes numbers of type {to} of it, which is not supported")),
    }])
}

pub(super) fn compare(given: &mut Given<'_, '_>) -> Outcome {
    let (left, right) = (given.input(0)?.clone(), given.input(1)?.clone());
    let dims = fitted(given, &left, &right)?;
    let holds: fn(std::cmp::Ordering) -> bool = match given.operator() {
        "Equal" => std::cmp::Ordering::is_eq,
        "Less" => std::cmp::Ordering::is_lt,
        "LessOrEqual" => std::cmp::Ordering::is_le,
        "Greater" => std::cmp::Ordering::is_gt,
        _ => std::cmp::Ordering::is_ge,
    };
    let pairs = places(&left.dims, &dims).zip(places(&right.dims, &dims));
    let truths: Vec<bool> = match (left.to_wholes(), right.to_wholes()) {
        (Some(a), Some(b)) => pairs.map(|(left, right)| holds(a[left].cmp(&b[right]))).collect(),
        _ => {
            let (a, b) = (left.to_floats(), right.to_floats());
            pairs.map(|(left, right)| a[left].partial_cmp(&b[right]).is_some_and(holds)).collect()
        }
    };
    Ok(vec![Tensor::computed(dims, Data::Truth(truths.into()))])
}

pub(super) fn logical(given: &mut Given<'_, '_>) -> Outcome {
    let (left, right) = (given.input(0)?.clone(), given.input(1)?.clone());
    let (Data::Truth(a), Data::Truth(b)) = (&left.data, &right.data) else { return Err("joins what are not truth values".into()) };
    let dims = fitted(given, &left, &right)?;
    let function: fn(bool, bool) -> bool = match given.operator() {
        "And" => |a, b| a && b,
        "Or" => |a, b| a || b,
        _ => |a, b| a != b,
    };
    let truths: Vec<bool> =
        places(&left.dims, &dims).zip(places(&right.dims, &dims)).map(|(left, right)| function(a[left], b[right])).collect();
    Ok(vec![Tensor::computed(dims, Data::Truth(truths.into()))])
}

/// The largest or least of any number of tensors.
pub(super) fn extreme(given: &mut Given<'_, '_>) -> Outcome {
    let is_max = given.operator() == "Max";
    let mut all = given.input(0)?.clone();
    for place in 1..given.count() {
        let other = given.input(place)?.clone();
        let dims = fitted(given, &all, &other)?;
        let pairs = places(&all.dims, &dims).zip(places(&other.dims, &dims));
        all = match (&all.data, &other.data) {
            (Data::Whole(a), Data::Whole(b)) => {
                let function: fn(i64, i64) -> i64 = if is_max { i64::max } else { i64::min };
                let values = pairs.map(|(left, right)| function(a[left], b[right])).collect();
                Tensor::wholes(dims, values)
            }
            _ => {
                let (a, b) = (all.to_floats(), other.to_floats());
                let function: fn(f32, f32) -> f32 = if is_max { f32::max } else { f32::min };
                let values = pairs.map(|(left, right)| function(a[left], b[right])).collect();
                Tensor::floats(dims, values)
            }
        };
    }
    Ok(vec![all])
}

pub(super) fn clip(given: &mut Given<'_, '_>) -> Outcome {
    let input = given.input(0)?.clone();
    given.room(&input.dims)?;
    let bound = |place: usize, attribute: &str, otherwise: f32| {
        given.optional(place).and_then(Tensor::scalar).unwrap_or_else(|| given.step.float(attribute, otherwise))
    };
    let (low, high) = (bound(1, "min", f32::MIN), bound(2, "max", f32::MAX));
    let values = Tensor::floats(input.dims.clone(), input.to_floats().iter().map(|value| value.max(low).min(high)).collect());
    Ok(vec![if matches!(input.data, Data::Float(_)) { values } else { to_wholes(&values) }])
}

pub(super) fn choose(given: &mut Given<'_, '_>) -> Outcome {
    let (mask, first, second) = (given.input(0)?.clone(), given.input(1)?.clone(), given.input(2)?.clone());
    let Data::Truth(truths) = &mask.data else { return Err("chooses by what are not truth values".into()) };
    let dims = fitted(given, &first, &second)?;
    let dims = broadcast(&mask.dims, &dims).ok_or("its mask does not fit")?;
    given.room(&dims)?;
    let all = places(&mask.dims, &dims).zip(places(&first.dims, &dims).zip(places(&second.dims, &dims)));
    Ok(vec![match (&first.data, &second.data) {
        (Data::Whole(a), Data::Whole(b)) => {
            let values = all.map(|(mask, (first, second))| if truths[mask] { a[first] } else { b[second] }).collect();
            Tensor::wholes(dims, values)
        }
        (Data::Truth(a), Data::Truth(b)) => {
            let values: Vec<bool> = all.map(|(mask, (first, second))| if truths[mask] { a[first] } else { b[second] }).collect();
            Tensor::computed(dims, Data::Truth(values.into()))
        }
        _ => {
            let (a, b) = (first.to_floats(), second.to_floats());
            let values = all.map(|(mask, (first, second))| if truths[mask] { a[first] } else { b[second] }).collect();
            Tensor::floats(dims, values)
        }
    }])
}
