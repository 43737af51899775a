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
use assay_core::plugin::{Measured, Pass, PassProxy, ProxyError, Setting, Shared, ValueKind, ZeroCostProxy};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use serde::Deserialize;

use crate::whole_pass::WholePass;

/// How the agreement of all weights becomes one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The sum.
    #[default]
    Sum,
    /// The mean.
    Mean,
}

/// Agreement of the signs of single images' gradients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GradSign {
    /// The network and the images.
    #[serde(flatten)]
    pub pass: WholePass,
    /// Over weights.
    pub reduction: Reduction,
}

const SETTINGS: &[Setting] = &WholePass::settings_and(Setting {
    name: "reduction",
    kind: ValueKind::Choice(&["sum", "mean"]),
    default: Setting::said("sum"),
    help: "over weights",
});

assay_core::register! {
    dyn ZeroCostProxy,
    name: "gradsign",
    summary: "agreement of the signs of single images' gradients (GradSign, Zhang & Jia, ICLR 2022)",
    schema: SETTINGS,
    build: |settings| Ok(Box::new(Shared(settings.parse::<GradSign>()?))),
}

impl PassProxy for GradSign {
    fn protocol(&self) -> String {
        let reduction = if self.reduction == Reduction::Sum { "sum" } else { "mean" };
        format!("gradsign: {reduction} over weights, image by image, {}", self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, _network: &Network, _batch: &Minibatch, _stream: &Stream) -> Ask {
        Ask::new()
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
