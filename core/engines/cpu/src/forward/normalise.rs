//! Batch normalisation forward: over the batch, or over each image alone.

use std::iter::repeat_n;

use assay_core::engine::profile::Work;
use assay_kernels::{Blend, Buffer, ChannelSums, Combine, Element, Map, ScaleShift, Term};

use super::Pass;
use crate::activations::{Statistics, moments, part, part_mut};
use crate::tiles::Tiles;

impl<E: Element> Pass<'_, E> {
    /// Computes a batch normalisation.
    pub(super) fn normalise(&mut self, op: usize, epsilon: f64) {
        let meter = self.meter;
        let what = (Work::BatchNorm, self.norm_operations(op));
        meter.time(
            || what,
            || {
                if let Some(running) = self.network.running(self.lowered.ops[op].node) {
                    let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
                    self.by_statistics(op, Statistics::new(wide(&running.mean), &wide(&running.variance), epsilon));
                } else if self.activations.tiles.isolated {
                    let (normalised, statistics) = self.by_image(op, epsilon);
                    self.scale_and_shift(op, normalised);
                    self.activations.statistics[op] = statistics;
                } else {
                    let (mean, variance) = moments(self.kernels, self.activations, self.lowered.ops[op].inputs[0]);
                    self.by_statistics(op, Statistics::new(mean, &variance, epsilon));
                }
            },
        );
    }

    /// Computes a batch normalisation by these statistics, which are those of all images.
    fn by_statistics(&mut self, op: usize, statistics: Statistics) {
        let normalised = self.normalised(op, &statistics);
        self.scale_and_shift(op, normalised);
        // Images that are isolated each have their own.
        let tiles = self.activations.tiles;
        self.activations.statistics[op] = vec![statistics; if tiles.isolated { tiles.copies } else { 1 }];
    }

    /// Floating-point operations of a batch normalisation.
    fn norm_operations(&self, op: usize) -> u64 {
        let elements = (self.activations.tiles.batch * self.lowered.ops[op].shape.elements()) as u64;
        if self.schedule.affine[op] { 8 * elements } else { 6 * elements }
    }

    /// γ x̂ + β, or x̂ where that is the same.
    fn scale_and_shift(&mut self, op: usize, normalised: Buffer<E>) {
        let this = &self.lowered.ops[op];
        let to = self.activations.maps[op];
        let tiles = self.activations.tiles;
        let affine = this.weight.zip(this.bias).map(|(weight, bias)| (self.network.parameter(weight), self.network.parameter(bias)));
        match affine {
            Some((gamma, beta)) if self.schedule.affine[op] => {
                let mut value = self.allocate(op);
                let factors: Vec<E> = gamma
                    .iter()
                    .zip(beta)
                    .flat_map(|(gamma, beta)| [*gamma, 0.0, *beta])
                    .flat_map(|factor| repeat_n(E::from_f64(f64::from(factor)), tiles.lanes))
                    .collect();
                for tile in 0..tiles.count() {
                    let out = (part_mut(&mut value, &to, tile, tiles.lanes), to);
                    self.kernels.blend(Blend {
                        out,
                        a: (part(&normalised, &to, tile, tiles.lanes), to),
                        b: None,
                        center: None,
                        factors: &factors,
                        rows: 0..to.height,
                    });
                }
                self.activations.values[op] = Some(value);
                if self.schedule.keep {
                    self.activations.normalised[op] = Some(normalised);
                } else {
                    self.spare.give(to, &tiles, normalised);
                }
            }
            _ => self.activations.values[op] = Some(normalised),
        }
    }

    /// x̂ by the statistics of the whole batch.
    fn normalised(&mut self, op: usize, statistics: &Statistics) -> Buffer<E> {
        let input = self.lowered.ops[op].inputs[0];
        let to = self.activations.maps[op];
        let tiles = self.activations.tiles;
        let rounded: Vec<E> = statistics.mean.iter().map(|value| E::from_f64(*value)).collect();
        let scale: Vec<E> = statistics.inverse_deviation.iter().map(|value| E::from_f64(*value)).collect();
        let mut normalised = match self.activations.values[input].take_if(|_| self.schedule.in_place[op]) {
            Some(buffer) => buffer,
            None => {
                let mut copy = self.allocate(op);
                for tile in 0..tiles.count() {
                    let terms = [Term { data: self.activations.tile(input, tile), scale: E::ONE, mask: None }];
                    let out = (part_mut(&mut copy, &to, tile, tiles.lanes), to);
                    self.kernels.combine(Combine { out, terms: &terms, accumulate: false });
                }
                copy
            }
        };
        for tile in 0..tiles.count() {
            let out = (part_mut(&mut normalised, &to, tile, tiles.lanes), to);
            self.kernels.scale_shift(ScaleShift { out, center: &rounded, scale: &scale });
        }
        normalised
    }

    /// x̂ of each image alone.
    fn by_image(&mut self, op: usize, epsilon: f64) -> (Buffer<E>, Vec<Statistics>) {
        let input = self.lowered.ops[op].inputs[0];
        let to = self.activations.maps[op];
        let Tiles { lanes, copies, .. } = self.activations.tiles;
        let kernels = self.kernels;
        let (mut centred, mut normalised) = (self.allocate(op), self.allocate(op));
        let sums = |a: (&[E], Map), b: Option<(&[E], Map)>| {
            let mut sums = vec![E::ZERO; to.channels * lanes];
            kernels.channel_sums(ChannelSums { a, b, center: None, sums: &mut sums });
            sums.into_iter().map(|sum| sum.to_f64() / to.area() as f64).collect::<Vec<f64>>()
        };
        let blend = |out: &mut Buffer<E>, a: (&[E], Map), factors: &dyn Fn(usize) -> [f64; 2]| {
            let mut all = vec![E::ZERO; to.channels * 3 * lanes];
            for position in 0..to.channels * lanes {
                let [slope, constant] = factors(position);
                let first = position / lanes * 3 * lanes + position % lanes;
                all[first] = E::from_f64(slope);
                all[first + 2 * lanes] = E::from_f64(constant);
            }
            kernels.blend(Blend { out: (&mut *out, to), a, b: None, center: None, factors: &all, rows: 0..to.height });
        };
        let value = self.activations.tile(input, 0);
        let mean = sums(value, None);
        blend(&mut centred, value, &|position| [1.0, -mean[position]]);
        let variance = sums((&centred, to), Some((&centred, to)));
        let inverse: Vec<f64> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        blend(&mut normalised, (&centred, to), &|position| [inverse[position], 0.0]);
        let of = |lane: usize| {
            let each = |values: &[f64]| values.iter().skip(lane).step_by(lanes).copied().collect();
            Statistics { mean: each(&mean), inverse_deviation: each(&inverse) }
        };
        (normalised, (0..copies).map(of).collect())
    }
}
