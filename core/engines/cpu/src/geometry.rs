//! Where the taps of a convolution lie, forward and backward, and how many operations it takes.

use std::ops::Range;

use assay_core::engine::profile::{ConvolutionPass, Kernel, Work};
use assay_core::graph::{Conv2d, Extent, Shape, Sides};
use assay_kernels::{Element, Map, Target};

/// The layout of a value with a border.
pub(super) fn map(shape: Shape, pad: usize) -> Map {
    Map { channels: shape.channels, height: shape.height, width: shape.area() / shape.height, pad }
}

/// The border of zeros that a convolution reads around its input: as wide on all sides as on the widest.
pub(super) fn border(conv: &Conv2d) -> usize {
    conv.padding.pairs().into_iter().flatten().max().unwrap_or(0)
}

/// Whether a convolution reads no pixel but the one that it is at, of all channels.
pub(super) fn is_pointwise(conv: &Conv2d) -> bool {
    conv.kernel == Extent::square(1) && conv.padding == Sides::all(0) && conv.groups == 1
}

/// What the kernel of a convolution counts as in a profile.
pub(super) fn kernel(conv: &Conv2d) -> Kernel {
    conv.kernel.side().map_or(Kernel::Other, Kernel::of)
}

/// Floating-point operations of a convolution with `outputs` output elements.
pub(super) fn operations(conv: &Conv2d, outputs: usize, input_channels: usize) -> u64 {
    (2 * outputs * (input_channels / conv.groups) * conv.kernel.area()) as u64
}

/// What the weight gradient of a convolution counts as in a profile, with `outputs` output elements an image.
pub(super) fn weight_gradient_work(conv: &Conv2d, outputs: usize, input_channels: usize, images: usize) -> (Work, u64) {
    let work = Work::Convolution(ConvolutionPass::WeightGradient, kernel(conv));
    (work, operations(conv, outputs, input_channels) * images as u64)
}

