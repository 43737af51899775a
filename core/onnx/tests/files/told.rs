//! Models in memory, of which more is known than a file says.

use std::collections::BTreeSet;

use assay_core::graph::Operator;
use assay_onnx::{Imported, Told, read_model};

use crate::making::{File, Is, Named, int};

fn read(file: &File, learned: &[&str]) -> Imported {
    let learned: BTreeSet<String> = learned.iter().map(|name| (*name).to_owned()).collect();
    read_model(&file.0, &Told { batch: 10_007, learned, ..Told::default() }, "told").unwrap()
}

/// By its name `mask` is a table and `scales` a parameter; who made the model knows better.
#[test]
fn what_is_learned_is_what_is_said_and_not_what_names_tell() {
    let file = File::of_maps().weights("mask", &[3, 1, 1]).weights("scales", &[3, 1, 1]).node("Mul", "x mask", "m", &[]).node(
        "Add",
        "m scales",
        "y",
        &[],
    );
    let kind = |net: &Imported, name: &str| net.graph.node(net.graph.find(name).unwrap()).operator.kind();
    let named = file.read().unwrap();
    assert_eq!((kind(&named, "mask"), kind(&named, "scales")), ("constant", "parameter"));
    let told = read(&file, &["mask"]);
    assert_eq!((kind(&told, "mask"), kind(&told, "scales")), ("parameter", "constant"));
    assert_eq!(told.parameters.keys().collect::<Vec<_>>(), ["mask.value"]);
}

/// In a file a tensor that is joined with the signal is learned, as a class token; here only if that is said.
#[test]
fn what_is_joined_with_the_signal_is_not_learned_for_that() {
    let tokens = File::new(&[Named("batch"), Is(6), Is(8)]);
    let file = tokens.weights("17", &[1, 1, 8]).wholes("shape", &[3], &[10_007, 1, 8]).node("Expand", "17 shape", "row", &[]).node(
        "Concat",
        "row x",
        "y",
        &[int("axis", 1)],
    );
    assert_eq!(read(&file, &[]).graph.parameter_count(), 0);
    assert_eq!(read(&file, &["17"]).graph.parameter_count(), 8);
}

/// As PyTorch's with `track_running_stats=False`.
#[test]
fn a_batch_normalisation_may_have_no_running_statistics() {
    let norm = |inputs: &str| {
        let made = File::of_maps().weights("bn.weight", &[3]).weights("bn.bias", &[3]).weights("mean", &[3]);
        made.node("BatchNormalization", inputs, "y", &[])
    };
    let net = read(&norm("x bn.weight bn.bias"), &["bn.weight", "bn.bias"]);
    assert!(net.statistics.is_none());
    assert!(matches!(net.graph.node(net.graph.output()).operator, Operator::BatchNorm { affine: true, .. }));
    assert_eq!(norm("x bn.weight bn.bias mean").error(), "node `BatchNormalization_y` (BatchNormalization): has no running variance");
}

#[test]
fn blocks_end_where_it_is_said() {
    let file =
        File::of_maps().node("Relu", "x", "a", &[]).node("Tanh", "a", "b", &[]).node("Sigmoid", "b", "s", &[]).node("Mul", "b s", "y", &[]);
    let read = |blocks: &[&str]| {
        let blocks = blocks.iter().map(|name| (*name).to_owned()).collect();
        read_model(&file.0, &Told { batch: 10_007, blocks, ..Told::default() }, "told")
    };
    let net = read(&["a", "y"]).unwrap();
    let kinds: Vec<&str> = net.graph.blocks().iter().map(|id| net.graph.node(*id).operator.kind()).collect();
    assert_eq!(kinds, ["relu", "silu"]);
    assert!(read(&["s"]).unwrap_err().to_string().contains("`s` cannot end a block: the graph joins it"));
    assert!(read(&["z"]).is_err());
}

#[test]
fn a_problem_at_a_node_says_which() {
    let file = File::of_maps().node("Hardmax", "x", "y", &[]);
    let error = read_model(&file.0, &Told { batch: 10_007, ..Told::default() }, "told").unwrap_err();
    assert_eq!(error.problem().node(), Some("Hardmax_y"));
    assert!(error.to_string().starts_with("told: node `Hardmax_y`"), "{error}");
}
