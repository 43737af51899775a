//! Published correlations, from the table in the shared data.

#![allow(clippy::unwrap_used)]

use assay_statistics::best::expected_best;
use assay_statistics::ceiling::ceiling;
use assay_statistics::{Pairs, kendall};

/// One column of the table of all 15,625 cells.
fn column(name: &str) -> Vec<String> {
    let shared = std::env::var("ASSAY_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let mut table = csv::Reader::from_path(format!("{shared}/data/nas-bench-201/nb201.csv")).unwrap();
    let at = table.headers().unwrap().iter().position(|header| header == name).unwrap();
    table.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

fn numbers(name: &str) -> Vec<f64> {
    column(name).iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn one_training_seed_reaches_a_tau_of_919_thousandths_against_the_mean_of_two_others() {
    let seeds = column("v11_test_cifar10_seeds");
    let accuracies: Vec<Vec<f64>> = seeds.iter().map(|row| row.split(' ').map(|text| text.parse().unwrap()).collect()).collect();
    let found = ceiling(&accuracies, 3).unwrap();
    assert_eq!((found.architectures, found.left_out), (7_961, 15_625 - 7_961));
    assert_eq!(format!("{:.3}", found.tau_b.unwrap()), "0.919", "{found:?}");
    assert!(found.by_seed.iter().all(|tau| (tau.unwrap() - 0.919).abs() < 0.001), "{found:?}");
}

#[test]
fn twelve_epochs_of_training_correlate_with_two_hundred_as_published() {
    let early = numbers("ep12_valid_cifar10");
    for (target, published) in [("test_cifar10", "0.594"), ("test_cifar100", "0.598")] {
        let tau = kendall::tau_b(&Pairs::new(&early, &numbers(target)).unwrap()).unwrap();
        assert_eq!(format!("{tau:.3}"), published, "{target}");
    }
}

#[test]
fn the_best_of_random_draws_is_what_the_lines_of_the_tables_say_within_their_standard_error() {
    let without_none: Vec<bool> = column("arch").iter().map(|text| !text.contains("none")).collect();
    let targets = ["test_cifar10", "test_cifar100", "test_imagenet16_120"].map(numbers);
    // Recorded means of so many random draws; each was drawn 500 times, so that it has a standard error of its own.
    let lines = [
        (false, 25, [93.50, 70.66, 44.59]),
        (false, 100, [93.84, 71.60, 45.62]),
        (true, 10, [93.37, 70.48, 44.45]),
        (true, 25, [93.71, 71.31, 45.33]),
        (true, 100, [94.02, 72.22, 46.12]),
    ];
    for (is_smaller, draws, recorded) in lines {
        for (accuracies, recorded) in targets.iter().zip(recorded) {
            let held = accuracies.iter().zip(&without_none).filter(|(_, without)| !is_smaller || **without);
            let held: Vec<f64> = held.map(|(accuracy, _)| *accuracy).collect();
            assert_eq!(held.len(), if is_smaller { 4_096 } else { 15_625 });
            let best = expected_best(&held, draws).unwrap();
            let standard_error = best.deviation / 500_f64.sqrt();
            eprintln!("{draws} {recorded} {best:?} {}", (best.mean - recorded) / standard_error);
            assert!((best.mean - recorded).abs() < 2.0 * standard_error, "best of {draws}: {recorded}, {best:?}");
        }
    }
}
