//! Products of matrices: a linear layer where one of them is known, else a product of two values.

use assay_core::graph::Operator;

use super::align::rank;
use super::elementwise::one;
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::Axis;
use crate::tensor::{Data, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

pub(super) fn mat_mul(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (left, right) = (call.input(0)?.clone(), call.input(1)?.clone());
    match (&left, &right) {
        (Value::Live(live), Value::Known(weight)) if weight.dims.len() == 2 && is_float(weight) => {
            one(linear(reader, call, live, &weight.turned(), None)?)
        }
        // A layer along the last axis but one, as a mixer of tokens.
        (Value::Known(weight), Value::Live(live)) if weight.dims.len() == 2 && is_float(weight) && live.layout.rank() >= 2 => {
            let last = live.layout.rank() - 1;
            let turned = swapped(reader, call, live, last - 1, last)?;
            let mixed = linear(reader, call, &turned, weight, None)?;
            one(swapped(reader, call, &mixed, last - 1, last)?)
        }
        _ => one(matrices(reader, call, &left, &right)?),
    }
}

fn is_float(tensor: &Tensor) -> bool {
    matches!(tensor.data, Data::Float(_))
}

/// A linear layer along the last axis; the weight is `[out, in]`.
pub(super) fn linear(
    reader: &mut Lowering<'_>,
    call: &Call<'_>,
    live: &Live,
    weight: &Tensor,
    bias: Option<Tensor>,
) -> Result<Live, Problem> {
    let last = live.layout.rank().checked_sub(1).ok_or_else(|| call.wrong("multiplies a single number"))?;
    let axis = live.layout.own(last).map_err(|problem| call.wrong(problem))?;
    let features = live.layout.dims(reader.batch)[last];
    let [out_features, own] = [weight.dims[0], weight.dims[1]];
    if own != features {
        return Err(call.wrong(format!("its weight takes {own} features, and it is given {features}")));
    }
    let operator = Operator::Linear { out_features, bias: bias.is_some(), axis };
    let id = reader.draft.add_layer(operator, live.id, Some(weight.clone()), bias, &call.name()).map_err(|problem| call.wrong(problem))?;
    let mut layout = live.layout.clone();
    layout.0[last] = Axis::of(out_features);
    Ok(Live { id, layout, is_whole: false })
}

/// Two axes of the file in each other's place.
pub(super) fn swapped(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live, first: usize, second: usize) -> Result<Live, Problem> {
    let mut order: Vec<usize> = (0..live.layout.rank()).collect();
    order.swap(first, second);
    super::resize::reordered(reader, call, live, &order)
}

/// The product of the matrices in the last two axes of two values.
pub(super) fn matrices(reader: &mut Lowering<'_>, call: &Call<'_>, left: &Value, right: &Value) -> Result<Live, Problem> {
    let (left_rank, right_rank) = (rank(left), rank(right));
    if left_rank < 2 || right_rank < 2 {
        return Err(call.wrong("multiplies vectors; give them as matrices of one row or column"));
    }
    // Rows that hold the batch are places of their own: each image multiplies its rows by the same matrix.
    if let (Value::Live(rows), 2) = (left, right_rank)
        && rows.layout.0[left_rank - 2].has_batch()
    {
        return rows_of_batch(reader, call, rows, right);
    }
    for value in [left, right] {
        if let Value::Live(live) = value {
            for axis in live.layout.rank() - 2..live.layout.rank() {
                live.layout.own(axis).map_err(|problem| call.wrong(problem))?;
            }
        }
    }
    let places = reader.common(call, &[left.clone(), right.clone()], left_rank.max(right_rank) - 2, 2)?;
    let left = reader.fitted(call, left, &places, 2)?;
    let right = reader.fitted(call, right, &places, 2)?;
    let axis = places.image().len();
    let id = reader.draft.add(Operator::MatMul { axis }, &[left.id, right.id], &call.name()).map_err(|problem| call.wrong(problem))?;
    let mut layout = places;
    layout.0.push(left.layout.0[left.layout.rank() - 2]);
    layout.0.push(right.layout.0[right.layout.rank() - 1]);
    Ok(Live { id, layout, is_whole: false })
}

fn rows_of_batch(reader: &mut Lowering<'_>, call: &Call<'_>, rows: &Live, right: &Value) -> Result<Live, Problem> {
    let last = rows.layout.rank() - 1;
    rows.layout.own(last).map_err(|problem| call.wrong(problem))?;
    if matches!(right, Value::Live(live) if live.layout.batch().is_some()) {
        return Err(call.wrong("multiplies rows of all images by a matrix of theirs: what it makes of an image would depend on the others"));
    }
    let image = rows.layout.image();
    let (features, outer) = image.split_last().ok_or_else(|| call.wrong("multiplies a single number"))?;
    let count: usize = outer.iter().product();
    let right = match right {
        Value::Live(live) => live.clone(),
        Value::Known(tensor) => reader.held(call, tensor.clone())?,
    };
    let columns = reader.shape(&right).axis(1);
    let name = call.name();
    let wrong = |problem| call.wrong(problem);
    let flat = reader.draft.reshape(rows.id, &[count, *features], &name).map_err(wrong)?;
    let product = reader.draft.add(Operator::MatMul { axis: 0 }, &[flat, right.id], &name).map_err(wrong)?;
    let id = reader.draft.reshape(product, &[outer, &[columns]].concat(), &name).map_err(wrong)?;
    let mut layout = rows.layout.clone();
    layout.0[last] = Axis::of(columns);
    Ok(Live { id, layout, is_whole: false })
}

/// α · A · B + β · C.
pub(super) fn gemm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (alpha, beta) = (call.step.float("alpha", 1.0), call.step.float("beta", 1.0));
    let mut left = reader.live(call, 0)?;
    if left.layout.rank() != 2 || rank(call.input(1)?) != 2 {
        return Err(call.wrong(format!("multiplies {:?}, which is not a matrix", left.layout.dims(reader.batch))));
    }
    if call.step.int("transA", 0) != 0 {
        left = swapped(reader, call, &left, 0, 1)?;
    }
    let is_transposed = call.step.int("transB", 0) != 0;
    let mut product = match call.input(1)?.clone() {
        Value::Known(weight) if is_float(&weight) => {
            let weight = if is_transposed { weight } else { weight.turned() };
            let weight = if alpha == 1.0 { weight } else { scaled(&weight, alpha) };
            linear(reader, call, &left, &weight, None)?
        }
        other => {
            let right = match other {
                Value::Live(live) => live,
                Value::Known(tensor) => reader.held(call, tensor)?,
            };
            let right = if is_transposed { swapped(reader, call, &right, 0, 1)? } else { right };
            let product = matrices(reader, call, &Value::Live(left), &Value::Live(right))?;
            let id = reader.draft.affine(product.id, f64::from(alpha), 0.0, &call.name());
            Live { id, ..product }
        }
    };
    let bias = match call.optional(2) {
        None => return one(product),
        Some(Value::Known(tensor)) if beta != 1.0 => Value::Known(scaled(tensor, beta)),
        Some(Value::Live(live)) if beta != 1.0 => {
            let id = reader.draft.affine(live.id, f64::from(beta), 0.0, &call.name());
            Value::Live(Live { id, ..live.clone() })
        }
        Some(value) => value.clone(),
    };
    let (lives, layout) = reader.aligned(call, &[Value::Live(product.clone()), bias])?;
    if layout != product.layout {
        return Err(call.wrong("adds what is of more axes than the product"));
    }
    let id = reader.draft.sum(&[(1.0, lives[0].id), (1.0, lives[1].id)], &call.name()).map_err(|problem| call.wrong(problem))?;
    product.id = id;
    one(product)
}

fn scaled(tensor: &Tensor, by: f32) -> Tensor {
    Tensor::floats(tensor.dims.clone(), tensor.to_floats().iter().map(|value| value * by).collect()).from(tensor.origin.clone())
}

/// The matrices in the last two axes, turned.
pub(super) fn turned(reader: &mut Lowering<'_>, call: &Call<'_>, live: &Live) -> Result<Live, Problem> {
    let last = live.layout.rank() - 1;
    swapped(reader, call, live, last - 1, last)
}
