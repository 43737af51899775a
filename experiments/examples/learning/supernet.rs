//! What `cargo xtask bench supernet` runs: a single-path step, a pass of GDAS and a full mixture of NAS-Bench-201's supernet, as
//! searches that share weights make them, on one and two threads and in PyTorch by `supernet.py` beside this file.
//!
//! Each step runs another architecture or other weights than the one before, so that nothing can be kept that a search could not keep.

use std::num::NonZeroUsize;
use std::process::Command;
use std::time::Instant;

use assay_core::data::Minibatch;
use assay_core::engine::Engine;
use assay_core::engine::learner::{Optimiser, Rules};
use assay_core::network::{Initialiser, Network};
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, Kept, PerChoice, Run, SharedForm, Statistics, Supernet};
use assay_core::plugin::{MacroNet, Part, SearchSpace, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_cpu::CpuEngine;
use assay_spaces::nas_bench_201::NasBench201;
use serde_json::{Map, Value};

use crate::pytorch::{Python, Supernets};
use crate::{CLASSES, Fallible, IMAGE, TURN, images};

/// The argument that makes this program take a few steps and tell what they held.
pub(crate) const MEMORY: &str = "memory-of";
/// Architectures that take turns: more than an engine keeps plans for.
const PATHS: usize = 8;
const BATCH: usize = 64;

/// The networks: as the keys name them, channels of the first stage, cells a stage.
const CASES: [(&str, usize, usize); 2] = [("supernet_c16_n5", 16, 5), ("supernet_c16_n1", 16, 1)];

/// What a step is, as the keys and the script name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One architecture, forward and back, and a step of all weights that were ever run.
    Path,
    /// One architecture, with the gradients of what mixes operators.
    Gdas,
    /// All operators mixed, with the same gradients.
    Mixture,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Path, Self::Gdas, Self::Mixture];

    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Gdas => "gdas",
            Self::Mixture => "mixture",
        }
    }

    /// How many steps differ in what they compute.
    fn turns(self) -> usize {
        if self == Self::Mixture { 1 } else { PATHS }
    }
}

/// A supernet and the steps that are made of it.
struct Steps<'a> {
    supernet: Supernet<'a>,
    kind: Kind,
    paths: Vec<Subspace>,
    images: Minibatch,
    made: usize,
}

impl<'a> Steps<'a> {
    fn new(space: &'a dyn SearchSpace, engine: &dyn Engine, (_, channels, cells): (&str, usize, usize), kind: Kind) -> Fallible<Self> {
        let net = MacroNet { input: IMAGE, channels, cells, classes: CLASSES, part: Part::Classifier };
        let form = SharedForm { net, last_affine: false };
        let (objective, statistics) = (LearningObjective::Classification, Statistics::Batch);
        let conditions = Conditions { form, objective, idle: Idle::Decay, statistics };
        let whole = Supernet::net(space, &conditions)?;
        let network = Network::initialise(whole.graph.clone(), Initialiser::UniformFanIn, &Stream::new(0, "weights"));
        let rules = Rules { optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true }, weight_decay: 5e-4, ..Rules::default() };
        let supernet = Supernet::new(space, conditions, whole, engine.learner(network, &rules)?);
        Ok(Self { supernet, kind, paths: paths(space), images: images(BATCH), made: 0 })
    }

    /// One step, in seconds.
    fn step(&mut self) -> Fallible<f64> {
        let start = Instant::now();
        let layout = self.supernet.space().layout();
        let path = &self.paths[self.made % PATHS];
        match self.kind {
            Kind::Path => {
                let path = self.supernet.path(Kept::Shared(path))?;
                let passed = self.supernet.pass(&self.images, Run::path(&path))?;
                self.supernet.move_on(0.01, passed.norm, None, 0.0)?;
            }
            Kind::Gdas => {
                let (path, ones) = (self.supernet.path(Kept::Shared(path))?, PerChoice::filled(layout, 1.0));
                self.supernet.pass(&self.images, Run { path: Some(&path), weights: Some(&ones) })?;
            }
            Kind::Mixture => {
                let mut weights = PerChoice::filled(layout, 0.2);
                for (position, choice) in Subspace::whole(layout).choices().enumerate() {
                    *weights.at_mut(choice) += 0.01 * ((17 * self.made + position) as f64).sin();
                }
                self.supernet.pass(&self.images, Run::mixture(&weights))?;
            }
        }
        self.made += 1;
        Ok(start.elapsed().as_secs_f64())
    }

    /// The shortest of each kind of step of one turn, their mean, in seconds. A first round is not counted: it asks for memory.
    fn turn(&mut self) -> Fallible<f64> {
        let mut shortest = vec![f64::INFINITY; self.kind.turns()];
        for _ in &shortest {
            self.step()?;
        }
        let begin = Instant::now();
        while shortest[0].is_infinite() || begin.elapsed() < TURN {
            for own in &mut shortest {
                *own = own.min(self.step()?);
            }
        }
        Ok(shortest.iter().sum::<f64>() / shortest.len() as f64)
    }
}

