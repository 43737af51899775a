//! Proxies over passes: against slow float64 computations on a small network, alone and sharing, and their settings.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assay_core::data::{Dataset, InMemory, Minibatch, Normalisation};
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator, ParameterRole, Pool, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{
    Aggregate, AskError, Draws, Measured, Pass, PassProxy, Proxy, ProxyError, Registry, SearchSpace, Settings, Source, Subject,
    WholeNetwork, WholePass, measure_together,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_proxies::grad_norm::{GradNorm, Norm};
use assay_proxies::gradsign::{GradSign, Reduction};
use assay_proxies::meco::Meco;
use assay_proxies::zen::{Variance, Zen};
use assay_spaces as _;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

const SHAPE: Shape = Shape::new(3, 6, 6);
const BATCH: usize = 4;

/// conv – BN – ReLU – pool – conv – BN – ReLU – GAP – linear, and a convolution that the output does not depend on.
fn graph() -> Graph {
    let mut graph = GraphBuilder::new(SHAPE).unwrap();
    let first = graph.conv("first.conv", graph.input(), Conv2d::new(4, 3).padding(1)).unwrap();
    let dead = graph.conv("dead.conv", first, Conv2d::new(2, 1)).unwrap();
    graph.batch_norm("dead.bn", dead).unwrap();
    let first = graph.batch_norm("first.bn", first).unwrap();
    let first = graph.relu("first.relu", first).unwrap();
    let pooled = graph.avg_pool("pool", first, Pool::new(2, 2, 0)).unwrap();
    let second = graph.conv("second.conv", pooled, Conv2d::new(5, 1)).unwrap();
    let second = graph.batch_norm("second.bn", second).unwrap();
    let second = graph.relu("second.relu", second).unwrap();
    let vector = graph.add("gap", Operator::GlobalAvgPool, &[second]).unwrap();
    let logits = graph.linear("classifier", vector, 3, true).unwrap();
    graph.finish(logits)
}

fn network() -> Network {
    Network::initialise(Arc::new(graph()), Initialiser::KaimingNormalFanIn, &Stream::new(1, "parameters"))
}

fn batch(images: usize) -> Minibatch {
    let mut rng = Stream::new(2, "images").rng();
    let pixels = (0..images * SHAPE.elements()).map(|_| StandardNormal.sample(&mut rng)).collect();
    Minibatch::new(SHAPE, pixels, (0..images as u32).map(|image| image % 3).collect())
}

fn input_pass(precision: Precision) -> WholePass {
    WholePass { precision, batch: 4, initialiser: Initialiser::KaimingNormalFanIn, images: Source::Normal, ..WholePass::default() }
}

/// In float64 on both engines, where they have to agree to rounding.
fn read(proxy: &dyn PassProxy, batch: &Minibatch) -> f64 {
    let (network, stream) = (network(), Stream::new(3, "test"));
    let of = |engine: &dyn Engine| {
        let ask = proxy.ask(0, &network, batch, &stream).unwrap();
        let answer = engine.pass(&network, batch, &ask, Precision::F64).unwrap();
        proxy.read(&[Measured { network: &network, batch, ask: &ask, answer: &answer }], &stream, engine).unwrap().value().unwrap()
    };
    let (one, other) = (of(&assay_cpu::CpuEngine::new()), of(&assay_burn::flex()));
    assert!((one - other).abs() <= 1e-9 * one.abs(), "cpu {one}, burn {other}");
    one
}

fn value(network: &Network, batch: &Minibatch, node: &str) -> Vec<f64> {
    let node = network.graph().find(node).unwrap();
    assay_burn::flex().forward(network, batch, &[node], Precision::F64).unwrap().taps.remove(0)
}

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found}, by the slow computation {expected}");
}

/// Whether a symmetric matrix is positive definite: all pivots of Gaussian elimination are positive.
fn is_positive_definite(mut matrix: Vec<Vec<f64>>) -> bool {
    for pivot in 0..matrix.len() {
        if matrix[pivot][pivot] <= 0.0 {
            return false;
        }
        let top = matrix[pivot].clone();
        for row in &mut matrix[pivot + 1..] {
            let factor = row[pivot] / top[pivot];
            row.iter_mut().zip(&top).for_each(|(entry, above)| *entry -= factor * above);
        }
    }
    true
}

