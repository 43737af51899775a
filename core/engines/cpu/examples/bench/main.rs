//! What `cargo xtask bench` runs: times κ and training steps on the CPU engine and on burn-flex, and prints JSON.
//!
//! `cargo run --release -p assay-cpu --example bench -- ntk` (or `network`, or `all`, or `networks`: those of other tools beside
//! PyTorch), then the number of rounds.
#![allow(clippy::print_stdout)]

mod darts;
mod memory;
mod nas_bench_201;
mod network;
mod networks;
mod ntk;
mod timing;

use std::error::Error;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::{ConditionNumber, Engine, Precision};
use assay_core::graph::{Graph, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;
use assay_cpu::{CpuEngine, Isa};
use rand::RngExt;
use serde_json::{Map, Value};

use timing::Peak;

/// Any failure ends the measurement: a table with a hole in it invites comparison all the same.
type Fallible<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: bench ntk|network|networks|all [ROUNDS]";
const ROUNDS: usize = 5;
const IMAGE: Shape = Shape::new(3, 32, 32);
const CLASSES: usize = 10;

/// Weights as TE-NAS draws them.
fn initialised(graph: Graph) -> Network {
    Network::initialise(Arc::new(graph), Initialiser::KaimingNormalFanIn, &Stream::new(0, "weights"))
}

/// `count` images of noise; the times do not depend on what is in them.
fn images(count: usize) -> Minibatch {
    let mut rng = Stream::new(1, "images").rng();
    let pixels = (0..count * IMAGE.elements()).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
    Minibatch::new(IMAGE, pixels, (0..count as u32).map(|image| image % CLASSES as u32).collect())
}

/// The whole call: images to eigenvalues.
fn kappa(engine: &dyn Engine, network: &Network, images: &Minibatch) -> Fallible<f64> {
    match engine.tangent_gram(network, images, Precision::F32)?.condition_number() {
        ConditionNumber::Defined { kappa, .. } => Ok(kappa),
        undefined @ ConditionNumber::Undefined { .. } => Err(format!("{} gives no κ: {undefined:?}", engine.name()).into()),
    }
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (task, rounds) = match arguments[..] {
        [memory::KAPPA] => return memory::tell(|| ntk::supernet_on_one_and_two_threads().map(|_| ())),
        [memory::NETWORK] => return memory::tell(network::once),
        [task @ ("ntk" | "network" | "networks" | "all")] => (task, ROUNDS),
        [task @ ("ntk" | "network" | "networks" | "all"), rounds] => {
            (task, rounds.parse().map_err(|error| format!("`{rounds}` rounds: {error}"))?)
        }
        _ => return Err(USAGE.into()),
    };
    if rounds == 0 {
        return Err("0 rounds measure nothing".into());
    }
    let isa = Isa::best();
    let mut figures = Map::new();
    let mut put = |key: &str, value: Value| figures.insert(key.to_owned(), value);
    put("engine", CpuEngine::new().name().into());
    put("baseline_engine", assay_burn::flex().name().into());
    put("isa", isa.name().into());
    put("rounds", rounds.into());
    let mut peak = Peak::new(isa);
    if task == "networks" {
        figures.extend(networks::measure(rounds, &mut peak)?);
        println!("{:#}", Value::Object(figures));
        return Ok(());
    }
    put("peak_memory_mib", memory::peak_of_a_process(memory::KAPPA)?.into());
    let ntk = if task == "network" { None } else { Some(ntk::measure(rounds, &mut peak)?) };
    let network = if task == "ntk" { None } else { Some(network::measure(rounds, &mut peak)?) };
    put("peak_gflops_1t", (peak.operations_a_second() / 1e9).into());
    figures.extend(ntk.map(|ntk| ntk.figures(&peak)).unwrap_or_default());
    figures.extend(network.map(|network| network.figures(&peak)).unwrap_or_default());
    println!("{:#}", Value::Object(figures));
    Ok(())
}
