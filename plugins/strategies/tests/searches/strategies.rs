//! What each strategy promises.

use std::collections::BTreeSet;

use assay_core::plugin::{SearchSpace, Settings, Step};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use serde_json::json;

use crate::STRATEGIES;
use crate::fake_table::{reading, rugged, search, smooth, write};

fn by(table: &str, evaluations: usize) -> Settings {
    Settings::none().with("oracle", json!({ "table": table })).with("budget", json!({ "evaluations": evaluations }))
}

fn all() -> Vec<Subspace> {
    let space = NasBench201::new();
    let whole = Subspace::whole(space.layout());
    (0..15_625).map(|number| space.architecture(&whole, number).unwrap()).collect()
}

/// On how many edges two architectures differ.
fn distance(one: &Subspace, other: &Subspace) -> usize {
    one.cells()[0].iter().zip(&other.cells()[0]).filter(|(one, other)| one != other).count()
}

#[test]
fn an_exhaustive_search_finds_the_best_of_all_architectures() {
    let (found, steps) = search("exhaustive", &Settings::none().with("oracle", json!({ "table": "rugged" })), 0);
    let best = all().into_iter().max_by(|one, other| rugged(&write(one)).total_cmp(&rugged(&write(other)))).unwrap();
    assert_eq!((found, steps.len()), (best, 15_625));
}

#[test]
fn a_child_in_regularized_evolution_has_its_parent_among_the_youngest() {
    let (_, steps) = search("regularized-evolution", &by("rugged", 400).with("population", 6).with("sample", 4), 1);
    assert_eq!(steps.len(), 400);
    let mut other_than_the_best = 0;
    for (born, step) in steps.iter().enumerate().skip(6) {
        let alive: Vec<&Step> = steps[born - 6..born].iter().filter(|other| distance(&other.before, &step.before) == 1).collect();
        assert!(!alive.is_empty(), "evaluation {} has no parent among the 6 before it", born + 1);
        // Age, not worth, decides who dies: the best of all is not a parent for long.
        other_than_the_best += usize::from(distance(&steps[born - 1].after, &step.before) > 1);
    }
    assert!(other_than_the_best > 100, "only {other_than_the_best} children are not of the best so far");
}

#[test]
fn regularized_evolution_climbs_where_random_search_does_not() {
    let mean = |steps: &[Step]| steps.iter().map(|step| reading(step, "smooth").unwrap()).sum::<f64>() / steps.len() as f64;
    let (_, evolved) = search("regularized-evolution", &by("smooth", 200), 2);
    let (_, drawn) = search("random", &by("smooth", 200), 2);
    assert!(mean(&evolved[150..]) > mean(&evolved[..10]) + 5.0);
    assert!((mean(&drawn[150..]) - mean(&drawn[..50])).abs() < 5.0);
}

#[test]
fn a_local_search_ends_where_no_neighbour_is_better() {
    let all = all();
    for step in ["best", "first-better"] {
        for seed in 0..5 {
            let (found, steps) = search("local-search", &by("rugged", 600).with("initial", 1).with("step", step), seed);
            let value = rugged(&write(&found));
            let better = all.iter().filter(|other| distance(other, &found) == 1 && rugged(&write(other)) > value).count();
            assert_eq!(better, 0, "seed {seed}");
            let different: BTreeSet<&Subspace> = steps.iter().map(|step| &step.before).collect();
            assert_eq!((steps.len(), different.len()), (600, 600), "nothing is evaluated twice");
        }
    }
}

#[test]
fn a_local_search_of_a_small_space_sees_all_of_it_and_stops() {
    let settings = by("rugged", 1_000_000).with("exclude", json!(["none", "skip_connect", "avg_pool_3x3"]));
    let (found, steps) = search("local-search", &settings, 3);
    let convolutions = all().into_iter().filter(|one| one.choices().all(|choice| [2, 3].contains(&choice.operator)));
    let best = convolutions.max_by(|one, other| rugged(&write(one)).total_cmp(&rugged(&write(other)))).unwrap();
    assert_eq!((found, steps.len()), (best, 64));
}

#[test]
fn controllers_learn_which_operators_are_good() {
    let mean = |steps: &[Step]| steps.iter().map(|step| reading(step, "smooth").unwrap()).sum::<f64>() / steps.len() as f64;
    let values: Vec<f64> = all().iter().map(smooth).collect();
    let (best, average) = (values.iter().copied().fold(0.0, f64::max), values.iter().sum::<f64>() / values.len() as f64);
    for (name, settings, gain, gap) in [
        ("reinforce", by("smooth", 1000).with("learning_rate", 0.05), 5.0, 4.0),
        ("cnas", by("smooth", 1000), 5.0, 4.0),
        ("manas", by("smooth", 1000), 5.0, 4.0),
        // Zipf's law never concentrates: the best of five operators has a probability of 0.44.
        ("manas-ls", by("smooth", 1000), 2.0, 6.0),
    ] {
        let last = mean(&search(name, &settings, 4).1[900..]);
        assert!(last > average + gain && last > best - gap, "{name}: {last}; on average {average}, at best {best}");
    }
}

#[test]
fn a_curriculum_begins_with_few_operators_and_lets_them_join_in_order() {
    let order = ["nor_conv_3x3", "skip_connect", "avg_pool_3x3", "none", "nor_conv_1x1"];
    let (_, steps) = search("cnas", &by("rugged", 400).with("order", json!(order)), 6);
    let operators = NasBench201::new().layout().operators.clone();
    for (stage, steps) in steps.chunks(100).enumerate() {
        let joined: BTreeSet<&str> = steps
            .iter()
            .flat_map(|step| step.before.choices().map(|choice| operators[choice.operator].as_str()).collect::<Vec<_>>())
            .collect();
        assert_eq!(joined, order[..stage + 2].iter().copied().collect(), "stage {stage}");
    }
}

#[test]
fn a_surrogate_finds_the_best_of_a_sum_over_edges_with_few_evaluations() {
    let (found, steps) = search("pnas", &by("smooth", 100), 1);
    let best = all().iter().map(smooth).fold(0.0, f64::max);
    assert_eq!((smooth(&found), steps.len()), (best, 100));
}

#[test]
fn equal_seeds_search_equally_and_other_seeds_otherwise() {
    for name in STRATEGIES {
        if name == "exhaustive" {
            // It draws nothing.
            continue;
        }
        let settings = by("rugged", 60);
        assert_eq!(search(name, &settings, 7), search(name, &settings, 7), "{name}");
        assert_ne!(search(name, &settings, 7).1, search(name, &settings, 8).1, "{name}");
    }
}

#[test]
fn every_step_goes_to_the_best_so_far() {
    let (found, steps) = search("random", &by("rugged", 50), 5);
    let mut best = 0.0;
    for step in &steps {
        best = f64::max(best, reading(step, "rugged").unwrap());
        assert_eq!(rugged(&write(&step.after)), best);
    }
    assert_eq!(steps.last().unwrap().after, found);
}
