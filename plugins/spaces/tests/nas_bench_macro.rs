//! The whole space against the benchmark's table: texts, parameters and multiply-adds of all 6,561 networks.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_core::graph::Shape;
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use serde_json::Value;

fn net() -> MacroNet {
    MacroNet { input: Shape::new(3, 32, 32), channels: 32, cells: 1, classes: 10, part: Part::Classifier }
}

fn table() -> serde_json::Map<String, Value> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let shared = std::env::var_os("ASSAY_SHARED").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let bytes = std::fs::read(shared.join("data/nas-bench-macro/nas-bench-macro_cifar10.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn every_network_has_the_parameters_and_the_multiply_adds_of_the_table() {
    let space = NasBenchMacro::new();
    let table = table();
    assert_eq!(table.len(), 6_561);
    for (text, row) in &table {
        let network = space.parse(text).unwrap();
        assert_eq!(&space.write(&network).unwrap(), text);
        let graph = space.lower(&network, &net()).unwrap();
        assert_eq!(graph.parameter_count() as u64, row["params"].as_u64().unwrap(), "parameters of {text}");
        assert_eq!(graph.multiply_adds(), row["flops"].as_u64().unwrap(), "multiply-adds of {text}");
    }
}

#[test]
fn the_space_registers_itself_with_6561_networks_numbered_as_they_are_written() {
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-macro", &Settings::none()).unwrap();
    let whole = Subspace::whole(space.layout());
    assert_eq!(space.numbers(&whole), 6_561);
    let text = |number| space.write(&space.architecture(&whole, number).unwrap()).unwrap();
    assert_eq!([0, 5, 6_560].map(text), ["00000000", "00000012", "22222222"]);
}

#[test]
fn the_3969_networks_that_are_not_isomorphic_have_one_record_each() {
    let space = NasBenchMacro::new();
    let mut records = BTreeMap::new();
    for (text, row) in table() {
        let class = space.canonical(&space.parse(&text).unwrap()).unwrap();
        let first = records.entry(class.clone()).or_insert_with(|| row.clone());
        assert_eq!(*first, row, "{text} and {class}");
    }
    assert_eq!(records.len(), 3_969);
    let canonical = |text| space.canonical(&space.parse(text).unwrap()).unwrap();
    assert_eq!(["01001102", "10201000", "00000000"].map(canonical), ["01010120", "10210000", "00000000"].map(str::to_owned));
}

#[test]
fn a_supernet_averages_the_choices_of_a_layer() {
    let space = NasBenchMacro::new();
    let whole = Subspace::whole(space.layout());
    let graph = space.lower(&whole, &net()).unwrap();
    let all: usize = ["00000000", "11111111", "22222222"]
        .map(|text| space.lower(&space.parse(text).unwrap(), &net()).unwrap().parameter_count())
        .iter()
        .sum();
    let shared = space.lower(&Subspace::empty(space.layout()), &net()).unwrap();
    // What surrounds the layers is there once; without layers the last convolution reads 32 channels, not 256.
    let surroundings = shared.parameter_count() + (256 - 32) * 1280;
    assert_eq!(graph.parameter_count(), all - 2 * surroundings);
    assert_eq!(graph.blocks().len(), 9);
}

#[test]
fn what_cannot_be_read_written_or_built_says_why() {
    let space = NasBenchMacro::new();
    let whole = Subspace::whole(space.layout());
    let foreign = Subspace::try_from(String::from("011.101")).unwrap();
    let trunk = MacroNet { input: Shape::new(1, 3, 3), channels: 2, part: Part::Trunk, ..net() };
    let messages = [
        space.parse("0201210").unwrap_err().to_string(),
        space.parse("02012103").unwrap_err().to_string(),
        space.parse("").unwrap_err().to_string(),
        space.write(&whole).unwrap_err().to_string(),
        space.write(&foreign).unwrap_err().to_string(),
        space.lower(&foreign, &net()).unwrap_err().to_string(),
        space.lower(&whole, &trunk).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    `0201210`, character 1: there are 7 layers, not 8; the form is eight digits, one a layer (0 identity, 1 expansion 3 and kernel 3, 2 expansion 6 and kernel 5), for example 02012100
    `02012103`, character 8: this is not an operator; the form is eight digits, one a layer (0 identity, 1 expansion 3 and kernel 3, 2 expansion 6 and kernel 5), for example 02012100
    ``, character 1: there are 0 layers, not 8; the form is eight digits, one a layer (0 identity, 1 expansion 3 and kernel 3, 2 expansion 6 and kernel 5), for example 02012100
    layer 0 keeps 3 operators, but an architecture has exactly one a layer
    the mask `011.101` does not belong to nas-bench-macro
    the mask `011.101` does not belong to nas-bench-macro
    a trunk has no stem, so its layers have the images' 1 channels; 2 were asked for
    ");
    assert!(space.lower(&whole, &MacroNet { channels: 1, ..trunk }).is_ok());
}
