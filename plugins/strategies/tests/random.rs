//! The random baseline against a laboratory whose best architecture is known.
#![allow(clippy::unwrap_used)]

mod fake_laboratory;

use std::collections::BTreeSet;

use assay_core::plugin::{Registry, Request, SearchSpace, SearchStrategy, Settings};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;
use assay_spaces::nas_bench_201::NasBench201;
use assay_strategies::parts::guided::Guided;
use assay_strategies::random::Random;
use fake_laboratory::{Answer, FakeLaboratory, cheapest, total_cost};
use serde_json::json;

fn price(request: &Request) -> Reading {
    Reading::Value(total_cost(&request.subspace))
}

fn random(settings: &Settings) -> Guided<Random> {
    Guided::new(settings.read().unwrap()).unwrap()
}

fn run(settings: Settings, direction: Direction, answer: Answer) -> (Result<Subspace, String>, FakeLaboratory) {
    let mut laboratory = FakeLaboratory::new(&[("ntk-condition", direction, answer)]);
    let found = random(&settings).search(&mut laboratory);
    (found.map_err(|error| error.to_string()), laboratory)
}

#[test]
fn the_best_of_the_architectures_drawn_is_chosen() {
    for direction in [Direction::LowerIsBetter, Direction::HigherIsBetter] {
        let (found, laboratory) = run(Settings::none().with("samples", 40), direction, price);
        let mut drawn: Vec<&Subspace> = laboratory.asked.keys().map(|request| &request.subspace).collect();
        drawn.sort_by(|a, b| total_cost(a).total_cmp(&total_cost(b)));
        let best = if direction == Direction::LowerIsBetter { drawn[0] } else { drawn[39] };
        assert_eq!(&found.unwrap(), best);
    }
}

#[test]
fn drawing_the_whole_space_draws_each_architecture_once_and_finds_the_best() {
    let settings = Settings::none().with("samples", 4096);
    let (found, laboratory) = run(settings, Direction::LowerIsBetter, price);
    assert_eq!(found.unwrap(), cheapest(&Subspace::whole(NasBench201::new().layout()).without_operator(0)));
    assert_eq!(laboratory.asked.len(), 4096);
    assert_eq!(laboratory.expected, [(4096, 0)]);
}

#[test]
fn operators_are_drawn_equally_often() {
    let settings = Settings::none().with("samples", 2000).with("exclude", json!([]));
    let (_, laboratory) = run(settings, Direction::LowerIsBetter, price);
    for edge in 0..6 {
        for operator in 0..5 {
            let count = laboratory.asked.keys().filter(|request| request.subspace.kept(0, edge).contains(operator)).count();
            // 400 are expected; the binomial standard deviation is 18.
            assert!((310..490).contains(&count), "operator {operator} on edge {edge}: {count}");
        }
    }
}

#[test]
fn all_architectures_see_the_same_draws_in_a_repeat() {
    let (_, laboratory) = run(Settings::none().with("repeats", 2), Direction::LowerIsBetter, price);
    let draws: BTreeSet<_> = laboratory.asked.keys().map(|request| (&request.parameters, &request.images)).collect();
    assert_eq!((draws.len(), laboratory.asked.len()), (2, 20));
}

#[test]
fn undefined_scores_lose_and_ties_go_to_the_first() {
    fn half_undefined(request: &Request) -> Reading {
        let cheap = total_cost(&request.subspace) < 9.0;
        if cheap { Reading::undefined("it is cheap") } else { Reading::Value(1.0) }
    }
    let (found, laboratory) = run(Settings::none().with("samples", 30), Direction::HigherIsBetter, half_undefined);
    let defined: Vec<bool> = laboratory.steps.iter().map(|step| step.readings[0].1.value().is_some()).collect();
    assert!(defined.contains(&true) && defined.contains(&false));
    let first = laboratory.steps.iter().find(|step| step.readings[0].1.value().is_some()).unwrap();
    assert_eq!(found.unwrap(), first.before);
    assert_eq!((laboratory.steps[29].title.as_str(), &laboratory.steps[29].after), ("sample 30", &first.before));
}

#[test]
fn a_search_that_cannot_succeed_says_why() {
    fn never(_: &Request) -> Reading {
        Reading::undefined("the batch is constant")
    }
    let refuse = |settings: Settings, answer: Answer| run(settings, Direction::LowerIsBetter, answer).0.unwrap_err();
    let registry = Registry::<dyn SearchStrategy>::collect().unwrap();
    let messages = [
        refuse(Settings::none().with("samples", 4097), price),
        refuse(Settings::none().with("exclude", json!(["convolution"])), price),
        refuse(Settings::none(), never),
        registry.build("random", &Settings::none().with("samples", 0)).err().unwrap().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    `samples`: 4097 different architectures were asked for, but the space holds only 4096
    `exclude`: the space has no operator `convolution`; known: none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3
    none of the 10 architectures has a score by ntk-condition; the first is undefined, because the batch is constant
    strategy `random`: `samples`: must be a whole number from 1 to 10000000, is 0
    ");
}

#[test]
fn the_protocol_says_how_many_of_what() {
    let random = random(&Settings::none().with("proxy", "synflow"));
    insta::assert_snapshot!(random.protocol(), @"random: best by synflow of 10 architectures of every operator but none");
    assert_eq!(random.proxies()[0].proxy, "synflow");
}
