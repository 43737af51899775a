//! The spaces of TransNAS-Bench-101 against NAS-Bench-Suite-Zero's parameters and multiply-adds, and against counts made in another way.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use assay_core::graph::{Graph, Operator, Shape};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::subspace::Subspace;
use assay_spaces::transnas_bench_101_macro::Macro;
use assay_spaces::transnas_bench_101_micro::Micro;

/// The benchmark's network, for 63 classes: NASLib's, whose figures are in the table, have so many for class_scene.
fn net() -> MacroNet {
    MacroNet { input: Shape::new(3, 256, 256), channels: 64, cells: 2, classes: 63, part: Part::Classifier }
}

fn build(space: &str, settings: &Settings) -> Result<Box<dyn SearchSpace>, String> {
    let _ = Micro::new();
    Registry::<dyn SearchSpace>::collect().unwrap().build(space, settings).map_err(|error| error.to_string())
}

/// The digits of a cell's six edges, its parameters and its multiply-adds, both in millions.
fn table() -> Vec<(String, f64, f64)> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("ASSAY_SHARED").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("data/transnas-bench-101/structure.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[1].parse().unwrap(), cells[2].parse().unwrap())
    };
    text.lines().skip(1).map(row).collect()
}

/// What the counter behind the table adds to multiply-adds: two for each number that is normalised, one for each that a ReLU reads,
/// and 81 for each channel that is pooled from 8×8.
fn others(graph: &Graph) -> u64 {
    let of = |node: &assay_core::graph::Node| match node.operator {
        Operator::BatchNorm { .. } => 2 * node.shape.elements() as u64,
        Operator::Relu => node.shape.elements() as u64,
        Operator::GlobalAvgPool => 81 * node.shape.elements() as u64,
        _ => 0,
    };
    graph.nodes().iter().map(of).sum()
}

#[test]
fn every_micro_cell_has_the_parameters_and_the_multiply_adds_of_the_table() {
    let space = Micro::new();
    let table = table();
    assert_eq!(table.len(), 300);
    for (digits, parameters, operations) in table {
        let text = format!("64-41414-{}_{}_{}", &digits[..1], &digits[1..3], &digits[3..]);
        let cell = space.parse(&text).unwrap();
        assert_eq!(space.write(&cell).unwrap(), text);
        let graph = space.lower(&cell, &net()).unwrap();
        assert_eq!(graph.parameter_count(), (parameters * 1e6).round() as usize, "parameters of {text}");
        assert_eq!(graph.multiply_adds() + others(&graph), (operations * 1e6).round() as u64, "multiply-adds of {text}");
    }
}

#[test]
fn modules_have_the_channels_and_the_sizes_of_the_published_code() {
    let shapes = |space: &dyn SearchSpace, text: &str| {
        let graph = space.lower(&space.parse(text).unwrap(), &net()).unwrap();
        let shapes = graph.blocks().iter().map(|block| graph.node(*block).shape);
        shapes.map(|shape| (shape.channels, shape.height, shape.width)).collect::<Vec<_>>()
    };
    let at = |channels: usize, size: usize| (channels, size, size);
    let wide = [128, 128, 128, 128, 256, 256, 256, 256, 512, 512].into_iter().zip([32, 32, 32, 32, 16, 16, 16, 16, 8, 8]);
    let micro: Vec<_> = [at(64, 64)].into_iter().chain(wide.map(|(channels, size)| at(channels, size))).collect();
    for text in ["64-41414-1_02_333", "64-41414-0_00_000", "64-41414-0_30_111"] {
        assert_eq!(shapes(&Micro::new(), text), micro, "{text}");
    }
    let expected = [at(64, 64), at(64, 64), at(64, 64), at(128, 64), at(128, 64), at(128, 32), at(128, 32), at(256, 16), at(256, 16)];
    assert_eq!(shapes(&Macro::new(), "64-1234-basic"), expected);
}

/// Parameters of a macro network, by hand.
fn counted(code: &[usize], channels: usize, classes: usize) -> usize {
    let conv_bn = |inputs: usize, outputs: usize, kernel: usize| inputs * outputs * kernel * kernel + 2 * outputs;
    let mut count = conv_bn(3, channels / 2, 3) + conv_bn(channels / 2, channels, 3);
    let mut inputs = channels;
    for module in code {
        let outputs = if [2, 4].contains(module) { 2 * inputs } else { inputs };
        count += conv_bn(inputs, outputs, 3) + 3 * conv_bn(outputs, outputs, 3);
        count += if *module == 1 { 0 } else { conv_bn(inputs, outputs, 1) };
        inputs = outputs;
    }
    count + inputs * classes + classes
}

