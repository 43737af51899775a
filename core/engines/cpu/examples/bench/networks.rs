//! Networks of other tools, as torchvision writes them: ResNet-18 and MobileNetV2, forward plus backward, beside PyTorch.

use std::process::Command;

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted};
use assay_core::graph::{Activation, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Pool};
use assay_core::network::Network;
use assay_cpu::CpuEngine;
use serde_json::{Map, Value};

use crate::timing::{Peak, agree, in_turn};
use crate::{Fallible, IMAGE, images, initialised};

const BATCH: usize = 64;
const CLASSES: usize = 1000;
/// Seconds for which PyTorch repeats its passes.
const SECONDS: &str = "5";

fn normalised(b: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d) -> Result<NodeId, GraphError> {
    let conv = b.conv(format!("{name}.conv"), input, conv)?;
    b.batch_norm(format!("{name}.bn"), conv)
}

fn classified(mut b: GraphBuilder, features: NodeId) -> Result<Graph, GraphError> {
    let pooled = b.add("pool", Operator::GlobalAvgPool, &[features])?;
    let output = b.linear("fc", pooled, CLASSES, true)?;
    Ok(b.finish(output))
}

/// ResNet-18.
fn resnet_18() -> Result<Graph, GraphError> {
    let mut b = GraphBuilder::new(IMAGE)?;
    let input = b.input();
    let stem = normalised(&mut b, "stem", input, Conv2d::new(64, 7).stride(2).padding(3))?;
    let stem = b.relu("stem.relu", stem)?;
    let mut x = b.add("stem.pool", Operator::MaxPool(Pool::new(3, 2, 1)), &[stem])?;
    for (layer, channels) in [64, 128, 256, 512].into_iter().enumerate() {
        for block in 0..2 {
            let name = format!("layer{layer}.{block}");
            let stride = if layer > 0 && block == 0 { 2 } else { 1 };
            let first = normalised(&mut b, &format!("{name}.1"), x, Conv2d::new(channels, 3).stride(stride).padding(1))?;
            let first = b.relu(format!("{name}.1.relu"), first)?;
            let second = normalised(&mut b, &format!("{name}.2"), first, Conv2d::new(channels, 3).padding(1))?;
            let skip = if stride == 1 { x } else { normalised(&mut b, &format!("{name}.skip"), x, Conv2d::new(channels, 1).stride(2))? };
            let sum = b.weighted_sum(&name, &[(1.0, second), (1.0, skip)])?;
            x = b.relu(format!("{name}.relu"), sum)?;
        }
    }
    classified(b, x)
}

/// MobileNetV2 of width 1.
fn mobilenet_v2() -> Result<Graph, GraphError> {
    let mut b = GraphBuilder::new(IMAGE)?;
    let clipped = |b: &mut GraphBuilder, name: &str, input: NodeId, conv: Conv2d| {
        let norm = normalised(b, name, input, conv)?;
        b.add(format!("{name}.relu6"), Operator::Activation(Activation::RELU6), &[norm])
    };
    let input = b.input();
    let mut x = clipped(&mut b, "stem", input, Conv2d::new(32, 3).stride(2).padding(1))?;
    // Expansion, channels, blocks, stride.
    let settings = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];
    for (stage, (expansion, channels, blocks, first_stride)) in settings.into_iter().enumerate() {
        for block in 0..blocks {
            let name = format!("stages.{stage}.{block}");
            let stride = if block == 0 { first_stride } else { 1 };
            let before = b.shape(x).channels;
            let wide = before * expansion;
            let inner = if expansion == 1 { x } else { clipped(&mut b, &format!("{name}.expand"), x, Conv2d::new(wide, 1))? };
            let depthwise = Conv2d::new(wide, 3).stride(stride).padding(1).groups(wide);
            let inner = clipped(&mut b, &format!("{name}.depthwise"), inner, depthwise)?;
            let out = normalised(&mut b, &format!("{name}.project"), inner, Conv2d::new(channels, 1))?;
            x = if stride == 1 && before == channels { b.weighted_sum(&name, &[(1.0, x), (1.0, out)])? } else { out };
        }
    }
    let last = clipped(&mut b, "last", x, Conv2d::new(1280, 1))?;
    classified(b, last)
}

/// The gradients of all parameters of the mean cross-entropy.
fn pass(engine: &dyn Engine, network: &Network, images: &Minibatch, precision: Precision) -> Fallible<Vec<Vec<f64>>> {
    let loss = Objective::cross_entropy(network.graph());
    let answer = engine.pass(network, images, &Ask::new().gradients(loss.clone(), Wanted::parameters()), precision)?;
    Ok(answer.gradients(&loss)?.parameters()?.to_vec())
}

/// The shortest forward and backward pass of PyTorch in seconds, and its version, if Python and PyTorch are here.
fn pytorch(name: &str) -> Option<(f64, String)> {
    let python = std::env::var("ASSAY_PYTHON_TORCH").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench/networks.py");
    let output = Command::new(python).args([script, name, &BATCH.to_string(), SECONDS]).output().ok()?;
    let told: Value = serde_json::from_slice(&output.stdout).ok()?;
    Some((told["seconds"].as_f64()?, told["version"].as_str()?.to_owned()))
}

/// Times each network on both engines and by PyTorch, on one thread.
pub(crate) fn measure(rounds: usize, peak: &mut Peak) -> Fallible<Map<String, Value>> {
    let mut figures = Map::new();
    let (cpu, flex) = (CpuEngine::new(), assay_burn::flex());
    let images = images(BATCH);
    for (name, graph) in [("resnet18", resnet_18()?), ("mobilenet_v2", mobilenet_v2()?)] {
        let network = initialised(graph);
        let few = images.part(0, 2);
        agree(name, &pass(&cpu, &network, &few, Precision::F64)?, &pass(&flex, &network, &few, Precision::F64)?, 1e-8)?;
        let [ours, baseline] = in_turn(
            rounds,
            peak,
            [
                (name, &|| pass(&cpu, &network, &images, Precision::F32)),
                ("the same on burn-flex", &|| pass(&flex, &network, &images, Precision::F32)),
            ],
        )?;
        let mut put = |key: &str, value: Value| figures.insert(format!("{name}_{key}"), value);
        put("fwd_bwd_s", ours.seconds.into());
        put("burn_flex_fwd_bwd_s", baseline.seconds.into());
        let (theirs, version) = pytorch(name).unzip();
        put("pytorch_fwd_bwd_s", theirs.into());
        figures.insert("pytorch".into(), version.into());
    }
    Ok(figures)
}
