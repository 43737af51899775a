//! A burn module as one Rust file, generic over backends, for burn 0.21.

use std::collections::HashMap;
use std::fmt::Write;

use assay_core::graph::{Conv2d, Graph, NodeId, Operator, Pool};

use crate::names::{identifier, path_identifier};
use crate::plan::{Class, Group, Part, Plan, Scope};
use crate::{ExportError, Model};

/// What every file needs, whatever the network.
const PRELUDE: &str = include_str!("burn/prelude.rs");
/// Functions of which a file has those that it calls.
const NORMALISE: &str = include_str!("burn/normalise.rs");
const SHIFT: &str = include_str!("burn/shift.rs");

/// The network as a Rust file with a burn module `Network<B: Backend>`.
///
/// # Errors
/// If batch normalisation has no γ and β: burn's always has.
pub fn to_burn(model: &Model<'_>) -> Result<String, ExportError> {
    model.check_basic("burn")?;
    let graph = model.graph();
    let bare = graph.nodes().iter().find(|node| matches!(node.operator, Operator::BatchNorm { affine: false, .. }));
    if let Some(node) = bare {
        let problem = "burn's batch normalisation always has a scale and an offset, which this one lacks".into();
        return Err(ExportError { node: node.name.clone(), format: "burn", problem });
    }
    let plan = Plan::new(graph);
    let mut classes = String::new();
    for class in &plan.classes {
        classes.push_str(&Structure::of_class(graph, &plan, class).text());
    }
    classes.push_str(&Structure::of_network(model, &plan).text());
    let mut text = header(model, &classes);
    text.push_str(PRELUDE);
    let _ = write!(text, "\n{STATISTICS}\npub const BATCH_STATISTICS: bool = {};\n", model.weights.statistics.is_none());
    text.push_str(NORMALISE);
    if classes.contains("shift(") {
        text.push_str(SHIFT);
    }
    Ok(text + &classes)
}

const STATISTICS: &str = "/// Whether batch normalisation uses the statistics of the batch outside of training too, as Assay's measurements of untrained\n\
    /// networks do. Set it to false once the network is trained.";

fn header(model: &Model<'_>, classes: &str) -> String {
    let mut text = String::new();
    for line in [model.title, &format!("{}. Written by assay export for burn 0.21.", model.size()), "", model.normalisation()] {
        let _ = writeln!(text, "//! {line}");
    }
    let text = text.replace("//! \n", "//!\n");
    let called = |name: &str| classes.contains(&format!("{name}("));
    let functions: Vec<&str> = ["avg_pool2d", "max_pool2d"].into_iter().filter(|name| called(name)).collect();
    let pools = match functions[..] {
        [] => String::new(),
        [one] => format!("use burn::tensor::module::{one};\n"),
        _ => format!("use burn::tensor::module::{{{}}};\n", functions.join(", ")),
    };
    let relu = if called("relu") { "use burn::tensor::activation::relu;\n" } else { "" };
    format!(
        "{text}\nuse burn::module::{{Module, Param, RunningState}};\nuse burn::nn::conv::{{Conv2d, Conv2dConfig}};\n\
         use burn::nn::{{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d}};\n{relu}\
         use burn::tensor::backend::Backend;\n{pools}use burn::tensor::{{Tensor, TensorData}};\n"
    )
}

/// A struct with its layers, and its forward pass.
#[derive(Default)]
struct Structure {
    name: String,
    documentation: String,
    /// Name, type, and what makes it.
    fields: Vec<(String, String, String)>,
    arguments: Vec<String>,
    statements: Vec<String>,
    result: String,
    /// The type of the result.
    returns: String,
    is_public: bool,
}

impl Structure {
    fn of_class(graph: &Graph, plan: &Plan, class: &Class) -> Self {
        let group = plan.example(class);
        let members: Vec<&str> = plan.members(group.class).map(|group| group.prefix.as_str()).collect();
        let mut own = Self { name: class.name.clone(), documentation: format!("{}.", members.join(", ")), ..Self::default() };
        let mut uses = Uses::default();
        for id in group.nodes.clone().map(NodeId) {
            uses.count(&plan.reads(graph, id));
        }
        uses.count(&group.outputs);
        let mut scope = Scope::default();
        own.arguments = group.inputs.iter().map(|input| scope.declare(*input, &graph.node(*input).name)).collect();
        for id in group.nodes.clone().map(NodeId) {
            let inner = group.inner(&graph.node(id).name);
            own.layer(graph, id, inner, &format!("&format!(\"{{path}}.{inner}\")"));
            if plan.is_needed(id) {
                let value = value(graph, plan, id, inner, &mut uses, &scope);
                own.statements.push(format!("let {} = {value};", scope.declare(id, inner)));
            }
        }
        let outputs: Vec<String> = group.outputs.iter().map(|output| uses.take(&scope, *output)).collect();
        let tensors = vec!["Tensor<B, 4>"; outputs.len()];
        (own.result, own.returns) = match outputs.len() {
            1 => (outputs[0].clone(), tensors[0].to_owned()),
            _ => (format!("({})", outputs.join(", ")), format!("({})", tensors.join(", "))),
        };
        own
    }

