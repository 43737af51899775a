//! Functions of each element, sums and products.

use assay_core::graph::{Activation, Operator};

use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::attributes::widened;
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

pub(super) fn one(live: Live) -> Outcome {
    Ok(vec![live.into()])
}

pub(super) fn same(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    one(reader.live(call, 0)?)
}

/// Only between floats: a whole number that is made of another one would be cut off.
pub(super) fn cast(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let is_to_float = match call.step.node.op_type.as_str() {
        "Cast" => [1, 10, 11, 16].contains(&call.step.int("to", 1)),
        _ => call.optional(1).is_none_or(|like| !is_whole(like)),
    };
    if !is_to_float && !live.is_whole {
        return Err(call.wrong("makes whole numbers of what the network computes, which has no gradient"));
    }
    one(Live { is_whole: !is_to_float, ..live })
}

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Known(tensor) => !matches!(tensor.data, Data::Float(_)),
        Value::Live(live) => live.is_whole,
    }
}

pub(super) fn relu(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    one(reader.keeping(call, &live, Operator::Relu)?)
}

pub(super) fn activation(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let step = &call.step;
    let activation = match step.node.op_type.as_str() {
        "Sigmoid" => Activation::Sigmoid,
        "HardSigmoid" => {
            let (slope, offset) = (step.float("alpha", 0.2), step.float("beta", 0.5));
            // Exporters write 1/6 with as many digits as they like.
            let slope = if (slope - 1.0 / 6.0).abs() < 1e-4 { 1.0 / 6.0 } else { slope };
            Activation::HardSigmoid { slope, offset }
        }
        "HardSwish" => Activation::HardSwish,
        "Gelu" => match step.text("approximate", "none").as_str() {
            "none" => Activation::Gelu,
            "tanh" => Activation::GeluTanh,
            other => return Err(call.wrong(format!("its `approximate` is `{other}`; known: none, tanh"))),
        },
        "Tanh" => Activation::Tanh,
        "LeakyRelu" => Activation::LeakyRelu { slope: step.float("alpha", 0.01) },
        "Elu" => Activation::Elu { alpha: step.float("alpha", 1.0) },
        "Softplus" => Activation::Softplus,
        "Exp" => Activation::Exp,
        "Sqrt" => Activation::Sqrt,
        "Reciprocal" => Activation::Reciprocal,
        _ => Activation::Erf,
    };
    let live = reader.live(call, 0)?;
    one(reader.keeping(call, &live, Operator::Activation(activation))?)
}

pub(super) fn swish(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let alpha = widened(call.step.float("alpha", 1.0));
    let name = call.name();
    let scaled = reader.draft.affine(live.id, alpha, 0.0, &name);
    let id = reader.draft.activation(Activation::Sigmoid, scaled, &name).and_then(|gate| reader.draft.product(live.id, gate, &name));
    one(Live { id: id.map_err(|problem| call.wrong(problem))?, ..live })
}

pub(super) fn mish(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let name = call.name();
    let gate = reader.draft.activation(Activation::Softplus, live.id, &name);
    let gate = gate.and_then(|inner| reader.draft.activation(Activation::Tanh, inner, &name));
    let id = gate.and_then(|gate| reader.draft.product(live.id, gate, &name)).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..live })
}

pub(super) fn selu(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (alpha, gamma) = (call.step.float("alpha", 1.673_263_2), call.step.float("gamma", 1.050_701));
    let live = reader.live(call, 0)?;
    let elu = reader.keeping(call, &live, Operator::Activation(Activation::Elu { alpha }))?;
    let id = reader.draft.affine(elu.id, f64::from(gamma), 0.0, &call.name());
    one(Live { id, ..elu })
}

/// A leaky ReLU, where the slope is the same everywhere.
pub(super) fn prelu(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let slopes = call.known(1)?.ok_or_else(|| call.wrong("has no slope"))?;
    let Some(slope) = uniform(slopes) else {
        return Err(call.wrong("has learned slopes, one a channel, which the graph has no operator for; use a leaky ReLU"));
    };
    let note = format!("the learned slope of `{}` is taken as a fixed {slope}", crate::error::short(call.step.name()));
    reader.notes.push(note);
    one(reader.keeping(call, &live, Operator::Activation(Activation::LeakyRelu { slope }))?)
}

