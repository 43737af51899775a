//! Running a [`Plan`] for cotangents.

mod arranged;
mod correlate;
mod elements;
mod general;
mod node_gradients;
mod parameter_gradients;
mod sums;
mod transpose;
mod work;

use assay_core::engine::profile::{Meter, Work};
use assay_core::network::Network;
use assay_kernels::{Blend, Buffer, ChannelSums, Combine, Element, Kernels, Map, Multiply, PoolKind, Pooling, Term};

pub(super) use self::arranged::Arranged;
use self::arranged::Constants;
use self::transpose::Transposition;
use super::activations::{Activations, Tile, part, part_mut};
use super::forward::channel_factors;
use super::geometry::Phase;
use super::lower::Lowered;
use super::ops::Kind;
use super::plan::{Place, Plan, Step, View};
use super::workspace::Workspace;

/// What is the same for every cotangent.
pub(super) struct Prepared<'a, E: Element> {
    pub(super) kernels: &'a Kernels<E>,
    pub(super) meter: Meter<'a>,
    pub(super) network: &'a Network,
    pub(super) lowered: &'a Lowered,
    pub(super) activations: &'a Activations<E>,
    pub(super) plan: &'a Plan,
    arranged: &'a Arranged<E>,
}

impl<'a, E: Element> Prepared<'a, E> {
    /// A pass over these activations.
    pub(super) fn new(
        kernels: &'a Kernels<E>,
        meter: Meter<'a>,
        network: &'a Network,
        lowered: &'a Lowered,
        activations: &'a Activations<E>,
        plan: &'a Plan,
        arranged: &'a Arranged<E>,
    ) -> Self {
        Self { kernels, meter, network, lowered, activations, plan, arranged }
    }

    fn constants(&self, unit: usize) -> &Constants {
        &self.arranged.constants[unit]
    }
}

