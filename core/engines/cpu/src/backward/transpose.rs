//! Data gradients: several units' convolutions backward in one pass over the input's pixels.

use std::ops::Range;

use assay_core::engine::profile::{ConvolutionPass, Kernel as KernelSize, Work};
use assay_kernels::{Blend, Buffer, Convolution, Element, Init, Map, Mask, Source};

use super::{Position, Prepared};
use crate::activations::{part as tile_part, part_mut};
use crate::geometry::{Phase, kernel, operations};
use crate::ops::Kind;
use crate::plan::Part;
use crate::workspace::{Workspace, mixture_size};

/// Bytes of scratch rows to compute ahead of their use: enough to be worth a call, few enough to stay in the cache.
const STRIP: usize = 128 * 1024;
/// The same where correlations read them, too: these read and write all of their sums for each strip.
const CORRELATED_STRIP: usize = 512 * 1024;

/// A transposition step and its prepared taps.
pub(super) struct Transposition<'a, E> {
    pub(super) parts: &'a [Part],
    /// For each part, all of its phases.
    pub(super) phases: &'a [Vec<Phase<E>>],
    pub(super) accumulate: bool,
    pub(super) mixture: Option<usize>,
    pub(super) mask: Option<usize>,
}

impl<E: Element> Prepared<'_, E> {
    /// Runs one transposition on one tile.
    pub(super) fn transpose(&self, workspace: &mut Workspace<E>, step: &Transposition<'_, E>, at: Position, out: (&mut [E], Map)) {
        // Scratch buffers leave the workspace while gradients are read from it.
        let mut scratch: Vec<Option<Buffer<E>>> = step
            .parts
            .iter()
            .map(|part| part.blended.map(|_| std::mem::replace(self.memory(workspace, part.view.buffer), Buffer::zeros(0))))
            .collect();
        let lanes = self.activations.tiles.lanes;
        let height = out.1.height;
        // One phase means stride 1: then rows can be taken a strip at a time, so that scratch rows are read while near.
        let sums_all = |part: &Part| part.correlation.is_some_and(|id| self.plan.correlations[id].chosen.is_none());
        let near = if step.parts.iter().any(sums_all) { CORRELATED_STRIP } else { STRIP };
        let strip = if step.phases[0].len() == 1 {
            let widths = step.parts.iter().map(|part| part.view.channels * self.plan.buffers[part.view.buffer].map.row_step());
            let row = widths.sum::<usize>() * lanes * size_of::<E>();
            (near / row.max(1)).clamp(1, height)
        } else {
            height
        };
        let mut ready = vec![0; step.parts.len()];
        let mut first = 0;
        while first < height {
            let rows = strip.min(height - first);
            for ((part, scratch), ready) in step.parts.iter().zip(&mut scratch).zip(&mut ready) {
                if let Some(scratch) = scratch {
                    let map = self.plan.buffers[part.view.buffer].map;
                    let until =
                        if first + rows == height { map.height } else { (first + rows + self.rows_ahead(part.unit)).min(map.height) };
                    let rows = *ready..until.max(*ready);
                    self.blend_rows(workspace, part, scratch, at, rows.clone());
                    self.correlate_part(workspace, part, scratch, at, rows.clone());
                    *ready = rows.end;
                }
            }
            let what = || self.data_gradient_work(step, at, out.1.channels, rows, height);
            let to = (&mut *out.0, out.1);
            self.meter.time(what, || self.transpose_rows(workspace, step, &scratch, at, to, first..first + rows));
            first += rows;
        }
        for (part, scratch) in step.parts.iter().zip(scratch) {
            if let Some(scratch) = scratch {
                *self.memory(workspace, part.view.buffer) = scratch;
            }
        }
    }

    /// What a transposition does on some of its rows, for profiles.
    fn data_gradient_work(&self, step: &Transposition<'_, E>, at: Position, channels: usize, rows: usize, height: usize) -> (Work, u64) {
        let convs = || {
            step.parts.iter().filter_map(|part| {
                let op = &self.lowered.ops[self.plan.units[part.unit].conv?];
                if let Kind::Conv(conv) = &op.kind { Some((conv, op.shape)) } else { None }
            })
        };
        let total: u64 = convs().map(|(conv, shape)| operations(conv, shape.elements(), channels)).sum();
        let mut sizes = convs().map(|(conv, _)| kernel(conv));
        let first = sizes.next().unwrap_or(KernelSize::One);
        let kernel = if sizes.all(|size| size == first) { first } else { KernelSize::Several };
        let share = total * at.images as u64 * rows as u64 / height.max(1) as u64;
        (Work::Convolution(ConvolutionPass::DataGradient, kernel), share)
    }

    /// How many rows further down than the pixel a data gradient of stride 1 reads.
    fn rows_ahead(&self, unit: usize) -> usize {
        match self.plan.units[unit].conv.map(|op| &self.lowered.ops[op].kind) {
            Some(Kind::Conv(conv)) => conv.padding.top,
            _ => 0,
        }
    }

    /// The gradient at a batch normalisation's input, some rows of it.
    fn blend_rows(&self, workspace: &Workspace<E>, part: &Part, scratch: &mut Buffer<E>, at: Position, rows: Range<usize>) {
        let lanes = self.activations.tiles.lanes;
        let Some(through) = part.blended else { return };
        let unit = &self.plan.units[through];
        let map = self.plan.buffers[part.view.buffer].map;
        let out = (part_mut(scratch, &map, self.tile_of(part.view.buffer, at), lanes), map);
        let a = self.view(workspace, &unit.gradient, at.position);
        let (factors, b, center) = self.factors(workspace, through, at);
        let elements = map.channels * rows.len() * map.width * at.images;
        let what = || (Work::BatchNormGradient, 4 * elements as u64);
        self.meter.time(what, || self.kernels.blend(Blend { out, a, b, center, factors, rows }));
    }

    /// Adds the same rows to the correlation of their convolution, if it is not computed elsewhere.
    fn correlate_part(&self, workspace: &mut Workspace<E>, part: &Part, scratch: &Buffer<E>, at: Position, rows: Range<usize>) {
        let Some(id) = part.correlation else { return };
        let map = self.plan.buffers[part.view.buffer].map;
        let gradient = (tile_part(scratch, &map, self.tile_of(part.view.buffer, at), self.activations.tiles.lanes), map);
        self.correlate_rows(workspace, id, gradient, rows, at);
    }

    fn transpose_rows(
        &self,
        workspace: &Workspace<E>,
        step: &Transposition<'_, E>,
        scratch: &[Option<Buffer<E>>],
        at: Position,
        out: (&mut [E], Map),
        rows: Range<usize>,
    ) {
        let lanes = self.activations.tiles.lanes;
        let data: Vec<(&[E], Map)> = step
            .parts
            .iter()
            .zip(scratch)
            .map(|(this, scratch)| match scratch {
                Some(scratch) => {
                    let map = self.plan.buffers[this.view.buffer].map;
                    (tile_part(scratch, &map, self.tile_of(this.view.buffer, at), lanes), map)
                }
                None => self.view(workspace, &this.view, at.position),
            })
            .collect();
        let mixture = step.mixture.map(|id| {
            let plan = &self.plan.mixtures[id];
            let size = mixture_size(plan) * lanes;
            let all = &workspace.mixtures[id][at.target * size..][..size];
            let (matrix, constants) = all.split_at(plan.channels * plan.channels * lanes);
            let (data, map) = self.activations.tile(plan.input, at.tile);
            let taps: Vec<isize> = (0..plan.channels).map(|channel| (channel * map.channel_step()) as isize).collect();
            (data, map, taps, matrix, constants)
        });
        let mask = step.mask.map(|op| self.activations.tile(op, at.tile));
        for position in 0..step.phases[0].len() {
            let mut target = step.phases[0][position].target;
            // Only a lone phase is taken by strips, and its rows are the output's.
            let skip = if step.phases[0].len() == 1 { rows.start } else { 0 };
            target.origin += skip * target.row_step;
            target.rows = target.rows.min(rows.len());
            let mut sources: Vec<Source<'_, E>> = step
                .phases
                .iter()
                .zip(&data)
                .map(|(phases, (data, map))| {
                    let phase = &phases[position];
                    Source {
                        data,
                        origin: phase.origin + (skip * map.row_step()) as isize,
                        row_step: map.row_step(),
                        column_step: 1,
                        taps: &phase.taps,
                        weights: &phase.weights,
                        lane_weights: false,
                    }
                })
                .collect();
            let mut init = if step.accumulate { Init::Accumulate } else { Init::Zero };
            if let Some((data, map, taps, matrix, constants)) = &mixture {
                let origin = map.at(0, skip, 0) as isize;
                sources.push(Source { data, origin, row_step: map.row_step(), column_step: 1, taps, weights: matrix, lane_weights: true });
                init = Init::Channels { values: constants, accumulate: step.accumulate };
            }
            let mask = mask.map(|(data, map)| {
                // The target's pixels in the layout of the mask.
                let (area, line) = (out.1.channel_step(), out.1.row_step());
                Mask {
                    data,
                    origin: map.at(target.origin / area, target.origin % area / line - out.1.pad, target.origin % line - out.1.pad),
                    channel_step: map.channel_step(),
                    row_step: map.row_step() * (target.row_step / line),
                    column_step: target.column_step,
                }
            });
            self.kernels.convolve(Convolution { sources: &sources, init, mask, out: &mut *out.0, target });
        }
    }
}
