//! The structural proxies: what they count, against counts by hand.

#![allow(clippy::unwrap_used)]

use assay_core::data::{InMemory, Normalisation};
use assay_core::graph::Shape;
use assay_core::plugin::{Draws, Proxy, Registry, SearchSpace, Settings, Subject};
use assay_core::score::Reading;
use assay_core::stream::Stream;
use assay_proxies as _;
use assay_spaces as _;

/// One number of the whole network of C=16 and N=5 on images of 3×32×32.
fn count(proxy: &str, cell: &str) -> f64 {
    read("nas-bench-201", proxy, cell).value().unwrap()
}

/// What a proxy says of an architecture of a space: the whole network of C=16 and N=5 on images of 3×32×32.
fn read(space: &str, proxy: &str, architecture: &str) -> Reading {
    let shape = Shape::new(3, 32, 32);
    let normalisation = Normalisation { mean: vec![0.5; 3], deviation: vec![0.25; 3] };
    let dataset = InMemory::new("one image", shape, 10, normalisation, vec![0; shape.elements()], vec![0]).unwrap();
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build(space, &Settings::none()).unwrap();
    let proxy = Registry::<Proxy>::collect().unwrap().build(proxy, &Settings::none()).unwrap();
    assert!(matches!(*proxy, Proxy::Structure(_)));
    let draws = Draws { parameters: Stream::new(0, "parameters"), images: Stream::new(0, "images") };
    let subspace = space.parse(architecture).unwrap();
    let subject = Subject { space: space.as_ref(), subspace: &subspace, dataset: &dataset, engine: &assay_burn::flex(), draws: &draws };
    proxy.measure(&subject).unwrap()
}

const NONE: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
const SKIP: &str = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
/// A 3×3 convolution from input to output, and a 1×1 convolution that leads nowhere.
const BOTH: &str = "|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|";
/// A 3×3 convolution that leads nowhere, and no path.
const DEAD: &str = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|";

/// Parameters of k×k convolutions with their batch normalisation, one in each of the 5 cells of a stage.
fn convolutions(k: usize) -> f64 {
    [16, 32, 64].map(|channels| 5 * (k * k * channels * channels + 2 * channels)).iter().sum::<usize>() as f64
}

/// Stem, two reductions, last activation, classifier.
fn skeleton() -> f64 {
    let reduction = |c: usize| (9 * c * 2 * c + 4 * c) + (9 * 4 * c * c + 4 * c) + 2 * c * c;
    ((9 * 3 * 16 + 32) + reduction(16) + reduction(32) + 128 + 650) as f64
}

#[test]
fn parameters_are_those_of_all_operators_and_live_ones_those_on_a_path() {
    assert_eq!([NONE, SKIP].map(|cell| count("params", cell)), [skeleton(); 2]);
    assert_eq!(count("params", BOTH), skeleton() + convolutions(1) + convolutions(3));
    assert_eq!(count("params", DEAD), skeleton() + convolutions(3));
    assert_eq!(count("live-params", BOTH), skeleton() + convolutions(3));
    assert_eq!([NONE, SKIP, DEAD].map(|cell| count("live-params", cell)), [skeleton(); 3]);
}

#[test]
fn parameters_of_a_cell_are_those_that_the_benchmark_states() {
    // NAS-Bench-201's own figure: 1.53 M for the cell of six 3×3 convolutions on CIFAR-10.
    let conv = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
    assert_eq!(count("params", conv), 1_531_546.0);
}

#[test]
fn multiply_adds_count_once_for_each_weight_and_position() {
    let [areas, channels] = [[32 * 32, 16 * 16, 8 * 8], [16, 32, 64]];
    let convolutions = |k: usize| (0..3).map(|stage| 5 * k * k * channels[stage] * channels[stage] * areas[stage]).sum::<usize>();
    let reduction = |stage: usize| (9 * 2 + 9 * 4 + 2) * channels[stage] * channels[stage] * areas[stage + 1];
    let skeleton = 9 * 3 * 16 * areas[0] + reduction(0) + reduction(1) + 640;
    assert_eq!(count("flops", SKIP), skeleton as f64);
    assert_eq!(count("flops", BOTH), (skeleton + convolutions(1) + convolutions(3)) as f64);
}

#[test]
fn layers_are_the_convolutions_and_linear_layers_on_a_path() {
    // Stem, three convolutions in each of two reductions, classifier.
    assert_eq!([NONE, SKIP, DEAD].map(|cell| count("trainable-layers", cell)), [8.0; 3]);
    assert_eq!(count("trainable-layers", BOTH), 8.0 + 15.0);
}

#[test]
fn spread_is_the_longest_path_minus_the_shortest_in_layers() {
    // Each of the two reductions has a path of two layers and one of one; each of 15 cells has what its edges make.
    let spread = |cell: &str| count("depth-spread", cell);
    assert_eq!([SKIP, BOTH].map(spread), [2.0; 2]);
    // Three convolutions in a chain beside a skip, a pool or a convolution.
    let beside = |operator| format!("|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|{operator}~0|none~1|nor_conv_3x3~2|");
    assert_eq!(["skip_connect", "avg_pool_3x3", "nor_conv_1x1"].map(|operator| spread(&beside(operator))), [47.0, 47.0, 32.0]);
    // The chain alone; and a skip beside a chain that a zero interrupts.
    assert_eq!(spread(&beside("none")), 2.0);
    assert_eq!(spread("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"), 2.0);
    let Reading::Undefined { because } = read("nas-bench-201", "depth-spread", NONE) else { panic!("there is no path") };
    assert_eq!(because, "no path joins input and output");
}

#[test]
fn spread_counts_layers_of_any_space_where_a_path_passes_them_by() {
    // Layers 1, 3, 4, 6 and 7 keep their shape: an inverted residual there has three layers and a path beside them. Layers that change
    // their shape have none.
    let spread = |network: &str| read("nas-bench-macro", "depth-spread", network).value().unwrap();
    assert_eq!(["00000000", "22222222", "01000000", "20000000", "11011011"].map(spread), [0.0, 15.0, 3.0, 0.0, 15.0]);
}
