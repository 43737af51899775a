//! Normalisations that are written out in parts.

use assay_core::graph::{AXES, Activation, Operator};

use super::{Draft, Id, Kind};
use crate::attributes::widened;

/// What a part averages over.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Over {
    /// Axes of the image.
    Axes(Vec<usize>),
    /// The batch and axes of the image.
    Batch(Vec<usize>),
}

impl Draft {
    /// x · 1/√(mean(x²) + ε): of a value less its mean, layer or batch normalisation; else by the root of the mean square.
    pub(super) fn normalised(&mut self, x: Id, factor: Id, name: &str) -> Result<Option<Id>, String> {
        let Some((x, over, epsilon)) = self.scaled_by_its_deviation(x, factor) else { return Ok(None) };
        let centred = self.less_its_mean(x, &over);
        let shape = self.shape(x);
        let operator = match (over, centred) {
            (Over::Batch(axes), Some(input))
                if (1..AXES).all(|axis| axes.contains(&axis) || shape.axis(axis) == 1) && !axes.contains(&0) =>
            {
                return self.add(Operator::BatchNorm { affine: false, epsilon }, &[input], name).map(Some);
            }
            (Over::Axes(axes), centred) => {
                let Some(axis) = axes.first().copied() else { return Ok(None) };
                let is_all_after = (axis..AXES).all(|axis| axes.contains(&axis) || shape.axis(axis) == 1);
                if !is_all_after || !axes.is_sorted() {
                    return Ok(None);
                }
                match centred {
                    Some(input) => (Operator::LayerNorm { axis, scale: false, offset: false, epsilon }, input),
                    None => (Operator::RmsNorm { axis, scale: false, epsilon }, x),
                }
            }
            _ => return Ok(None),
        };
        self.add(operator.0, &[operator.1], name).map(Some)
    }

    /// If `factor` is 1/√(mean(x²) + ε): x, what is averaged over, and ε.
    fn scaled_by_its_deviation(&self, x: Id, factor: Id) -> Option<(Id, Over, f64)> {
        let root = self.under(factor, Activation::Reciprocal)?;
        let shifted = self.under(root, Activation::Sqrt)?;
        let (epsilon, variance) = match (&self.nodes[shifted].kind, self.input(shifted)) {
            (Kind::Affine { scale: 1.0, offset }, Some(variance)) if *offset >= 0.0 => (widened(*offset as f32), variance),
            _ => (0.0, shifted),
        };
        let over = self.averaged(variance)?;
        let squares = self.input(variance)?;
        self.is_square(squares, x).then_some((x, over, epsilon))
    }

    fn averaged(&self, id: Id) -> Option<Over> {
        Some(match &self.nodes[id].kind {
            Kind::Operator(Operator::Mean { axes }) => Over::Axes(axes.clone()),
            Kind::Operator(Operator::GlobalAvgPool) => Over::Axes(vec![1, 2]),
            Kind::BatchMean { axes } => Over::Batch(axes.clone()),
            _ => return None,
        })
    }

    /// If `id` is a value less its mean over the same: the value.
    fn less_its_mean(&self, id: Id, over: &Over) -> Option<Id> {
        let Some(Operator::WeightedSum { weights }) = self.operator(id) else { return None };
        let inputs = &self.nodes[id].inputs;
        let (whole, mean) = match (weights.as_slice(), inputs.as_slice()) {
            ([1.0, -1.0], [whole, mean]) => (*whole, *mean),
            ([-1.0, 1.0], [mean, whole]) => (*whole, *mean),
            _ => return None,
        };
        (self.averaged(mean).as_ref() == Some(over) && self.input(mean) == Some(whole)).then_some(whole)
    }
}