#[test]
fn meco_sums_the_smallest_eigenvalues_that_bisection_finds() {
    let (network, batch) = (network(), batch(1));
    let mut expected = 0.0;
    for layer in ["first.conv", "first.bn", "first.relu", "pool", "second.conv", "second.bn", "second.relu"] {
        let channels = network.graph().node(network.graph().find(layer).unwrap()).shape.channels;
        let values = value(&network, &batch, layer);
        let maps: Vec<&[f64]> = values.chunks(values.len() / channels).collect();
        let mean = |map: &[f64]| map.iter().sum::<f64>() / map.len() as f64;
        let covariance = |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(x, y)| (x - mean(one)) * (y - mean(other))).sum::<f64>();
        let correlation = |one: &[f64], other: &[f64]| {
            let scale = (covariance(one, one) * covariance(other, other)).sqrt();
            if scale == 0.0 { 0.0 } else { covariance(one, other) / scale }
        };
        let shifted = |shift: f64| {
            let row = |i: usize| (0..channels).map(|j| correlation(maps[i], maps[j]) - if i == j { shift } else { 0.0 }).collect();
            (0..channels).map(row).collect()
        };
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if is_positive_definite(shifted(middle)) { low = middle } else { high = middle }
        }
        expected += low;
    }
    let found = read(&Meco { pass: input_pass(Precision::F64) }, &batch);
    assert!((found - expected).abs() < 1e-9, "{found}, by bisection {expected}");
}

#[test]
fn zen_follows_its_two_terms_through_the_network() {
    let (network, batch, alpha) = (network(), batch(BATCH), 0.01);
    let mut rng = Stream::new(3, "test").child("zen").rng();
    let step = |pixel: &f32| (f64::from(*pixel) + alpha * Distribution::<f64>::sample(&StandardNormal, &mut rng)) as f32;
    let moved = Minibatch::new(SHAPE, batch.pixels().iter().map(step).collect(), vec![0; BATCH]);
    let (from, to) = (value(&network, &batch, "second.relu"), value(&network, &moved, "second.relu"));
    let distance = from.iter().zip(&to).map(|(from, to)| (from - to).abs()).sum::<f64>() / BATCH as f64;
    let variance = |images: &Minibatch, node: &str, channels: usize| {
        let values = value(&network, images, node);
        let positions = values.len() / BATCH / channels;
        let of_channel = |channel: usize| {
            let is_own = |position: &usize| position / positions % channels == channel;
            let own: Vec<f64> = (0..values.len()).filter(is_own).map(|position| values[position]).collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            own.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / own.len() as f64
        };
        let count = (values.len() / channels) as f64;
        ((0..channels).map(of_channel).sum::<f64>() / channels as f64, count)
    };
    let (mut of_batch, mut running) = (distance.ln(), distance.ln());
    for (node, channels) in [("first.conv", 4), ("second.conv", 5)] {
        let ((first, count), (second, _)) = (variance(&batch, node, channels), variance(&moved, node, channels));
        let unbiased = count / (count - 1.0);
        of_batch += first.sqrt().ln();
        running += (0.81 + 0.09 * first * unbiased + 0.1 * second * unbiased).sqrt().ln();
    }
    let zen = |variance| read(&Zen { pass: input_pass(Precision::F64), alpha, variance }, &batch);
    assert_close(zen(Variance::Batch), of_batch);
    assert_close(zen(Variance::Running), running);
}

#[test]
fn gradsign_agrees_with_finite_differences() {
    let (network, batch) = (network(), batch(BATCH));
    let graph = network.graph();
    let path = |position: usize| graph.parameters()[position].path.clone();
    let mut parameters: BTreeMap<String, Vec<f32>> =
        (0..graph.parameters().len()).map(|position| (path(position), network.parameter(position).to_vec())).collect();
    let engine = assay_cpu::CpuEngine::new();
    let loss = |parameters: &BTreeMap<String, Vec<f32>>, image: usize| {
        let network = Network::with_parameters(Arc::new(graph.clone()), parameters).unwrap();
        let logits = engine.pass(&network, &batch.part(image, 1), &Ask::new(), Precision::F64).unwrap().output().to_vec();
        logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[batch.labels()[image] as usize]
    };
    let (mut total, mut weights) = (0.0, 0);
    for layer in ["first.conv", "second.conv", "classifier", "dead.conv"] {
        let layer = format!("{layer}.weight");
        for weight in 0..parameters[&layer].len() {
            let middle = parameters[&layer][weight];
            let mut difference = |image: usize| {
                let mut at = |value: f32| {
                    parameters.get_mut(&layer).unwrap()[weight] = value;
                    loss(&parameters, image)
                };
                let difference = at(middle + 1e-4) - at(middle - 1e-4);
                at(middle);
                difference
            };
            let signs = (0..BATCH).map(|image| Some(difference(image)).filter(|found| *found != 0.0).map_or(0.0, f64::signum));
            total += signs.sum::<f64>().abs();
            weights += 1;
        }
    }
    let pass = WholePass { precision: Precision::F64, ..WholePass::default() };
    let gradsign = |reduction| read(&GradSign { pass: pass.clone(), reduction }, &batch);
    assert_eq!(gradsign(Reduction::Sum), total);
    assert_close(gradsign(Reduction::Mean), total / f64::from(weights));
}

