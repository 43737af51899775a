//! The shape that each operator computes of its inputs', or what is wrong with them.

use super::shape::{AXES, count};
use super::{Operator, Shape};

impl Operator {
    /// The shape of what it computes of inputs of these shapes.
    ///
    /// # Errors
    /// What is wrong with the inputs, or with the operator's own numbers.
    pub fn infer(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let shape = self.fit(inputs)?;
        if shape.axes().contains(&0) {
            return Err(format!("would compute {shape}, which holds nothing"));
        }
        count(&shape.axes())?;
        Ok(shape)
    }

    fn fit(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let one = || match inputs {
            [shape] => Ok(*shape),
            _ => Err(format!("takes one input, was given {}", inputs.len())),
        };
        match self {
            Self::Input => Err("the input is node 0 and has no inputs of its own".into()),
            Self::Parameter { axes } => source(inputs, axes),
            Self::Constant { axes, values } => constant(inputs, axes, values),
            Self::Conv2d(conv) => conv.shape(one()?),
            Self::AvgPool(pool) | Self::MaxPool(pool) => pool.shape(one()?),
            Self::BatchNorm { epsilon, .. } => positive(*epsilon).and_then(|()| one()),
            Self::LayerNorm { axis, epsilon, .. } | Self::RmsNorm { axis, epsilon, .. } => {
                positive(*epsilon)?;
                there(*axis)?;
                one()
            }
            Self::GroupNorm { groups, epsilon, .. } => {
                positive(*epsilon)?;
                let shape = one()?;
                if *groups == 0 || !shape.channels.is_multiple_of(*groups) {
                    return Err(format!("{} channels do not split into {groups} groups", shape.channels));
                }
                Ok(shape)
            }
            Self::Relu => one(),
            Self::Activation(activation) => activation.check().and_then(|()| one()),
            Self::GlobalAvgPool => Ok(Shape::vector(one()?.channels)),
            Self::Mean { axes } => mean(one()?, axes),
            Self::Linear { out_features, axis, .. } => linear(one()?, *out_features, *axis),
            Self::Embedding { count: vectors, features, axis } => embedding(one()?, *vectors, *features, *axis),
            Self::WeightedSum { weights } => sum(inputs, weights),
            Self::Product => broadcast(inputs, ["multiply", "by"], "multiplies nothing: it has no input"),
            Self::MatMul { axis } => mat_mul(inputs, *axis),
            Self::Softmax { axis } => there(*axis).and_then(|()| one()),
            Self::Concat { axis } => concat(inputs, *axis),
            Self::Slice { axis, start, end, step } => slice(one()?, *axis, [*start, *end, *step]),
            Self::Gather { axis, indices } => gather(one()?, *axis, indices),
            Self::Pad { amounts } => pad(one()?, amounts),
            Self::Transpose { order } => transpose(one()?, order),
            Self::Reshape { axes } => reshape(one()?, axes),
            Self::Shift { offset } => {
                let shape = one()?;
                if *offset >= shape.height.min(shape.width) {
                    return Err(format!("a shift by {offset} moves all of {shape} out of sight"));
                }
                Ok(shape)
            }
            Self::Truncate { channels } => {
                let shape = one()?;
                if !(1..=shape.channels).contains(channels) {
                    return Err(format!("cannot keep {channels} of {} channels", shape.channels));
                }
                Ok(shape.with_axis(0, *channels))
            }
            Self::Zero { stride } => {
                let shape = one()?;
                if *stride == 0 {
                    return Err("stride must be at least 1".into());
                }
                Ok(shape.with_axis(1, shape.height.div_ceil(*stride)).with_axis(2, shape.width.div_ceil(*stride)))
            }
        }
    }
}

fn source(inputs: &[Shape], axes: &[usize]) -> Result<Shape, String> {
    if !inputs.is_empty() {
        return Err(format!("takes no input, was given {}", inputs.len()));
    }
    of_axes(axes)
}

fn constant(inputs: &[Shape], axes: &[usize], values: &[f32]) -> Result<Shape, String> {
    let shape = source(inputs, axes)?;
    count(&shape.axes())?;
    if shape.elements() != values.len() {
        return Err(format!("has {} numbers for {shape}", values.len()));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(format!("its numbers must be finite, one is {value}")),
        None => Ok(shape),
    }
}

fn of_axes(axes: &[usize]) -> Result<Shape, String> {
    Shape::of_axes(axes).ok_or_else(|| format!("has {} axes; a value of one image has at most {AXES}", axes.len()))
}

fn there(axis: usize) -> Result<(), String> {
    if axis < AXES { Ok(()) } else { Err(format!("has no axis {axis}: a value of one image has {AXES}, counted from 0")) }
}

fn positive(epsilon: f64) -> Result<(), String> {
    if epsilon.is_finite() && epsilon >= 0.0 { Ok(()) } else { Err(format!("epsilon must be a non-negative number, is {epsilon}")) }
}

fn mean(shape: Shape, axes: &[usize]) -> Result<Shape, String> {
    if axes.is_empty() || !axes.is_sorted_by(|a, b| a < b) {
        return Err(format!("averages over axes {axes:?}, which must be some, ascending"));
    }
    axes.iter().try_fold(shape, |shape, axis| there(*axis).map(|()| shape.with_axis(*axis, 1)))
}

