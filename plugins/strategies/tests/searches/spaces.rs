//! Any strategy works in any space.

use std::collections::BTreeSet;

use assay_core::plugin::{Registry, Request, SearchSpace, Settings};
use assay_core::score::{Direction, Reading};
use serde_json::json;

use crate::STRATEGIES;
use crate::fake_laboratory::{FakeLaboratory, total_cost};
use crate::fake_table::strategy;

fn price(request: &Request) -> Reading {
    Reading::Value(total_cost(&request.subspace))
}

#[test]
fn every_strategy_evaluates_nothing_but_architectures_and_improves_on_the_first() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    // The space of files has no architecture without files.
    let names: Vec<&str> = registry.iter().map(|entry| entry.name).filter(|name| *name != "files").collect();
    assert!(names.contains(&"darts") && names.contains(&"nas-bench-101"), "{names:?}");
    let settings = Settings::none().with("oracle", json!({ "proxy": "price" })).with("budget", json!({ "evaluations": 120 }));
    for (space, settings_of_space) in
        names.iter().map(|name| (*name, Settings::none())).chain([("darts", Settings::none().with("inputs", "free"))])
    {
        for name in STRATEGIES {
            if (name, space) == ("exhaustive", "nas-bench-101") {
                // Most numbers of that space have no cell, and among them the first ones.
                continue;
            }
            let space_made = registry.build(space, &settings_of_space).unwrap();
            let mut laboratory = FakeLaboratory::of(space_made, &[("price", Direction::LowerIsBetter, price)]);
            let found = strategy(name, &settings).search(&mut laboratory).unwrap_or_else(|error| panic!("{name} in {space}: {error}"));
            let own = registry.build(space, &settings_of_space).unwrap();
            for step in &laboratory.steps {
                assert!(own.is_architecture(&step.before), "{name} in {space}: {}", step.before);
            }
            assert_eq!(laboratory.steps.len(), 120, "{name} in {space}");
            assert!(total_cost(&found) < total_cost(&laboratory.steps[0].before), "{name} in {space}");
        }
    }
}

/// A score that depends on how the vertices of a cell are numbered.
fn by_numbers(request: &Request) -> Reading {
    let edges = request.subspace.choices().map(|choice| ((choice.edge + 3) * (7 * choice.operator + 1) % 101) as f64);
    Reading::Value(edges.sum())
}

#[test]
fn isomorphic_cells_are_one_architecture_in_every_strategy() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    let made = || registry.build("nas-bench-101", &Settings::none()).unwrap();
    let space = made();
    let by = |oracle: serde_json::Value| Settings::none().with("oracle", oracle).with("budget", json!({ "evaluations": 400 }));
    let (proxy, trainings) = (json!({ "proxy": "numbers" }), json!({ "tables": ["short", "long"], "epochs": [12, 200], "cost": "cost" }));
    let several = ["successive-halving", "hyperband", "bohb"].map(|name| (name, by(trainings.clone())));
    let one = STRATEGIES.into_iter().filter(|name| *name != "exhaustive").map(|name| (name, by(proxy.clone())));
    let mut same = 0;
    for (name, settings) in one.chain(several) {
        let proxies =
            ["numbers", "short", "long", "cost"].map(|label| (label, Direction::HigherIsBetter, by_numbers as fn(&Request) -> Reading));
        let mut laboratory = FakeLaboratory::of(made(), &proxies);
        strategy(name, &settings).search(&mut laboratory).unwrap();
        let measured: BTreeSet<_> = laboratory.asked.keys().map(|request| &request.subspace).collect();
        let different: BTreeSet<_> = measured.iter().map(|cell| space.representative(cell)).collect();
        assert_eq!(measured.len(), different.len(), "{name} measures one cell under several numberings");
        same += laboratory.steps.len() - different.len();
    }
    assert!(same > 100, "strategies come back to cells that they know: {same}");
}
