//! Networks whose architectures share weights.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use assay_core::engine::learner::{Part as LearnerPart, PartError};
use assay_core::graph::{Operator, ParameterRole, Shape};
use assay_core::plugin::supernet::{Kept, PerChoice, SharedForm, SharedNet};
use assay_core::plugin::{MacroNet, Part, Read, Reads, SearchSpace};
use assay_core::subspace::{Choice, Subspace};
use assay_spaces::darts::{Darts, Inputs, NetworkKind};
use assay_spaces::nas_bench_201::NasBench201;

fn form(cells: usize, last_affine: bool) -> SharedForm {
    let net = MacroNet { input: Shape::new(3, 16, 16), channels: 4, cells, classes: 10, part: Part::Classifier };
    SharedForm { net, last_affine }
}

/// Each space with a number of cells, and how many searched ones its network then has.
fn spaces() -> Vec<(Box<dyn SearchSpace>, usize, usize)> {
    vec![(Box::new(NasBench201::new()), 2, 6), (Box::new(Darts::new()), 4, 4)]
}

fn whole(space: &dyn SearchSpace, cells: usize) -> SharedNet {
    space.shared_net(Kept::Shared(&Subspace::whole(space.layout())), &form(cells, false)).unwrap()
}

/// One operator on every edge.
fn path(space: &dyn SearchSpace, seed: u128) -> Subspace {
    let whole = Subspace::whole(space.layout());
    whole.single_path((seed + 1) * 1_000_003_000_081 % whole.single_paths()).unwrap()
}

#[test]
fn every_path_is_a_part_of_the_whole_network_whose_sums_name_each_choice_of_each_cell() {
    for (space, cells, searched) in spaces() {
        let (space, layout) = (space.as_ref(), space.layout());
        let whole = whole(space, cells);
        assert_eq!(whole.cells, searched);
        let named: Vec<Choice> = whole.sums.iter().flat_map(|sum| sum.terms.iter().copied()).collect();
        let kinds: BTreeSet<usize> = named.iter().map(|choice| choice.cell).collect();
        assert_eq!(kinds.len(), layout.cells.len());
        assert_eq!(named.len(), searched * layout.cells[0].edges.len() * layout.operators.len());
        for sum in &whole.sums {
            assert_eq!(whole.graph.node(sum.node).inputs.len(), sum.terms.len());
        }
        for seed in 0..5 {
            let by_cell: Vec<Subspace> = (0..searched as u128).map(|cell| path(space, 10 * seed + cell)).collect();
            let path = space.shared_net(Kept::ByCell(&by_cell), &form(cells, false)).unwrap();
            LearnerPart::of(&whole.graph, path.graph.clone()).unwrap();
            assert!(path.sums.iter().flat_map(|sum| &sum.terms).count() == searched * layout.cells[0].edges.len());
        }
        let few = [path(space, 0)];
        assert!(space.shared_net(Kept::ByCell(&few), &form(cells, false)).is_err(), "as many as there are cells");
    }
}

#[test]
fn what_is_searched_has_no_parameters_but_convolutions_and_its_norms_are_named() {
    for (space, cells, _) in spaces() {
        let whole = whole(space.as_ref(), cells);
        for spec in whole.graph.parameters().iter().filter(|spec| spec.path.contains(".edges.")) {
            assert_eq!(spec.role, ParameterRole::Weight, "{}", spec.path);
        }
        for id in &whole.searched {
            let node = whole.graph.node(*id);
            assert!(matches!(node.operator, Operator::BatchNorm { affine: false, .. }), "{}", node.name);
        }
        assert!(!whole.searched.is_empty());
    }
    // The one behind the last cell of NAS-Bench-201 has γ and β, and running statistics, in one of the codes.
    let space = NasBench201::new();
    let all = Subspace::whole(space.layout());
    let net = space.shared_net(Kept::Shared(&all), &form(1, true)).unwrap();
    let last = net.graph.find("lastact.bn").unwrap();
    assert!(!net.searched.contains(&last) && whole(&space, 1).searched.contains(&whole(&space, 1).graph.find("lastact.bn").unwrap()));
    let stranger = LearnerPart::of(&whole(&space, 1).graph, net.graph);
    assert_eq!(stranger, Err(PartError::Parameter("lastact.bn.weight".into())));
}

