//! What holds for every cell and every subspace of NAS-Bench-201.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::graph::{Graph, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_core::subspace::{OperatorSet, Subspace};
use assay_spaces::nas_bench_201::NasBench201;
use proptest::prelude::*;

const CONV: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";

fn classifier(channels: usize, cells: usize) -> MacroNet {
    MacroNet { input: Shape::new(3, 32, 32), channels, cells, classes: 10, part: Part::Classifier }
}

fn trunk() -> MacroNet {
    MacroNet { input: Shape::new(1, 3, 3), channels: 1, cells: 1, classes: 10, part: Part::Trunk }
}

fn lower(text: &str, net: &MacroNet) -> Graph {
    let space = NasBench201::new();
    space.lower(&space.parse(text).unwrap(), net).unwrap()
}

fn values(network: &Network) -> BTreeMap<String, Vec<f32>> {
    let specs = network.graph().parameters().iter().enumerate();
    specs.map(|(position, spec)| (spec.path.clone(), network.parameter(position).to_vec())).collect()
}

/// Any six operator sets, one an edge, each holding `sizes` operators.
fn subspaces(masks: impl Strategy<Value = u8> + Clone) -> impl Strategy<Value = Subspace> {
    prop::collection::vec(masks, 6).prop_map(|masks| {
        let sets = masks.into_iter().map(|mask| (0..5).filter(|operator| mask >> operator & 1 == 1).collect::<OperatorSet>());
        Subspace::new(NasBench201::new().layout(), vec![sets.collect()])
    })
}

fn single_paths() -> impl Strategy<Value = Subspace> {
    subspaces((0_u8..5).prop_map(|operator| 1 << operator))
}

#[test]
fn the_space_registers_itself_with_15625_cells() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    let space = registry.build("nas-bench-201", &Settings::none()).unwrap();
    assert_eq!(Subspace::whole(space.layout()).single_paths(), 15_625);
    let cell = space.layout().describe(Subspace::whole(space.layout()).choices().nth(13).unwrap());
    assert_eq!(cell, "cell 2<-1 nor_conv_3x3");
}

/// VKDNW's authors leave the other 6,180 out.
#[test]
fn every_operator_of_9445_cells_is_on_a_path() {
    let space = NasBench201::new();
    // Edges in the order of the layout: 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2.
    let paths: [&[usize]; 4] = [&[3], &[0, 4], &[1, 5], &[0, 2, 5]];
    let whole = Subspace::whole(space.layout());
    let mut count = 0;
    for number in 0..space.numbers(&whole) {
        let cell = space.architecture(&whole, number).unwrap();
        let is_zero = |edge: usize| cell.cells()[0][edge].contains(0);
        let is_on_a_path = |edge: usize| paths.iter().any(|path| path.contains(&edge) && !path.iter().any(|edge| is_zero(*edge)));
        let expected = (0..6).all(|edge| is_zero(edge) || is_on_a_path(edge));
        assert_eq!(space.layout().all_reachable(&cell), Some(expected), "{cell}");
        count += usize::from(expected);
    }
    assert_eq!(count, 9445);
}

#[test]
fn the_convolution_cell_has_the_parameters_its_layers_add_up_to() {
    let conv_bn = |inputs: usize, outputs: usize, kernel: usize| inputs * outputs * kernel * kernel + 2 * outputs;
    let mut expected = conv_bn(3, 16, 3) + 2 * 64 + 64 * 10 + 10;
    for channels in [16, 32, 64] {
        expected += 5 * 6 * conv_bn(channels, channels, 3);
    }
    for channels in [32, 64] {
        expected += conv_bn(channels / 2, channels, 3) + conv_bn(channels, channels, 3) + channels / 2 * channels;
    }
    assert_eq!(lower(CONV, &classifier(16, 5)).parameter_count(), expected);
}

#[test]
fn cells_and_reductions_are_numbered_together_as_in_the_published_code() {
    let graph = lower(CONV, &classifier(4, 2));
    let with = |suffix: &str| -> Vec<&str> { graph.nodes().iter().filter_map(|node| node.name.strip_suffix(suffix)).collect() };
    assert_eq!(with(".edges.1<-0.nor_conv_3x3.conv"), ["cells.0", "cells.1", "cells.3", "cells.4", "cells.6", "cells.7"]);
    assert_eq!(with(".conv_a.conv"), ["cells.2", "cells.5"]);
    let shape = |name: &str| graph.node(graph.find(name).unwrap()).shape;
    assert_eq!(shape("cells.1.nodes.3"), Shape::new(4, 32, 32));
    assert_eq!(shape("cells.4.nodes.3"), Shape::new(8, 16, 16));
    assert_eq!(shape("lastact.relu"), Shape::new(16, 8, 8));
    assert_eq!(graph.node(graph.output()).shape, Shape::vector(10));
}

#[test]
fn a_cell_of_skips_adds_no_node_but_the_sums_it_needs() {
    let graph = lower("|skip_connect~0|+|none~0|skip_connect~1|+|none~0|none~1|skip_connect~2|", &trunk());
    let names: Vec<&str> = graph.nodes().iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["input", "lastact.bn", "lastact.relu"]);
}