fn uniform(tensor: &Tensor) -> Option<f32> {
    let values = tensor.to_floats();
    let first = *values.first()?;
    values.iter().all(|value| *value == first).then_some(first)
}

pub(super) fn clip(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let bound = |place: usize, otherwise: f32| -> Result<f32, Problem> {
        let given = call.known(place)?.map(|tensor| tensor.scalar().ok_or_else(|| call.wrong("its bounds are not one number each")));
        Ok(given.transpose()?.unwrap_or(otherwise))
    };
    let (low, high) = (bound(1, call.step.float("min", f32::MIN))?, bound(2, call.step.float("max", f32::MAX))?);
    let live = reader.live(call, 0)?;
    one(between(reader, call, &live, low.max(f32::MIN), high.min(f32::MAX))?)
}

/// max(x, 0) and what else bounds a value by a number.
pub(super) fn bounded(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let is_max = call.step.node.op_type == "Max";
    let numbers: Vec<f32> = call
        .inputs
        .iter()
        .flatten()
        .filter_map(|value| match value {
            Value::Known(tensor) => tensor.scalar(),
            Value::Live(_) => None,
        })
        .collect();
    let place = call.inputs.iter().position(|input| matches!(input, Some(Value::Live(_))));
    let (Some(place), true) = (place, numbers.len() + 1 == call.inputs.len()) else {
        return Err(call.wrong("compares two values that the network computes; only bounds of one number are read"));
    };
    let live = reader.live(call, place)?;
    let bound = if is_max { numbers.iter().copied().fold(f32::MIN, f32::max) } else { numbers.iter().copied().fold(f32::MAX, f32::min) };
    let (low, high) = if is_max { (bound, f32::MAX) } else { (f32::MIN, bound) };
    one(between(reader, call, &live, low, high)?)
}

fn between(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, low: f32, high: f32) -> Result<Live, Problem> {
    if low == f32::MIN && high == f32::MAX {
        return Ok(live.clone());
    }
    // A ReLU with a bound above.
    if low == f32::MIN
        && let Some(Operator::Relu) = reader.draft.operator(live.id)
        && high > 0.0
    {
        let input = reader.draft.nodes[live.id].inputs[0];
        let id = reader.draft.activation(Activation::Clip { low: 0.0, high }, input, &call.name());
        return Ok(Live { id: id.map_err(|problem| call.wrong(problem))?, ..live.clone() });
    }
    let operator = if low == 0.0 && high == f32::MAX { Operator::Relu } else { Operator::Activation(Activation::Clip { low, high }) };
    reader.keeping(call, live, operator)
}

pub(super) fn neg(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let id = reader.draft.affine(live.id, -1.0, 0.0, &call.name());
    one(Live { id, ..live })
}

pub(super) fn pow(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let power = call.known(1)?.and_then(uniform).ok_or_else(|| call.wrong("its power is not one number"))?;
    let live = reader.live(call, 0)?;
    let (name, x) = (call.name(), live.id);
    let draft = &mut reader.draft;
    let id = match power {
        1.0 => Ok(x),
        2.0 => draft.product(x, x, &name),
        3.0 => draft.add(Operator::Product, &[x, x, x], &name),
        4.0 => draft.product(x, x, &name).and_then(|square| draft.product(square, square, &name)),
        0.5 => draft.activation(Activation::Sqrt, x, &name),
        -1.0 => draft.activation(Activation::Reciprocal, x, &name),
        -0.5 => draft.activation(Activation::Sqrt, x, &name).and_then(|root| draft.activation(Activation::Reciprocal, root, &name)),
        other => return Err(call.wrong(format!("its power is {other}; known: 1, 2, 3, 4, ½, −½, −1"))),
    };
    one(Live { id: id.map_err(|problem| call.wrong(problem))?, ..live })
}

/// The number by which a known value scales or shifts all elements alike, if it is one and was not learned.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Known(tensor) if tensor.origin.parameter().is_none() => tensor.scalar().map(f64::from),
        _ => None,
    }
}

