//! What `cargo xtask bench space` runs: how many architectures a second each proxy scores, and prints JSON.
//!
//! `cargo run --release -p assay --example rates -- ARCHITECTURES PROXY…` scores a seeded sample of NAS-Bench-201 on
//! all cores with the CPU engine, and a few of it with burn-flex. `pytorch.py` beside this file does the same in PyTorch.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use assay::run::interrupt::Interrupt;
use assay::run::machine::available_memory;
use assay::run::workbench::Workbench;
use assay_core::data::Dataset;
use assay_core::engine::{EngineFactory, Resources};
use assay_core::experiment::{OnError, PlannedProxy};
use assay_core::plugin::{Proxy, Registry, Request, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use serde_json::json;

type Fallible<T> = Result<T, Box<dyn Error>>;

const SPACE: &str = "nas-bench-201";
const ARCHITECTURES: u64 = 15_625;
/// Architectures that the slower engine is given.
const BASELINE_ARCHITECTURES: usize = 4;

fn workbench(engine: &str, proxy: &str) -> Fallible<Workbench> {
    let threads = rayon::ThreadPoolBuilder::new().build()?;
    let resources = Resources { calls: threads.current_num_threads(), memory: available_memory(), profile: None };
    let built = Registry::<Proxy>::collect()?.build(proxy, &Settings::none())?;
    Ok(Workbench {
        space: Registry::<dyn SearchSpace>::collect()?.build(SPACE, &Settings::none())?,
        dataset: Registry::<dyn Dataset>::collect()?.build("synthetic", &Settings::none())?,
        engine: Registry::<dyn EngineFactory>::collect()?.build(engine, &Settings::none())?.make(&resources)?,
        proxies: vec![PlannedProxy { label: proxy.to_owned(), name: proxy.to_owned(), proxy: built }],
        seed: 0,
        on_error: OnError::Stop,
        threads,
    })
}

/// Seconds that the first `count` architectures of the sample take.
fn seconds(engine: &str, proxy: &str, count: usize) -> Fallible<(f64, usize)> {
    let workbench = workbench(engine, proxy)?;
    let space = workbench.space.as_ref();
    let sample = draw_architectures(space, &Subspace::whole(space.layout()), count, &Stream::new(0, "rates"));
    let request = |subspace| Request { label: proxy.to_owned(), subspace, parameters: "rates".into(), images: "rates".into() };
    let requests: Vec<Request> = sample.into_iter().map(request).collect();
    let start = Instant::now();
    workbench.measure(&Vec::from_iter(&requests), &Interrupt::default(), &|_| Ok(()))?;
    Ok((start.elapsed().as_secs_f64(), workbench.threads.current_num_threads()))
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, proxies @ ..] = arguments.as_slice() else { return Err("usage: rates ARCHITECTURES PROXY…".into()) };
    let count: usize = count.parse()?;
    let mut rates = Vec::new();
    let mut threads = 0;
    for proxy in proxies {
        eprintln!("{proxy} …");
        let (own, used) = seconds("cpu", proxy, count)?;
        threads = used;
        let few = count.min(BASELINE_ARCHITECTURES);
        let (slow, _) = seconds("burn-flex", proxy, few)?;
        rates.push(json!({
            "proxy": proxy, "architectures": count, "seconds": own,
            "baseline_architectures": few, "baseline_seconds": slow,
            "same_seconds": seconds("cpu", proxy, few)?.0,
        }));
    }
    let figures = json!({
        "space": SPACE, "space_architectures": ARCHITECTURES, "threads": threads,
        "engine": "cpu", "baseline_engine": "burn-flex", "rates": rates,
    });
    println!("{figures:#}");
    Ok(())
}
