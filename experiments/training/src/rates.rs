//! What changes from epoch to epoch: the learning rate, and the probability of drop-path.

use assay_core::experiment::{RateSchedule, Training};

/// The learning rate of an epoch, from 0: by the schedule over all epochs, times (epoch + 1) / warm-up in the warm-up.
#[must_use]
pub fn learning_rate(recipe: &Training, epoch: usize) -> f64 {
    let over = epoch as f64 / recipe.epochs as f64;
    let left = match recipe.schedule {
        RateSchedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / recipe.epochs as f64).cos()),
        RateSchedule::Linear => 1.0 - over,
        RateSchedule::Steps => recipe.step_factor.powi(i32::try_from(epoch / recipe.step_epochs).unwrap_or(i32::MAX)),
    };
    let warm = if epoch < recipe.warm_up { (epoch + 1) as f64 / recipe.warm_up as f64 } else { 1.0 };
    recipe.learning_rate * left * warm
}

/// The probability of drop-path in an epoch, from 0.
pub(crate) fn drop_path(recipe: &Training, epoch: usize) -> f64 {
    recipe.drop_path * epoch as f64 / recipe.epochs as f64
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::Settings;

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
    fn the_learning_rate_falls_in_a_line_or_in_steps() {
        let of = |schedule: RateSchedule| {
            let recipe = Training { schedule, step_epochs: 2, step_factor: 0.5, learning_rate: 1.0, ..recipe(5, 0) };
            (0..5).map(|epoch| learning_rate(&recipe, epoch)).collect::<Vec<_>>()
        };
        for (rate, expected) in of(RateSchedule::Linear).into_iter().zip([1.0, 0.8, 0.6, 0.4, 0.2]) {
            assert!((rate - expected).abs() < 1e-15);
        }
        assert_eq!(of(RateSchedule::Steps), [1.0, 1.0, 0.5, 0.5, 0.25]);
    }
}
