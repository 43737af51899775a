//! `vkdnw`: how evenly the images inform about the network's parameters.
//!
//! **What it measures.** The entropy of the nine deciles of the Fisher information's singular values: those of F = mean over images
//! of AᵀA, A = LJ, where J holds the derivatives of an image's logits with respect to one number (or a few) of each of the first
//! 128 parameter tensors, and L Lᵀ = diag(q) − q qᵀ is the covariance of a class drawn by the smoothed probabilities
//! q = 0.95 softmax + 0.05 / classes. Batch normalisation is in inference mode with mean 0 and variance 1, images are noise.
//! **Source.** Tybl, Neumann: Training-free Neural Architecture Search through Variance of Knowledge of Deep Network Weights
//! (VKDNW), CVPR 2025, and its released code for NAS-Bench-201. The Fisher information needs Lᵀ in the place of L
//! (`variant = "fisher"`); the released code has L, and its 0.05 in half precision, so that q sums to 1.000168 (`"code"`; with the
//! 0.05 in full precision: `"code-full-alpha"`).
//! **Cost.** A forward pass, a forward and a backward pass with all parameters' gradients a class, image by image, in float64: small
//! singular values are rounding in float32.
//! **Undefined** where no logit depends on any of the numbers, and where the half precision leaves a class without probability.

mod aggregate;
mod covariance;
mod single;

use std::sync::Arc;

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Cotangent, Engine, Objective, Precision};
use assay_core::graph::Graph;
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, Source, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
pub use covariance::Variant;
use covariance::{factor, smoothed};
use nalgebra::DMatrix;

use crate::parts::loss_gradient;
pub use single::Single;

/// Added to the sum of the deciles, and to a share before its logarithm is taken.
const EPSILON: f64 = 1e-10;

assay_core::settings! {
    /// The entropy of the Fisher information's singular values.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Vkdnw {
        with pub pass: WholePass = WholePass {
            initialiser: Initialiser::KaimingNormalFanIn,
            images: Source::Normal,
            batch_norm: NormStatistics::Running,
            precision: Precision::F64,
            ..WholePass::default()
        };
        /// what the Fisher information is made of: that of the released code, the same with full-precision smoothing, or Fisher's
        pub variant: Variant = Variant::Code;
        /// how many of the network's parameter tensors count: the first
        pub tensors: usize = 128, in 1..=4096;
        /// numbers of each of them, from its first to its last at equal steps
        pub scalars: usize = 1, in 1..=64;
    }
}

assay_core::register! {
    Proxy,
    name: "vkdnw",
    summary: "entropy of the Fisher information's singular values (VKDNW, Tybl & Neumann, CVPR 2025)",
    settings: Vkdnw,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for Vkdnw {
    fn unit(&self) -> Option<&'static str> {
        Some("nats")
    }

    fn protocol(&self) -> String {
        format!("vkdnw: {}", self.conditions())
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        loss_gradient::check_vector(network.graph())?;
        Ok(Ask::new())
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        Ok(match self.singular_values(network, batch, answer.output(), engine)? {
            Err(because) => Reading::undefined(because),
            Ok(values) => Reading::finite(entropy(&deciles(values))),
        })
    }
}

impl Vkdnw {
    fn conditions(&self) -> String {
        let Self { pass, variant, tensors, scalars } = self;
        format!("{variant}, {scalars} number(s) of each of the first {tensors} parameter tensors, {pass}")
    }

    /// The singular values of the Fisher information, in descending order, or why there are none; `logits` is the network's output.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn singular_values(
        &self,
        network: &Network,
        batch: &Minibatch,
        logits: &[f64],
        engine: &dyn Engine,
    ) -> Result<Result<Vec<f64>, String>, ProxyError> {
        let numbers = self.numbers(network.graph());
        let classes = logits.len() / batch.len();
        let jacobians = jacobians(network, batch, classes, &numbers, self.pass.precision, engine)?;
        if jacobians.iter().all(|jacobian| jacobian.iter().all(|derivative| *derivative == 0.0)) {
            return Ok(Err("no logit depends on any of the parameters that count".into()));
        }
        let mut fisher = DMatrix::zeros(numbers.len(), numbers.len());
        for (jacobian, logits) in jacobians.iter().zip(logits.chunks(classes)) {
            let Some(factor) = factor(&smoothed(logits, self.variant)) else {
                let problem = "the probabilities with half-precision smoothing sum to more than 1 and leave nothing for a class; use variant \
                               \"code-full-alpha\"";
                return Ok(Err(problem.into()));
            };
            let product = if self.variant == Variant::Fisher { factor.transpose() * jacobian } else { factor * jacobian };
            fisher += product.transpose() * &product;
        }
        fisher /= batch.len() as f64;
        if fisher.iter().any(|entry| !entry.is_finite()) {
            return Ok(Err("a derivative is not finite".into()));
        }
        // F is positive semi-definite: its singular values are its eigenvalues.
        let mut values: Vec<f64> = fisher.symmetric_eigenvalues().iter().map(|value| value.abs()).collect();
        values.sort_by(|one, other| other.total_cmp(one));
        Ok(Ok(values))
    }

    /// The numbers that count: the position of a parameter, and of a number in it.
    fn numbers(&self, graph: &Graph) -> Vec<(usize, usize)> {
        let of_tensor = |(position, elements): (usize, usize)| {
            let step = (elements - 1) as f64 / (self.scalars.max(2) - 1) as f64;
            (0..self.scalars).map(move |number| (position, (number as f64 * step) as usize))
        };
        let tensors = graph.parameters().iter().take(self.tensors).map(|spec| spec.elements()).enumerate();
        tensors.flat_map(of_tensor).collect()
    }
}

/// For each image, the derivatives of its logits: `[classes, numbers]`.
fn jacobians(
    network: &Network,
    batch: &Minibatch,
    classes: usize,
    numbers: &[(usize, usize)],
    precision: Precision,
    engine: &dyn Engine,
) -> Result<Vec<DMatrix<f64>>, ProxyError> {
    let mut jacobians = vec![DMatrix::zeros(classes, numbers.len()); batch.len()];
    for class in 0..classes {
        let one: Arc<[f64]> = (0..classes).map(|other| f64::from(u8::from(other == class))).collect();
        let objective = Objective { node: network.graph().output(), cotangent: Cotangent::Given(one) };
        let mut image = 0;
        engine.gradients_by_image(network, batch, &objective, precision, &mut |gradients| {
            for (column, (parameter, number)) in numbers.iter().enumerate() {
                jacobians[image][(class, column)] = gradients[*parameter][*number];
            }
            image += 1;
        })?;
    }
    Ok(jacobians)
}

/// The deciles .1 to .9 of these values, given in any order, between the nearest two at equal steps.
#[must_use]
pub fn deciles(mut values: Vec<f64>) -> [f64; 9] {
    values.sort_by(f64::total_cmp);
    std::array::from_fn(|decile| {
        let place = (decile + 1) as f64 / 10.0 * (values.len() - 1) as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(values.len() - 1);
        values[below] + (place - below as f64) * (values[above] - values[below])
    })
}

/// −Σ λ ln λ over the shares λ of these deciles in their sum.
#[must_use]
pub fn entropy(deciles: &[f64; 9]) -> f64 {
    let sum = deciles.iter().sum::<f64>() + EPSILON;
    -deciles.iter().map(|value| value / sum).map(|share| share * (share + EPSILON).ln()).sum::<f64>()
}
