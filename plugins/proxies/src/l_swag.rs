//! `l-swag`: how steady the gradients of some layers are from one minibatch to the next, times how many activation patterns they have.
//!
//! **What it measures.** Λ · Ψ. Λ is the sum over layers of ln Σ over weights of 1 / deviation of |∂L/∂w| over several minibatches: L is
//! the mean cross-entropy. Ψ is the number of different patterns of units: a unit's pattern says on which images of the first
//! minibatch its ReLU is on.
//! **Source.** Casarin, Escalera, Lanz: L-SWAG: Layer-Sample Wise Activation with Gradients Information for Zero-Shot NAS on Vision
//! Transformers, CVPR 2025, Eq. 1, 7 and 8. Layers are taken from a range of depth, in tenths, which the paper chooses for each
//! benchmark by plots of gradients and by correlations with accuracies; the default is the whole network, which needs none. Λ sums over layers
//! from `from` to `to`, Ψ counts over all layers up to `to`. There is no released code to compare with; as in ZiCo, which the paper starts from,
//! deviations are of the population and weights whose gradients do not vary are left out.
//! **Cost.** A forward and a backward pass a minibatch.
//! **Undefined** where no gradient of the range varies, or no ReLU stands in it.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Patterns, relus};
use assay_core::graph::Graph;
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, SettingsError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient::{self, weights};
use crate::swap::distinct_units;

assay_core::settings! {
    /// Layer-wise sample activations with gradients.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LSwag {
        with pub pass: WholePass;
        /// minibatches whose gradients are compared
        pub batches: usize = 2, in 2..=1000;
        /// tenths of the network's depth before the first layer that counts
        pub from: usize = 0, in 0..=9;
        /// tenths of the network's depth up to the last layer that counts
        pub to: usize = 10, in 1..=10;
    }
}

assay_core::register! {
    Proxy,
    name: "l-swag",
    summary: "steadiness of gradients times activation patterns, layer by layer (L-SWAG, Casarin et al., CVPR 2025)",
    settings: LSwag,
    build: |proxy| {
        if proxy.from >= proxy.to {
            return Err(SettingsError::new("from", format!("must be less than `to` ({}), is {}", proxy.to, proxy.from)));
        }
        Ok(Box::new(Proxy::passes(proxy)))
    },
}

impl PassProxy for LSwag {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let Self { pass, batches, from, to } = self;
        format!("l-swag: layers from {from} to {to} tenths of the depth, {batches} minibatches, {pass}")
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        (0..self.batches).map(|draw| self.pass.pass(dataset, draw)).collect()
    }

    fn ask(&self, position: usize, network: &Network, batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        let ask = loss_gradient::ask(network, batch)?;
        Ok(if position == 0 { ask.patterns() } else { ask })
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let graph = passes[0].network.graph();
        let objective = Objective::cross_entropy(graph);
        let gradients = passes.iter().map(|pass| pass.answer.gradients(&objective)?.parameters()).collect::<Result<Vec<_>, _>>()?;
        let layers: Vec<usize> = weights(graph).map(|(position, _)| position).collect();
        let steadiness: Vec<f64> = layers
            .iter()
            .enumerate()
            .filter(|(layer, _)| self.counts(*layer, layers.len()))
            .map(|(_, parameter)| steadiness(&gradients.iter().map(|batch| batch[*parameter].as_slice()).collect::<Vec<_>>()))
            .filter(|sum| *sum != 0.0)
            .collect();
        if steadiness.is_empty() {
            return Ok(Reading::undefined("no gradient of a weight in the range differs between the minibatches"));
        }
        let patterns = distinct_units(&first_units(passes[0].answer.patterns()?, self.units(graph)));
        if patterns == 0 {
            return Ok(Reading::undefined("no ReLU stands in the range, so there are no activation patterns"));
        }
        Ok(Reading::finite(steadiness.iter().map(|sum| sum.ln()).sum::<f64>() * patterns as f64))
    }
}

impl LSwag {
    /// Whether a layer of so many is in the range that gradients are taken from.
    fn counts(&self, layer: usize, layers: usize) -> bool {
        let tenth = layer * 10 / layers;
        (self.from..self.to).contains(&tenth)
    }

    /// The units of the ReLUs in the first tenths.
    fn units(&self, graph: &Graph) -> usize {
        let relus = relus(graph);
        let counted = relus.iter().enumerate().filter(|(position, _)| position * 10 / relus.len() < self.to);
        counted.map(|(_, relu)| graph.node(*relu).shape.elements()).sum()
    }
}

/// Σ over weights of 1 / deviation of the absolute gradients, over those that vary. `gradients` are those of the minibatches.
fn steadiness(gradients: &[&[f64]]) -> f64 {
    let of_weight = |weight: usize| {
        let values = || gradients.iter().map(|batch| batch[weight].abs());
        // Asked of the values: a mean of equal numbers can differ from them by rounding.
        if values().all(|value| value == gradients[0][weight].abs()) {
            return None;
        }
        let count = gradients.len() as f64;
        let mean = values().sum::<f64>() / count;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Some(1.0 / variance.sqrt()).filter(|inverse| inverse.is_finite())
    };
    (0..gradients[0].len()).filter_map(of_weight).sum()
}

/// The first units alone.
fn first_units(patterns: &Patterns, units: usize) -> Patterns {
    let mut first = Patterns::new(patterns.samples(), units);
    for sample in 0..patterns.samples() {
        for (word, bits) in patterns.row(sample).iter().enumerate().take(units.div_ceil(64)) {
            let kept = (units - 64 * word).min(64);
            first.set_word(sample, word, bits & (u64::MAX >> (64 - kept)));
        }
    }
    first
}
