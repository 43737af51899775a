//! Where the taps of a convolution lie, forward and backward, and how many operations it takes.

use crate::square::SquareConv;
use assay_core::engine::profile::{ConvolutionPass, Kernel, Work};
use assay_core::graph::Shape;
use assay_kernels::{Element, Map, Target};

/// The layout of a value with a border.
pub(super) fn map(shape: Shape, pad: usize) -> Map {
    Map { channels: shape.channels, height: shape.height, width: shape.area() / shape.height, pad }
}

/// Floating-point operations of a convolution with `outputs` output elements.
pub(super) fn operations(conv: &SquareConv, outputs: usize, input_channels: usize) -> u64 {
    (2 * outputs * (input_channels / conv.groups) * conv.kernel * conv.kernel) as u64
}

/// What the weight gradient of a convolution counts as in a profile, with `outputs` output elements an image.
pub(super) fn weight_gradient_work(conv: &SquareConv, outputs: usize, input_channels: usize, images: usize) -> (Work, u64) {
    let work = Work::Convolution(ConvolutionPass::WeightGradient, Kernel::of(conv.kernel));
    (work, operations(conv, outputs, input_channels) * images as u64)
}

/// One group's forward taps on an input layout.
#[derive(Clone, Debug)]
pub(super) struct ForwardTaps {
    /// The first tap of output pixel 0, 0.
    pub(super) origin: isize,
    /// Every tap: input channel, kernel row, kernel column.
    pub(super) taps: Vec<isize>,
    /// The first tap of every kernel row: input channel, kernel row.
    pub(super) rows: Vec<isize>,
}

/// The taps of group `group` of a convolution that reads a value of layout `input`.
pub(super) fn forward_taps(conv: &SquareConv, input: &Map, group: usize) -> ForwardTaps {
    let channels = input.channels / conv.groups;
    let row = |channel: usize, ky: usize| (channel * input.channel_step() + ky * conv.dilation * input.row_step()) as isize;
    let rows: Vec<isize> = (0..channels).flat_map(|channel| (0..conv.kernel).map(move |ky| row(channel, ky))).collect();
    let taps = rows.iter().flat_map(|row| (0..conv.kernel).map(move |kx| row + (kx * conv.dilation) as isize)).collect();
    let border = (conv.padding * input.row_step() + conv.padding) as isize;
    ForwardTaps { origin: input.origin(group * channels) as isize - border, taps, rows }
}

/// A group's weights in the order of its taps: `[taps][output channels]`.
pub(super) fn forward_weights<E: Element>(conv: &SquareConv, weight: &[f32], group: usize) -> Vec<E> {
    let outputs = conv.out_channels / conv.groups;
    let taps = weight.len() / conv.out_channels;
    let at = |tap: usize, output: usize| E::from_f64(f64::from(weight[(group * outputs + output) * taps + tap]));
    let mut weights = Vec::with_capacity(taps * outputs);
    for tap in 0..taps {
        weights.extend((0..outputs).map(|output| at(tap, output)));
    }
    weights
}

/// One phase of a data gradient: the input pixels whose rows and columns leave the same remainder by the stride.
/// They all have the same taps.
#[derive(Clone, Debug)]
pub(super) struct Phase<E> {
    /// Where the input's gradient goes.
    pub(super) target: Target,
    /// Where the output's gradient is for target pixel 0, 0.
    pub(super) origin: isize,
    /// Output channel, kernel row, kernel column.
    pub(super) taps: Vec<isize>,
    /// `[taps][input channels of the group]`.
    pub(super) weights: Vec<E>,
}

/// The first output position that a tap reads, and how many there are, along one axis.
fn reach(conv: &SquareConv, size: usize, remainder: usize, tap: usize) -> Option<(isize, usize)> {
    let numerator = (remainder + conv.padding) as isize - (tap * conv.dilation) as isize;
    let stride = conv.stride as isize;
    (numerator.rem_euclid(stride) == 0).then(|| (numerator.div_euclid(stride), (size - remainder).div_ceil(conv.stride)))
}

/// The border that an output gradient needs so that a data gradient reads only inside it.
pub(super) fn gradient_pad(conv: &SquareConv, input: Shape, output: Shape) -> usize {
    let mut pad = 0;
    for (size, outputs) in [(input.height, output.height), (input.width, output.width)] {
        for remainder in 0..conv.stride.min(size) {
            for tap in 0..conv.kernel {
                if let Some((first, count)) = reach(conv, size, remainder, tap) {
                    pad = pad.max(-first).max(first + count as isize - outputs as isize);
                }
            }
        }
    }
    pad as usize
}

/// The phases of a data gradient for all groups: `from` is the output gradient's layout, `to` the input gradient's;
/// every weight is multiplied by its output channel's scale.
pub(super) fn data_gradient<E: Element>(conv: &SquareConv, weight: &[f32], from: &Map, to: &Map, scales: &[f64]) -> Vec<Phase<E>> {
    let (inputs, outputs) = (to.channels / conv.groups, conv.out_channels / conv.groups);
    let kernel = conv.kernel;
    let mut phases = Vec::new();
    for group in 0..conv.groups {
        for ry in 0..conv.stride.min(to.height) {
            for rx in 0..conv.stride.min(to.width) {
                let target = Target {
                    origin: to.at(group * inputs, ry, rx),
                    channels: inputs,
                    channel_step: to.channel_step(),
                    rows: (to.height - ry).div_ceil(conv.stride),
                    row_step: conv.stride * to.row_step(),
                    columns: (to.width - rx).div_ceil(conv.stride),
                    column_step: conv.stride,
                };
                let firsts = |size: usize, remainder: usize| -> Vec<(usize, isize)> {
                    (0..kernel).filter_map(|tap| reach(conv, size, remainder, tap).map(|(first, _)| (tap, first))).collect()
                };
                let (rows, columns) = (firsts(to.height, ry), firsts(to.width, rx));
                let count = outputs * rows.len() * columns.len();
                let (mut taps, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count * inputs));
                for output in 0..outputs {
                    for (ky, y) in &rows {
                        for (kx, x) in &columns {
                            taps.push((output * from.channel_step()) as isize + y * from.row_step() as isize + x);
                            weights.extend((0..inputs).map(|input| {
                                let at = (((group * outputs + output) * inputs + input) * kernel + ky) * kernel + kx;
                                E::from_f64(f64::from(weight[at]) * scales[group * outputs + output])
                            }));
                        }
                    }
                }
                phases.push(Phase { target, origin: from.origin(group * outputs) as isize, taps, weights });
            }
        }
    }
    phases
}
