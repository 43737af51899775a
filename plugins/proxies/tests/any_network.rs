//! Every proxy on networks that no space of cells has: a value, or the reason why there is none.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::{InMemory, Normalisation};
use assay_core::graph::{Activation, Conv2d, Graph, GraphBuilder, GraphError, NodeId, Operator, Shape};
use assay_core::network::{Initialiser, Network, RunningMoments, RunningStatistics, batch_norms};
use assay_core::plugin::{ArchitectureError, Draws, Given, MacroNet, Part, Proxy, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::{CellLayout, Layout, Subspace};
use assay_proxies as _;
use rand::RngExt;

/// A space of one network that it was given.
struct One {
    layout: Layout,
    graph: Graph,
    given: Given,
}

impl One {
    fn new(graph: Graph, given: Given) -> Self {
        Self { layout: Layout::new(["net"], vec![CellLayout::uniform("network", ["file"], 1)]), graph, given }
    }
}

impl SearchSpace for One {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn parse(&self, _: &str) -> Result<Subspace, ArchitectureError> {
        Ok(Subspace::whole(&self.layout))
    }

    fn write(&self, _: &Subspace) -> Result<String, ArchitectureError> {
        Ok("net".into())
    }

    fn canonical(&self, architecture: &Subspace) -> Result<String, ArchitectureError> {
        self.write(architecture)
    }

    fn lower(&self, subspace: &Subspace, net: &MacroNet) -> Result<Graph, GraphError> {
        if subspace.choices().next().is_none() {
            let builder = GraphBuilder::new(net.input)?;
            let input = builder.input();
            return Ok(builder.finish(input));
        }
        assert_eq!(net.part, Part::Classifier, "nothing asks for a part of a network that is given whole");
        Ok(self.graph.clone())
    }

    fn given(&self, _: &Subspace) -> Result<Option<Given>, GraphError> {
        Ok(Some(self.given.clone()))
    }
}

fn relu(builder: &mut GraphBuilder, name: &str, input: NodeId) -> NodeId {
    builder.relu(name, input).unwrap()
}

fn active(builder: &mut GraphBuilder, name: &str, activation: Activation, input: NodeId) -> NodeId {
    builder.add(name, Operator::Activation(activation), &[input]).unwrap()
}

fn classified(mut builder: GraphBuilder, features: NodeId) -> Graph {
    let pooled = builder.add("pool", Operator::GlobalAvgPool, &[features]).unwrap();
    let logits = builder.linear("classifier", pooled, 4, true).unwrap();
    builder.finish(logits)
}

fn begun() -> (GraphBuilder, NodeId) {
    let builder = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let images = builder.input();
    (builder, images)
}

/// Convolutions with batch normalisation, ReLU6, and a block that weighs channels by what they are on the average.
fn squeeze_excite() -> Graph {
    let (mut builder, images) = begun();
    let maps = builder.conv("stem", images, Conv2d::new(8, 3).padding(1)).unwrap();
    let maps = builder.batch_norm("stem.bn", maps).unwrap();
    let maps = active(&mut builder, "stem.relu6", Activation::RELU6, maps);
    builder.block(maps);
    let wide = builder.conv("depthwise", maps, Conv2d::new(8, 3).padding(1).groups(8)).unwrap();
    let wide = builder.batch_norm("bn", wide).unwrap();
    let wide = active(&mut builder, "act", Activation::HardSwish, wide);
    let mean = builder.add("squeeze", Operator::GlobalAvgPool, &[wide]).unwrap();
    let few = builder.conv("reduce", mean, Conv2d::new(2, 1).bias(true)).unwrap();
    let few = relu(&mut builder, "reduce.relu", few);
    let all = builder.conv("expand", few, Conv2d::new(8, 1).bias(true)).unwrap();
    let gate = active(&mut builder, "gate", Activation::HardSigmoid { slope: 1.0 / 6.0, offset: 0.5 }, all);
    let weighed = builder.add("weighed", Operator::Product, &[wide, gate]).unwrap();
    let sum = builder.weighted_sum("sum", &[(1.0, weighed), (1.0, maps)]).unwrap();
    builder.block(sum);
    classified(builder, sum)
}

/// Convolutions and ReLUs alone.
fn without_norms() -> Graph {
    let (mut builder, images) = begun();
    let mut maps = images;
    for layer in 0..3 {
        maps = builder.conv(format!("conv{layer}"), maps, Conv2d::new(6, 3).padding(1).bias(true)).unwrap();
        maps = relu(&mut builder, &format!("relu{layer}"), maps);
        builder.block(maps);
    }
    classified(builder, maps)
}

/// Convolutions with GELU and layer normalisation along channels that were moved behind the rest.
fn convnext() -> Graph {
    let (mut builder, images) = begun();
    let maps = builder.conv("stem", images, Conv2d::new(8, 2).stride(2)).unwrap();
    builder.block(maps);
    let wide = builder.conv("depthwise", maps, Conv2d::new(8, 3).padding(1).groups(8)).unwrap();
    let last = builder.add("to_last", Operator::Transpose { order: vec![1, 2, 0] }, &[wide]).unwrap();
    let norm = Operator::LayerNorm { axis: 2, scale: true, offset: true, epsilon: 1e-6 };
    let last = builder.add("norm", norm, &[last]).unwrap();
    let last = builder.add("expand", Operator::Linear { out_features: 16, bias: true, axis: 2 }, &[last]).unwrap();
    let last = active(&mut builder, "gelu", Activation::Gelu, last);
    let last = builder.add("project", Operator::Linear { out_features: 8, bias: true, axis: 2 }, &[last]).unwrap();
    let first = builder.add("to_first", Operator::Transpose { order: vec![2, 0, 1] }, &[last]).unwrap();
    let scale = builder.add("scale", Operator::Parameter { axes: vec![8] }, &[]).unwrap();
    let scaled = builder.add("scaled", Operator::Product, &[first, scale]).unwrap();
    let sum = builder.weighted_sum("sum", &[(1.0, scaled), (1.0, maps)]).unwrap();
    builder.block(sum);
    classified(builder, sum)
}

/// Patches as tokens, one layer of attention, and the class of a token of its own.
fn transformer() -> Graph {
    let (mut builder, images) = begun();
    let add = |builder: &mut GraphBuilder, name: &str, operator, inputs: &[NodeId]| builder.add(name, operator, inputs).unwrap();
    let patches = builder.conv("patches", images, Conv2d::new(8, 4).stride(4).bias(true)).unwrap();
    let flat = add(&mut builder, "flat", Operator::Reshape { axes: vec![8, 4] }, &[patches]);
    let tokens = add(&mut builder, "tokens", Operator::Transpose { order: vec![1, 0] }, &[flat]);
    let class = add(&mut builder, "class", Operator::Parameter { axes: vec![1, 8] }, &[]);
    let tokens = add(&mut builder, "joined", Operator::Concat { axis: 0 }, &[class, tokens]);
    let places = add(&mut builder, "places", Operator::Parameter { axes: vec![5, 8] }, &[]);
    let tokens = builder.weighted_sum("placed", &[(1.0, tokens), (1.0, places)]).unwrap();
    builder.block(tokens);
    let norm = Operator::LayerNorm { axis: 1, scale: true, offset: true, epsilon: 1e-6 };
    let normed = add(&mut builder, "norm", norm.clone(), &[tokens]);
    let linear = |features| Operator::Linear { out_features: features, bias: true, axis: 1 };
    let heads = |builder: &mut GraphBuilder, name: &str| {
        let mixed = add(builder, name, linear(8), &[normed]);
        let split = add(builder, &format!("{name}.split"), Operator::Reshape { axes: vec![5, 2, 4] }, &[mixed]);
        add(builder, &format!("{name}.heads"), Operator::Transpose { order: vec![1, 0, 2] }, &[split])
    };
    let (queries, keys, values) = (heads(&mut builder, "q"), heads(&mut builder, "k"), heads(&mut builder, "v"));
    let keys = add(&mut builder, "keys", Operator::Transpose { order: vec![0, 2, 1] }, &[keys]);
    let likeness = add(&mut builder, "likeness", Operator::MatMul { axis: 1 }, &[queries, keys]);
    let likeness = builder.weighted_sum("scaled", &[(0.5, likeness)]).unwrap();
    let weights = add(&mut builder, "softmax", Operator::Softmax { axis: 2 }, &[likeness]);
    let mixed = add(&mut builder, "mixed", Operator::MatMul { axis: 1 }, &[weights, values]);
    let mixed = add(&mut builder, "back", Operator::Transpose { order: vec![1, 0, 2] }, &[mixed]);
    let mixed = add(&mut builder, "all_heads", Operator::Reshape { axes: vec![5, 8] }, &[mixed]);
    let mixed = add(&mut builder, "out", linear(8), &[mixed]);
    let tokens = builder.weighted_sum("sum", &[(1.0, mixed), (1.0, tokens)]).unwrap();
    builder.block(tokens);
    let wide = add(&mut builder, "mlp", linear(16), &[tokens]);
    let wide = active(&mut builder, "gelu", Activation::Gelu, wide);
    let tokens = add(&mut builder, "mlp.out", linear(8), &[wide]);
    let tokens = add(&mut builder, "last_norm", norm, &[tokens]);
    let first = add(&mut builder, "first", Operator::Slice { axis: 0, start: 0, end: 1, step: 1 }, &[tokens]);
    let vector = add(&mut builder, "vector", Operator::Reshape { axes: vec![8] }, &[first]);
    let logits = builder.linear("classifier", vector, 4, true).unwrap();
    builder.finish(logits)
}

/// Linear layers with ReLU on the pixels as one vector.
fn perceptron() -> Graph {
    let (mut builder, images) = begun();
    let vector = builder.add("flat", Operator::Reshape { axes: vec![192] }, &[images]).unwrap();
    let hidden = builder.linear("hidden", vector, 16, true).unwrap();
    let hidden = relu(&mut builder, "relu", hidden);
    let logits = builder.linear("classifier", hidden, 4, true).unwrap();
    builder.finish(logits)
}

/// Tokens in, a number for each word at each place out.
fn language_model() -> Graph {
    let mut builder = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let words = builder.input();
    let vectors = builder.add("embedding", Operator::Embedding { count: 10, features: 4, axis: 3 }, &[words]).unwrap();
    let flat = builder.add("tokens", Operator::Reshape { axes: vec![192, 4] }, &[vectors]).unwrap();
    let head = builder.add("head", Operator::Linear { out_features: 10, bias: false, axis: 1 }, &[flat]).unwrap();
    builder.finish(head)
}

fn images() -> InMemory {
    let shape = Shape::new(3, 8, 8);
    let mut rng = Stream::new(5, "test").rng();
    let pixels = (0..40 * shape.elements()).map(|_| rng.random()).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    InMemory::new("test images", shape, 4, normalisation, pixels, (0..40).map(|image| image % 4).collect()).unwrap()
}

/// What every proxy that needs no settings says of a network.
fn readings(graph: Graph, given: Given) -> BTreeMap<&'static str, Reading> {
    readings_of(graph, given, true)
}

