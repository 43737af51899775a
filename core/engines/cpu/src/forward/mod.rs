//! The forward pass: tile by tile, freeing what nothing needs any more.

mod convolution;
mod folded;
mod general;
mod measured;
mod normalise;

use assay_core::data::Minibatch;
use assay_core::engine::profile::{ConvolutionPass, Kernel, Meter, Work};
use assay_core::network::Network;
use assay_kernels::{Apply, Blend, Buffer, Combine, Element, Kernels, Map, Multiply, Pool, PoolKind, Pooling, Rectify, Term};

use self::convolution::ConvolutionCall;
pub(super) use self::convolution::conv_weights;
pub(super) use self::general::{Matrices, along_rows};

use super::activations::{Activations, part_mut};
use super::general::General;
use super::geometry::{kernel, operations};
use super::lower::{Lowered, plane};
use super::moves::Move;
use super::ops::Kind;
use super::schedule::Schedule;
use super::spare::Spare;
use super::tiles::Tiles;

/// Runs forward by a schedule, which says what stays.
pub(super) fn run<E: Element>(
    kernels: &Kernels<E>,
    meter: Meter<'_>,
    network: &Network,
    lowered: &Lowered,
    schedule: &Schedule,
    batch: &Minibatch,
    tiles: Tiles,
) -> Activations<E> {
    let mut activations = Activations::new(tiles, schedule.maps.clone());
    let mut pass = Pass { kernels, meter, network, lowered, schedule, activations: &mut activations, spare: &mut Spare::none() };
    for op in (0..lowered.ops.len()).filter(|op| lowered.is_live(*op)) {
        match lowered.ops[op].kind {
            Kind::Norm(epsilon) => pass.normalise(op, epsilon),
            _ => pass.compute(op, batch, &conv_weights(network, lowered, op)),
        }
        pass.release(op);
    }
    activations
}

/// A forward pass while it runs.
pub(super) struct Pass<'a, E: Element> {
    pub(super) kernels: &'a Kernels<E>,
    pub(super) meter: Meter<'a>,
    pub(super) network: &'a Network,
    pub(super) lowered: &'a Lowered,
    pub(super) schedule: &'a Schedule,
    pub(super) activations: &'a mut Activations<E>,
    /// Memory to take before more is asked for.
    pub(super) spare: &'a mut Spare<E>,
}

impl<E: Element> Pass<'_, E> {
    /// Memory for a value: zeros around every map, and anything within.
    pub(super) fn allocate(&mut self, op: usize) -> Buffer<E> {
        self.spare.take(self.activations.maps[op], &self.activations.tiles)
    }

    /// Gives back what nothing reads any more once an op is computed.
    pub(super) fn release(&mut self, op: usize) {
        for done in &self.schedule.done_after[op] {
            if let Some(buffer) = self.activations.values[*done].take() {
                self.spare.give(self.activations.maps[*done], &self.activations.tiles, buffer);
            }
        }
    }

    /// Computes an op other than a batch normalisation.
    pub(super) fn compute(&mut self, op: usize, batch: &Minibatch, conv_weights: &[Vec<E>]) {
        let lowered = self.lowered;
        let this = &lowered.ops[op];
        let mut out = self.allocate(op);
        let tiles = self.activations.tiles;
        let to = self.activations.maps[op];
        let writes_all = match &this.kind {
            Kind::Shift(_) | Kind::Zero => false,
            Kind::General(General::Moves(moves)) => Move::write_all(moves, this.shape),
            Kind::Input => tiles.rest == 0,
            _ => true,
        };
        if !writes_all {
            out.fill(E::ZERO);
        }
        let pool = match &this.kind {
            Kind::Pool { window, .. } => {
                let from = lowered.ops[this.inputs[0]].shape;
                Some(Pool::new(*window, plane(from), [to.height, to.width]))
            }
            _ => None,
        };
        let convolution = match &this.kind {
            Kind::Conv(conv) => {
                let from = &self.activations.maps[this.inputs[0]];
                Some(ConvolutionCall::new(self.network, conv, conv_weights, this.bias, from, tiles.lanes))
            }
            _ => None,
        };
        for tile in 0..tiles.count() {
            let out = part_mut(&mut out, &to, tile, tiles.lanes);
            let input = |position: usize| self.activations.tile(this.inputs[position], tile);
            let what = || (work(&this.kind), self.operations(op) * tiles.counted(tile) as u64);
            self.meter.time(what, || match &this.kind {
                Kind::Input => fill(out, &to, tile, &tiles, batch),
                Kind::Conv(_) => {
                    if let Some(convolution) = &convolution {
                        convolution.run(self.kernels, input(0), (out, to), 0..to.height);
                    }
                }
                Kind::Relu => self.kernels.rectify(Rectify { out: (out, to), input: input(0) }),
                Kind::Apply(function) | Kind::Slope(function) => {
                    let derivative = matches!(this.kind, Kind::Slope(_));
                    self.kernels.apply(Apply { out: (out, to), input: input(0), function: *function, derivative });
                }
                Kind::Product => {
                    let (a, b) = (input(0), input(1));
                    if (b.1.height, b.1.width) == (to.height, to.width) {
                        self.kernels.multiply(Multiply { out: (out, to), a, b, scale: E::ONE });
                    } else {
                        let factors = channel_factors(b, tiles.lanes, 1.0);
                        self.kernels.blend(Blend { rows: 0..to.height, out: (out, to), a, b: None, center: None, factors: &factors });
                    }
                }
                Kind::Pool { maximum, .. } => {
                    if let Some(pool) = &pool {
                        let kind = if *maximum { PoolKind::Maximum } else { PoolKind::Average };
                        self.kernels.pool(Pooling {
                            kind,
                            pool,
                            from: input(0),
                            to: (out, to),
                            values: None,
                            scale: E::ONE,
                            accumulate: false,
                            backward: false,
                        });
                    }
                }
                Kind::Sum(weights) => {
                    let terms: Vec<Term<'_, E>> = weights
                        .iter()
                        .enumerate()
                        .map(|(position, weight)| Term { data: input(position), scale: E::from_f64(*weight), mask: None })
                        .collect();
                    self.kernels.combine(Combine { out: (out, to), terms: &terms, accumulate: false });
                }
                Kind::Concat => {
                    let mut channel = 0;
                    for position in 0..this.inputs.len() {
                        let (data, from) = input(position);
                        let slice = &mut out[channel * to.channel_step() * tiles.lanes..];
                        let out_map = Map { channels: from.channels, ..to };
                        let terms = [Term { data: (data, from), scale: E::ONE, mask: None }];
                        self.kernels.combine(Combine { out: (slice, out_map), terms: &terms, accumulate: false });
                        channel += from.channels;
                    }
                }
                Kind::Shift(offset) => {
                    let (data, from) = input(0);
                    shift(data, &from, out, &to, *offset, tiles.lanes);
                }
                Kind::Scale(place) => {
                    let factors = self.activations.factors(*place, tile, to.channels, 1.0);
                    self.kernels.blend(Blend { rows: 0..to.height, out: (out, to), a: input(0), b: None, center: None, factors: &factors });
                }
                Kind::General(general) => self.compute_general(op, general, conv_weights, tile, out),
                Kind::Zero | Kind::Norm(_) => {}
            });
        }
        self.activations.values[op] = Some(out);
    }

    /// Floating-point operations of an op, other than batch normalisation, on one image.
    fn operations(&self, op: usize) -> u64 {
        let this = &self.lowered.ops[op];
        let each = match &this.kind {
            Kind::Conv(conv) => return operations(conv, this.shape.elements(), self.lowered.ops[this.inputs[0]].shape.channels),
            Kind::Relu | Kind::Scale(_) | Kind::Product | Kind::Apply(_) | Kind::Slope(_) => 1,
            Kind::Pool { window, .. } => window.kernel[0] * window.kernel[1],
            Kind::Sum(weights) => 2 * weights.len(),
            Kind::General(general) => return general.operations(this.shape.elements()) as u64,
            _ => 0,
        };
        (each * this.shape.elements()) as u64
    }
}

