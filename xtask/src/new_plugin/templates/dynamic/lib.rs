//! `{{NAME}}`: what it measures, in one line.
//!
//! **What it measures.** The mean over layers of log₁₀ ‖∂L/∂W‖₂: W is the weight of a convolution or linear layer, L the mean
//! cross-entropy of one minibatch at initialisation. Put your own proxy in its place.
//! **Undefined** where a layer has no gradient.

use assay_plugin_sdk::graph::ParameterRole;
use assay_plugin_sdk::{Asking, Error, Measured, Objective, Proxy, Reading, Setting, Settings, Wanted, export};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(default)]
struct {{TYPE}} {
    base: f64,
}

impl Default for {{TYPE}} {
    fn default() -> Self {
        Self { base: 10.0 }
    }
}

impl Proxy for {{TYPE}} {
    const NAME: &'static str = "{{NAME}}";
    const SUMMARY: &'static str = "mean over layers of the logarithm of the gradient's norm";
    const SETTINGS: &'static [Setting] = &[Setting::number("base", 1.5, 1000.0, "10", "base of the logarithm")];

    fn new(settings: &Settings) -> Result<Self, Error> {
        settings.parse()
    }

    fn protocol(&self) -> String {
        format!("mean of log {} of ‖∂L/∂W‖₂", self.base)
    }

    fn ask(&self, _: usize, pass: &Asking<'_>) -> Result<(), Error> {
        pass.gradients(Objective::CROSS_ENTROPY, Wanted::Parameters)
    }

    fn score(&self, passes: &[Measured<'_>]) -> Result<Reading, Error> {
        let pass = &passes[0];
        let mut norms = Vec::new();
        for position in 0..pass.parameter_count()? {
            if pass.parameter(position)?.role == ParameterRole::Weight {
                norms.push(norm(pass.parameter_gradient(Objective::CROSS_ENTROPY, position)?));
            }
        }
        Ok(mean_logarithm(&norms, self.base))
    }
}

export! { proxies: [{{TYPE}}] }

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn mean_logarithm(norms: &[f64], base: f64) -> Reading {
    if norms.is_empty() || norms.contains(&0.0) {
        return Reading::undefined("a layer has no gradient");
    }
    Reading::Value(norms.iter().map(|norm| norm.log(base)).sum::<f64>() / norms.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_mean_of_the_logarithms() {
        assert_eq!(norm(&[3.0, 4.0]), 5.0);
        let mean = mean_logarithm(&[10.0, 1000.0], 10.0).value();
        assert!(mean.is_some_and(|mean| (mean - 2.0).abs() < 1e-12), "{mean:?}");
    }

    #[test]
    fn a_layer_without_gradient_leaves_it_undefined() {
        assert_eq!(mean_logarithm(&[1.0, 0.0], 10.0).value(), None);
    }
}
