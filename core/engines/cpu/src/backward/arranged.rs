//! What a backward pass reads of a network, arranged as its kernels read it: once for all cotangents and images.

use std::iter::repeat_n;

use assay_core::engine::profile::Meter;
use assay_core::graph::Conv2d;
use assay_core::network::Network;
use assay_kernels::{Element, Kernels, LaneTotals, Map, Pool, Sums};

use super::correlate::correlate;
use crate::activations::Activations;
use crate::geometry::{Phase, data_gradient, map, weight_gradient_work};
use crate::lower::{Lowered, plane};
use crate::ops::Kind;
use crate::plan::{Part, Plan, Step, Unit, View};

/// Weights and windows of a backward pass.
pub(crate) struct Arranged<E> {
    /// Of each level's steps, the data gradients of each part.
    pub(super) phases: Vec<Vec<Vec<Vec<Phase<E>>>>>,
    pub(super) pools: Vec<Option<Pool<E>>>,
    pub(super) constants: Vec<Constants>,
    /// `[channels][α, β, γ][lanes]` of each batch normalisation by running statistics; nothing for other units.
    pub(super) fixed: Vec<Vec<E>>,
}

/// What a convolution with batch normalisation needs beside G and Σ dy.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants {
    /// Σ x at each tap, `[groups][taps]`.
    pub(super) input_sums: Vec<f64>,
    /// Σ x̂ ⊗ x, as the weight.
    pub(super) products: Vec<f64>,
}

/// A step whose data gradients are not arranged yet.
pub(crate) struct Slot<'a, E> {
    step: &'a Step,
    phases: &'a mut Vec<Vec<Phase<E>>>,
}

impl<E: Element> Slot<'_, E> {
    pub(crate) fn fill(&mut self, network: &Network, lowered: &Lowered, activations: &Activations<E>, plan: &Plan) {
        let scales = |unit: usize, view: &View| data_scales(network, lowered, activations, plan, unit, view);
        *self.phases = step_phases(network, lowered, plan, self.step, &scales);
    }
}

impl<E: Element> Arranged<E> {
    pub(crate) fn new(
        kernels: &Kernels<E>,
        meter: Meter<'_>,
        network: &Network,
        lowered: &Lowered,
        activations: &Activations<E>,
        plan: &Plan,
    ) -> Self {
        let mut arranged = Self::begin(kernels, meter, lowered, activations, plan);
        arranged.fixed = plan.units.iter().map(|unit| fixed_factors(network, lowered, activations, unit)).collect();
        for slot in &mut arranged.slots(plan) {
            slot.fill(network, lowered, activations, plan);
        }
        arranged
    }

    /// All but the data gradients, whose slots are to be filled.
    pub(crate) fn begin(kernels: &Kernels<E>, meter: Meter<'_>, lowered: &Lowered, activations: &Activations<E>, plan: &Plan) -> Self {
        let phases = plan.levels.iter().map(|level| level.steps.iter().map(|_| Vec::new()).collect()).collect();
        let pools = lowered
            .ops
            .iter()
            .map(|op| match &op.kind {
                Kind::Pool { window, .. } => {
                    let from = lowered.ops[op.inputs[0]].shape;
                    Some(Pool::new(*window, plane(from), [op.shape.height, op.shape.width]))
                }
                _ => None,
            })
            .collect();
        let constants = |unit: &Unit| match (unit.conv, unit.norm) {
            (Some(conv), Some(norm)) => constants_of(kernels, meter, lowered, activations, conv, norm),
            _ => Constants::default(),
        };
        Self { phases, pools, constants: plan.units.iter().map(constants).collect(), fixed: Vec::new() }
    }

    /// The steps that read arranged weights; each may be filled alone.
    pub(crate) fn slots<'a>(&'a mut self, plan: &'a Plan) -> Vec<Slot<'a, E>> {
        let of_level = |(level, phases): (&'a crate::plan::Level, &'a mut Vec<Vec<Vec<Phase<E>>>>)| level.steps.iter().zip(phases);
        let steps = plan.levels.iter().zip(&mut self.phases).flat_map(of_level);
        steps.filter(|(step, _)| matches!(step, Step::Transpose { .. })).map(|(step, phases)| Slot { step, phases }).collect()
    }
}

fn constants_of<E: Element>(
    kernels: &Kernels<E>,
    meter: Meter<'_>,
    lowered: &Lowered,
    activations: &Activations<E>,
    op: usize,
    norm: usize,
) -> Constants {
    let Kind::Conv(conv) = &lowered.ops[op].kind else { return Constants::default() };
    let input = lowered.ops[op].inputs[0];
    let shape = lowered.ops[op].shape;
    let tiles = activations.tiles;
    let taps = lowered.ops[input].shape.channels / conv.groups * conv.kernel.area();
    let mut constants = Constants { input_sums: vec![0.0; conv.groups * taps], products: vec![0.0; shape.channels * taps] };
    let ones_map = Map { channels: conv.groups, ..map(shape, 0) };
    let ones = vec![E::ONE; ones_map.vectors() * tiles.lanes];
    // One output channel a group: its correlation is the sum of the input at each tap.
    let counting = Conv2d { out_channels: conv.groups, ..*conv };
    for tile in 0..tiles.count() {
        let mut sums = vec![E::ZERO; constants.input_sums.len() * tiles.lanes];
        correlate(kernels, &counting, (&ones, ones_map), activations.tile(input, tile), 0..ones_map.height, Sums::Lanes(&mut sums));
        kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..tiles.counted(tile), totals: &mut constants.input_sums });
        let mut sums = vec![E::ZERO; constants.products.len() * tiles.lanes];
        let channels = lowered.ops[input].shape.channels;
        let what = || weight_gradient_work(conv, shape.elements(), channels, tiles.counted(tile));
        meter.time(what, || {
            correlate(
                kernels,
                conv,
                activations.normalised(norm, tile),
                activations.tile(input, tile),
                0..shape.height,
                Sums::Lanes(&mut sums),
            );
        });
        kernels.lane_totals(LaneTotals { vectors: &sums, lanes: 0..tiles.counted(tile), totals: &mut constants.products });
    }
    constants
}

/// The factors of a batch normalisation by running statistics, the same for all images: γ / deviation, and nothing else.
fn fixed_factors<E: Element>(network: &Network, lowered: &Lowered, activations: &Activations<E>, unit: &Unit) -> Vec<E> {
    let norm = unit.norm.filter(|_| unit.fixed);
    let (Some(norm), Some(statistics)) = (norm, norm.and_then(|norm| activations.statistics(norm, 0))) else { return Vec::new() };
    let gamma = lowered.ops[norm].weight.map(|weight| network.parameter(weight));
    let mut factors = Vec::with_capacity(3 * unit.gradient.channels * activations.tiles.lanes);
    for (channel, inverse) in statistics.inverse_deviation.iter().enumerate() {
        let alpha = inverse * gamma.map_or(1.0, |gamma| f64::from(gamma[channel]));
        for factor in [alpha * unit.gradient.scale, 0.0, 0.0] {
            factors.extend(repeat_n(E::from_f64(factor), activations.tiles.lanes));
        }
    }
    factors
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
