//! What the file says beside its operators, and what is read where that does not hold any more.

use assay_core::graph::{Conv2d, Graph, GraphBuilder, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;
use assay_export::{Model, to_onnx};
use assay_onnx::schema::ModelProto;
use assay_onnx::{Imported, Options, read_bytes};
use assay_weights::Weights;
use prost::Message;

use crate::read_back;

/// A learned value that is named as tables are and another that is not, and a table that is named as learned values are.
fn graph() -> Graph {
    let mut b = GraphBuilder::new(Shape::new(2, 4, 4)).unwrap();
    let conv = b.conv("conv", b.input(), Conv2d::new(3, 3)).unwrap();
    b.block(conv);
    let mask = b.add("mask", Operator::Parameter { axes: vec![1, 2, 2] }, &[]).unwrap();
    let masked = b.add("masked", Operator::Product, &[mask, conv]).unwrap();
    let gamma = b.add("gamma", Operator::Constant { axes: vec![3, 1, 2], values: vec![0.5, 1.0, 2.0, -1.0, 3.0, 0.25] }, &[]).unwrap();
    let scaled = b.add("scaled", Operator::Product, &[gamma, masked]).unwrap();
    // Read twice, which stays one parameter.
    let own = b.add("own", Operator::Parameter { axes: vec![3, 2, 2] }, &[]).unwrap();
    let curved = b.relu("curved", own).unwrap();
    let output = b.weighted_sum("output", &[(1.0, scaled), (0.5, own), (1.0, curved)]).unwrap();
    b.finish(output)
}

fn weights(graph: Graph) -> Weights {
    Weights::untrained(Network::initialise(graph.into(), Initialiser::UniformFanIn, &Stream::new(2, "parameters")))
}

fn paths(graph: &Graph) -> Vec<&str> {
    graph.parameters().iter().map(|spec| spec.path.as_str()).collect()
}

fn blocks(imported: &Imported) -> Vec<&str> {
    imported.graph.blocks().iter().map(|id| imported.graph.node(*id).name.as_str()).collect()
}

/// The file after something was done to it.
fn changed(weights: &Weights, change: impl Fn(&mut ModelProto)) -> Imported {
    let mut model = ModelProto::decode(to_onnx(&Model::new("net", weights)).unwrap().as_slice()).unwrap();
    change(&mut model);
    read_bytes(model.encode_to_vec(), &Options::default()).unwrap()
}

#[test]
fn what_is_learned_and_what_ends_blocks_is_what_was_exported_whatever_its_name() {
    let graph = graph();
    let net = read_back("net", &weights(graph.clone()));
    assert_eq!(paths(&net.graph), ["conv.weight", "mask.value", "own.value"]);
    assert_eq!(net.graph.find("gamma").map(|id| net.graph.node(id).operator.kind()), Some("constant"));
    assert_eq!((blocks(&net), net.notes.as_slice()), (vec!["conv"], &[][..]));
}

#[test]
fn a_file_that_another_program_changed_is_told_by_its_names_and_that_is_said() {
    let weights = weights(graph());
    let renamed = changed(&weights, |model| {
        let graph = model.graph.as_mut().unwrap();
        let names =
            graph.node.iter_mut().flat_map(|node| &mut node.input).chain(graph.initializer.iter_mut().map(|tensor| &mut tensor.name));
        names.filter(|name| *name == "mask").for_each(|name| *name = "attn_mask".into());
    });
    assert_eq!(paths(&renamed.graph), ["conv.weight", "gamma.value", "own.value"], "by names, the mask is a table and gamma is learned");
    assert!(renamed.notes.iter().any(|note| note.starts_with("another program changed the file")), "{:?}", renamed.notes);
    let silent = changed(&weights, |model| model.metadata_props.clear());
    assert!(silent.notes.is_empty(), "a file that says nothing is like that of any program: {:?}", silent.notes);
}

#[test]
fn a_block_that_the_reader_joins_with_what_follows_is_found_anew_and_that_is_said() {
    let mut b = GraphBuilder::new(Shape::new(2, 4, 4)).unwrap();
    let conv = b.conv("conv", b.input(), Conv2d::new(3, 3)).unwrap();
    b.block(conv);
    let bias = b.add("bias", Operator::Parameter { axes: vec![3, 1, 1] }, &[]).unwrap();
    let sum = b.weighted_sum("sum", &[(1.0, conv), (1.0, bias)]).unwrap();
    let net = read_back("net", &weights(b.finish(sum)));
    assert!(net.notes.iter().any(|note| note.contains("not where the file says") && note.contains("`conv`")), "{:?}", net.notes);
}
