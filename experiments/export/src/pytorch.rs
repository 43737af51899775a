//! A PyTorch module as one Python file that needs only torch.

mod attributes;

use std::fmt::Write;

use assay_core::graph::{Conv2d, Graph, Node, NodeId, Operator, Pool};

use crate::plan::{Class, Group, Part, Plan, Scope};
use crate::{ExportError, Model};
use attributes::Attributes;

/// What stands between the header and the classes: everything that does not depend on the network.
const PRELUDE: &str = include_str!("pytorch/prelude.py");
/// What stands behind `Network`'s own methods.
const LOADING: &str = include_str!("pytorch/loading.py");

/// The network as Python: a class `Network` whose state dict has Assay's parameter paths for names, with a reader of
/// safetensors files of its own.
///
/// # Errors
/// If it has a node for which there are no words.
pub fn to_pytorch(model: &Model<'_>) -> Result<String, ExportError> {
    model.check_basic("PyTorch")?;
    let graph = model.graph();
    let plan = Plan::new(graph);
    let mut attributes = Attributes::default();
    let classes: String = plan.classes.iter().map(|class| class_text(graph, &plan, class, &mut attributes)).collect();
    // Groups are called in the network only, so that what is renamed is known behind it.
    let [init, forward] = network(model, &plan, &mut attributes);
    let (hooks, registered) = attributes.hooks().map_or_else(Default::default, |hooks| (hooks, REGISTERED));
    Ok([&header(model), PRELUDE, &hooks, &classes, &init, registered, &forward, LOADING].concat())
}

const REGISTERED: &str =
    "        self._register_state_dict_hook(rename_saved)\n        self._register_load_state_dict_pre_hook(rename_loaded)\n";

fn header(model: &Model<'_>) -> String {
    let trained = model.weights.statistics.is_some();
    let how = if trained {
        "Load its weights and call .eval() before inference; in .train() batches are normalised by their own statistics."
    } else {
        "So do Network() in .train(), and Network(running_statistics=False) always. Running statistics come from training only."
    };
    format!(
        "\"\"\"{title}\n\n{size}. Written by assay export.\n\n{}\n{how}\nNames in the state dict are Assay's parameter paths.\n\n\
         network = Network()\nnetwork.load_weights(\"weights.safetensors\")  # as written by assay export --to safetensors, or assay train\n\
         logits = network(images)                      # images: {input}\n\"\"\"\n\n",
        model.normalisation(),
        title = words(model.title),
        size = model.size(),
        input = {
            let shape = model.graph().input_shape();
            format!("[batch, {}, {}, {}]", shape.channels, shape.height, shape.width)
        },
    )
}

fn class_text(graph: &Graph, plan: &Plan, class: &Class, attributes: &mut Attributes) -> String {
    let group = plan.example(class);
    let members: Vec<&str> = plan.members(group.class).map(|group| group.prefix.as_str()).collect();
    let mut text = format!("\n\nclass {}(nn.Module):\n    \"\"\"{}\"\"\"\n\n", class.name, words(&members.join(", ")));
    text.push_str("    def __init__(self, norm):\n        super().__init__()\n");
    for position in group.nodes.clone() {
        if let Some(layer) = layer(graph, graph.node(NodeId(position))) {
            let path = attributes.path(group.inner(&graph.node(NodeId(position)).name));
            let _ = writeln!(text, "        add(self, {path}, {layer})");
        }
    }
    let mut scope = Scope::default();
    let inputs: Vec<String> = group.inputs.iter().map(|input| scope.declare(*input, &graph.node(*input).name)).collect();
    let arguments: String = inputs.iter().map(|input| format!(", {input}")).collect();
    let _ = write!(text, "\n    def forward(self{arguments}):\n        at = self.get_submodule\n");
    for position in group.nodes.clone().filter(|position| plan.is_needed(NodeId(*position))) {
        let id = NodeId(position);
        let read: Vec<String> = plan.reads(graph, id).iter().map(|input| scope.get(*input).to_owned()).collect();
        let inner = group.inner(&graph.node(id).name);
        // Only layers have a place of their own.
        let path = layer(graph, graph.node(id)).map_or_else(String::new, |_| attributes.path(inner));
        let value = value(graph, id, &read, &path);
        let _ = writeln!(text, "        {} = {value}", scope.declare(id, inner));
    }
    let outputs: Vec<&str> = group.outputs.iter().map(|output| scope.get(*output)).collect();
    // A group that nothing reads computes nothing.
    let _ = writeln!(text, "        return {}", if outputs.is_empty() { "None".to_owned() } else { outputs.join(", ") });
    text
}

