//! How much memory a call takes, known before it starts.

use assay_core::engine::{Ask, JacobianOf};
use assay_core::graph::ParameterSpec;
use assay_core::network::Network;
use assay_kernels::Element;

use super::general::General;
use super::geometry::Phase;
use super::lower::Lowered;
use super::ops::{Kind, Op};
use super::plan::{CorrelationPlan, Plan, Step, SumsPlan, Unit};
use super::schedule::{Footprint, Schedule};
use super::tiles::Tiles;
use super::workspace::WorkspaceSizes;

/// A measurement whose memory is asked for, as a method of [`Engine`](assay_core::engine::Engine).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call<'a> {
    /// [`pass`](assay_core::engine::Engine::pass) with this ask.
    Pass(&'a Ask),
    /// [`jacobians_by_image`](assay_core::engine::Engine::jacobians_by_image) of these.
    Jacobians(JacobianOf<'a>),
    /// [`tangent_gram`](assay_core::engine::Engine::tangent_gram).
    TangentGram,
}

/// Bytes for each op, and for each gradient that is read out, of what says what to do with its values: lists of inputs,
/// taps and steps.
pub(super) const LISTS: usize = 1024;

/// What a forward pass takes, in bytes.
pub(super) fn forward<E: Element>(network: &Network, lowered: &Lowered, schedule: &Schedule, tiles: &Tiles) -> Footprint {
    let Footprint { most, kept } = schedule.footprint(lowered, tiles.count() * tiles.lanes);
    // Weights are rearranged for one op at a time.
    let weights =
        lowered.ops.iter().filter_map(|op| op.weight).map(|weight| network.graph().parameters()[weight].elements()).max().unwrap_or(0);
    let lists = lowered.ops.len() * LISTS;
    Footprint { most: (most + weights) * size_of::<E>() + lists, kept: kept * size_of::<E>() + lists }
}

/// What backward passes take beside activations and rows, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backward {
    /// What is prepared once for all cotangents.
    pub(super) prepared: usize,
    /// For a moment while it is prepared.
    pub(super) preparing: usize,
    /// For each thread.
    pub(super) workspace: usize,
}

impl Backward {
    pub(super) fn new<E: Element>(parameters: &[ParameterSpec], lowered: &Lowered, plan: &Plan, tiles: &Tiles) -> Self {
        Self::with::<E>(parameters, lowered, plan, tiles, &WorkspaceSizes::new(plan, tiles))
    }

    /// What a pass of one cotangent takes.
    fn of_pass<E: Element>(parameters: &[ParameterSpec], lowered: &Lowered, plan: &Plan, tiles: &Tiles) -> Self {
        Self::with::<E>(parameters, lowered, plan, tiles, &WorkspaceSizes::of_pass(plan, tiles))
    }

    fn with<E: Element>(parameters: &[ParameterSpec], lowered: &Lowered, plan: &Plan, tiles: &Tiles, sizes: &WorkspaceSizes) -> Self {
        let element = size_of::<E>();
        let weights = |op: usize| lowered.ops[op].weight.map_or(0, |weight| parameters[weight].elements());
        let conv_of = |unit: usize| {
            let op = plan.units[unit].conv?;
            if let Kind::Conv(conv) = &lowered.ops[op].kind { Some((op, conv)) } else { None }
        };
        let parts = plan.levels.iter().flat_map(|level| &level.steps).flat_map(|step| match step {
            Step::Transpose { parts, .. } => parts.as_slice(),
            _ => &[],
        });
        let phases = parts.filter_map(|part| conv_of(part.unit)).map(|(op, conv)| {
            let taps = conv.out_channels * conv.kernel.area();
            weights(op) * element + taps * size_of::<isize>() + conv.groups * conv.stride.area() * size_of::<Phase<E>>()
        });
        let mut prepared: usize = phases.sum();
        let (mut preparing, mut finishing) = (0, 0);
        for unit in 0..plan.units.len() {
            if let Some(norm) = plan.units[unit].norm.filter(|_| plan.units[unit].fixed) {
                prepared += 3 * lowered.ops[norm].shape.channels * tiles.lanes * element;
            }
            let Some((op, conv)) = conv_of(unit) else { continue };
            // Sums of a level are added up in float64, and what is the unit's is picked out.
            finishing =
                finishing.max(2 * plan.units[unit].correlation.map_or(0, |id| plan.correlations[id].room.vectors) * size_of::<f64>());
            if plan.units[unit].norm.is_some() {
                let input_sums = weights(op) / conv.out_channels * conv.groups;
                prepared += (weights(op) + input_sums) * size_of::<f64>();
                let ones = conv.groups * lowered.ops[op].shape.area();
                preparing = preparing.max((ones + input_sums + weights(op)) * tiles.lanes * element);
            }
        }
        let folded = plan.sums.iter().map(|sums| sums.room.vectors).max().unwrap_or(0);
        finishing = finishing.max(2 * folded * size_of::<f64>());
        finishing += general_scratch(lowered) * tiles.lanes * element;
        Self { prepared, preparing, workspace: sizes.bytes::<E>() + finishing }
    }
}

/// The most vectors that a step backward through an operator of transformers takes beside what it reads and writes.
fn general_scratch(lowered: &Lowered) -> usize {
    let of = |op: &Op| match &op.kind {
        Kind::General(General::MatMul(product)) => product.inner * product.columns,
        _ => 0,
    };
    lowered.ops.iter().map(of).max().unwrap_or(0)
}

/// What the backward pass of one objective takes beside activations, in bytes, with this many parameter gradients.
pub(super) fn gradients<E: Element>(network: &Network, lowered: &Lowered, plan: &Plan, tiles: &Tiles, parameters: usize) -> usize {
    let backward = Backward::of_pass::<E>(network.graph().parameters(), lowered, plan, tiles);
    let sums_become_gradients = WorkspaceSizes::adds_up(plan, tiles);
    let beside = if sums_become_gradients { plan.most_held(parameters) - plan.most_sums() } else { parameters };
    let units = plan.units.len() * (size_of::<Unit>() + size_of::<SumsPlan>() + size_of::<CorrelationPlan>());
    let lists = plan.kept.len() * LISTS + units;
    lists + backward.prepared + backward.preparing.max(backward.workspace + beside * size_of::<f64>())
}
