//! Adding a tile to the sums of a level: lane by lane, or over all lanes that count where there is one cotangent.

use std::ops::Range;

use assay_core::engine::profile::Work;
use assay_kernels::{Buffer, ChannelSums, Element, LaneTotals, Map, Order, Sums};

use super::correlate::correlate;
use super::elements;
use super::{Position, Prepared};
use crate::activations::Tile;
use crate::geometry::weight_gradient_work;
use crate::plan::{Step, Times};
use crate::workspace::Workspace;

impl<E: Element> Prepared<'_, E> {
    /// Adds a tile of a gradient to a correlation.
    pub(super) fn correlate(&self, workspace: &mut Workspace<E>, id: usize, at: Position) {
        let (mut arena, mut totals) = self.lend(workspace);
        let gradient = self.view(workspace, &self.plan.correlations[id].gradient, at.position);
        self.add_products(id, gradient, 0..gradient.1.height, at, (&mut arena, totals.as_deref_mut()));
        (workspace.arena, workspace.totals) = (arena, totals);
    }

    /// Adds some rows of a tile to a correlation, from a gradient that is not in the workspace.
    pub(super) fn correlate_rows(&self, workspace: &mut Workspace<E>, id: usize, gradient: Tile<'_, E>, rows: Range<usize>, at: Position) {
        self.add_products(id, gradient, rows, at, (&mut workspace.arena, workspace.totals.as_deref_mut()));
    }

    /// Adds a tile of a gradient, or of its products with other values, to channel sums: all those of one gradient, channel by
    /// channel, so that it is read from memory once.
    pub(super) fn sum(&self, workspace: &mut Workspace<E>, step: &Step, ids: &[usize], at: Position) {
        let (mut arena, mut totals) = self.lend(workspace);
        self.meter.time(
            || self.work(step, at),
            || {
                for channel in 0..ids.first().map_or(0, |id| self.plan.sums[*id].room.vectors) {
                    for id in ids {
                        self.sum_channel(workspace, *id, channel, at, (&mut arena, totals.as_deref_mut()));
                    }
                }
            },
        );
        (workspace.arena, workspace.totals) = (arena, totals);
    }

    fn sum_channel(
        &self,
        workspace: &Workspace<E>,
        id: usize,
        channel: usize,
        at: Position,
        (arena, totals): (&mut Buffer<E>, Option<&mut [Vec<f64>]>),
    ) {
        let tiles = self.activations.tiles;
        let plan = &self.plan.sums[id];
        let lone = |tile| one_channel(tile, channel, tiles.lanes);
        let a = one_channel(self.view(workspace, &plan.gradient, at.position), channel, tiles.lanes);
        let (b, centers) = match plan.times {
            Times::One => (None, None),
            Times::Normalised(norm) => self.before(Some(norm), at.tile),
            Times::Value(op) => (Some(self.activations.tile(op, at.tile)), None),
        };
        let (b, center) = (b.map(lone), centers.map(|centers| &centers[channel..=channel]));
        let first = if totals.is_some() { 0 } else { at.arena + (plan.room.offset + channel) * tiles.lanes };
        let sums = &mut arena[first..first + tiles.lanes];
        if let Some(totals) = totals {
            sums.fill(E::ZERO);
            self.kernels.channel_sums(ChannelSums { a, b, center, sums });
            let totals = &mut totals[plan.room.list][channel..=channel];
            self.kernels.lane_totals(LaneTotals { vectors: sums, lanes: 0..tiles.counted(at.tile), totals });
        } else {
            self.kernels.channel_sums(ChannelSums { a, b, center, sums });
        }
    }

    /// The elements of a parameter whose gradients are wanted.
    pub(super) fn chosen(&self, parameter: usize) -> &[usize] {
        self.plan.chosen.as_ref().map_or(&[], |chosen| chosen.elements(parameter))
    }

    /// The sums leave the workspace while gradients are read from it.
    fn lend(&self, workspace: &mut Workspace<E>) -> (Buffer<E>, Option<Vec<Vec<f64>>>) {
        (std::mem::replace(&mut workspace.arena, Buffer::zeros(0)), workspace.totals.take())
    }

    fn add_products(
        &self,
        id: usize,
        gradient: Tile<'_, E>,
        rows: Range<usize>,
        at: Position,
        (arena, totals): (&mut Buffer<E>, Option<&mut [Vec<f64>]>),
    ) {
        let tiles = self.activations.tiles;
        let plan = &self.plan.correlations[id];
        let input = self.activations.tile(plan.input, at.tile);
        let counted = tiles.counted(at.tile);
        if let Some(parameter) = plan.chosen {
            let chosen = self.chosen(parameter);
            let sums = &mut arena[at.arena + plan.room.offset * tiles.lanes..][..plan.room.vectors * tiles.lanes];
            let what = || (Work::Collect, (2 * chosen.len() * gradient.1.width * rows.len() * at.images) as u64);
            let own = rows.clone();
            self.meter.time(what, || elements::of_convolution(self.kernels, &plan.conv, gradient, input, own, chosen, sums));
            return;
        }
        let sums = match totals {
            Some(totals) => {
                let order = if self.plan.is_wide(plan) { Order::Together } else { Order::PixelsFirst };
                Sums::Totals(&mut totals[plan.room.list], counted, order)
            }
            None => Sums::Lanes(&mut arena[at.arena + plan.room.offset * tiles.lanes..][..plan.room.vectors * tiles.lanes]),
        };
        let outputs = gradient.1.channels * gradient.1.width * rows.len();
        let what = || weight_gradient_work(&plan.conv, outputs, self.lowered.ops[plan.input].shape.channels, at.images);
        self.meter.time(what, || correlate(self.kernels, &plan.conv, gradient, input, rows, sums));
    }
}

/// One channel of a tile.
fn one_channel<E>((data, map): Tile<'_, E>, channel: usize, lanes: usize) -> Tile<'_, E> {
    (&data[channel * map.channel_step() * lanes..], Map { channels: 1, ..map })
}
