//! What is in the pictures, by the elements of their drawings.

use assay_core::plugin::SearchSpace;
use assay_results::{Removal, Step};
use assay_spaces::darts::{Darts, Inputs};
use assay_spaces::nas_bench_101::NasBench101;
use assay_spaces::nas_bench_201::NasBench201;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use assay_spaces::nats_bench_size::NatsBenchSize;
use assay_structure::score::Reading;
use assay_structure::subspace::{Arrow, Choice, Layout, OperatorSet, SketchNode, Subspace};
use resvg::usvg::roxmltree::{Document, Node};

use super::*;

const GENOTYPE: &str = "Genotype(normal=[('dil_conv_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 2), \
    ('skip_connect', 0), ('dil_conv_5x5', 1), ('sep_conv_3x3', 1), ('sep_conv_5x5', 3)], normal_concat=range(2, 6), \
    reduce=[('sep_conv_5x5', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), ('sep_conv_3x3', 1), \
    ('sep_conv_3x3', 3), ('sep_conv_5x5', 2), ('sep_conv_3x3', 4)], reduce_concat=range(2, 6))";

fn drawn(space: &dyn SearchSpace, text: &str) -> String {
    architecture::draw(space.layout(), &space.sketch(&space.parse(text).unwrap()).unwrap()).standalone(&[])
}

fn of_class<'a>(document: &'a Document<'_>, class: &str) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).collect()
}

fn texts(document: &Document<'_>, class: &str) -> Vec<String> {
    of_class(document, class).iter().filter_map(|node| node.text().map(str::to_owned)).collect()
}

#[test]
fn a_genotype_is_two_cells_of_eight_operators_that_its_output_joins() {
    let svg = drawn(&Darts::new(), GENOTYPE);
    let document = Document::parse(&svg).unwrap();
    let operators = texts(&document, "operator-name");
    assert_eq!(operators.len(), 16);
    assert_eq!(operators.iter().filter(|name| *name == "sep_conv_5x5").count(), 7);
    assert_eq!(texts(&document, "node-name"), ["c_{k-2}", "c_{k-1}", "0", "1", "2", "3", "c_{k}"].repeat(2));
    assert!(texts(&document, "ink").ends_with(&["reduce cell".to_owned()]));
    // Each of 16 operators has a line to it and one from it, each of 8 inner nodes one to the output; those that end at a
    // node have an arrow.
    assert_eq!(of_class(&document, "edge").len(), 16 * 2 + 8 + 16 + 8);
}

