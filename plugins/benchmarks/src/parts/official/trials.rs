//! The figures of one architecture, from the states of the official package's `ArchResults` and `ResultsCount`.
//!
//! Sums and means are taken in the order of the package, so that they agree to the last bit.

use assay_pickle::{PickleError, Value};

use super::{Release, Schedule};
use crate::parts::table::Cell;

/// Sets of images on which networks were evaluated.
const SETS: [&str; 3] = ["x-valid", "x-test", "ori-test"];

/// An accuracy to keep.
pub(super) struct Quantity {
    /// The column's name, without the schedule.
    pub(super) name: &'static str,
    /// A name for people.
    pub(super) title: &'static str,
    /// On what the networks were trained, as the package says.
    dataset: &'static str,
    set: &'static str,
}

const fn quantity(name: &'static str, title: &'static str, dataset: &'static str, set: &'static str) -> Quantity {
    Quantity { name, title, dataset, set }
}

/// `cifar10-valid` are the networks trained on half of CIFAR-10's training images; `ori-test` is the original test set,
/// which for the last two datasets is the validation and the test set together.
pub(super) const QUANTITIES: [Quantity; 9] = [
    quantity("test_cifar10", "CIFAR-10", "cifar10", "ori-test"),
    quantity("test_cifar100", "CIFAR-100", "cifar100", "x-test"),
    quantity("test_imagenet16_120", "ImageNet16-120", "ImageNet16-120", "x-test"),
    quantity("valid_cifar10", "CIFAR-10 validation (trained on half)", "cifar10-valid", "x-valid"),
    quantity("valid_cifar100", "CIFAR-100 validation", "cifar100", "x-valid"),
    quantity("valid_imagenet16_120", "ImageNet16-120 validation", "ImageNet16-120", "x-valid"),
    quantity("half_test_cifar10", "CIFAR-10 (trained on half)", "cifar10-valid", "ori-test"),
    quantity("valtest_cifar100", "CIFAR-100 validation and test", "cifar100", "ori-test"),
    quantity("valtest_imagenet16_120", "ImageNet16-120 validation and test", "ImageNet16-120", "ori-test"),
];

/// Trainings whose cost a search by validation accuracy has: the column's name, the dataset as the package says, a name
/// for people.
pub(super) const COSTS: [(&str, &str, &str); 3] = [
    ("cifar10", "cifar10-valid", "half of CIFAR-10"),
    ("cifar100", "cifar100", "CIFAR-100"),
    ("imagenet16_120", "ImageNet16-120", "ImageNet16-120"),
];

/// Many more than there are of any architecture: each is looked for among all results.
const MOST_SEEDS: usize = 100;

/// One training run, at its end.
struct Trial {
    epochs: usize,
    /// Per cent, by set.
    accuracies: [Option<f64>; 3],
    /// Seconds of all epochs' evaluations, by set.
    evaluation: [Option<f64>; 3],
    /// Seconds of all epochs' training.
    training: Option<f64>,
}

