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
//! The tensors count as PyTorch's `named_parameters` counts them, in the order in which the network uses them: in NAS-Bench-201 that is
//! the order of their definition, which the released code goes by. What it does for MobileNetV2's space is not here: there it draws the
//! 128 tensors at random and takes ten quantiles, from 0 to .9.
//! **Cost.** Two forward passes, and a backward pass a class but one, image by image, in float64: small singular values are rounding
//! in float32. On the CPU engine the backward passes make no gradients but those of the numbers that count.
//! **Undefined** where no logit depends on any of the numbers, where there is only one output, and where the half precision leaves a class
//! without probability.

mod aggregate;
mod covariance;
mod single;

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, JacobianOf, ParameterElement, Precision};
use assay_core::graph::Graph;
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, Source, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
pub use covariance::Variant;
use covariance::{cotangents, factor, product, smoothed};
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
        let elements = self.elements(network.graph());
        let classes = logits.len() / batch.len();
        if classes < 2 {
            return Ok(Err("the network has one output, and a class of one has no probability to inform about".into()));
        }
        let cotangents = cotangents(classes, self.variant);
        let of = JacobianOf { cotangents: &cotangents, elements: &elements };
        let (mut logits, mut depends, mut left) = (logits.chunks(classes), false, true);
        let mut fisher = DMatrix::zeros(elements.len(), elements.len());
        engine.jacobians_by_image(network, batch, of, self.pass.precision, &mut |jacobian| {
            depends |= jacobian.iter().any(|derivative| *derivative != 0.0);
            match logits.next().and_then(|logits| factor(&smoothed(logits, self.variant))) {
                Some(factor) => {
                    let jacobian = DMatrix::from_row_slice(cotangents.len(), elements.len(), jacobian);
                    let product = product(&factor, &jacobian, self.variant);
                    fisher += product.transpose() * &product;
                }
                None => left = false,
            }
        })?;
        if !depends {
            return Ok(Err("no logit depends on any of the parameters that count".into()));
        }
        if !left {
            let problem = "the probabilities with half-precision smoothing sum to more than 1 and leave nothing for a class; use variant \
                           \"code-full-alpha\"";
            return Ok(Err(problem.into()));
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

    /// The elements of parameters that count.
    fn elements(&self, graph: &Graph) -> Vec<ParameterElement> {
        let of_tensor = |(parameter, elements): (usize, usize)| {
            let step = (elements - 1) as f64 / (self.scalars.max(2) - 1) as f64;
            (0..self.scalars).map(move |number| ParameterElement { parameter, element: (number as f64 * step) as usize })
        };
        let tensors = graph.parameters().iter().take(self.tensors).map(|spec| spec.elements()).enumerate();
        tensors.flat_map(of_tensor).collect()
    }
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
