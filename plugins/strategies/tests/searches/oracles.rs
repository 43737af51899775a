//! Proxies, aggregates and tables lead the same search.

use assay_core::plugin::{Aggregate, Column, Component, Request, Rule, Settings, Words};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use rand::RngExt;
use serde_json::json;

use crate::fake_laboratory::{FakeLaboratory, total_cost};
use crate::fake_table::strategy;

fn price(request: &Request) -> Reading {
    Reading::Value(total_cost(&request.subspace))
}

fn noise(request: &Request) -> Reading {
    let value = Stream::new(0, "noise").child(&request.subspace).rng().random::<f64>();
    if value < 0.1 { Reading::undefined("it is small") } else { Reading::Value(value) }
}

#[test]
fn an_aggregate_ranks_everything_evaluated_so_far() {
    for rule in Rule::WORDS {
        let settings = Settings::none()
            .with("oracle", json!({ "proxies": ["price", "noise"], "rule": rule, "weights": [1.0, 0.5] }))
            .with("budget", json!({ "evaluations": 80 }));
        for name in ["random", "regularized-evolution"] {
            let mut laboratory =
                FakeLaboratory::new(&[("price", Direction::LowerIsBetter, price), ("noise", Direction::HigherIsBetter, noise)]);
            let found = strategy(name, &settings).search(&mut laboratory).unwrap();
            // Each architecture once, by the steps' own readings.
            let mut steps: Vec<_> = laboratory.steps.iter().collect();
            let mut seen = std::collections::BTreeSet::new();
            steps.retain(|step| seen.insert(&step.before));
            let readings = |of: usize| steps.iter().map(|step| step.readings[of].1.clone()).collect::<Vec<_>>();
            let (prices, noises) = (readings(0), readings(1));
            let component = |proxy: &str, weight: f64| Component { proxy: proxy.into(), weight };
            let rule: Rule = serde_json::from_value(json!(rule)).unwrap();
            let joined = Aggregate::new(vec![component("price", 1.0), component("noise", 0.5)], rule)
                .unwrap()
                .combine(&[
                    Column { direction: Direction::LowerIsBetter, readings: &prices },
                    Column { direction: Direction::HigherIsBetter, readings: &noises },
                ])
                .unwrap();
            let value = |position: usize| joined[position].value().unwrap_or(f64::NEG_INFINITY);
            let best = (0..steps.len()).reduce(|best, other| if value(other) > value(best) { other } else { best }).unwrap();
            assert_eq!(found, steps[best].before, "{name} by {rule}");
            assert_eq!(laboratory.steps.last().unwrap().after, found);
        }
    }
}

#[test]
fn all_architectures_and_proxies_see_the_same_draws_in_a_repeat() {
    let settings =
        Settings::none().with("oracle", json!({ "proxies": ["price", "noise"], "repeats": 2 })).with("budget", json!({ "evaluations": 5 }));
    let mut laboratory = FakeLaboratory::new(&[("price", Direction::LowerIsBetter, price), ("noise", Direction::HigherIsBetter, noise)]);
    strategy("random", &settings).search(&mut laboratory).unwrap();
    let draws: std::collections::BTreeSet<_> = laboratory.asked.keys().map(|request| (&request.parameters, &request.images)).collect();
    assert_eq!((draws.len(), laboratory.asked.len()), (2, 20));
}

#[test]
fn an_oracle_that_defines_nothing_is_an_error_that_says_why() {
    fn never(_: &Request) -> Reading {
        Reading::undefined("the batch is constant")
    }
    for name in ["regularized-evolution", "local-search", "reinforce"] {
        let settings = Settings::none().with("oracle", json!({ "proxy": "never" })).with("budget", json!({ "evaluations": 30 }));
        let mut laboratory = FakeLaboratory::new(&[("never", Direction::HigherIsBetter, never)]);
        let error = strategy(name, &settings).search(&mut laboratory).unwrap_err().to_string();
        let expected = "none of the 30 architectures has a score by never; the first is undefined, because the batch is constant";
        assert_eq!(error, expected, "{name}");
    }
}
