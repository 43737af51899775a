//! The gradients with respect to the weights of sums: the gradient at the sum times each term, summed.

use super::contribute::Planner;
use super::{Times, View, WeighedPlan};

impl Planner<'_> {
    /// Plans the gradients of a sum's weights, where they are given.
    pub(super) fn weigh(&mut self, op: usize, gradient: View) {
        let lowered = self.lowered;
        for (mixture, mixed) in lowered.mixed.iter().enumerate().filter(|(_, mixed)| mixed.op == Some(op)) {
            let terms = mixed.terms.iter().enumerate().filter_map(|(term, value)| Some((Some(term), Times::Value((*value)?))));
            for (term, times) in terms.chain([(None, Times::One)]) {
                let mut level = 0;
                let sums = self.sum(gradient, times, &mut level);
                self.weighed_at.push((level, self.weighed.len()));
                self.weighed.push(WeighedPlan { mixture, term, sums, scale: gradient.scale });
            }
        }
    }
}
