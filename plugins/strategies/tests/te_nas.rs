//! TE-NAS against a laboratory whose best architecture is known.
#![allow(clippy::unwrap_used)]

mod fake_laboratory;

use std::collections::BTreeSet;

use assay_core::plugin::{Registry, Request, SearchSpace, SearchStrategy, Settings};
use assay_core::score::{Direction, Reading};
use assay_core::stream::Stream;
use assay_core::subspace::{Choice, Subspace};
use assay_spaces::darts::Darts;
use assay_spaces::nas_bench_201::NasBench201;
use assay_strategies::te_nas::TeNas;
use fake_laboratory::{Answer, FakeLaboratory, cheapest, cost, total_cost};
use proptest::prelude::*;
use rand::RngExt;
use serde_json::json;

/// κ grows with the cost, the regions fall with it.
fn agreeing(request: &Request) -> Reading {
    let cost = total_cost(&request.subspace);
    Reading::Value(if request.label == "ntk" { 100.0 * cost } else { 1000.0 - 50.0 * cost })
}

fn laboratory(kernel: Answer, regions: Answer) -> FakeLaboratory {
    FakeLaboratory::new(&[("ntk", Direction::LowerIsBetter, kernel), ("regions", Direction::HigherIsBetter, regions)])
}

fn agreeing_laboratory() -> FakeLaboratory {
    laboratory(agreeing, agreeing)
}

fn te_nas(settings: Settings) -> TeNas {
    TeNas::new(settings.read().unwrap()).unwrap()
}

fn whole() -> Subspace {
    Subspace::whole(NasBench201::new().layout())
}

#[test]
fn pruning_finds_the_best_architecture_where_edges_do_not_interact() {
    for pairing in ["common", "independent"] {
        for (variant, allowed) in [("code", whole().without_operator(0)), ("paper", whole())] {
            let mut laboratory = agreeing_laboratory();
            let settings = Settings::none().with("variant", variant).with("pairing", pairing);
            let found = te_nas(settings).search(&mut laboratory).unwrap();
            assert_eq!(found, cheapest(&allowed), "{variant}, {pairing}");
        }
    }
}

#[test]
fn every_measurement_is_expected_before_it_is_asked_for() {
    for variant in ["code", "paper"] {
        for pairing in ["common", "independent"] {
            for prune_number in [1, 2, 9] {
                let mut laboratory = agreeing_laboratory();
                let settings = Settings::none()
                    .with("variant", variant)
                    .with("pairing", pairing)
                    .with("prune_number", prune_number)
                    .with("repeats", 2);
                te_nas(settings).search(&mut laboratory).unwrap();
                for (expected, before) in &laboratory.expected {
                    assert_eq!(before + expected, laboratory.asked.len(), "{variant}, {pairing}, {prune_number}");
                }
            }
        }
    }
}

#[test]
fn common_pairing_measures_the_unpruned_network_once_a_repeat_round_and_proxy() {
    let mut laboratory = agreeing_laboratory();
    te_nas(Settings::none()).search(&mut laboratory).unwrap();
    assert_eq!(laboratory.steps.len(), 3);
    for step in &laboratory.steps {
        for proxy in ["ntk", "regions"] {
            let measured = laboratory.asked.keys().filter(|request| request.label == proxy && request.subspace == step.before);
            let of_round = measured.filter(|request| request.images.contains(&format!("/{}/", step.title)));
            assert_eq!(of_round.count(), 3, "{proxy}, {}", step.title);
        }
    }
    // 24, 18 and 12 candidates and the unpruned network, 3 repeats, 2 proxies.
    assert_eq!(laboratory.asked.len(), (25 + 19 + 13) * 3 * 2);
}

/// The regions prefer the dearest operators, κ the cheapest.
fn quarrelling(request: &Request) -> Reading {
    let cost = total_cost(&request.subspace);
    Reading::Value(if request.label == "ntk" { 100.0 * cost } else { 1000.0 + 50.0 * cost })
}

