//! Normalisations that are operators of their own.

use assay_core::graph::Operator;
use assay_core::network::RunningMoments;

use super::elementwise::one;
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::Tensor;

type Outcome = Result<Vec<Value>, Problem>;

/// The value, whose first axis must be the batch and whose second are the channels.
fn channels(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<(Live, usize), Problem> {
    let live = reader.live(call, 0)?;
    let dims = live.layout.dims(reader.batch);
    if live.layout.0.first() != Some(&Axis::BATCH) || dims.len() < 2 {
        return Err(call.wrong(format!("normalises {dims:?}, which is not a batch of channels")));
    }
    Ok((live, dims[1]))
}

/// A known input with one number a channel.
fn a_channel(call: &Call<'_>, place: usize, what: &str, channels: usize) -> Result<Tensor, Problem> {
    let tensor = call.known(place)?.ok_or_else(|| call.wrong(format!("has no {what}")))?;
    if tensor.len() != channels {
        return Err(call.wrong(format!("its {what} is of {:?} for {channels} channels", tensor.dims)));
    }
    Ok(tensor.clone())
}

/// Whether scale and offset change nothing and were not learned.
fn is_plain(scale: &Tensor, offset: &Tensor) -> bool {
    let all = |tensor: &Tensor, value: f32| tensor.origin.parameter().is_none() && tensor.to_floats().iter().all(|own| *own == value);
    all(scale, 1.0) && all(offset, 0.0)
}

pub(super) fn batch_norm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, count) = match of_rows(reader, call)? {
        Some(rows) => rows,
        None => channels(reader, call)?,
    };
    let (scale, offset) = (a_channel(call, 1, "scale", count)?, a_channel(call, 2, "offset", count)?);
    let moments = moments(call, count)?;
    let affine = !is_plain(&scale, &offset);
    let operator = Operator::BatchNorm { affine, epsilon: call.step.epsilon(1e-5) };
    let (scale, offset) = if affine { (Some(scale), Some(offset)) } else { (None, None) };
    let id = reader.draft.add_layer(operator, live.id, scale, offset, &call.name()).map_err(|problem| call.wrong(problem))?;
    reader.draft.nodes[id].moments = moments;
    let given = reader.live(call, 0)?;
    if live.layout == given.layout {
        return one(Live { id, ..live });
    }
    let id = reader.draft.transpose(id, &[1, 0], &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..given })
}

/// A matrix with several rows an image, as tokens that were joined with the batch: each column is a channel, whose places are the
/// image's rows. None where the value is anything else.
fn of_rows(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<Option<(Live, usize)>, Problem> {
    let live = reader.live(call, 0)?;
    let image = live.layout.image();
    let ([rows, columns], [first, second]) = (image.as_slice(), live.layout.0.as_slice()) else { return Ok(None) };
    if !first.has_batch() || second.has_batch() {
        return Ok(None);
    }
    let id = reader.draft.transpose(live.id, &[1, 0], &call.name()).map_err(|problem| call.wrong(problem))?;
    Ok(Some((Live { id, layout: Layout::of_image(&[*columns, *rows]), is_whole: false }, *columns)))
}

/// The running statistics of a batch normalisation. None where both are left out: it is then by the batch's own whatever the mode, as
/// PyTorch's without `track_running_stats`.
fn moments(call: &Call<'_>, count: usize) -> Result<Option<RunningMoments>, Problem> {
    if call.optional(3).is_none() && call.optional(4).is_none() {
        return Ok(None);
    }
    let (mean, variance) = (a_channel(call, 3, "running mean", count)?, a_channel(call, 4, "running variance", count)?);
    for tensor in [&mean, &variance] {
        tensor.check_finite(tensor.origin.name().unwrap_or("running statistics"))?;
    }
    if let Some(negative) = variance.to_floats().iter().find(|value| **value < 0.0) {
        return Err(call.wrong(format!("its running variance has a {negative}; a variance is not negative")));
    }
    Ok(Some(RunningMoments { mean: mean.to_floats().to_vec(), variance: variance.to_floats().to_vec() }))
}

fn in_groups(reader: &mut Lowering<'_>, call: &Call<'_>, live: Live, groups: usize, scale: Tensor, offset: Tensor) -> Outcome {
    let affine = !is_plain(&scale, &offset);
    let operator = Operator::GroupNorm { groups, affine, epsilon: call.step.epsilon(1e-5) };
    let (scale, offset) = if affine { (Some(scale), Some(offset)) } else { (None, None) };
    let id = reader.draft.add_layer(operator, live.id, scale, offset, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..live })
}

