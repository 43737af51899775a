//! Convolutions of any geometry.

use std::collections::BTreeMap;

use assay_kernels::{Convolution, Element, Init, Mask, Source, Target};
use proptest::prelude::*;

use super::tiles::{Random, Sum, compare, for_every_set, indices};

/// A source before its slices are borrowed.
struct Given<E> {
    data: Vec<E>,
    origin: isize,
    row_step: usize,
    column_step: usize,
    taps: Vec<isize>,
    weights: Vec<E>,
    lane_weights: bool,
}

impl<E: Element> Given<E> {
    /// Of a random geometry, whose data end with the last vector that is read.
    fn new(random: &mut Random, target: &Target, lanes: usize, most_taps: usize) -> Self {
        let taps: Vec<isize> = (0..random.up_to(most_taps)).map(|_| random.up_to(40) as isize - 10).collect();
        let (row_step, column_step) = (random.up_to(30), 1 + random.up_to(1));
        let origin = random.up_to(2) as isize - taps.iter().min().copied().unwrap_or_default();
        let last = (target.rows - 1) * row_step + (target.columns - 1) * column_step;
        let end = origin + taps.iter().max().copied().unwrap_or_default() + last as isize;
        let lane_weights = random.flag();
        let weights = taps.len() * target.channels * if lane_weights { lanes } else { 1 };
        Self {
            data: random.numbers((end + 1) as usize * lanes),
            origin,
            row_step,
            column_step,
            weights: random.numbers(weights),
            taps,
            lane_weights,
        }
    }

    fn lend(&self) -> Source<'_, E> {
        let Self { data, origin, row_step, column_step, taps, weights, lane_weights } = self;
        Source { data, origin: *origin, row_step: *row_step, column_step: *column_step, taps, weights, lane_weights: *lane_weights }
    }

    /// Adds what one output number reads of this source.
    fn add(&self, sum: &mut Sum, (channel, row, column, lane): (usize, usize, usize, usize), channels: usize, lanes: usize) {
        for (tap, offset) in self.taps.iter().enumerate() {
            let at = self.origin + offset + (row * self.row_step + column * self.column_step) as isize;
            let value = self.data[at as usize * lanes + lane];
            let weight = tap * channels + channel;
            let weight = if self.lane_weights { self.weights[weight * lanes + lane] } else { self.weights[weight] };
            sum.add(weight.to_f64() * value.to_f64());
        }
    }
}

