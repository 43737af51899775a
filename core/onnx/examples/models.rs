//! Reads every ONNX file of a folder and compares it with what is told of it: `NAME.json` with `parameters` and `logits` in evaluation
//! mode, `NAME.input` with as many images in 32-bit floats.
//!
//! ```sh
//! cargo run --release -p assay-onnx --example models -- FOLDER [NAME…]
//! ```
//!
//! A line a network: parameters and those told, multiply-adds, seconds to read it and to compute the logits, and the largest
//! difference of a logit as a part of the largest logit.

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Engine, Precision};
use assay_onnx::{Options, read};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of the networks")?;
    let wanted: Vec<String> = arguments.collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|end| end == "onnx"));
    files.sort();
    println!(
        "| network | parameters | told | multiply-adds | read, s | logits, s | difference | notes |\n|---|---:|---:|---:|---:|---:|---:|---|"
    );
    for path in files {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if wanted.is_empty() || wanted.contains(&name) {
            match line(&path) {
                Ok(line) => println!("| {name} | {line} |"),
                Err(error) => println!("| {name} | {error} |"),
            }
        }
    }
    Ok(())
}

fn line(path: &Path) -> Result<String, Box<dyn Error>> {
    let told: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json"))?)?;
    let axes = told["input"].as_array().ok_or("no input is told")?.iter().filter_map(Value::as_u64).map(|extent| extent as usize).collect();
    let begin = Instant::now();
    let net = read(path, &Options { input: Some(axes) })?;
    let reading = begin.elapsed().as_secs_f64();
    let mut network = net.network()?;
    if let Some(statistics) = net.statistics.clone() {
        network = network.by_running(statistics);
    }
    let pixels: Vec<f32> =
        std::fs::read(path.with_extension("input"))?.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let shape = net.graph.input_shape();
    let count = pixels.len() / shape.elements();
    let images = Minibatch::new(shape, pixels, vec![0; count]);
    let begin = Instant::now();
    let outcome = match flex().forward(&network, &images, &[], Precision::F64) {
        Ok(answer) => {
            let logits: Vec<f64> = told["logits"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|row| row.as_array().into_iter().flatten())
                .filter_map(Value::as_f64)
                .collect();
            let largest = logits.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            let worst = logits.iter().zip(&answer.output).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let counts = if logits.len() == answer.output.len() {
                String::new()
            } else {
                format!(" ({} for {} logits)", answer.output.len(), logits.len())
            };
            format!("{:.2} | {:.1e}{counts}", begin.elapsed().as_secs_f64(), if largest > 0.0 { worst / largest } else { worst })
        }
        Err(error) => format!("| {error}"),
    };
    let (parameters, products) = (net.graph.parameter_count(), net.graph.multiply_adds());
    Ok(format!("{parameters} | {} | {products} | {reading:.2} | {outcome} | {}", told["parameters"], net.notes.join("; ")))
}