#[test]
fn one_indicator_alone_is_the_only_one_that_is_measured_and_decides() {
    let allowed = whole().without_operator(0);
    let alone = |indicator: &str| {
        let mut laboratory = laboratory(quarrelling, quarrelling);
        let found = te_nas(Settings::none().with("indicators", json!([indicator]))).search(&mut laboratory).unwrap();
        let measured: BTreeSet<String> = laboratory.asked.keys().map(|request| request.label.clone()).collect();
        assert_eq!(laboratory.expected[0], (laboratory.asked.len(), 0), "{indicator}");
        (found, measured)
    };
    let (by_kappa, measured) = alone("ntk-condition");
    assert_eq!(by_kappa, cheapest(&allowed));
    assert_eq!(measured, BTreeSet::from(["ntk".to_owned()]));
    let (by_regions, measured) = alone("linear-regions");
    assert_ne!(by_regions, by_kappa);
    assert!(
        by_regions
            .choices()
            .all(|choice| allowed.kept(0, choice.edge).iter().all(|operator| cost(Choice { operator, ..choice }) <= cost(choice)))
    );
    assert_eq!(measured, BTreeSet::from(["regions".to_owned()]));
}

#[test]
fn every_combination_finds_the_best_where_the_indicators_agree() {
    for combination in ["rank-sum", "minimum", "maximum", "numeric-sum"] {
        let found = te_nas(Settings::none().with("combination", combination)).search(&mut agreeing_laboratory()).unwrap();
        assert_eq!(found, cheapest(&whole().without_operator(0)), "{combination}");
    }
}

#[test]
fn draws_are_shared_as_the_variant_and_the_pairing_say() {
    let different = |variant: &str, pairing: &str, proxy: &str| {
        let mut laboratory = agreeing_laboratory();
        let settings = Settings::none().with("variant", variant).with("pairing", pairing).with("exclude", json!(["none"]));
        te_nas(settings).search(&mut laboratory).unwrap();
        let of_proxy = || laboratory.asked.keys().filter(|request| request.label == proxy);
        let weights: BTreeSet<&str> = of_proxy().map(|request| request.parameters.as_str()).collect();
        let images: BTreeSet<&str> = of_proxy().map(|request| request.images.as_str()).collect();
        (weights.len(), images.len())
    };
    let (rounds, candidates, repeats) = (3, 24 + 18 + 12, 3);
    assert_eq!(different("code", "independent", "ntk"), (rounds, candidates * repeats));
    assert_eq!(different("code", "independent", "regions"), (candidates, candidates * repeats));
    assert_eq!(different("paper", "independent", "ntk"), (candidates * repeats, candidates * repeats));
    assert_eq!(different("paper", "independent", "regions"), (candidates * repeats, candidates * repeats));
    assert_eq!(different("code", "common", "ntk"), (rounds, rounds * repeats));
    assert_eq!(different("code", "common", "regions"), (rounds, rounds * repeats));
    assert_eq!(different("paper", "common", "ntk"), (rounds * repeats, rounds * repeats));
}

#[test]
fn a_pair_of_readings_sees_the_same_weights_and_images() {
    let mut laboratory = agreeing_laboratory();
    te_nas(Settings::none().with("pairing", "independent")).search(&mut laboratory).unwrap();
    let draws = |request: &Request| (request.label.clone(), request.parameters.clone(), request.images.clone());
    let mut sharers = std::collections::BTreeMap::<_, usize>::new();
    laboratory.asked.keys().for_each(|request| *sharers.entry(draws(request)).or_default() += 1);
    assert!(sharers.values().all(|sharers| *sharers == 2));
}

