//! FreeREA's search: who has children, who dies, and what is the best.

use assay_core::plugin::{SearchSpace, Step};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use serde_json::json;

use crate::fake_laboratory::{FakeLaboratory, total_cost};
use crate::fake_table::strategy;
use assay_core::plugin::{Request, Settings};

/// Cells are better the more 3×3 convolutions they have.
fn convolutions(request: &Request) -> Reading {
    Reading::Value(request.subspace.choices().filter(|choice| choice.operator == 3).count() as f64 * 1000.0)
}

fn cost(request: &Request) -> Reading {
    Reading::Value(-total_cost(&request.subspace))
}

fn search(population: usize, tournament: usize, evaluations: usize) -> (Subspace, Vec<Step>) {
    let proxies = [("naswot", Direction::HigherIsBetter, convolutions as _), ("zen", Direction::HigherIsBetter, cost as _)];
    let mut laboratory = FakeLaboratory::new(&proxies);
    let settings = Settings::none()
        .with("oracle", json!({ "proxies": ["naswot", "zen"], "rule": "normalised-sum" }))
        .with("budget", json!({ "evaluations": evaluations }))
        .with("population", population)
        .with("tournament", tournament);
    let found = strategy("freerea", &settings).search(&mut laboratory).unwrap();
    (found, laboratory.steps)
}

/// On how many edges two architectures differ.
fn distance(one: &Subspace, other: &Subspace) -> usize {
    one.cells()[0].iter().zip(&other.cells()[0]).filter(|(one, other)| one != other).count()
}

#[test]
fn every_child_differs_in_one_choice_or_has_each_choice_from_one_of_two() {
    let (_, steps) = search(20, 5, 300);
    let mut crossed = 0;
    for (position, step) in steps.iter().enumerate().skip(20) {
        let earlier = || steps[..position].iter().map(|other| &other.before);
        if earlier().any(|parent| distance(parent, &step.before) == 1) {
            continue;
        }
        crossed += 1;
        let child = &step.before.cells()[0];
        let comes_from = |one: &Subspace, other: &Subspace| {
            child.iter().zip(&one.cells()[0]).zip(&other.cells()[0]).all(|((child, one), other)| child == one || child == other)
        };
        assert!(earlier().any(|one| earlier().any(|other| comes_from(one, other))), "evaluation {}", position + 1);
    }
    assert!(crossed > 0, "no child is of two parents");
}

#[test]
fn nothing_is_paid_for_twice_and_a_small_space_is_searched_until_nothing_is_new() {
    let (_, steps) = search(20, 5, 300);
    let different: std::collections::BTreeSet<&Subspace> = steps.iter().map(|step| &step.before).collect();
    assert_eq!((steps.len(), different.len()), (300, 300));
    let proxies = [("naswot", Direction::HigherIsBetter, convolutions as _)];
    let mut laboratory = FakeLaboratory::new(&proxies);
    let exclude = json!(["none", "skip_connect", "avg_pool_3x3"]);
    let settings = Settings::none().with("oracle", json!({ "proxy": "naswot" })).with("exclude", exclude);
    let settings = settings.with("budget", json!({ "evaluations": 1_000_000 })).with("population", 10).with("tournament", 5);
    let found = strategy("freerea", &settings).search(&mut laboratory).unwrap();
    assert!(laboratory.steps.len() <= 64);
    assert_eq!(NasBench201::new().write(&found).unwrap().matches("nor_conv_3x3").count(), 6);
}

#[test]
fn it_climbs_to_the_best_by_an_aggregate_that_compares_what_is_drawn() {
    let (found, _) = search(20, 5, 400);
    let text = NasBench201::new().write(&found).unwrap();
    assert!(text.matches("nor_conv_3x3").count() >= 5, "{text}");
    let (_, steps) = search(20, 5, 400);
    let mean = |steps: &[Step]| {
        steps.iter().map(|step| step.before.choices().filter(|choice| choice.operator == 3).count() as f64).sum::<f64>()
            / steps.len() as f64
    };
    assert!(mean(&steps[300..]) > mean(&steps[..20]) + 1.5);
}

#[test]
fn a_tournament_of_more_than_the_population_is_refused() {
    let settings = Settings::none().with("oracle", json!({ "proxy": "naswot" })).with("population", 10);
    let registry = assay_core::plugin::Registry::<dyn assay_core::plugin::SearchStrategy>::collect().unwrap();
    let error = registry.build("freerea", &settings).err().unwrap();
    insta::assert_snapshot!(error, @"strategy `freerea`: `tournament`: must be at most the population (10), is 25");
}
