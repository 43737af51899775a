//! Cells that grow block by block, judged by arithmetic.

use std::collections::BTreeSet;

use assay_core::plugin::{Request, SearchSpace, Settings, Step};
use assay_core::score::{Direction, Reading};
use assay_core::subspace::Subspace;
use assay_spaces::darts::{Darts, Inputs};
use serde_json::json;

use crate::fake_laboratory::FakeLaboratory;
use crate::fake_table::strategy;

const LABEL: &str = "accuracy_after_3_epochs";
/// What each operator adds to an accuracy, `none` nothing.
const WORTH: [f64; 8] = [0.0, 1.0, 2.0, 3.5, 6.0, 5.0, 4.0, 3.0];

/// The inputs of each node of the normal cell: operator and source. The sources stand behind the eight operators.
fn inputs(architecture: &Subspace) -> Vec<[(usize, usize); 2]> {
    let one = |kept: &[assay_core::subspace::OperatorSet]| (kept[0].iter().next().unwrap(), kept[1].iter().next().unwrap() - 8);
    architecture.cells()[0].chunks(4).map(|node| [one(&node[..2]), one(&node[2..])]).collect()
}

/// In per cent: each input of a block adds what its operator is worth, and more where it reads the cell's second input.
fn worth(architecture: &Subspace) -> f64 {
    let input = |(operator, source): &(usize, usize)| WORTH[*operator] + if *operator > 0 && *source == 1 { 1.5 } else { 0.0 };
    40.0 + inputs(architecture).iter().flatten().map(input).sum::<f64>()
}

fn blocks(architecture: &Subspace) -> usize {
    inputs(architecture).iter().filter(|[one, other]| one.0 + other.0 > 0).count()
}

fn searched(settings: Settings) -> (Subspace, Vec<Step>) {
    let answer = |request: &Request| Reading::Value(worth(&request.subspace));
    let space = Box::new(Darts::new().inputs(Inputs::Free));
    let mut laboratory =
        FakeLaboratory::of(space, &[(LABEL, Direction::HigherIsBetter, answer), ("fisher", Direction::HigherIsBetter, answer)]);
    let found = strategy("pnas", &settings).search(&mut laboratory).unwrap();
    (found, laboratory.steps)
}

fn settings() -> Settings {
    let small = Settings::none().with("blocks", 4).with("beam", 20).with("units", 12).with("passes", 20);
    small.with("oracle", json!({ "train": [3] }))
}

#[test]
fn cells_grow_block_by_block_to_nearly_the_best_of_all() {
    let (found, steps) = searched(settings());
    let levels: Vec<usize> = steps.iter().map(|step| blocks(&step.before)).collect();
    // All cells of one block of seven operators, then the beam.
    let expected: Vec<usize> = [(1, 105), (2, 20), (3, 20), (4, 20)].into_iter().flat_map(|(level, count)| vec![level; count]).collect();
    assert_eq!(levels, expected);
    let different: BTreeSet<&Subspace> = steps.iter().map(|step| &step.before).collect();
    assert_eq!(different.len(), steps.len(), "nothing is evaluated twice");
    for step in &steps {
        assert_eq!(step.before.cells()[0], step.before.cells()[1], "both kinds of cell are the same");
    }
    // Fifteen a block at the most.
    assert!(blocks(&found) == 4 && worth(&found) >= 94.0, "{} is {}", found, worth(&found));
    assert_eq!(searched(settings()), (found, steps), "equal seeds search equally");
}

#[test]
fn what_grows_was_evaluated_and_is_better_than_what_is_drawn() {
    let (_, steps) = searched(settings());
    let of = |level: usize| steps.iter().map(|step| &step.before).filter(move |one| blocks(one) == level).collect::<Vec<_>>();
    for level in 2..=4 {
        let parents: BTreeSet<Vec<_>> = of(level - 1).iter().map(|one| inputs(one)[..level - 1].to_vec()).collect();
        assert!(of(level).iter().all(|one| parents.contains(&inputs(one)[..level - 1])), "level {level}");
        let mean = |cells: &[&Subspace]| cells.iter().map(|one| worth(one)).sum::<f64>() / cells.len() as f64;
        // One more block of random inputs adds 8 on average.
        assert!(mean(&of(level)) > mean(&of(level - 1)) + 9.0, "level {level}: {} after {}", mean(&of(level)), mean(&of(level - 1)));
    }
}

#[test]
fn a_budget_ends_the_search_with_the_best_of_the_last_level_and_fewer_cells_may_begin() {
    let (found, steps) = searched(settings().with("first", 30).with("budget", json!({ "evaluations": 60 })));
    assert_eq!(steps.iter().map(|step| blocks(&step.before)).collect::<Vec<_>>(), [[1; 30].as_slice(), &[2; 20], &[3; 10]].concat());
    let last = steps[50..].iter().map(|step| worth(&step.before)).fold(0.0, f64::max);
    assert_eq!(worth(&found), last);
}

#[test]
fn a_proxy_is_learnt_by_ranks_and_operators_can_be_left_out() {
    let proxy = settings().with("oracle", json!({ "proxy": "fisher" })).with("exclude", json!(["sep_conv_3x3"]));
    let (found, steps) = searched(proxy);
    let excluded = Darts::new().inputs(Inputs::Free).layout().operator("sep_conv_3x3").unwrap();
    assert!(steps.iter().all(|step| step.before.choices().all(|choice| choice.operator != excluded)));
    // Six operators: 12 · 13 / 2 cells of one block. Thirteen a block at the most.
    assert_eq!(steps.len(), 78 + 60);
    assert!(worth(&found) >= 86.0, "{}", worth(&found));
}
