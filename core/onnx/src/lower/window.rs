//! Convolutions and pools.

use assay_core::graph::{Conv2d, Extent, Operator, Pool, Sides};

use super::elementwise::one;
use super::{Call, Live, Lowering, Value};
use crate::Problem;
use crate::layout::{Axis, Layout};
use crate::tensor::{Origin, Tensor};

type Outcome = Result<Vec<Value>, Problem>;

/// A window along rows and columns; one along a sequence has columns of extent 1.
struct Window {
    kernel: Extent,
    stride: Extent,
    dilation: Extent,
    padding: Sides,
}

/// The value, which must be a batch of channels × one or two axes, and how many there are.
fn maps(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<(Live, usize), Problem> {
    let live = reader.live(call, 0)?;
    let rank = live.layout.rank();
    if live.layout.0.first() != Some(&Axis::BATCH) || !(3..=4).contains(&rank) {
        let dims = live.layout.dims(reader.batch);
        let problem = match rank {
            5 => format!("moves a window over {dims:?}; three dimensions are not supported"),
            _ => format!("moves a window over {dims:?}, which is not a batch of channels × rows × columns"),
        };
        return Err(call.wrong(problem));
    }
    Ok((live, rank - 2))
}

/// Two numbers of a list with one for each axis that the window moves along; `otherwise` where the node does not have it.
fn pair(call: &Call<'_>, name: &str, along: usize, otherwise: usize) -> Result<Extent, Problem> {
    let Some(list) = call.step.counts(name)? else {
        return Ok(if along == 1 { Extent::from([otherwise, 1]) } else { Extent::square(otherwise) });
    };
    match (list.as_slice(), along) {
        ([rows], 1) => Ok(Extent::from([*rows, 1])),
        ([rows, columns], 2) => Ok(Extent::from([*rows, *columns])),
        _ => Err(call.wrong(format!("its `{name}` is {list:?} for a window along {along} axes"))),
    }
}

fn window(reader: &Lowering<'_>, call: &Call<'_>, live: &Live, along: usize, kernel: Extent) -> Result<Window, Problem> {
    let (stride, dilation) = (pair(call, "strides", along, 1)?, pair(call, "dilations", along, 1)?);
    let dilation = if along == 1 { Extent::from([dilation.rows, 1]) } else { dilation };
    let stride = if along == 1 { Extent::from([stride.rows, 1]) } else { stride };
    if [kernel, stride, dilation].iter().any(|extent| extent.both().contains(&0)) {
        return Err(call.wrong("its kernel, strides and dilations must be at least 1"));
    }
    let shape = reader.shape(live);
    let sizes = [shape.height, shape.width];
    let padding = match call.step.text("auto_pad", "NOTSET").as_str() {
        "NOTSET" | "" => match (call.step.counts("pads")?.unwrap_or_default().as_slice(), along) {
            ([], _) => Sides::all(0),
            ([top, bottom], 1) => Sides { top: *top, left: 0, bottom: *bottom, right: 0 },
            ([top, left, bottom, right], 2) => Sides { top: *top, left: *left, bottom: *bottom, right: *right },
            (other, _) => return Err(call.wrong(format!("its `pads` are {other:?} for a window along {along} axes"))),
        },
        "VALID" => Sides::all(0),
        same @ ("SAME_UPPER" | "SAME_LOWER") => {
            let mut pairs = [[0; 2]; 2];
            for (axis, pair) in pairs.iter_mut().enumerate() {
                let (kernel, stride, dilation) = (kernel.both()[axis], stride.both()[axis], dilation.both()[axis]);
                let reach = (kernel - 1).saturating_mul(dilation).saturating_add(1);
                let last = (sizes[axis].div_ceil(stride) - 1).saturating_mul(stride);
                let all = last.saturating_add(reach).saturating_sub(sizes[axis]);
                let less = all / 2;
                *pair = if same == "SAME_UPPER" { [less, all - less] } else { [all - less, less] };
            }
            Sides { top: pairs[0][0], left: pairs[1][0], bottom: pairs[0][1], right: pairs[1][1] }
        }
        other => return Err(call.wrong(format!("its `auto_pad` is `{other}`; known: NOTSET, VALID, SAME_UPPER, SAME_LOWER"))),
    };
    Ok(Window { kernel, stride, dilation, padding })
}

pub(super) fn conv(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, along) = maps(reader, call)?;
    let weight = call.known(1)?.ok_or_else(|| call.wrong("has no weight"))?;
    let kernel = match (weight.dims.as_slice(), along) {
        ([_, _, rows], 1) => Extent::from([*rows, 1]),
        ([_, _, rows, columns], 2) => Extent::from([*rows, *columns]),
        (dims, _) => return Err(call.wrong(format!("its weight is of {dims:?} for a window along {along} axes"))),
    };
    if call.step.has("kernel_shape") && pair(call, "kernel_shape", along, 1)? != kernel {
        return Err(call.wrong(format!("its `kernel_shape` is not that of its weight, {:?}", weight.dims)));
    }
    let Window { kernel, stride, dilation, padding } = window(reader, call, &live, along, kernel)?;
    let groups = usize::try_from(call.step.int("group", 1)).unwrap_or(0);
    let (out_channels, own, channels) = (weight.dims[0], weight.dims[1], reader.shape(&live).channels);
    if own.checked_mul(groups) != Some(channels) {
        return Err(call.wrong(format!(
            "its weight of {:?} in {groups} groups takes {} channels, and it is given {channels}",
            weight.dims,
            own.saturating_mul(groups)
        )));
    }
    // Zeros that an exporter made up are not a bias.
    let is_made_up = |bias: &&Tensor| bias.origin == Origin::Computed && bias.to_floats().iter().all(|value| *value == 0.0);
    let bias = call.known(2)?.filter(|bias| bias.dims != [out_channels] || !is_made_up(bias)).cloned();
    if let Some(bias) = &bias
        && bias.dims != [out_channels]
    {
        return Err(call.wrong(format!("its bias is of {:?} for {out_channels} channels", bias.dims)));
    }
    let conv = Conv2d { out_channels, kernel, stride, padding, dilation, groups, bias: bias.is_some() };
    let id = reader.draft.add_layer(Operator::Conv2d(conv), live.id, Some(weight.clone()), bias, &call.name());
    one(moved(reader, call, id, along)?)
}