#[test]
fn what_lets_nothing_through_is_dashed() {
    let svg = drawn(&NasBench201::default(), "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "operator-name").iter().filter(|name| *name == "none").count(), 2);
    let dashed = of_class(&document, "edge").iter().filter(|line| line.has_attribute("stroke-dasharray")).count();
    assert_eq!(dashed, 4, "a line to each `none` and one from it");
    assert_eq!(texts(&document, "node-name"), ["in", "1", "2", "out"]);
}

#[test]
fn pictures_are_the_same_to_the_last_byte() {
    let space = Darts::new();
    let paint = || architecture(space.layout(), &space.sketch(&space.parse(GENOTYPE).unwrap()).unwrap(), GENOTYPE).unwrap();
    let picture = paint();
    assert_eq!(picture, paint());
    assert!(!picture.svg.contains("<text"), "text depends on the reader's fonts");
}

/// For each kind of cell its nodes, those that are operators in brackets, and its arrows.
fn told(space: &dyn SearchSpace, text: &str) -> String {
    let layout = space.layout();
    let mut told = String::new();
    for sketch in space.sketch(&space.parse(text).unwrap()).unwrap() {
        let node = |node: &SketchNode| node.operator.map_or_else(|| node.name.clone(), |_| format!("[{}]", node.name));
        let nodes: Vec<String> = sketch.nodes.iter().map(node).collect();
        let arrow = |Arrow { from, to, operator }: &Arrow| {
            let on = operator.map_or_else(String::new, |operator| format!(" {}", layout.operators[operator]));
            format!("{from}→{to}{on}")
        };
        let arrows: Vec<String> = sketch.arrows.iter().map(arrow).collect();
        told += &format!("{}: {}; {}\n", sketch.kind, nodes.join(" "), arrows.join(", "));
    }
    told
}

#[test]
fn every_space_sketches_what_its_architectures_are() {
    insta::assert_snapshot!(told(&NasBench201::default(), "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"), @"cell: in 1 2 out; 0→1 nor_conv_3x3, 0→2 none, 1→2 nor_conv_3x3, 0→3 none, 1→3 nor_conv_1x1, 2→3 avg_pool_3x3");
    insta::assert_snapshot!(told(&NasBench101::new(), "conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3"), @"cell: in [conv3x3-bn-relu] [maxpool3x3] out; 0→1, 1→2, 0→3, 2→3");
    insta::assert_snapshot!(told(&NatsBenchSize::new(), "8:16:64:32:8"), @"network: images [cell, 8] [reduction, 16] [cell, 64] [reduction, 32] [cell, 8] classes; 0→1, 1→2, 2→3, 3→4, 4→5, 5→6");
    insta::assert_snapshot!(told(&NasBenchMacro::new(), "02012100"), @"network: images [id, stride 2] [ir_5x5_t6] [id, stride 2] [ir_3x3_t3] [ir_5x5_t6] [ir_3x3_t3, stride 2] [id] [id] classes; 0→1, 1→2, 2→3, 3→4, 4→5, 5→6, 6→7, 7→8, 8→9");
    let darts = told(&Darts::new(), GENOTYPE);
    assert_eq!(told(&Darts::new().inputs(Inputs::Free), GENOTYPE), darts, "the same cells, however their inputs are chosen");
    insta::assert_snapshot!(darts, @"
    normal: c_{k-2} c_{k-1} 0 1 2 3 c_{k}; 0→2 dil_conv_3x3, 1→2 sep_conv_5x5, 0→3 sep_conv_3x3, 2→3 sep_conv_3x3, 0→4 skip_connect, 1→4 dil_conv_5x5, 1→5 sep_conv_3x3, 3→5 sep_conv_5x5, 2→6, 3→6, 4→6, 5→6
    reduce: c_{k-2} c_{k-1} 0 1 2 3 c_{k}; 0→2 sep_conv_5x5, 1→2 sep_conv_5x5, 1→3 sep_conv_5x5, 2→3 sep_conv_5x5, 1→4 sep_conv_3x3, 3→4 sep_conv_3x3, 2→5 sep_conv_5x5, 4→5 sep_conv_3x3, 2→6, 3→6, 4→6, 5→6
    ");
}

#[test]
fn vertices_and_layers_are_drawn_as_the_operators_that_they_are() {
    let svg = drawn(&NasBench101::new(), "conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu|0>1,0>3,0>4,1>2,2>4,3>4");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "operator-name"), ["conv3x3-bn-relu", "maxpool3x3", "conv3x3-bn-relu"]);
    assert_eq!(texts(&document, "node-name"), ["in", "out"]);
    // Each of six edges is a line with an arrow at its end.
    assert_eq!(of_class(&document, "edge").len(), 6 * 2);
    let fill = |name: &str| {
        let at = |node: &Node<'_, '_>| node.attribute("x").unwrap().parse::<f64>().unwrap();
        let text = of_class(&document, "operator-name").into_iter().find(|node| node.text() == Some(name)).unwrap();
        let frames = of_class(&document, "operator").into_iter().filter(|node| node.has_tag_name("rect"));
        let frame = frames.min_by(|one, other| (at(one) - at(&text)).abs().total_cmp(&(at(other) - at(&text)).abs())).unwrap();
        frame.attribute("stroke").map(str::to_owned)
    };
    assert_ne!(fill("conv3x3-bn-relu"), fill("maxpool3x3"), "operators have colours of their own");
    for (space, text, layers) in [(&NatsBenchSize::new() as &dyn SearchSpace, "8:16:64:32:8", 5), (&NasBenchMacro::new(), "02012100", 8)] {
        let svg = drawn(space, text);
        let document = Document::parse(&svg).unwrap();
        assert_eq!((texts(&document, "operator-name").len(), of_class(&document, "edge").len()), (layers, 2 * (layers + 1)));
        assert_eq!(texts(&document, "node-name"), ["images", "classes"]);
    }
}

