//! Running a [`Plan`] for cotangents.

mod node_gradients;
mod parameter_gradients;
mod transpose;
mod work;

use assay_core::engine::profile::{Meter, Work};
use assay_core::graph::Conv2d;
use assay_core::network::Network;
use assay_kernels::{
    Blend, Buffer, ChannelSums, Combine, Element, Kernels, LaneTotals, Map, Pool, PoolKind, Pooling, Term, WeightGradient,
};

use self::transpose::Transposition;
use super::activations::{Activations, part, part_mut};
use super::columns::Columns;
use super::geometry::{Phase, data_gradient, forward_taps, map, weight_gradient_work};
use super::lower::{Kind, Lowered};
use super::plan::{Part, Place, Plan, Step, View};
use super::workspace::Workspace;

/// What is the same for every cotangent.
pub(super) struct Prepared<'a, E: Element> {
    pub(super) kernels: &'a Kernels<E>,
    pub(super) meter: Meter<'a>,
    pub(super) network: &'a Network,
    pub(super) lowered: &'a Lowered,
    pub(super) activations: &'a Activations<E>,
    pub(super) plan: &'a Plan,
    /// Of each level's steps, the data gradients of each part.
    phases: Vec<Vec<Vec<Vec<Phase<E>>>>>,
    pools: Vec<Option<Pool<E>>>,
    constants: Vec<Constants>,
}

/// What a convolution with batch normalisation needs beside G and Σ dy.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants {
    /// Σ x at each tap, `[groups][taps]`.
    pub(super) input_sums: Vec<f64>,
    /// Σ x̂ ⊗ x, as the weight.
    pub(super) products: Vec<f64>,
}

impl<'a, E: Element> Prepared<'a, E> {
    pub(super) fn new(
        kernels: &'a Kernels<E>,
        meter: Meter<'a>,
        network: &'a Network,
        lowered: &'a Lowered,
        activations: &'a Activations<E>,
        plan: &'a Plan,
    ) -> Self {
        let scales = |unit: usize, view: &View| data_scales(network, lowered, activations, plan, unit, view);
        let of_step = |step| step_phases(network, lowered, plan, step, &scales);
        let phases = plan.levels.iter().map(|level| level.steps.iter().map(of_step).collect()).collect();
        let pools = lowered
            .ops
            .iter()
            .map(|op| match &op.kind {
                Kind::Pool { kernel, stride, padding, .. } => {
                    let from = lowered.ops[op.inputs[0]].shape;
                    Some(Pool::new(*kernel, *stride, *padding, [from.height, from.width], [op.shape.height, op.shape.width]))
                }
                _ => None,
            })
            .collect();
        let mut prepared = Self { kernels, meter, network, lowered, activations, plan, phases, pools, constants: Vec::new() };
        prepared.constants = plan.units.iter().map(|unit| prepared.constants_of(unit.conv, unit.norm)).collect();
        prepared
    }

    pub(super) fn constants(&self, unit: usize) -> &Constants {
        &self.constants[unit]
    }

    fn constants_of(&self, conv: Option<usize>, norm: Option<usize>) -> Constants {
        let (Some(op), Some(norm)) = (conv, norm) else { return Constants::default() };
        let Kind::Conv(conv) = &self.lowered.ops[op].kind else { return Constants::default() };
        let input = self.lowered.ops[op].inputs[0];
        let shape = self.lowered.ops[op].shape;
        let tiles = self.activations.tiles;
        let taps = self.lowered.ops[input].shape.channels / conv.groups * conv.kernel * conv.kernel;
        let mut constants = Constants { input_sums: vec![0.0; conv.groups * taps], products: vec![0.0; shape.channels * taps] };
        let ones_map = Map { channels: conv.groups, ..map(shape, 0) };
        let ones = vec![E::ONE; ones_map.vectors() * tiles.lanes];
        // One output channel a group: its correlation is the sum of the input at each tap.
        let counting = Conv2d { out_channels: conv.groups, ..*conv };
        for tile in 0..tiles.count() {
            let mut sums = vec![E::ZERO; constants.input_sums.len() * tiles.lanes];
            correlate(self.kernels, &counting, (&ones, ones_map), self.activations.tile(input, tile), &mut sums);
            self.kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..tiles.counted(tile), totals: &mut constants.input_sums });
            let mut sums = vec![E::ZERO; constants.products.len() * tiles.lanes];
            let channels = self.lowered.ops[input].shape.channels;
            let what = || weight_gradient_work(conv, shape.elements(), channels, tiles.counted(tile));
            self.meter.time(what, || {
                correlate(self.kernels, conv, self.activations.normalised(norm, tile), self.activations.tile(input, tile), &mut sums);
            });
            self.kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..tiles.counted(tile), totals: &mut constants.products });
        }
        constants
    }
}

