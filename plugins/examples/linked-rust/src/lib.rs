//! `layer-norms`: Σ ‖∂L/∂W‖₂ over convolutions and linear layers (Abdelfattah et al., ICLR 2021), as a crate that is linked in.
//!
//! Beside it, [`own_accuracies`]: a benchmark that brings its importer.
//!
//! A linked plugin implements the traits of `assay-core` themselves, so it may use its engine and everything else there, and is
//! built with the program.

pub mod own_accuracies;

use assay_core::data::{Augmentation, Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted};
use assay_core::graph::ParameterRole;
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{AskError, Images, MacroNet, Measured, Part, Pass, PassProxy, Proxy, ProxyError};
use assay_core::score::Reading;
use assay_core::stream::Stream;

assay_core::settings! {
    /// Sums the norms of the layers' gradients.
    #[derive(Clone, Debug)]
    pub struct LayerNorms {
        /// cells a stage
        pub cells: usize = 5, in 1..=100;
        /// images of the minibatch
        pub batch: usize = 64, in 1..=65_536;
    }
}

assay_core::register! {
    Proxy,
    name: "layer-norms",
    summary: "sum of the norms of the layers' loss gradients (Abdelfattah et al., ICLR 2021)",
    settings: LayerNorms,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for LayerNorms {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("layer-norms: C=16, {} cell(s), batch {}, uniform-fan-in, float32", self.cells, self.batch)
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
        Ok(Reading::finite(weights.map(|(_, gradient)| gradient.iter().map(|value| value * value).sum::<f64>().sqrt()).sum()))
    }
}
