//! Values with the mean and the spread of their channels, taken while they are still near.

use assay_core::data::Minibatch;
use assay_core::engine::profile::Work;
use assay_core::graph::Conv2d;
use assay_kernels::{Element, LaneMoments, Map};

use super::{ConvolutionCall, Pass};
use crate::activations::part_mut;
use crate::ops::Kind;
use crate::spread::Spread;

/// Bytes of a value that are computed before they are measured: they are still in the first cache then, or in the second.
const STRIP: usize = 64 * 1024;

impl<E: Element> Pass<'_, E> {
    /// Computes an op other than a batch normalisation, and the spread of its value.
    pub(crate) fn compute_measured(&mut self, op: usize, batch: &Minibatch, conv_weights: &[Vec<E>]) -> Spread {
        let lowered = self.lowered;
        match &lowered.ops[op].kind {
            Kind::Conv(conv) => self.convolve_measured(op, conv, conv_weights),
            _ => {
                self.compute(op, batch, conv_weights);
                self.spread(op)
            }
        }
    }

    /// The spread of a value that is there.
    pub(crate) fn spread(&self, op: usize) -> Spread {
        let tiles = self.activations.tiles;
        let map = self.activations.maps[op];
        let mut spread = Spread::none(map.channels);
        for tile in 0..tiles.count() {
            let mut moments = vec![E::ZERO; 2 * map.channels * tiles.lanes];
            let values = self.activations.tile(op, tile);
            self.meter.time(
                || (Work::BatchNorm, 0),
                || self.kernels.lane_moments(LaneMoments { values, rows: 0..map.height, before: 0, moments: &mut moments }),
            );
            spread.join_lanes(&moments, tiles.lanes, tiles.counted(tile), map.area());
        }
        spread
    }

    fn convolve_measured(&mut self, op: usize, conv: &Conv2d, weights: &[Vec<E>]) -> Spread {
        let this = &self.lowered.ops[op];
        let mut out = self.allocate(op);
        let (tiles, map) = (self.activations.tiles, self.activations.maps[op]);
        let call = ConvolutionCall::new(self.network, conv, weights, this.bias, &self.activations.maps[this.inputs[0]], tiles.lanes);
        let mut spread = Spread::none(map.channels);
        for tile in 0..tiles.count() {
            let images = tiles.counted(tile);
            let out = part_mut(&mut out, &map, tile, tiles.lanes);
            let mut moments = vec![E::ZERO; 2 * map.channels * tiles.lanes];
            let rows = strip::<E>(&map, tiles.lanes);
            for first in (0..map.height).step_by(rows) {
                let rows = first..(first + rows).min(map.height);
                let what = || (super::work(&this.kind), self.operations(op) * (images * rows.len()) as u64 / map.height as u64);
                let input = self.activations.tile(this.inputs[0], tile);
                self.meter.time(what, || call.run(self.kernels, input, (&mut *out, map), rows.clone()));
                let values = (&*out, map);
                self.meter.time(
                    || (Work::BatchNorm, 0),
                    || self.kernels.lane_moments(LaneMoments { values, rows: rows.clone(), before: first, moments: &mut moments }),
                );
            }
            spread.join_lanes(&moments, tiles.lanes, images, map.area());
        }
        self.activations.values[op] = Some(out);
        spread
    }
}

/// Rows that are computed before they are measured.
fn strip<E>(map: &Map, lanes: usize) -> usize {
    let row = map.channels * map.width * lanes * size_of::<E>();
    (STRIP / row.max(1)).clamp(1, map.height)
}
