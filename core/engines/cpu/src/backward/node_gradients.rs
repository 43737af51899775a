//! Reading gradients out of a backward pass that is run for one cotangent.

use assay_kernels::{Element, Map};

use super::{Position, Prepared};
use crate::plan::KeptPlan;
use crate::workspace::Workspace;

impl<E: Element> Prepared<'_, E> {
    /// Reads one tile of a gradient that is wanted for itself.
    pub(super) fn keep(&self, workspace: &mut Workspace<E>, id: usize, at: Position) {
        let KeptPlan { op, gradient, product } = self.plan.kept[id];
        let mut kept = std::mem::take(&mut workspace.kept[id]);
        let tiles = self.activations.tiles;
        let (data, map) = self.view(workspace, &gradient, at.position);
        let value = product.then(|| self.activations.tile(op, at.tile));
        for lane in 0..tiles.counted(at.tile) {
            let Some(image) = tiles.image(at.tile, lane) else { continue };
            match value {
                Some(value) => {
                    let sums = &mut kept[image * map.channels..][..map.channels];
                    multiply(sums, (data, map), value, gradient.scale, (lane, tiles.lanes));
                }
                None => {
                    let size = map.channels * map.area();
                    copy(&mut kept[image * size..][..size], (data, map), gradient.scale, (lane, tiles.lanes));
                }
            }
        }
        workspace.kept[id] = kept;
    }
}

fn copy<E: Element>(to: &mut [f64], (data, map): (&[E], Map), scale: f64, (lane, lanes): (usize, usize)) {
    for (line, to) in to.chunks_mut(map.width).enumerate() {
        let first = map.at(line / map.height, line % map.height, 0);
        for (column, to) in to.iter_mut().enumerate() {
            *to = scale * data[(first + column) * lanes + lane].to_f64();
        }
    }
}

/// Σ gradient · value over each map, in float64.
fn multiply<E: Element>(
    sums: &mut [f64],
    (data, map): (&[E], Map),
    (value, of_value): (&[E], Map),
    scale: f64,
    (lane, lanes): (usize, usize),
) {
    for (channel, sum) in sums.iter_mut().enumerate() {
        let mut total = 0.0;
        for row in 0..map.height {
            let (a, b) = (map.at(channel, row, 0), of_value.at(channel, row, 0));
            for column in 0..map.width {
                total += data[(a + column) * lanes + lane].to_f64() * value[(b + column) * lanes + lane].to_f64();
            }
        }
        *sum = scale * total;
    }
}
