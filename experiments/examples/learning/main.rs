//! What `cargo xtask bench train` and `cargo xtask bench supernet` run: how many images a second networks learn from, and prints JSON.
//!
//! `cargo run --release -p assay --example learning -- train|supernet ROUNDS` makes steps on the CPU engine with one and two threads, on
//! burn-flex and, where a Python with PyTorch is (`ASSAY_PYTHON_TORCH` may name it), in PyTorch by `steps.py` beside this
//! file, which runs the very networks as `assay export` writes them. Rounds take turns; the shortest step counts.
#![allow(clippy::print_stdout)]

mod pytorch;
mod supernet;

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assay_core::data::Minibatch;
use assay_core::engine::Engine;
use assay_core::engine::learner::{Lesson, Loss, Optimiser, Rules};
use assay_core::graph::{Graph, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::stream::Stream;
use assay_cpu::CpuEngine;
use assay_heap::Heap;
use assay_spaces::darts::Darts;
use assay_spaces::nas_bench_201::NasBench201;
use rand::RngExt;
use serde_json::{Map, Value};

/// That of the program: where its memory comes from is part of what it takes.
#[global_allocator]
static HEAP: Heap = Heap;

type Fallible<T> = Result<T, Box<dyn Error>>;

const IMAGE: Shape = Shape::new(3, 32, 32);
const CLASSES: usize = 10;
/// How long a turn lasts at least.
const TURN: Duration = Duration::from_secs(2);
/// DARTS V2, as its authors write it.
const DARTS_V2: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), \
    ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))";

/// A network and the size of its batches.
struct Subject {
    /// As the keys name it.
    key: &'static str,
    network: Network,
    images: Minibatch,
}

impl Subject {
    fn new(key: &'static str, space: &dyn SearchSpace, text: &str, [channels, cells, batch]: [usize; 3]) -> Fallible<Self> {
        let net = MacroNet { input: IMAGE, channels, cells, classes: CLASSES, part: Part::Classifier };
        let graph: Graph = space.lower(&space.parse(text)?, &net)?;
        let network = Network::initialise(Arc::new(graph), Initialiser::UniformFanIn, &Stream::new(0, "weights"));
        Ok(Self { key, network, images: images(batch) })
    }

    /// The shortest of the steps of one turn, in seconds. The first is not counted: it asks for memory.
    fn turn(&self, engine: &dyn Engine) -> Fallible<f64> {
        let rules = Rules { optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true }, weight_decay: 5e-4, ..Rules::default() };
        let mut learner = engine.learner(self.network.clone(), &rules)?;
        let losses = [Loss { node: self.network.graph().output(), factor: 1.0 }];
        let lesson = Lesson::of(&losses, 0.01);
        learner.step(&self.images, &lesson)?;
        let (begin, mut shortest) = (Instant::now(), f64::INFINITY);
        while shortest.is_infinite() || begin.elapsed() < TURN {
            let start = Instant::now();
            learner.step(&self.images, &lesson)?;
            shortest = shortest.min(start.elapsed().as_secs_f64());
        }
        Ok(shortest)
    }
}

/// Images of noise; the times do not depend on what is in them.
fn images(count: usize) -> Minibatch {
    let mut rng = Stream::new(1, "images").rng();
    let pixels = (0..count * IMAGE.elements()).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
    Minibatch::new(IMAGE, pixels, (0..count as u32).map(|image| image % CLASSES as u32).collect())
}

fn subjects() -> Fallible<Vec<Subject>> {
    let (darts, cell) = (Darts::new(), "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|");
    Ok(vec![
        Subject::new("train_nb201_b64", &NasBench201::new(), cell, [16, 5, 64])?,
        Subject::new("train_nb201_b256", &NasBench201::new(), cell, [16, 5, 256])?,
        Subject::new("train_darts_b64", &darts, DARTS_V2, [16, 8, 64])?,
        Subject::new("train_small", &darts, DARTS_V2, [8, 3, 32])?,
    ])
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (task, rounds): (&str, usize) = match arguments[..] {
        [supernet::MEMORY, case, kind] => return supernet::tell_memory(case, kind),
        [task @ ("train" | "supernet"), rounds] => (task, rounds.parse()?),
        _ => return Err("usage: learning train|supernet ROUNDS".into()),
    };
    let python = pytorch::Python::find();
    let mut figures = Map::new();
    figures.insert("engine".into(), CpuEngine::new().name().into());
    figures.insert("rounds".into(), rounds.into());
    figures.insert("pytorch".into(), python.as_ref().map(|python| python.version.clone()).into());
    figures.extend(match task {
        "train" => train(rounds, python.as_ref())?,
        _ => supernet::measure(rounds, python.as_ref())?,
    });
    println!("{:#}", Value::Object(figures));
    Ok(())
}

/// Steps of training from scratch.
fn train(rounds: usize, python: Option<&pytorch::Python>) -> Fallible<Map<String, Value>> {
    let threads = |count: usize| NonZeroUsize::new(count).map(|count| CpuEngine::new().threads(count)).ok_or("no threads");
    let (one, two, flex) = (threads(1)?, threads(2)?, assay_burn::flex());
    let mut figures = Map::new();
    for subject in subjects()? {
        let mut shortest: Vec<(&str, f64)> = Vec::new();
        for round in 0..rounds {
            let mut put = |name: &'static str, seconds: f64| {
                eprintln!("{} round {}: {name} {seconds:.4} s a step", subject.key, round + 1);
                match shortest.iter_mut().find(|(own, _)| *own == name) {
                    Some((_, own)) => *own = own.min(seconds),
                    None => shortest.push((name, seconds)),
                }
            };
            put("1t", subject.turn(&one)?);
            put("2t", subject.turn(&two)?);
            // So slow that one round says enough.
            if round == 0 {
                put("burn_flex", subject.turn(&flex)?);
            }
            if let Some(python) = python {
                put("pytorch_1t", python.turn(&subject.network, subject.images.len(), 1, TURN)?);
                put("pytorch_2t", python.turn(&subject.network, subject.images.len(), 2, TURN)?);
            }
        }
        for (name, seconds) in shortest {
            let rate = subject.images.len() as f64 / seconds;
            figures.insert(format!("{}_images_per_s_{name}", subject.key), rate.into());
        }
    }
    Ok(figures)
}
