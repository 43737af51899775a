//! The files of the oracles, and what they tell of their networks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use assay_onnx::{Imported, Options, read};
use safetensors::SafeTensors;
use serde_json::Value;

/// Every network.
pub(crate) const ALL: [&str; 6] = ["resnet18_a", "mobilenetv2_a", "densenet_a", "senet_a", "convnext_a", "vit_a"];

/// PyTorch's exporter by TorchScript, which keeps batch normalisations.
pub(crate) const SCRIPT: &str = "onnx";
/// PyTorch's exporter by `torch.export`, which folds them.
pub(crate) const DYNAMO: &str = "dynamo.onnx";

pub(crate) fn path(name: &str, end: &str) -> PathBuf {
    assay_oracles::folder().join(format!("onnx_{name}.{end}"))
}

pub(crate) fn imported(name: &str, end: &str) -> Imported {
    read(&path(name, end), &Options::default()).unwrap()
}

/// What the oracle says of a network.
pub(crate) struct Truth {
    pub(crate) told: Value,
    tensors: Vec<u8>,
}

impl Truth {
    pub(crate) fn of(name: &str) -> Self {
        let told = serde_json::from_slice(&std::fs::read(path(name, "json")).unwrap()).unwrap();
        Self { told, tensors: std::fs::read(path(name, "safetensors")).unwrap() }
    }

    pub(crate) fn score(&self, name: &str) -> f64 {
        self.told["scores"][name].as_f64().unwrap_or_else(|| panic!("no score {name}"))
    }

    pub(crate) fn floats(&self, tensor: &str) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.tensors).unwrap();
        let bytes = tensors.tensor(tensor).unwrap().data().to_vec();
        bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
    }

    pub(crate) fn doubles(&self, tensor: &str) -> Vec<f64> {
        let tensors = SafeTensors::deserialize(&self.tensors).unwrap();
        let bytes = tensors.tensor(tensor).unwrap().data().to_vec();
        bytes.as_chunks().0.iter().map(|word| f64::from_le_bytes(*word)).collect()
    }

    /// PyTorch's parameters: name, role, and whether a file has it.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let all = self.told["parameters"].as_array().unwrap();
        all.iter()
            .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["role"].as_str().unwrap().to_owned()))
            .collect()
    }

    /// The parameters that a file lost.
    pub(crate) fn lost(&self, end: &str) -> Vec<String> {
        let lost = self.told["files"][format!(".{end}")]["not_found"].as_array().unwrap();
        lost.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

/// The path that a parameter of PyTorch has in the graph.
pub(crate) fn path_of(name: &str, role: &str) -> String {
    match (role, name.strip_suffix("_weight"), name.strip_suffix("_bias")) {
        ("other", ..) => format!("{name}.value"),
        (_, Some(layer), _) => format!("{layer}.weight"),
        (_, _, Some(layer)) => format!("{layer}.bias"),
        _ => name.to_owned(),
    }
}

/// The roles of a graph's parameters as the oracles call them.
pub(crate) fn roles(imported: &Imported) -> BTreeMap<String, String> {
    let role = |spec: &assay_core::graph::ParameterSpec| serde_json::to_value(spec.role).unwrap().as_str().unwrap().to_owned();
    imported.graph.parameters().iter().map(|spec| (spec.path.clone(), role(spec))).collect()
}
