//! From a level's sums to parameter gradients and to the factors of batch normalisation's backward.

use std::ops::Range;

use assay_kernels::{Element, LaneTotals};

use super::Prepared;
use crate::activations::Statistics;
use crate::ops::Kind;
use crate::plan::Room;
use crate::tiles::Tiles;
use crate::workspace::Workspace;

impl<E: Element> Prepared<'_, E> {
    /// One cotangent's totals of a level's sums, which leave the workspace where no other unit reads them.
    fn totals(&self, workspace: &mut Workspace<E>, arena: usize, room: &Room, cotangent: usize) -> Vec<f64> {
        if let Some(totals) = &mut workspace.totals {
            let list = &mut totals[room.list];
            return if room.shared { list.clone() } else { std::mem::take(list) };
        }
        let Room { offset, vectors, .. } = *room;
        let tiles = self.activations.tiles;
        let lanes = tiles.lanes;
        let at = |target: usize| &workspace.arena[(target * arena + offset) * lanes..][..vectors * lanes];
        let mut totals = vec![0.0; vectors];
        if tiles.full > 0 {
            self.kernels.lane_totals(LaneTotals { vectors: at(cotangent), lanes: 0..lanes, totals: &mut totals });
        }
        if tiles.rest > 0 {
            self.kernels.lane_totals(LaneTotals { vectors: at(tiles.shared_target()), lanes: tiles.share(cotangent), totals: &mut totals });
        }
        totals
    }

    /// Gives the gradients of a unit's parameters away and, for batch normalisation, writes its factors to the workspace.
    pub(super) fn finish(
        &self,
        workspace: &mut Workspace<E>,
        unit: usize,
        cotangent: usize,
        arena: usize,
        give: &mut dyn FnMut(usize, Vec<f64>),
    ) {
        let plan = self.plan.units[unit];
        let statistics = plan.norm.and_then(|norm| self.activations.statistics(norm, cotangent));
        let mut totals = |room: &Room| self.totals(workspace, arena, room, cotangent);
        let mut put = |parameter: usize, values: Vec<f64>| give(parameter, self.wanted(unit, parameter, values));
        let Some(factors) = self.settle(unit, self.activations.tiles.batch, statistics, &mut totals, &mut put) else { return };
        match plan.mixture {
            Some(mixture) => self.add_to_mixture(workspace, unit, mixture, cotangent, &|channel: usize| factors[channel]),
            None => self.set_factors(workspace, unit, cotangent, &factors),
        }
    }

    /// What is wanted of the gradient that a unit's sums gave for a parameter.
    fn wanted(&self, unit: usize, parameter: usize, values: Vec<f64>) -> Vec<f64> {
        match &self.plan.chosen {
            Some(chosen) if !self.plan.has_chosen_sums(unit, parameter) => {
                chosen.elements(parameter).iter().map(|element| values[*element]).collect()
            }
            _ => values,
        }
    }

    /// Gives the gradients of a unit's parameters away and, for batch normalisation, returns the factors α, β and γ of each
    /// channel, with which the gradient at its input is α dy + β x̂ + γ, or α dy + β (x − center) + γ. `totals(room)` are sums of the
    /// unit's level over all of `batch` images.
    pub(crate) fn settle(
        &self,
        unit: usize,
        batch: usize,
        statistics: Option<&Statistics>,
        totals: &mut dyn FnMut(&Room) -> Vec<f64>,
        give: &mut dyn FnMut(usize, Vec<f64>),
    ) -> Option<Vec<[f64; 3]>> {
        let plan = self.plan.units[unit];
        let scale = plan.gradient.scale;
        let mut scaled = |room: &Room| {
            let mut totals = totals(room);
            if scale != 1.0 {
                totals.iter_mut().for_each(|total| *total *= scale);
            }
            totals
        };
        let sums = plan.sums.map(|id| scaled(&self.plan.sums[id].room));
        if let Some(op) = plan.own {
            let op = &self.lowered.ops[op];
            if let (Some(weight), Some(id)) = (op.weight, plan.products) {
                give(weight, scaled(&self.plan.sums[id].room));
            }
            if let (Some(bias), Some(sums)) = (op.bias, sums) {
                give(bias, sums);
            }
            return None;
        }
        let correlation = plan.correlation.map(|id| {
            let plan = &self.plan.correlations[id];
            (scaled(&plan.room), plan.conv)
        });
        let mut put = |parameter: Option<usize>, values: Vec<f64>| {
            if let Some(parameter) = parameter {
                give(parameter, values);
            }
        };

        // What belongs to the convolution, picked out of a correlation that may be of a larger kernel.
        let mut weight_gradient = Vec::new();
        if let (Some((all, covering)), Some(op)) = (correlation, plan.conv)
            && let Kind::Conv(conv) = &self.lowered.ops[op].kind
        {
            let (large, small) = (covering.kernel.area(), conv.kernel.area());
            weight_gradient = if large == small { all } else { all.into_iter().skip(large / 2).step_by(large).collect() };
        }
        let Some(norm) = plan.norm else {
            if let Some(op) = plan.conv {
                put(self.lowered.ops[op].weight, weight_gradient);
                put(self.lowered.ops[op].bias, sums.unwrap_or_default());
            }
            return None;
        };

        if plan.fixed {
            let op = &self.lowered.ops[norm];
            if let Some(id) = plan.products {
                put(op.weight, scaled(&self.plan.sums[id].room));
            }
            put(op.bias, sums.unwrap_or_default());
            return None;
        }
        let (Some(statistics), Some(sums)) = (statistics, sums) else { return None };
        let centers = self.activations.centers[norm].as_ref();
        let op = &self.lowered.ops[norm];
        let channels = plan.gradient.channels;
        // Running statistics do not depend on the batch: no gradient goes through them.
        let is_fixed = self.network.running(op.node).is_some();
        let elements = (batch * op.shape.area()) as f64;
        let of_mean = |sum: f64| if is_fixed { 0.0 } else { sum / elements };
        let gamma = op.weight.map(|weight| self.network.parameter(weight));
        let products: Vec<f64> = match (plan.conv, plan.products) {
            (Some(conv), _) => {
                let conv = &self.lowered.ops[conv];
                let weight = conv.weight.map_or(&[][..], |weight| self.network.parameter(weight));
                let bias = conv.bias.map(|bias| self.network.parameter(bias));
                let taps = weight.len() / channels;
                (0..channels)
                    .map(|channel| {
                        let range = channel * taps..(channel + 1) * taps;
                        let through: f64 = weight[range.clone()].iter().zip(&weight_gradient[range]).map(|(w, g)| f64::from(*w) * g).sum();
                        let shift = bias.map_or(0.0, |bias| f64::from(bias[channel])) - statistics.mean[channel];
                        statistics.inverse_deviation[channel] * (through + shift * sums[channel])
                    })
                    .collect()
            }
            (None, Some(id)) => {
                let mut products = scaled(&self.plan.sums[id].room);
                if let Some(centers) = centers {
                    // What was read is x about its center: x̂ is (x − mean) / deviation.
                    for (channel, product) in products.iter_mut().enumerate() {
                        let off = centers[channel].to_f64() - statistics.mean[channel];
                        *product = statistics.inverse_deviation[channel] * (*product + off * sums[channel]);
                    }
                }
                products
            }
            (None, None) => return None,
        };
        put(op.weight, products.clone());
        put(op.bias, sums.clone());

        let alpha: Vec<f64> = (0..channels)
            .map(|channel| statistics.inverse_deviation[channel] * gamma.map_or(1.0, |gamma| f64::from(gamma[channel])))
            .collect();
        if let Some(op) = plan.conv.map(|conv| &self.lowered.ops[conv]) {
            let constants = self.constants(unit);
            let taps = weight_gradient.len() / channels;
            let groups = constants.input_sums.len() / taps;
            let per_group = channels / groups;
            for channel in 0..channels {
                let (mean, product) = (of_mean(sums[channel]), of_mean(products[channel]));
                let input_sums = &constants.input_sums[channel / per_group * taps..][..taps];
                let through = &constants.products[channel * taps..][..taps];
                for (value, (input_sum, through)) in
                    weight_gradient[channel * taps..][..taps].iter_mut().zip(input_sums.iter().zip(through))
                {
                    *value = alpha[channel] * (*value - mean * input_sum - product * through);
                }
            }
            put(op.weight, weight_gradient);
        }
        let factors = |channel: usize| {
            let (beta, gamma) = (of_mean(-alpha[channel] * products[channel]), of_mean(-alpha[channel] * sums[channel]));
            let Some(centers) = centers else { return [alpha[channel] * scale, beta, gamma] };
            let slope = beta * statistics.inverse_deviation[channel];
            [alpha[channel] * scale, slope, gamma + slope * (centers[channel].to_f64() - statistics.mean[channel])]
        };
        Some((0..channels).map(factors).collect())
    }

    /// Adds what β x̂ + γ becomes behind a pointwise convolution: Wᵀ β (W x + bias − mean) / deviation + Wᵀ γ.
    fn add_to_mixture(
        &self,
        workspace: &mut Workspace<E>,
        unit: usize,
        mixture: usize,
        cotangent: usize,
        factors: &dyn Fn(usize) -> [f64; 3],
    ) {
        let plan = &self.plan.units[unit];
        let (Some(conv), Some(norm)) = (plan.conv.map(|op| &self.lowered.ops[op]), plan.norm) else { return };
        let (Some(weight), Some(statistics)) =
            (conv.weight.map(|weight| self.network.parameter(weight)), self.activations.statistics(norm, cotangent))
        else {
            return;
        };
        let bias = conv.bias.map(|bias| self.network.parameter(bias));
        let inputs = self.plan.mixtures[mixture].channels;
        let mut additions = vec![0.0; inputs * (inputs + 1)];
        let (matrix, constants) = additions.split_at_mut(inputs * inputs);
        for channel in 0..plan.gradient.channels {
            let [_, beta, gamma] = factors(channel);
            let slope = beta * statistics.inverse_deviation[channel];
            let constant = gamma + slope * (bias.map_or(0.0, |bias| f64::from(bias[channel])) - statistics.mean[channel]);
            let weights = &weight[channel * inputs..][..inputs];
            for (input, through) in weights.iter().enumerate() {
                for (output, back) in weights.iter().enumerate() {
                    matrix[input * inputs + output] += f64::from(*back) * slope * f64::from(*through);
                }
                constants[input] += f64::from(*through) * constant;
            }
        }
        let tiles = self.activations.tiles;
        let size = additions.len() * tiles.lanes;
        let all = &mut workspace.mixtures[mixture];
        for (position, addition) in additions.iter().enumerate() {
            for range in lanes_of(&tiles, cotangent, size, position * tiles.lanes) {
                for value in &mut all[range] {
                    *value = E::from_f64(value.to_f64() + addition);
                }
            }
        }
    }

    /// Writes one cotangent's factors to its own tiles' set and to its lanes of the shared tile's.
    pub(crate) fn set_factors(&self, workspace: &mut Workspace<E>, unit: usize, cotangent: usize, of: &[[f64; 3]]) {
        let tiles = self.activations.tiles;
        let channels = self.plan.units[unit].gradient.channels;
        let size = 3 * channels * tiles.lanes;
        for (channel, of) in of.iter().enumerate() {
            for (position, factor) in of.iter().copied().enumerate() {
                let factor = E::from_f64(factor);
                let vector = (3 * channel + position) * tiles.lanes;
                for range in lanes_of(&tiles, cotangent, size, vector) {
                    workspace.factors[unit][range].fill(factor);
                }
            }
        }
    }
}

/// Where one cotangent's numbers of a vector are in sets of `size` elements: in the set of its full tiles, if there are any,
/// and in its lanes of the shared tile's.
fn lanes_of(tiles: &Tiles, cotangent: usize, size: usize, vector: usize) -> impl Iterator<Item = Range<usize>> {
    let own = cotangent * size + vector..cotangent * size + vector + tiles.lanes;
    let shared = tiles.shared_target() * size + vector;
    let Range { start, end } = tiles.share(cotangent);
    let shared = shared + start..shared + end;
    (tiles.full > 0).then_some(own).into_iter().chain((tiles.rest > 0).then_some(shared))
}
