//! The proxies of pruning and of input gradients on a space's networks: what they share, what they say of networks that carry
//! nothing, and that the logarithmic flow knows no depth.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::{InMemory, Normalisation};
use assay_core::engine::Engine;
use assay_core::graph::{Conv2d, Graph, GraphBuilder, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{Draws, MacroNet, Part, PassProxy, Proxy, Registry, SearchSpace, Settings, Subject, measure_together};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_proxies::parts::positive_network::{Norms, flow, positive};
use assay_proxies::{log_synflow, synflow};
use assay_spaces as _;
use proptest::prelude::*;
use rand::RngExt;

const ALL: [&str; 10] = ["grad-norm", "snip", "plain", "l2-norm", "grasp", "fisher", "jacob-cov", "synflow", "synflow-bn", "log-synflow"];
const NONE: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
const MIXED: &str = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|";

fn dataset(mut pixel: impl FnMut() -> u8) -> InMemory {
    let shape = Shape::new(3, 8, 8);
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    let pixels = (0..12 * shape.elements()).map(|_| pixel()).collect();
    InMemory::new("test images", shape, 10, normalisation, pixels, (0..12).map(|image| image % 10).collect()).unwrap()
}

fn noise() -> InMemory {
    let mut rng = Stream::new(5, "test").rng();
    dataset(|| rng.random())
}

fn space() -> Box<dyn SearchSpace> {
    Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-201", &Settings::none()).unwrap()
}

fn proxy(name: &str) -> Box<Proxy> {
    let settings = Settings::none().with("channels", 4).with("cells", 1);
    let data_free = ["l2-norm", "synflow", "synflow-bn", "log-synflow"].contains(&name);
    let settings = if data_free { settings } else { settings.with("batch", 6) };
    Registry::<Proxy>::collect().unwrap().build(name, &settings).unwrap()
}

/// The proxy as one that reads passes.
fn passes(proxy: &Proxy) -> &dyn PassProxy {
    match proxy {
        Proxy::Passes(proxy) => proxy.as_ref(),
        Proxy::Structure(_) | Proxy::Recorded(_) | Proxy::Own(_) => panic!("{} reads no passes", proxy.protocol()),
    }
}

/// Calls `with` with an architecture as proxies see it.
fn with_subject<T>(architecture: &str, images: &InMemory, engine: &dyn Engine, with: impl FnOnce(&Subject<'_>) -> T) -> T {
    let space = space();
    let subspace = space.parse(architecture).unwrap();
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    with(&Subject { space: space.as_ref(), subspace: &subspace, dataset: images, engine, draws: &draws })
}

fn measure(name: &str, architecture: &str, images: &InMemory) -> Reading {
    with_subject(architecture, images, &assay_cpu::CpuEngine::new(), |subject| proxy(name).measure(subject).unwrap())
}

#[test]
fn proxies_that_share_a_pass_score_as_each_by_itself_to_the_last_bit() {
    let images = noise();
    let proxies: Vec<Box<Proxy>> = ["grad-norm", "snip", "plain", "fisher", "jacob-cov"].map(proxy).into();
    let passes: Vec<&dyn PassProxy> = proxies.iter().map(|proxy| passes(proxy)).collect();
    let engines: [&dyn Engine; 2] = [&assay_cpu::CpuEngine::new(), &assay_burn::flex()];
    for engine in engines {
        with_subject(MIXED, &images, engine, |subject| {
            for (together, alone) in measure_together(&passes, subject).into_iter().zip(&proxies) {
                let (together, alone) = (together.reading.unwrap().value().unwrap(), alone.measure(subject).unwrap().value().unwrap());
                assert_eq!(together.to_bits(), alone.to_bits());
            }
        });
    }
}

#[test]
fn both_engines_give_the_same_scores() {
    let images = noise();
    for name in ALL {
        let engines: [&dyn Engine; 2] = [&assay_cpu::CpuEngine::new(), &assay_burn::flex()];
        let [ours, theirs] = engines.map(|engine| with_subject(MIXED, &images, engine, |subject| proxy(name).measure(subject).unwrap()));
        let (ours, theirs) = (ours.value().unwrap(), theirs.value().unwrap());
        assert!((ours - theirs).abs() <= 1e-4 * theirs.abs(), "{name}: {ours} and {theirs}");
    }
}

#[test]
fn a_score_says_its_conditions() {
    let registry = Registry::<Proxy>::collect().unwrap();
    let lines: Vec<String> = ALL.iter().map(|name| registry.build(name, &Settings::none()).unwrap().protocol()).collect();
    let keep = Settings::none().with("keep_norms", "reductions");
    let kept = registry.build("synflow", &keep).unwrap().protocol();
    insta::assert_snapshot!(format!("{}\n{kept}", lines.join("\n")), @"
    grad-norm: Σ over layers of ‖∂L/∂W‖₂, cross-entropy, C=16, 5 cell(s), batch 64 (no augmentation), uniform-fan-in, batch statistics, float32
    snip: Σ |w · ∂L/∂w|, cross-entropy, C=16, 5 cell(s), batch 64 (no augmentation), uniform-fan-in, batch statistics, float32
    plain: Σ w · ∂L/∂w, cross-entropy, C=16, 5 cell(s), batch 64 (no augmentation), uniform-fan-in, batch statistics, float32
    l2-norm: Σ over layers of ‖W‖₂, all operators, C=16, 5 cell(s), uniform-fan-in
    grasp: −Σ w · (H g), cross-entropy, C=16, 5 cell(s), uniform-fan-in, batch 64 (no augmentation), batch statistics, float64
    fisher: Σ over channels of ½ mean (Σ a · ∂L/∂a)², times the channel's weights, cross-entropy, C=16, 5 cell(s), batch 64 (no augmentation), uniform-fan-in, batch statistics, float32
    jacob-cov: eigenvalues of the correlations of input gradients of the summed logits, C=16, 5 cell(s), batch 64 (no augmentation), uniform-fan-in, batch statistics, float32
    synflow: Σ |w · ∂R/∂w|, one image of ones, without batch normalisation, C=16, 5 cell(s), uniform-fan-in, float64
    synflow-bn: Σ |w · ∂R/∂w|, one image of ones, with batch normalisation, C=16, 5 cell(s), uniform-fan-in, float64
    log-synflow: Σ |w| · ln(∂R/∂w + 1), one image of ones, without batch normalisation and biases, C=16, 5 cell(s), uniform-fan-in, float64
    synflow: Σ |w · ∂R/∂w|, one image of ones, batch normalisation in reductions only, C=16, 5 cell(s), uniform-fan-in, float64
    ");
}

#[test]
fn an_architecture_without_a_path_has_scores_or_a_reason() {
    let images = noise();
    let lines: Vec<String> = ALL.iter().map(|name| format!("{name}: {}", short(&measure(name, NONE, &images)))).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    grad-norm: 0
    snip: 0
    plain: 0
    l2-norm: a value
    grasp: 0
    fisher: a value
    jacob-cov: undefined, because the input gradient of image 0 is the same at every pixel, so it correlates with no other
    synflow: 0
    synflow-bn: 0
    log-synflow: 0
    ");
}

#[test]
fn equal_grey_images_have_scores_or_a_reason() {
    let grey = dataset(|| 100);
    let lines: Vec<String> = ALL.iter().map(|name| format!("{name}: {}", short(&measure(name, MIXED, &grey)))).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    grad-norm: a value
    snip: a value
    plain: a value
    l2-norm: a value
    grasp: a value
    fisher: a value
    jacob-cov: a value
    synflow: a value
    synflow-bn: a value
    log-synflow: a value
    ");
}

#[test]
fn one_image_correlates_with_no_other() {
    let settings = Settings::none().with("channels", 4).with("cells", 1).with("batch", 1);
    let proxy = Registry::<Proxy>::collect().unwrap().build("jacob-cov", &settings).unwrap();
    let reading = with_subject(MIXED, &noise(), &assay_cpu::CpuEngine::new(), |subject| proxy.measure(subject).unwrap());
    insta::assert_snapshot!(reading, @"undefined, because one image has no other to correlate with");
}

/// Without the digits that depend on the processor.
fn short(reading: &Reading) -> String {
    match reading {
        Reading::Value(0.0) => "0".into(),
        Reading::Value(_) => "a value".into(),
        undefined => undefined.to_string(),
    }
}

/// A network on images of 1×4×4 from layers of these weights: 1×1 convolutions, each with batch normalisation and ReLU, then a classifier.
fn chain(weights: &[f32]) -> Network {
    let mut graph = GraphBuilder::new(Shape::new(1, 4, 4)).unwrap();
    let mut node = graph.input();
    let mut values = BTreeMap::new();
    for (layer, weight) in weights.iter().enumerate() {
        let conv = graph.conv(format!("conv{layer}"), node, Conv2d::new(1, 1)).unwrap();
        let norm = graph.batch_norm(format!("norm{layer}"), conv).unwrap();
        node = graph.relu(format!("relu{layer}"), norm).unwrap();
        values.insert(format!("conv{layer}.weight"), vec![*weight]);
        values.insert(format!("norm{layer}.weight"), vec![1.0]);
        values.insert(format!("norm{layer}.bias"), vec![0.0]);
    }
    let pooled = graph.add("pool", Operator::GlobalAvgPool, &[node]).unwrap();
    let logits = graph.linear("classifier", pooled, 2, true).unwrap();
    values.insert("classifier.weight".into(), vec![-1.0, 1.0]);
    values.insert("classifier.bias".into(), vec![0.5, -0.5]);
    Network::with_parameters(Arc::new(graph.finish(logits)), &values).unwrap()
}

/// Σ |w| · ln(1 + ∂R/∂w) of a chain, from the logarithms of the weights.
fn score_of_chain(weights: &[f32]) -> f64 {
    let log: f64 = weights.iter().map(|weight| f64::from(weight.abs()).ln()).sum();
    let ln_1p_exp = |x: f64| if x > 30.0 { x } else { x.exp().ln_1p() };
    let convs = weights.iter().map(|weight| f64::from(weight.abs())).map(|weight| weight * ln_1p_exp(log - weight.ln() + 2.0_f64.ln()));
    convs.sum::<f64>() + 2.0 * ln_1p_exp(log)
}

#[test]
fn the_logarithmic_flow_does_not_overflow_at_any_depth() {
    let engine = assay_cpu::CpuEngine::new();
    let growing = vec![-4.0; 3000];
    let vanishing = vec![0.25; 3000];
    let both: Vec<f32> = [vec![-4.0; 1500], vec![0.25; 1500]].concat();
    for weights in [growing.clone(), vanishing, both] {
        let (ours, theirs) = (log_synflow::score(&chain(&weights), &engine).unwrap().value().unwrap(), score_of_chain(&weights));
        assert!((ours - theirs).abs() <= 1e-12 * theirs, "{ours}, not {theirs}");
    }
    insta::assert_snapshot!(synflow::score(&chain(&growing), Norms::None, &engine).unwrap(), @"undefined, because the synaptic flow exceeds the range of float64; log-synflow has no such limit");
}

/// A deep network with shortcuts: one branch grows by many orders of magnitude, the other does not.
fn deep_with_shortcuts(blocks: usize) -> Graph {
    let mut graph = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let images = graph.input();
    let mut node = graph.conv("stem", images, Conv2d::new(8, 3).padding(1)).unwrap();
    for block in 0..blocks {
        let from = node;
        for layer in 0..40 {
            let conv = graph.conv(format!("{block}.{layer}"), node, Conv2d::new(8, 3).padding(1)).unwrap();
            node = graph.relu(format!("{block}.{layer}.relu"), conv).unwrap();
        }
        let shortcut = graph.conv(format!("{block}.shortcut"), from, Conv2d::new(8, 1)).unwrap();
        let sum = graph.weighted_sum(format!("{block}.sum"), &[(1.0, node), (0.5, shortcut)]).unwrap();
        let both = graph.add(format!("{block}.both"), Operator::CONCAT, &[sum, shortcut]).unwrap();
        node = graph.conv(format!("{block}.mix"), both, Conv2d::new(8, 1).groups(2)).unwrap();
        graph.block(node);
    }
    let pooled = graph.add("pool", Operator::GlobalAvgPool, &[node]).unwrap();
    let logits = graph.linear("classifier", pooled, 10, false).unwrap();
    graph.finish(logits)
}

#[test]
fn the_logarithmic_flow_of_branches_is_that_of_plain_gradients_where_those_are_finite() {
    let engine = assay_cpu::CpuEngine::new();
    let draw = |blocks, initialiser| Network::initialise(Arc::new(deep_with_shortcuts(blocks)), initialiser, &Stream::new(1, "parameters"));
    // Five blocks reach about 10¹⁵⁰: rescaled on the way, but within the range of float64.
    let network = draw(5, Initialiser::UniformFanIn);
    let (ours, theirs) = (log_synflow::score(&network, &engine).unwrap().value().unwrap(), plain_log_synflow(&network, &engine));
    assert!((ours - theirs).abs() <= 1e-12 * theirs, "{ours}, not {theirs}");
    // Thirty do not fit.
    let deep = draw(30, Initialiser::KaimingNormalFanOut);
    assert!(synflow::score(&deep, Norms::None, &engine).unwrap().value().is_none());
    assert!(log_synflow::score(&deep, &engine).unwrap().value().unwrap() > ours);
}

/// The definition, by plain gradients.
fn plain_log_synflow(network: &Network, engine: &dyn Engine) -> f64 {
    let network = positive(network, Norms::None, false).unwrap();
    let (objective, answer) = flow(&network, engine).unwrap();
    let gradients = answer.gradients(&objective).unwrap().parameters().unwrap();
    let terms = gradients.iter().enumerate().flat_map(|(position, gradient)| {
        let weight = network.parameter(position);
        weight.iter().zip(gradient).map(|(weight, gradient)| f64::from(*weight) * gradient.ln_1p()).collect::<Vec<_>>()
    });
    terms.sum()
}

/// Any single-path cell.
fn architecture() -> impl Strategy<Value = Subspace> {
    (0..15625_u128).prop_map(|number| {
        let space = space();
        space.architecture(&Subspace::whole(space.layout()), number).unwrap()
    })
}

fn network(architecture: &Subspace) -> Network {
    let net = MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells: 1, classes: 10, part: Part::Classifier };
    let graph = space().lower(architecture, &net).unwrap();
    Network::initialise(Arc::new(graph), Initialiser::UniformFanIn, &Stream::new(3, "parameters"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn rescaling_does_not_change_the_logarithmic_flow_of_cells(architecture in architecture()) {
        let (network, engine) = (network(&architecture), assay_cpu::CpuEngine::new());
        let (ours, theirs) = (log_synflow::score(&network, &engine).unwrap().value().unwrap(), plain_log_synflow(&network, &engine));
        prop_assert!((ours - theirs).abs() <= 1e-12 * theirs, "{ours}, not {theirs}");
    }

    /// Synaptic flow is conserved: the flow into every cut of the network is R, so the classifier's alone is R, and so is the stem's.
    #[test]
    fn the_synaptic_flow_of_stem_and_classifier_is_the_output_itself(architecture in architecture()) {
        let engine = assay_cpu::CpuEngine::new();
        let network = positive(&network(&architecture), Norms::None, false).unwrap();
        let (objective, answer) = flow(&network, &engine).unwrap();
        let gradients = answer.gradients(&objective).unwrap().parameters().unwrap();
        let output: f64 = answer.output().iter().sum();
        for (position, spec) in network.graph().parameters().iter().enumerate() {
            if spec.path.starts_with("stem") || spec.path.starts_with("classifier") {
                let flow: f64 = network.parameter(position).iter().zip(&gradients[position]).map(|(w, g)| f64::from(*w) * g).sum();
                prop_assert!((flow - output).abs() <= 1e-10 * output, "{}: {flow}, not {output}", spec.path);
            }
        }
    }
}

#[test]
fn only_the_normalisations_of_reductions_stay_where_those_are_kept() {
    let network = network(&space().parse(MIXED).unwrap());
    let kept = |norms| {
        let positive = positive(&network, norms, true).unwrap();
        let names = positive.graph().nodes().iter().filter(|node| matches!(node.operator, Operator::BatchNorm { .. }));
        names.map(|node| node.name.clone()).collect::<Vec<_>>()
    };
    assert!(kept(Norms::None).is_empty());
    assert_eq!(kept(Norms::Reductions), ["cells.1.conv_a.bn", "cells.1.conv_b.bn", "cells.3.conv_a.bn", "cells.3.conv_b.bn"]);
    assert_eq!(kept(Norms::All).len(), 2 + 4 + 3 * 3);
}
