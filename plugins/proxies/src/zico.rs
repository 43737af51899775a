//! `zico`: how steady gradients are from one minibatch to the next.
//!
//! **What it measures.** Σ over convolution and linear layers of ln Σ over weights of mean |g| / std(g), where g are the
//! gradients of the cross-entropy on several minibatches. Large where gradients are large and vary little.
//! **Source.** Li, Yang, Bhardwaj, Marculescu: ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients, ICLR
//! 2023, Eq. 16, as the released code computes it: population standard deviation, weights whose gradients do not vary left
//! out, and layers left with none.
//! **Cost.** A forward and a backward pass a minibatch; the first is the one that proxies share.
//! **Undefined** where no gradient varies.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient::{self, weights};

assay_core::settings! {
    /// The inverse coefficient of variation of gradients. The defaults are those of the paper's NAS-Bench-201 experiments but
    /// for the initialiser, PyTorch's: the ratio does not depend on a layer's scale.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Zico {
        with pub pass: WholePass;
        /// minibatches to compare
        pub batches: usize = 2, in 2..=1000;
    }
}

assay_core::register! {
    Proxy,
    name: "zico",
    summary: "inverse coefficient of variation of gradients over minibatches (ZiCo, Li et al., ICLR 2023)",
    settings: Zico,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for Zico {
    fn unit(&self) -> Option<&'static str> {
        Some("ln")
    }

    fn protocol(&self) -> String {
        format!("zico: {} minibatches, {}", self.batches, self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        (0..self.batches).map(|draw| self.pass.pass(dataset, draw)).collect()
    }

    fn ask(&self, _position: usize, network: &Network, batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        loss_gradient::ask(network, batch)
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, _engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let graph = passes[0].network.graph();
        let objective = Objective::cross_entropy(graph);
        let gradients = |measured: &Measured<'_>| -> Result<_, ProxyError> {
            Ok(measured.answer.gradients(&objective)?.parameters().map(<[Vec<f64>]>::to_vec)?)
        };
        let gradients = passes.iter().map(gradients).collect::<Result<Vec<Vec<Vec<f64>>>, _>>()?;
        let mut layers = 0;
        let mut score = 0.0;
        for (parameter, spec) in weights(graph) {
            let steadiness = |weight: usize| steadiness(gradients.iter().map(|batch| batch[parameter][weight]));
            let layer: f64 = (0..spec.elements()).filter_map(steadiness).sum();
            if layer != 0.0 {
                score += layer.ln();
                layers += 1;
            }
        }
        Ok(match layers {
            0 => Reading::undefined("no gradient of a weight differs between the minibatches"),
            _ => Reading::finite(score),
        })
    }
}

/// mean |g| / std(g) of one weight over the minibatches; nothing where it does not vary.
fn steadiness(gradients: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let mut others = gradients.clone();
    let first = others.next()?;
    // Asked of the values: a mean of equal numbers can differ from them by rounding.
    if others.all(|gradient| gradient == first) {
        return None;
    }
    let count = gradients.clone().count() as f64;
    let mean = gradients.clone().sum::<f64>() / count;
    let variance = gradients.clone().map(|gradient| (gradient - mean).powi(2)).sum::<f64>() / count;
    Some(gradients.map(f64::abs).sum::<f64>() / count / variance.sqrt()).filter(|ratio| ratio.is_finite())
}