pub(super) fn instance_norm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, count) = channels(reader, call)?;
    let (scale, offset) = (a_channel(call, 1, "scale", count)?, a_channel(call, 2, "offset", count)?);
    in_groups(reader, call, live, count, scale, offset)
}

/// Up to operator set 20 scale and offset have a number a group, since then one a channel.
pub(super) fn group_norm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, count) = channels(reader, call)?;
    let groups = usize::try_from(call.step.int("num_groups", 0)).unwrap_or(0);
    if groups == 0 || !count.is_multiple_of(groups) {
        return Err(call.wrong(format!("{count} channels do not split into {groups} groups")));
    }
    let own = |place, what| -> Result<Tensor, Problem> {
        if call.step.opset >= 21 {
            return a_channel(call, place, what, count);
        }
        let of_groups = a_channel(call, place, what, groups)?;
        let spread = of_groups.pick(vec![count], (0..count).map(|channel| channel / (count / groups)));
        Ok(if groups == count { of_groups } else { spread })
    };
    let (scale, offset) = (own(1, "scale")?, own(2, "offset")?);
    in_groups(reader, call, live, groups, scale, offset)
}

/// The axis of an image from which on it is normalised, and how many numbers there are.
fn from_axis(reader: &Lowering<'_>, call: &Call<'_>, live: &Live) -> Result<(usize, usize), Problem> {
    let first = live.layout.axis(call.step.int("axis", -1)).map_err(|problem| call.wrong(problem))?;
    for axis in first..live.layout.rank() {
        live.layout.own(axis).map_err(|problem| call.wrong(problem))?;
    }
    let place = live.layout.own(first).map_err(|problem| call.wrong(problem))?;
    Ok((place, live.layout.dims(reader.batch)[first..].iter().product()))
}

fn of_elements(call: &Call<'_>, place: usize, what: &str, count: usize) -> Result<Option<Tensor>, Problem> {
    match call.known(place)? {
        Some(tensor) if tensor.len() != count => Err(call.wrong(format!("its {what} is of {:?} for {count} elements", tensor.dims))),
        other => Ok(other.cloned()),
    }
}

pub(super) fn layer_norm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let (axis, count) = from_axis(reader, call, &live)?;
    let (scale, offset) = (of_elements(call, 1, "scale", count)?, of_elements(call, 2, "offset", count)?);
    let changes = |tensor: &Tensor, value: f32| tensor.origin.parameter().is_some() || tensor.to_floats().iter().any(|own| *own != value);
    let (scale, offset) = (scale.filter(|scale| changes(scale, 1.0)), offset.filter(|offset| changes(offset, 0.0)));
    let operator = Operator::LayerNorm { axis, scale: scale.is_some(), offset: offset.is_some(), epsilon: call.step.epsilon(1e-5) };
    let id = reader.draft.add_layer(operator, live.id, scale, offset, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..live })
}

pub(super) fn rms_norm(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let live = reader.live(call, 0)?;
    let (axis, count) = from_axis(reader, call, &live)?;
    let scale = of_elements(call, 1, "scale", count)?;
    let operator = Operator::RmsNorm { axis, scale: scale.is_some(), epsilon: call.step.epsilon(1e-5) };
    let id = reader.draft.add_layer(operator, live.id, scale, None, &call.name()).map_err(|problem| call.wrong(problem))?;
    one(Live { id, ..live })
}