#[test]
fn the_gradient_norm_of_all_parameters_is_the_root_of_every_square() {
    let (network, batch) = (network(), batch(BATCH));
    let logits = assay_burn::flex().forward(&network, &batch, &[], Precision::F64).unwrap().output;
    let classes = logits.len() / BATCH;
    let cotangent = logits.chunks(classes).zip(batch.labels()).flat_map(|(logits, label)| {
        let total: f64 = logits.iter().map(|logit| logit.exp()).sum();
        (0..classes).map(move |class| (logits[class].exp() / total - f64::from(u8::from(class as u32 == *label))) / BATCH as f64)
    });
    let gradients = assay_burn::flex().gradients(&network, &batch, &cotangent.collect::<Vec<_>>(), Precision::F64).unwrap();
    let squares = |gradient: &Vec<f64>| gradient.iter().map(|value| value * value).sum::<f64>();
    let norm = |norm| read(&GradNorm { pass: input_pass(Precision::F64), norm }, &batch);
    assert_close(norm(Norm::Parameters), gradients.iter().map(squares).sum::<f64>().sqrt());
    let parameters = network.graph().parameters().iter().zip(&gradients);
    let layers = parameters.filter(|(spec, _)| spec.role == ParameterRole::Weight).map(|(_, gradient)| squares(gradient).sqrt());
    assert_close(norm(Norm::Layers), layers.sum());
}

/// Counts the labels of its minibatch that differ.
struct Labels;

impl PassProxy for Labels {
    fn unit(&self) -> Option<&'static str> {
        Some("labels")
    }

    fn protocol(&self) -> String {
        "labels".into()
    }

    fn passes(&self, dataset: &dyn Dataset) -> Vec<Pass> {
        vec![WholePass { network: WholeNetwork { channels: 4, cells: 1 }, images: Source::Normal, ..WholePass::default() }.pass(dataset, 0)]
    }

    fn ask(&self, _: usize, _: &Network, _: &Minibatch, _: &Stream) -> Result<Ask, AskError> {
        Ok(Ask::new())
    }

    fn read(&self, passes: &[Measured<'_>], _: &Stream, _: &dyn Engine) -> Result<Reading, ProxyError> {
        let labels: BTreeSet<u32> = passes[0].batch.labels().iter().copied().collect();
        Ok(Reading::finite(labels.len() as f64))
    }
}

#[test]
fn noise_has_labels_of_every_class() {
    with_subject("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|", |subject| {
        assert_eq!(measure_together(&[&Labels], subject).remove(0).reading.unwrap(), Reading::Value(10.0));
    });
}

const PROXIES: [&str; 9] = ["naswot", "swap", "zico", "gradsign", "zen", "meco", "az-expressivity", "az-progressivity", "az-trainability"];

fn small() -> Settings {
    Settings::none().with("channels", 4).with("cells", 1).with("batch", 6)
}

fn images() -> InMemory {
    let mut rng = Stream::new(5, "test").rng();
    let shape = Shape::new(3, 8, 8);
    let pixels = (0..20 * shape.elements()).map(|_| rng.random()).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    InMemory::new("test images", shape, 10, normalisation, pixels, (0..20).map(|image| image % 10).collect()).unwrap()
}