#[test]
fn the_3256_macro_networks_are_those_that_naslib_draws_and_have_the_parameters_counted_by_hand() {
    // NASLib chooses 4 to 6 modules, at how many of them 1 to 4 height and width are halved, and at how many 1 to 3 channels are doubled.
    let mut drawn = BTreeSet::new();
    for length in 4..=6_usize {
        for places in 0..1_u32 << (2 * length) {
            let (halved, doubled) = (places & ((1 << length) - 1), places >> length);
            if (1..=4).contains(&halved.count_ones()) && (1..=3).contains(&doubled.count_ones()) {
                let digit = |at: usize| 1 + 2 * (halved >> at & 1) as usize + (doubled >> at & 1) as usize;
                drawn.insert((0..length).map(digit).collect::<Vec<usize>>());
            }
        }
    }
    let space = Macro::new();
    let whole = Subspace::whole(space.layout());
    assert_eq!((drawn.len(), space.numbers(&whole)), (3_256, 3_256));
    let small = MacroNet { input: Shape::new(3, 64, 64), channels: 8, ..net() };
    for number in 0..3_256 {
        let network = space.architecture(&whole, number).unwrap();
        assert_eq!(space.number(&network), Some(number));
        let text = space.write(&network).unwrap();
        assert_eq!(space.parse(&text).unwrap(), network);
        let code: Vec<usize> = text["64-".len()..text.len() - "-basic".len()].bytes().map(|digit| usize::from(digit - b'0')).collect();
        assert!(drawn.remove(&code), "{text}");
        let graph = space.lower(&network, &small).unwrap();
        assert_eq!(graph.parameter_count(), counted(&code, 8, 63), "{text}");
    }
    assert!(drawn.is_empty(), "{drawn:?}");
    assert_eq!(space.architecture(&whole, 3_256), None);
}

#[test]
fn networks_of_a_part_of_the_macro_space_are_counted_in_it() {
    let space = Macro::new();
    // Four modules that only widen or do both.
    let kept = "01010.01010.01010.01010.00001.00001";
    let part = Subspace::try_from(kept.to_owned()).unwrap();
    assert_eq!(space.numbers(&part), 0, "four doublings are too many");
    let part = Subspace::try_from(kept.replacen("01010", "11010", 1)).unwrap();
    assert_eq!(space.numbers(&part), 7, "the first keeps the channels, and one of the others halves the size");
    assert_eq!(space.write(&space.architecture(&part, 0).unwrap()).unwrap(), "64-1224-basic");
    assert_eq!(space.architecture(&part, 7), None);
}

#[test]
fn cells_that_differ_only_in_what_carries_nothing_or_in_the_order_of_their_nodes_are_the_same() {
    let space = Micro::new();
    let same = |texts: &[&str]| {
        let classes: BTreeSet<String> = texts.iter().map(|text| space.canonical(&space.parse(text).unwrap()).unwrap()).collect();
        classes.len() == 1
    };
    // Node 2 reads nothing; node 1 leads nowhere.
    assert!(same(&["0_00_300", "2_00_300", "0_02_313", "0_01_323"]));
    // The inner nodes the other way around.
    assert!(same(&["2_30_123", "3_20_132"]));
    assert!(!same(&["2_31_123", "3_21_132"]), "node 2 reads node 1");
    // In the first cell of a module a skip connection from the input is a reduction with weights.
    assert!(!same(&["1_00_020", "0_00_200"]));
    let whole = Subspace::whole(space.layout());
    let mut classes: BTreeMap<String, BTreeSet<[u8; 6]>> = BTreeMap::new();
    for number in 0..4_096 {
        let cell = space.architecture(&whole, number).unwrap();
        let class = space.canonical(&cell).unwrap();
        assert_eq!(space.canonical(&space.parse(&class).unwrap()).unwrap(), class);
        let digits: Vec<u8> =
            space.write(&cell).unwrap()["64-41414-".len()..].bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
        classes.entry(class).or_default().insert(alive(digits.try_into().unwrap()));
    }
    assert!(classes.values().all(|cells| cells.len() == 1), "cells that differ have one text");
    let different: BTreeSet<_> = classes.values().flatten().collect();
    assert_eq!(classes.len(), different.len(), "cells that are the same have two texts");
}

/// What is left of a cell by walking every path from its input to its output; of the two orders of its inner nodes, the smaller.
fn alive(digits: [u8; 6]) -> [u8; 6] {
    // The edges into node 1, into node 2 from 0 and 1, and into node 3 from 0, 1 and 2.
    let paths: [&[usize]; 4] = [&[3], &[0, 4], &[1, 5], &[0, 2, 5]];
    let mut left = [0; 6];
    for path in paths.into_iter().filter(|path| path.iter().all(|edge| digits[*edge] != 0)) {
        path.iter().for_each(|edge| left[*edge] = digits[*edge]);
    }
    let exchanged = [left[1], left[0], 0, left[3], left[5], left[4]];
    if left[2] == 0 { left.min(exchanged) } else { left }
}

