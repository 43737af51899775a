//! The pruning rule against recorded decisions of the released TE-NAS code.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use assay_core::plugin::SearchSpace;
use assay_core::score::{Direction, Reading};
use assay_core::subspace::{Choice, Layout, OperatorSet, Subspace};
use assay_oracles::OracleFile;
use assay_spaces::darts::Darts;
use assay_spaces::nas_bench_201::NasBench201;
use assay_strategies::te_nas::decision::{Combination, Difference, Indicator, Pair, PruningRule, Ranking};
use assay_strategies::te_nas::edge_groups;
use serde::Deserialize;

type Mask = Vec<Vec<Vec<u8>>>;

#[derive(Deserialize)]
struct Search {
    space: String,
    prune_number: usize,
    precision: usize,
    repeat: usize,
    style: String,
    genotype: String,
    rounds: Vec<Round>,
}

#[derive(Deserialize)]
struct Round {
    stage: String,
    mask_before: Mask,
    kappa_pairs: Vec<[f64; 2]>,
    region_pairs: Vec<[f64; 2]>,
    #[serde(default)]
    pruned: Vec<Vec<[usize; 3]>>,
    mask_after: Mask,
}

/// The searches of every `tenas_prune_decisions*` in `space`.
fn searches(space: &str) -> Vec<Search> {
    let folder = assay_oracles::folder();
    let files = OracleFile::listed(&folder, "tenas_prune_decisions").unwrap();
    let read = |file: PathBuf| -> Vec<Search> { serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap() };
    let found: Vec<Search> = files.into_iter().flat_map(read).filter(|search| search.space == space).collect();
    assert!(!found.is_empty(), "no search of {space} in {}", folder.display());
    found
}

fn darts_layout() -> Layout {
    Darts::new().layout().clone()
}

fn subspace(layout: &Layout, mask: &Mask) -> Subspace {
    let edge = |edge: &Vec<u8>| -> OperatorSet { (0..edge.len()).filter(|operator| edge[*operator] == 1).collect() };
    Subspace::new(layout, mask.iter().map(|cell| cell.iter().map(edge).collect()).collect())
}

fn indicator(direction: Direction, pairs: &[[f64; 2]], repeats: usize) -> Indicator {
    let pair = |[before, after]: &[f64; 2]| Pair { before: Reading::Value(*before), after: Reading::Value(*after) };
    Indicator { direction, pairs: pairs.chunks(repeats).map(|repeats| repeats.iter().map(pair).collect()).collect() }
}

fn rule(search: &Search) -> PruningRule {
    let (rounding, prune_number) = (search.precision, search.prune_number);
    PruningRule { difference: Difference::Relative, combination: Combination::RankSum, rounding, prune_number }
}

/// The rankings of the pairs in `range`.
fn rankings(search: &Search, round: &Round, range: std::ops::Range<usize>) -> [Ranking; 2] {
    let range = range.start * search.repeat..range.end * search.repeat;
    [
        rule(search).rank(&indicator(Direction::LowerIsBetter, &round.kappa_pairs[range.clone()], search.repeat)),
        rule(search).rank(&indicator(Direction::HigherIsBetter, &round.region_pairs[range], search.repeat)),
    ]
}

/// Checks one pruning round and returns the state after it.
fn check_round(layout: &Layout, search: &Search, round: &Round) -> Subspace {
    let before = subspace(layout, &round.mask_before);
    let candidates: Vec<Choice> = before.choices().filter(|choice| before.kept(choice.cell, choice.edge).len() > 1).collect();
    assert_eq!(candidates.len() * search.repeat, round.kappa_pairs.len(), "{}: candidates of {before}", search.style);
    let removed = rule(search).prune(&before, &candidates, &rankings(search, round, 0..candidates.len()));
    let as_recorded = |group: &Vec<Choice>| group.iter().map(|choice| [choice.cell, choice.edge, choice.operator]).collect::<Vec<_>>();
    assert_eq!(removed.iter().map(as_recorded).collect::<Vec<_>>(), round.pruned, "{}: pruned from {before}", search.style);
    let after = removed.iter().flatten().fold(before, |state, choice| state.without(*choice));
    assert_eq!(after, subspace(layout, &round.mask_after), "{}: mask after", search.style);
    after
}

/// Checks DARTS's last stage.
fn check_edge_groups(layout: &Layout, search: &Search, round: &Round) {
    let mut state = subspace(layout, &round.mask_before);
    let mut first = 0;
    for (cell, kind) in layout.cells.iter().enumerate() {
        for group in edge_groups::groups(kind).into_iter().filter(edge_groups::is_scored) {
            let rankings = rankings(search, round, first..first + group.len());
            first += group.len();
            for edge in edge_groups::cleared(&group, Combination::RankSum, &rankings) {
                let kept = state.kept(cell, edge);
                state = kept.iter().fold(state, |state, operator| state.without(Choice { cell, edge, operator }));
            }
        }
    }
    assert_eq!(first * search.repeat, round.kappa_pairs.len(), "{}: edges of groups", search.style);
    assert_eq!(state, subspace(layout, &round.mask_after), "{}: mask after the edge groups", search.style);
}

#[test]
fn every_nas_bench_201_oracle_search_prunes_the_recorded_operators_to_the_recorded_cell() {
    let space = NasBench201::new();
    for search in searches("nas-bench-201") {
        let mut state = None;
        for round in &search.rounds {
            assert_eq!(round.stage, "prune");
            let before = subspace(space.layout(), &round.mask_before);
            assert!(state.is_none_or(|state| state == before), "{}: rounds follow each other", search.style);
            state = Some(check_round(space.layout(), &search, round));
        }
        assert_eq!(space.write(&state.unwrap()).unwrap(), search.genotype, "{}", search.style);
    }
}

#[test]
fn every_darts_oracle_search_prunes_the_recorded_operators_and_edges() {
    let layout = darts_layout();
    for search in searches("darts") {
        for round in &search.rounds {
            match round.stage.as_str() {
                "prune" => drop(check_round(&layout, &search, round)),
                "edge-groups" => check_edge_groups(&layout, &search, round),
                other => panic!("{}: unknown stage {other}", search.style),
            }
        }
    }
}
