//! `grasp`: how much removing each weight changes the gradient's norm.
//!
//! **What it measures.** −Σ w · (H g) over the weights of convolutions and linear layers (no biases, no batch normalisation):
//! g is the gradient of the mean cross-entropy of one minibatch at initialisation, H its Hessian; temperature 1.
//! **Source.** Wang, Zhang, Grosse: Picking Winning Tickets before Training by Preserving Gradient Flow (GraSP), ICLR 2020; as a
//! score of architectures: Abdelfattah, Mehrotra, Dudziak, Lane: Zero-Cost Proxies for Lightweight NAS, ICLR 2021.
//! **How.** H is symmetric, so wᵀH g = gᵀ(H w), and H w is the change of the gradient g as all weights grow by a common factor:
//! the score is −½ · d‖g((1 + ε) w)‖²/dε at ε = 0, a central difference of two squared norms in float64. No ReLU may
//! change its sign on the way: its jump is not part of H, but would outweigh it in a difference. So ε is one of [`EPSILONS`], the
//! signs are compared (and the pieces of other activations with kinks), and what only rounding keeps from zero is lowered by [`THRESHOLD`].
//! **Cost.** Two forward and backward passes in float64; two more where a ReLU changes its sign at the first ε.
//! **Undefined** where a gradient is not finite, and where a ReLU changes its sign at every ε. An architecture without a path from
//! input to output scores 0.

use assay_core::data::{Augmentation, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Patterns, Precision, Wanted};
use assay_core::graph::{Activation, Graph, Node, NodeId, Operator, ParameterRole};
use assay_core::network::{Network, NormStatistics};
use assay_core::plugin::{Proxy, ProxyError, Subject, Work, ZeroCostProxy};
use assay_core::score::{Direction, Reading};

use crate::parts::initial_network::InitialNetwork;
use crate::parts::loss_gradient::{Layer, check, layers_of};
use crate::parts::rewrite::{rewrite, with_parameters};

/// The relative changes of the weights that are tried, until no ReLU changes its sign. Rounding costs about 2⁻⁵² / ε of ‖g‖²,
/// 2⁻²² and 2⁻¹⁸; the third derivative, about ε² of it, is nothing beside that.
pub const EPSILONS: [f32; 2] = [1.0 / (1_u64 << 30) as f32, 1.0 / (1_u64 << 34) as f32];

/// What every batch normalisation's shift β is lowered by. A channel that is the same everywhere leaves normalisation as zero plus
/// rounding (about 2⁻⁴⁵), whose sign is an accident, but whose gradient is large; lowered, its ReLUs are off, which is also
/// the derivative of ReLU at zero.
pub const THRESHOLD: f32 = 1.0 / (1 << 30) as f32;

assay_core::settings! {
    /// Scores the curvature along the weights.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Grasp {
        with pub network: InitialNetwork;
        /// images of the minibatch
        pub batch: usize = 64, in 1..=65_536;
        /// how images are varied when they are drawn
        pub augmentation: Augmentation = Augmentation::None;
    }
}

assay_core::register! {
    Proxy,
    name: "grasp",
    summary: "preservation of gradient flow, −Σ weight · Hessian · gradient (GraSP, Wang et al., ICLR 2020)",
    settings: Grasp,
    build: |proxy| Ok(Box::new(Proxy::own(proxy))),
}

impl ZeroCostProxy for Grasp {
    fn direction(&self) -> Direction {
        Direction::HigherIsBetter
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let Self { network, batch, augmentation } = self;
        format!("grasp: −Σ w · (H g), cross-entropy, {network}, batch {batch} ({augmentation}), batch statistics, float64")
    }

    fn work(&self) -> Option<Work> {
        let once = Work::of_both_passes(self.batch, Precision::F64);
        Some(Work { passes_of_an_image: 2 * once.passes_of_an_image, ..once })
    }

    fn measure(&self, subject: &Subject<'_>) -> Result<Reading, ProxyError> {
        let network = self.network.draw(subject, Some(NormStatistics::Batch))?;
        let batch = subject.sample(self.batch, self.augmentation)?;
        check(network.graph(), &batch)?;
        score(&network, &batch, subject.engine, &EPSILONS)
    }
}

/// The score of a network on a minibatch, by the first of these relative changes of the weights that turns no ReLU.
///
/// # Errors
/// Those of the engine.
pub fn score(network: &Network, batch: &Minibatch, engine: &dyn Engine, epsilons: &[f32]) -> Result<Reading, ProxyError> {
    for epsilon in epsilons {
        let ((more, pieces), (less, others)) = (grown(network, batch, engine, *epsilon)?, grown(network, batch, engine, -epsilon)?);
        if pieces == others {
            return Ok(Reading::finite((less - more) / (4.0 * f64::from(*epsilon))));
        }
    }
    Ok(Reading::undefined("a ReLU is so close to zero that it turns at every step of the weights, and the Hessian does not exist there"))
}