fn check<E: Element>([channels, rows, columns, sources, most_taps]: [usize; 5], seed: u64) {
    for_every_set::<E>(|kernels, isa| {
        let mut random = Random::new(seed);
        let lanes = kernels.lanes();
        let column_step = 1 + random.up_to(1);
        let row_step = columns * column_step + random.up_to(2);
        let channel_step = rows * row_step + random.up_to(2);
        let target = Target { origin: random.up_to(3), channels, channel_step, rows, row_step, columns, column_step };
        let place =
            |channel: usize, row: usize, column: usize| target.origin + channel * channel_step + row * row_step + column * column_step;
        let before: Vec<E> = random.numbers((place(channels - 1, rows - 1, columns - 1) + 1) * lanes);
        let given: Vec<Given<E>> = (0..sources).map(|_| Given::new(&mut random, &target, lanes, most_taps)).collect();
        let values: Vec<E> = random.numbers(channels * lanes);
        let init = match random.up_to(3) {
            0 => Init::Zero,
            1 => Init::Accumulate,
            kind => Init::Channels { values: &values, accumulate: kind == 2 },
        };
        let (mask_origin, mask_step) = (random.up_to(2), 1 + random.up_to(1));
        let mask_place = |channel: usize, row: usize, column: usize| mask_origin + ((channel * rows + row) * columns + column) * mask_step;
        let masks: Vec<E> = random.numbers((mask_place(channels - 1, rows - 1, columns - 1) + 1) * lanes);
        let mask = Mask {
            data: &masks,
            origin: mask_origin,
            channel_step: rows * columns * mask_step,
            row_step: columns * mask_step,
            column_step: mask_step,
        };
        let mask = random.flag().then_some(mask);

        let mut expected = BTreeMap::new();
        for (channel, row, column, lane) in indices([channels, rows, columns, lanes]) {
            let mut sum = Sum::default();
            if let Init::Channels { values, .. } = init {
                sum.add(values[channel * lanes + lane].to_f64());
            }
            given.iter().for_each(|source| source.add(&mut sum, (channel, row, column, lane), channels, lanes));
            if mask.is_some() && masks[mask_place(channel, row, column) * lanes + lane] <= E::ZERO {
                sum = Sum::default();
            }
            let at = place(channel, row, column) * lanes + lane;
            if matches!(init, Init::Accumulate | Init::Channels { accumulate: true, .. }) {
                sum.add(before[at].to_f64());
            }
            expected.insert(at, sum);
        }
        let mut out = before.clone();
        let sources: Vec<Source<'_, E>> = given.iter().map(Given::lend).collect();
        kernels.convolve(Convolution { sources: &sources, init, mask, out: &mut out, target });
        compare(&out, &before, &expected, &format!("{isa:?}, {target:?}, {init:?}, {} masks", usize::from(mask.is_some())));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_is_what_plain_loops_come_to(
        channels in 1_usize..=13, rows in 1_usize..=4, columns in 1_usize..=19, sources in 0_usize..=3, seed: u64,
    ) {
        check::<f32>([channels, rows, columns, sources, 10], seed);
        check::<f64>([channels, rows, columns, sources, 10], seed);
    }
}

/// So many weights that they are taken some taps and channels at a time.
#[test]
fn convolutions_of_many_weights_are_what_plain_loops_come_to() {
    for seed in 0..12 {
        check::<f32>([261 + seed as usize % 4, 2, 3 + seed as usize % 7, 1, 600], seed);
        check::<f64>([134, 3, 5, 1, 900], seed);
    }
}

/// What is not complete waits in the output, so that many weights at once come to what few at a time do.
#[test]
fn many_weights_at_once_have_the_bits_of_few_at_a_time() {
    const CHANNELS: usize = 140;
    const TAPS: usize = 600;
    const ROW: usize = 7;
    for_every_set::<f32>(|kernels, isa| {
        let mut random = Random::new(5);
        let lanes = kernels.lanes();
        let data: Vec<f32> = random.numbers((TAPS + 3 * ROW) * lanes);
        let (taps, weights): (Vec<isize>, Vec<f32>) = ((0..TAPS as isize).collect(), random.numbers(TAPS * CHANNELS));
        let values: Vec<f32> = random.numbers(CHANNELS * lanes);
        let masks: Vec<f32> = random.numbers(CHANNELS * 2 * ROW * lanes);
        let before: Vec<f32> = random.numbers(CHANNELS * 2 * ROW * lanes);
        let convolve = |out: &mut Vec<f32>, channels: std::ops::Range<usize>, case: usize| {
            let own: Vec<f32> = weights.chunks(CHANNELS).flat_map(|weights| weights[channels.clone()].to_vec()).collect();
            let source = Source { data: &data, origin: 0, row_step: ROW, column_step: 1, taps: &taps, weights: &own, lane_weights: false };
            let init = match case {
                0 => Init::Accumulate,
                1 => Init::Zero,
                _ => Init::Channels { values: &values[channels.start * lanes..], accumulate: false },
            };
            let at = channels.start * 2 * ROW;
            let mask = Mask { data: &masks, origin: at, channel_step: 2 * ROW, row_step: ROW, column_step: 1 };
            let (channel_step, row_step) = (2 * ROW, ROW);
            let target = Target { origin: at, channels: channels.len(), channel_step, rows: 2, row_step, columns: ROW, column_step: 1 };
            kernels.convolve(Convolution { sources: &[source], init, mask: (case > 0).then_some(mask), out, target });
        };
        for case in 0..3 {
            let (mut whole, mut parts) = (before.clone(), before.clone());
            convolve(&mut whole, 0..CHANNELS, case);
            (0..CHANNELS).step_by(70).for_each(|first| convolve(&mut parts, first..first + 70, case));
            assert!(whole.iter().zip(&parts).all(|(whole, part)| whole.to_bits() == part.to_bits()), "{isa:?}, case {case}");
        }
    });
}
