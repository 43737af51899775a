//! Networks of the search spaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Engine, Precision};
use assay_core::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator, Shape};
use assay_core::network::{Initialiser, Network, RunningMoments, RunningStatistics, batch_norms};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_spaces as _;
use assay_weights::Weights;

use crate::{assert_same, logits, read_back};

const MIXED: &str = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";
/// No signal reaches its output.
const DEAD: &str = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|";
const DARTS: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_5x5', 0), ('dil_conv_5x5', 1), \
    ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), \
    ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";

fn of_space(space: &str, settings: Settings, architecture: Option<&str>, [size, channels, cells]: [usize; 3]) -> Graph {
    let net = MacroNet { input: Shape::new(3, size, size), channels, cells, classes: 10, part: Part::Classifier };
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build(space, &settings).unwrap();
    let subspace = architecture.map_or_else(|| Subspace::whole(space.layout()), |text| space.parse(text).unwrap());
    space.lower(&subspace, &net).unwrap()
}

/// What no space has all of.
fn odds_and_ends() -> Graph {
    let mut b = GraphBuilder::new(Shape::new(3, 7, 9)).unwrap();
    let first = b.conv("stem.conv", b.input(), Conv2d::new(6, 3).padding(1).stride(2).groups(3).bias(true)).unwrap();
    let zero = b.add("stem.zero", Operator::Zero { stride: 1 }, &[first]).unwrap();
    let sum = b.weighted_sum("stem.sum", &[(0.25, first), (1.0, zero), (-1.5, first)]).unwrap();
    let norm = b.add("stem.bn", Operator::BatchNorm { affine: true, epsilon: 1e-3 }, &[sum]).unwrap();
    let shifted = b.add("cells.0.shift", Operator::Shift { offset: 2 }, &[norm]).unwrap();
    let both = b.add("cells.0.concat", Operator::CONCAT, &[shifted, norm]).unwrap();
    let fewer = b.add("cells.0.fewer", Operator::Truncate { channels: 7 }, &[both]).unwrap();
    let pooled = b.add("pool", Operator::GlobalAvgPool, &[fewer]).unwrap();
    let hidden = b.linear("hidden", pooled, 8, false).unwrap();
    let positive = b.relu("positive", hidden).unwrap();
    let output = b.linear("classifier", positive, 5, true).unwrap();
    b.finish(output)
}

fn graphs() -> Vec<(&'static str, Graph)> {
    let none = Settings::none;
    vec![
        ("mixed", of_space("nas-bench-201", none(), Some(MIXED), [8, 4, 2])),
        ("dead", of_space("nas-bench-201", none(), Some(DEAD), [8, 4, 1])),
        ("supernet", of_space("nas-bench-201", none(), None, [8, 4, 1])),
        ("darts", of_space("darts", none(), Some(DARTS), [16, 4, 5])),
        ("imagenet", of_space("darts", none().with("network", "imagenet"), Some(DARTS), [64, 4, 3])),
        (
            "101",
            of_space("nas-bench-101", none(), Some("conv3x3-bn-relu,maxpool3x3,conv1x1-bn-relu|0>1,0>3,0>4,1>2,1>4,2>4,3>4"), [8, 8, 2]),
        ),
        ("size", of_space("nats-bench-size", none(), Some("8:16:8:24:24"), [8, 4, 1])),
        ("macro", of_space("nas-bench-macro", none(), Some("02012100"), [16, 2, 1])),
        ("micro", of_space("transnas-bench-101-micro", none().with("modules", 3), Some("64-41414-0_30_113"), [32, 4, 1])),
        ("odds and ends", odds_and_ends()),
    ]
}

/// Parameters of which none is 0 or 1.
fn drawn(graph: Graph) -> Network {
    let graph = Arc::new(graph);
    let network = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(5, "parameters"));
    let values = graph.parameters().iter().enumerate().map(|(position, spec)| {
        let moved = network.parameter(position).iter().enumerate().map(|(place, value)| value + 0.01 * (1 + place % 7) as f32);
        (spec.path.clone(), moved.collect())
    });
    Network::with_parameters(Arc::clone(&graph), &values.collect::<BTreeMap<_, _>>()).unwrap()
}

fn images(network: &Network) -> Minibatch {
    let shape = network.graph().input_shape();
    let pixels = (0..5 * shape.elements()).map(|place| ((place * 7919 % 1000) as f32 / 500.0) - 1.0).collect();
    Minibatch::new(shape, pixels, vec![0, 1, 2, 3, 4])
}

/// The names of the nodes that end blocks.
fn blocks(graph: &Graph) -> Vec<&str> {
    graph.blocks().iter().map(|id| graph.node(*id).name.as_str()).collect()
}

#[test]
fn an_exported_network_reads_back_to_the_same_outputs_and_kernel() {
    for (title, graph) in graphs() {
        let network = drawn(graph);
        let net = read_back(title, &Weights::untrained(network.clone()));
        let back = net.network().unwrap();
        assert_same(&logits(&back, &images(&back)), &logits(&network, &images(&network)), title);
        assert!(!net.folded_norms && net.statistics.is_none(), "{title}");
        // What the output does not need is not written.
        let live: Vec<&str> = network
            .graph()
            .parameters()
            .iter()
            .filter(|spec| network.graph().needed_by(&[])[spec.node.0])
            .map(|spec| spec.path.as_str())
            .collect();
        assert_eq!(
            net.parameters.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
            live.into_iter().collect(),
            "{title}"
        );
        // The file says where blocks end, if it has them all.
        let ends = if title == "dead" { Vec::new() } else { blocks(network.graph()) };
        assert_eq!(blocks(&net.graph), ends, "{title}");
        // The engine for such networks runs them as before. Of the dead one nothing is left that its zeros could come from: they are
        // constants, which that engine leaves to another.
        assert_eq!(net.graph.first_not_basic().is_some(), title == "dead", "{title}");
        let gram = |network: &Network| flex().tangent_gram(network, &images(network), Precision::F64).unwrap().entries().to_vec();
        assert_same(&gram(&back), &gram(&network), title);
    }
}

#[test]
fn an_exported_trained_network_reads_back_with_its_statistics() {
    for (title, graph) in graphs() {
        let network = drawn(graph);
        let moments = |id: NodeId| {
            let channels = network.graph().node(id).shape.channels;
            let some = |from: f32| (0..channels).map(|channel| from + 0.1 * channel as f32).collect();
            (id, RunningMoments { mean: some(-0.2), variance: some(0.5) })
        };
        let statistics = RunningStatistics { nodes: batch_norms(network.graph()).map(moments).collect() };
        let net = read_back(title, &Weights { statistics: Some(statistics.clone()), network: network.clone() });
        let back = net.network().unwrap().by_running(net.statistics.clone().unwrap_or_default());
        assert_same(&logits(&back, &images(&back)), &logits(&network.clone().by_running(statistics), &images(&network)), title);
    }
}
