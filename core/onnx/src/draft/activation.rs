//! Activations that are written out in parts: GELU, SiLU, hard swish, hard sigmoid.

use assay_core::graph::{Activation, Operator};

use super::{Draft, Id, Kind, is_about, near};

impl Draft {
    /// x · factor, where the factor is a function of x that makes the product an activation.
    pub(super) fn gated(&mut self, left: Id, factor: Id, name: &str) -> Result<Option<Id>, String> {
        let (scale, x) = self.scaled(left);
        let whole = self.gate(left, factor).map(|(activation, by)| (activation, by, left));
        let found = whole.or_else(|| self.gate(x, factor).map(|(activation, by)| (activation, by * scale, x)));
        let Some((activation, by, input)) = found else { return Ok(None) };
        let id = self.activation(activation, input, name)?;
        Ok(Some(self.affine(id, near(by), 0.0, name)))
    }

    /// Which activation x · factor is, and by how much it is scaled.
    fn gate(&self, x: Id, factor: Id) -> Option<(Activation, f64)> {
        if self.under(factor, Activation::Sigmoid) == Some(x) {
            return Some((Activation::Silu, 1.0));
        }
        if let (Some(Operator::Activation(Activation::HardSigmoid { slope, offset })), Some(input)) =
            (self.operator(factor), self.input(factor))
            && input == x
            && is_about(f64::from(*slope), 1.0 / 6.0)
            && *offset == 0.5
        {
            return Some((Activation::HardSwish, 1.0));
        }
        if let Some(clipped) = self.under(factor, Activation::RELU6)
            && let (Kind::Affine { scale: 1.0, offset: 3.0 }, Some(input)) = (&self.nodes[clipped].kind, self.input(clipped))
            && input == x
        {
            return Some((Activation::HardSwish, 6.0));
        }
        // k · (1 + f(…)).
        let (Kind::Affine { scale, offset }, Some(function)) = (&self.nodes[factor].kind, self.input(factor)) else { return None };
        if !is_about(*scale, *offset) {
            return None;
        }
        if let Some(inner) = self.under(function, Activation::Erf)
            && let (by, input) = self.scaled(inner)
            && input == x
            && is_about(by, std::f64::consts::FRAC_1_SQRT_2)
        {
            return Some((Activation::Gelu, 2.0 * scale));
        }
        let inner = self.under(function, Activation::Tanh)?;
        self.is_cubic(inner, x).then_some((Activation::GeluTanh, 2.0 * scale))
    }

    /// Whether a node is √(2/π) · (x + 0.044715 x³).
    fn is_cubic(&self, id: Id, x: Id) -> bool {
        const CUBIC: f64 = 0.044_715;
        let outer = (2.0 / std::f64::consts::PI).sqrt();
        let (scale, inner) = self.scaled(id);
        let inputs = &self.nodes[inner].inputs;
        match self.operator(inner) {
            Some(Operator::WeightedSum { weights }) if inputs.len() == 2 => [(0, 1), (1, 0)].iter().any(|(first, second)| {
                let (linear, cubic) = (f64::from(weights[*first]) * scale, f64::from(weights[*second]) * scale);
                inputs[*first] == x && self.is_cube(inputs[*second], x) && is_about(linear, outer) && is_about(cubic, CUBIC * outer)
            }),
            Some(Operator::Product) if inputs.len() == 2 => [(0, 1), (1, 0)].iter().any(|(first, second)| {
                let (by, input) = self.scaled(inputs[*first]);
                let (Kind::Affine { scale: square, offset: one }, Some(squared)) =
                    (&self.nodes[inputs[*second]].kind, self.input(inputs[*second]))
                else {
                    return false;
                };
                let total = by * scale;
                input == x && self.is_square(squared, x) && is_about(total * one, outer) && is_about(total * square, CUBIC * outer)
            }),
            _ => false,
        }
    }

    pub(super) fn is_square(&self, id: Id, x: Id) -> bool {
        matches!(self.operator(id), Some(Operator::Product)) && self.nodes[id].inputs == [x, x]
    }

    fn is_cube(&self, id: Id, x: Id) -> bool {
        let inputs = &self.nodes[id].inputs;
        matches!(self.operator(id), Some(Operator::Product))
            && match inputs.as_slice() {
                [a, b, c] => [a, b, c].iter().all(|input| **input == x),
                [a, b] => (*a == x && self.is_square(*b, x)) || (*b == x && self.is_square(*a, x)),
                _ => false,
            }
    }

    /// scale · clip(s · x + o, 0, 1/scale) is a hard sigmoid.
    pub(super) fn hard_sigmoid(&mut self, input: Id, scale: f64, offset: f64, name: &str) -> Option<Id> {
        let Some(Operator::Activation(Activation::Clip { low: 0.0, high })) = self.operator(input) else { return None };
        if offset != 0.0 || !is_about(scale * f64::from(*high), 1.0) {
            return None;
        }
        let clipped = self.input(input)?;
        let Kind::Affine { scale: slope, offset } = self.nodes[clipped].kind else { return None };
        let (slope, offset) = ((scale * slope) as f32, (scale * offset) as f32);
        let inner = self.input(clipped)?;
        self.activation(Activation::HardSigmoid { slope, offset }, inner, name).ok()
    }
}
