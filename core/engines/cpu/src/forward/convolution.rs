//! Convolutions forward.

use std::iter::repeat_n;
use std::ops::Range;

use assay_core::graph::Conv2d;
use assay_core::network::Network;
use assay_kernels::{Convolution, Element, Init, Kernels, Map, Source, Target};

use crate::general::General;
use crate::geometry::{ForwardTaps, Reach, forward_taps, forward_weights};
use crate::lower::{Lowered, plane};
use crate::ops::Kind;

/// The weights of a convolution as it reads them, one list a group; nothing for other ops.
pub(crate) fn conv_weights<E: Element>(network: &Network, lowered: &Lowered, op: usize) -> Vec<Vec<E>> {
    match (&lowered.ops[op].kind, lowered.ops[op].weight) {
        (Kind::Conv(conv), Some(weight)) => {
            let reach = Reach::of(conv, plane(lowered.ops[lowered.ops[op].inputs[0]].shape));
            (0..conv.groups).map(|group| forward_weights(conv, network.parameter(weight), group, &reach)).collect()
        }
        (Kind::General(General::Dense(dense)), Some(weight)) => {
            let layer = Conv2d::new(dense.outputs, 1);
            vec![forward_weights(&layer, network.parameter(weight), 0, &Reach::whole(&layer))]
        }
        _ => Vec::new(),
    }
}

/// What is the same for all tiles and rows of a convolution.
pub(super) struct ConvolutionCall<'a, E> {
    conv: &'a Conv2d,
    weights: &'a [Vec<E>],
    /// One vector an output channel, if there is a bias.
    starts: Vec<E>,
    /// One a group.
    taps: Vec<ForwardTaps>,
}

impl<'a, E: Element> ConvolutionCall<'a, E> {
    /// A convolution of values of this layout.
    pub(super) fn new(network: &Network, conv: &'a Conv2d, weights: &'a [Vec<E>], bias: Option<usize>, input: &Map, lanes: usize) -> Self {
        let wide = |value: &f32| repeat_n(E::from_f64(f64::from(*value)), lanes);
        let starts = bias.map_or_else(Vec::new, |bias| network.parameter(bias).iter().flat_map(wide).collect());
        let reach = Reach::of(conv, [input.height, input.width]);
        Self { conv, weights, starts, taps: (0..conv.groups).map(|group| forward_taps(conv, input, group, &reach)).collect() }
    }

    /// Computes some rows of one tile.
    pub(super) fn run(&self, kernels: &Kernels<E>, input: (&[E], Map), out: (&mut [E], Map), rows: Range<usize>) {
        let Self { conv, starts, .. } = self;
        let outputs = conv.out_channels / conv.groups;
        for (group, (weights, taps)) in self.weights.iter().zip(&self.taps).enumerate() {
            let row_step = conv.stride.rows * input.1.row_step();
            let source = Source {
                data: input.0,
                origin: taps.origin + (rows.start * row_step) as isize,
                row_step,
                column_step: conv.stride.columns,
                taps: &taps.taps,
                weights,
                lane_weights: false,
            };
            let init = if starts.is_empty() {
                Init::Zero
            } else {
                Init::Channels { values: &starts[group * outputs * kernels.lanes()..], accumulate: false }
            };
            let target = Target {
                origin: out.1.at(group * outputs, rows.start, 0),
                channels: outputs,
                channel_step: out.1.channel_step(),
                rows: rows.len(),
                row_step: out.1.row_step(),
                columns: out.1.width,
                column_step: 1,
            };
            kernels.convolve(Convolution { sources: &[source], init, mask: None, out: &mut *out.0, target });
        }
    }
}
