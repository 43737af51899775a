//! The proxies of 2023 to 2026: that sharing passes changes nothing, what they say of networks that carry nothing, and those that no
//! published code computes against plain loops.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};

use assay_core::data::{Dataset, InMemory, Normalisation};
use assay_core::engine::{Ask, Engine, Objective, Precision, Wanted, relus};
use assay_core::graph::{ParameterRole, Shape};
use assay_core::plugin::{
    Aggregate, Draws, Pass, PassProxy, Proxy, Registry, SearchSpace, Settings, Structure, Subject, WholePass, measure_together,
};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_cpu::CpuEngine;
use assay_proxies::l_swag::LSwag;
use assay_spaces as _;
use rand::RngExt;

const PROXIES: [&str; 7] = ["dextr", "intrain", "l-swag", "near", "vkdnw", "vkdnw-single", "wrcor"];
const MIXED: &str = "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|none~2|";

fn proxy(name: &str) -> Proxy {
    let settings = Settings::none().with("channels", 4).with("cells", 1);
    let settings = if name == "dextr" { settings } else { settings.with("batch", 12) };
    let settings = if ["dextr", "intrain"].contains(&name) { settings.with("side", 16) } else { settings };
    *Registry::<Proxy>::collect().unwrap().build(name, &settings).unwrap()
}

fn images() -> InMemory {
    let mut rng = Stream::new(5, "test").rng();
    let shape = Shape::new(3, 8, 8);
    let pixels = (0..30 * shape.elements()).map(|_| rng.random()).collect();
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    InMemory::new("test images", shape, 10, normalisation, pixels, (0..30).map(|image| image % 10).collect()).unwrap()
}

