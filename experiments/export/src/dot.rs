//! A drawing for Graphviz: a box a node, a frame a cell.

use std::fmt::Write;

use assay_core::graph::{Graph, Node, NodeId, Operator, Pool};

use crate::Model;
use crate::plan::{Group, Part, Plan};

/// The graph in Graphviz's language: `dot -Tsvg network.dot`. What the output does not depend on is grey.
#[must_use]
pub fn to_dot(model: &Model<'_>) -> String {
    let graph = model.graph();
    let plan = Plan::new(graph);
    let mut text = String::from("digraph network {\n  rankdir = TB\n  node [shape = box, fontname = \"sans-serif\", fontsize = 10]\n");
    let _ = writeln!(text, "  label = {}\n  fontname = \"sans-serif\"", quoted(&format!("{}\n{}", model.title, model.size())));
    let _ = writeln!(text, "  n0 [label = {}, shape = ellipse]", quoted(&format!("images\n{}", graph.input_shape())));
    for part in &plan.parts {
        match part {
            Part::Node(id) => text.push_str(&node(graph, &plan, *id, "  ", &graph.node(*id).name)),
            Part::Group(group) => frame(&mut text, graph, &plan, group),
        }
    }
    for (position, node) in graph.nodes().iter().enumerate() {
        for input in &node.inputs {
            let style = if plan.is_needed(NodeId(position)) { "" } else { " [color = gray]" };
            let _ = writeln!(text, "  n{} -> n{position}{style}", input.0);
        }
    }
    text + "}\n"
}

fn frame(text: &mut String, graph: &Graph, plan: &Plan, group: &Group) {
    let _ = writeln!(text, "  subgraph {} {{\n    label = {}", quoted(&format!("cluster {}", group.prefix)), quoted(&group.prefix));
    for position in group.nodes.clone() {
        text.push_str(&node(graph, plan, NodeId(position), "    ", group.inner(&graph.node(NodeId(position)).name)));
    }
    text.push_str("  }\n");
}

fn node(graph: &Graph, plan: &Plan, id: NodeId, indent: &str, name: &str) -> String {
    let node = graph.node(id);
    let grey = if plan.is_needed(id) { "" } else { ", color = gray, fontcolor = gray" };
    format!("{indent}n{} [label = {}{grey}]\n", id.0, quoted(&format!("{name}\n{} → {}", describe(node), node.shape)))
}

/// `conv 3×3, stride 2`.
fn describe(node: &Node) -> String {
    let window = |kind: &str, Pool { kernel, stride, .. }: &Pool| format!("{kind} {}×{}, stride {stride}", kernel.rows, kernel.columns);
    match &node.operator {
        Operator::Conv2d(conv) => {
            let [rows, columns] = conv.kernel.both();
            let mut text = format!("conv {rows}×{columns}");
            for (name, value) in [("stride", conv.stride), ("dilation", conv.dilation), ("groups", conv.groups.into())] {
                if value != 1.into() {
                    let _ = write!(text, ", {name} {value}");
                }
            }
            text
        }
        Operator::AvgPool(pool) => window("average", pool),
        Operator::MaxPool(pool) => window("maximum", pool),
        Operator::WeightedSum { weights } if weights.iter().any(|weight| *weight != 1.0) => {
            format!("Σ of {}", weights.iter().map(f32::to_string).collect::<Vec<_>>().join(", "))
        }
        Operator::WeightedSum { .. } => "Σ".into(),
        other => other.kind().replace('_', " "),
    }
}

/// A text in quotes, its newlines as Graphviz writes them.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
