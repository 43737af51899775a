//! Every proxy on networks that no space of cells has: a value, or the reason why there is none.

#![allow(clippy::unwrap_used)]

mod networks;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::{Augmentation, Dataset, InMemory, Minibatch, Normalisation};
use assay_core::graph::{Graph, GraphBuilder, GraphError, NodeId, Shape};
use assay_core::network::{Initialiser, Network, RunningMoments, RunningStatistics, batch_norms};
use assay_core::plugin::{ArchitectureError, Draws, Given, MacroNet, Part, Proxy, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::{CellLayout, Layout, Subspace};
use assay_proxies as _;
use rand::RngExt;

use networks::{convnext, language_model, next_word, perceptron, squeeze_excite, transformer, without_norms};
use tokens::Sequences;

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
    readings_by(graph, given, sized, &images())
}

/// The same, and by which images or sequences.
fn readings_by(graph: Graph, given: Given, sized: bool, dataset: &dyn Dataset) -> BTreeMap<&'static str, Reading> {
    let proxies = Registry::<Proxy>::collect().unwrap();
    let (space, engine) = (One::new(graph, given), assay_burn::flex());
    let subspace = Subspace::whole(space.layout());
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let subject = Subject { space: &space, subspace: &subspace, dataset, engine: &engine, draws: &draws };
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
fn on_a_language_model_by_images() {
    let readings = readings(language_model(), Given::default());
    let defined: Vec<&str> = readings.iter().filter(|(_, reading)| reading.value().is_some()).map(|(name, _)| *name).collect();
    assert_eq!(defined, ["az-complexity", "depth-spread", "flops", "l2-norm", "live-params", "params", "trainable-layers"]);
    let (reads, flow) = ("the network reads whole numbers, which `embedding` looks up", "the flow is that of an image of ones");
    for (name, reading) in
        readings.iter().filter(|(name, reading)| reading.value().is_none() && !["linear-regions", "skip-length"].contains(*name))
    {
        let because = match *name {
            "log-synflow" | "synflow" => format!("{flow}, and {reads}"),
            _ => format!("{reads}, and images are not whole numbers: name a dataset of tokens"),
        };
        assert_eq!(reading.to_string(), format!("undefined, because {because}"), "{name}");
    }
}

#[test]
fn on_a_language_model_by_tokens_with_a_label_each() {
    let readings = readings_by(language_model(), Given::default(), false, &Sequences::new(true));
    insta::assert_snapshot!(undefined(&readings), @r#"
    az-expressivity: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    az-progressivity: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    az-trainability: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    dextr: undefined, because the value of `head` (5×10×1) has its features along axis 1 and is not maps of channels
    fisher: undefined, because the value of `head` (5×10×1) has its features along axis 1 and is not maps of channels
    intrain: undefined, because it is measured by images that it draws itself, and the network reads whole numbers
    jacob-cov: undefined, because the network reads whole numbers, which `embedding` looks up, and these have no gradient
    l-swag: undefined, because no ReLU stands in the range, so there are no activation patterns
    linear-regions: undefined, because crops are taken of images, and the dataset holds tokens
    log-synflow: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    meco: undefined, because no layer has maps of several positions whose channels could correlate
    naswot: undefined, because the network has no ReLU whose units could agree
    near: undefined, because the value of `head` (5×10×1) has its features along axis 1 and is not maps of channels
    ntk-condition: undefined, because the Gram matrix is singular: λmin = -6.117e-15 is within rounding of 0 (λmax = 1.110e2, resolution 9.3e-10)
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    swap: undefined, because the network has no ReLU whose units could be on
    synflow: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    synflow-bn: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    vkdnw: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    vkdnw-single: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    wrcor: undefined, because this space marks no blocks in its networks
    zen: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    "#);
}

#[test]
fn on_a_language_model_of_the_next_word() {
    let readings = readings_by(next_word(), Given::default(), false, &Sequences::new(false));
    insta::assert_snapshot!(undefined(&readings), @r#"
    az-expressivity: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    az-progressivity: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    az-trainability: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    dextr: undefined, because it is measured by images that it draws itself, and the network reads whole numbers
    intrain: undefined, because it is measured by images that it draws itself, and the network reads whole numbers
    jacob-cov: undefined, because the network reads whole numbers, which `embedding` looks up, and these have no gradient
    linear-regions: undefined, because crops are taken of images, and the dataset holds tokens
    log-synflow: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    meco: undefined, because no layer has maps of several positions whose channels could correlate
    naswot: undefined, because images 0 and 2 of the minibatch have equal ReLU patterns, so the kernel is singular
    near: undefined, because `head` has 10 channels but only 8 rows; use a larger batch
    ntk-condition: undefined, because the Gram matrix is singular: λmin = -6.981e-16 is within rounding of 0 (λmax = 5.457e0, resolution 9.3e-10)
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    synflow: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    synflow-bn: undefined, because the flow is that of an image of ones, and the network reads whole numbers, which `embedding` looks up
    vkdnw: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    vkdnw-single: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    wrcor: undefined, because this space marks no blocks in its networks
    zen: undefined, because it is measured by numbers from the standard normal distribution, and the network reads whole numbers; images = "dataset" takes those of the dataset
    "#);
    // Labels of each token are more than the one word that it tells.
    let readings = readings_by(next_word(), Given::default(), false, &Sequences::new(true));
    assert_eq!(readings["snip"].to_string(), "undefined, because the output `head` (10×1×1) does not have logits for each of 5 labels");
}

#[test]
fn snip_of_a_language_model_is_that_of_a_computation_by_hand() {
    const IMAGES: usize = 8;
    let (graph, dataset) = (Arc::new(language_model()), Sequences::new(true));
    let readings = readings_by(language_model(), Given::default(), false, &dataset);
    let network = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(0, "parameters"));
    let weight = |path: &str| -> Vec<f64> {
        let position = graph.parameters().iter().position(|spec| spec.path == path).unwrap();
        network.parameter(position).iter().map(|value| f64::from(*value)).collect()
    };
    let (words, head) = (weight("embedding.weight"), weight("head.weight"));
    let batch = Minibatch::sample(&dataset, IMAGES, Augmentation::None, &Stream::new(0, "images")).unwrap();
    let mut gradient = vec![0.0; head.len()];
    for (token, label) in batch.pixels().iter().zip(batch.labels()) {
        let vector = &words[*token as usize * 4..][..4];
        let logits: Vec<f64> = head.chunks(4).map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect();
        let total: f64 = logits.iter().map(|logit: &f64| logit.exp()).sum();
        for (word, logit) in logits.iter().enumerate() {
            let moved = logit.exp() / total - f64::from(u8::from(word == *label as usize));
            for feature in 0..4 {
                gradient[word * 4 + feature] += moved * vector[feature] / (IMAGES * 5) as f64;
            }
        }
    }
    let expected: f64 = head.iter().zip(&gradient).map(|(weight, gradient)| (weight * gradient).abs()).sum();
    let found = readings["snip"].value().unwrap();
    assert!((found - expected).abs() < 1e-5 * expected, "{found}, by hand {expected}");
}

#[test]
fn where_batch_norms_were_folded_what_needs_a_batch_is_undefined() {
    let given = Given { no_batch_statistics: Some("folded".into()), ..Given::default() };
    let readings = readings(without_norms(), given);
    let defined: Vec<&str> = readings.iter().filter(|(_, reading)| reading.value().is_some()).map(|(name, _)| *name).collect();
    let expected = [
        "az-complexity",
        "depth-spread",
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
