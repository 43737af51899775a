//! `intrain`: how many directions the layers use, times how evenly gradients spread over each parameter.
//!
//! **What it measures.** γ (1 + o) / ln(L + 1). γ is the sum over L layers of ln PR, where PR = (tr C)² / tr(C²) is the participation
//! ratio of the covariance C of the layer's channels over images and positions. o is the sum over parameter tensors of
//! min(1, deviation of the gradient / its largest absolute value), the gradient being that of the cross-entropy. Images are 64
//! pictures of noise of 64 × 64 pixels, with random labels.
//! **Source.** InTrain, CVPR 2026, arXiv 2606.18676, by a published summary of it: there is no released code to compare with. What the
//! paper takes for a layer, which gradients count and how weights are drawn is not certain, so `layers` and `gradients` are
//! settings, and their defaults are a choice.
//! **Cost.** One forward pass more than a forward and a backward pass, on images four times as large as CIFAR's.
//! **Undefined** where no layer is one that counts. A layer that does not vary has the ratio of an even spread, by the 1e-10 that the
//! summary adds to each variance. A gradient that only rounding keeps from zero counts as zero: in float32 it would count for
//! about one half.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Ask, Engine, Objective, Precision};
use assay_core::graph::{Graph, NodeId, Operator, ParameterRole, ParameterSpec, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, SettingsError, Source, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;

use crate::parts::channels::maps_only;
use crate::parts::loss_gradient;
use crate::parts::node_groups::visit_values;
use crate::parts::products::{Maps, products, sums};

/// Added to each variance, and to the largest gradient.
const EPSILON: f64 = 1e-10;
/// The pixels along each side of a picture of noise.
const SIDE: usize = 64;

assay_core::words! {
    /// Which layers count.
    pub enum Layers {
        /// Activation functions.
        Activation = "activation" as "outputs of activation functions",
        /// Convolutions and linear layers.
        Weighted = "weighted" as "outputs of convolutions and linear layers",
        /// Both, and normalisations.
        Every = "every" as "outputs of all layers",
    }
}

assay_core::words! {
    /// Which gradients count.
    pub enum Tensors {
        /// Those of every parameter.
        All = "all" as "gradients of all parameters",
        /// Those of convolutions and linear layers.
        Weights = "weights" as "gradients of weights",
    }
}

assay_core::settings! {
    /// Intrinsic trainability.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Intrain {
        with pub pass: WholePass =
            WholePass { initialiser: Initialiser::KaimingNormalFanIn, images: Source::Normal, ..WholePass::default() };
        /// pixels along each side of the pictures of noise
        pub side: Option<usize>, otherwise "64, or that of the dataset's images where they enter", in 8..=1024;
        /// whose outputs count as layers
        pub layers: Layers = Layers::Activation;
        /// whose gradients count
        pub gradients: Tensors = Tensors::All;
    }
}

assay_core::register! {
    Proxy,
    name: "intrain",
    summary: "participation ratios of layers times the evenness of gradients (InTrain, CVPR 2026)",
    settings: Intrain,
    build: |proxy| {
        if proxy.pass.images == Source::Dataset && proxy.side.is_some() {
            let problem = "goes only with pictures of noise; the dataset's images have their own size";
            return Err(SettingsError::new("side", problem));
        }
        Ok(Box::new(Proxy::passes(proxy)))
    },
}

impl PassProxy for Intrain {
    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn protocol(&self) -> String {
        let Self { pass, side, layers, gradients } = self;
        let side = match pass.images {
            Source::Normal => format!("{0}×{0} pixels, ", side.unwrap_or(SIDE)),
            Source::Dataset => String::new(),
        };
        format!("intrain: {layers}, {gradients}, {side}{pass}")
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        let mut pass = self.pass.pass(dataset, 0);
        if self.pass.images == Source::Normal {
            let side = self.side.unwrap_or(SIDE);
            pass.net.input = Shape::new(pass.net.input.channels, side, side);
        }
        vec![pass]
    }

    fn ask(&self, _position: usize, network: &Network, batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        maps_only(network.graph(), &self.layers_of(network.graph()))?;
        loss_gradient::ask(network, batch)
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        let graph = network.graph();
        let layers = self.layers_of(graph);
        let mut capacity = 0.0;
        visit_values(engine, network, batch, self.pass.precision, &layers, |layer, values| {
            let node = graph.node(layer);
            let maps = Maps { values, channels: node.shape.channels, positions: node.shape.area() };
            capacity += participation_ratio(maps).ln();
            Ok::<_, ProxyError>(())
        })?;
        if layers.is_empty() {
            return Ok(Reading::undefined("the network has no such layer"));
        }
        let gradients = answer.gradients(&Objective::cross_entropy(graph))?.parameters()?;
        let evenness = self.evenness(graph.parameters(), gradients);
        Ok(Reading::finite(capacity * (1.0 + evenness) / ((layers.len() + 1) as f64).ln()))
    }
}

impl Intrain {
    /// The layers that count.
    #[must_use]
    pub fn layers_of(&self, graph: &Graph) -> Vec<NodeId> {
        let counts = |id: &NodeId| match &graph.node(*id).operator {
            Operator::Relu | Operator::Activation(_) => self.layers != Layers::Weighted,
            Operator::Conv2d(_) | Operator::Linear { .. } => self.layers != Layers::Activation,
            Operator::BatchNorm { .. } | Operator::LayerNorm { .. } | Operator::RmsNorm { .. } | Operator::GroupNorm { .. } => {
                self.layers == Layers::Every
            }
            _ => false,
        };
        (0..graph.nodes().len()).map(NodeId).filter(counts).collect()
    }

    /// How evenly gradients spread, summed over the tensors that count.
    #[must_use]
    pub fn evenness(&self, specs: &[ParameterSpec], gradients: &[Vec<f64>]) -> f64 {
        let largest = |gradient: &[f64]| gradient.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let rounding = match self.pass.precision {
            Precision::F32 => 1e-5,
            Precision::F64 => 1e-12,
        };
        let least = rounding * gradients.iter().map(|gradient| largest(gradient)).fold(0.0, f64::max);
        let counts = |spec: &ParameterSpec| self.gradients == Tensors::All || spec.role == ParameterRole::Weight;
        let counted = specs.iter().zip(gradients).filter(|(spec, _)| counts(spec)).map(|(_, gradient)| gradient);
        let evenness = |gradient: &Vec<f64>| {
            let (largest, count) = (largest(gradient), gradient.len() as f64);
            if largest <= least || gradient.len() < 2 {
                return 0.0;
            }
            let mean = gradient.iter().sum::<f64>() / count;
            let variance = gradient.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
            (variance.sqrt() / (largest + EPSILON)).min(1.0)
        };
        counted.map(evenness).sum()
    }
}

/// (tr C)² / tr(C²) of the covariance C of the channels.
fn participation_ratio(maps: Maps<'_>) -> f64 {
    let count = (maps.values.len() / maps.channels) as f64;
    let means: Vec<f64> = sums(maps).into_iter().map(|sum| sum / count).collect();
    let mut covariance = products(maps, maps) / count;
    for column in 0..maps.channels {
        for row in 0..maps.channels {
            covariance[(row, column)] -= means[row] * means[column];
        }
    }
    for channel in 0..maps.channels {
        covariance[(channel, channel)] += EPSILON;
    }
    covariance.trace().powi(2) / covariance.norm_squared()
}