#[test]
fn the_strongest_cell_of_darts_has_two_edges_a_node_and_never_none() {
    let space = Darts::new();
    let layout = space.layout();
    let mut numbers = PerChoice::filled(layout, 0.1);
    // `none` is strongest everywhere, which counts for nothing.
    let none = layout.zero.unwrap();
    for (cell, kind) in layout.cells.iter().enumerate() {
        for edge in 0..kind.edges.len() {
            *numbers.at_mut(Choice { cell, edge, operator: none }) = 1.0;
        }
    }
    let skip = layout.operator("skip_connect").unwrap();
    // The last edge of the last node, of five, beats the others, of which the first of equals stays.
    *numbers.at_mut(Choice { cell: 0, edge: 13, operator: skip }) = 0.2;
    let found = space.strongest(&numbers);
    assert!(space.is_architecture(&found));
    assert_eq!(found.kept(0, 13).iter().collect::<Vec<_>>(), [skip]);
    let kept: Vec<usize> = (9..14).filter(|edge| !found.kept(0, *edge).is_empty()).collect();
    assert_eq!(kept, [9, 13]);
}

#[test]
fn what_both_inputs_of_a_node_read_counts_twice_and_a_node_that_reads_nothing_is_zero() {
    let space = Darts::new().inputs(Inputs::Free);
    assert_eq!(space.reads(), Some(Reads { nodes: 4, operators: 8 }));
    assert_eq!(Darts::new().reads(), None);
    let read = |source: usize, name: &str| Read { source, operator: space.layout().operator(name).unwrap() };
    // The second node reads the later node first: what is kept is in ascending order.
    let nodes = vec![[read(1, "sep_conv_3x3"); 2], [read(2, "none"), read(0, "skip_connect")]];
    let of_two = space.of_reads(&[nodes.clone(), nodes.clone()]).unwrap();
    let net = space.shared_net(Kept::Shared(&of_two), &form(1, false)).unwrap();
    let weights = |node: &str| match &net.graph.node(net.graph.find(node).unwrap()).operator {
        Operator::WeightedSum { weights } => weights.clone(),
        other => panic!("{node} is {other:?}"),
    };
    assert_eq!([weights("cells.0.nodes.0"), weights("cells.0.nodes.1")], [vec![2.0], vec![1.0, 1.0]]);
    for node in ["cells.0.nodes.2", "cells.0.nodes.3"] {
        assert!(matches!(net.graph.node(net.graph.find(node).unwrap()).operator, Operator::Zero { stride: 1 }));
    }
    assert!(net.sums.is_empty(), "nothing here is an edge's operator");
    assert!(!space.is_architecture(&of_two));
    let four = [nodes.clone(), nodes].concat();
    let all = space.of_reads(&[four.clone(), four]).unwrap();
    assert!(space.is_architecture(&all));
    assert!(
        space
            .write(&all)
            .unwrap()
            .starts_with("Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('none', 2)")
    );
    let whole = space.shared_net(Kept::Shared(&Subspace::whole(space.layout())), &form(1, false)).unwrap();
    LearnerPart::of(&whole.graph, net.graph).unwrap();
    // Of other numbers of cells, of nodes that come later, of operators that are not there.
    let none = [vec![], vec![[read(0, "none"), read(2, "none")]], vec![[Read { source: 0, operator: 8 }; 2]]];
    assert!(none.iter().all(|cell| space.of_reads(&[cell.clone(), cell.clone(), vec![]]).is_none()));
    assert!(none[1..].iter().all(|cell| space.of_reads(&[cell.clone(), cell.clone()]).is_none()));
}

#[test]
fn what_shares_no_weights_says_so() {
    let said = |space: &dyn SearchSpace| {
        space.shared_net(Kept::Shared(&Subspace::whole(space.layout())), &form(2, false)).unwrap_err().to_string()
    };
    let messages = [said(&Darts::new().network(NetworkKind::TeNas)), said(&assay_spaces::nas_bench_101::NasBench101::new())];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    TE-NAS's network shares no weights; set network = "cifar" or "imagenet"
    architectures of this space cannot share weights; those of nas-bench-201, darts, nas-bench-macro and nats-bench-size can
    "#);
}
