//! Parameters, their names and roles, multiply-adds, blocks.

use std::collections::BTreeMap;

use assay_core::graph::Operator;

use crate::files::{ALL, DYNAMO, SCRIPT, Truth, imported, path_of, roles};

#[test]
fn oracle_onnx_parameters_have_pytorchs_names_roles_and_values() {
    for name in ALL {
        let (net, truth) = (imported(name, SCRIPT), Truth::of(name));
        let expected: BTreeMap<String, String> = truth.parameters().into_iter().map(|(name, role)| (path_of(&name, &role), role)).collect();
        assert_eq!(roles(&net), expected, "{name}");
        for (parameter, role) in truth.parameters() {
            assert_eq!(net.parameters[&path_of(&parameter, &role)], truth.floats(&format!("param.{parameter}")), "{name}: {parameter}");
        }
        assert_eq!(net.graph.parameter_count() as f64, truth.score("parameters"));
        assert!(!net.folded_norms && net.notes.is_empty(), "{name}: {:?}", net.notes);
        assert_eq!((net.opset, net.producer.as_str()), (17, "pytorch 2.15.0"));
        net.network().unwrap();
    }
}

#[test]
fn oracle_onnx_running_statistics_are_those_of_the_file() {
    for name in ALL {
        let (net, truth) = (imported(name, SCRIPT), Truth::of(name));
        assert_eq!(net.statistics.is_some(), truth.told["has_batch_norm"].as_bool().unwrap(), "{name}");
        for (id, moments) in net.statistics.iter().flat_map(|statistics| &statistics.nodes) {
            let layer = &net.graph.node(*id).name;
            assert_eq!(moments.mean, truth.floats(&format!("buffer.{layer}.running_mean")));
            assert_eq!(moments.variance, truth.floats(&format!("buffer.{layer}.running_var")));
        }
    }
}

/// Weights of matrix products are turned in these files, and have no names; their layers are named after biases.
#[test]
fn oracle_onnx_a_folded_file_has_the_parameters_that_are_left() {
    for name in ALL {
        let (net, truth) = (imported(name, DYNAMO), Truth::of(name));
        let lost = truth.lost(DYNAMO);
        let kept = truth.parameters().into_iter().filter(|(parameter, _)| !lost.contains(parameter));
        for (parameter, role) in kept {
            let path = path_of(&parameter, &role);
            assert_eq!(net.parameters.get(&path), Some(&truth.floats(&format!("param.{parameter}"))), "{name}: {parameter}");
            assert_eq!(roles(&net)[&path], role, "{name}: {parameter}");
        }
        let has_norms = truth.told["has_batch_norm"].as_bool().unwrap();
        assert_eq!(net.folded_norms, has_norms, "{name}");
        // Nothing was folded away where there was nothing to fold; the class token is one row of those for each image.
        if !has_norms {
            assert_eq!(net.graph.parameter_count() as f64, truth.score("parameters"), "{name}");
        }
    }
}

#[test]
fn oracle_onnx_multiply_adds_are_those_of_both_files() {
    for name in ALL {
        let truth = Truth::of(name);
        // The oracle counts layers that are modules. Attention's own are not: three layers of the products of 17 tokens by 48 features.
        let attention = 3 * (17 * 48 * 144 + 17 * 48 * 48 + 4 * 2 * 17 * 17 * 12);
        let beside = if name == "vit_a" { attention } else { 0 };
        for end in [SCRIPT, DYNAMO] {
            assert_eq!(imported(name, end).graph.multiply_adds(), truth.score("macs") as u64 + beside, "{name}.{end}");
        }
    }
}

/// How often each kind of operator is in a graph.
fn kinds(name: &str, end: &str) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    for node in imported(name, end).graph.nodes() {
        *kinds.entry(node.operator.kind()).or_default() += 1;
    }
    kinds
}

#[test]
fn oracle_onnx_operators_in_parts_become_one() {
    for end in [SCRIPT, DYNAMO] {
        let (convnext, vit) = (kinds("convnext_a", end), kinds("vit_a", end));
        assert_eq!((convnext["gelu"], convnext["layer_norm"], convnext["global_avg_pool"]), (4, 8, 1), "{end}: {convnext:?}");
        assert_eq!((vit["gelu"], vit["layer_norm"], vit["mat_mul"], vit["softmax"]), (3, 7, 6, 3), "{end}: {vit:?}");
        for kinds in [&convnext, &vit] {
            assert!(
                ["erf", "mean", "constant", "product"]
                    .iter()
                    .all(|part| !kinds.contains_key(part) || (*part == "product" && kinds[part] == 4)),
                "{end}: {kinds:?}"
            );
        }
        let (mobile, senet) = (kinds("mobilenetv2_a", end), kinds("senet_a", end));
        assert_eq!((mobile["clip"], senet["hard_swish"], senet["hard_sigmoid"], senet["product"]), (35, 7, 3, 3), "{end}");
    }
    assert_eq!(kinds("resnet18_a", SCRIPT)["batch_norm"], 20);
    assert!(!kinds("resnet18_a", DYNAMO).contains_key("batch_norm"));
    assert!(imported("densenet_a", DYNAMO).statistics.is_some(), "those in front of ReLU stay");
}

#[test]
fn oracle_onnx_blocks_end_where_one_value_is_live() {
    let blocks = |name: &str| -> Vec<String> {
        let net = imported(name, SCRIPT);
        net.graph.blocks().iter().map(|id| net.graph.node(*id).name.clone()).collect()
    };
    let resnet = ["maxpool.MaxPool", "layer1.0.relu2.Relu", "layer1.1.relu2.Relu", "layer2.0.relu2.Relu", "layer2.1.relu2.Relu"];
    assert_eq!(blocks("resnet18_a")[..5], resnet);
    assert_eq!(blocks("resnet18_a").len(), 9);
    assert_eq!(blocks("densenet_a").len(), 6);
    assert_eq!(blocks("vit_a").len(), 8);
    let is_of_maps = |name: &str| {
        let net = imported(name, SCRIPT);
        net.graph.blocks().iter().all(|id| !matches!(net.graph.node(*id).operator, Operator::GlobalAvgPool))
    };
    assert!(["resnet18_a", "mobilenetv2_a", "convnext_a"].iter().all(|name| is_of_maps(name)));
}
