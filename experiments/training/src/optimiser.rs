//! Stochastic gradient descent as PyTorch computes it, and the learning rate of an epoch.

use assay_core::experiment::Training;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// Added to the gradient's norm before it divides, as PyTorch does.
const CLIP_EPSILON: f64 = 1e-6;

/// The learning rate of an epoch, from 0: half a cosine over all epochs, times (epoch + 1) / warm-up in the warm-up.
#[must_use]
pub fn learning_rate(recipe: &Training, epoch: usize) -> f64 {
    let turn = std::f64::consts::PI * epoch as f64 / recipe.epochs as f64;
    let warm = if epoch < recipe.warm_up { (epoch + 1) as f64 / recipe.warm_up as f64 } else { 1.0 };
    recipe.learning_rate * 0.5 * (1.0 + turn.cos()) * warm
}

/// The probability of drop-path in an epoch, from 0.
pub(crate) fn drop_path(recipe: &Training, epoch: usize) -> f64 {
    recipe.drop_path * epoch as f64 / recipe.epochs as f64
}

/// Gradients whose norm, over all of them together, is at most `limit`. Parameters without a gradient stay without.
pub(crate) fn clip<B: Backend>(gradients: Vec<Option<Tensor<B, 1>>>, limit: f64) -> Vec<Option<Tensor<B, 1>>> {
    let squares: Vec<Tensor<B, 1>> = gradients.iter().flatten().map(|gradient| (gradient.clone() * gradient.clone()).sum()).collect();
    if limit == 0.0 || squares.is_empty() {
        return gradients;
    }
    let norm = Tensor::cat(squares, 0).sum().sqrt();
    let factor = ((norm + CLIP_EPSILON).recip() * limit).clamp_max(1.0);
    gradients.into_iter().map(|gradient| gradient.map(|gradient| gradient * factor.clone())).collect()
}

/// One step: v ← m·v + (g + λ·w), w ← w − r·v.
pub(crate) fn step<B: Backend>(
    recipe: &Training,
    rate: f64,
    parameter: &mut Tensor<B, 1>,
    velocity: &mut Tensor<B, 1>,
    gradient: Tensor<B, 1>,
) {
    let decayed = gradient + parameter.clone() * recipe.weight_decay;
    *velocity = velocity.clone() * recipe.momentum + decayed;
    *parameter = parameter.clone() - velocity.clone() * rate;
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::Settings;
    use burn::backend::Flex;

    use super::*;

    fn recipe(epochs: usize, warm_up: usize) -> Training {
        Settings::none().with("architecture", "").with("epochs", epochs).with("warm_up", warm_up).read().unwrap()
    }

    #[test]
    fn the_learning_rate_rises_in_the_warm_up_and_falls_along_half_a_cosine() {
        let rates = |warm_up: usize| (0..4).map(|epoch| learning_rate(&recipe(4, warm_up), epoch)).collect::<Vec<_>>();
        // 0.025 · ½ (1 + cos(π e / 4)), as torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4) gives.
        for (rate, expected) in rates(0).into_iter().zip([0.025, 0.021_338_834_764_831_843, 0.0125, 0.003_661_165_235_168_156]) {
            assert!((rate - expected).abs() < 1e-15);
        }
        assert_eq!(rates(2)[0], rates(0)[0] / 2.0);
        assert_eq!(rates(2)[1..], rates(0)[1..]);
    }

    #[test]
    fn gradients_are_cut_together_and_only_if_they_are_too_long() {
        let tensor = |values: [f32; 2]| Some(Tensor::<Flex, 1>::from_floats(values, &Default::default()));
        let lengths = |limit: f64| -> Vec<Vec<f32>> {
            let cut = clip(vec![tensor([3.0, 0.0]), None, tensor([0.0, 4.0])], limit);
            assert!(cut[1].is_none());
            cut.into_iter().flatten().map(|tensor| tensor.into_data().to_vec().unwrap()).collect()
        };
        assert_eq!(lengths(0.0), [[3.0, 0.0], [0.0, 4.0]]);
        assert_eq!(lengths(6.0), [[3.0, 0.0], [0.0, 4.0]]);
        let cut = lengths(1.0);
        assert!((cut[0][0] - 0.6).abs() < 1e-6 && (cut[1][1] - 0.8).abs() < 1e-6, "{cut:?}");
    }
}
