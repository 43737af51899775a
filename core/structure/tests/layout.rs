//! Layouts as they are written, and the wiring of cells.

#![allow(clippy::unwrap_used)]

use assay_structure::subspace::{CellLayout, Choice, Edge, Extent, Layout, OperatorSet, Subspace, Wiring};

fn wiring(nodes: &[&str], edges: &[[usize; 2]], concatenated: &[usize]) -> Wiring {
    Wiring {
        nodes: nodes.iter().map(|name| (*name).to_owned()).collect(),
        edges: edges.iter().map(|[from, to]| Edge { from: *from, to: *to }).collect(),
        concatenated: concatenated.to_vec(),
    }
}

/// A cell of two inputs and two inner nodes that the output concatenates, whose second edge offers one operator less.
fn layout() -> Layout {
    let joined = wiring(&["a", "b", "0", "1", "out"], &[[0, 2], [1, 2], [0, 3], [2, 3]], &[2, 3]);
    let mut cell = CellLayout::uniform("normal", ["0<-0", "0<-1", "1<-0", "1<-2"], 3).wired(joined);
    cell.offers[1] = OperatorSet::first(2);
    Layout { zero: Some(0), ..Layout::new(["none", "skip", "conv"], vec![cell, CellLayout::uniform("reduce", ["layer 0"], 3)]) }
}

#[test]
fn a_layout_is_the_same_after_being_written_and_read() {
    let text = serde_json::to_string(&layout()).unwrap();
    insta::assert_snapshot!(text, @r#"{"operators":["none","skip","conv"],"zero":0,"cells":[{"kind":"normal","edges":["0<-0","0<-1","1<-0","1<-2"],"offers":["111","110","111","111"],"wiring":{"nodes":["a","b","0","1","out"],"edges":[{"from":0,"to":2},{"from":1,"to":2},{"from":0,"to":3},{"from":2,"to":3}],"concatenated":[2,3]}},{"kind":"reduce","edges":["layer 0"]}]}"#);
    assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout());
}

#[test]
fn a_layout_that_was_written_without_wiring_has_none() {
    let read: Layout =
        serde_json::from_str(r#"{"operators": ["skip", "1x1"], "cells": [{"kind": "network", "edges": ["1<-0"]}]}"#).unwrap();
    assert_eq!(read, Layout::new(["skip", "1x1"], vec![CellLayout::uniform("network", ["1<-0"], 2)]));
    assert_eq!((read.zero, read.cells[0].wiring.as_ref(), read.extent(0, &[OperatorSet::first(1)])), (None, None, None));
}

#[test]
fn a_layout_that_contradicts_itself_is_refused() {
    let text = serde_json::to_string(&layout()).unwrap();
    let refused = |from: &str, to: &str| {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        serde_json::from_str::<Layout>(&wrong).unwrap_err().to_string()
    };
    let messages = [
        refused(r#""zero":0"#, r#""zero":3"#),
        refused(r#""111","110""#, r#""110""#),
        refused(r#""0<-0","#, r#""0<-0","0<-0b","#),
        refused(r#"{"from":0,"to":2},"#, ""),
        refused(r#""to":2"#, r#""to":5"#),
        refused(r#""from":1,"to":2"#, r#""from":2,"to":2"#),
        refused(r#"[2,3]"#, r#"[2,4]"#),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    `zero` is the position of one of 3 operators, not 3
    `normal`: `offers` must have one mask of 3 operators for each of 4 edges
    `normal`: `offers` must have one mask of 3 operators for each of 5 edges
    `normal`: its wiring has 3 edges, but the layout has 4
    `normal`: its wiring has an edge from node 0 to node 5, but edges lead to later ones of its 5 nodes
    `normal`: its wiring has an edge from node 2 to node 2, but edges lead to later ones of its 5 nodes
    `normal`: its output concatenates node 4, which is not one of the 4 nodes before it
    ");
    let unknown = refused(r#""kind":"reduce""#, r#""kind":"reduce","colour":"red""#);
    assert!(unknown.starts_with("unknown field `colour`"), "{unknown}");
}

#[test]
#[should_panic(expected = "its wiring has 1 edges, but the layout has 2")]
fn a_cell_is_wired_by_as_many_edges_as_it_has() {
    let _ = CellLayout::uniform("cell", ["1<-0", "2<-0"], 2).wired(wiring(&["in", "out"], &[[0, 1]], &[]));
}

#[test]
fn a_layout_knows_which_choices_it_offers() {
    let layout = layout();
    let choice = |cell, edge, operator| Choice { cell, edge, operator };
    assert!(Subspace::whole(&layout).choices().all(|choice| layout.has(choice)));
    assert!(![choice(0, 1, 2), choice(0, 4, 0), choice(1, 0, 3), choice(2, 0, 0)].into_iter().any(|choice| layout.has(choice)));
    assert_eq!(layout.describe(choice(0, 3, 2)), "normal 1<-2 conv");
}

#[test]
fn layouts_whose_names_agree_may_differ_in_wiring() {
    let layout = layout();
    let mut other = Layout { zero: None, ..layout.clone() };
    other.cells[0].wiring = None;
    assert!(other.has_names_of(&layout) && layout.has_names_of(&other));
    other.cells[0].edges.swap(0, 1);
    assert!(!other.has_names_of(&layout));
}

#[test]
fn depth_counts_edges_and_width_the_inputs_of_live_nodes() {
    let layout = layout();
    let extent = |operators: [usize; 4]| {
        let kept = operators.map(|operator| OperatorSet::EMPTY.with(operator));
        layout.extent(0, &kept).unwrap()
    };
    // Input → 0 → 1 → out; node 0 reads inputs alone, node 1 one input and node 0.
    assert_eq!(extent([2, 1, 1, 2]), Extent { depth: 3, width: 1.5 });
    // Without the edge between the inner nodes.
    assert_eq!(extent([2, 1, 1, 0]), Extent { depth: 2, width: 2.0 });
    // Node 0 is zero, and so is what reads it.
    assert_eq!(extent([0, 0, 1, 2]), Extent { depth: 2, width: 1.0 });
    assert_eq!(extent([0; 4]), Extent { depth: 0, width: 0.0 });
    // An edge that keeps no operator carries zeros too.
    assert_eq!(layout.extent(0, &[OperatorSet::EMPTY; 4]), Some(extent([0; 4])));
}

#[test]
fn an_operator_is_reachable_where_a_path_of_others_leads_through_it_and_zeros_are_none() {
    let layout = layout();
    let wired = Layout { cells: vec![layout.cells[0].clone()], ..layout.clone() };
    let all_reachable = |operators: [usize; 4]| {
        let kept = operators.map(|operator| OperatorSet::EMPTY.with(operator)).to_vec();
        wired.all_reachable(&Subspace::new(&wired, vec![kept]))
    };
    assert_eq!(all_reachable([2, 1, 1, 2]), Some(true));
    // Nothing comes to node 0, which the last edge reads.
    assert_eq!(all_reachable([0, 0, 1, 2]), Some(false));
    assert_eq!(all_reachable([0; 4]), Some(true), "no operator is unreachable where all are zeros");
    assert_eq!(layout.all_reachable(&Subspace::whole(&layout)), None, "the second kind of cell has no wiring");
}
