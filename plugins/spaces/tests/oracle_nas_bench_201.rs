//! The lowered network has the parameters of the published TE-NAS supernet, one for one.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_core::graph::{Graph, Operator, Shape};
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::subspace::{OperatorSet, Subspace};
use assay_oracles::OracleFile;
use assay_spaces::nas_bench_201::NasBench201;
use safetensors::SafeTensors;
use serde_json::Value;

/// Every `tenas_nb201*` oracle: its cases, and its parameters' shapes by name.
fn oracles() -> Vec<(Value, BTreeMap<String, Vec<usize>>)> {
    let read = |path: PathBuf| {
        let cases = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let bytes = std::fs::read(path.with_extension("safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        (cases, tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape().to_vec())).collect())
    };
    OracleFile::listed(&assay_oracles::folder(), "tenas_nb201").unwrap().into_iter().map(read).collect()
}

fn subspace(space: &NasBench201, mask: &Value) -> Subspace {
    let edge = |edge: &Value| -> OperatorSet {
        let kept = edge.as_array().unwrap().iter().enumerate().filter(|(_, kept)| kept.as_u64() == Some(1));
        kept.map(|(operator, _)| operator).collect()
    };
    let cells = mask.as_array().unwrap().iter().map(|cell| cell.as_array().unwrap().iter().map(edge).collect()).collect();
    Subspace::new(space.layout(), cells)
}

fn ntk_network(space: &NasBench201, subspace: &Subspace) -> Graph {
    let net = MacroNet { input: Shape::new(3, 32, 32), channels: 3, cells: 1, classes: 10, part: Part::Classifier };
    space.lower(subspace, &net).unwrap()
}

fn region_network(space: &NasBench201, subspace: &Subspace) -> Graph {
    let net = MacroNet { input: Shape::new(1, 3, 3), channels: 1, cells: 1, classes: 10, part: Part::Trunk };
    space.lower(subspace, &net).unwrap()
}

/// The published code's name of one of our parameters.
fn published(path: &str) -> String {
    path.replace(".nor_conv_1x1", ".2")
        .replace(".nor_conv_3x3", ".3")
        .replace("stem.conv", "stem.0")
        .replace("stem.bn", "stem.1")
        .replace("lastact.bn", "lastact.0")
        .replace("downsample.conv", "downsample.1")
        .replace(".conv.", ".op.1.")
        .replace(".bn.", ".op.2.")
}

fn parameters(graph: &Graph) -> BTreeMap<String, Vec<usize>> {
    graph.parameters().iter().map(|spec| (published(&spec.path), spec.shape.clone())).collect()
}

#[test]
fn the_oracle_supernets_have_our_parameters_by_name_and_shape() {
    let space = NasBench201::new();
    let whole = Subspace::whole(space.layout());
    for (_, tensors) in oracles() {
        let under = |prefix: &str| -> BTreeMap<String, Vec<usize>> {
            tensors.iter().filter_map(|(name, shape)| Some((name.strip_prefix(prefix)?.to_owned(), shape.clone()))).collect()
        };
        assert_eq!(parameters(&ntk_network(&space, &whole)), under("ntk.param."));
        // The region network is one cell and the last activation of a network whose other parameters lie idle.
        let idle = |name: &String| name.starts_with("stem") || name.starts_with("classifier");
        let mut expected = under("lr.param.");
        expected.retain(|name, _| !idle(name));
        assert_eq!(parameters(&region_network(&space, &whole)), expected);
    }
}

#[test]
fn every_oracle_case_differentiates_as_many_parameters_and_counts_as_many_relu_units() {
    let space = NasBench201::new();
    for (oracle, _) in oracles() {
        for case in oracle["cases"].as_array().unwrap() {
            let subspace = subspace(&space, &case["mask"]);
            let network = ntk_network(&space, &subspace);
            let live = network.liveness();
            let weights = network.parameters().iter().filter(|spec| spec.is_named_weight() && live.is_needed(spec.node));
            let elements: usize = weights.map(assay_core::graph::ParameterSpec::elements).sum();
            assert_eq!(elements as u64, case["params_in_gradient"].as_u64().unwrap(), "{subspace}");

            let regions = region_network(&space, &subspace);
            let relus = regions.nodes().iter().filter(|node| node.operator == Operator::Relu);
            let units: usize = relus.map(|node| node.shape.elements()).sum();
            assert_eq!(units as u64, case["relu_units"].as_u64().unwrap(), "{subspace}");
        }
    }
}
