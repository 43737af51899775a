//! What operators of transformers need for their gradients.

use assay_kernels::Period;

use super::contribute::{Contribution, Planner};
use super::{Form, Room, Step, SumsPlan, Times, Unit, View};
use crate::general::General;
use crate::geometry::map;

impl Planner<'_> {
    /// Passes the gradient of an op on to its parameters and inputs.
    pub(super) fn pull(&mut self, op: usize, general: &General, gradient: View) {
        let this = &self.lowered.ops[op];
        if self.goal.parameters.want(this.weight) || self.goal.parameters.want(this.bias) {
            self.own_sums(op, general, gradient);
        }
        for (input, value) in this.inputs.iter().enumerate().take(general.inputs_back(this.inputs.len())) {
            if !self.wanted[*value] {
                continue;
            }
            let shape = self.lowered.ops[*value].shape;
            let out = self.buffer(map(shape, 0));
            self.push(Step::Pull { out, gradient, op, input }, &[gradient], Some(out), 0);
            self.give(*value, Contribution::View(View { buffer: out, channel: 0, channels: shape.channels, scale: 1.0 }));
        }
    }

    /// The sums that are the gradients of an op's weight and bias.
    fn own_sums(&mut self, op: usize, general: &General, gradient: View) {
        let this = &self.lowered.ops[op];
        let each = |count: usize| Form::Periods(Period { inner: 1, count });
        let (weight, bias) = match general {
            General::Dense(dense) => {
                let elements = self.goal.parameters.chosen().and(this.weight).map(|weight| Form::Elements(*dense, weight));
                (elements.unwrap_or(Form::Matrix(*dense)), each(dense.outputs))
            }
            General::Weigh(period) => (Form::Periods(*period), Form::Periods(*period)),
            _ => (each(this.shape.elements()), each(this.shape.elements())),
        };
        let times = this.inputs.first().map_or(Times::One, |input| Times::Value(*input));
        let mut level = 0;
        let wanted = |parameter: &usize| self.goal.parameters.want(Some(*parameter));
        let (of_weight, of_bias) = (this.weight.filter(wanted), this.bias.filter(wanted));
        let products = of_weight.map(|_| self.fold(gradient, times, weight, &mut level));
        let sums = of_bias.map(|_| self.fold(gradient, Times::One, bias, &mut level));
        self.units.push(Unit {
            conv: None,
            norm: None,
            gradient,
            correlation: None,
            through: None,
            sums,
            products,
            own: Some(op),
            mixture: None,
            fixed: false,
        });
        self.finish.push((level, self.units.len() - 1));
        self.known.push(level + 1);
    }

    fn fold(&mut self, gradient: View, times: Times, form: Form, level: &mut usize) -> usize {
        let vectors = match form {
            Form::Channels => gradient.channels,
            Form::Periods(period) => period.count,
            Form::Matrix(dense) => dense.inputs * dense.outputs,
            Form::Elements(_, weight) => self.goal.parameters.chosen().map_or(0, |chosen| chosen.elements(weight).len()),
        };
        let id = self.sums.len();
        self.sums.push(SumsPlan { gradient, times, form, room: Room::of(vectors) });
        *level = (*level).max(self.push(Step::Fold(id), &[gradient], None, 0));
        id
    }
}