/// What each output channel's weights are multiplied by in a data gradient that reads this view: for a pointwise unit
/// γ / deviation too, which other units have in their scratch buffer already.
fn data_scales<E: Element>(
    network: &Network,
    lowered: &Lowered,
    activations: &Activations<E>,
    plan: &Plan,
    unit: usize,
    view: &View,
) -> Vec<f64> {
    let unit = &plan.units[unit];
    let norm = unit.norm.filter(|_| unit.mixture.is_some());
    let (Some(norm), Some(statistics)) = (norm, norm.and_then(|norm| activations.statistics(norm, 0))) else {
        return vec![view.scale; view.channels];
    };
    let gamma = lowered.ops[norm].weight.map(|weight| network.parameter(weight));
    let alpha = |(channel, inverse): (usize, &f64)| view.scale * inverse * gamma.map_or(1.0, |gamma| f64::from(gamma[channel]));
    statistics.inverse_deviation.iter().enumerate().map(alpha).collect()
}

fn step_phases<E: Element>(
    network: &Network,
    lowered: &Lowered,
    plan: &Plan,
    step: &Step,
    scales: &dyn Fn(usize, &View) -> Vec<f64>,
) -> Vec<Vec<Phase<E>>> {
    let Step::Transpose { out, parts, .. } = step else { return Vec::new() };
    parts
        .iter()
        .map(|Part { unit, view, .. }| {
            let Some(op) = plan.units[*unit].conv.map(|op| &lowered.ops[op]) else { return Vec::new() };
            let (Kind::Conv(conv), Some(weight)) = (&op.kind, op.weight) else { return Vec::new() };
            let from = Map { channels: view.channels, ..plan.buffers[view.buffer].map };
            data_gradient(conv, network.parameter(weight), &from, &plan.buffers[*out].map, &scales(*unit, view))
        })
        .collect()
}

/// Adds a tile to the correlation sums of a convolution, `[output channels][taps][lanes]`.
fn correlate<E: Element>(kernels: &Kernels<E>, conv: &Conv2d, gradient: (&[E], Map), input: (&[E], Map), sums: &mut [E]) {
    let outputs = conv.out_channels / conv.groups;
    let taps = input.1.channels / conv.groups * conv.kernel * conv.kernel;
    for group in 0..conv.groups {
        let forward = forward_taps(conv, &input.1, group);
        kernels.weight_gradient(WeightGradient {
            gradient: gradient.0,
            gradient_origin: gradient.1.origin(group * outputs),
            gradient_channel_step: gradient.1.channel_step(),
            gradient_row_step: gradient.1.row_step(),
            channels: outputs,
            rows: gradient.1.height,
            columns: gradient.1.width,
            input: input.0,
            input_origin: forward.origin,
            input_row_step: conv.stride * input.1.row_step(),
            input_column_step: conv.stride,
            offsets: &forward.rows,
            taps: conv.kernel,
            tap_step: conv.dilation,
            sums: &mut sums[group * outputs * taps * kernels.lanes()..],
        });
    }
}

