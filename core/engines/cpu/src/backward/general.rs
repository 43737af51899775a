//! Operators of transformers backward: the gradient at one input, and the sums that are gradients of parameters.

use assay_kernels::{
    Buffer, Element, Init, Kernels, LaneTotals, Map, Moving, Order, PeriodSums, RowWork, Rows, ScaleShift, Softmax, Sums, Walk, Weigh,
    WeightGradient,
};

use super::{Position, Prepared, elements};
use crate::activations::Tile;
use crate::forward::{Matrices, along_rows};
use crate::general::{Dense, General, MatMul};
use crate::moves::Layout;
use crate::ops::Kind;
use crate::plan::{Form, Times, View};
use crate::workspace::Workspace;

impl<E: Element> Prepared<'_, E> {
    /// Writes the gradient at one input of an op, of one tile.
    pub(super) fn pull(&self, workspace: &Workspace<E>, op: usize, input: usize, gradient: &View, at: Position, out: (&mut [E], Map)) {
        let this = &self.lowered.ops[op];
        let Kind::General(general) = &this.kind else { return };
        let kernels = self.kernels;
        let (given, given_map) = self.view(workspace, gradient, at.position);
        let value = |position: usize| self.activations.tile(this.inputs[position], at.tile);
        let parameter = |position: Option<usize>| position.map_or(&[][..], |position| self.network.parameter(position));
        let wide = |values: &[f32]| values.iter().map(|value| E::from_f64(f64::from(*value))).collect::<Vec<E>>();
        let (to, map) = out;
        match general {
            General::Moves(moves) => {
                let from = Layout { shape: self.lowered.ops[this.inputs[input]].shape, map };
                let of_result = Layout { shape: this.shape, map: given_map };
                let own = || moves.iter().filter(|moved| moved.input == input);
                let whole = own().count() == 1 && own().all(|moved| moved.reads_each_once(from.shape));
                if !whole {
                    to.fill(E::ZERO);
                }
                for moved in own() {
                    let walks = moved.walks_back(&from, &of_result);
                    let scale = E::from_f64(moved.scale);
                    kernels.moving(Moving { walks: &walks, from: given, to: &mut *to, scale, accumulate: !whole });
                }
            }
            General::Standardise(rows) => {
                let work = RowWork::StandardiseBack {
                    deviations: value(1).0,
                    standardised: self.activations.tile(op, at.tile).0,
                    centred: rows.centred,
                };
                kernels.rows(Rows { rows: rows.count, length: rows.length, values: given, out: &mut *to, work });
            }
            General::Weigh(period) => {
                let factors = this.weight.map(|weight| wide(self.network.parameter(weight)));
                kernels.weigh(Weigh {
                    values: given,
                    out: &mut *to,
                    vectors: map.vectors(),
                    period: *period,
                    factors: factors.as_deref(),
                    summands: None,
                });
            }
            General::Dense(dense) => {
                let back = Dense { inputs: dense.outputs, outputs: dense.inputs, ..*dense };
                along_rows(kernels, (given, given_map), &mut *to, &wide(parameter(this.weight)), back, Init::Zero);
            }
            General::MatMul(product) => match input {
                0 => left_back(kernels, product, given, value(1).0, &mut *to),
                _ => right_back(kernels, product, value(0).0, given, &mut *to),
            },
            General::Softmax { outer, extent, inner } => {
                let before = Some(self.activations.tile(op, at.tile).0);
                let [outer, extent, inner] = [*outer, *extent, *inner];
                kernels.softmax(Softmax { outer, extent, inner, values: given, before, out: &mut *to });
            }
            General::Deviations { .. } | General::Own | General::Constant(_) => {}
        }
        if gradient.scale != 1.0 {
            let scale = vec![E::from_f64(gradient.scale); map.channels];
            kernels.scale_shift(ScaleShift { out: (to, map), center: &vec![E::ZERO; map.channels], scale: &scale });
        }
    }

    /// Adds a tile to sums that are not those of channels.
    pub(super) fn fold(&self, workspace: &mut Workspace<E>, id: usize, at: Position) {
        let plan = &self.plan.sums[id];
        let tiles = self.activations.tiles;
        // The sums leave the workspace while gradients are read from it.
        let mut arena = std::mem::replace(&mut workspace.arena, Buffer::zeros(0));
        let mut totals = workspace.totals.take();
        let gradient = self.view(workspace, &plan.gradient, at.position);
        let factor = match plan.times {
            Times::Value(op) => Some(self.activations.tile(op, at.tile)),
            _ => None,
        };
        let counted = tiles.counted(at.tile);
        match (plan.form, totals.as_mut()) {
            (Form::Channels, _) => {}
            (Form::Elements(dense, parameter), _) => {
                let sums = &mut arena[at.arena + plan.room.offset * tiles.lanes..][..plan.room.vectors * tiles.lanes];
                if let Some(input) = factor {
                    elements::of_dense(self.kernels, dense, gradient, input, self.chosen(parameter), sums);
                }
            }
            (Form::Matrix(dense), totals) => {
                let sums = match totals {
                    Some(totals) => Sums::Totals(&mut totals[plan.room.list], counted, Order::Together),
                    None => Sums::Lanes(&mut arena[at.arena + plan.room.offset * tiles.lanes..][..plan.room.vectors * tiles.lanes]),
                };
                if let Some(input) = factor {
                    weigh_back(self.kernels, dense, gradient, input, sums);
                }
            }
            (Form::Periods(period), totals) => {
                let b = factor.map(|(data, _)| data);
                let vectors = gradient.1.vectors();
                if let Some(totals) = totals {
                    let mut sums = vec![E::ZERO; plan.room.vectors * tiles.lanes];
                    self.kernels.period_sums(PeriodSums { a: gradient.0, b, vectors, period, sums: &mut sums });
                    let totals = &mut totals[plan.room.list];
                    self.kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..counted, totals });
                } else {
                    let sums = &mut arena[at.arena + plan.room.offset * tiles.lanes..][..plan.room.vectors * tiles.lanes];
                    self.kernels.period_sums(PeriodSums { a: gradient.0, b, vectors, period, sums });
                }
            }
        }
        (workspace.arena, workspace.totals) = (arena, totals);
    }
}