/// The class `Network` in two halves: what makes its layers, and what calls them.
fn network(model: &Model<'_>, plan: &Plan, attributes: &mut Attributes) -> [String; 2] {
    let graph = model.graph();
    let shape = graph.input_shape();
    let mut text = format!(
        "\n\nclass Network(nn.Module):\n    \"\"\"Images [batch, {}, {}, {}] to outputs [batch, {}].\"\"\"\n\n    \
         def __init__(self, running_statistics=True):\n        super().__init__()\n        self.running_statistics = running_statistics\n        \
         norm = batch_norm(running_statistics)\n",
        shape.channels,
        shape.height,
        shape.width,
        graph.node(graph.output()).shape.elements()
    );
    let mut forward = String::from("\n    def forward(self, images):\n        at = self.get_submodule\n");
    let mut scope = Scope::default();
    scope.declare(NodeId(0), "images");
    for part in &plan.parts {
        match part {
            Part::Group(group) => {
                let path = attributes.path(&group.prefix);
                let _ = writeln!(text, "        add(self, {path}, {}(norm))", plan.classes[group.class].name);
                forward.push_str(&call(group, &path, &mut scope));
            }
            Part::Node(id) => {
                let node = graph.node(*id);
                let layer = layer(graph, node).map(|layer| (attributes.path(&node.name), layer));
                if let Some((path, layer)) = &layer {
                    let _ = writeln!(text, "        add(self, {path}, {layer})");
                }
                if plan.is_needed(*id) {
                    let read: Vec<String> = plan.reads(graph, *id).iter().map(|input| scope.get(*input).to_owned()).collect();
                    let value = value(graph, *id, &read, layer.as_ref().map_or("", |(path, _)| path));
                    let _ = writeln!(forward, "        {} = {value}", scope.declare(*id, &node.name));
                }
            }
        }
    }
    let _ = writeln!(forward, "        return {}.flatten(1)", scope.get(graph.output()));
    [text, forward]
}

fn call(group: &Group, path: &str, scope: &mut Scope) -> String {
    let read: Vec<String> = group.inputs.iter().map(|input| scope.get(*input).to_owned()).collect();
    let several = group.outputs.len() > 1;
    let name = |output: &NodeId| if several { format!("{}_{}", group.prefix, output.0 - group.nodes.start) } else { group.prefix.clone() };
    let outputs: Vec<String> = group.outputs.iter().map(|output| scope.declare(*output, &name(output))).collect();
    if outputs.is_empty() {
        return String::new();
    }
    format!("        {} = at({path})({})\n", outputs.join(", "), read.join(", "))
}

/// A text that stands in a docstring.
fn words(text: &str) -> String {
    text.replace('\\', "/").replace('"', "'")
}

/// The layer that holds a node's parameters, if it has any.
fn layer(graph: &Graph, node: &Node) -> Option<String> {
    let input = graph.node(*node.inputs.first()?).shape;
    Some(match &node.operator {
        Operator::Conv2d(conv) => {
            let Conv2d { out_channels, kernel, stride, padding, dilation, groups, bias } = *conv;
            let mut text = format!("nn.Conv2d({}, {out_channels}, {kernel}", input.channels);
            let (padding, groups) = (padding.to_string(), groups.to_string());
            let [stride, dilation] = [stride, dilation].map(|extent| extent.to_string());
            for (name, value, default) in
                [("stride", stride, "1"), ("padding", padding, "0"), ("dilation", dilation, "1"), ("groups", groups, "1")]
            {
                if value != default {
                    let _ = write!(text, ", {name}={value}");
                }
            }
            text + if bias { ")" } else { ", bias=False)" }
        }
        Operator::BatchNorm { affine, epsilon } => {
            let mut text = format!("norm({}", input.channels);
            if *epsilon != 1e-5 {
                let _ = write!(text, ", eps={epsilon:e}");
            }
            text + if *affine { ")" } else { ", affine=False)" }
        }
        Operator::Linear { out_features, bias, .. } => {
            format!("nn.Linear({}, {out_features}{})", input.channels, if *bias { "" } else { ", bias=False" })
        }
        _ => return None,
    })
}

/// What computes a node, given its inputs and, if it has parameters, the path of its layer as text of Python. Vectors are maps of
/// one pixel, `[batch, features, 1, 1]`.
fn value(graph: &Graph, id: NodeId, read: &[String], path: &str) -> String {
    let node = graph.node(id);
    let first = read.first().map_or("", String::as_str);
    match &node.operator {
        Operator::Input => first.to_owned(),
        Operator::Conv2d(_) | Operator::BatchNorm { .. } => format!("at({path})({first})"),
        Operator::Relu => format!("F.relu({first})"),
        Operator::AvgPool(Pool { kernel, stride, padding, .. }) => {
            format!("F.avg_pool2d({first}, {kernel}, {stride}, {padding}, count_include_pad=False)")
        }
        Operator::MaxPool(Pool { kernel, stride, padding, .. }) => format!("F.max_pool2d({first}, {kernel}, {stride}, {padding})"),
        Operator::GlobalAvgPool => format!("{first}.mean((2, 3), keepdim=True)"),
        Operator::Linear { .. } => format!("at({path})({first}.flatten(1))[:, :, None, None]"),
        Operator::WeightedSum { weights } => {
            let term = |(weight, value): (&f32, &String)| if *weight == 1.0 { value.clone() } else { format!("{weight:?} * {value}") };
            weights.iter().zip(read).map(term).collect::<Vec<_>>().join(" + ")
        }
        Operator::Concat { .. } => format!("torch.cat([{}], 1)", read.join(", ")),
        Operator::Shift { offset } => format!("F.pad({first}[:, :, {offset}:, {offset}:], (0, {offset}, 0, {offset}))"),
        Operator::Truncate { channels } => format!("{first}[:, :{channels}]"),
        Operator::Zero { .. } => {
            let shape = node.shape;
            format!("{first}.new_zeros(len({first}), {}, {}, {})", shape.channels, shape.height, shape.width)
        }
        other => unreachable!("`{}` is not basic, which was checked", other.kind()),
    }
}
