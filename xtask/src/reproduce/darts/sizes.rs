//! Parameters and multiply-adds of architectures in the networks that papers train, as `assay score` counts them.

use std::path::Path;
use std::process::Command;

use miette::{IntoDiagnostic, WrapErr, bail, miette};
use serde::Deserialize;

/// A network that is built around cells and trained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Net {
    /// As in `space.network`.
    pub(super) network: &'static str,
    pub(super) channels: usize,
    pub(super) cells: usize,
    /// Height and width of an image.
    pub(super) size: usize,
    pub(super) classes: usize,
}

/// DARTS's network for CIFAR-10.
pub(super) const CIFAR10: Net = Net { network: "cifar", channels: 36, cells: 20, size: 32, classes: 10 };
/// DARTS's network for ImageNet.
pub(super) const IMAGENET: Net = Net { network: "imagenet", channels: 48, cells: 14, size: 224, classes: 1000 };

/// What an architecture costs, without the auxiliary head that only training has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) parameters: f64,
    /// Of one image.
    pub(super) multiply_adds: f64,
}

#[derive(Deserialize)]
struct Scores {
    scores: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    architecture: String,
    proxy: String,
    readings: Vec<Reading>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reading {
    Value(f64),
    Undefined { because: String },
}

impl std::fmt::Display for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { channels, cells, size, classes, .. } = self;
        write!(f, "C={channels}, {cells} cells, {classes} classes, images of 3×{size}×{size}")
    }
}

impl Net {
    /// The sizes of these architectures, in their order.
    pub(super) fn sizes(&self, assay: &Path, architectures: &[String]) -> miette::Result<Vec<Size>> {
        if architectures.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = Command::new(assay);
        command.arg("score").args(architectures).args([
            "--space",
            "darts",
            "--proxy",
            "params",
            "--proxy",
            "flops",
            "--repeats",
            "1",
            "--json",
        ]);
        let Self { network, channels, cells, size, classes } = self;
        let mut set = |key: &str, value: String| {
            command.arg("--set").arg(format!("{key}={value}"));
        };
        set("space.network", (*network).into());
        // No image is read: the dataset gives the network its input and its classes.
        set("dataset.size", size.to_string());
        set("dataset.classes", classes.to_string());
        for proxy in ["params", "flops"] {
            set(&format!("proxies.{proxy}.channels"), channels.to_string());
            set(&format!("proxies.{proxy}.cells"), cells.to_string());
        }
        let output = command.output().into_diagnostic().wrap_err("assay cannot be started")?;
        if !output.status.success() {
            bail!("architectures cannot be counted: {}", String::from_utf8_lossy(&output.stderr));
        }
        let scores: Scores = serde_json::from_slice(&output.stdout).into_diagnostic().wrap_err("what `assay score` prints is not known")?;
        architectures.iter().map(|architecture| scores.size(architecture)).collect()
    }
}

impl Scores {
    fn size(&self, architecture: &str) -> miette::Result<Size> {
        let count = |proxy: &str| {
            let line = self.scores.iter().find(|line| line.architecture == architecture && line.proxy == proxy);
            match line.and_then(|line| line.readings.first()) {
                Some(Reading::Value(value)) => Ok(*value),
                Some(Reading::Undefined { because }) => Err(miette!("`{proxy}` of {architecture} is undefined: {because}")),
                None => Err(miette!("`assay score` gave no `{proxy}` of {architecture}")),
            }
        };
        Ok(Size { parameters: count("params")?, multiply_adds: count("flops")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_by_architecture_and_proxy_and_a_missing_one_is_an_error() {
        let json = r#"{"protocol": "", "scores": [
            {"architecture": "a", "proxy": "params", "readings": [{"value": 5.0}]},
            {"architecture": "a", "proxy": "flops", "readings": [{"value": 7.0}]},
            {"architecture": "b", "proxy": "params", "readings": [{"undefined": {"because": "no network"}}]}]}"#;
        let scores: Scores = serde_json::from_str(json).unwrap();
        assert_eq!(scores.size("a").unwrap(), Size { parameters: 5.0, multiply_adds: 7.0 });
        assert_eq!(scores.size("b").unwrap_err().to_string(), "`params` of b is undefined: no network");
        assert_eq!(scores.size("c").unwrap_err().to_string(), "`assay score` gave no `params` of c");
    }
}
