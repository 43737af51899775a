//! The correlation of a gradient with an input, group by group: what weight gradients are sums of.

use std::ops::Range;

use assay_core::graph::Conv2d;
use assay_kernels::{Element, Kernels, Sums, WeightGradient};

use crate::activations::Tile;
use crate::geometry::{Reach, forward_taps};

/// Adds some rows of a tile to the correlation sums of a convolution, `[output channels][taps]`.
///
/// Taps that read nothing but zeros get none: where numbers are added up at once, they are left out.
pub(super) fn correlate<E: Element>(
    kernels: &Kernels<E>,
    conv: &Conv2d,
    gradient: Tile<'_, E>,
    input: Tile<'_, E>,
    rows: Range<usize>,
    sums: Sums<'_, E>,
) {
    let reach = Reach::of(conv, [input.1.height, input.1.width]);
    match sums {
        Sums::Totals(totals, lanes, order) if reach != Reach::whole(conv) => {
            within(conv, input.1.channels, &reach, totals, |own| {
                add(kernels, conv, gradient, input, rows, &reach, Sums::Totals(own, lanes, order))
            });
        }
        sums => add(kernels, conv, gradient, input, rows, &Reach::whole(conv), sums),
    }
}

/// Has `work` add to the totals of the taps within reach alone.
fn within(conv: &Conv2d, channels: usize, reach: &Reach, totals: &mut [f64], work: impl FnOnce(&mut [f64])) {
    let channels = channels / conv.groups;
    let places = reach.places(conv, channels);
    let mut own = Vec::with_capacity(conv.out_channels * places.len());
    for totals in totals.chunks(channels * conv.kernel.area()).take(conv.out_channels) {
        own.extend(places.iter().map(|place| totals[*place]));
    }
    work(&mut own);
    for (totals, own) in totals.chunks_mut(channels * conv.kernel.area()).zip(own.chunks(places.len().max(1))) {
        for (place, own) in places.iter().zip(own) {
            totals[*place] = *own;
        }
    }
}

/// Adds to the sums of the taps within reach.
fn add<E: Element>(
    kernels: &Kernels<E>,
    conv: &Conv2d,
    gradient: Tile<'_, E>,
    input: Tile<'_, E>,
    rows: Range<usize>,
    reach: &Reach,
    mut sums: Sums<'_, E>,
) {
    let outputs = conv.out_channels / conv.groups;
    let taps = input.1.channels / conv.groups * reach.taps();
    let row_step = conv.stride.rows * input.1.row_step();
    for group in 0..conv.groups {
        let forward = forward_taps(conv, &input.1, group, reach);
        let first = group * outputs * taps;
        let sums = match &mut sums {
            Sums::Lanes(sums) => Sums::Lanes(&mut sums[first * kernels.lanes()..]),
            Sums::Totals(totals, lanes, order) => Sums::Totals(&mut totals[first..], *lanes, *order),
        };
        kernels.weight_gradient(WeightGradient {
            gradient: gradient.0,
            gradient_origin: gradient.1.at(group * outputs, rows.start, 0),
            gradient_channel_step: gradient.1.channel_step(),
            gradient_row_step: gradient.1.row_step(),
            channels: outputs,
            rows: rows.len(),
            columns: gradient.1.width,
            input: input.0,
            input_origin: forward.origin + (rows.start * row_step + reach.columns.start * conv.dilation.columns) as isize,
            input_row_step: row_step,
            input_column_step: conv.stride.columns,
            offsets: &forward.rows,
            taps: reach.columns.len(),
            tap_step: conv.dilation.columns,
            sums,
        });
    }
}
