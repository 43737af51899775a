//! What `cargo xtask bench space` runs: how many architectures a second each proxy scores, and prints JSON.
//!
//! `cargo run --release -p assay --example rates -- ARCHITECTURES PROXY…` scores a seeded sample of NAS-Bench-201 on
//! all cores with the CPU engine, and a few of it with burn-flex. `pytorch.py` beside this file does the same in PyTorch.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use assay::plugins;
use assay_core::experiment::{Assembly, Layers, PlannedProxy, Purpose};
use assay_core::plugin::{Request, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_run::Unobserved;
use assay_run::bench::workbench::Workbench;
use serde_json::json;

type Fallible<T> = Result<T, Box<dyn Error>>;

const SPACE: &str = "nas-bench-201";
const ARCHITECTURES: u64 = 15_625;
/// Architectures that the slower engine is given.
const BASELINE_ARCHITECTURES: usize = 4;

fn workbench(engine: &str, proxy: &str) -> Fallible<Workbench> {
    let plugins = plugins::linked()?;
    let layers = Layers::new().default_value("space.name", SPACE);
    let layers = layers.default_value("dataset.name", "synthetic").default_value("engine.name", engine);
    let experiment = layers.resolve(Purpose::Score, &plugins)?;
    let assembly = Assembly::new(&experiment, &plugins);
    let proxies = vec![PlannedProxy { label: proxy.to_owned(), name: proxy.to_owned(), proxy: assembly.proxy(proxy)? }];
    Ok(Workbench::of(&experiment, &assembly, assembly.space()?, proxies, None)?)
}

/// Seconds that the first `count` architectures of the sample take.
fn seconds(engine: &str, proxy: &str, count: usize) -> Fallible<(f64, usize)> {
    let workbench = workbench(engine, proxy)?;
    let space = workbench.space.as_ref();
    let sample = draw_architectures(space, &Subspace::whole(space.layout()), count, &Stream::new(0, "rates"));
    let request = |subspace| Request { label: proxy.to_owned(), subspace, parameters: "rates".into(), images: "rates".into() };
    let requests: Vec<Request> = sample.into_iter().map(request).collect();
    let start = Instant::now();
    workbench.measure(&Vec::from_iter(&requests), &Unobserved, &|_| Ok(()))?;
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