/// Rows and columns of a kernel, from the first to the last that reads a pixel of the image anywhere: on small maps, some of them
/// read zeros of the border alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Reach {
    /// The whole kernel.
    pub(super) fn whole(conv: &Conv2d) -> Self {
        Self { rows: 0..conv.kernel.rows, columns: 0..conv.kernel.columns }
    }

    /// What of it a convolution of maps of so many rows and columns needs.
    pub(super) fn of(conv: &Conv2d, [height, width]: [usize; 2]) -> Self {
        let [down, right] = Axis::of(conv);
        let [[_, below], [_, behind]] = conv.padding.pairs();
        Self { rows: down.reach(height, below), columns: right.reach(width, behind) }
    }

    /// How many taps each channel has.
    pub(super) fn taps(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The places of its taps among those of the whole kernel, of so many channels.
    pub(super) fn places(&self, conv: &Conv2d, channels: usize) -> Vec<usize> {
        let row = |channel: usize, row: usize| (channel * conv.kernel.rows + row) * conv.kernel.columns;
        let rows = (0..channels).flat_map(|channel| self.rows.clone().map(move |own| row(channel, own)));
        rows.flat_map(|first| self.columns.clone().map(move |column| first + column)).collect()
    }
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

/// The taps, as far as the kernel reaches, of group `group` of a convolution that reads a value of layout `input`.
pub(super) fn forward_taps(conv: &Conv2d, input: &Map, group: usize, reach: &Reach) -> ForwardTaps {
    let channels = input.channels / conv.groups;
    let row = |channel: usize, ky: usize| (channel * input.channel_step() + ky * conv.dilation.rows * input.row_step()) as isize;
    let rows: Vec<isize> = (0..channels).flat_map(|channel| reach.rows.clone().map(move |ky| row(channel, ky))).collect();
    let taps = rows.iter().flat_map(|row| reach.columns.clone().map(move |kx| row + (kx * conv.dilation.columns) as isize)).collect();
    let border = (conv.padding.top * input.row_step() + conv.padding.left) as isize;
    ForwardTaps { origin: input.origin(group * channels) as isize - border, taps, rows }
}

/// A group's weights in the order of its taps: `[taps][output channels]`.
pub(super) fn forward_weights<E: Element>(conv: &Conv2d, weight: &[f32], group: usize, reach: &Reach) -> Vec<E> {
    /// Taps that are laid out at once: those of a cache line, or each line would be read once a tap.
    const TOGETHER: usize = 16;
    let outputs = conv.out_channels / conv.groups;
    let taps = weight.len() / conv.out_channels;
    let places = reach.places(conv, taps / conv.kernel.area());
    let mut weights = vec![E::ZERO; places.len() * outputs];
    for (places, weights) in places.chunks(TOGETHER).zip(weights.chunks_mut(TOGETHER * outputs)) {
        for output in 0..outputs {
            let own = &weight[(group * outputs + output) * taps..][..taps];
            for (tap, place) in places.iter().enumerate() {
                weights[tap * outputs + output] = E::from_f64(f64::from(own[*place]));
            }
        }
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

/// A convolution along its rows, or along its columns.
#[derive(Clone, Copy)]
struct Axis {
    kernel: usize,
    stride: usize,
    /// Zeros before the image.
    padding: usize,
    dilation: usize,
}

impl Axis {
    fn of(conv: &Conv2d) -> [Self; 2] {
        let Conv2d { kernel, stride, padding, dilation, .. } = conv;
        [
            Self { kernel: kernel.rows, stride: stride.rows, padding: padding.top, dilation: dilation.rows },
            Self { kernel: kernel.columns, stride: stride.columns, padding: padding.left, dilation: dilation.columns },
        ]
    }

    /// The taps that input positions of this remainder by the stride are read by, each with the output position that does so for the
    /// first of them.
    fn taps(self, remainder: usize) -> impl Iterator<Item = (usize, isize)> {
        let first = move |tap: usize| {
            let numerator = (remainder + self.padding) as isize - (tap * self.dilation) as isize;
            let stride = self.stride as isize;
            (numerator.rem_euclid(stride) == 0).then(|| (tap, numerator.div_euclid(stride)))
        };
        (0..self.kernel).filter_map(first)
    }

    /// The taps from the first to the last that read one of `size` positions for any output, where so many zeros follow them.
    fn reach(self, size: usize, behind: usize) -> Range<usize> {
        let outputs = (size + self.padding + behind - (self.kernel - 1) * self.dilation - 1) / self.stride + 1;
        let reads = |tap: &usize| {
            // The first output that reads no zero before the image.
            let output = self.padding.saturating_sub(tap * self.dilation).div_ceil(self.stride);
            output < outputs && output * self.stride + tap * self.dilation - self.padding < size
        };
        let first = (0..self.kernel).find(reads).unwrap_or(0);
        let end = (0..self.kernel).rfind(reads).map_or(first, |last| last + 1);
        first..end
    }

    /// The taps of input positions of this remainder that read one of `outputs` positions, with the first that each reads.
    fn taps_within(self, size: usize, remainder: usize, outputs: usize) -> Vec<(usize, isize)> {
        let count = self.count(size, remainder) as isize;
        self.taps(remainder).filter(|(_, first)| *first < outputs as isize && first + count > 0).collect()
    }

    /// How many of `size` input positions have this remainder.
    fn count(self, size: usize, remainder: usize) -> usize {
        (size - remainder).div_ceil(self.stride)
    }
}

/// The border that an output gradient needs so that a data gradient reads only inside it.
pub(super) fn gradient_pad(conv: &Conv2d, input: Shape, output: Shape) -> usize {
    let mut pad = 0;
    for (axis, (size, outputs)) in Axis::of(conv).into_iter().zip([(input.height, output.height), (input.width, output.width)]) {
        for remainder in 0..axis.stride.min(size) {
            for (_, first) in axis.taps(remainder) {
                pad = pad.max(-first).max(first + axis.count(size, remainder) as isize - outputs as isize);
            }
        }
    }
    pad as usize
}

/// The phases of a data gradient for all groups: `from` is the output gradient's layout, `to` the input gradient's;
/// every weight is multiplied by its output channel's scale.
pub(super) fn data_gradient<E: Element>(conv: &Conv2d, weight: &[f32], from: &Map, to: &Map, scales: &[f64]) -> Vec<Phase<E>> {
    let (inputs, outputs) = (to.channels / conv.groups, conv.out_channels / conv.groups);
    let [down, right] = Axis::of(conv);
    let mut phases = Vec::new();
    for group in 0..conv.groups {
        for ry in 0..down.stride.min(to.height) {
            for rx in 0..right.stride.min(to.width) {
                let target = Target {
                    origin: to.at(group * inputs, ry, rx),
                    channels: inputs,
                    channel_step: to.channel_step(),
                    rows: down.count(to.height, ry),
                    row_step: down.stride * to.row_step(),
                    columns: right.count(to.width, rx),
                    column_step: right.stride,
                };
                let (rows, columns) = (down.taps_within(to.height, ry, from.height), right.taps_within(to.width, rx, from.width));
                let count = outputs * rows.len() * columns.len();
                let (mut taps, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count * inputs));
                for output in 0..outputs {
                    for (ky, y) in &rows {
                        for (kx, x) in &columns {
                            taps.push((output * from.channel_step()) as isize + y * from.row_step() as isize + x);
                            weights.extend((0..inputs).map(|input| {
                                let at = (((group * outputs + output) * inputs + input) * down.kernel + ky) * right.kernel + kx;
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
