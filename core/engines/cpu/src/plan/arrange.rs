//! Putting steps in order and finding room for what they write.

use std::collections::HashMap;

use assay_core::graph::Conv2d;

use super::contribute::Planner;
use super::{CorrelationPlan, GradientBuffer, Level, Place, Plan, Room, Step, View, accesses};
use crate::geometry::is_pointwise;

impl Planner<'_> {
    /// Sorts the steps by level, shares correlations, and finds room for buffers and sums.
    pub(super) fn arrange(mut self, seeds: Vec<usize>) -> Plan {
        self.share_correlations();
        self.sink();
        self.finish_parts();
        self.mark_shared();
        let count = self.steps.iter().map(|(level, _)| level + 1).chain(self.finish.iter().map(|(level, _)| level + 1)).max().unwrap_or(0);
        let mut levels = vec![Level::default(); count];
        for (level, step) in self.steps {
            let Level { arena, lists, shared, .. } = &mut levels[level];
            let mut place = |room: &mut Room| {
                (room.list, room.offset) = (lists.len(), *arena);
                lists.push(room.vectors);
                *arena += room.vectors;
                *shared += if room.shared { room.vectors } else { 0 };
            };
            let mut correlate = |id: usize| place(&mut self.correlations[id].room);
            match &step {
                Step::Correlate(id) => correlate(*id),
                Step::Transpose { parts, .. } => parts.iter().filter_map(|part| part.correlation).for_each(correlate),
                Step::Fold(id) => place(&mut self.sums[*id].room),
                Step::Sum(ids) => ids.iter().for_each(|id| place(&mut self.sums[*id].room)),
                _ => {}
            }
            // Sums of one gradient are one step.
            let view = |ids: &[usize]| ids.first().map(|id| View { scale: 1.0, ..self.sums[*id].gradient });
            match (levels[level].steps.last_mut(), &step) {
                (Some(Step::Sum(before)), Step::Sum(ids)) if view(before) == view(ids) => before.extend(ids),
                _ => levels[level].steps.push(step),
            }
        }
        for (level, unit) in self.finish {
            levels[level].finish.push(unit);
        }
        for (level, weight) in self.weighed_at {
            levels[level].weighed.push(weight);
        }
        let mut plan = Plan {
            levels,
            buffers: self.buffers,
            units: self.units,
            correlations: self.correlations,
            sums: self.sums,
            mixtures: self.mixtures,
            kept: self.kept,
            weighed: self.weighed,
            shared: Vec::new(),
            local: Vec::new(),
            seeds,
            chosen: self.goal.parameters.chosen().cloned(),
        };
        plan.place();
        plan
    }

    /// Marks the sums that several units read.
    fn mark_shared(&mut self) {
        let (mut sums, mut correlations) = (vec![0; self.sums.len()], vec![0; self.correlations.len()]);
        for unit in &self.units {
            unit.sums.into_iter().chain(unit.products).for_each(|id| sums[id] += 1);
            unit.correlation.into_iter().for_each(|id| correlations[id] += 1);
        }
        let rooms = self.sums.iter_mut().map(|plan| &mut plan.room).chain(self.correlations.iter_mut().map(|plan| &mut plan.room));
        for (room, readers) in rooms.zip(sums.into_iter().chain(correlations)) {
            room.shared = readers > 1;
        }
    }

    /// Has units whose correlations other steps compute finished where these are.
    fn finish_parts(&mut self) {
        for (level, step) in &self.steps {
            let Step::Transpose { parts, .. } = step else { continue };
            let correlated = parts.iter().filter(|part| part.correlation.is_some());
            self.finish.extend(correlated.map(|part| (*level, part.unit)));
        }
    }

    /// Moves every step to the level of the first step that reads what it writes, so that a tile is still in the cache.
    fn sink(&mut self) {
        let mut first_use = vec![usize::MAX; self.buffers.len()];
        for (level, step) in self.steps.iter_mut().rev() {
            let (out, reads) = accesses(step, &self.units, &self.correlations, &self.sums, &self.kept);
            if let Some(out) = out {
                *level = if first_use[out] == usize::MAX { *level } else { first_use[out] };
                first_use[out] = *level;
            }
            for buffer in reads {
                first_use[buffer] = first_use[buffer].min(*level);
            }
        }
    }

    /// A 1×1 convolution's correlation is the middle of a larger one's over the same gradient and input.
    fn share_correlations(&mut self) {
        let mut instead: HashMap<usize, usize> = HashMap::new();
        for (small, plan) in self.correlations.iter().enumerate() {
            if plan.chosen.is_some() || !is_pointwise(&plan.conv) {
                continue;
            }
            let covers = |other: &CorrelationPlan| {
                other.input == plan.input
                    && View { scale: 1.0, ..other.gradient } == View { scale: 1.0, ..plan.gradient }
                    && other.conv.groups == 1
                    && other.conv.stride == plan.conv.stride
                    && has_middle(&other.conv)
            };
            if let Some(large) = self.correlations.iter().position(covers) {
                instead.insert(small, large);
            }
        }
        self.steps.retain(|(_, step)| !matches!(step, Step::Correlate(id) if instead.contains_key(id)));
        for unit in &mut self.units {
            if let Some(large) = unit.correlation.and_then(|id| instead.get(&id)) {
                unit.correlation = Some(*large);
            }
        }
    }
}

