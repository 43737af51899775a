//! `gradsign`: how often the gradients of single images agree in sign.
//!
//! **What it measures.** Σ over the weights of convolutions and linear layers of |Σ over images of sign(g)|, where g is the
//! gradient of one image's cross-entropy, the network seeing that image alone (so batch statistics are its own). Where
//! single images pull a weight the same way their optima lie close together.
//! **Source.** Zhang, Jia: GradSign: Model Performance Inference with Theoretical Insights, ICLR 2022, Alg. 1. The released
//! code has two versions, the sum over weights (the paper's, and our default) and their mean, which AZ-NAS compares with.
//! **Cost.** A forward and a backward pass an image.
//! **Undefined** where every gradient is zero.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective};
use assay_core::graph::ParameterRole;
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::loss_gradient;

assay_core::words! {
    /// How the agreement of all weights becomes one number.
    pub enum Reduction {
        /// The sum.
        Sum = "sum",
        /// The mean.
        Mean = "mean",
    }
}

assay_core::settings! {
    /// Agreement of the signs of single images' gradients.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct GradSign {
        with pub pass: WholePass;
        /// over weights
        pub reduction: Reduction = Reduction::Sum;
    }
}

assay_core::register! {
    Proxy,
    name: "gradsign",
    summary: "agreement of the signs of single images' gradients (GradSign, Zhang & Jia, ICLR 2022)",
    settings: GradSign,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for GradSign {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        format!("gradsign: {} over weights, image by image, {}", self.reduction, self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        loss_gradient::check(network.graph(), batch)?;
        Ok(Ask::new())
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, .. } = passes[0];
        let signs = summed_signs(network, batch, engine, &self.pass)?;
        let total: f64 = signs.iter().map(|sum| f64::from(sum.abs())).sum();
        Ok(match self.reduction {
            _ if signs.iter().all(|sum| *sum == 0) => Reading::undefined("the gradients of single images cancel or vanish at every weight"),
            Reduction::Sum => Reading::finite(total),
            Reduction::Mean => Reading::finite(total / signs.len() as f64),
        })
    }
}

/// Σ over images of the signs of each weight's gradient, one image at a time.
fn summed_signs(network: &Network, batch: &Minibatch, engine: &dyn Engine, pass: &WholePass) -> Result<Vec<i32>, ProxyError> {
    let graph = network.graph();
    let is_weight = |position: &usize| graph.parameters()[*position].role == ParameterRole::Weight;
    let weights: Vec<usize> = (0..graph.parameters().len()).filter(is_weight).collect();
    let mut sums = vec![0; weights.iter().map(|position| graph.parameters()[*position].elements()).sum()];
    engine.gradients_by_image(network, batch, &Objective::cross_entropy(graph), pass.precision, &mut |gradients| {
        let values = weights.iter().flat_map(|position| &gradients[*position]);
        for (sum, gradient) in sums.iter_mut().zip(values) {
            // Not `signum`, which is 1 at 0.
            *sum += i32::from(*gradient > 0.0) - i32::from(*gradient < 0.0);
        }
    })?;
    Ok(sums)
}
