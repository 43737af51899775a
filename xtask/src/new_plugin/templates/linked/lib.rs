//! `{{NAME}}`: what it measures, in one line.
//!
//! **What it measures.** The mean over layers of log₁₀ ‖∂L/∂W‖₂: W is the weight of a convolution or linear layer, L the mean
//! cross-entropy of one minibatch at initialisation. Put your own proxy in its place.
//! **Undefined** where a layer has no gradient.

use assay_core::data::{Augmentation, Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted};
use assay_core::graph::ParameterRole;
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{AskError, Images, MacroNet, Measured, Part, Pass, PassProxy, Proxy, ProxyError};
use assay_core::score::Reading;
use assay_core::stream::Stream;

assay_core::settings! {
    /// The proxy, with its settings.
    #[derive(Clone, Debug)]
    pub struct {{TYPE}} {
        /// cells a stage
        pub cells: usize = 5, in 1..=100;
        /// images of the minibatch
        pub batch: usize = 64, in 1..=65_536;
    }
}

assay_core::register! {
    Proxy,
    name: "{{NAME}}",
    summary: "mean over layers of the logarithm of the gradient's norm",
    settings: {{TYPE}},
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for {{TYPE}} {
    fn unit(&self) -> Option<&'static str> {
        Some("log10")
    }

    fn protocol(&self) -> String {
        format!("{{NAME}}: mean of log10 of ‖∂L/∂W‖₂, C=16, {} cell(s), batch {}, uniform-fan-in, float32", self.cells, self.batch)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        let (input, classes) = (dataset.shape(), dataset.classes());
        let net = MacroNet { input, channels: 16, cells: self.cells, classes, part: Part::Classifier };
        let images = Images::Sampled { batch: self.batch, augmentation: Augmentation::None, draw: 0 };
        let batch_norm = NormStatistics::Batch;
        vec![Pass { net, initialiser: Initialiser::UniformFanIn, batch_norm, images, precision: Precision::F32 }]
    }

    fn ask(&self, _: usize, network: &Network, _: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new().gradients(Objective::cross_entropy(network.graph()), Wanted::parameters()))
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let graph = passes[0].network.graph();
        let gradients = passes[0].answer.gradients(&Objective::cross_entropy(graph))?.parameters()?;
        let weights = graph.parameters().iter().zip(gradients).filter(|(spec, _)| spec.role == ParameterRole::Weight);
        let norms: Vec<f64> = weights.map(|(_, gradient)| gradient.iter().map(|value| value * value).sum::<f64>().sqrt()).collect();
        Ok(mean_logarithm(&norms))
    }
}

/// The mean of the logarithms to base 10.
#[must_use]
pub fn mean_logarithm(norms: &[f64]) -> Reading {
    if norms.is_empty() || norms.contains(&0.0) {
        return Reading::undefined("a layer has no gradient");
    }
    Reading::finite(norms.iter().map(|norm| norm.log10()).sum::<f64>() / norms.len() as f64)
}

#[cfg(test)]
mod tests {
    use assay_core::plugin::{Registry, Settings};

    use super::*;

    #[test]
    fn it_is_registered_and_checks_its_settings() {
        let registry = Registry::<Proxy>::collect().expect("no two proxies share a name");
        assert!(registry.build("{{NAME}}", &Settings::none().with("batch", 8)).is_ok());
        assert!(registry.build("{{NAME}}", &Settings::none().with("batch", 0)).is_err());
    }

    #[test]
    fn the_score_is_the_mean_of_the_logarithms() {
        assert_eq!(mean_logarithm(&[10.0, 1000.0]), Reading::Value(2.0));
        assert_eq!(mean_logarithm(&[1.0, 0.0]).value(), None);
    }
}