#[test]
fn the_trajectory_holds_every_candidate_with_its_change_and_rank() {
    let mut laboratory = agreeing_laboratory();
    te_nas(Settings::none()).search(&mut laboratory).unwrap();
    let step = &laboratory.steps[0];
    assert_eq!((step.title.as_str(), step.candidates.len()), ("round 1", 24));
    let kappa = 100.0 * total_cost(&step.before);
    let (label, Reading::Value(reading)) = &step.readings[0] else { panic!("κ of the unpruned network is defined") };
    assert_eq!(label, "ntk");
    assert!((reading - kappa).abs() < 1e-9 * kappa);

    for candidate in &step.candidates {
        let pruned = 100.0 * total_cost(&step.before.without(candidate.choice));
        let Reading::Value(change) = candidate.indicators[0].1 else { panic!("the change is defined") };
        assert!((change - (kappa - pruned) / kappa).abs() <= 0.0005 + 1e-12);
        assert_eq!(step.after.contains(candidate.choice), !candidate.removed);
    }
    let removed: Vec<_> = step.candidates.iter().filter(|candidate| candidate.removed).collect();
    assert_eq!(removed.iter().map(|candidate| candidate.choice.edge).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    let rank = |edge: usize| step.candidates.iter().filter(move |c| c.choice.edge == edge).map(|c| c.indicators[0].2 + c.indicators[1].2);
    assert!(removed.iter().all(|c| rank(c.choice.edge).min() == Some(c.indicators[0].2 + c.indicators[1].2)));
}

fn undefined(_: &Request) -> Reading {
    Reading::undefined("the Gram matrix is singular")
}

#[test]
fn where_no_kappa_is_defined_the_regions_decide_and_the_trajectory_says_so() {
    let mut laboratory = laboratory(undefined, agreeing);
    let found = te_nas(Settings::none()).search(&mut laboratory).unwrap();
    assert_eq!(found, cheapest(&whole().without_operator(0)));
    let titles: Vec<&str> = laboratory.steps.iter().map(|step| step.title.as_str()).collect();
    insta::assert_snapshot!(titles.join("\n"), @r"
    round 1, without ntk, whose every change is undefined
    round 2, without ntk, whose every change is undefined
    round 3, without ntk, whose every change is undefined
    ");
    let indicator = &laboratory.steps[0].candidates[0].indicators[0];
    assert_eq!(indicator, &("ntk".to_owned(), Reading::undefined("the Gram matrix is singular"), 0));
}

#[test]
fn an_operator_whose_removal_cannot_be_measured_is_not_the_one_to_go() {
    // Without the dearest operator of an edge κ does not exist, so TE-NAS removes the second dearest first.
    fn fragile(request: &Request) -> Reading {
        let lost_dearest = request.subspace.cells()[0].iter().zip(0..).any(|(kept, edge)| {
            let all = whole().without_operator(0);
            let dearest = all.kept(0, edge).iter().max_by(|a, b| price(edge, *a).total_cmp(&price(edge, *b)));
            kept.len() == 3 && !kept.contains(dearest.unwrap())
        });
        if lost_dearest { undefined(request) } else { agreeing(request) }
    }
    fn price(edge: usize, operator: usize) -> f64 {
        fake_laboratory::cost(assay_core::subspace::Choice { cell: 0, edge, operator })
    }
    fn indifferent(_: &Request) -> Reading {
        Reading::Value(500.0)
    }
    let mut laboratory = laboratory(fragile, indifferent);
    te_nas(Settings::none()).search(&mut laboratory).unwrap();
    for candidate in laboratory.steps[0].candidates.iter().filter(|candidate| candidate.removed) {
        let edge = candidate.choice.edge;
        let mut prices: Vec<f64> = (1..5).map(|operator| price(edge, operator)).collect();
        prices.sort_by(f64::total_cmp);
        assert_eq!(price(edge, candidate.choice.operator), prices[2], "edge {edge}");
    }
}

#[test]
fn a_search_that_nothing_can_decide_or_that_has_nothing_to_search_says_so() {
    let refuse = |settings: Settings, answer: Answer| te_nas(settings).search(&mut laboratory(answer, answer)).unwrap_err().to_string();
    let messages = [
        refuse(Settings::none(), undefined),
        refuse(Settings::none().with("exclude", json!(["nor_conv"])), agreeing),
        refuse(Settings::none().with("exclude", json!(NasBench201::new().layout().operators)), agreeing),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    round 1 cannot be decided: no proxy's change is defined for any removal; the first is undefined, because the Gram matrix is singular
    `exclude`: the space has no operator `nor_conv`; did you mean `nor_conv_1x1`? Known: none, skip_connect, nor_conv_1x1, nor_conv_3x3, avg_pool_3x3
    `exclude` names every operator of the space, so nothing is left to search
    "#);
}

#[test]
fn settings_are_checked_against_what_te_nas_declares() {
    let registry = Registry::<dyn SearchStrategy>::collect().unwrap();
    let refuse = |settings: Settings| match registry.build("te-nas", &settings) {
        Ok(_) => panic!("accepted {settings:?}"),
        Err(error) => error.to_string(),
    };
    let messages = [
        refuse(Settings::none().with("variant", "thesis")),
        refuse(Settings::none().with("repeats", 0)),
        refuse(Settings::none().with("initialiser", "uniform-fan-in")),
        refuse(Settings::none().with("exclude", "none")),
        refuse(Settings::none().with("indicators", json!(["kappa"]))),
        refuse(Settings::none().with("indicators", json!([]))),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    strategy `te-nas`: `variant`: must be one of "code", "paper", is "thesis"
    strategy `te-nas`: `repeats`: must be a whole number from 1 to 10000, is 0
    strategy `te-nas`: `initialiser`: no such setting
    strategy `te-nas`: `exclude`: must be a list of texts, is "none"
    strategy `te-nas`: `indicators`: `kappa` is not an indicator of te-nas; they are ntk-condition and linear-regions
    strategy `te-nas`: `indicators`: names none; write one or both of ntk-condition and linear-regions
    "#);
}

#[test]
fn no_declared_setting_is_ignored() {
    let changed = json!({
        "variant": "paper", "pairing": "independent", "repeats": 2, "batch": 8, "channels": 4, "region_channels": 2, "crops": 70,
        "crop_batch": 35, "crop_size": 5, "ntk_initialiser": "kaiming-normal-fan-in", "region_initialiser": "kaiming-normal-fan-out",
        "precision": "f64", "rounding": 4, "difference": "absolute", "exclude": [], "prune_number": 2, "augment": "none",
        "indicators": ["linear-regions"], "combination": "maximum",
    });
    let registry = Registry::<dyn SearchStrategy>::collect().unwrap();
    let declared: BTreeSet<&str> = registry.find("te-nas").unwrap().settings.iter().map(|setting| setting.name).collect();
    assert_eq!(declared, changed.as_object().unwrap().keys().map(String::as_str).collect());
    for (key, value) in changed.as_object().unwrap() {
        let settings = Settings::none().with(key, value.clone());
        assert!(registry.build("te-nas", &settings).is_ok(), "{key}");
        assert_ne!(format!("{:?}", te_nas(settings)), format!("{:?}", te_nas(Settings::none())), "{key}");
    }
}

#[test]
fn each_variant_asks_for_its_own_measurements() {
    let described = |variant: &str| {
        let strategy = te_nas(Settings::none().with("variant", variant));
        let uses: Vec<String> = strategy
            .proxies()
            .iter()
            .map(|each| format!("{} = {} {}", each.label, each.proxy, serde_json::to_string(&each.settings).unwrap()))
            .collect();
        format!("{}\n{}", strategy.protocol(), uses.join("\n"))
    };
    insta::assert_snapshot!(format!("{}\n{}", described("code"), described("paper")), @r#"
    te-nas (code): every operator but none, 1 removed an edge and round, 3 repeats with common draws, relative changes to 3 decimals sorted by 3 significant figures
    ntk = ntk-condition {"augmentation":"flip-and-crop","batch":72,"channels":3,"initialiser":"uniform-fan-in","precision":"f32"}
    regions = linear-regions {"channels":1,"crop_batch":1000,"crop_size":3,"crops":3000,"initialiser":"uniform-fan-in"}
    te-nas (paper): every operator, 1 removed an edge and round, 3 repeats with common draws, absolute changes sorted by 3 significant figures
    ntk = ntk-condition {"augmentation":"flip-and-crop","batch":32,"channels":3,"initialiser":"kaiming-normal-fan-out","precision":"f32"}
    regions = linear-regions {"channels":1,"crop_batch":1000,"crop_size":3,"crops":5000,"initialiser":"kaiming-normal-fan-in"}
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_read_every_round_shortens_every_edge_alike(repeats in 1_usize..9, prune_number in 1_usize..6) {
        // Noise that depends on nothing but the request: few values, so ties; some zero, some undefined.
        fn noise(request: &Request) -> Reading {
            let key = serde_json::to_string(request).unwrap();
            match Stream::new(0, "noise").child(key).rng().random_range(0..12_u32) {
                0 => Reading::undefined("of bad luck"),
                value => Reading::Value(f64::from(value) - 3.0),
            }
        }
        fn count(request: &Request) -> Reading {
            Reading::Value(1.0 + Stream::new(1, "noise").child(serde_json::to_string(request).unwrap()).rng().random_range(0..4_u32) as f64)
        }
        let mut laboratory = laboratory(noise, count);
        let settings = Settings::none().with("prune_number", prune_number).with("pairing", "independent").with("repeats", repeats);
        let found = te_nas(settings).search(&mut laboratory).unwrap();
        prop_assert!(found.is_single_path());
        for step in &laboratory.steps {
            let lost = |edge: usize| step.before.kept(0, edge).len() - step.after.kept(0, edge).len();
            let expected = prune_number.min(step.before.kept(0, 0).len() - 1);
            prop_assert!((0..6).all(|edge| lost(edge) == expected));
        }
    }
}

#[test]
fn in_the_darts_space_every_node_keeps_its_two_best_edges() {
    for (pairing, prune_number) in [("common", 1), ("common", 3), ("independent", 2)] {
        let space = Darts::new();
        let layout = space.layout().clone();
        let mut laboratory = FakeLaboratory::of(
            Box::new(Darts::new()),
            &[("ntk", Direction::LowerIsBetter, agreeing), ("regions", Direction::HigherIsBetter, agreeing)],
        );
        // So many figures that no two candidates are rounded to one.
        let settings = Settings::none().with("pairing", pairing).with("prune_number", prune_number).with("repeats", 1).with("rounding", 9);
        let found = te_nas(settings).search(&mut laboratory).unwrap();
        assert!(space.is_architecture(&found));

        // The cheapest operator of every edge; of every node, the two cheapest edges.
        let mut expected = cheapest(&Subspace::whole(&layout).without_operator(layout.zero.unwrap()));
        for (cell, layout) in layout.cells.iter().enumerate() {
            let wiring = layout.wiring.as_ref().unwrap();
            for node in &wiring.concatenated {
                let into = (0..layout.edges.len()).filter(|edge| wiring.edges[*edge].to == *node);
                let mut choices: Vec<Choice> =
                    into.map(|edge| expected.choices().find(|own| (own.cell, own.edge) == (cell, edge)).unwrap()).collect();
                choices.sort_by(|one, other| cost(*one).total_cmp(&cost(*other)));
                expected = choices[2..].iter().fold(expected, |state, choice| state.without(*choice));
            }
        }
        assert_eq!(found, expected, "{pairing}, {prune_number}");
        for (expected, before) in &laboratory.expected {
            assert_eq!(before + expected, laboratory.asked.len(), "{pairing}, {prune_number}");
        }
        // Nodes 1 to 3 of both cells have more than two edges.
        let thinned: Vec<&str> = laboratory.steps.iter().rev().take(6).map(|step| step.title.as_str()).collect();
        assert!(thinned.iter().all(|title| title.contains(": edges ")), "{thinned:?}");
        assert!(thinned[5].ends_with("edges 1<-0 to 1<-2 of normal"), "{thinned:?}");
    }
}