fn with_subject<T>(architecture: &str, look: impl Fn(&Subject<'_>) -> T) -> T {
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-201", &Settings::none()).unwrap();
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let (subspace, dataset, engine) = (space.parse(architecture).unwrap(), images(), assay_cpu::CpuEngine::new());
    look(&Subject { space: space.as_ref(), subspace: &subspace, dataset: &dataset, engine: &engine, draws: &draws })
}

fn proxies() -> Vec<Proxy> {
    let registry = Registry::<Proxy>::collect().unwrap();
    PROXIES.iter().map(|name| *registry.build(name, &small()).unwrap()).collect()
}

/// The proxy as one that reads passes.
fn passes(proxy: &Proxy) -> &dyn PassProxy {
    match proxy {
        Proxy::Passes(proxy) => proxy.as_ref(),
        Proxy::Structure(_) | Proxy::Recorded(_) | Proxy::Own(_) => panic!("{} reads no passes", proxy.protocol()),
    }
}

#[test]
fn sharing_passes_changes_no_bit_of_a_score() {
    with_subject("|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|none~2|", |subject| {
        let proxies = proxies();
        let passes: Vec<&dyn PassProxy> = proxies.iter().map(passes).collect();
        for ((name, proxy), outcome) in PROXIES.iter().zip(&proxies).zip(measure_together(&passes, subject)) {
            let (alone, shared) = (proxy.measure(subject).unwrap(), outcome.reading.unwrap());
            let bits = |reading: &Reading| reading.value().map(f64::to_bits);
            assert!(bits(&alone).is_some(), "{name}: {alone}");
            assert_eq!(bits(&alone), bits(&shared), "{name}: alone {alone}, sharing {shared}");
        }
    });
}

#[test]
fn what_does_not_exist_is_undefined_with_its_reason() {
    let readings = |architecture: &str| {
        with_subject(architecture, |subject| {
            let lines = PROXIES.iter().zip(proxies()).map(|(name, proxy)| match proxy.measure(subject).unwrap() {
                Reading::Value(_) => format!("{name}: a number"),
                undefined => format!("{name}: {undefined}"),
            });
            lines.collect::<Vec<_>>().join("\n")
        })
    };
    let cell = |operator: &str| format!("|{operator}~0|+|none~0|none~1|+|{operator}~0|none~1|none~2|");
    insta::assert_snapshot!(readings(&cell("none")), @"
    naswot: undefined, because images 0 and 1 of the minibatch have equal ReLU patterns, so the kernel is singular
    swap: a number
    zico: undefined, because no gradient of a weight differs between the minibatches
    gradsign: undefined, because the gradients of single images cancel or vanish at every weight
    zen: undefined, because the features do not move with the input
    meco: a number
    az-expressivity: undefined, because the output of block 1 does not vary
    az-progressivity: undefined, because the output of block 1 does not vary
    az-trainability: a number
    ");
    insta::assert_snapshot!(readings(&cell("skip_connect")), @"
    naswot: a number
    swap: a number
    zico: a number
    gradsign: a number
    zen: a number
    meco: a number
    az-expressivity: a number
    az-progressivity: a number
    az-trainability: undefined, because block 1 passes gradients through unchanged
    ");
}

#[test]
fn aggregates_name_their_components_and_rule() {
    let registry = Registry::<Aggregate>::collect().unwrap();
    let protocol = |name: &str, settings: Settings| match registry.build(name, &settings) {
        Ok(aggregate) => aggregate.protocol(),
        Err(error) => error.to_string(),
    };
    let some = Settings::none().with("components", vec!["snip", "synflow"]);
    let lines = [
        protocol("te-nas", Settings::none()),
        protocol("te-nas", Settings::none().with("rule", "minimum")),
        protocol("az-nas", Settings::none()),
        protocol("combination", some.clone().with("rule", "vote").with("weights", vec![1.0, 2.0])),
        protocol("combination", some.with("weights", vec![1.0])),
        protocol("combination", Settings::none()),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    rank-sum of ntk-condition, linear-regions
    minimum of ntk-condition, linear-regions
    log-rank-sum of az-expressivity, az-progressivity, az-trainability, az-complexity
    vote of snip, 2 · synflow
    aggregate `combination`: `weights`: needs one weight for each of the 2 components, or none; has 1
    aggregate `combination`: `components`: is missing; it must be a list of texts
    ");
}

#[test]
fn blocks_are_marked_where_the_signal_passes_from_cell_to_cell() {
    with_subject("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|", |subject| {
        let net = assay_core::plugin::MacroNet {
            input: subject.dataset.shape(),
            channels: 4,
            cells: 2,
            classes: 10,
            part: assay_core::plugin::Part::Classifier,
        };
        let graph = subject.space.lower(subject.subspace, &net).unwrap();
        // The stem, three stages of two cells, and a reduction between two stages.
        assert_eq!(graph.blocks().len(), 1 + 3 * 2 + 2);
        assert!(graph.blocks().iter().all(|NodeId(node)| *node < graph.nodes().len()));
    });
}
