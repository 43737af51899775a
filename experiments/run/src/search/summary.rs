//! The result of a search, from what was measured and looked up.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::plugin::{ArchitectureError, Benchmark, ColumnContent, Columns, SearchSpace, Step, TrainingUse};
use assay_core::subspace::Subspace;
use assay_results::search::{Accuracies, Architecture, Counts};

use crate::RunError;
use crate::bench::records::Record;

/// The forms of a single path.
///
/// # Errors
/// If it is not one.
pub(super) fn architecture(space: &dyn SearchSpace, found: &Subspace) -> Result<Architecture, RunError> {
    let unwritable = |error: ArchitectureError| RunError::Result(format!("what was found is not an architecture: {error}"));
    Ok(Architecture {
        text: space.write(found).map_err(unwritable)?,
        canonical: space.canonical(found).map_err(unwritable)?,
        mask: found.to_string(),
    })
}

/// Looks an architecture up.
pub(super) fn accuracies(benchmark: Option<&dyn Benchmark>, architecture: &Architecture) -> Accuracies {
    let Some(benchmark) = benchmark else {
        return Accuracies::Unknown { because: "the experiment has no [benchmark] section".into() };
    };
    match benchmark.accuracies(&architecture.text) {
        Ok(values) => Accuracies::Known { source: benchmark.describe(), values },
        Err(error) => Accuracies::Unknown { because: error.to_string() },
    }
}

/// Counts measurements, steps and epochs, and adds up what the steps cost.
pub(super) fn counts(records: &[Record], steps: &[Step], columns: &Columns, trainings: &[TrainingUse]) -> Counts {
    let (mut measurements, mut undefined) = (BTreeMap::new(), BTreeMap::new());
    for record in records {
        *measurements.entry(record.request.label.clone()).or_insert(0) += 1;
        *undefined.entry(record.request.label.clone()).or_insert(0) += usize::from(record.reading.value().is_none());
    }
    let total = |label: &str| {
        let readings = steps.iter().flat_map(|step| &step.readings).filter(|(own, _)| own == label);
        readings.filter_map(|(_, reading)| reading.value()).sum()
    };
    let costs = columns.iter().filter(|column| column.content == ColumnContent::TrainingCost);
    let recorded_costs = costs.map(|column| (column.column.clone(), total(&column.column))).collect();
    Counts { measurements, undefined, steps: steps.len(), recorded_costs, trained_epochs: trained_epochs(records, trainings) }
}

/// Epochs by the accuracy that they were trained for: each training goes on from where it was judged before.
fn trained_epochs(records: &[Record], trainings: &[TrainingUse]) -> BTreeMap<String, usize> {
    let mut ends: BTreeMap<(&Subspace, &str), BTreeSet<usize>> = BTreeMap::new();
    for Record { request, .. } in records {
        let used = trainings.iter().find(|used| used.label() == request.label);
        ends.entry((&request.subspace, &request.parameters)).or_default().extend(used.map(|used| used.epochs));
    }
    let mut epochs = BTreeMap::new();
    for used in trainings {
        let of = |ends: &BTreeSet<usize>| used.epochs - ends.range(..used.epochs).next_back().copied().unwrap_or(0);
        let new = ends.values().filter(|ends| ends.contains(&used.epochs)).map(of).sum();
        epochs.insert(used.label(), new);
    }
    epochs
}
