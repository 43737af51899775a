//! Forward plus backward of a NAS-Bench-201 network of the benchmark's own size.

use assay_core::data::Minibatch;
use assay_core::engine::{Engine, Precision};
use assay_core::network::Network;
use assay_cpu::CpuEngine;
use serde_json::{Map, Value};

use crate::timing::{Peak, Timed, agree, in_turn};
use crate::{CLASSES, Fallible, images, initialised, memory, nas_bench_201};

const BATCH: usize = 64;
/// Images on which the engines are compared.
const COMPARED: usize = 8;
const CHANNELS: usize = 16;
/// Cells a stage in NAS-Bench-201.
const CELLS: usize = 5;

/// The gradient of the mean cross-entropy with respect to the network's output, `[batch, outputs]`.
fn cotangent(network: &Network, images: &Minibatch) -> Fallible<Vec<f64>> {
    let mut output = CpuEngine::new().forward(network, images, &[], Precision::F32)?.output;
    for (logits, label) in output.chunks_mut(CLASSES).zip(images.labels()) {
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logits.iter_mut().for_each(|logit| *logit = (*logit - most).exp());
        let sum: f64 = logits.iter().sum();
        logits.iter_mut().for_each(|probability| *probability /= sum);
        logits[*label as usize] -= 1.0;
        logits.iter_mut().for_each(|value| *value /= BATCH as f64);
    }
    Ok(output)
}

fn subject(cells: usize) -> Fallible<(Network, Vec<f64>)> {
    let network = initialised(nas_bench_201::all_3x3(CHANNELS, cells)?);
    let cotangent = cotangent(&network, &images(BATCH))?;
    Ok((network, cotangent))
}

/// One forward and backward pass of the whole network, for the memory it takes.
pub(crate) fn once() -> Fallible<()> {
    let (network, cotangent) = subject(CELLS)?;
    CpuEngine::new().gradients(&network, &images(BATCH), &cotangent, Precision::F32)?;
    Ok(())
}

/// Compares the engines' gradients of a few images, in float64: in float32, rounding alone moves the gradients of so deep a
/// network by some 2 %, on either engine.
fn engines_agree((network, cotangent): &(Network, Vec<f64>)) -> Fallible<()> {
    let few = images(BATCH).part(0, COMPARED);
    let gradients = |engine: &dyn Engine| engine.gradients(network, &few, &cotangent[..COMPARED * CLASSES], Precision::F64);
    agree("gradients", &gradients(&CpuEngine::new())?, &gradients(&assay_burn::flex())?, 1e-9)
}

/// One network's times.
struct Case {
    /// As the keys name it.
    key: &'static str,
    operations: f64,
    ours: Timed,
    baseline: Timed,
}

pub(crate) struct Steps {
    cases: [Case; 2],
    memory: Option<f64>,
}

pub(crate) fn measure(rounds: usize, peak: &mut Peak) -> Fallible<Steps> {
    let memory = memory::peak_of_a_process(memory::NETWORK)?;
    let (cpu, flex) = (CpuEngine::new(), assay_burn::flex());
    let images = images(BATCH);
    let [whole, small] = [subject(CELLS)?, subject(1)?];
    let pass = |engine: &dyn Engine, (network, cotangent): &(Network, Vec<f64>)| -> Fallible<Vec<Vec<f64>>> {
        Ok(engine.gradients(network, &images, cotangent, Precision::F32)?)
    };
    engines_agree(&whole)?;
    let [ours, baseline, small_ours, small_baseline] = in_turn(
        rounds,
        peak,
        [
            ("forward and backward", &|| pass(&cpu, &whole)),
            ("the same on burn-flex", &|| pass(&flex, &whole)),
            ("forward and backward, one cell a stage", &|| pass(&cpu, &small)),
            ("the same on burn-flex", &|| pass(&flex, &small)),
        ],
    )?;
    // Forward once, backward twice that: towards the weights and towards the inputs.
    let operations = |network: &Network| 2.0 * 3.0 * network.graph().multiply_adds() as f64 * BATCH as f64;
    let cases = [
        Case { key: "network", operations: operations(&whole.0), ours, baseline },
        Case { key: "network_one_cell", operations: operations(&small.0), ours: small_ours, baseline: small_baseline },
    ];
    Ok(Steps { cases, memory })
}

impl Steps {
    pub(crate) fn figures(&self, peak: &Peak) -> Map<String, Value> {
        let mut figures = Map::new();
        for Case { key, operations, ours, baseline } in &self.cases {
            let mut put = |key: String, value: f64| figures.insert(key, value.into());
            put(format!("{key}_fwd_bwd_s"), ours.seconds);
            put(format!("{key}_fraction_of_peak_1t"), peak.share(*operations, ours.seconds, 1.0));
            put(format!("burn_flex_{key}_fwd_bwd_s"), baseline.seconds);
            put(format!("{key}_times_faster_than_burn_flex"), baseline.seconds / ours.seconds);
        }
        figures.insert("network_peak_memory_mib".into(), self.memory.into());
        figures
    }
}
