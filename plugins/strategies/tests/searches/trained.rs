//! Searches that judge by training: what they ask for, what they pay, and what they expect.

use std::collections::HashMap;

use assay_core::plugin::{Request, Settings, Step};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;
use serde_json::{Value, json};

use crate::STRATEGIES;
use crate::fake_laboratory::{FakeLaboratory, total_cost};
use crate::fake_table::strategy;

const LABELS: [(&str, usize); 3] = [("accuracy_after_1_epoch", 1), ("accuracy_after_3_epochs", 3), ("accuracy_after_9_epochs", 9)];

/// Where longer trainings come nearer to the truth.
fn trained(request: &Request) -> Reading {
    let second = if request.parameters == "training/2" { 1.0 } else { 0.0 };
    Reading::Value(100.0 - 6.0 * total_cost(&request.subspace) + second)
}

fn searched(name: &str, oracle: Value, budget: Value) -> FakeLaboratory {
    let settings = Settings::none().with("oracle", oracle).with("budget", budget);
    let mut laboratory = FakeLaboratory::new(&LABELS.map(|(label, _)| (label, Direction::HigherIsBetter, trained as _)));
    strategy(name, &settings).search(&mut laboratory).unwrap();
    laboratory
}

/// The epochs that a step was judged after.
fn epochs(step: &Step) -> usize {
    let [(label, _)] = &step.readings[..] else { panic!("{:?}", step.readings) };
    LABELS.iter().find(|(own, _)| own == label).unwrap().1
}

/// What each step takes, from where the training of its architecture ended, if that was earlier.
fn taken(steps: &[Step]) -> Vec<usize> {
    let mut last: HashMap<&Subspace, usize> = HashMap::new();
    let each = |step| {
        let (epochs, architecture): (usize, &Subspace) = (epochs(step), &step.before);
        epochs - last.insert(architecture, epochs).filter(|last| *last < epochs).unwrap_or(0)
    };
    steps.iter().map(each).collect()
}

#[test]
fn every_strategy_of_one_training_spends_its_epochs_to_the_last_training_that_fits() {
    for name in STRATEGIES {
        let laboratory = searched(name, json!({ "train": [3] }), json!({ "epochs": 32 }));
        assert_eq!(laboratory.steps.len(), 10, "{name}");
        assert!(laboratory.asked.keys().all(|request| request.label == LABELS[1].0 && request.parameters == "training/1"), "{name}");
        let (expected, _) = laboratory.expected[0];
        assert!((30..=32).contains(&expected), "{name}: {expected}");
    }
}

#[test]
fn repeats_are_trainings_by_other_seeds_whose_mean_counts() {
    let laboratory = searched("random", json!({ "train": [3], "repeats": 2 }), json!({ "evaluations": 5 }));
    assert_eq!(laboratory.asked.len(), 10);
    assert_eq!(laboratory.expected, [(30, 0)]);
    for step in &laboratory.steps {
        assert_eq!(step.readings[0].1, Reading::Value(100.5 - 6.0 * total_cost(&step.before)));
    }
}

#[test]
fn longer_trainings_go_on_from_shorter_ones_and_the_epochs_of_the_budget_hold() {
    for name in ["successive-halving", "hyperband", "bohb"] {
        let laboratory = searched(name, json!({ "train": [1, 3, 9] }), json!({ "epochs": 200 }));
        let taken = taken(&laboratory.steps);
        let spent: usize = taken.iter().sum();
        assert!((192..=200).contains(&spent), "{name}: {spent}");
        let (expected, _) = laboratory.expected[0];
        assert!((192..=200).contains(&expected), "{name}: {expected} instead of {spent}");
        // A third of the architectures goes on, each from where it ended.
        let went_on = laboratory.steps.iter().zip(&taken).filter(|(step, taken)| **taken < epochs(step)).count();
        assert!(went_on >= 10, "{name}: {went_on} of {}", taken.len());
    }
}

#[test]
fn what_brackets_will_train_within_a_number_of_evaluations_is_known_before() {
    for name in ["successive-halving", "hyperband"] {
        for limit in [1, 9, 12, 13, 14, 40, 75] {
            let laboratory = searched(name, json!({ "train": [1, 3, 9] }), json!({ "evaluations": limit }));
            assert_eq!(laboratory.steps.len(), limit);
            // The same architecture may be drawn again, which the plan does not know.
            let spent: usize = taken(&laboratory.steps).iter().sum();
            assert!(laboratory.expected[0].0.abs_diff(spent) <= limit / 20, "{name}, {limit}: {:?}, {spent}", laboratory.expected);
        }
    }
}

#[test]
fn the_time_that_trainings_took_says_how_many_are_to_come() {
    // Each takes half a second in this laboratory.
    let laboratory = searched("regularized-evolution", json!({ "train": [3] }), json!({ "seconds": 10 }));
    assert_eq!(laboratory.steps.len(), 20);
    let expected: Vec<usize> = laboratory.expected.iter().map(|(expected, _)| *expected).collect();
    assert_eq!(expected, (0..20).rev().map(|left| 3 * left).collect::<Vec<_>>());
}
