//! `fisher`: how much the loss depends on each channel's being there.
//!
//! **What it measures.** Σ over the output channels of convolutions and linear layers of ½ · mean over images of
//! (Σ over positions of a · ∂L/∂a)², a being the layer's output, times the weights of the channel: L is the mean cross-entropy of
//! one minibatch at initialisation. The inner sum is the gradient with respect to a factor of the channel; its square
//! estimates that factor's Fisher information.
//! **Source.** Theis, Korshunova, Tejani, Huszár: Faster Gaze Prediction with Dense Networks and Fisher Pruning, 2018; Turner,
//! Crowley, O'Boyle, Storkey, Gray: BlockSwap: Fisher-guided Block Substitution, ICLR 2020; as a sum over weights: the
//! released code of Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021.
//! **Cost.** One forward and one backward pass, shared with `grad-norm`, `snip` and `plain`.
//! **Undefined** where a gradient is not finite, and where a layer works on features along another axis than the first, as on tokens. An architecture without a path from input to output scores by its
//! classifier's biases alone.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Wanted};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::channels::maps_only;
use crate::parts::loss_gradient::{self, weighted_nodes, weights};

/// Sums the Fisher information of all channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fisher(pub WholePass);

assay_core::register! {
    Proxy,
    name: "fisher",
    summary: "sum of the channels' Fisher information (Theis et al., 2018; BlockSwap, Turner et al., ICLR 2020)",
    settings: WholePass,
    build: |pass| Ok(Box::new(Proxy::passes(Fisher(pass)))),
}

impl PassProxy for Fisher {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("fisher: Σ over channels of ½ mean (Σ a · ∂L/∂a)², times the channel's weights, cross-entropy, {}", self.0)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.0.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, network: &Network, batch: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        let graph = network.graph();
        loss_gradient::check(graph, batch)?;
        maps_only(graph, &weighted_nodes(graph))?;
        Ok(Ask::new().gradients(Objective::cross_entropy(graph), Wanted::products(weighted_nodes(graph))))
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        let graph = network.graph();
        let gradients = answer.gradients(&Objective::cross_entropy(graph))?;
        let mut score = 0.0;
        for (_, spec) in weights(graph) {
            // Every channel of a layer has equally many weights, so one sum over images and channels will do.
            let squares: f64 = gradients.products(spec.node)?.iter().map(|product| product * product).sum();
            let of_channel = spec.elements() / spec.shape[0];
            score += 0.5 * squares / batch.len() as f64 * of_channel as f64;
        }
        Ok(Reading::finite(score))
    }
}