#[test]
fn a_node_that_is_read_twice_has_two_arrows() {
    let twice = GENOTYPE.replacen("('sep_conv_5x5', 1)", "('none', 0)", 1);
    let svg = drawn(&Darts::new().inputs(Inputs::Free), &twice);
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "operator-name").len(), 16);
    let dashed = of_class(&document, "edge").iter().filter(|line| line.has_attribute("stroke-dasharray")).count();
    assert_eq!(dashed, 2, "a line to `none` and one from it");
}

#[test]
fn what_is_not_an_architecture_has_no_sketch() {
    let whole = |space: &dyn SearchSpace| space.sketch(&Subspace::whole(space.layout())).unwrap_err().to_string();
    assert_eq!(whole(&NasBench201::default()), "edge 1<-0 of the cell cell keeps 5 operators, but an architecture at most one");
    assert_eq!(whole(&NasBench101::new()), "1<-0 keeps 2 operators, but an architecture has exactly one of each");
    assert_eq!(whole(&NatsBenchSize::new()), "layer 0 keeps 8 widths, but an architecture has exactly one a layer");
    assert_eq!(whole(&NasBenchMacro::new()), "layer 0 keeps 3 operators, but an architecture has exactly one a layer");
    assert!(whole(&Darts::new()).starts_with("the normal cell: "), "{}", whole(&Darts::new()));
    let layout = NatsBenchSize::new().layout().clone();
    let error = Sketch::wired(&layout, &Subspace::whole(&layout)).unwrap_err();
    assert_eq!(error.to_string(), "the cell `network` cannot be drawn: its space does not say which nodes its edges join");
}

/// Two rounds of pruning NAS-Bench-201 from two operators an edge; the first removes one from the first edge.
fn steps(layout: &Layout) -> Vec<Step> {
    let two: OperatorSet = [1, 2].into_iter().collect();
    let begin = Subspace::new(layout, vec![vec![two; 6]]);
    let choice = |edge: usize, operator: usize| Choice { cell: 0, edge, operator };
    let removal = |choice: Choice, removed: bool| Removal { choice, indicators: Vec::new(), removed };
    let middle = begin.without(choice(0, 1));
    let end = (1..6).fold(middle.clone(), |state, edge| state.without(choice(edge, 2)));
    let readings =
        |kernel: f64, regions: f64| vec![("ntk".to_owned(), Reading::Value(kernel)), ("regions".to_owned(), Reading::Value(regions))];
    vec![
        Step {
            title: "round 1".into(),
            candidates: vec![removal(choice(0, 1), true), removal(choice(0, 2), false)],
            before: begin,
            after: middle.clone(),
            readings: readings(90.0, 1000.0),
        },
        Step {
            title: "round 2".into(),
            candidates: (1..6).map(|edge| removal(choice(edge, 2), true)).collect(),
            before: middle,
            after: end,
            readings: readings(30.0, 900.0),
        },
    ]
}

#[test]
fn an_operator_fades_in_the_step_that_removes_it_and_is_an_empty_place_from_then_on() {
    let space = NasBench201::default();
    let steps = steps(space.layout());
    let svg = pruning::draw(space.layout(), &steps).unwrap().standalone(&[]);
    let document = Document::parse(&svg).unwrap();
    let count = |class: &str| of_class(&document, class).iter().filter(|node| node.has_tag_name("rect")).count();
    // Three frames of 6 edges with 2 marks: 12 of them fading once each, as they go; and 2 marks in the legend.
    assert_eq!((count("fading"), count("gone")), (1 + 5, 1 + 6));
    assert_eq!(count("kept"), 2 + 11 + 6 + 6);
    let titles = texts(&document, "soft");
    let frames: Vec<&String> = titles.iter().filter(|title| title.contains(':')).collect();
    let expected =
        ["round 1: ntk 90, regions 1000, 1 of 12 removed", "round 2: ntk 30, regions 900, 5 of 11 removed", "what is left: 6 operators"];
    assert_eq!(frames, expected);
    assert!(titles.contains(&"skip_connect".to_owned()) && !titles.contains(&"avg_pool_3x3".to_owned()), "{titles:?}");

    let sampled: Vec<Step> = steps.into_iter().map(|step| Step { candidates: Vec::new(), ..step }).collect();
    let error = pruning::draw(space.layout(), &sampled).unwrap_err();
    assert_eq!(error.to_string(), "the search pruned nothing: its steps have no candidates for removal");
}

