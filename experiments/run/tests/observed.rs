//! A search as a library runs it: without a terminal, told of its progress and stopped by an observer.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use assay_core::experiment::{Experiment, Layers, Plugins, Purpose, VERSION};
use assay_cpu as _;
use assay_datasets as _;
use assay_proxies as _;
use assay_results::{Kind, SearchSummary, kind_of};
use assay_run::folder::RunFolder;
use assay_run::search::SearchRun;
use assay_run::{Observer, Prepared, RunError, Unobserved};
use assay_spaces as _;
use assay_strategies as _;

/// Counts what is done, and interrupts after so much of it.
struct Counter {
    done: AtomicUsize,
    replayed: AtomicUsize,
    limit: usize,
}

impl Counter {
    fn until(limit: usize) -> Self {
        Self { done: AtomicUsize::new(0), replayed: AtomicUsize::new(0), limit }
    }
}

impl Observer for Counter {
    fn replay(&self, done: usize) {
        self.replayed.fetch_add(done, Ordering::Relaxed);
    }

    fn advance(&self, done: usize) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    fn is_interrupted(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.limit
    }
}

fn experiment(plugins: &Plugins) -> Experiment {
    let layers = Layers::new().default_value("version", VERSION).default_value("name", "observed").default_value("threads", 1);
    let layers = layers.default_value("space.name", "nas-bench-201").default_value("dataset.name", "synthetic");
    let layers = layers.default_value("strategy.name", "random").default_value("strategy.oracle.proxy", "params");
    layers.default_value("strategy.budget.evaluations", 12).resolve(Purpose::Search, plugins).unwrap()
}

/// A summary without what differs between equal searches.
fn essence(summary: &SearchSummary) -> String {
    let SearchSummary { architecture, scores, counts, protocol, .. } = summary;
    format!("{architecture:?} {scores:?} {counts:?} {protocol}")
}

#[test]
fn a_search_that_an_observer_interrupts_is_continued_to_the_identical_result() {
    let plugins = Plugins::collect().unwrap();
    let search = SearchRun::prepare(experiment(&plugins), &plugins).unwrap();
    let place = tempfile::tempdir().unwrap();
    let provenance = || search.provenance(&plugins).unwrap();
    let folder = |name: &str| RunFolder::create(&experiment(&plugins), Kind::Search, provenance(), Some(&place.path().join(name))).unwrap();
    let whole = search.run(&folder("whole"), &Unobserved).unwrap();

    let stopped = folder("stopped");
    let first = Counter::until(5);
    assert!(matches!(search.run(&stopped, &first), Err(RunError::Interrupted)));
    assert_eq!(first.done.load(Ordering::Relaxed), 5);
    let path = stopped.path().to_owned();
    assert_eq!(kind_of(&path).unwrap(), Some(Kind::Search));
    assert!(SearchSummary::read(&path).is_err(), "it is not finished");

    let second = Counter::until(usize::MAX);
    let continued = search.run(&stopped, &second).unwrap();
    assert_eq!(second.replayed.load(Ordering::Relaxed), 5);
    assert_eq!(essence(&continued), essence(&whole));
    assert_eq!(SearchSummary::read(&path).unwrap(), continued);
}
