//! Experiments spread over many processes, by Slurm and by shells.

mod array;
mod scripts;
mod slurm;
mod submitting;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::scratch::{Scratch, journalled};
use crate::studies::SMALL;

/// 500 cells by two drawn proxies of a millisecond and two structural ones: about two seconds for each of eight shards.
fn of_500_cells() -> String {
    SMALL.replace("\"ntk-condition\", ", "").replace("sample = 14", "sample = 500").replace("repeats = 2", "repeats = 6")
}

/// Waits until something is so.
fn wait_until(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(seconds), "waited {seconds} s until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a run's journal holds so many lines.
fn wait_for_lines(run: &Path, lines: usize) {
    wait_until(&format!("`{}` has measured {lines} times", run.display()), 120, || journalled(run) >= lines);
}

/// What `assay status` says as JSON.
fn status(scratch: &Scratch, plan: &str) -> serde_json::Value {
    serde_json::from_str(&scratch.succeed(&["status", plan, "--json"])).unwrap()
}

/// The states of all tasks, in their order.
fn states(status: &serde_json::Value) -> Vec<String> {
    status["tasks"].as_array().unwrap().iter().map(|task| task["state"].as_str().unwrap().to_owned()).collect()
}