fn linear(shape: Shape, out_features: usize, axis: usize) -> Result<Shape, String> {
    there(axis)?;
    if out_features == 0 {
        return Err("has no output features".into());
    }
    if shape.axes()[axis + 1..].iter().any(|extent| *extent != 1) {
        return Err(match axis {
            0 => format!("takes a vector, was given {shape}; pool it first"),
            _ => format!("takes features along axis {axis}, after which {shape} has others; transpose it first"),
        });
    }
    count(&[out_features, shape.axis(axis)])?;
    Ok(shape.with_axis(axis, out_features))
}

fn embedding(shape: Shape, vectors: usize, features: usize, axis: usize) -> Result<Shape, String> {
    there(axis)?;
    if vectors == 0 || features == 0 {
        return Err("has no vectors".into());
    }
    if shape.axes()[axis..].iter().any(|extent| *extent != 1) {
        return Err(format!("adds axis {axis}, which {shape} has"));
    }
    count(&[vectors, features])?;
    Ok(shape.with_axis(axis, features))
}

fn sum(inputs: &[Shape], weights: &[f32]) -> Result<Shape, String> {
    if weights.len() != inputs.len() {
        return Err(format!("has {} weights for {} inputs", weights.len(), inputs.len()));
    }
    if let Some(weight) = weights.iter().find(|weight| !weight.is_finite()) {
        return Err(format!("a weight must be a number in 32 bits, is {weight}"));
    }
    broadcast(inputs, ["add", "to"], "sums nothing: it has no input")
}

fn broadcast(inputs: &[Shape], [what, with]: [&str; 2], nothing: &str) -> Result<Shape, String> {
    let (first, rest) = inputs.split_first().ok_or(nothing)?;
    rest.iter().try_fold(*first, |all, shape| all.broadcast(shape).ok_or_else(|| format!("cannot {what} {shape} {with} {all}")))
}

fn mat_mul(inputs: &[Shape], axis: usize) -> Result<Shape, String> {
    let [left, right] = inputs else { return Err(format!("takes two inputs, was given {}", inputs.len())) };
    there(axis + 1)?;
    let rest = |shape: &Shape| shape.axes()[axis + 2..].iter().any(|extent| *extent != 1);
    if rest(left) || rest(right) {
        return Err(format!("takes matrices in axes {axis} and {}, was given {left} and {right}", axis + 1));
    }
    if left.axis(axis + 1) != right.axis(axis) {
        return Err(format!("cannot multiply matrices of {} columns by matrices of {} rows", left.axis(axis + 1), right.axis(axis)));
    }
    let places = |shape: &Shape| shape.with_axis(axis, 1).with_axis(axis + 1, 1);
    let places = places(left).broadcast(&places(right)).ok_or_else(|| format!("cannot multiply the matrices of {left} and {right}"))?;
    Ok(places.with_axis(axis, left.axis(axis)).with_axis(axis + 1, right.axis(axis + 1)))
}

fn concat(inputs: &[Shape], axis: usize) -> Result<Shape, String> {
    there(axis)?;
    let first = *inputs.first().ok_or("joins nothing: it has no input")?;
    match inputs.iter().find(|shape| shape.with_axis(axis, 1) != first.with_axis(axis, 1)) {
        Some(other) if axis == 0 => Err(format!("cannot join {other} with {first}: the maps differ in size")),
        Some(other) => Err(format!("cannot join {other} with {first} along axis {axis}")),
        // A node may be joined with itself, again and again.
        None => Ok(first.with_axis(axis, inputs.iter().map(|shape| shape.axis(axis)).fold(0, usize::saturating_add))),
    }
}

fn slice(shape: Shape, axis: usize, [start, end, step]: [usize; 3]) -> Result<Shape, String> {
    there(axis)?;
    let extent = shape.axis(axis);
    if step == 0 || start >= end || end > extent {
        return Err(format!("cannot keep {start} to before {end} by steps of {step} of the {extent} along axis {axis}"));
    }
    Ok(shape.with_axis(axis, (end - start).div_ceil(step)))
}

fn gather(shape: Shape, axis: usize, indices: &[usize]) -> Result<Shape, String> {
    there(axis)?;
    let extent = shape.axis(axis);
    match indices.iter().find(|index| **index >= extent) {
        Some(index) => Err(format!("cannot take number {index} of the {extent} along axis {axis}, which are counted from 0")),
        None => Ok(shape.with_axis(axis, indices.len())),
    }
}

fn pad(shape: Shape, amounts: &[[usize; 2]]) -> Result<Shape, String> {
    let mut padded = shape;
    for (axis, [before, after]) in amounts.iter().enumerate() {
        there(axis)?;
        padded = padded.with_axis(axis, shape.axis(axis).saturating_add(*before).saturating_add(*after));
    }
    Ok(padded)
}

fn transpose(shape: Shape, order: &[usize]) -> Result<Shape, String> {
    let mut named = order.to_vec();
    named.sort_unstable();
    if order.len() > AXES || named.iter().copied().ne(0..order.len()) {
        return Err(format!("{order:?} is not an order of the first {} axes", order.len()));
    }
    Ok(order.iter().enumerate().fold(shape, |to, (axis, from)| to.with_axis(axis, shape.axis(*from))))
}

fn reshape(shape: Shape, axes: &[usize]) -> Result<Shape, String> {
    let to = of_axes(axes)?;
    count(&to.axes())?;
    if to.elements() == shape.elements() { Ok(to) } else { Err(format!("cannot lay out the elements of {shape} as {to}")) }
}
