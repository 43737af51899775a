//! `log-synflow`: the synaptic flow with its gradients on a logarithmic scale.
//!
//! **What it measures.** Σ |w| · ln(∂R/∂w + 1) over the weights of convolutions and linear layers: R is the sum of the logits of
//! one image of ones, all weights replaced by their absolute values, without batch normalisation and biases (a bias before
//! the last layer is the one difference from the source, and no network of the spaces here has one).
//! **Source.** Cavagnero, Robbiano, Caputo, Averta: FreeREA: Training-Free Evolution-based Architecture Search, WACV 2023.
//! **Cost.** One forward and one backward pass of one image in float64. Signals are rescaled on the way wherever they would
//! grow or shrink out of range, which such a network allows: it is positively homogeneous. So there is no overflow at
//! any depth.
//! **Undefined** where a weight is not finite, and where an operator is not positively homogeneous, as GELU or layer normalisation.

use std::f64::consts::LN_2;

use assay_core::engine::{Engine, Precision};
use assay_core::network::Network;
use assay_core::plugin::{Proxy, ProxyError, Subject, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;
use crate::parts::loss_gradient::{Layer, layers_of};
use crate::parts::positive_network::{Norms, flow, positive};
use crate::parts::rescaled_network::rescaled;

/// Sums the logarithmic synaptic flow of all weights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSynflow(pub InitialNetwork);

assay_core::register! {
    Proxy,
    name: "log-synflow",
    summary: "synaptic flow on a logarithmic scale (FreeREA, Cavagnero et al., WACV 2023)",
    settings: InitialNetwork,
    build: |network| Ok(Box::new(Proxy::own(LogSynflow(network)))),
}

impl ZeroCostProxy for LogSynflow {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("log-synflow: Σ |w| · ln(∂R/∂w + 1), one image of ones, {} and biases, {}, float64", Norms::None, self.0)
    }

    fn work(&self) -> Option<Work> {
        Some(Work::of_both_passes(1, Precision::F64))
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        score(&self.0.draw(subject, None)?, subject.engine)
    }
}

/// The score of a network.
///
/// # Errors
/// Those of the engine.
pub fn score(network: &Network, engine: &dyn Engine) -> Result<Reading, ProxyError> {
    let (network, exponent) = rescaled(&positive(network, Norms::None, false)?)?;
    let (objective, answer) = flow(&network, engine)?;
    let shift = exponent as f64 * LN_2;
    let of_layer = |layer: &Layer<'_>| -> f64 {
        let terms = layer.weight.iter().zip(layer.gradient);
        terms.map(|(weight, gradient)| f64::from(*weight) * ln_1p_exp(gradient.ln() + shift)).sum()
    };
    Ok(Reading::finite(layers_of(&network, answer.gradients(&objective)?)?.iter().map(of_layer).sum()))
}

/// ln(1 + eˣ), whatever the size of x.
fn ln_1p_exp(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
