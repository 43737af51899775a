//! Steps of the optimisers on the device: [`Rules::update`] with tensors.

use assay_core::engine::learner::{Optimiser, Rules};
use burn_tensor::Tensor;
use burn_tensor::backend::Backend;

/// What one step of one parameter is made of.
pub(super) struct Update<'a, B: Backend> {
    pub(super) rate: f64,
    /// λ.
    pub(super) decay: f64,
    /// Which step of this parameter it is, from 1.
    pub(super) updates: u64,
    /// The gradient, cut.
    pub(super) gradient: Tensor<B, 1>,
    pub(super) memories: &'a mut [Tensor<B, 1>],
}

/// The parameter after a step.
pub(super) fn step<B: Backend>(rules: &Rules, parameter: Tensor<B, 1>, update: Update<'_, B>) -> Tensor<B, 1> {
    let Update { rate, decay, updates, gradient, memories } = update;
    let gradient = gradient + parameter.clone() * decay;
    match (rules.optimiser, memories) {
        (Optimiser::Sgd { momentum, nesterov }, [velocity, ..]) => {
            *velocity = velocity.clone() * momentum + gradient.clone();
            let step = if nesterov { gradient + velocity.clone() * momentum } else { velocity.clone() };
            parameter - step * rate
        }
        (Optimiser::Adam { betas: [b1, b2], epsilon }, [first, second, ..]) => {
            *first = first.clone() * b1 + gradient.clone() * (1.0 - b1);
            *second = second.clone() * b2 + gradient.clone() * gradient * (1.0 - b2);
            let power = i32::try_from(updates).unwrap_or(i32::MAX);
            let (c1, c2) = (1.0 - b1.powi(power), 1.0 - b2.powi(power));
            parameter - first.clone() / ((second.clone() / c2).sqrt() + epsilon) * (rate / c1)
        }
        // As many memories as `Optimiser::memories` says are a learner's to keep.
        (_, _) => parameter,
    }
}