    fn of_network(model: &Model<'_>, plan: &Plan) -> Self {
        let graph = model.graph();
        let (shape, outputs) = (graph.input_shape(), graph.node(graph.output()).shape.elements());
        let documentation =
            format!("Images `[batch, {}, {}, {}]` to outputs `[batch, {outputs}]`.", shape.channels, shape.height, shape.width);
        let returns = "Tensor<B, 2>".to_owned();
        let mut own = Self { name: "Network".into(), documentation, returns, is_public: true, ..Self::default() };
        let mut uses = Uses::default();
        for part in &plan.parts {
            match part {
                Part::Group(group) => uses.count(&group.inputs),
                Part::Node(id) => uses.count(&plan.reads(graph, *id)),
            }
        }
        uses.count(&[graph.output()]);
        let mut scope = Scope::default();
        own.arguments = vec![scope.declare(NodeId(0), "images")];
        for part in &plan.parts {
            match part {
                Part::Group(group) => own.call(plan, group, &mut uses, &mut scope),
                Part::Node(id) => {
                    let name = &graph.node(*id).name;
                    own.layer(graph, *id, name, &format!("\"{name}\""));
                    if plan.is_needed(*id) {
                        let value = value(graph, plan, *id, name, &mut uses, &scope);
                        own.statements.push(format!("let {} = {value};", scope.declare(*id, name)));
                    }
                }
            }
        }
        own.result = format!("{}.flatten(1, 3)", uses.take(&scope, graph.output()));
        own
    }

    /// The field of a group, and where it is called.
    fn call(&mut self, plan: &Plan, group: &Group, uses: &mut Uses, scope: &mut Scope) {
        let class = &plan.classes[group.class].name;
        let field = field(&group.prefix);
        self.fields.push((field.clone(), format!("{class}<B>"), format!("{class}::new(layers, \"{}\")?", group.prefix)));
        let read: Vec<String> = group.inputs.iter().map(|input| uses.take(scope, *input)).collect();
        let several = group.outputs.len() > 1;
        let name = |output: &NodeId| if several { format!("{field}_{}", output.0 - group.nodes.start) } else { field.clone() };
        let outputs: Vec<String> = group.outputs.iter().map(|output| scope.declare(*output, &name(output))).collect();
        let pattern = if several { format!("({})", outputs.join(", ")) } else { outputs.concat() };
        if !outputs.is_empty() {
            self.statements.push(format!("let {pattern} = self.{field}.forward({});", read.join(", ")));
        }
    }

    /// The field that holds a node's parameters, if it has any.
    fn layer(&mut self, graph: &Graph, id: NodeId, inner: &str, path: &str) {
        let node = graph.node(id);
        let Some(input) = node.inputs.first().map(|input| graph.node(*input).shape) else { return };
        let made = match &node.operator {
            Operator::Conv2d(conv) => ("Conv2d", format!("layers.conv({path}, {})?", conv_config(conv, input.channels))),
            Operator::BatchNorm { epsilon, .. } => ("BatchNorm", format!("layers.norm({path}, {}, {epsilon:e})?", input.channels)),
            Operator::Linear { out_features, bias, .. } => {
                let with = if *bias { "" } else { ".with_bias(false)" };
                ("Linear", format!("layers.linear({path}, LinearConfig::new({}, {out_features}){with})?", input.channels))
            }
            _ => return,
        };
        self.fields.push((field(inner), format!("{}<B>", made.0), made.1));
    }

    /// The statements, and the result; where the last statement only names the result, it is the result.
    fn body(&self) -> (&[String], &str) {
        let binding = format!("let {} = ", self.result);
        match self.statements.split_last() {
            Some((last, before)) if last.starts_with(&binding) => (before, last[binding.len()..].trim_end_matches(';')),
            _ => (&self.statements, &self.result),
        }
    }

    fn text(&self) -> String {
        let Self { name, documentation, .. } = self;
        let visible = if self.is_public { "pub " } else { "" };
        let mut text = format!("\n/// {documentation}\n#[derive(Module, Debug)]\npub struct {name}<B: Backend> {{\n");
        for (field, kind, _) in &self.fields {
            let _ = writeln!(text, "    {field}: {kind},");
        }
        let layers = if self.fields.is_empty() { ("_layers", "_path") } else { ("layers", "path") };
        if self.fields.is_empty() {
            text.push_str("    backend: core::marker::PhantomData<B>,\n");
        }
        let _ = write!(text, "}}\n\nimpl<B: Backend> {name}<B> {{\n");
        if self.is_public {
            text.push_str(CONSTRUCTORS);
        }
        let path = if self.is_public { String::new() } else { format!(", {}: &str", layers.1) };
        let function = if self.is_public { "with_layers" } else { "new" };
        let _ =
            write!(text, "    fn {function}({}: &mut Layers<'_, '_, B>{path}) -> Result<Self, String> {{\n        Ok(Self {{\n", layers.0);
        for (field, _, made) in &self.fields {
            let _ = writeln!(text, "            {field}: {made},");
        }
        if self.fields.is_empty() {
            text.push_str("            backend: core::marker::PhantomData,\n");
        }
        text.push_str("        })\n    }\n\n");
        let arguments: String = self.arguments.iter().map(|argument| format!(", {argument}: Tensor<B, 4>")).collect();
        if self.is_public {
            text.push_str("    /// The outputs for some images.\n");
        }
        let _ = writeln!(text, "    {visible}fn forward(&self{arguments}) -> {} {{", self.returns);
        let (statements, result) = self.body();
        for statement in statements {
            let _ = writeln!(text, "        {statement}");
        }
        let _ = write!(text, "        {result}\n    }}\n}}\n");
        text
    }
}

