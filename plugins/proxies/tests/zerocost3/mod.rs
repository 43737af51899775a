//! The networks, images and values of the oracles `zerocost3_nb201*`.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use assay_core::data::{InMemory, Minibatch, Normalisation};
use assay_core::graph::Shape;
use assay_core::network::Network;
use assay_core::plugin::{Draws, MacroNet, Part, Proxy, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::published_names::our_path;
use crate::zerocost_network::oracles;

/// One architecture, and what published implementations made of it.
pub struct Case {
    pub title: String,
    pub arch: String,
    pub network: Network,
    pub input: Minibatch,
    pub noise: Minibatch,
    /// The directions of the circle.
    pub basis: [Vec<f64>; 2],
    /// The outputs that the curvature was computed of.
    pub coordinates: Vec<usize>,
    /// The case's values.
    pub recorded: Value,
    tensors: BTreeMap<String, Vec<f64>>,
}

impl Case {
    /// A tensor of the case, row-major.
    pub fn tensor(&self, name: &str) -> Vec<f64> {
        self.tensors.get(name).unwrap_or_else(|| panic!("{}: no tensor `{name}`", self.title)).clone()
    }

    /// What a structural proxy says of the architecture.
    pub fn structural(&self, proxy: &str) -> Reading {
        let space = space();
        let shape = Shape::new(3, 32, 32);
        let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
        let dataset = InMemory::new("one image", shape, 10, normalisation, vec![0; shape.elements()], vec![0]).unwrap();
        let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
        let engine = assay_cpu::CpuEngine::new();
        let subspace = space.parse(&self.arch).unwrap();
        let subject = Subject { space: space.as_ref(), subspace: &subspace, dataset: &dataset, engine: &engine, draws: &draws };
        Registry::<Proxy>::collect().unwrap().build(proxy, &Settings::none()).unwrap().measure(&subject).unwrap()
    }
}

fn space() -> Box<dyn SearchSpace> {
    Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-201", &Settings::none()).unwrap()
}

/// A number of the oracle.
#[track_caller]
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// A list of them.
#[track_caller]
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not a list")).iter().map(number).collect()
}

/// Holds a value to a part of the oracle's.
#[track_caller]
pub fn assert_near(ours: f64, theirs: f64, bound: f64, what: &str) {
    assert!((ours - theirs).abs() <= bound * theirs.abs(), "{what}: ours {ours}, the oracle's {theirs}");
}

/// Every case of every oracle `zerocost3_nb201*`.
pub fn cases() -> Vec<Case> {
    oracles("zerocost3_nb201").iter().flat_map(cases_of).collect()
}

fn cases_of(file: &PathBuf) -> Vec<Case> {
    let oracle: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let bytes = std::fs::read(file.with_extension("safetensors")).unwrap();
    let all = SafeTensors::deserialize(&bytes).unwrap();
    let single = |name: &str| -> Vec<f32> { double(&all, name).into_iter().map(|value| value as f32).collect() };
    let count = |key: &str| number(&oracle[key]) as usize;
    let images = Shape::new(3, 32, 32);
    let targets: Vec<u32> = numbers(&oracle["targets0"]).into_iter().map(|target| target as u32).collect();
    let net = MacroNet {
        input: images,
        channels: count("stem_channels"),
        cells: count("cells_per_stage"),
        classes: count("num_classes"),
        part: Part::Classifier,
    };
    let basis = double(&all, "curve_basis");
    let (first, second) = basis.split_at(basis.len() / 2);
    let space = space();
    let of_case = |(position, recorded): (usize, &Value)| {
        let arch = recorded["arch"].as_str().unwrap().to_owned();
        let graph = Arc::new(space.lower(&space.parse(&arch).unwrap(), &net).unwrap());
        let (prefix, parameters) = (format!("case{position}."), format!("case{position}.param."));
        let names = all.names();
        let own = names.iter().filter_map(|name| Some((our_path(name.strip_prefix(&parameters)?, &arch), single(name))));
        let network = Network::with_parameters(graph, &own.collect::<BTreeMap<_, _>>()).unwrap();
        let tensors = names.iter().filter(|name| !name.starts_with(&parameters));
        let tensors = tensors.filter_map(|name| Some((name.strip_prefix(&prefix)?.to_owned(), double(&all, name)))).collect();
        Case {
            title: format!("{} case {position}", file.file_stem().unwrap().to_string_lossy()),
            arch,
            network,
            input: Minibatch::new(images, single("input0"), targets.clone()),
            noise: Minibatch::new(images, single("noise0"), targets.clone()),
            basis: [first.to_vec(), second.to_vec()],
            coordinates: numbers(&oracle["curve_coordinates"]).into_iter().map(|at| at as usize).collect(),
            recorded: recorded.clone(),
            tensors,
        }
    };
    oracle["cases"].as_array().unwrap().iter().enumerate().map(of_case).collect()
}

fn double(tensors: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    let tensor = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let data = tensor.data();
    match tensor.dtype() {
        Dtype::F32 => data.chunks_exact(4).map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap()))).collect(),
        Dtype::F64 => data.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect(),
        Dtype::I32 => data.chunks_exact(4).map(|bytes| f64::from(i32::from_le_bytes(bytes.try_into().unwrap()))).collect(),
        other => panic!("{name} is {other:?}"),
    }
}