impl<E: Element> Prepared<'_, E> {
    /// Runs backward for `rows.len()` cotangents at once. `cotangent(position, image, output)` is the gradient that
    /// enters; each row receives the parameters' gradients of these columns.
    pub(super) fn run(
        &self,
        workspace: &mut Workspace<E>,
        columns: &Columns,
        rows: &mut [&mut [E]],
        cotangent: &dyn Fn(usize, usize, usize) -> f64,
    ) {
        let tiles = self.activations.tiles;
        let backward = tiles.backward();
        self.seed(workspace, &backward, rows.len(), cotangent);
        for mixture in &mut workspace.mixtures {
            mixture.fill(E::ZERO);
        }
        for (level, plan) in self.plan.levels.iter().enumerate() {
            let stride = plan.arena * tiles.lanes;
            workspace.arena[..tiles.targets() * stride].fill(E::ZERO);
            for (position, (tile, cotangent)) in backward.iter().enumerate() {
                if cotangent.is_some_and(|cotangent| cotangent >= rows.len()) {
                    continue;
                }
                let target = cotangent.unwrap_or(tiles.shared_target());
                let images = if cotangent.is_some() { tiles.lanes } else { tiles.rest * rows.len().min(tiles.copies) };
                for (step, phases) in plan.steps.iter().zip(&self.phases[level]) {
                    self.step(workspace, step, phases, Position { position, tile: *tile, target, arena: target * stride, images });
                }
            }
            for unit in &plan.finish {
                for (cotangent, row) in rows.iter_mut().enumerate() {
                    self.meter.time(|| (Work::Collect, 0), || self.finish(workspace, *unit, cotangent, plan.arena, columns, row));
                }
            }
        }
    }

    fn seed(
        &self,
        workspace: &mut Workspace<E>,
        backward: &[(usize, Option<usize>)],
        count: usize,
        cotangent: &dyn Fn(usize, usize, usize) -> f64,
    ) {
        let tiles = self.activations.tiles;
        let Place::Shared(slot) = self.plan.buffers[self.plan.seed].place else { return };
        let map = self.plan.buffers[self.plan.seed].map;
        let seed = &mut workspace.shared[slot];
        for (position, (tile, owner)) in backward.iter().enumerate() {
            let data = part_mut(seed, &map, position, tiles.lanes);
            for lane in 0..tiles.lanes {
                let owner = owner.unwrap_or_else(|| lane.checked_div(tiles.rest).unwrap_or(0));
                let image = tiles.image(*tile, lane).filter(|_| owner < count);
                for output in 0..map.vectors() {
                    let value = image.map_or(0.0, |image| cotangent(owner, image, output));
                    data[output * tiles.lanes + lane] = E::from_f64(value);
                }
            }
        }
    }

    fn step(&self, workspace: &mut Workspace<E>, step: &Step, phases: &[Vec<Phase<E>>], at: Position) {
        let lanes = self.activations.tiles.lanes;
        let (Step::Combine { out, .. }
        | Step::Blend { out, .. }
        | Step::Transpose { out, .. }
        | Step::Pool { out, .. }
        | Step::Shift { out, .. }) = step
        else {
            if let Step::Keep(id) = step {
                self.keep(workspace, *id, at);
            } else {
                self.add_sums(workspace, step, at);
            }
            return;
        };
        // The output leaves the workspace while the step reads the rest of it.
        let mut buffer = std::mem::replace(self.memory(workspace, *out), Buffer::zeros(0));
        let map = self.plan.buffers[*out].map;
        let to = (part_mut(&mut buffer, &map, self.tile_of(*out, at), lanes), map);
        match step {
            Step::Transpose { accumulate, parts, mixture, mask, .. } => {
                self.transpose(
                    workspace,
                    &Transposition { parts, phases, accumulate: *accumulate, mixture: *mixture, mask: *mask },
                    at,
                    to,
                );
            }
            _ => self.meter.time(|| self.work(step, at), || self.write(workspace, step, at, to)),
        }
        *self.memory(workspace, *out) = buffer;
    }

    pub(super) fn memory<'w>(&self, workspace: &'w mut Workspace<E>, buffer: usize) -> &'w mut Buffer<E> {
        match self.plan.buffers[buffer].place {
            Place::Shared(slot) => &mut workspace.shared[slot],
            Place::Local(slot) => &mut workspace.local[slot],
        }
    }

    /// Which tile of a buffer's memory a position has.
    pub(super) fn tile_of(&self, buffer: usize, at: Position) -> usize {
        if matches!(self.plan.buffers[buffer].place, Place::Shared(_)) { at.position } else { 0 }
    }

    fn write(&self, workspace: &Workspace<E>, step: &Step, at: Position, out: (&mut [E], Map)) {
        let lanes = self.activations.tiles.lanes;
        match step {
            Step::Combine { terms, accumulate, .. } => {
                let term = |(view, mask): &(View, Option<usize>)| Term {
                    data: self.view(workspace, view, at.position),
                    scale: E::from_f64(view.scale),
                    mask: mask.map(|op| self.activations.tile(op, at.tile)),
                };
                let terms: Vec<Term<'_, E>> = terms.iter().map(term).collect();
                self.kernels.combine(Combine { out, terms: &terms, accumulate: *accumulate });
            }
            Step::Blend { unit, .. } => {
                let plan = &self.plan.units[*unit];
                let a = self.view(workspace, &plan.gradient, at.position);
                let b = plan.norm.map(|norm| self.activations.normalised(norm, at.tile));
                let factors = &workspace.factors[*unit][at.target * 3 * plan.gradient.channels * lanes..];
                self.kernels.blend(Blend { rows: 0..out.1.height, out, a, b, factors });
            }
            Step::Pool { gradient, pool, accumulate, .. } => {
                let Some(window) = &self.pools[*pool] else { return };
                let op = &self.lowered.ops[*pool];
                let maximum = matches!(op.kind, Kind::Pool { maximum: true, .. });
                self.kernels.pool(Pooling {
                    kind: if maximum { PoolKind::Maximum } else { PoolKind::Average },
                    pool: window,
                    from: self.view(workspace, gradient, at.position),
                    to: out,
                    values: maximum.then(|| self.activations.tile(op.inputs[0], at.tile)),
                    scale: E::from_f64(gradient.scale),
                    accumulate: *accumulate,
                    backward: true,
                });
            }
            Step::Shift { gradient, offset, .. } => {
                let (data, from) = self.view(workspace, gradient, at.position);
                add_shifted(data, &from, out.0, &out.1, *offset, gradient.scale, lanes);
            }
            Step::Transpose { .. } | Step::Correlate(_) | Step::Sum(_) | Step::Keep(_) => {}
        }
    }

    fn add_sums(&self, workspace: &mut Workspace<E>, step: &Step, at: Position) {
        let lanes = self.activations.tiles.lanes;
        let mut arena = std::mem::replace(&mut workspace.arena, Buffer::zeros(0));
        self.meter.time(
            || self.work(step, at),
            || match step {
                Step::Correlate(id) => {
                    let plan = &self.plan.correlations[*id];
                    let gradient = self.view(workspace, &plan.gradient, at.position);
                    let sums = &mut arena[at.arena + plan.offset * lanes..][..plan.vectors * lanes];
                    correlate(self.kernels, &plan.conv, gradient, self.activations.tile(plan.input, at.tile), sums);
                }
                Step::Sum(id) => {
                    let plan = &self.plan.sums[*id];
                    let a = self.view(workspace, &plan.gradient, at.position);
                    let b = plan.norm.map(|norm| self.activations.normalised(norm, at.tile));
                    let sums = &mut arena[at.arena + plan.offset * lanes..][..plan.vectors * lanes];
                    self.kernels.channel_sums(ChannelSums { a, b, center: None, sums });
                }
                _ => {}
            },
        );
        workspace.arena = arena;
    }

    /// The channels of one tile that a view shows, without its scale.
    pub(super) fn view<'w>(&self, workspace: &'w Workspace<E>, view: &View, position: usize) -> (&'w [E], Map) {
        let lanes = self.activations.tiles.lanes;
        let buffer = &self.plan.buffers[view.buffer];
        let tile = match buffer.place {
            Place::Shared(slot) => part(&workspace.shared[slot], &buffer.map, position, lanes),
            Place::Local(slot) => part(&workspace.local[slot], &buffer.map, 0, lanes),
        };
        (&tile[view.channel * buffer.map.channel_step() * lanes..], Map { channels: view.channels, ..buffer.map })
    }
}

/// Where a step runs: the tile of the backward pass, the forward tile, whose sums and factors, where those sums begin,
/// and how many lanes carry images.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) position: usize,
    pub(super) tile: usize,
    pub(super) target: usize,
    arena: usize,
    pub(super) images: usize,
}

/// Adds the gradient of a shift up and left: content goes back down and right.
fn add_shifted<E: Element>(from: &[E], from_map: &Map, to: &mut [E], to_map: &Map, offset: usize, scale: f64, lanes: usize) {
    let width = (to_map.width - offset) * lanes;
    for channel in 0..from_map.channels {
        for row in 0..to_map.height - offset {
            let source = &from[from_map.at(channel, row, 0) * lanes..][..width];
            let target = &mut to[to_map.at(channel, row + offset, offset) * lanes..][..width];
            for (target, source) in target.iter_mut().zip(source) {
                *target = E::from_f64(target.to_f64() + scale * source.to_f64());
            }
        }
    }
}
