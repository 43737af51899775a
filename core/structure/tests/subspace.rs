//! Subspaces count their single paths and name them by number.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use assay_structure::subspace::{CellLayout, Layout, Subspace};

fn layout() -> Layout {
    let cells = vec![CellLayout::uniform("normal", ["1<-0", "2<-0"], 3), CellLayout::uniform("reduce", ["1<-0"], 3)];
    Layout { zero: Some(0), ..Layout::new(["none", "skip", "conv"], cells) }
}

#[test]
fn every_single_path_has_a_number_and_no_two_share_one() {
    let pruned = Subspace::try_from("111.011/110".to_owned()).unwrap();
    let paths: Vec<Subspace> = (0..pruned.single_paths()).map(|number| pruned.single_path(number).unwrap()).collect();
    assert_eq!(paths.len(), 3 * 2 * 2);
    assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len());
    for path in &paths {
        assert!(path.is_single_path() && path.choices().all(|choice| pruned.contains(choice)), "{path}");
    }
    let numbers: Vec<u128> = paths.iter().map(|path| pruned.number_of(path).unwrap()).collect();
    assert_eq!(numbers, (0..12).collect::<Vec<_>>());
    assert_eq!([&paths[0], &paths[1], &paths[11]].map(ToString::to_string), ["100.010/100", "100.010/010", "001.001/010"]);
    assert_eq!(pruned.single_path(12), None);
}

#[test]
fn what_is_not_a_single_path_of_a_subspace_has_no_number_in_it() {
    let subspace = |mask: &str| Subspace::try_from(mask.to_owned()).unwrap();
    let pruned = subspace("111.011/110");
    assert_eq!(pruned.number_of(&subspace("010.001/010")), Some(7));
    // An operator that is not kept, several, none, other cells, other operators.
    for other in ["010.100/010", "011.001/010", "010.000/010", "010.001.010", "010.001", "0100.0010/0100"] {
        assert_eq!(pruned.number_of(&subspace(other)), None, "{other}");
    }
}

#[test]
fn nothing_is_left_of_an_empty_subspace() {
    let empty = Subspace::empty(&layout());
    assert!(empty.fits(&layout()));
    assert_eq!((empty.to_string().as_str(), empty.single_paths(), empty.single_path(0)), ("000.000/000", 0, None));
}
