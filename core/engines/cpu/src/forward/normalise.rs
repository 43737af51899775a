//! Batch normalisation forward: over the batch, or over each image alone.

use assay_kernels::{Blend, Buffer, ChannelSums, Combine, Element, Map, ScaleShift, Term};

use super::Pass;
use crate::activations::{Statistics, moments, part, part_mut};
use crate::tiles::Tiles;

impl<E: Element> Pass<'_, E> {
    /// Computes a batch normalisation.
    pub(super) fn normalise(&mut self, op: usize, epsilon: f64) {
        let this = &self.lowered.ops[op];
        let to = self.activations.maps[op];
        let tiles = self.activations.tiles;
        let (normalised, statistics) = if tiles.isolated { self.by_image(op, epsilon) } else { self.by_batch(op, epsilon) };
        let affine = this.weight.zip(this.bias).map(|(weight, bias)| (self.network.parameter(weight), self.network.parameter(bias)));
        match affine {
            Some((gamma, beta)) if self.schedule.affine[op] => {
                let mut value = self.allocate(op);
                let factors: Vec<E> = gamma
                    .iter()
                    .zip(beta)
                    .flat_map(|(gamma, beta)| [*gamma, 0.0, *beta])
                    .flat_map(|factor| std::iter::repeat_n(E::from_f64(f64::from(factor)), tiles.lanes))
                    .collect();
                for tile in 0..tiles.count() {
                    let out = (part_mut(&mut value, &to, tile, tiles.lanes), to);
                    self.kernels.blend(Blend {
                        out,
                        a: (part(&normalised, &to, tile, tiles.lanes), to),
                        b: None,
                        factors: &factors,
                        rows: 0..to.height,
                    });
                }
                self.activations.values[op] = Some(value);
                self.activations.normalised[op] = self.schedule.keep.then_some(normalised);
            }
            _ => self.activations.values[op] = Some(normalised),
        }
        self.activations.statistics[op] = statistics;
    }

    /// x̂ over the whole batch.
    fn by_batch(&mut self, op: usize, epsilon: f64) -> (Buffer<E>, Vec<Statistics>) {
        let input = self.lowered.ops[op].inputs[0];
        let to = self.activations.maps[op];
        let tiles = self.activations.tiles;
        let (mean, variance) = moments(self.kernels, &self.activations, input);
        let rounded: Vec<E> = mean.iter().map(|value| E::from_f64(*value)).collect();
        let inverse_deviation: Vec<f64> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let scale: Vec<E> = inverse_deviation.iter().map(|value| E::from_f64(*value)).collect();

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
        (normalised, vec![Statistics { mean, inverse_deviation }])
    }

    /// x̂ of each image alone.
    fn by_image(&self, op: usize, epsilon: f64) -> (Buffer<E>, Vec<Statistics>) {
        let input = self.lowered.ops[op].inputs[0];
        let to = self.activations.maps[op];
        let Tiles { lanes, copies, .. } = self.activations.tiles;
        let sums = |a: (&[E], Map), b: Option<(&[E], Map)>| {
            let mut sums = vec![E::ZERO; to.channels * lanes];
            self.kernels.channel_sums(ChannelSums { a, b, center: None, sums: &mut sums });
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
            self.kernels.blend(Blend { out: (&mut *out, to), a, b: None, factors: &all, rows: 0..to.height });
        };
        let value = self.activations.tile(input, 0);
        let mean = sums(value, None);
        let mut centred = self.allocate(op);
        blend(&mut centred, value, &|position| [1.0, -mean[position]]);
        let variance = sums((&centred, to), Some((&centred, to)));
        let inverse: Vec<f64> = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let mut normalised = self.allocate(op);
        blend(&mut normalised, (&centred, to), &|position| [inverse[position], 0.0]);
        let of = |lane: usize| {
            let each = |values: &[f64]| values.iter().skip(lane).step_by(lanes).copied().collect();
            Statistics { mean: each(&mean), inverse_deviation: each(&inverse) }
        };
        (normalised, (0..copies).map(of).collect())
    }
}