fn work(kind: &Kind) -> Work {
    match kind {
        Kind::Conv(conv) => Work::Convolution(ConvolutionPass::Forward, kernel(conv)),
        Kind::Norm(_) => Work::BatchNorm,
        Kind::Relu | Kind::Apply(_) | Kind::Slope(_) => Work::Relu,
        Kind::Pool { .. } => Work::Pool,
        Kind::General(General::Dense(_) | General::MatMul(_)) => Work::Convolution(ConvolutionPass::Forward, Kernel::of(1)),
        Kind::General(_) | Kind::Input | Kind::Sum(_) | Kind::Product | Kind::Concat | Kind::Shift(_) | Kind::Scale(_) | Kind::Zero => {
            Work::Sum
        }
    }
}

/// `[channels][α, β, γ][lanes]` of a blend that multiplies each channel of each image by its number in a vector and by `scale`.
pub(super) fn channel_factors<E: Element>((vector, map): (&[E], Map), lanes: usize, scale: f64) -> Vec<E> {
    let mut factors = vec![E::ZERO; 3 * map.channels * lanes];
    for (channel, to) in factors.chunks_exact_mut(3 * lanes).enumerate() {
        let from = &vector[map.at(channel, 0, 0) * lanes..][..lanes];
        for (to, from) in to.iter_mut().zip(from) {
            *to = E::from_f64(scale) * *from;
        }
    }
    factors
}

/// Lays the images of one tile out by lanes; empty lanes stay zero.
fn fill<E: Element>(out: &mut [E], map: &Map, tile: usize, tiles: &Tiles, batch: &Minibatch) {
    let size = map.channels * map.area();
    for lane in 0..tiles.lanes {
        let Some(image) = tiles.image(tile, lane) else { continue };
        let pixels = &batch.pixels()[image * size..][..size];
        for channel in 0..map.channels {
            for row in 0..map.height {
                let start = map.at(channel, row, 0) * tiles.lanes + lane;
                for column in 0..map.width {
                    out[start + column * tiles.lanes] = E::from_f64(f64::from(pixels[(channel * map.height + row) * map.width + column]));
                }
            }
        }
    }
}

/// Moves content up and left; what enters is zero.
fn shift<E: Element>(from: &[E], from_map: &Map, to: &mut [E], to_map: &Map, offset: usize, lanes: usize) {
    let width = (to_map.width - offset) * lanes;
    for channel in 0..to_map.channels {
        for row in 0..to_map.height - offset {
            let source = &from[from_map.at(channel, row + offset, offset) * lanes..][..width];
            to[to_map.at(channel, row, 0) * lanes..][..width].copy_from_slice(source);
        }
    }
}