impl<E: Element> Prepared<'_, E> {
    /// Runs backward for `count` cotangents at once. `cotangent(seed, position, image, output)` is the gradient that enters;
    /// `give(position, parameter, values)` gets the parameters' gradients.
    pub(super) fn run(
        &self,
        workspace: &mut Workspace<E>,
        count: usize,
        cotangent: &dyn Fn(usize, usize, usize, usize) -> f64,
        give: &mut dyn FnMut(usize, usize, Vec<f64>),
    ) {
        self.begin(workspace, count, cotangent);
        for (level, plan) in self.plan.levels.iter().enumerate() {
            self.level(workspace, level, count);
            for unit in &plan.finish {
                for cotangent in 0..count {
                    let mut give = |parameter: usize, values: Vec<f64>| give(cotangent, parameter, values);
                    self.meter.time(|| (Work::Collect, 0), || self.finish(workspace, *unit, cotangent, plan.arena, &mut give));
                }
            }
        }
    }

    /// Lets the cotangents of a pass enter.
    pub(super) fn begin(&self, workspace: &mut Workspace<E>, count: usize, cotangent: &dyn Fn(usize, usize, usize, usize) -> f64) {
        for position in 0..self.plan.seeds.len() {
            self.seed(workspace, position, count, &|owner, image, output| cotangent(position, owner, image, output));
        }
        for mixture in &mut workspace.mixtures {
            mixture.fill(E::ZERO);
        }
    }

    /// Runs the steps of a level for `count` cotangents; its sums are then in the arena.
    pub(super) fn level(&self, workspace: &mut Workspace<E>, level: usize, count: usize) {
        let tiles = self.activations.tiles;
        let plan = &self.plan.levels[level];
        let stride = plan.arena * tiles.lanes;
        match &mut workspace.totals {
            Some(totals) => {
                // Those of the level before go first.
                totals.clear();
                totals.extend(plan.lists.iter().map(|count| vec![0.0; *count]));
            }
            None => workspace.arena[..tiles.targets() * stride].fill(E::ZERO),
        }
        for (position, (tile, cotangent)) in tiles.backward().iter().enumerate() {
            if cotangent.is_some_and(|cotangent| cotangent >= count) {
                continue;
            }
            let target = cotangent.unwrap_or(tiles.shared_target());
            let images = if cotangent.is_some() { tiles.lanes } else { tiles.rest * count.min(tiles.copies) };
            for (step, phases) in plan.steps.iter().zip(&self.arranged.phases[level]) {
                self.step(workspace, step, phases, Position { position, tile: *tile, target, arena: target * stride, images });
            }
        }
    }

    fn seed(&self, workspace: &mut Workspace<E>, seed: usize, count: usize, cotangent: &dyn Fn(usize, usize, usize) -> f64) {
        let tiles = self.activations.tiles;
        let buffer = &self.plan.buffers[self.plan.seeds[seed]];
        let Place::Shared(slot) = buffer.place else { return };
        let data = &mut workspace.shared[slot];
        for (position, (tile, owner)) in tiles.backward().iter().enumerate() {
            let data = part_mut(data, &buffer.map, position, tiles.lanes);
            for lane in 0..tiles.lanes {
                let owner = owner.unwrap_or_else(|| lane.checked_div(tiles.rest).unwrap_or(0));
                let image = tiles.image(*tile, lane).filter(|_| owner < count);
                for output in 0..buffer.map.vectors() {
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
        | Step::Scale { out, .. }
        | Step::Multiply { out, .. }
        | Step::Pull { out, .. }
        | Step::Shift { out, .. }) = step
        else {
            match step {
                Step::Keep(id) => self.keep(workspace, *id, at),
                Step::Correlate(id) => self.correlate(workspace, *id, at),
                Step::Sum(ids) => self.sum(workspace, step, ids, at),
                Step::Fold(id) => self.meter.time(|| self.work(step, at), || self.fold(workspace, *id, at)),
                _ => {}
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
                let (factors, b, center) = self.factors(workspace, *unit, at);
                self.kernels.blend(Blend { rows: 0..out.1.height, out, a, b, center, factors });
            }
            Step::Pool { gradient, pool, accumulate, .. } => {
                let Some(window) = &self.arranged.pools[*pool] else { return };
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
            Step::Scale { gradient, op, .. } => {
                let Kind::Scale(place) = self.lowered.ops[*op].kind else { return };
                let a = self.view(workspace, gradient, at.position);
                let factors = self.activations.factors(place, at.tile, a.1.channels, gradient.scale);
                self.kernels.blend(Blend { rows: 0..out.1.height, out, a, b: None, center: None, factors: &factors });
            }
            Step::Multiply { gradient, by, .. } => {
                let a = self.view(workspace, gradient, at.position);
                let by = self.activations.tile(*by, at.tile);
                multiply(self.kernels, out, a, by, gradient.scale);
            }
            Step::Shift { gradient, offset, .. } => {
                let (data, from) = self.view(workspace, gradient, at.position);
                add_shifted(data, &from, out.0, &out.1, *offset, gradient.scale, lanes);
            }
            Step::Pull { gradient, op, input, .. } => self.pull(workspace, *op, *input, gradient, at, out),
            Step::Transpose { .. } | Step::Correlate(_) | Step::Sum(_) | Step::Fold(_) | Step::Keep(_) => {}
        }
    }

    /// The factors of the way back through a unit's batch normalisation, and what they multiply beside the gradient.
    pub(super) fn factors<'w>(&'w self, workspace: &'w Workspace<E>, unit: usize, at: Position) -> Factors<'w, E> {
        let plan = &self.plan.units[unit];
        if plan.fixed {
            return (&self.arranged.fixed[unit], None, None);
        }
        let (b, center) = self.before(plan.norm, at.tile);
        (&workspace.factors[unit][at.target * 3 * plan.gradient.channels * self.activations.tiles.lanes..], b, center)
    }

    /// What the way back through a batch normalisation reads of one tile: its values before γ and β, or its input with what is to
    /// be subtracted from each channel of it.
    pub(super) fn before(&self, norm: Option<usize>, tile: usize) -> (Option<Tile<'_, E>>, Option<&[E]>) {
        let Some(norm) = norm else { return (None, None) };
        match &self.activations.centers[norm] {
            Some(centers) => (Some(self.activations.tile(self.lowered.ops[norm].inputs[0], tile)), Some(centers)),
            None => (Some(self.activations.normalised(norm, tile)), None),
        }
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

/// `[channels][α, β, γ][lanes]`, the tile that β multiplies, and what is subtracted from it.
type Factors<'a, E> = (&'a [E], Option<Tile<'a, E>>, Option<&'a [E]>);

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

/// `scale` times a gradient times a value: number by number, by a factor a channel, or added up over each map.
fn multiply<E: Element>(kernels: &Kernels<E>, out: (&mut [E], Map), a: Tile<'_, E>, by: Tile<'_, E>, scale: f64) {
    let size = |map: &Map| (map.height, map.width);
    let lanes = kernels.lanes();
    if size(&out.1) != size(&a.1) {
        let sums = &mut out.0[..out.1.channels * lanes];
        sums.fill(E::ZERO);
        kernels.channel_sums(ChannelSums { a, b: Some(by), center: None, sums });
        sums.iter_mut().for_each(|sum| *sum = E::from_f64(scale) * *sum);
    } else if size(&by.1) == size(&a.1) {
        kernels.multiply(Multiply { out, a, b: by, scale: E::from_f64(scale) });
    } else {
        let factors = channel_factors(by, lanes, scale);
        kernels.blend(Blend { rows: 0..out.1.height, out, a, b: None, center: None, factors: &factors });
    }
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
