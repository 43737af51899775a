//! The largest accuracies that the imported tables of some benchmarks record: what regret is measured from. Prints JSON: by
//! benchmark and column, per cent.
//!
//! ```sh
//! cargo run --release -p assay --example best_accuracies -- nas-bench-101 nas-bench-macro
//! ```
#![allow(clippy::print_stdout, reason = "the numbers go to standard output")]

use std::collections::BTreeMap;
use std::error::Error;

use assay_benchmarks as _;
use assay_core::plugin::{Benchmark, Registry, SearchSpace, Settings};
use assay_core::subspace::Subspace;
use assay_spaces as _;
use rayon::prelude::*;
use serde_json::json;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Every architecture that the benchmark holds. Its space has its name.
fn architectures(name: &str, benchmark: &dyn Benchmark) -> Fallible<Vec<String>> {
    if let Some(held) = benchmark.architectures()? {
        return Ok(held);
    }
    let space = Registry::<dyn SearchSpace>::collect()?.build(name, &Settings::none())?;
    let whole = Subspace::whole(space.layout());
    let text = |number: u128| -> Fallible<String> {
        let architecture = space.architecture(&whole, number).ok_or("the space has no architecture of this number")?;
        Ok(space.write(&architecture)?)
    };
    (0..space.numbers(&whole)).map(text).collect()
}

/// By column.
fn best(name: &str) -> Fallible<BTreeMap<String, f64>> {
    let benchmark = Registry::<dyn Benchmark>::collect()?.build(name, &Settings::none())?;
    benchmark.check()?;
    let of_one = |architecture: &String| -> Fallible<BTreeMap<String, f64>> {
        let accuracies = benchmark.accuracies(architecture)?;
        Ok(accuracies.into_iter().map(|accuracy| (accuracy.target, accuracy.percent)).collect())
    };
    let larger = |mut best: BTreeMap<String, f64>, other: BTreeMap<String, f64>| {
        for (column, percent) in other {
            let best = best.entry(column).or_insert(percent);
            *best = best.max(percent);
        }
        Ok(best)
    };
    architectures(name, benchmark.as_ref())?.par_iter().map(of_one).try_reduce(BTreeMap::new, larger)
}

fn main() -> Fallible<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        return Err("name benchmarks whose tables are imported, such as nas-bench-101".into());
    }
    let all = names.iter().map(|name| Ok((name.clone(), best(name)?))).collect::<Fallible<BTreeMap<_, _>>>()?;
    println!("{}", json!(all));
    Ok(())
}