/// The gradient of a linear layer's weight.
fn weigh_back<E: Element>(kernels: &Kernels<E>, dense: Dense, gradient: Tile<'_, E>, input: Tile<'_, E>, sums: Sums<'_, E>) {
    let Dense { places, inputs, outputs } = dense;
    let offsets: Vec<isize> = (0..inputs as isize).collect();
    kernels.weight_gradient(WeightGradient {
        gradient: gradient.0,
        gradient_origin: 0,
        gradient_channel_step: 1,
        gradient_row_step: outputs,
        channels: outputs,
        rows: places,
        columns: 1,
        input: input.0,
        input_origin: 0,
        input_row_step: inputs,
        input_column_step: 1,
        offsets: &offsets,
        taps: 1,
        tap_step: 1,
        sums,
    });
}

/// dy rightᵀ.
fn left_back<E: Element>(kernels: &Kernels<E>, product: &MatMul, given: &[E], right: &[E], out: &mut [E]) {
    let MatMul { rows, inner, columns, .. } = *product;
    let mut across = vec![E::ZERO; inner * columns * kernels.lanes()];
    out.fill(E::ZERO);
    for (place, [a, b]) in product.pairs.iter().enumerate() {
        let walk = Walk {
            extents: [1, 1, 1, columns, inner],
            from: b * inner * columns,
            from_steps: [0, 0, 0, 1, columns],
            to: 0,
            to_steps: [0, 0, 0, inner, 1],
        };
        kernels.moving(Moving { walks: &[walk], from: right, to: &mut across, scale: E::ONE, accumulate: false });
        let own = Matrices {
            left: given,
            left_at: [place * rows * columns, columns, 1],
            right: &across,
            extents: [rows, columns, inner],
            out: &mut *out,
            out_at: a * rows * inner,
            accumulate: true,
        };
        own.run(kernels);
    }
}

/// leftᵀ dy.
fn right_back<E: Element>(kernels: &Kernels<E>, product: &MatMul, left: &[E], given: &[E], out: &mut [E]) {
    let MatMul { rows, inner, columns, .. } = *product;
    out.fill(E::ZERO);
    for (place, [a, b]) in product.pairs.iter().enumerate() {
        let own = Matrices {
            left,
            left_at: [a * rows * inner, 1, inner],
            right: &given[place * rows * columns * kernels.lanes()..][..rows * columns * kernels.lanes()],
            extents: [inner, rows, columns],
            out: &mut *out,
            out_at: b * inner * columns,
            accumulate: true,
        };
        own.run(kernels);
    }
}