/// The same, and whether the pictures that proxies make themselves have the size that the network takes.
fn readings_of(graph: Graph, given: Given, sized: bool) -> BTreeMap<&'static str, Reading> {
    let proxies = Registry::<Proxy>::collect().unwrap();
    let (space, images, engine) = (One::new(graph, given), images(), assay_burn::flex());
    let subspace = Subspace::whole(space.layout());
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let subject = Subject { space: &space, subspace: &subspace, dataset: &images, engine: &engine, draws: &draws };
    let names: Vec<&str> = proxies.iter().map(|entry| entry.name).filter(|name| !["recorded", "one-shot"].contains(name)).collect();
    assert!(names.len() >= 33, "{names:?}");
    let read = |name: &&'static str| {
        let knows = |key: &str| proxies.find(name).unwrap().settings.iter().any(|setting| setting.name == key);
        let has_few = ["meco", "dextr"].contains(name);
        let settings = if knows("batch") && !has_few { Settings::none().with("batch", 8) } else { Settings::none() };
        let settings = if knows("side") && sized { settings.with("side", 8) } else { settings };
        let reading = proxies.build(name, &settings).unwrap().measure(&subject);
        (*name, reading.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    names.iter().map(read).collect()
}

/// The proxies without a value, each with its reason.
fn undefined(readings: &BTreeMap<&'static str, Reading>) -> String {
    let lines = readings.iter().filter(|(_, reading)| reading.value().is_none());
    lines.map(|(name, reading)| format!("{name}: {reading}")).collect::<Vec<_>>().join("\n")
}

