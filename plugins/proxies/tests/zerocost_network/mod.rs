//! The networks and scores of the oracles that Zero-Cost NAS's own implementation recorded.
//!
//! Its networks are those of NAS-Bench-201 with two differences: a cell's convolutions have a bias, and its batch normalisation
//! has no affine parameters. Nodes bear the names of that implementation's modules.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator, Pool, Shape};
use assay_core::network::Network;
use assay_oracles::OracleFile;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

/// One architecture with its parameters, the minibatch, and what the published implementation made of them.
pub struct Case {
    /// For messages: the oracle's file and the case's number.
    pub title: String,
    pub network: Network,
    pub batch: Minibatch,
    /// By the implementation's names; nothing where it has no score.
    pub scores: BTreeMap<String, Option<f64>>,
    /// `[batch, classes]`.
    pub logits: Vec<f64>,
    /// `[batch, batch]`.
    pub naswot_kernel: Vec<f64>,
}

#[derive(Deserialize)]
struct Oracle {
    init_channels: usize,
    cells_per_stage: usize,
    num_classes: usize,
    cases: Vec<Recorded>,
    targets: Vec<u32>,
}

#[derive(Deserialize)]
struct Recorded {
    arch: String,
    scores: BTreeMap<String, Option<f64>>,
}

/// Every case of every oracle `zerocost_nb201*`.
pub fn cases() -> Vec<Case> {
    oracles("zerocost_nb201").iter().flat_map(|file| cases_of(file)).collect()
}

/// The files of the oracles whose names begin so. None at all is a failure: a test that finds nothing proves nothing.
pub fn oracles(begin: &str) -> Vec<PathBuf> {
    OracleFile::listed(&assay_oracles::folder(), begin).unwrap()
}

fn cases_of(file: &Path) -> Vec<Case> {
    let oracle: Oracle = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let bytes = std::fs::read(file.with_extension("safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let side = *tensors.tensor("input").unwrap().shape().last().unwrap();
    let input = Shape::new(3, side, side);
    let batch = Minibatch::new(input, single(&tensors, "input"), oracle.targets.clone());
    let of_case = |(number, case): (usize, &Recorded)| {
        let graph = Arc::new(graph(&oracle, input, &case.arch));
        let prefix = format!("case{number}.param.");
        let names = tensors.names();
        let parameters = names.iter().filter_map(|name| Some((name.strip_prefix(&prefix)?.to_owned(), single(&tensors, name)))).collect();
        Case {
            title: format!("{} case {number}", file.file_stem().unwrap().to_string_lossy()),
            network: Network::with_parameters(graph, &parameters).unwrap(),
            batch: batch.clone(),
            scores: case.scores.clone(),
            logits: double(&tensors, &format!("case{number}.logits")),
            naswot_kernel: double(&tensors, &format!("case{number}.naswot_kernel")),
        }
    };
    oracle.cases.iter().enumerate().map(of_case).collect()
}

fn double(tensors: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    match tensor.dtype() {
        Dtype::F32 => tensor.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
        Dtype::F64 => tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
        other => panic!("{name} is {other:?}"),
    }
}

fn single(tensors: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    double(tensors, name).into_iter().map(|value| value as f32).collect()
}

/// The implementation's operators, in the order of its slots.
const OPERATORS: [&str; 5] = ["none", "avg_pool_3x3", "nor_conv_3x3", "nor_conv_1x1", "skip_connect"];
/// (target, source), in the order of its slots and of the architecture's text.
const EDGES: [(usize, usize); 6] = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)];

fn graph(oracle: &Oracle, input: Shape, arch: &str) -> Graph {
    let edges: Vec<&str> = arch.split(['|', '+']).filter(|part| !part.is_empty()).map(|part| part.split_once('~').unwrap().0).collect();
    let operators: Vec<usize> = edges.iter().map(|edge| OPERATORS.iter().position(|name| name == edge).unwrap()).collect();
    assert_eq!(operators.len(), EDGES.len(), "{arch}");
    let mut graph = GraphBuilder::new(input).unwrap();
    let images = graph.input();
    let stem = graph.conv("stem.net.0", images, Conv2d::new(oracle.init_channels, 3).padding(1)).unwrap();
    let mut features = graph.batch_norm("stem.net.1", stem).unwrap();
    graph.block(features);
    for stage in 1..=3 {
        for index in 0..oracle.cells_per_stage {
            features = cell(&mut graph, &format!("stack_cell{stage}.{index}"), features, &operators);
            graph.block(features);
        }
        if stage < 3 {
            features = reduction(&mut graph, &format!("reduction{stage}"), features);
            graph.block(features);
        }
    }
    let normalised = graph.batch_norm("top.lastact.0", features).unwrap();
    let positive = graph.relu("top.lastact.1", normalised).unwrap();
    let pooled = graph.add("top.pool", Operator::GlobalAvgPool, &[positive]).unwrap();
    let logits = graph.linear("top.classifier", pooled, oracle.num_classes, true).unwrap();
    graph.finish(logits)
}

fn cell(graph: &mut GraphBuilder, name: &str, input: NodeId, operators: &[usize]) -> NodeId {
    let channels = graph.shape(input).channels;
    let mut nodes = vec![input];
    for target in 1..4 {
        let mut terms = Vec::new();
        for (edge, (_, source)) in EDGES.iter().enumerate().filter(|(_, (to, _))| *to == target) {
            let slot = format!("{name}.options.{}", OPERATORS.len() * edge + operators[edge]);
            let from = nodes[*source];
            let conv = |kernel: usize| Conv2d::new(channels, kernel).padding(kernel / 2).bias(true);
            let output = match OPERATORS[operators[edge]] {
                "none" => graph.add(slot, Operator::Zero { stride: 1 }, &[from]).unwrap(),
                "avg_pool_3x3" => graph.avg_pool(slot, from, Pool::new(3, 1, 1)).unwrap(),
                "nor_conv_3x3" => relu_conv_bn(graph, &slot, from, conv(3), false),
                "nor_conv_1x1" => relu_conv_bn(graph, &slot, from, conv(1), false),
                _ => from,
            };
            terms.push((1.0, output));
        }
        nodes.push(graph.weighted_sum(format!("{name}.node{target}"), &terms).unwrap());
    }
    nodes[3]
}

fn reduction(graph: &mut GraphBuilder, name: &str, input: NodeId) -> NodeId {
    let conv = Conv2d::new(2 * graph.shape(input).channels, 3).padding(1);
    let first = relu_conv_bn(graph, &format!("{name}.conv_a"), input, conv.stride(2), true);
    let second = relu_conv_bn(graph, &format!("{name}.conv_b"), first, conv, true);
    let pooled = graph.avg_pool(format!("{name}.residual.0"), input, Pool::new(2, 2, 0)).unwrap();
    let shortcut = graph.conv(format!("{name}.residual.1"), pooled, Conv2d::new(conv.out_channels, 1)).unwrap();
    graph.weighted_sum(format!("{name}.sum"), &[(1.0, second), (1.0, shortcut)]).unwrap()
}

fn relu_conv_bn(graph: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d, affine: bool) -> NodeId {
    let positive = graph.relu(format!("{name}.op.0"), input).unwrap();
    let features = graph.conv(format!("{name}.op.1"), positive, conv).unwrap();
    graph.add(format!("{name}.op.2"), Operator::BatchNorm { affine, epsilon: 1e-5 }, &[features]).unwrap()
}