const CONSTRUCTORS: &str = include_str!("burn/constructors.rs");

fn field(path: &str) -> String {
    identifier(&path_identifier(path))
}

fn conv_config(conv: &Conv2d, channels: usize) -> String {
    let Conv2d { out_channels, kernel, stride, padding, dilation, groups, bias } = *conv;
    let mut text = format!("Conv2dConfig::new([{channels}, {out_channels}], [{kernel}, {kernel}])");
    if stride != 1.into() {
        let _ = write!(text, ".with_stride([{stride}, {stride}])");
    }
    if padding != 0.into() {
        let _ = write!(text, ".with_padding(PaddingConfig2d::Explicit({padding}, {padding}, {padding}, {padding}))");
    }
    if dilation != 1.into() {
        let _ = write!(text, ".with_dilation([{dilation}, {dilation}])");
    }
    if groups != 1 {
        let _ = write!(text, ".with_groups({groups})");
    }
    text + if bias { "" } else { ".with_bias(false)" }
}

/// How often each value is still going to be read: all but the last reader take a copy.
#[derive(Default)]
struct Uses(HashMap<NodeId, usize>);

impl Uses {
    fn count(&mut self, read: &[NodeId]) {
        for id in read {
            *self.0.entry(*id).or_default() += 1;
        }
    }

    fn take(&mut self, scope: &Scope, id: NodeId) -> String {
        let left = self.0.entry(id).or_default();
        *left = left.saturating_sub(1);
        let name = scope.get(id);
        if *left == 0 { name.to_owned() } else { format!("{name}.clone()") }
    }
}

/// What computes a node. Vectors are maps of one pixel.
fn value(graph: &Graph, plan: &Plan, id: NodeId, path: &str, uses: &mut Uses, scope: &Scope) -> String {
    let node = graph.node(id);
    let inputs = plan.reads(graph, id);
    if let (Operator::Zero { .. }, Some(like)) = (&node.operator, inputs.first()) {
        uses.take(scope, *like);
        let (like, shape) = (scope.get(*like), node.shape);
        return format!("Tensor::zeros([{like}.dims()[0], {}, {}, {}], &{like}.device())", shape.channels, shape.height, shape.width);
    }
    let read: Vec<String> = inputs.iter().map(|input| uses.take(scope, *input)).collect();
    let first = read.first().map_or("", String::as_str);
    let layer = format!("self.{}", field(path));
    match &node.operator {
        Operator::Input | Operator::Zero { .. } => first.to_owned(),
        Operator::Conv2d(_) => format!("{layer}.forward({first})"),
        Operator::BatchNorm { .. } => format!("normalise(&{layer}, {first})"),
        Operator::Relu => format!("relu({first})"),
        Operator::AvgPool(Pool { kernel, stride, padding, .. }) => {
            format!("avg_pool2d({first}, [{kernel}, {kernel}], [{stride}, {stride}], [{padding}, {padding}], false, false)")
        }
        Operator::MaxPool(Pool { kernel, stride, padding, .. }) => {
            format!("max_pool2d({first}, [{kernel}, {kernel}], [{stride}, {stride}], [{padding}, {padding}], [1, 1], false)")
        }
        Operator::GlobalAvgPool => format!("{first}.mean_dim(3).mean_dim(2)"),
        Operator::Linear { .. } => format!("{layer}.forward({first}.flatten::<2>(1, 3)).unsqueeze_dim::<3>(2).unsqueeze_dim::<4>(3)"),
        Operator::WeightedSum { weights } => {
            let term = |(weight, value): (&f32, &String)| {
                if *weight == 1.0 { value.clone() } else { format!("{value}.mul_scalar({weight:?}_f32)") }
            };
            weights.iter().zip(&read).map(term).collect::<Vec<_>>().join(" + ")
        }
        Operator::Concat { .. } => format!("Tensor::cat(vec![{}], 1)", read.join(", ")),
        Operator::Shift { offset } => format!("shift({first}, {offset})"),
        Operator::Truncate { channels } => format!("{first}.narrow(1, 0, {channels})"),
        other => unreachable!("`{}` is not basic, which was checked", other.kind()),
    }
}
