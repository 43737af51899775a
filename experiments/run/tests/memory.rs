//! What a process has measured does not change what it may measure next. Alone in its process, because it limits the process's memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::process::Command;

use assay_core::experiment::{Experiment, Layers, Plugins, Purpose, VERSION};
use assay_cpu as _;
use assay_datasets as _;
use assay_proxies as _;
use assay_results::{Kind, SearchSummary};
use assay_run::folder::RunFolder;
use assay_run::machine::available_memory;
use assay_run::search::SearchRun;
use assay_run::{Prepared, Unobserved};
use assay_spaces as _;
use assay_strategies as _;

#[global_allocator]
static HEAP: assay_heap::Heap = assay_heap::Heap;

const MIB: u64 = 1 << 20;

/// A search of one architecture by images of this size: at 256 a measurement takes some 420 MiB.
fn experiment(size: i64, plugins: &Plugins) -> Experiment {
    let layers = Layers::new().default_value("version", VERSION).default_value("name", "large").default_value("threads", 1);
    let layers = layers.default_value("space.name", "nas-bench-201").default_value("dataset.name", "synthetic");
    let layers = layers.default_value("dataset.size", size).default_value("dataset.images", 16);
    let layers = layers.default_value("proxies.snip.channels", 4).default_value("proxies.snip.cells", 1);
    let layers = layers.default_value("proxies.snip.batch", 16).default_value("strategy.oracle.proxy", "snip");
    let layers = layers.default_value("strategy.name", "random").default_value("strategy.budget.evaluations", 1);
    layers.resolve(Purpose::Search, plugins).unwrap()
}

/// Lets this process take so many bytes of addresses more than it has.
fn limit(more: u64) {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split_whitespace().next().unwrap().parse().unwrap();
    let addresses = pages * 4096 + more;
    let process = std::process::id().to_string();
    let status = Command::new("prlimit").args(["--pid", &process, &format!("--as={addresses}")]).status().unwrap();
    assert!(status.success(), "prlimit of util-linux ended with {status}");
}

#[test]
fn a_second_measurement_is_judged_as_the_first_was() {
    let plugins = Plugins::collect().unwrap();
    let place = tempfile::tempdir().unwrap();
    let measured = |name: &str, size: i64| -> SearchSummary {
        let search = SearchRun::prepare(experiment(size, &plugins), &plugins).unwrap();
        let provenance = search.provenance(&plugins).unwrap();
        let folder = RunFolder::create(&experiment(size, &plugins), Kind::Search, provenance, Some(&place.path().join(name))).unwrap();
        search.run(&folder, &Unobserved).unwrap()
    };
    // Threads take addresses once, for what their allocators keep in reserve.
    measured("small", 16);
    // Enough for one such measurement, and too little for one beside what the first gave back.
    limit(800 * MIB);
    let before = available_memory().unwrap();
    assert!(before < 650 * MIB, "{before}");
    let first = measured("first", 256);
    assert!(assay_heap::kept() as u64 > 300 * MIB, "{} bytes are kept", assay_heap::kept());
    let after = available_memory().unwrap();
    assert!(after + 100 * MIB > before, "{before} bytes before, {after} after");
    assert_eq!(measured("second", 256).scores, first.scores);
}
