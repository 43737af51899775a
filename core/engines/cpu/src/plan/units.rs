//! What has parameters, and the sums over the batch that their gradients need.

use assay_core::graph::Conv2d;

use super::contribute::{Contribution, Planner};
use super::{CorrelationPlan, Form, Room, Step, SumsPlan, Times, Unit, View};
use crate::geometry::map;
use crate::ops::Kind;

impl Planner<'_> {
    /// The sums that a unit's gradients need, and the point at which they are complete.
    pub(super) fn unit(&mut self, conv: Option<(usize, &Conv2d)>, norm: Option<usize>, gradient: View) -> usize {
        let unit = self.units.len();
        let mut level = 0;
        let correlation = conv.and_then(|(op, conv)| {
            let id = self.correlation(op, conv, gradient)?;
            level = level.max(self.push(Step::Correlate(id), &[gradient], None, 0));
            Some(id)
        });
        let fixed = conv.is_none() && norm.is_some_and(|norm| self.goal.is_fixed(norm));
        let (weight, bias) =
            conv.map(|(op, _)| op).or(norm).map_or((None, None), |op| (self.lowered.ops[op].weight, self.lowered.ops[op].bias));
        let leading = |parameter: Option<usize>| View { channels: self.goal.parameters.leading(parameter, gradient.channels), ..gradient };
        let (of_sums, of_products) = if fixed { (leading(bias), leading(weight)) } else { (gradient, gradient) };
        let summed = if fixed { of_sums.channels > 0 } else { norm.is_some() || self.goal.parameters.want(bias) };
        let sums = summed.then(|| self.sum(of_sums, Times::One, &mut level));
        let products = (conv.is_none() && of_products.channels > 0)
            .then(|| self.sum(of_products, norm.map_or(Times::One, Times::Normalised), &mut level));
        self.units.push(Unit {
            conv: conv.map(|(op, _)| op),
            norm,
            gradient,
            correlation,
            through: None,
            sums,
            products,
            own: None,
            mixture: None,
            fixed,
        });
        self.finish.push((level, unit));
        self.known.push(if fixed { 0 } else { level + 1 });
        unit
    }

    /// The sums of a convolution's weight gradient, if that is wanted.
    fn correlation(&mut self, op: usize, conv: &Conv2d, gradient: View) -> Option<usize> {
        let this = &self.lowered.ops[op];
        let wanted = &self.goal.parameters;
        if !wanted.want(this.weight) {
            return None;
        }
        let input = this.inputs[0];
        let chosen = wanted.chosen().and(this.weight);
        let vectors = match (wanted.chosen(), chosen) {
            (Some(elements), Some(weight)) => elements.elements(weight).len(),
            _ => gradient.channels * (self.lowered.ops[input].shape.channels / conv.groups) * conv.kernel.area(),
        };
        self.correlations.push(CorrelationPlan { gradient, input, conv: *conv, chosen, room: Room::of(vectors) });
        Some(self.correlations.len() - 1)
    }

    /// The unit of a convolution whose gradient comes from a batch normalisation alone: the step of its data gradient can compute
    /// that row by row, and its correlation with it, so that it is never in memory as a whole.
    pub(super) fn through(&mut self, op: usize) -> Option<usize> {
        let lowered = self.lowered;
        let (this, [Contribution::Norm(norm)]) = (&lowered.ops[op], self.contributions[op].as_slice()) else { return None };
        let (Kind::Conv(conv), norm) = (&this.kind, *norm) else { return None };
        let input = this.inputs[0];
        if self.goal.wants(op) || !self.wanted[input] || this.bias.is_some() {
            return None;
        }
        self.contributions[op].clear();
        let channels = this.shape.channels;
        let gradient = View { buffer: self.buffer(map(this.shape, self.own_pad(op))), channel: 0, channels, scale: 1.0 };
        let correlation = self.correlation(op, conv, gradient);
        self.units.push(Unit {
            conv: Some(op),
            norm: None,
            gradient,
            correlation,
            through: Some(norm),
            sums: None,
            products: None,
            own: None,
            mixture: None,
            fixed: false,
        });
        self.known.push(self.known[norm]);
        Some(self.units.len() - 1)
    }

    pub(super) fn sum(&mut self, gradient: View, times: Times, level: &mut usize) -> usize {
        let same = |plan: &SumsPlan| {
            plan.form == Form::Channels && plan.times == times && View { scale: 1.0, ..plan.gradient } == View { scale: 1.0, ..gradient }
        };
        if let Some(id) = self.sums.iter().position(same) {
            *level = (*level).max(self.buffers[gradient.buffer].written);
            return id;
        }
        let id = self.sums.len();
        self.sums.push(SumsPlan { gradient, times, form: Form::Channels, room: Room::of(gradient.channels) });
        *level = (*level).max(self.push(Step::Sum(vec![id]), &[gradient], None, 0));
        id
    }

    pub(super) fn level_of_factors(&self, unit: usize) -> usize {
        let Unit { norm, through, .. } = self.units[unit];
        if norm.is_some() || through.is_some() { self.known[unit] } else { 0 }
    }

    pub(super) fn conv_of(&self, unit: usize) -> Option<Conv2d> {
        match self.units[unit].conv.map(|op| &self.lowered.ops[op].kind) {
            Some(Kind::Conv(conv)) => Some(*conv),
            _ => None,
        }
    }
}
