//! The drawing for Graphviz.

use assay_export::{Model, to_dot};

use crate::scenes;

#[test]
fn a_drawing_has_every_node_and_edge_and_a_frame_for_each_cell() {
    for scene in scenes::all() {
        let graph = scene.weights.network.graph();
        let text = to_dot(&Model::new(&scene.title, &scene.weights));
        let boxes = text.lines().filter(|line| line.trim_start().starts_with('n') && line.contains("[label")).count();
        assert_eq!(boxes, graph.nodes().len());
        assert_eq!(text.matches(" -> ").count(), graph.nodes().iter().map(|node| node.inputs.len()).sum::<usize>());
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
    let dead = &scenes::all()[1];
    insta::assert_snapshot!(to_dot(&Model::new(&dead.title, &dead.weights)).lines().take(24).collect::<Vec<_>>().join("\n"));
}
