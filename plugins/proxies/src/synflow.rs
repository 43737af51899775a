//! `synflow`: the synaptic flow through all weights.
//!
//! **What it measures.** Σ |w · ∂R/∂w| over the weights of convolutions and linear layers: R is the sum of the logits of one
//! image of ones, all parameters (biases too) replaced by their absolute values, without batch normalisation. Data-free: the
//! sum over all paths from input to output of the product of their weights, once for every weight on them.
//! **Source.** Tanaka, Kunin, Yamins, Ganguli: Pruning Neural Networks without Any Data by Iteratively Conserving Synaptic Flow,
//! NeurIPS 2020; as a score of architectures: Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR
//! 2021. Their NAS-Bench-201 networks keep the batch normalisation of the two reductions (`keep_norms = "reductions"`); their
//! general method, which the default follows, removes all.
//! **Cost.** One forward and one backward pass of one image in float64.
//! Normalisations of other kinds stay, as layer normalisation, which has no part in the published method.
//! **Undefined** where R exceeds the range of float64, as in very deep networks (`log-synflow` has no such limit).

use assay_core::engine::{Engine, Precision};
use assay_core::network::{Network, NormStatistics};
use assay_core::plugin::{Proxy, ProxyError, Subject, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;
use crate::parts::loss_gradient::{Layer, layers_of};
use crate::parts::positive_network::{Norms, flow, positive};

assay_core::settings! {
    /// Sums the synaptic flow of all weights.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Synflow {
        with pub network: InitialNetwork;
        /// which batch normalisations stay (Zero-Cost NAS on NAS-Bench-201 keeps those of reductions)
        pub keep_norms: Norms = Norms::None;
    }
}

assay_core::register! {
    Proxy,
    name: "synflow",
    summary: "synaptic flow without batch normalisation (SynFlow, Tanaka et al., NeurIPS 2020)",
    settings: Synflow,
    build: |proxy| Ok(Box::new(Proxy::own(proxy))),
}

impl ZeroCostProxy for Synflow {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("synflow: Σ |w · ∂R/∂w|, one image of ones, {}, {}, float64", self.keep_norms, self.network)
    }

    fn work(&self) -> Option<Work> {
        Some(Work::of_both_passes(1, Precision::F64))
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        let statistics = (self.keep_norms != Norms::None).then_some(NormStatistics::Batch);
        score(&self.network.draw(subject, statistics)?, self.keep_norms, subject.engine)
    }
}

/// The score of a network, its normalisations but these removed.
///
/// # Errors
/// Those of the engine.
pub fn score(network: &Network, norms: Norms, engine: &dyn Engine) -> Result<Reading, ProxyError> {
    let network = positive(network, norms, true)?;
    let (objective, answer) = flow(&network, engine)?;
    let of_layer = |layer: &Layer<'_>| layer.products().map(f64::abs).sum::<f64>();
    let total: f64 = layers_of(&network, answer.gradients(&objective)?)?.iter().map(of_layer).sum();
    Ok(if total.is_finite() {
        Reading::Value(total)
    } else {
        Reading::undefined("the synaptic flow exceeds the range of float64; log-synflow has no such limit")
    })
}