#[test]
fn a_supernet_has_the_operators_of_all_its_cells() {
    let space = Micro::new();
    let parameters = |subspace: &Subspace| space.lower(subspace, &net()).unwrap().parameter_count();
    let whole = Subspace::whole(space.layout());
    let shared = parameters(&Subspace::empty(space.layout()));
    let of = |text: &str| parameters(&space.parse(text).unwrap()) - shared;
    assert_eq!(parameters(&whole) - shared, of("1_11_111") + of("2_22_222") + of("3_33_333"));
    assert_eq!(of("0_00_000"), 0);
}

#[test]
fn tasks_have_the_outputs_of_their_heads_and_those_without_are_refused_by_name() {
    let outputs = |task: &str| {
        let space = build("transnas-bench-101-macro", &Settings::none().with("task", task)).unwrap();
        let network = space.parse("64-1234-basic").unwrap();
        let graph = space.lower(&network, &MacroNet { classes: 9, ..net() }).unwrap();
        graph.node(graph.output()).shape.elements()
    };
    assert_eq!(["class_object", "class_scene", "room_layout"].map(outputs), [75, 47, 9]);
    let refused = |task: &str| build("transnas-bench-101-micro", &Settings::none().with("task", task)).err().unwrap();
    let space = build("transnas-bench-101-micro", &Settings::none().with("task", "room_layout")).unwrap();
    let small = build("transnas-bench-101-micro", &Settings::none().with("modules", 3)).unwrap();
    let cell = space.parse("1_02_333").unwrap();
    let graph = small.lower(&cell, &MacroNet { channels: 16, ..net() }).unwrap();
    let last = graph.node(*graph.blocks().last().unwrap()).shape;
    assert_eq!((graph.blocks().len(), last.channels, last.height), (7, 64, 16), "NASLib's small network");
    let messages = [
        refused("jigsaw"),
        refused("autoencoder"),
        refused("normal"),
        refused("segmentsemantic"),
        refused("detection"),
        space.lower(&cell, &net()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn what_cannot_be_read_written_or_built_says_why() {
    let (micro, large) = (Micro::new(), Macro::new());
    let foreign = Subspace::try_from(String::from("011.101")).unwrap();
    let behind_none = Subspace::try_from(String::from("00010.00100.01000.10000.00001.10000")).unwrap();
    let trunk = MacroNet { input: Shape::new(1, 3, 3), channels: 2, part: Part::Trunk, ..net() };
    let cell = micro.parse("1_02_333").unwrap();
    let messages = [
        micro.parse("").unwrap_err().to_string(),
        micro.parse("64-41414").unwrap_err().to_string(),
        micro.parse("32-41414-1_02_333").unwrap_err().to_string(),
        micro.parse("64-1234-basic").unwrap_err().to_string(),
        micro.parse("64-41414-1_02").unwrap_err().to_string(),
        micro.parse("64-41414-1_02_33").unwrap_err().to_string(),
        micro.parse("64-41414-1_02_334").unwrap_err().to_string(),
        large.parse("64-41414-1_02_333").unwrap_err().to_string(),
        large.parse("64-1235-basic").unwrap_err().to_string(),
        large.parse("64-123-basic").unwrap_err().to_string(),
        large.parse("64-1111-basic").unwrap_err().to_string(),
        large.parse("64-444444-basic").unwrap_err().to_string(),
        large.parse("64-3333321-basic").unwrap_err().to_string(),
        micro.write(&Subspace::whole(micro.layout())).unwrap_err().to_string(),
        large.write(&Subspace::whole(large.layout())).unwrap_err().to_string(),
        large.write(&behind_none).unwrap_err().to_string(),
        micro.write(&foreign).unwrap_err().to_string(),
        micro.lower(&foreign, &net()).unwrap_err().to_string(),
        large.lower(&Subspace::whole(large.layout()), &net()).unwrap_err().to_string(),
        micro.lower(&cell, &trunk).unwrap_err().to_string(),
        micro.lower(&cell, &MacroNet { cells: 0, ..net() }).unwrap_err().to_string(),
        micro.lower(&cell, &MacroNet { channels: 1, ..net() }).unwrap_err().to_string(),
        micro.lower(&cell, &MacroNet { input: Shape::new(3, 16, 16), ..net() }).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(micro.lower(&cell, &MacroNet { channels: 1, ..trunk }).is_ok());
    assert!(large.lower(&Subspace::empty(large.layout()), &net()).is_ok());
}
