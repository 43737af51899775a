//! How a policy's parameters are moved: Adam, and the moving average that baselines are.

/// Adam (Kingma and Ba, ICLR 2015), with PyTorch's defaults but for the learning rate.
#[derive(Clone, Debug)]
pub(crate) struct Adam {
    rate: f64,
    step: i32,
    first: Vec<Vec<f64>>,
    second: Vec<Vec<f64>>,
}

impl Adam {
    const BETA: (f64, f64) = (0.9, 0.999);
    const EPSILON: f64 = 1e-8;

    /// With this learning rate, for parameters of this shape.
    pub(crate) fn new(rate: f64, parameters: &[Vec<f64>]) -> Self {
        let zeros: Vec<Vec<f64>> = parameters.iter().map(|parameters| vec![0.0; parameters.len()]).collect();
        Self { rate, step: 0, first: zeros.clone(), second: zeros }
    }

    /// One step along a gradient, upwards.
    pub(crate) fn ascend(&mut self, parameters: &mut [Vec<f64>], gradient: &[Vec<f64>]) {
        self.step = self.step.saturating_add(1);
        let (beta1, beta2) = Self::BETA;
        let (bias1, bias2) = (1.0 - beta1.powi(self.step), 1.0 - beta2.powi(self.step));
        let moments = self.first.iter_mut().flatten().zip(self.second.iter_mut().flatten());
        for ((parameter, gradient), (first, second)) in parameters.iter_mut().flatten().zip(gradient.iter().flatten()).zip(moments) {
            *first = beta1 * *first + (1.0 - beta1) * gradient;
            *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
            *parameter += self.rate * (*first / bias1) / ((*second / bias2).sqrt() + Self::EPSILON);
        }
    }
}

/// An exponential moving average without the bias of its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MovingAverage {
    momentum: f64,
    sum: f64,
    weight: f64,
}

impl MovingAverage {
    pub(crate) fn new(momentum: f64) -> Self {
        Self { momentum, sum: 0.0, weight: 0.0 }
    }

    /// The average with one more value.
    pub(crate) fn with(&mut self, value: f64) -> f64 {
        self.sum = self.momentum * self.sum + (1.0 - self.momentum) * value;
        self.weight = self.momentum * self.weight + (1.0 - self.momentum);
        self.sum / self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adam_makes_its_first_step_as_long_as_its_rate_and_the_average_begins_at_its_first_value() {
        let mut parameters = vec![vec![1.0, -2.0]];
        let mut adam = Adam::new(0.001, &parameters);
        adam.ascend(&mut parameters, &[vec![7.0, -0.3]]);
        assert!((parameters[0][0] - 1.001).abs() < 1e-9 && (parameters[0][1] + 2.001).abs() < 1e-9, "{parameters:?}");
        let mut average = MovingAverage::new(0.9);
        assert_eq!(average.with(5.0), 5.0);
        // (0.9 · 0.1 · 5 + 0.1 · 7) / (0.9 · 0.1 + 0.1).
        assert!((average.with(7.0) - 1.15 / 0.19).abs() < 1e-12);
    }
}
