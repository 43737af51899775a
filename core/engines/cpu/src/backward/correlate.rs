//! The correlation of a gradient with an input, group by group: what weight gradients are sums of.

use std::ops::Range;

use assay_core::graph::Conv2d;
use assay_kernels::{Element, Kernels, Sums, WeightGradient};

use crate::activations::Tile;
use crate::geometry::forward_taps;

/// Adds some rows of a tile to the correlation sums of a convolution, `[output channels][taps]`.
pub(super) fn correlate<E: Element>(
    kernels: &Kernels<E>,
    conv: &Conv2d,
    gradient: Tile<'_, E>,
    input: Tile<'_, E>,
    rows: Range<usize>,
    mut sums: Sums<'_, E>,
) {
    let outputs = conv.out_channels / conv.groups;
    let taps = input.1.channels / conv.groups * conv.kernel.area();
    let row_step = conv.stride.rows * input.1.row_step();
    for group in 0..conv.groups {
        let forward = forward_taps(conv, &input.1, group);
        let first = group * outputs * taps;
        let sums = match &mut sums {
            Sums::Lanes(sums) => Sums::Lanes(&mut sums[first * kernels.lanes()..]),
            Sums::Totals(totals, lanes) => Sums::Totals(&mut totals[first..], *lanes),
            Sums::Products(totals, lanes) => Sums::Products(&mut totals[first..], *lanes),
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
            input_origin: forward.origin + (rows.start * row_step) as isize,
            input_row_step: row_step,
            input_column_step: conv.stride.columns,
            offsets: &forward.rows,
            taps: conv.kernel.columns,
            tap_step: conv.dilation.columns,
            sums,
        });
    }
}
