//! What a library is and gives, damaged: the head of its file, what it declares, its graphs and layouts.

use assay_core::graph::Graph;
use assay_core::subspace::{Layout, Subspace};
use assay_fuzz::Fuzz;
use assay_plugin_sdk::abi::{ASSAY_ANY_TEXT, ASSAY_CHOICE, ASSAY_FLAG, ASSAY_INTEGER, ASSAY_NUMBER, ASSAY_TEXTS};
use serde::de::DeserializeOwned;

use crate::description::{Description, Plugin, SettingDescription};
use crate::whole::length_said;

#[test]
fn damaged_headers_of_libraries() {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let mut short = program[..4096.min(program.len())].to_vec();
    short[40..48].copy_from_slice(&2048_u64.to_le_bytes());
    Fuzz::of("fuzz::damaged_headers_of_libraries").seed(short).seed(&b"\x7fELF\x02\x01"[..]).run(|bytes| {
        let _ = length_said(bytes);
    });
}

/// A description with a setting of each kind.
fn description() -> Description {
    let setting = |(kind, words, standard): (u32, &str, &str)| SettingDescription {
        name: format!("setting{kind}"),
        kind,
        min: 1.0,
        max: 9.0,
        words: words.into(),
        standard: standard.into(),
        help: "what it does".into(),
    };
    let kinds = [
        (ASSAY_INTEGER, "", "3"),
        (ASSAY_NUMBER, "", "1.5"),
        (ASSAY_FLAG, "", "true"),
        (ASSAY_ANY_TEXT, "", "\"a text\""),
        (ASSAY_CHOICE, "mean|sum", "sum"),
        (ASSAY_TEXTS, "", "[\"a\", \"b\"]"),
    ];
    let plugin = Plugin {
        name: "snip".into(),
        summary: "sensitivity".into(),
        settings: kinds.map(setting).into(),
        lower_is_better: false,
        has_pass_settings: true,
        minor: 1,
    };
    let own = || vec![plugin.clone()];
    Description {
        version: "0.1.0".into(),
        compiler: "rustc".into(),
        digest: "1f3c".into(),
        proxies: own(),
        spaces: own(),
        strategies: own(),
    }
}

const WORDS: [&str; 12] =
    ["{", "[", "]", "}", "\"", "null", "-1", "1e308", "18446744073709551616", "\\ud800", "\\u202e", "{\"Done\":{\"Ok\":"];

/// What JSON of this type the bytes are.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

#[test]
fn damaged_descriptions() {
    let seed = serde_json::to_vec(&description()).unwrap();
    Fuzz::of("fuzz::damaged_descriptions").seed(seed).words(&WORDS).run(|bytes| {
        let Some(description) = json::<Description>(bytes) else { return };
        let plugins = description.proxies.iter().chain(&description.spaces).chain(&description.strategies);
        for setting in plugins.flat_map(Plugin::kept_settings) {
            let _ = (setting.default_text(), setting.kind.to_string());
        }
        drop(description.label("libsnip.so".as_ref()));
    });
}

#[test]
fn damaged_graphs_and_layouts() {
    let graph = r#"{"input":{"channels":3,"height":8,"width":8},"nodes":[
        {"name":"conv","operator":{"type":"conv2d","out_channels":4,"kernel":3,"stride":1,"padding":1,"dilation":1,"groups":1,"bias":true},"inputs":[0]},
        {"name":"bn","operator":{"type":"batch_norm","affine":true,"epsilon":1e-5},"inputs":[1]},
        {"name":"pool","operator":{"type":"avg_pool","kernel":3,"stride":2,"padding":1},"inputs":[2]},
        {"name":"both","operator":{"type":"concat"},"inputs":[3,3]},
        {"name":"sum","operator":{"type":"weighted_sum","weights":[0.5,1.0]},"inputs":[4,4]},
        {"name":"mean","operator":{"type":"global_avg_pool"},"inputs":[5]},
        {"name":"logits","operator":{"type":"linear","out_features":10,"bias":true},"inputs":[6]}],"output":7,"blocks":[2,5],"paths":[3]}"#;
    let layout =
        r#"{"operators":["none","conv"],"zero":0,"cells":[{"kind":"cell","edges":["1<-0","2<-0","2<-1"],"offers":["11","01","11"]}]}"#;
    Fuzz::of("fuzz::damaged_graphs_and_layouts").seed(graph).seed(layout).seed("\"01.10\"").words(&WORDS).run(|bytes| {
        if let Some(graph) = json::<Graph>(bytes) {
            let _ = (graph.parameter_count(), graph.live_parameter_count(), graph.multiply_adds(), graph.liveness());
            let again = serde_json::to_vec(&graph).unwrap();
            assert_eq!(json::<Graph>(&again), Some(graph), "a graph is read as it is written");
        }
        if let Some(layout) = json::<Layout>(bytes) {
            let whole = Subspace::whole(&layout);
            let _ = (whole.single_paths(), whole.single_path(7), whole.to_string().len());
        }
        if let Some(subspace) = json::<Subspace>(bytes) {
            let _ = (subspace.single_paths(), subspace.choices().count());
        }
    });
}
