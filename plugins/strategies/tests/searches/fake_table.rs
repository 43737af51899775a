//! A benchmark whose every row is arithmetic.

use assay_core::plugin::{
    Accuracy, Benchmark, BenchmarkError, ColumnContent, ColumnUse, Columns, Cost, Registry, SearchSpace, SearchStrategy, Settings, Step,
    TableLaboratory,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use rand::RngExt;

use crate::fake_laboratory::total_cost;

/// Per cent that have nothing to do with those of the neighbours.
pub(crate) fn rugged(text: &str) -> f64 {
    100.0 * Stream::new(0, "rugged").child(text).rng().random::<f64>()
}

/// Per cent to which every edge adds its part, between 28 and 64.
pub(crate) fn smooth(architecture: &Subspace) -> f64 {
    100.0 - 6.0 * total_cost(architecture)
}

/// What training an architecture costs, between 10 and 30 s.
pub(crate) fn seconds(text: &str) -> f64 {
    10.0 + 20.0 * Stream::new(0, "seconds").child(text).rng().random::<f64>()
}

struct FakeTable;

impl Benchmark for FakeTable {
    fn describe(&self) -> String {
        "arithmetic".into()
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        Ok(())
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let subspace = NasBench201::new().parse(architecture).unwrap();
        let (smooth, rugged) = (smooth(&subspace), rugged(architecture));
        let columns = [("rugged", rugged), ("smooth", smooth), ("noisy", smooth + rugged / 10.0)];
        Ok(columns.map(|(target, percent)| Accuracy { target: target.into(), title: target.into(), percent }).into())
    }

    fn costs(&self, architecture: &str) -> Result<Vec<Cost>, BenchmarkError> {
        let reading = Reading::Value(seconds(architecture));
        Ok(vec![Cost { target: "seconds".into(), title: "training".into(), unit: "GPU s".into(), reading }])
    }
}

pub(crate) fn columns() -> Columns {
    let column =
        |name: &str, content: ColumnContent| (ColumnUse { column: name.into(), content }, Box::new(FakeTable) as Box<dyn Benchmark>);
    let accuracies = ["rugged", "smooth", "noisy"].map(|name| column(name, ColumnContent::Accuracy));
    Columns::new(accuracies.into_iter().chain([column("seconds", ColumnContent::TrainingCost)]).collect())
}

pub(crate) fn strategy(name: &str, settings: &Settings) -> Box<dyn SearchStrategy> {
    Registry::<dyn SearchStrategy>::collect().unwrap().build(name, settings).unwrap()
}

/// What a strategy finds in NAS-Bench-201 by the table, and its steps.
pub(crate) fn search(name: &str, settings: &Settings, seed: u64) -> (Subspace, Vec<Step>) {
    let (space, columns) = (NasBench201::new(), columns());
    let mut laboratory = TableLaboratory::new(&space, &columns, seed);
    let found = strategy(name, settings).search(&mut laboratory).unwrap();
    (found, laboratory.into_steps())
}

pub(crate) fn write(architecture: &Subspace) -> String {
    NasBench201::new().write(architecture).unwrap()
}

/// The reading of a step under a label.
pub(crate) fn reading(step: &Step, label: &str) -> Option<f64> {
    step.readings.iter().find(|(own, _)| own == label).and_then(|(_, reading)| reading.value())
}
