//! `zen`: how far the network moves when its input moves a little.
//!
//! **What it measures.** ln mean |f(x) − f(x + αε)|₁ + Σ over batch normalisations of ½ ln of the mean variance of their
//! input's channels, where f is the network before its global average pool, x and ε are standard normal noise and weights are
//! standard normal too. The second term gives back the scale that batch normalisation takes away.
//! **Source.** Lin, Wang, Sun, Chen, Sun, Qian, Li, Jin: Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition,
//! ICCV 2021, Alg. 1, as the released code computes it. The paper has the Frobenius norm of the difference and the variance
//! of the batch; the code the sum of absolute differences and, after its two forward passes, PyTorch's running variance,
//! 0.81 + 0.09 v₁ + 0.1 v₂ (`variance = "batch"` takes v₁ instead). Batch normalisations that no signal passes on its way from
//! input to output do not count. The paper removes residual connections; a cell's skips are its architecture and stay.
//! **Cost.** Two forward passes, the first of them shared. The code repeats it 32 times on 16 images each.
//! **Undefined** where normalisations are of other kinds, where the input does not reach the output, or, with `variance = "batch"`, where a counted variance is 0.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Answer, Ask, Engine};
use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, SettingsError, Source, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use rand_distr::{Distribution, StandardNormal};

assay_core::words! {
    /// Which variance a batch normalisation contributes.
    pub enum Variance {
        /// PyTorch's running variance after both forward passes.
        Running = "running",
        /// That of the first batch.
        Batch = "batch",
    }
}

assay_core::settings! {
    /// The Zen-score.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Zen {
        with pub pass: WholePass =
            WholePass { initialiser: Initialiser::StandardNormal, images: Source::Normal, ..WholePass::default() };
        /// α, how far the input moves, in standard deviations of the noise
        pub alpha: f64 = 0.01, in 1e-6..=1e3;
        /// what a batch normalisation contributes: running variance (the released code) or the batch's (the paper)
        pub variance: Variance = Variance::Running;
    }
}

/// How much of the running variance a forward pass replaces, in PyTorch.
const MOMENTUM: f64 = 0.1;

assay_core::register! {
    Proxy,
    name: "zen",
    summary: "expected change of features under a small change of the input (Zen-NAS, Lin et al., ICCV 2021)",
    settings: Zen,
    build: |proxy| {
        if proxy.pass.batch_norm == NormStatistics::Running {
            let problem = "must be \"batch\": the score counts the scale that normalisation by the batch takes away";
            return Err(SettingsError::new("batch_norm", problem));
        }
        Ok(Box::new(Proxy::passes(proxy)))
    },
}

impl PassProxy for Zen {
    fn unit(&self) -> Option<&'static str> {
        Some("ln")
    }

    fn protocol(&self) -> String {
        format!("zen: α = {}, {} variance, {}", self.alpha, self.variance, self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, _batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        match unbalanced(network.graph()) {
            Some(because) => Err(AskError::Undefined(because)),
            None => Ok(ask(network.graph())),
        }
    }

    fn read(&self, passes: &[Measured<'_>], stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, answer, .. } = passes[0];
        let graph = network.graph();
        let moved = moved(batch, self.alpha, stream);
        let second = engine.pass(network, &moved, &ask(graph), self.pass.precision)?;
        let features = features(graph);
        let (from, to) = (answer.value(features)?, second.value(features)?);
        let distance = from.iter().zip(to).map(|(from, to)| (from - to).abs()).sum::<f64>() / batch.len() as f64;
        if distance == 0.0 {
            return Ok(Reading::undefined("the features do not move with the input"));
        }
        let mut score = distance.ln();
        for normalisation in normalisations(graph) {
            let input = graph.node(normalisation).inputs[0];
            let count = (batch.len() * graph.node(input).shape.area()) as f64;
            let variance = self.variance([answer, &second], input, count)?;
            if variance == 0.0 {
                return Ok(Reading::undefined(format!("the input of `{}` has variance 0", graph.node(normalisation).name)));
            }
            score += variance.ln() / 2.0;
        }
        Ok(Reading::finite(score))
    }
}

impl Zen {
    /// The variance that enters for a node, the mean over its channels; `count` values make up a channel.
    fn variance(&self, answers: [&Answer; 2], node: NodeId, count: f64) -> Result<f64, ProxyError> {
        let mean = |answer: &Answer| -> Result<f64, ProxyError> {
            let variance = &answer.moments(node)?.variance;
            Ok(variance.iter().sum::<f64>() / variance.len() as f64)
        };
        let [first, second] = [mean(answers[0])?, mean(answers[1])?];
        // PyTorch normalises with the biased variance and keeps the unbiased one.
        let unbiased = count / (count - 1.0).max(1.0);
        let step = |running: f64, found: f64| (1.0 - MOMENTUM) * running + MOMENTUM * unbiased * found;
        Ok(match self.variance {
            Variance::Batch => first,
            Variance::Running => step(step(1.0, first), second),
        })
    }
}

fn ask(graph: &Graph) -> Ask {
    let inputs: Vec<NodeId> = normalisations(graph).map(|node| graph.node(node).inputs[0]).collect();
    Ask::new().values(&[features(graph)]).moments(&inputs)
}

/// Why the score does not give back all the scale that the network takes away, if it does not: a clause.
fn unbalanced(graph: &Graph) -> Option<String> {
    let takes = |operator: &Operator| {
        matches!(operator, Operator::LayerNorm { .. } | Operator::RmsNorm { .. } | Operator::GroupNorm { .. } | Operator::Softmax { .. })
    };
    let node = graph.nodes().iter().find(|node| takes(&node.operator))?;
    Some(format!("`{}` ({}) takes away scale, and only that of batch normalisation is given back", node.name, node.operator.kind()))
}

/// What enters the last global average pool; the output where there is none.
fn features(graph: &Graph) -> NodeId {
    let pool = graph.nodes().iter().rfind(|node| node.operator == Operator::GlobalAvgPool);
    pool.map_or(graph.output(), |pool| pool.inputs[0])
}

/// The batch normalisations that signal passes on its way from input to output.
fn normalisations(graph: &Graph) -> impl Iterator<Item = NodeId> {
    let live = graph.liveness();
    let normalises = |id: &NodeId| matches!(graph.node(*id).operator, Operator::BatchNorm { .. });
    (0..graph.nodes().len()).map(NodeId).filter(normalises).filter(move |id| live.carries_signal(*id))
}

/// x + αε.
fn moved(batch: &Minibatch, alpha: f64, stream: &Stream) -> Minibatch {
    let mut rng = stream.child("zen").rng();
    let step = |pixel: &f32| {
        let noise: f64 = StandardNormal.sample(&mut rng);
        (f64::from(*pixel) + alpha * noise) as f32
    };
    Minibatch::new(batch.shape(), batch.pixels().iter().map(step).collect(), batch.labels().to_vec())
}
