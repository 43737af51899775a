//! The correlation of a gradient with an input, group by group: what weight gradients are sums of.

use assay_core::graph::Conv2d;
use assay_kernels::{Element, Kernels, Map, WeightGradient};

use crate::geometry::forward_taps;

/// Adds a tile to the correlation sums of a convolution, `[output channels][taps][lanes]`.
pub(super) fn correlate<E: Element>(kernels: &Kernels<E>, conv: &Conv2d, gradient: (&[E], Map), input: (&[E], Map), sums: &mut [E]) {
    let outputs = conv.out_channels / conv.groups;
    let taps = input.1.channels / conv.groups * conv.kernel * conv.kernel;
    for group in 0..conv.groups {
        let forward = forward_taps(conv, &input.1, group);
        kernels.weight_gradient(WeightGradient {
            gradient: gradient.0,
            gradient_origin: gradient.1.origin(group * outputs),
            gradient_channel_step: gradient.1.channel_step(),
            gradient_row_step: gradient.1.row_step(),
            channels: outputs,
            rows: gradient.1.height,
            columns: gradient.1.width,
            input: input.0,
            input_origin: forward.origin,
            input_row_step: conv.stride * input.1.row_step(),
            input_column_step: conv.stride,
            offsets: &forward.rows,
            taps: conv.kernel,
            tap_step: conv.dilation,
            sums: &mut sums[group * outputs * taps * kernels.lanes()..],
        });
    }
}
