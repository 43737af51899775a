//! Sums for chosen elements of weights: a correlation of one output channel with the input at one tap.

use std::ops::Range;

use assay_core::graph::Conv2d;
use assay_kernels::{Element, Kernels, Sums, WeightGradient};

use crate::activations::Tile;
use crate::general::Dense;

/// Adds some rows of a tile to the sums of these elements of a convolution's weight, lane by lane.
pub(super) fn of_convolution<E: Element>(
    kernels: &Kernels<E>,
    conv: &Conv2d,
    (gradient, from): Tile<'_, E>,
    (input, map): Tile<'_, E>,
    rows: Range<usize>,
    elements: &[usize],
    sums: &mut [E],
) {
    let (channels, outputs) = (map.channels / conv.groups, conv.out_channels / conv.groups);
    let (area, row_step) = (conv.kernel.area(), conv.stride.rows * map.row_step());
    let border = conv.padding.top * map.row_step() + conv.padding.left;
    for (element, sums) in elements.iter().zip(sums.chunks_mut(kernels.lanes())) {
        let (output, tap) = (element / (channels * area), element % (channels * area));
        let (channel, tap) = (output / outputs * channels + tap / area, tap % area);
        let (ky, kx) = (tap / conv.kernel.columns, tap % conv.kernel.columns);
        let tap = ky * conv.dilation.rows * map.row_step() + kx * conv.dilation.columns;
        let at = map.origin(channel) + rows.start * row_step + tap;
        kernels.weight_gradient(WeightGradient {
            gradient,
            gradient_origin: from.at(output, rows.start, 0),
            gradient_channel_step: from.channel_step(),
            gradient_row_step: from.row_step(),
            channels: 1,
            rows: rows.len(),
            columns: from.width,
            input,
            input_origin: at as isize - border as isize,
            input_row_step: row_step,
            input_column_step: conv.stride.columns,
            offsets: &[0],
            taps: 1,
            tap_step: 1,
            sums: Sums::Lanes(sums),
        });
    }
}

/// Adds a tile to the sums of these elements of a linear layer's weight, lane by lane.
pub(super) fn of_dense<E: Element>(
    kernels: &Kernels<E>,
    Dense { places, inputs, outputs }: Dense,
    gradient: Tile<'_, E>,
    input: Tile<'_, E>,
    elements: &[usize],
    sums: &mut [E],
) {
    for (element, sums) in elements.iter().zip(sums.chunks_mut(kernels.lanes())) {
        kernels.weight_gradient(WeightGradient {
            gradient: gradient.0,
            gradient_origin: element / inputs,
            gradient_channel_step: 1,
            gradient_row_step: outputs,
            channels: 1,
            rows: places,
            columns: 1,
            input: input.0,
            input_origin: (element % inputs) as isize,
            input_row_step: inputs,
            input_column_step: 1,
            offsets: &[0],
            taps: 1,
            tap_step: 1,
            sums: Sums::Lanes(sums),
        });
    }
}