/// The text of an architecture and its figures in the order of [`Release::columns`]; missing where the results do not have
/// them.
pub(super) fn cells(results: Value<'_>, release: &Release) -> Result<(String, Vec<Cell>), PickleError> {
    let mut text = None;
    let mut cells = Vec::new();
    for Schedule { key, .. } in release.schedules {
        let state = results.get(key);
        text = text.or_else(|| state.and_then(|state| state.get("arch_str")).and_then(Value::text));
        let trials = |dataset: &str| state.and_then(|state| trials(state, dataset)).unwrap_or_default();
        // Each dataset is read once.
        let datasets = ["cifar10", "cifar10-valid", "cifar100", "ImageNet16-120"].map(|dataset| (dataset, trials(dataset)));
        let of = |wanted: &str| datasets.iter().find(|(dataset, _)| *dataset == wanted).map_or(&[][..], |(_, trials)| trials);
        for Quantity { dataset, set, .. } in &QUANTITIES {
            let set = SETS.iter().position(|known| known == set).unwrap_or_default();
            let runs: Option<Vec<f64>> = of(dataset).iter().map(|trial| trial.accuracies[set]).collect();
            let runs = runs.filter(|runs| !runs.is_empty());
            cells.push(runs.as_deref().map_or(Cell::Missing, |runs| Cell::Number(mean(runs))));
            cells.push(runs.map_or(Cell::Missing, |runs| Cell::Text(joined(&runs))));
        }
        for (_, dataset, _) in &COSTS {
            let trials = of(dataset);
            let total = trials.first().map_or(0, |trial| trial.epochs) as f64;
            let training = trials.iter().map(|trial| trial.training).collect::<Option<Vec<f64>>>().filter(|runs| !runs.is_empty());
            let validation = trials.iter().map(|trial| trial.evaluation[0]).collect::<Option<Vec<f64>>>();
            let (training, validation) = (training.as_deref().map(mean), validation.as_deref().map(mean));
            let cost = training.zip(validation).map(|(training, validation)| training + validation / total);
            cells.push(cost.map_or(Cell::Missing, Cell::Number));
            cells.push(training.map_or(Cell::Missing, |training| Cell::Number(training / total)));
        }
    }
    match text {
        Some(text) => Ok((text.to_owned(), cells)),
        // Says which keys there are.
        None => Err(results
            .entry(release.schedules[0].key)
            .and_then(|state| state.entry("arch_str"))
            .err()
            .unwrap_or_else(|| PickleError::Kind { key: "arch_str".into(), wanted: "a text".into() })),
    }
}

/// As Python's `sum(x) / len(x)`.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn joined(runs: &[f64]) -> String {
    runs.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
}

/// The runs on one dataset, in the order of their seeds.
fn trials(state: Value<'_>, dataset: &str) -> Option<Vec<Trial>> {
    let seeds = state.get("dataset_seed")?.get(dataset)?.items().filter(|seeds| seeds.len() <= MOST_SEEDS)?;
    let results = state.get("all_results")?;
    let of_seed = |seed: Value<'_>| {
        let is_it = |key: Value<'_>| {
            let mut parts = key.items()?;
            Some(parts.next()?.text()? == dataset && parts.next()?.integer()? == seed.integer()?)
        };
        results.entries()?.find(|(key, _)| is_it(*key) == Some(true)).and_then(|(_, result)| trial(result))
    };
    seeds.map(of_seed).collect()
}

fn trial(result: Value<'_>) -> Option<Trial> {
    let epochs = usize::try_from(result.get("epochs")?.integer()?).ok().filter(|epochs| (1..=10_000).contains(epochs))?;
    let mut accuracies = [None; 3];
    for (set, epoch, value) in by_set(result.get("eval_acc1es")) {
        if epoch == epochs - 1 {
            accuracies[set] = value;
        }
    }
    let mut seconds = [(); 3].map(|()| vec![None; epochs]);
    for (set, epoch, value) in by_set(result.get("eval_times")) {
        if let Some(place) = seconds[set].get_mut(epoch) {
            *place = value;
        }
    }
    let mut training = vec![None; epochs];
    for (epoch, value) in result.get("train_times").and_then(Value::entries).into_iter().flatten() {
        let epoch = epoch.integer().and_then(|epoch| usize::try_from(epoch).ok());
        if let Some(place) = epoch.and_then(|epoch| training.get_mut(epoch)) {
            *place = value.number();
        }
    }
    // None where the seconds of an epoch are not recorded.
    let total = |seconds: Vec<Option<f64>>| seconds.into_iter().sum::<Option<f64>>();
    Some(Trial { epochs, accuracies, evaluation: seconds.map(total), training: total(training) })
}

/// The entries of a dictionary whose keys are `set@epoch`, of the sets that are known.
fn by_set(dictionary: Option<Value<'_>>) -> impl Iterator<Item = (usize, usize, Option<f64>)> {
    dictionary.and_then(Value::entries).into_iter().flatten().filter_map(|(key, value)| {
        let (set, epoch) = key.text()?.split_once('@')?;
        Some((SETS.iter().position(|known| *known == set)?, epoch.parse().ok()?, value.number()))
    })
}