#[test]
fn choices_that_are_not_edges_between_nodes_are_listed_as_they_are_pruned() {
    let space = NasBenchMacro::new();
    let begin = Subspace::whole(space.layout());
    let removed = Choice { cell: 0, edge: 2, operator: 0 };
    let after = begin.without(removed);
    let candidates = vec![Removal { choice: removed, indicators: Vec::new(), removed: true }];
    let step = Step { title: "round 1".into(), candidates, before: begin, after, readings: Vec::new() };
    let svg = pruning::draw(space.layout(), &[step]).unwrap().standalone(&[]);
    let document = Document::parse(&svg).unwrap();
    let names: Vec<String> = (0..8).map(|layer| format!("layer {layer}")).collect();
    assert_eq!(texts(&document, "edge-name"), [names.clone(), names].concat(), "before the step and after it");
    let count = |class: &str| of_class(&document, class).iter().filter(|node| node.has_tag_name("rect")).count();
    // Three marks in the legend, and in two frames three for each of eight layers.
    assert_eq!((count("kept"), count("fading"), count("gone")), (3 + 23 + 23, 1, 1));
}

/// A summary with these scores of what was found.
fn summary(scores: &[(&str, f64)]) -> SearchSummary {
    let score = |(label, value): &(&str, f64)| {
        let score = serde_json::json!({ "direction": "lower_is_better", "reading": { "value": value }, "spread": null, "repeats": 1 });
        ((*label).to_owned(), score)
    };
    let scores: serde_json::Map<_, _> = scores.iter().map(score).collect();
    let summary = serde_json::json!({
        "schema": 1, "assay": "0", "experiment": "made-up", "seed": 7, "scores": scores,
        "architecture": { "text": "", "canonical": "", "mask": "" },
        "accuracies": { "unknown": { "because": "made up" } }, "protocol": "",
        "counts": { "measurements": {}, "undefined": {}, "steps": 2 },
        "times": { "phases": {}, "rest_wall_seconds": 0.0, "total_wall_seconds": 0.0, "cpu_seconds": null },
        "machine": { "cpu": "", "cores": 1, "threads": 1, "os": "", "rustc": "", "target": "" }
    });
    serde_json::from_value(summary).unwrap()
}

#[test]
fn the_way_of_a_search_begins_with_its_first_state_and_ends_with_what_it_found() {
    let space = NasBench201::default();
    let trajectory = Trajectory { layout: space.layout().clone(), steps: steps(space.layout()) };
    let draw = |scores: &[(&str, f64)]| plane::draw(&summary(scores), &trajectory, &[]).unwrap().standalone(&[]);
    let svg = draw(&[("ntk", 20.0), ("regions", 950.0)]);
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "stop-name"), ["1", "2", "found"]);
    let stops: Vec<[f64; 2]> =
        of_class(&document, "stop").iter().map(|dot| ["cx", "cy"].map(|axis| dot.attribute(axis).unwrap().parse().unwrap())).collect();
    assert!(stops[0][0] > stops[1][0] && stops[1][0] > stops[2][0], "κ falls: {stops:?}");
    assert!(stops[0][1] < stops[2][1] && stops[2][1] < stops[1][1], "more regions are farther up: {stops:?}");
    assert!(texts(&document, "ink").contains(&"ntk, lower is better".to_owned()));

    // What is undefined is counted, and not drawn somewhere.
    let svg = draw(&[("ntk", 20.0)]);
    let document = Document::parse(&svg).unwrap();
    assert_eq!(texts(&document, "stop-name"), ["1", "2"]);
    assert!(texts(&document, "soft").contains(&"before step 1, 2, …, and what was found; 1 undefined".to_owned()));

    let one = Trajectory {
        steps: trajectory.steps.iter().cloned().map(|step| Step { readings: step.readings[..1].to_vec(), ..step }).collect(),
        ..trajectory
    };
    let error = plane::draw(&summary(&[]), &one, &[]).unwrap_err();
    assert_eq!(error.to_string(), "the search read ntk, but a plane has two axes");
}