impl Plan {
    /// Gives every buffer a slot: one tile's room if it lives within a level, all tiles' otherwise.
    fn place(&mut self) {
        for seed in &self.seeds {
            self.buffers[*seed].first = 0;
        }
        for level in 0..self.levels.len() {
            for step in &self.levels[level].steps {
                let (out, reads) = accesses(step, &self.units, &self.correlations, &self.sums, &self.kept);
                for id in reads.into_iter().chain(out) {
                    self.buffers[id].first = self.buffers[id].first.min(level);
                    self.buffers[id].last = self.buffers[id].last.max(level);
                }
            }
        }
        let mut order: Vec<usize> = (0..self.buffers.len()).filter(|id| self.buffers[*id].first != usize::MAX).collect();
        order.sort_by_key(|id| (self.buffers[*id].first, *id));
        let mut free_from: Vec<usize> = Vec::new();
        order.retain(|id| !self.is_local(*id));
        for id in order {
            let GradientBuffer { map, first, last, .. } = self.buffers[id];
            let slot = (0..self.shared.len()).find(|slot| self.shared[*slot] == map && free_from[*slot] <= first).unwrap_or_else(|| {
                self.shared.push(map);
                free_from.push(0);
                self.shared.len() - 1
            });
            free_from[slot] = last + 1;
            self.buffers[id].place = Place::Shared(slot);
        }
        for level in 0..self.levels.len() {
            self.place_local(level);
        }
    }

    fn is_local(&self, id: usize) -> bool {
        !self.seeds.contains(&id) && self.buffers[id].first == self.buffers[id].last
    }

    /// Gives slots to the buffers that live within one level, each from its first use to its last.
    fn place_local(&mut self, level: usize) {
        let uses: Vec<Vec<usize>> =
            self.levels[level].steps.iter().map(|step| self.uses(step).into_iter().filter(|id| self.is_local(*id)).collect()).collect();
        let mut last_use: HashMap<usize, usize> = HashMap::new();
        for (position, used) in uses.iter().enumerate() {
            last_use.extend(used.iter().map(|id| (*id, position)));
        }
        let mut taken = vec![false; self.local.len()];
        let mut given: HashMap<usize, usize> = HashMap::new();
        for (position, used) in uses.iter().enumerate() {
            for id in used {
                if given.contains_key(id) {
                    continue;
                }
                let map = self.buffers[*id].map;
                let slot = (0..self.local.len()).find(|slot| self.local[*slot] == map && !taken[*slot]).unwrap_or_else(|| {
                    self.local.push(map);
                    taken.push(false);
                    self.local.len() - 1
                });
                taken[slot] = true;
                given.insert(*id, slot);
                self.buffers[*id].place = Place::Local(slot);
            }
            for id in used.iter().filter(|id| last_use.get(id) == Some(&position)) {
                taken[given[id]] = false;
            }
        }
    }

    fn uses(&self, step: &Step) -> Vec<usize> {
        let (out, reads) = accesses(step, &self.units, &self.correlations, &self.sums, &self.kept);
        reads.into_iter().chain(out).collect()
    }
}

/// Whether the tap in the middle of a kernel of several reads the pixel that the output is at.
fn has_middle(conv: &Conv2d) -> bool {
    let Conv2d { kernel, padding, dilation, .. } = conv;
    let centred = |kernel: usize, padding: usize, dilation: usize| kernel % 2 == 1 && padding == dilation * (kernel / 2);
    kernel.area() > 1 && centred(kernel.rows, padding.top, dilation.rows) && centred(kernel.columns, padding.left, dilation.columns)
}