fn paths(space: &dyn SearchSpace) -> Vec<Subspace> {
    draw_architectures(space, &Subspace::whole(space.layout()), PATHS, &Stream::new(0, "paths"))
}

fn engine(threads: usize) -> Fallible<CpuEngine> {
    NonZeroUsize::new(threads).map(|threads| CpuEngine::new().threads(threads)).ok_or_else(|| "no threads".into())
}

/// Takes a round of steps and prints the most memory that they held beyond what was there before, in MiB, or `null` where the system
/// does not tell.
pub(crate) fn tell_memory(case: &str, kind: &str) -> Fallible<()> {
    let case = CASES.into_iter().find(|(key, ..)| *key == case).ok_or("no such network")?;
    let kind = Kind::ALL.into_iter().find(|own| own.name() == kind).ok_or("no such step")?;
    let (space, engine) = (NasBench201::new(), engine(2)?);
    let mut steps = Steps::new(&space, &engine, case, kind)?;
    let before = assay_heap::resident(None);
    for _ in 0..PATHS {
        steps.step()?;
    }
    let more = assay_heap::most_resident(None).zip(before).map(|(most, before)| (most - before) as f64 / f64::from(1 << 20));
    println!("{}", Value::from(more));
    Ok(())
}

/// What a process of its own holds.
fn memory(case: &str, kind: Kind) -> Fallible<Option<f64>> {
    let output = Command::new(std::env::current_exe()?).args([MEMORY, case, kind.name()]).output()?;
    if !output.status.success() {
        return Err(format!("{case}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// All figures.
pub(crate) fn measure(rounds: usize, python: Option<&Python>) -> Fallible<Map<String, Value>> {
    let space = NasBench201::new();
    let texts: Vec<String> = paths(&space).iter().map(|path| space.write(path)).collect::<Result<_, _>>()?;
    let (one, two) = (engine(1)?, engine(2)?);
    let mut figures = Map::new();
    for case in CASES {
        let (key, channels, cells) = case;
        for kind in Kind::ALL {
            let name = format!("{key}_{}", kind.name());
            let mut shortest: Vec<(&str, f64)> = Vec::new();
            let mut theirs = None;
            for round in 0..rounds {
                let mut put = |who: &'static str, seconds: f64| {
                    eprintln!("{name} round {}: {who} {seconds:.4} s", round + 1);
                    match shortest.iter_mut().find(|(own, _)| *own == who) {
                        Some((_, own)) => *own = own.min(seconds),
                        None => shortest.push((who, seconds)),
                    }
                };
                put("1t", Steps::new(&space, &one, case, kind)?.turn()?);
                put("2t", Steps::new(&space, &two, case, kind)?.turn()?);
                for (who, threads) in [("pytorch_1t", 1), ("pytorch_2t", 2)] {
                    let Some(python) = python else { continue };
                    let wanted = Supernets { channels, cells, kind: kind.name(), paths: &texts, batch: BATCH, threads, turn: TURN };
                    let [seconds, mebibytes] = python.supernet_turn(&wanted)?;
                    put(who, seconds);
                    theirs = Some(mebibytes);
                }
            }
            for (who, seconds) in shortest {
                figures.insert(format!("{name}_images_per_s_{who}"), (BATCH as f64 / seconds).into());
            }
            figures.insert(format!("{name}_memory_mib"), memory(key, kind)?.into());
            figures.insert(format!("{name}_memory_mib_pytorch"), theirs.into());
        }
    }
    Ok(figures)
}