#[test]
fn on_a_network_with_squeeze_and_excitation() {
    insta::assert_snapshot!(undefined(&readings(squeeze_excite(), Given::default())), @"
    dextr: undefined, because second derivatives are not known through `stem.relu6` (clip)
    linear-regions: undefined, because crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and swap count the patterns of whole networks
    log-synflow: undefined, because `stem.relu6` (clip) does not grow in proportion to what enters it, so the flow cannot be kept within the range of float64
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    wrcor: undefined, because the matrix of correlations is singular
    ");
}

#[test]
fn on_a_network_without_normalisation() {
    insta::assert_snapshot!(undefined(&readings(without_norms(), Given::default())), @"
    linear-regions: undefined, because crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and swap count the patterns of whole networks
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    ");
}

#[test]
fn on_convolutions_with_layer_normalisation() {
    insta::assert_snapshot!(undefined(&readings(convnext(), Given::default())), @"
    dextr: undefined, because the value of `norm` (4×4×8) has its features along axis 2 and is not maps of channels
    fisher: undefined, because the value of `expand` (4×4×16) has its features along axis 2 and is not maps of channels
    intrain: undefined, because the value of `gelu` (4×4×16) has its features along axis 2 and is not maps of channels
    l-swag: undefined, because no ReLU stands in the range, so there are no activation patterns
    linear-regions: undefined, because crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and swap count the patterns of whole networks
    log-synflow: undefined, because `norm` (layer_norm) does not grow in proportion to what enters it, so the flow cannot be kept within the range of float64
    meco: undefined, because the value of `gelu` (4×4×16) has its features along axis 2 and is not maps of channels
    naswot: undefined, because the network has no ReLU whose units could agree
    near: undefined, because the value of `norm` (4×4×8) has its features along axis 2 and is not maps of channels
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    swap: undefined, because the network has no ReLU whose units could be on
    wrcor: undefined, because the network has no ReLU
    zen: undefined, because `norm` (layer_norm) takes away scale, and only that of batch normalisation is given back
    ");
}

#[test]
fn on_a_vision_transformer() {
    insta::assert_snapshot!(undefined(&readings(transformer(), Given::default())), @"
    az-expressivity: undefined, because the value of `placed` (5×8×1) has its features along axis 1 and is not maps of channels
    az-progressivity: undefined, because the value of `placed` (5×8×1) has its features along axis 1 and is not maps of channels
    az-trainability: undefined, because the value of `placed` (5×8×1) has its features along axis 1 and is not maps of channels
    dextr: undefined, because the value of `placed` (5×8×1) has its features along axis 1 and is not maps of channels
    fisher: undefined, because the value of `q` (5×8×1) has its features along axis 1 and is not maps of channels
    intrain: undefined, because the value of `gelu` (5×16×1) has its features along axis 1 and is not maps of channels
    l-swag: undefined, because no ReLU stands in the range, so there are no activation patterns
    linear-regions: undefined, because crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and swap count the patterns of whole networks
    log-synflow: undefined, because `class` (parameter) does not grow in proportion to what enters it, so the flow cannot be kept within the range of float64
    meco: undefined, because the value of `gelu` (5×16×1) has its features along axis 1 and is not maps of channels
    naswot: undefined, because the network has no ReLU whose units could agree
    near: undefined, because the value of `norm` (5×8×1) has its features along axis 1 and is not maps of channels
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    swap: undefined, because the network has no ReLU whose units could be on
    wrcor: undefined, because the network has no ReLU
    zen: undefined, because `norm` (layer_norm) takes away scale, and only that of batch normalisation is given back
    ");
}

#[test]
fn on_a_perceptron() {
    insta::assert_snapshot!(undefined(&readings(perceptron(), Given::default())), @"
    az-expressivity: undefined, because this space marks no blocks in its networks
    az-progressivity: undefined, because this space marks no blocks in its networks
    az-trainability: undefined, because the network has fewer than two blocks, so no gradient passes from one to another
    dextr: undefined, because second derivatives are not known through `flat` (reshape)
    linear-regions: undefined, because crops enter the first cells of a network, without a stem, and one that is given whole has no such part; naswot and swap count the patterns of whole networks
    meco: undefined, because no layer has maps of several positions whose channels could correlate
    near: undefined, because `hidden` has 16 channels but only 8 rows; use a larger batch
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    wrcor: undefined, because this space marks no blocks in its networks
    ");
}

#[test]
fn on_a_language_model() {
    let readings = readings(language_model(), Given::default());
    let defined: Vec<&str> = readings.iter().filter(|(_, reading)| reading.value().is_some()).map(|(name, _)| *name).collect();
    assert_eq!(defined, ["az-complexity", "flops", "l2-norm", "live-params", "params", "trainable-layers"]);
    let because = "the network reads whole numbers, which `embedding` looks up, and images are not whole numbers";
    for (name, reading) in
        readings.iter().filter(|(name, reading)| reading.value().is_none() && !["linear-regions", "skip-length"].contains(*name))
    {
        assert_eq!(reading.to_string(), format!("undefined, because {because}"), "{name}");
    }
}

#[test]
fn where_batch_norms_were_folded_what_needs_a_batch_is_undefined() {
    let given = Given { no_batch_statistics: Some("folded".into()), ..Given::default() };
    let readings = readings(without_norms(), given);
    let defined: Vec<&str> = readings.iter().filter(|(_, reading)| reading.value().is_some()).map(|(name, _)| *name).collect();
    let expected = [
        "az-complexity",
        "flops",
        "l2-norm",
        "live-params",
        "log-synflow",
        "params",
        "synflow",
        "trainable-layers",
        "vkdnw",
        "vkdnw-single",
    ];
    assert_eq!(defined, expected);
    assert_eq!(readings["ntk-condition"].to_string(), "undefined, because folded");
}

#[test]
fn given_weights_and_running_statistics_are_those_that_are_measured() {
    let graph = Arc::new(squeeze_excite());
    let mut rng = Stream::new(7, "given").rng();
    let mut draw = |count: usize| (0..count).map(|_| rng.random::<f32>() + 0.5).collect::<Vec<f32>>();
    let values: BTreeMap<String, Vec<f32>> = graph.parameters().iter().map(|spec| (spec.path.clone(), draw(spec.elements()))).collect();
    let channels = |norm: NodeId| graph.node(norm).shape.channels;
    let moments = batch_norms(&graph).map(|norm| (norm, RunningMoments { mean: draw(channels(norm)), variance: draw(channels(norm)) }));
    let statistics = RunningStatistics { nodes: moments.collect() };
    let norms: f64 = graph
        .parameters()
        .iter()
        .filter(|spec| spec.role == assay_core::graph::ParameterRole::Weight)
        .map(|spec| values[&spec.path].iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt())
        .sum();
    let given = |statistics| Given { parameters: Some(Arc::new(values.clone())), statistics, ..Given::default() };
    let measure = |given: Given, proxy: &str, batch_norm: &str| {
        let space = One::new(graph.as_ref().clone(), given);
        let (subspace, images, engine) = (Subspace::whole(space.layout()), images(), assay_burn::flex());
        let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
        let subject = Subject { space: &space, subspace: &subspace, dataset: &images, engine: &engine, draws: &draws };
        let settings = if proxy == "l2-norm" { Settings::none() } else { Settings::none().with("batch", 8).with("batch_norm", batch_norm) };
        Registry::<Proxy>::collect().unwrap().build(proxy, &settings).unwrap().measure(&subject).unwrap().value().unwrap()
    };
    let norm = measure(given(None), "l2-norm", "");
    assert!((norm - norms).abs() < 1e-6 * norms, "{norm}, by hand {norms}");
    for proxy in ["snip", "ntk-condition"] {
        let (seen, initial) = (measure(given(Some(statistics.clone())), proxy, "running"), measure(given(None), proxy, "running"));
        assert!((seen - initial).abs() > 1e-3 * seen.abs(), "{proxy}: running statistics have a part");
        let (one, other) = (measure(given(Some(statistics.clone())), proxy, "batch"), measure(given(None), proxy, "batch"));
        assert_eq!(one.to_bits(), other.to_bits(), "{proxy}: with a batch's own statistics they have none");
    }
}

#[test]
fn both_flows_through_a_perceptron_are_those_of_a_computation_by_hand() {
    let graph = Arc::new(perceptron());
    let network = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(0, "parameters"));
    let weight = |path: &str| -> Vec<f64> {
        let position = graph.parameters().iter().position(|spec| spec.path == path).unwrap();
        network.parameter(position).iter().map(|value| f64::from(value.abs())).collect()
    };
    let (first, second) = (weight("hidden.weight"), weight("classifier.weight"));
    let bias: Vec<f64> = weight("hidden.bias");
    let (mut flow, mut logarithmic) = (0.0, 0.0);
    for unit in 0..16 {
        let weights = &first[unit * 192..(unit + 1) * 192];
        let value: f64 = weights.iter().sum();
        let leaving: f64 = (0..4).map(|class| second[class * 16 + unit]).sum();
        flow += value * leaving + leaving * (value + bias[unit]);
        logarithmic += value * leaving.ln_1p() + leaving * value.ln_1p();
    }
    let readings = readings(perceptron(), Given::default());
    for (proxy, expected) in [("synflow", flow), ("log-synflow", logarithmic)] {
        let value = readings[proxy].value().unwrap();
        assert!((value - expected).abs() < 1e-9 * expected, "{proxy}: {value}, by hand {expected}");
    }
}

#[test]
fn pictures_of_another_size_than_the_network_takes_are_a_reason_and_no_fault() {
    let readings = readings_of(without_norms(), Given::default(), false);
    let because = "undefined, because it is measured by images of 3×64×64, and the network takes 3×8×8 only; set their size to that";
    assert_eq!((readings["dextr"].to_string().as_str(), readings["intrain"].to_string().as_str()), (because, because));
}
