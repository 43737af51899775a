//! `wrcor`: how differently ReLUs and their gradients respond to different images, deep layers weighing most.
//!
//! **What it measures.** ln |det K|, K = Σ over ReLUs of 2^i (|corr A| + |corr G|): A is what enters the ReLU and G the gradient of the
//! cross-entropy through it at its input, a row an image; corr is the matrix of the rows' correlations, image by image, and i counts the
//! blocks (cells and reductions) before the ReLU. A matrix is left out where an image's row does not vary.
//! **Source.** Jing, Xu, Zhang, Li: A Zero-Shot Neural Architecture Search with Weighted Response Correlation for Image Recognition
//! (WRCor), Neurocomputing, arXiv 2507.08841, and its released code. The code looks for modules whose class is called like a ReLU,
//! and so finds units of ReLU, convolution and normalisation too: of them A counts once more, and the gradient at the
//! normalisation's input counts as well (`variant = "code"`; `"relu"` counts ReLUs alone). Where no convolution reads a ReLU, as after
//! the last cell, the ReLU works in place, and A is what leaves it.
//! **Cost.** A forward and a backward pass, or a few where all values together are large.
//! **Undefined** where the space marks no blocks, the network has no ReLU, every matrix is left out, or K is singular.

use assay_core::data::{Dataset, Minibatch};
use assay_core::engine::{Answer, Ask, Engine, EngineError, Gram, Objective, Precision, Wanted};
use assay_core::graph::{Graph, NodeId, Operator};
use assay_core::network::Network;
use assay_core::plugin::{AskError, Measured, Pass, PassProxy, Proxy, ProxyError, WholePass};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use nalgebra::DMatrix;

use crate::parts::loss_gradient;
use crate::parts::node_groups::groups;

/// A row whose deviation is this part of its norm or less is constant within rounding.
const CONSTANT: f64 = 1e-12;

assay_core::words! {
    /// What counts as a ReLU.
    pub enum Variant {
        /// ReLUs, and units of ReLU, convolution and normalisation.
        Code = "code" as "ReLUs and ReLU-conv-BN units (the released code)",
        /// ReLUs.
        Relu = "relu" as "ReLUs",
    }
}

assay_core::settings! {
    /// The weighted response correlation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Wrcor {
        with pub pass: WholePass;
        /// what counts: ReLUs and units that begin with one, as in the released code, or ReLUs alone
        pub variant: Variant = Variant::Code;
    }
}

assay_core::register! {
    Proxy,
    name: "wrcor",
    summary: "log-determinant of the correlations of ReLUs' responses and gradients (WRCor, Jing et al., 2025)",
    settings: Wrcor,
    build: |proxy| Ok(Box::new(Proxy::passes(proxy))),
}

impl PassProxy for Wrcor {
    fn unit(&self) -> Option<&'static str> {
        Some("ln")
    }

    fn protocol(&self) -> String {
        format!("wrcor: {}, cross-entropy, {}", self.variant, self.pass)
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![self.pass.pass(dataset, 0)]
    }

    fn ask(&self, _position: usize, network: &Network, batch: &Minibatch, _stream: &Stream) -> Result<Ask, AskError> {
        let graph = network.graph();
        if graph.blocks().is_empty() {
            return Err(AskError::Undefined("this space marks no blocks in its networks".into()));
        }
        loss_gradient::check(graph, batch)?;
        match responses(graph).len() {
            0 => Err(AskError::Undefined("the network has no ReLU".into())),
            _ => Ok(Ask::new()),
        }
    }

    fn read(&self, passes: &[Measured<'_>], _stream: &Stream, engine: &dyn Engine) -> Result<Reading, ProxyError> {
        let Measured { network, batch, .. } = passes[0];
        let kernel = self.kernel(network, batch, engine)?;
        if kernel.iter().all(|entry| *entry == 0.0) {
            return Ok(Reading::undefined("at every ReLU there is an image whose responses or gradients are all the same"));
        }
        // The sum of the pivots' logarithms: the determinant itself may leave the range of float64.
        let pivots = kernel.lu().u();
        let score: f64 = pivots.diagonal().iter().map(|pivot| pivot.abs().ln()).sum();
        Ok(if score.is_finite() { Reading::Value(score) } else { Reading::undefined("the matrix of correlations is singular") })
    }
}

/// A ReLU, and what is read of it.
struct Response {
    relu: NodeId,
    /// What of it responds.
    value: NodeId,
    /// 2 to the number of blocks before it.
    weight: f64,
    /// The convolution of its unit of ReLU, convolution and normalisation, if it begins one.
    unit: Option<NodeId>,
}

