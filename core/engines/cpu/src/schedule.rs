//! What a forward pass computes in place and what it drops when: decided before it runs, so that its memory is known.

use std::collections::HashMap;

use assay_core::network::Network;
use assay_kernels::Map;

use super::fold::Folds;
use super::geometry::map;
use super::lower::Lowered;
use super::ops::Kind;

/// The life of every value of a forward pass.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// The layout of every value.
    pub(super) maps: Vec<Map>,
    /// Whether everything that a backward pass reads stays.
    pub(super) keep: bool,
    /// Whether a batch normalisation has a γ or β that changes something, and so a normalised value beside its value.
    pub(super) affine: Vec<bool>,
    /// Whether a batch normalisation takes over its input's memory.
    pub(super) in_place: Vec<bool>,
    /// The ops that are computed, in order.
    order: Vec<usize>,
    /// The values that nothing reads any more once an op is computed.
    pub(super) done_after: Vec<Vec<usize>>,
}

/// Elements of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Footprint {
    /// At once, at most.
    pub(super) most: usize,
    /// When it ends.
    pub(super) kept: usize,
}

impl Schedule {
    /// With `keep`, everything that a backward pass reads stays; pinned values always do.
    pub(super) fn new(network: &Network, lowered: &Lowered, keep: bool) -> Self {
        let count = lowered.ops.len();
        let affine: Vec<bool> = (0..count).map(|op| is_affine(network, lowered, op)).collect();
        let maps = maps(lowered);
        let in_place = (0..count)
            .map(|op| {
                let input = lowered.ops[op].inputs.first();
                input.is_some_and(|input| lowered.fused_norm(*input) == Some(op) && maps[*input] == maps[op])
            })
            .collect();
        let order: Vec<usize> = (0..count).filter(|op| lowered.is_live(*op)).collect();
        let stays = |op: usize| keep && (is_read_backward(lowered, op) || matches!(lowered.ops[op].kind, Kind::Norm(_)) && !affine[op]);
        let done_after = done_after(lowered, &order, &|op| lowered.ops[op].inputs.clone(), &stays);
        Self { maps, keep, affine, in_place, order, done_after }
    }

    /// That of ops which are computed in this order, as folds have it. Ways back read what batch normalisations read.
    pub(super) fn in_order(lowered: &Lowered, folds: &Folds, keep: bool, order: Vec<usize>) -> Self {
        let count = lowered.ops.len();
        let is_normalised = |op: usize| lowered.consumers[op].iter().any(|reader| matches!(lowered.ops[*reader].kind, Kind::Norm(_)));
        let stays = |op: usize| keep && (is_read_backward(lowered, op) || is_normalised(op));
        let done_after = done_after(lowered, &order, &|op| folds.reads(lowered, op), &stays);
        Self { maps: maps(lowered), keep, affine: vec![false; count], in_place: vec![false; count], order, done_after }
    }

    /// How much memory values take, for tiles of this many elements a vector in all.
    pub(super) fn footprint(&self, lowered: &Lowered, elements: usize) -> Footprint {
        let (mut now, mut most) = (0, 0);
        let mut held = vec![0; self.maps.len()];
        for op in self.order.iter().copied() {
            let size = self.maps[op].vectors() * elements;
            if self.in_place[op] {
                held[op] = std::mem::take(&mut held[lowered.ops[op].inputs[0]]);
            } else {
                held[op] = size;
                now += size;
            }
            if self.affine[op] {
                now += size;
                most = most.max(now);
                // A backward pass reads the normalised value.
                if !self.keep {
                    now -= size;
                }
            }
            most = most.max(now);
            for done in &self.done_after[op] {
                now -= std::mem::take(&mut held[*done]);
            }
        }
        Footprint { most, kept: now }
    }

    /// Vectors, in each tile, of values that are computed in this order, and of maps that are taken when all are computed, where the
    /// memory of a value that is done is used again for the same layout alone, and never given back.
    pub(super) fn kept_by_layout(&self, lowered: &Lowered, order: impl Iterator<Item = usize>, later: impl Iterator<Item = Map>) -> usize {
        let mut layouts: HashMap<Map, InUse> = HashMap::new();
        let mut held = vec![0; self.maps.len()];
        for op in order {
            let own = layouts.entry(self.maps[op]).or_default();
            if self.in_place[op] {
                held[op] = std::mem::take(&mut held[lowered.ops[op].inputs[0]]);
            } else {
                held[op] = 1;
                own.take();
            }
            if self.affine[op] {
                own.take();
                if !self.keep {
                    own.now -= 1;
                }
            }
            for done in &self.done_after[op] {
                let given = std::mem::take(&mut held[*done]);
                layouts.entry(self.maps[*done]).and_modify(|layout| layout.now -= given);
            }
        }
        for map in later {
            layouts.entry(map).or_default().take();
        }
        layouts.iter().map(|(map, buffers)| buffers.most * map.vectors()).sum()
    }
}

/// Buffers of one layout.
#[derive(Clone, Copy, Debug, Default)]
struct InUse {
    now: usize,
    most: usize,
}

impl InUse {
    fn take(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }
}

fn is_affine(network: &Network, lowered: &Lowered, op: usize) -> bool {
    let op = &lowered.ops[op];
    let (Kind::Norm(_), Some(weight), Some(bias)) = (&op.kind, op.weight, op.bias) else { return false };
    network.parameter(weight).iter().any(|value| *value != 1.0) || network.parameter(bias).iter().any(|value| *value != 0.0)
}

fn maps(lowered: &Lowered) -> Vec<Map> {
    lowered.ops.iter().zip(&lowered.pads).map(|(op, pad)| map(op.shape, *pad)).collect()
}

/// The values that nothing reads any more once an op of this order is computed.
fn done_after(lowered: &Lowered, order: &[usize], reads: &dyn Fn(usize) -> Vec<usize>, stays: &dyn Fn(usize) -> bool) -> Vec<Vec<usize>> {
    let mut done_after = vec![Vec::new(); lowered.ops.len()];
    let mut last_reader = vec![None; lowered.ops.len()];
    for op in order {
        for value in reads(*op) {
            last_reader[value] = Some(*op);
        }
    }
    for (value, reader) in last_reader.into_iter().enumerate() {
        if let Some(reader) = reader.filter(|_| !lowered.pinned[value] && !stays(value)) {
            done_after[reader].push(value);
        }
    }
    done_after
}

/// Whether a backward pass reads the value of an op, where it is not for a batch normalisation.
fn is_read_backward(lowered: &Lowered, op: usize) -> bool {
    let is_read = |kind: &Kind| match kind {
        Kind::Conv(_) | Kind::Pool { maximum: true, .. } | Kind::Product => true,
        Kind::General(general) => general.reads_inputs(),
        _ => false,
    };
    let reads = |reader: &usize| is_read(&lowered.ops[*reader].kind) || lowered.is_mixed(*reader);
    let by_itself = match &lowered.ops[op].kind {
        Kind::Relu | Kind::Slope(_) => true,
        Kind::General(general) => general.is_read_by_itself(),
        _ => false,
    };
    by_itself || lowered.consumers[op].iter().any(reads)
}
