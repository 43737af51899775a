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
use assay_core::plugin::{Measured, Pass, PassProxy, ProxyError, Setting, Shared, ValueKind, ZeroCostProxy};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use serde::Deserialize;

use crate::loss_gradient::{self, Layer};
use crate::whole_pass::WholePass;

/// What a norm is taken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Of each layer's weight; the norms are added.
    #[default]
    Layers,
    /// Of all parameters together, biases and batch normalisation among them.
    Parameters,
}

/// The norm of the loss gradient.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GradNorm {
    /// The network and the minibatch.
    #[serde(flatten)]
    pub pass: WholePass,
    /// What a norm is taken of.
    pub norm: Norm,
}

const SETTINGS: &[Setting] = &WholePass::settings_and(Setting {
    name: "norm",
    kind: ValueKind::Choice(&["layers", "parameters"]),
    default: Setting::said("layers"),
    help: "of each layer's weight, added up, or one of all parameters together",
});

assay_core::register! {
    dyn ZeroCostProxy,
    name: "grad-norm",
    summary: "sum of the norms of the layers' loss gradients (Abdelfattah et al., ICLR 2021)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Shared(settings.parse::<GradNorm>()?))),
}

impl PassProxy for GradNorm {
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

    fn ask(&self, _: usize, network: &Network, _: &Minibatch, _: &Stream) -> Ask {
        loss_gradient::ask(network)
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