/// The maps that a window computes.
fn moved(reader: &Lowering<'_>, call: &Call<'_>, id: Result<usize, String>, along: usize) -> Result<Live, Problem> {
    let id = id.map_err(|problem| call.wrong(problem))?;
    let shape = reader.draft.shape(id);
    let axes = [shape.channels, shape.height, shape.width];
    Ok(Live { id, layout: Layout::of_image(&axes[..=along]), is_whole: false })
}

fn pool(reader: &mut Lowering<'_>, call: &Call<'_>) -> Result<(Live, usize, Pool), Problem> {
    let (live, along) = maps(reader, call)?;
    if !call.step.has("kernel_shape") {
        return Err(call.wrong("has no `kernel_shape`"));
    }
    let kernel = pair(call, "kernel_shape", along, 1)?;
    let Window { kernel, stride, dilation, padding } = window(reader, call, &live, along, kernel)?;
    if dilation.both() != [1, 1] {
        return Err(call.wrong(format!("its windows have dilation {dilation}, which is not supported")));
    }
    let (counts_padding, ceil) = (call.step.int("count_include_pad", 0) == 1, call.step.int("ceil_mode", 0) == 1);
    // Where there is no padding it does not matter whether it counts.
    let counts_padding = counts_padding && padding != Sides::all(0);
    let pool = Pool { kernel, stride, padding, counts_padding, ceil };
    // Where no window reaches beyond, rounding up changes nothing.
    let plain = Operator::MaxPool(Pool { ceil: false, ..pool }).infer(&[reader.shape(&live)]);
    let ceil = ceil && Operator::MaxPool(pool).infer(&[reader.shape(&live)]) != plain;
    Ok((live, along, Pool { ceil, ..pool }))
}

pub(super) fn average_pool(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, along, pool) = pool(reader, call)?;
    let id = reader.draft.add(Operator::AvgPool(pool), &[live.id], &call.name());
    one(moved(reader, call, id, along)?)
}

pub(super) fn max_pool(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, along, pool) = pool(reader, call)?;
    let id = reader.draft.add(Operator::MaxPool(Pool { counts_padding: false, ..pool }), &[live.id], &call.name());
    one(moved(reader, call, id, along)?)
}

pub(super) fn global_average_pool(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, along) = maps(reader, call)?;
    let id = reader.draft.mean(live.id, vec![1, 2], &call.name());
    one(moved(reader, call, id, along)?)
}

/// A maximum over a window as large as the map.
pub(super) fn global_max_pool(reader: &mut Lowering<'_>, call: &Call<'_>) -> Outcome {
    let (live, along) = maps(reader, call)?;
    let shape = reader.shape(&live);
    let kernel = Extent::from([shape.height, shape.width]);
    let pool = Pool { kernel, stride: Extent::square(1), padding: Sides::all(0), counts_padding: false, ceil: false };
    let id = reader.draft.add(Operator::MaxPool(pool), &[live.id], &call.name());
    one(moved(reader, call, id, along)?)
}
