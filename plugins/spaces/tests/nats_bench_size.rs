//! The networks of NATS-Bench's size space.
#![allow(clippy::unwrap_used)]

use assay_core::graph::{Graph, Shape};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings, Skeleton, Structure};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use assay_spaces::nats_bench_size::NatsBenchSize;

const CELL: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";

fn net() -> MacroNet {
    MacroNet { input: Shape::new(3, 32, 32), channels: 16, cells: 1, classes: 10, part: Part::Classifier }
}

fn lower(text: &str, net: &MacroNet) -> Graph {
    let space = NatsBenchSize::new();
    space.lower(&space.parse(text).unwrap(), net).unwrap()
}

#[test]
fn doubling_widths_give_the_network_of_the_cell_in_the_topology_space() {
    let space = NasBench201::new();
    let topology = space.lower(&space.parse(CELL).unwrap(), &net()).unwrap();
    let size = lower("16:32:32:64:64", &net());
    let shapes = |graph: &Graph| -> Vec<_> { graph.blocks().iter().map(|block| graph.node(*block).shape).collect() };
    assert_eq!(shapes(&size), shapes(&topology));
    assert_eq!((size.parameter_count(), size.multiply_adds()), (topology.parameter_count(), topology.multiply_adds()));
}

#[test]
fn any_widths_have_the_parameters_that_their_layers_add_up_to() {
    let conv_bn = |inputs: usize, outputs: usize, kernel: usize| inputs * outputs * kernel * kernel + 2 * outputs;
    let cell = |inputs: usize, outputs: usize| {
        let skip = if inputs == outputs { 0 } else { conv_bn(inputs, outputs, 1) };
        2 * conv_bn(inputs, outputs, 3) + 3 * conv_bn(outputs, outputs, 3) + skip
    };
    let reduction = |inputs: usize, outputs: usize| conv_bn(inputs, outputs, 3) + conv_bn(outputs, outputs, 3) + inputs * outputs;
    let expected =
        conv_bn(3, 8, 3) + cell(8, 8) + reduction(8, 64) + cell(64, 24) + reduction(24, 16) + cell(16, 56) + 2 * 56 + 56 * 10 + 10;
    assert_eq!(lower("8:64:24:16:56", &net()).parameter_count(), expected);
}

#[test]
fn the_space_registers_itself_with_32768_networks() {
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build("nats-bench-size", &Settings::none()).unwrap();
    let whole = Subspace::whole(space.layout());
    assert_eq!(space.numbers(&whole), 32_768);
    for number in [0, 1, 4_711, 32_767] {
        let network = space.architecture(&whole, number).unwrap();
        let text = space.write(&network).unwrap();
        assert_eq!(space.parse(&text).unwrap(), network);
    }
    let text = |number| space.write(&space.architecture(&whole, number).unwrap()).unwrap();
    assert_eq!([0, 1, 32_767].map(text), ["8:8:8:8:8", "8:8:8:8:16", "64:64:64:64:64"]);
}

#[test]
fn every_parameter_lies_on_a_path() {
    let space = NatsBenchSize::new();
    let skeleton = Skeleton::new(&space, &net()).unwrap();
    let structure = Structure::new(&space, &space.parse("8:64:24:16:56").unwrap(), &net(), &skeleton).unwrap();
    assert_eq!(structure.effective_parameter_count(), structure.graph().parameter_count());
}

#[test]
fn what_cannot_be_read_written_or_built_says_why() {
    let space = NatsBenchSize::new();
    let whole = Subspace::whole(space.layout());
    let foreign = Subspace::try_from(String::from("011.101")).unwrap();
    let messages = [
        space.parse("8:8:8:8").unwrap_err().to_string(),
        space.parse("8:8:12:8:8").unwrap_err().to_string(),
        space.parse("").unwrap_err().to_string(),
        space.write(&whole).unwrap_err().to_string(),
        space.canonical(&foreign).unwrap_err().to_string(),
        space.lower(&whole, &net()).unwrap_err().to_string(),
        space.lower(&foreign, &net()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    `8:8:8:8`, character 1: there are 4 layers, not 5; the form is the channels of five layers, each 8, 16, 24, 32, 40, 48, 56 or 64, for example 64:64:64:64:64
    `8:8:12:8:8`, character 5: this is not a number of channels of this space; the form is the channels of five layers, each 8, 16, 24, 32, 40, 48, 56 or 64, for example 64:64:64:64:64
    ``, character 1: this is not a number of channels of this space; the form is the channels of five layers, each 8, 16, 24, 32, 40, 48, 56 or 64, for example 64:64:64:64:64
    layer 0 keeps 8 widths, but an architecture has exactly one a layer
    the mask `011.101` does not belong to nats-bench-size
    nats-bench-size has no network of several widths at once: layer 0 keeps 8 widths, but an architecture has exactly one a layer
    nats-bench-size has no network of several widths at once: the mask `011.101` does not belong to nats-bench-size
    ");
}
