//! Operators of transformers forward.

use assay_kernels::{Convolution, Element, Init, Kernels, Moving, RowWork, Rows, Softmax, Source, Target, Weigh};

use super::Pass;
use crate::activations::Tile;
use crate::general::{Dense, General, MatMul};
use crate::moves::Layout;

impl<E: Element> Pass<'_, E> {
    /// Computes one tile of an op.
    pub(super) fn compute_general(&self, op: usize, general: &General, weights: &[Vec<E>], tile: usize, out: &mut [E]) {
        let this = &self.lowered.ops[op];
        let map = self.activations.maps[op];
        let lanes = self.activations.tiles.lanes;
        let kernels = self.kernels;
        let input = |position: usize| self.activations.tile(this.inputs[position], tile);
        let parameter = |position: Option<usize>| {
            let wide = |values: &[f32]| values.iter().map(|value| E::from_f64(f64::from(*value))).collect::<Vec<E>>();
            position.map(|position| wide(self.network.parameter(position)))
        };
        match general {
            General::Moves(moves) => {
                let to = Layout { shape: this.shape, map };
                for moved in moves {
                    let (from, from_map) = input(moved.input);
                    let from_layout = Layout { shape: self.lowered.ops[this.inputs[moved.input]].shape, map: from_map };
                    kernels.moving(Moving {
                        walks: &moved.walks(&from_layout, &to),
                        from,
                        to: out,
                        scale: E::from_f64(moved.scale),
                        accumulate: moved.adds_up(),
                    });
                }
            }
            General::Deviations { rows, epsilon } => {
                let work = RowWork::Deviations { centred: rows.centred, epsilon: E::from_f64(*epsilon) };
                kernels.rows(Rows { rows: rows.count, length: rows.length, values: input(0).0, out, work });
            }
            General::Standardise(rows) => {
                let work = RowWork::Standardise { deviations: input(1).0 };
                kernels.rows(Rows { rows: rows.count, length: rows.length, values: input(0).0, out, work });
            }
            General::Weigh(period) => {
                let (factors, summands) = (parameter(this.weight), parameter(this.bias));
                kernels.weigh(Weigh {
                    values: input(0).0,
                    out,
                    vectors: map.vectors(),
                    period: *period,
                    factors: factors.as_deref(),
                    summands: summands.as_deref(),
                });
            }
            General::Dense(dense) => {
                let starts: Option<Vec<E>> = parameter(this.bias).map(|bias| bias.iter().flat_map(|value| vec![*value; lanes]).collect());
                let init = starts.as_deref().map_or(Init::Zero, |values| Init::Channels { values, accumulate: false });
                if let [weights] = weights {
                    along_rows(kernels, input(0), out, weights, *dense, init);
                }
            }
            General::MatMul(product) => multiply(kernels, product, input(0).0, input(1).0, out),
            General::Softmax { outer, extent, inner } => {
                let [outer, extent, inner] = [*outer, *extent, *inner];
                kernels.softmax(Softmax { outer, extent, inner, values: input(0).0, before: None, out });
            }
            General::Own => {
                let values = this.weight.map_or(&[][..], |weight| self.network.parameter(weight));
                repeat_in_lanes(values, out, lanes);
            }
            General::Constant(values) => repeat_in_lanes(values, out, lanes),
        }
    }
}

/// Values that are the same for every image.
fn repeat_in_lanes<E: Element>(values: &[f32], out: &mut [E], lanes: usize) {
    for (to, value) in out.chunks_exact_mut(lanes).zip(values) {
        to.fill(E::from_f64(f64::from(*value)));
    }
}

/// At each place, `[outputs]` sums over `[inputs]`, by weights `[inputs][outputs]`.
pub(crate) fn along_rows<E: Element>(
    kernels: &Kernels<E>,
    from: Tile<'_, E>,
    out: &mut [E],
    weights: &[E],
    dense: Dense,
    init: Init<'_, E>,
) {
    let Dense { places, inputs, outputs } = dense;
    let taps: Vec<isize> = (0..inputs as isize).collect();
    let source = Source { data: from.0, origin: 0, row_step: 0, column_step: inputs, taps: &taps, weights, lane_weights: false };
    let target = Target { origin: 0, channels: outputs, channel_step: 1, rows: 1, row_step: 0, columns: places, column_step: outputs };
    kernels.convolve(Convolution { sources: &[source], init, mask: None, out, target });
}

/// One product of matrices whose numbers are vectors: `out[i][j] = [out[i][j] +] Σ_k left[i][k] right[k][j]`. Distances are in vectors.
pub(crate) struct Matrices<'a, E> {
    pub(crate) left: &'a [E],
    /// Where the left matrix begins, from one row to the next, and from one column to the next.
    pub(crate) left_at: [usize; 3],
    /// `[inner][columns]`.
    pub(crate) right: &'a [E],
    /// Rows, numbers that are added up, columns.
    pub(crate) extents: [usize; 3],
    pub(crate) out: &'a mut [E],
    pub(crate) out_at: usize,
    pub(crate) accumulate: bool,
}

impl<E: Element> Matrices<'_, E> {
    pub(crate) fn run(self, kernels: &Kernels<E>) {
        let [rows, inner, columns] = self.extents;
        let [origin, row_step, column_step] = self.left_at;
        let taps: Vec<isize> = (0..inner).map(|tap| (tap * column_step) as isize).collect();
        let source = Source {
            data: self.left,
            origin: origin as isize,
            row_step: 0,
            column_step: row_step,
            taps: &taps,
            weights: self.right,
            lane_weights: true,
        };
        let target =
            Target { origin: self.out_at, channels: columns, channel_step: 1, rows: 1, row_step: 0, columns: rows, column_step: columns };
        let init = if self.accumulate { Init::Accumulate } else { Init::Zero };
        kernels.convolve(Convolution { sources: &[source], init, mask: None, out: self.out, target });
    }
}

fn multiply<E: Element>(kernels: &Kernels<E>, product: &MatMul, left: &[E], right: &[E], out: &mut [E]) {
    let MatMul { rows, inner, columns, .. } = *product;
    for (place, [a, b]) in product.pairs.iter().enumerate() {
        let own = Matrices {
            left,
            left_at: [a * rows * inner, inner, 1],
            right: &right[b * inner * columns * kernels.lanes()..][..inner * columns * kernels.lanes()],
            extents: [rows, inner, columns],
            out: &mut *out,
            out_at: place * rows * columns,
            accumulate: false,
        };
        own.run(kernels);
    }
}