/// A number beside a live value: the one, the place of the other.
fn beside_number(call: &Call<'_>) -> Option<(f64, usize)> {
    let [Some(left), Some(right)] = call.inputs.as_slice() else { return None };
    // A tensor of more axes than the value would add them to it.
    match (number(left), number(right)) {
        (_, Some(right_number)) if matches!(left, Value::Live(_)) && super::align::rank(right) <= super::align::rank(left) => {
            Some((right_number, 0))
        }
        (Some(left_number), _) if matches!(right, Value::Live(_)) && super::align::rank(left) <= super::align::rank(right) => {
            Some((left_number, 1))
        }
        _ => None,
    }
}

pub(super) fn add(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    if let Some((offset, place)) = beside_number(call) {
        return affine(reader, call, place, 1.0, offset);
    }
    let factors = vec![1.0; call.inputs.len()];
    total(reader, call, &factors)
}

pub(super) fn sub(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    match beside_number(call) {
        Some((offset, 0)) => affine(reader, call, 0, 1.0, -offset),
        Some((offset, _)) => affine(reader, call, 1, -1.0, offset),
        None => total(reader, call, &[1.0, -1.0]),
    }
}

fn affine(reader: &mut Lowering<'_>, call: &Call<'_>, place: usize, scale: f64, offset: f64) -> Outcome {
    let live = reader.live(call, place)?;
    if !(scale as f32).is_finite() || !(offset as f32).is_finite() {
        return Err(call.wrong("scales or shifts a value by what is not a number"));
    }
    let id = reader.draft.affine(live.id, scale, offset, &call.name());
    one(Live { id, ..live })
}

fn total(reader: &mut Lowering<'_>, call: &Call<'_>, factors: &[f64]) -> Outcome {
    let values = all(call)?;
    let values: Vec<Value> = values.into_iter().map(finite).collect();
    let (lives, layout) = reader.aligned(call, &values)?;
    let terms: Vec<(f64, usize)> = factors.iter().copied().zip(lives.iter().map(|live| live.id)).collect();
    let id = reader.draft.sum(&terms, &call.name()).map_err(|problem| call.wrong(problem))?;
    let is_whole = lives.iter().all(|live| live.is_whole);
    one(Live { id, layout, is_whole })
}

/// −∞ in a mask as a number that e to the power of is 0 all the same. What has such is not learned, whatever its name.
pub(super) fn finite(value: Value) -> Value {
    const FAR: f32 = -1e30;
    match value {
        Value::Known(Tensor { dims, data: Data::Float(values), .. }) if values.iter().any(|value| *value < FAR) => {
            Value::Known(Tensor::floats(dims, values.iter().map(|value| if *value < FAR { FAR } else { *value }).collect()))
        }
        other => other,
    }
}

fn all(call: &Call<'_>) -> Result<Vec<Value>, Problem> {
    (0..call.inputs.len()).map(|place| call.input(place).cloned()).collect()
}

pub(super) fn mul(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    if let Some((scale, place)) = beside_number(call) {
        return affine(reader, call, place, scale, 0.0);
    }
    let (lives, layout) = reader.aligned(call, &all(call)?)?;
    let [left, right] = lives.as_slice() else { return Err(call.wrong("takes two inputs")) };
    let id = reader.draft.product(left.id, right.id, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout, is_whole: left.is_whole && right.is_whole })
}

pub(super) fn div(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    if call.inputs.iter().flatten().all(is_whole) {
        return Err(call.wrong("divides whole numbers that the network is given; only floats are divided here"));
    }
    match beside_number(call) {
        Some((0.0, 0)) => return Err(call.wrong("divides by 0")),
        Some((divisor, 0)) => return affine(reader, call, 0, 1.0 / divisor, 0.0),
        _ => {}
    }
    let name = call.name();
    let divided = beside_number(call).map(|(number, _)| number);
    let divisor = reader.live(call, 1)?;
    let inverse = reader.draft.activation(Activation::Reciprocal, divisor.id, &name).map_err(|problem| call.wrong(problem))?;
    let inverse = Live { id: inverse, is_whole: false, ..divisor };
    if let Some(number) = divided {
        let id = reader.draft.affine(inverse.id, number, 0.0, &name);
        return one(Live { id, ..inverse });
    }
    let values = [call.input(0)?.clone(), Value::Live(inverse)];
    let (lives, layout) = reader.aligned(call, &values)?;
    let id = reader.draft.product(lives[0].id, lives[1].id, &name).map_err(|problem| call.wrong(problem))?;
    one(Live { id, layout, is_whole: false })
}
