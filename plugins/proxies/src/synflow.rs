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
//! **Undefined** where R exceeds the range of float64, as in very deep networks (`log-synflow` has no such limit).

use assay_core::engine::Engine;
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{ProxyError, Setting, Subject, ValueKind, ZeroCostProxy};
use assay_core::score::{Direction, Reading};
use serde::Deserialize;

use crate::initial_network::{CELLS, CHANNELS, INITIALISER, InitialNetwork};
use crate::loss_gradient::{Layer, layers_of};
use crate::positive_network::{Norms, flow, positive};

/// Sums the synaptic flow of all weights.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Synflow {
    /// Channels of the network's first stage.
    pub channels: usize,
    /// Cells (a stage, in spaces with stages).
    pub cells: usize,
    /// How parameters are drawn.
    pub initialiser: Initialiser,
    /// Which batch normalisations stay.
    pub keep_norms: Norms,
}

impl Default for Synflow {
    fn default() -> Self {
        let InitialNetwork { channels, cells, initialiser } = InitialNetwork::default();
        Self { channels, cells, initialiser, keep_norms: Norms::None }
    }
}

assay_core::register! {
    dyn ZeroCostProxy,
    name: "synflow",
    summary: "synaptic flow without batch normalisation (SynFlow, Tanaka et al., NeurIPS 2020)",
    schema: &[
        CHANNELS,
        CELLS,
        INITIALISER,
        Setting {
            name: "keep_norms",
            kind: ValueKind::Choice(Norms::NAMES),
            default: Setting::said("none"),
            help: "which batch normalisations stay (Zero-Cost NAS on NAS-Bench-201 keeps those of reductions)",
        },
    ],
    build: |settings| Ok(Box::new(settings.parse::<Synflow>()?)),
}

impl ZeroCostProxy for Synflow {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn protocol(&self) -> String {
        format!("synflow: Σ |w · ∂R/∂w|, one image of ones, {}, {}, float64", self.keep_norms, self.network())
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        score(&self.network().draw(subject)?, self.keep_norms, subject.engine)
    }
}

impl Synflow {
    fn network(&self) -> InitialNetwork {
        InitialNetwork { channels: self.channels, cells: self.cells, initialiser: self.initialiser }
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