fn with_subject_of<T>(space: &str, architecture: &str, look: impl Fn(&Subject<'_>) -> T) -> T {
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build(space, &Settings::none()).unwrap();
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let (subspace, dataset, engine) = (space.parse(architecture).unwrap(), images(), CpuEngine::new());
    look(&Subject { space: space.as_ref(), subspace: &subspace, dataset: &dataset, engine: &engine, draws: &draws })
}

fn with_subject<T>(architecture: &str, look: impl Fn(&Subject<'_>) -> T) -> T {
    with_subject_of("nas-bench-201", architecture, look)
}

#[test]
fn sharing_passes_changes_no_bit_of_a_recent_score() {
    with_subject(MIXED, |subject| {
        let proxies: Vec<Proxy> = PROXIES.iter().map(|name| proxy(name)).collect();
        let passes: Vec<&dyn PassProxy> = proxies
            .iter()
            .map(|proxy| match proxy {
                Proxy::Passes(proxy) => proxy.as_ref(),
                _ => panic!("{} reads no passes", proxy.protocol()),
            })
            .collect();
        for ((name, proxy), outcome) in PROXIES.iter().zip(&proxies).zip(measure_together(&passes, subject)) {
            let (alone, shared) = (proxy.measure(subject).unwrap(), outcome.reading.unwrap());
            let bits = |reading: &Reading| reading.value().map(f64::to_bits);
            assert!(bits(&alone).is_some(), "{name}: {alone}");
            assert_eq!(bits(&alone), bits(&shared), "{name}: alone {alone}, sharing {shared}");
        }
    });
}

#[test]
fn recent_scores_that_do_not_exist_are_undefined_with_their_reason() {
    let readings = |space: &str, architecture: &str| {
        with_subject_of(space, architecture, |subject| {
            let names = PROXIES.iter().chain(&["skip-length"]);
            let lines =
                names.map(|name| match (if *name == "skip-length" { structural(name) } else { proxy(name) }).measure(subject).unwrap() {
                    Reading::Value(_) => format!("{name}: a number"),
                    undefined => format!("{name}: {undefined}"),
                });
            lines.collect::<Vec<_>>().join("\n")
        })
    };
    insta::assert_snapshot!(readings("nas-bench-201", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"), @"
    dextr: undefined, because the output does not move with the input, so it has no curvature
    intrain: a number
    l-swag: undefined, because no gradient of a weight in the range differs between the minibatches
    near: a number
    vkdnw: a number
    vkdnw-single: a number
    wrcor: undefined, because at every ReLU there is an image whose responses or gradients are all the same
    skip-length: a number
    ");
    insta::assert_snapshot!(readings("nas-bench-macro", "01201201"), @"
    dextr: a number
    intrain: a number
    l-swag: a number
    near: undefined, because `layers.5.ir_5x5_t6.expand.conv` has 96 channels but only 48 rows; use a larger batch
    vkdnw: a number
    vkdnw-single: a number
    wrcor: a number
    skip-length: undefined, because the choices of this space are not edges between nodes of a cell
    ");
}

fn structural(name: &str) -> Proxy {
    *Registry::<Proxy>::collect().unwrap().build(name, &Settings::none()).unwrap()
}

#[test]
fn a_minibatch_of_fewer_rows_than_channels_has_no_effective_ranks() {
    let few = Settings::none().with("channels", 4).with("cells", 1).with("batch", 9);
    let near = Registry::<Proxy>::collect().unwrap().build("near", &few).unwrap();
    let reading = with_subject(MIXED, |subject| near.measure(subject).unwrap());
    insta::assert_snapshot!(reading, @"undefined, because `classifier` has 10 channels but only 9 rows; use a larger batch");
}

#[test]
fn l_swag_is_what_plain_loops_compute() {
    let images = images();
    with_subject(MIXED, |subject| {
        for (from, to) in [(0, 10), (2, 7)] {
            let l_swag = LSwag {
                pass: WholePass { batch: 12, precision: Precision::F64, network: small(), ..WholePass::default() },
                batches: 3,
                from,
                to,
            };
            let found = Proxy::passes(l_swag.clone()).measure(subject).unwrap().value().unwrap();
            let mut runs = Vec::new();
            for Pass { net, initialiser, images: which, .. } in l_swag.passes(&images) {
                let graph = subject.space.lower(subject.subspace, &net).unwrap();
                let network = assay_core::network::Network::initialise(graph.into(), initialiser, &subject.draws.parameters);
                let assay_core::plugin::Images::Sampled { batch, augmentation, draw } = which else { panic!("images of the dataset") };
                let stream = if draw == 0 { subject.draws.images.clone() } else { subject.draws.images.child(draw) };
                let batch = assay_core::data::Minibatch::sample(&images, batch, augmentation, &stream).unwrap();
                let loss = Objective::cross_entropy(network.graph());
                let relus = relus(network.graph());
                let ask = Ask::new().values(&relus).gradients(loss.clone(), Wanted::parameters());
                let answer = CpuEngine::new().pass(&network, &batch, &ask, Precision::F64).unwrap();
                runs.push((network, relus, batch, answer, loss));
            }
            let (network, relus, batch, answer, _) = &runs[0];
            let specs = network.graph().parameters().iter().enumerate();
            let layers: Vec<usize> = specs.filter(|(_, spec)| spec.role == ParameterRole::Weight).map(|(position, _)| position).collect();
            let mut steadiness = 0.0;
            for (layer, parameter) in layers.iter().enumerate() {
                if layer * 10 / layers.len() < from || layer * 10 / layers.len() >= to {
                    continue;
                }
                let gradients: Vec<&Vec<f64>> =
                    runs.iter().map(|(.., answer, loss)| &answer.gradients(loss).unwrap().parameters().unwrap()[*parameter]).collect();
                let mut sum = 0.0;
                for weight in 0..gradients[0].len() {
                    let values: Vec<f64> = gradients.iter().map(|gradient| gradient[weight].abs()).collect();
                    let mean = values.iter().sum::<f64>() / 3.0;
                    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / 3.0;
                    if variance > 0.0 {
                        sum += 1.0 / variance.sqrt();
                    }
                }
                steadiness += if sum > 0.0 { sum.ln() } else { 0.0 };
            }
            let mut patterns: HashSet<Vec<bool>> = HashSet::new();
            for (position, relu) in relus.iter().enumerate().filter(|(position, _)| position * 10 / relus.len() < to) {
                let (values, elements) = (answer.value(*relu).unwrap(), network.graph().node(*relu).shape.elements());
                patterns.extend((0..elements).map(|unit| (0..batch.len()).map(|image| values[image * elements + unit] > 0.0).collect()));
                assert!(position < relus.len());
            }
            let expected = steadiness * patterns.len() as f64;
            assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{from} to {to}: {found} is not {expected}");
        }
    });
}

fn small() -> assay_core::plugin::WholeNetwork {
    assay_core::plugin::WholeNetwork { channels: 4, cells: 1 }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let registry = Registry::<Proxy>::collect().unwrap();
    let error = |name: &str, settings: Settings| registry.build(name, &settings).err().unwrap().to_string();
    let lines = [
        error("intrain", Settings::none().with("images", "dataset").with("side", 32)),
        error("l-swag", Settings::none().with("from", 5).with("to", 5)),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    proxy `intrain`: `side`: goes only with pictures of noise; the dataset's images have their own size
    proxy `l-swag`: `from`: must be less than `to` (5), is 5
    ");
}

#[test]
fn aggregates_say_what_they_join() {
    let registry = Registry::<Aggregate>::collect().unwrap();
    let protocol = |name: &str, settings: Settings| registry.build(name, &settings).unwrap().protocol();
    let lines = [
        protocol("vkdnw-agg", Settings::none()),
        protocol("vkdnw-agg", Settings::none().with("undefined", "undefined")),
        protocol("freerea", Settings::none()),
        protocol("quartet", Settings::none()),
        protocol("duet", Settings::none()),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    log-rank-sum of vkdnw-single, jacob-cov, az-expressivity, az-trainability, flops, undefined ones ranked last
    log-rank-sum of vkdnw-single, jacob-cov, az-expressivity, az-trainability, flops
    normalised-sum of naswot, log-synflow, skip-length
    rank-sum of trainable-layers, log-synflow, meco, az-expressivity, undefined ones ranked last
    normalised-sum of live-params, depth-spread
    ");
}

#[test]
fn skips_are_measured_by_the_nodes_that_they_pass_over() {
    let length = |space: &str, architecture: &str| {
        with_subject_of(space, architecture, |subject| {
            let net = WholePass { network: small(), ..WholePass::default() }.pass(&images(), 0).net;
            let skeleton = assay_core::plugin::Skeleton::new(subject.space, &net).unwrap();
            let structure = Structure::new(subject.space, subject.subspace, &net, &skeleton).unwrap();
            let counted: BTreeMap<&str, usize> =
                structure.edges().unwrap().iter().fold(BTreeMap::new(), |mut all: BTreeMap<&str, usize>, edge| {
                    *all.entry(&edge.operator).or_default() += 1;
                    all
                });
            let skips = counted.get("skip_connect").copied().unwrap_or(0);
            (structural("skip-length").measure(subject).unwrap(), skips)
        })
    };
    // From node 0 to 3 over two nodes, from 1 to 2 over none.
    let cell = "|none~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|";
    assert_eq!(length("nas-bench-201", cell), (Reading::Value(1.0), 2));
    assert_eq!(length("nas-bench-201", "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"), (Reading::Value(0.0), 0));
    assert_eq!(images().len(), 30);
}
