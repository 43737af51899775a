//! `grad-norm`: the norm of the loss gradient.
//!
//! **What it measures.** Σ ‖∂L/∂W‖₂ over convolutions and linear layers: L is the mean cross-entropy of one minibatch at
//! initialisation, W a layer's weight (no biases, no batch normalisation). With `norm = "parameters"` the one norm of the
//! gradient with respect to all parameters, as the released codes of Zen-NAS and AZ-NAS compute it.
//! **Source.** Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021, section 3.2.
//! **Cost.** One forward and one backward pass, shared with `snip`, `plain` and `fisher`.
//! **Undefined** where the gradient is not finite. An architecture without a path from input to output scores 0.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient::{self, Layer};

assay_core::words! {
    /// What a norm is taken of.
    pub enum Norm {
        /// Of each layer's weight; the norms are added.
        Layers = "layers",
        /// Of all parameters together, biases and batch normalisation among them.
        Parameters = "parameters",
    }
}

assay_core::settings! {
    /// The norm of the loss gradient.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GradNorm {
        with pub pass: WholePass;
        /// of each layer's weight, added up, or one of all parameters together
        pub norm: Norm = Norm::Layers;
    }
}

assay_core::register! {
    Proxy,
    name: "grad-norm",
    summary: "sum of the norms of the layers' loss gradients (Abdelfattah et al., ICLR 2021)",
    settings: GradNorm,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for GradNorm {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let norm = match self.norm {
            Norm::Layers => "Σ over layers of ‖∂L/∂W‖₂",
            Norm::Parameters => "‖∂L/∂θ‖₂ of all parameters",
        };
        format!("grad-norm: {norm}, cross-entropy, {}", self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, batch: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        loss_gradient::ask(network, batch)
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let square = |gradient: &[f64]| gradient.iter().map(|value| value * value).sum::<f64>();
        Ok(Reading::finite(match self.norm {
            Norm::Layers => {
                let norm = |layer: &Layer<'_>| square(layer.gradient).sqrt();
                loss_gradient::layers(&passes[0])?.iter().map(norm).sum()
            }
            Norm::Parameters => {
                let gradients = passes[0].answer.gradients(&Objective::cross_entropy(passes[0].network.graph()))?;
                gradients.parameters()?.iter().map(|gradient| square(gradient)).sum::<f64>().sqrt()
            }
        }))
    }
}