/// The ReLUs of a network.
fn responses(graph: &Graph) -> Vec<Response> {
    let nodes = || (0..graph.nodes().len()).map(NodeId);
    let readers = |of: NodeId| nodes().filter(move |id| graph.node(*id).inputs.contains(&of));
    let only_reader = |of: NodeId| {
        let mut all = readers(of);
        all.next().filter(|_| all.next().is_none())
    };
    let is_conv = |id: &NodeId| matches!(graph.node(*id).operator, Operator::Conv2d(_));
    let is_norm = |id: &NodeId| matches!(graph.node(*id).operator, Operator::BatchNorm { .. });
    let response = |relu: NodeId| {
        let before = graph.blocks().iter().skip(1).filter(|block| block.0 < relu.0).count();
        let in_place = !readers(relu).any(|reader| is_conv(&reader));
        Response {
            relu,
            value: if in_place { relu } else { graph.node(relu).inputs[0] },
            weight: (before as f64).exp2(),
            unit: only_reader(relu).filter(is_conv).filter(|conv| only_reader(*conv).is_some_and(|reader| is_norm(&reader))),
        }
    };
    nodes().filter(|id| graph.node(*id).operator == Operator::Relu).map(response).collect()
}

impl Wrcor {
    /// K, `[images, images]`.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn kernel(&self, network: &Network, batch: &Minibatch, engine: &dyn Engine) -> Result<DMatrix<f64>, EngineError> {
        let graph = network.graph();
        let responses = responses(graph);
        let images = batch.len();
        let mut kernel = DMatrix::zeros(images, images);
        let relus: Vec<NodeId> = responses.iter().map(|response| response.relu).collect();
        // Of a ReLU: what enters it, what leaves it, the gradient there, and that of its unit.
        let mut left = responses.as_slice();
        for group in groups(graph, images, &relus, 4) {
            let (these, others) = left.split_at(group.len());
            left = others;
            let answer = engine.pass(network, batch, &self.ask_of(graph, these), self.pass.precision)?;
            for response in these {
                self.add(&mut kernel, graph, response, &answer)?;
            }
        }
        Ok(kernel)
    }

    fn ask_of(&self, graph: &Graph, responses: &[Response]) -> Ask {
        let mut values: Vec<NodeId> = Vec::new();
        let mut nodes: Vec<NodeId> = Vec::new();
        for response in responses {
            for value in [response.value, response.relu] {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            nodes.push(response.relu);
            nodes.extend(response.unit.filter(|_| self.variant == Variant::Code));
        }
        Ask::new().values(&values).gradients(Objective::cross_entropy(graph), Wanted { nodes, ..Wanted::default() })
    }

    /// Adds the correlations of one ReLU.
    fn add(&self, kernel: &mut DMatrix<f64>, graph: &Graph, response: &Response, answer: &Answer) -> Result<(), EngineError> {
        let images = kernel.nrows();
        let gradients = answer.gradients(&Objective::cross_entropy(graph))?;
        let through = gradients.node(response.relu)?.iter().zip(answer.value(response.relu)?);
        let through: Vec<f64> = through.map(|(gradient, value)| if *value > 0.0 { *gradient } else { 0.0 }).collect();
        let responses = correlations(answer.value(response.value)?, images);
        let mut found = vec![correlations(&through, images)];
        match response.unit.filter(|_| self.variant == Variant::Code) {
            Some(conv) => found.extend([responses.clone(), responses, correlations(gradients.node(conv)?, images)]),
            None => found.push(responses),
        }
        for correlations in found.into_iter().flatten() {
            for (entry, correlation) in kernel.iter_mut().zip(&correlations) {
                *entry += response.weight * correlation.abs();
            }
        }
        Ok(())
    }
}

/// The correlations of each image's values with each other's, `[images, images]`; nothing where one of them does not vary.
fn correlations(values: &[f64], images: usize) -> Option<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = values.chunks(values.len() / images).map(<[f64]>::to_vec).collect();
    for row in &mut rows {
        let norm = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>().sqrt();
        let before = norm(row);
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
        let deviation = norm(row);
        if deviation.is_nan() || deviation <= CONSTANT * before {
            return None;
        }
        row.iter_mut().for_each(|value| *value /= deviation);
    }
    Some(Gram::of_rows(&rows, Precision::F64).entries().to_vec())
}
