//! Every space gives an architecture back the number that it was drawn by.

#![allow(clippy::unwrap_used)]

use assay_core::plugin::{Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_spaces as _;
use proptest::prelude::*;

/// Every space that comes with Assay but that of files, which has none of its own, and DARTS also with free inputs.
fn spaces() -> Vec<Box<dyn SearchSpace>> {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    let names = registry.iter().map(|entry| entry.name).filter(|name| *name != "files");
    let mut spaces: Vec<_> = names.map(|name| registry.build(name, &Settings::none()).unwrap()).collect();
    assert!(spaces.len() >= 7);
    spaces.push(registry.build("darts", &Settings::none().with("inputs", "free")).unwrap());
    spaces
}

#[test]
fn the_architectures_of_a_small_space_are_counted_from_0() {
    let registry = Registry::<dyn SearchSpace>::collect().unwrap();
    for (name, count) in
        [("nas-bench-201", 15_625), ("nas-bench-macro", 6_561), ("nats-bench-size", 32_768), ("transnas-bench-101-micro", 4_096)]
    {
        let space = registry.build(name, &Settings::none()).unwrap();
        let whole = Subspace::whole(space.layout());
        assert_eq!(space.numbers(&whole), count);
        for number in 0..count {
            let architecture = space.architecture(&whole, number).unwrap();
            assert_eq!(space.number(&architecture), Some(number), "{architecture}");
        }
    }
}

#[test]
fn what_is_not_an_architecture_of_the_space_has_no_number() {
    for space in spaces() {
        let layout = space.layout();
        let whole = Subspace::whole(layout);
        let foreign = Subspace::try_from(String::from("011.101")).unwrap();
        let architecture = draw_architectures(space.as_ref(), &whole, 1, &Stream::new(0, "architecture")).remove(0);
        let lacking = architecture.without(architecture.choices().next().unwrap());
        for subspace in [&whole, &Subspace::empty(layout), &foreign, &lacking] {
            assert_eq!(space.number(subspace), None, "{subspace}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_architecture_has_the_number_that_it_was_drawn_by(seed: u64) {
        for space in spaces() {
            let whole = Subspace::whole(space.layout());
            for architecture in draw_architectures(space.as_ref(), &whole, 3, &Stream::new(seed, "architectures")) {
                let number = space.number(&architecture).unwrap();
                prop_assert!(number < space.numbers(&whole));
                prop_assert_eq!(space.architecture(&whole, number), Some(architecture));
            }
        }
    }

    #[test]
    fn a_single_path_has_its_number_in_the_subspace_that_contains_it(masks in prop::collection::vec(1_u8..32, 1..7), seed: u64) {
        let text: Vec<String> = masks.iter().map(|mask| format!("{mask:05b}")).collect();
        let subspace = Subspace::try_from(text.join(".")).unwrap();
        let number = u128::from(seed) % subspace.single_paths();
        let path = subspace.single_path(number).unwrap();
        prop_assert_eq!(subspace.number_of(&path), Some(number));
        // A path through an operator that the subspace does not keep has none.
        let others = subspace.without(path.choices().next().unwrap());
        prop_assert_eq!(others.number_of(&path), None);
    }
}