/// On which side of its kinks each activation is: which ReLUs are on, and the pieces of others, as of hard swish.
type Pieces = (Patterns, Vec<u8>);

/// ‖g‖² where the weights are 1 + `change` times as large, and the pieces that the activations are on.
fn grown(network: &Network, batch: &Minibatch, engine: &dyn Engine, change: f32) -> Result<(f64, Pieces), ProxyError> {
    let grown = with_larger_weights(network, change)?;
    let kinked = kinked(grown.graph());
    let objective = Objective::cross_entropy(grown.graph());
    let inputs: Vec<NodeId> = kinked.iter().map(|(input, _)| *input).collect();
    let ask = Ask::new().patterns().values(&inputs).gradients(objective.clone(), Wanted::parameters());
    let answer = engine.pass(&grown, batch, &ask, Precision::F64)?;
    let squares = |layer: &Layer<'_>| layer.gradient.iter().map(|value| value * value).sum::<f64>();
    let total: f64 = layers_of(&grown, answer.gradients(&objective)?)?.iter().map(squares).sum();
    // The gradient with respect to the weights before the factor is that with respect to the grown ones, times the factor.
    let mut pieces = Vec::new();
    for (input, kinks) in kinked {
        let below = |value: &f64| kinks.iter().filter(|kink| *value > **kink).count() as u8;
        pieces.extend(answer.value(input)?.iter().map(below));
    }
    Ok((total / (1.0 + f64::from(change)).powi(2), (answer.patterns()?.clone(), pieces)))
}

/// What enters the activations with kinks, ReLUs apart, and where the kinks are.
fn kinked(graph: &Graph) -> Vec<(NodeId, Vec<f64>)> {
    let live = graph.liveness();
    let kinks = |(position, node): (usize, &Node)| match &node.operator {
        Operator::Activation(activation) if live.is_needed(NodeId(position)) => Some((node.inputs[0], kinks(*activation))),
        _ => None,
    };
    graph.nodes().iter().enumerate().filter_map(kinks).filter(|(_, kinks)| !kinks.is_empty()).collect()
}

/// Where the derivative of an activation jumps.
fn kinks(activation: Activation) -> Vec<f64> {
    match activation {
        Activation::Clip { low, high } => vec![low.into(), high.into()],
        Activation::HardSigmoid { slope, offset } => {
            let (slope, offset) = (f64::from(slope), f64::from(offset));
            vec![-offset / slope, (1.0 - offset) / slope]
        }
        Activation::HardSwish => vec![-3.0, 3.0],
        Activation::LeakyRelu { .. } => vec![0.0],
        Activation::Elu { alpha } if alpha != 1.0 => vec![0.0],
        _ => Vec::new(),
    }
}

/// The network as if its weights were 1 + `change` times as large, exactly: its convolutions and linear layers see so much larger
/// inputs. Its normalisations' shifts are lowered by [`THRESHOLD`].
fn with_larger_weights(network: &Network, change: f32) -> Result<Network, ProxyError> {
    // A layer's input, and what stands for it 1 + `change` times as large.
    let mut larger: Vec<(NodeId, NodeId)> = Vec::new();
    let graph = rewrite(network.graph(), |builder, node, _, inputs| match &node.operator {
        Operator::Conv2d(_) | Operator::Linear { .. } => {
            let known = larger.iter().find(|(input, _)| *input == inputs[0]).map(|(_, larger)| *larger);
            let input = match known {
                Some(input) => input,
                None => {
                    let sum = Operator::WeightedSum { weights: vec![1.0, change] };
                    let input = builder.add(format!("{}.input", node.name), sum, &[inputs[0]; 2])?;
                    larger.push((inputs[0], input));
                    input
                }
            };
            builder.add(node.name.clone(), node.operator.clone(), &[input])
        }
        Operator::BatchNorm { epsilon, .. } => {
            builder.add(node.name.clone(), Operator::BatchNorm { affine: true, epsilon: *epsilon }, inputs)
        }
        other => builder.add(node.name.clone(), other.clone(), inputs),
    })?;
    with_parameters(graph, network, |spec, own| match spec.role {
        ParameterRole::Offset => Some(own.unwrap_or(0.0) - THRESHOLD),
        _ => Some(own.unwrap_or(1.0)),
    })
}