#[test]
fn a_node_that_reads_only_none_is_zero_and_its_readers_keep_their_parameters() {
    let graph = lower("|none~0|+|none~0|nor_conv_1x1~1|+|nor_conv_1x1~0|none~1|none~2|", &trunk());
    assert_eq!(graph.node(graph.find("cells.0.nodes.1").unwrap()).operator, Operator::Zero { stride: 1 });
    // Two 1×1 convolutions with their BN, and the last BN; one convolution lies on no path.
    assert_eq!((graph.parameter_count(), graph.live_parameter_count()), (3 + 3 + 2, 3 + 2));
}

#[test]
fn none_lowers_the_share_of_the_operators_it_is_averaged_with() {
    let space = NasBench201::new();
    let kept = |operators: &[usize]| operators.iter().copied().collect::<OperatorSet>();
    let cell = vec![kept(&[0, 4]), kept(&[0]), kept(&[1]), kept(&[1, 4, 0]), kept(&[0]), kept(&[1])];
    let graph = space.lower(&Subspace::new(space.layout(), vec![cell]), &trunk()).unwrap();
    let weights = |name: &str| match &graph.node(graph.find(name).unwrap()).operator {
        Operator::WeightedSum { weights } => weights.clone(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(weights("cells.0.nodes.1"), [0.5]);
    assert_eq!(weights("cells.0.nodes.3"), [1.0 / 3.0, 1.0 / 3.0, 1.0]);
    assert_eq!(graph.find("cells.0.nodes.2"), None);
}

#[test]
fn a_text_that_is_no_cell_is_refused_where_it_goes_wrong() {
    let refused = [
        "|nor_conv_3x3~0|+|nor_conv_3x~0|none~1|+|none~0|none~1|none~2|",
        "|magic~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|+|none~1|none~0|+|none~0|none~1|none~2|",
        "|none~0|+|none~0|none~1|",
        "|none~0|+|none~0|+|none~0|none~1|none~2|",
        "|none~0|+ |none|none~1| +|none~0|none~1|none~2|",
        "none~0+|none~0|none~1|+|none~0|none~1|none~2|",
        "|none~0|++|none~0|none~1|none~2|",
        "",
    ];
    let space = NasBench201::new();
    let messages: Vec<String> = refused.map(|text| space.parse(text).unwrap_err().to_string()).to_vec();
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn what_cannot_be_written_or_built_says_why() {
    let space = NasBench201::new();
    let whole = Subspace::whole(space.layout());
    let foreign = Subspace::try_from(String::from("011.101")).unwrap();
    let cell = space.parse(CONV).unwrap();
    let tiny = MacroNet { input: Shape::new(3, 2, 2), ..classifier(4, 1) };
    let odd = MacroNet { input: Shape::new(3, 9, 9), ..classifier(4, 1) };
    let messages = [
        space.write(&whole).unwrap_err().to_string(),
        space.canonical(&foreign).unwrap_err().to_string(),
        space.lower(&foreign, &trunk()).unwrap_err().to_string(),
        space.lower(&cell, &tiny).unwrap_err().to_string(),
        space.lower(&cell, &odd).unwrap_err().to_string(),
        space.lower(&cell, &classifier(4, 0)).unwrap_err().to_string(),
        space.lower(&cell, &classifier(0, 1)).unwrap_err().to_string(),
        space.lower(&cell, &MacroNet { channels: 16, ..trunk() }).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn white_space_around_names_and_signs_does_not_matter() {
    let space = NasBench201::new();
    let spaced = CONV.replace('|', " |\t").replace('+', "\n+ ").replace('~', " ~ ");
    assert_eq!(space.parse(&spaced).unwrap(), space.parse(CONV).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writing_then_parsing_a_cell_gives_the_cell(cell in single_paths()) {
        let space = NasBench201::new();
        prop_assert_eq!(space.parse(&space.write(&cell).unwrap()).unwrap(), cell);
    }

    #[test]
    fn a_graph_of_any_subspace_survives_being_written_and_read(cell in subspaces(0_u8..32), seven_by_seven: bool) {
        let input = if seven_by_seven { Shape::new(2, 7, 7) } else { Shape::new(1, 3, 3) };
        let nets = [MacroNet { input, channels: input.channels, ..trunk() }, classifier(3, 2)];
        for net in nets {
            let graph = NasBench201::new().lower(&cell, &net).unwrap();
            let text = serde_json::to_string(&graph).unwrap();
            prop_assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
        }
    }

    #[test]
    fn a_pruned_supernet_holds_the_weights_of_the_supernet_it_came_from(cell in subspaces(1_u8..32), seed: u64) {
        let space = NasBench201::new();
        let draw = |subspace: &Subspace| {
            let graph = Arc::new(space.lower(subspace, &classifier(3, 1)).unwrap());
            values(&Network::initialise(graph, Initialiser::UniformFanIn, &Stream::new(seed, "parameters")))
        };
        let whole = draw(&Subspace::whole(space.layout()));
        for (path, values) in draw(&cell) {
            prop_assert_eq!(&whole[&path], &values, "{}", path);
        }
    }

    #[test]
    fn every_kept_operator_is_in_the_graph_whether_or_not_it_matters(cell in subspaces(0_u8..32)) {
        let graph = NasBench201::new().lower(&cell, &classifier(3, 1)).unwrap();
        let convolutions = graph.nodes().iter().filter(|node| matches!(node.operator, Operator::Conv2d(_)) && node.name.contains("edges"));
        let kept = cell.choices().filter(|choice| matches!(choice.operator, 2 | 3));
        prop_assert_eq!(convolutions.count(), 3 * kept.count());
    }
}
