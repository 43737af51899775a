//! Searches that weigh what an architecture costs to run.

use assay_core::plugin::{SearchSpace, Settings, TableLaboratory};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use assay_statistics::pareto::{self, Offer};
use serde_json::json;

use crate::fake_table::{columns, reading, search, seconds, smooth, strategy, write};

fn settings(evaluations: usize) -> Settings {
    let oracle = json!({ "table": "smooth" });
    Settings::none().with("oracle", oracle).with("budget", json!({ "evaluations": evaluations })).with("cost", "seconds")
}

#[test]
fn the_architecture_found_is_the_best_that_was_evaluated_within_the_limit() {
    for limit in [11.0, 14.0, 30.0] {
        let (found, steps) = search("hardware-aware", &settings(400).with("limit", limit), 3);
        assert_eq!(steps.len(), 400);
        let within = steps.iter().filter(|step| reading(step, "seconds").unwrap() <= limit);
        let best = within.map(|step| reading(step, "smooth").unwrap()).fold(f64::NEG_INFINITY, f64::max);
        assert!(seconds(&write(&found)) <= limit, "{limit}");
        assert_eq!(smooth(&found), best, "{limit}");
    }
}

#[test]
fn the_front_comes_near_to_that_of_the_whole_space() {
    let space = NasBench201::new();
    let whole = Subspace::whole(space.layout());
    let all: Vec<(f64, f64)> = (0..15_625)
        .map(|number| space.architecture(&whole, number).unwrap())
        .map(|architecture| (seconds(&write(&architecture)), smooth(&architecture)))
        .collect();
    let (_, steps) = search("hardware-aware", &settings(1_500), 0);
    let offer = |step| Offer { cost: reading(step, "seconds").unwrap(), goodness: reading(step, "smooth").unwrap() };
    let offers: Vec<Offer> = steps.iter().map(offer).collect();
    let points: Vec<(f64, f64)> = pareto::front(&offers).into_iter().map(|at| (offers[at].cost, offers[at].goodness)).collect();
    assert!(points.len() > 3);
    assert!(points.is_sorted_by(|one, other| one.0 < other.0 && one.1 < other.1), "{points:?}");
    for (cost, goodness) in &points {
        let mut others = offers.iter().map(|offer| (offer.cost, offer.goodness));
        assert!(!others.any(|(c, g)| (c <= *cost && g > *goodness) || (c < *cost && g >= *goodness)), "{cost}, {goodness}");
    }
    // The area below the front, of what the front of the whole space covers.
    let covered = |points: &[(f64, f64)]| -> f64 {
        let steps = 200;
        let best = |limit: f64| points.iter().filter(|(cost, _)| *cost <= limit).map(|(_, goodness)| *goodness).fold(28.0, f64::max) - 28.0;
        (0..steps).map(|step| best(10.0 + 20.0 * f64::from(step) / f64::from(steps))).sum()
    };
    let random: Vec<(f64, f64)> = all.iter().copied().step_by(15_625 / 1_500).take(1_500).collect();
    let [ours, drawn, ideal] = [covered(&points), covered(&random), covered(&all)];
    assert!(ours > drawn && ours > 0.9 * ideal, "{ours} of {ideal}, random {drawn}");
}

#[test]
fn the_same_seed_finds_the_same_and_a_limit_that_nothing_keeps_says_so() {
    assert_eq!(search("hardware-aware", &settings(100), 7), search("hardware-aware", &settings(100), 7));
    let (space, columns) = (NasBench201::new(), columns());
    let mut laboratory = TableLaboratory::new(&space, &columns, 0);
    let error = strategy("hardware-aware", &settings(40).with("limit", 5.0)).search(&mut laboratory).unwrap_err().to_string();
    let expected = "none of the 40 architectures evaluated has a score and a known seconds of at most 5; raise `limit` or the budget";
    assert_eq!(error, expected);
}

#[test]
fn the_protocol_names_the_cost_and_its_limit() {
    insta::assert_snapshot!(
        strategy("hardware-aware", &settings(100).with("limit", 14)).protocol(),
        @"hardware-aware: by smooth within 100 evaluations, every operator, seconds at most 14, NSGA-II with population 20, mutation 0.5"
    );
}
