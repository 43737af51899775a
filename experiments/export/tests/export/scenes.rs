//! Networks that have every operator between them, with images and the outputs that the engine computes in 64-bit floats.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use assay_burn::flex;
use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::graph::{Graph, GraphBuilder, NodeId, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_engine_tests::random;
use assay_weights::{RunningMoments, RunningStatistics, Weights, batch_norms};
use rand::RngExt;
use tempfile::TempDir;

pub(crate) const NAS_BENCH_201: &str = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|";
/// No signal reaches its output.
const DEAD: &str = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|";
pub(crate) const DARTS: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('sep_conv_5x5', 0), ('dil_conv_5x5', 1), \
    ('max_pool_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 0), ('dil_conv_3x3', 2)], normal_concat=range(2, 6), \
    reduce=[('max_pool_3x3', 0), ('skip_connect', 1), ('skip_connect', 2), ('sep_conv_3x3', 1), ('dil_conv_3x3', 0), \
    ('avg_pool_3x3', 2), ('skip_connect', 2), ('avg_pool_3x3', 1)], reduce_concat=range(2, 6))";

pub(crate) struct Scene {
    pub(crate) title: String,
    pub(crate) weights: Weights,
    pub(crate) images: Minibatch,
    /// `[batch, outputs]`, normalised by the batch's own statistics.
    pub(crate) logits: Vec<f64>,
}

/// Every scene.
pub(crate) fn all() -> Vec<Scene> {
    let net = |size, channels, cells| MacroNet { input: Shape::new(3, size, size), channels, cells, classes: 10, part: Part::Classifier };
    let none = Settings::none;
    vec![
        of_space("nas-bench-201", none(), Some(NAS_BENCH_201), net(8, 4, 2)),
        of_space("nas-bench-201", none(), Some(DEAD), net(8, 4, 1)),
        of_space("nas-bench-201", none(), None, net(8, 4, 1)),
        of_space("darts", none(), Some(DARTS), net(16, 4, 5)),
        of_space("darts", none().with("network", "imagenet"), Some(DARTS), net(64, 4, 3)),
        two_cells(),
        odds_and_ends(),
        of_space("darts", none().with("inputs", "free").with("network", "te-nas"), Some(DARTS), net(16, 4, 3)),
        // A projection to the output, vertices of different widths, and the smallest cell.
        of_space("nas-bench-101", none(), Some("conv3x3-bn-relu,maxpool3x3,conv1x1-bn-relu|0>1,0>3,0>4,1>2,1>4,2>4,3>4"), net(8, 8, 2)),
        of_space("nas-bench-101", none(), Some("|0>1"), net(8, 4, 1)),
        of_space("nats-bench-size", none(), Some("8:16:8:24:24"), net(8, 4, 1)),
        of_space("nas-bench-macro", none(), Some("02012100"), net(16, 2, 1)),
        of_space("nas-bench-macro", none(), None, net(8, 2, 1)),
        // A node of zeros of twice its input's channels, which a convolution reads.
        of_space("transnas-bench-101-micro", none().with("modules", 3), Some("64-41414-0_30_113"), net(32, 4, 1)),
        of_space("transnas-bench-101-micro", none(), None, net(32, 2, 1)),
        of_space("transnas-bench-101-macro", none(), Some("64-1234-basic"), net(16, 4, 1)),
    ]
}

/// A normal and a reduction cell.
pub(crate) fn two_cells() -> Scene {
    let net = MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells: 2, classes: 10, part: Part::Classifier };
    of_space("darts", Settings::none(), Some(DARTS), net)
}

/// One architecture, or all of them averaged.
fn of_space(space: &str, settings: Settings, architecture: Option<&str>, net: MacroNet) -> Scene {
    let title = format!("{space} {} with {} channels and {} cells", architecture.unwrap_or("supernet"), net.channels, net.cells);
    // Linked by name, or the linker drops the plugins.
    let _ = assay_spaces::darts::Darts::new();
    let space = Registry::<dyn SearchSpace>::collect().unwrap().build(space, &settings).unwrap();
    let subspace = architecture.map_or_else(|| Subspace::whole(space.layout()), |text| space.parse(text).unwrap());
    of_graph(title, space.lower(&subspace, &net).unwrap())
}

/// What no space here has all of: zeros in the middle, a bias, a truncation, an odd ε, a linear layer on a linear layer.
pub(crate) fn odds_and_ends() -> Scene {
    let mut b = GraphBuilder::new(Shape::new(3, 7, 9)).unwrap();
    let conv = assay_core::graph::Conv2d::new(6, 3).padding(1).stride(2).groups(3).bias(true);
    let first = b.conv("stem.conv", b.input(), conv).unwrap();
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
    of_graph("odds and ends".into(), b.finish(output))
}

/// Random networks over all operators, for exporters that know them.
pub(crate) fn over_all_operators() -> Vec<Scene> {
    type Make = fn(u64) -> (Network, Minibatch);
    let kinds: [(&str, Make); 2] = [("any", random::network_of_any_operator), ("sequences", random::network_on_sequences)];
    let scene = |(kind, make): (&str, Make), seed: u64| {
        let (network, images) = make(seed);
        let logits = flex().forward(&network, &images, &[], Precision::F64).unwrap().output;
        Scene { title: format!("{kind} {seed}"), weights: Weights::untrained(network), images, logits }
    };
    kinds.into_iter().flat_map(|kind| (0..40).map(move |seed| scene(kind, seed))).collect()
}

/// A chain of layers, of which each has one of these names for a part of its path, at the top and below.
pub(crate) fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Scene {
    let mut b = GraphBuilder::new(Shape::new(3, 4, 4)).unwrap();
    let mut features = b.input();
    for (number, name) in names.enumerate() {
        let conv = assay_core::graph::Conv2d::new(4, 1);
        features = b.conv(format!("{name}.{number}.{name}.conv"), features, conv).unwrap();
        features = b.batch_norm(format!("cells.{number}.{name}"), features).unwrap();
    }
    let pooled = b.add("pool", Operator::GlobalAvgPool, &[features]).unwrap();
    let output = b.linear("classifier", pooled, 3, true).unwrap();
    of_graph("names".into(), b.finish(output))
}

fn of_graph(title: String, graph: Graph) -> Scene {
    let graph = Arc::new(graph);
    let shape = graph.input_shape();
    let mut rng = Stream::new(11, "images").rng();
    let mut noise = |count: usize| -> Vec<f32> { (0..count).map(|_| rng.random_range(-2.0..2.0)).collect() };
    let images = Minibatch::new(shape, noise(5 * shape.elements()), vec![0; 5]);
    // γ and β other than 1 and 0, so that an exporter cannot lose them.
    let drawn = Network::initialise(Arc::clone(&graph), Initialiser::UniformFanIn, &Stream::new(5, "parameters"));
    let mut values = BTreeMap::new();
    for (position, spec) in graph.parameters().iter().enumerate() {
        let more = if spec.fan_in == 1 && spec.shape.len() == 1 { 0.3 } else { 0.0 };
        let jitter = noise(spec.elements());
        let value = drawn.parameter(position).iter().zip(jitter).map(|(value, jitter)| value + more * jitter).collect();
        values.insert(spec.path.clone(), value);
    }
    let network = Network::with_parameters(graph, &values).unwrap();
    let logits = flex().forward(&network, &images, &[], Precision::F64).unwrap().output;
    Scene { title, weights: Weights::untrained(network), images, logits }
}

/// A folder `scene0`, `scene1`, … for each scene, filled by `fill`.
pub(crate) fn folders(scenes: &[Scene], fill: impl Fn(&Scene, &Path)) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for (number, scene) in scenes.iter().enumerate() {
        let folder = place.path().join(format!("scene{number}"));
        std::fs::create_dir(&folder).unwrap();
        fill(scene, &folder);
    }
    place
}

impl Scene {
    /// The same network with the batch's own statistics for running ones: its outputs on that batch are the same.
    pub(crate) fn trained(&self) -> Weights {
        let network = self.weights.network.clone();
        let graph = network.graph();
        let inputs: Vec<NodeId> = batch_norms(graph).map(|id| graph.node(id).inputs[0]).collect();
        let answer = flex().pass(&network, &self.images, &Ask::new().moments(&inputs), Precision::F64).unwrap();
        let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
        let moments = |id: NodeId| {
            let own = answer.moments(graph.node(id).inputs[0]).unwrap();
            (id, RunningMoments { mean: narrow(&own.mean), variance: narrow(&own.variance) })
        };
        let nodes = batch_norms(graph).map(moments).collect();
        Weights { statistics: Some(RunningStatistics { nodes }), network }
    }

    /// Outputs that another runtime computed must be ours to 1e-4.
    pub(crate) fn check(&self, theirs: &[f64], runtime: &str) {
        assert_eq!(theirs.len(), self.logits.len(), "{}: {runtime}", self.title);
        let scale = self.logits.iter().fold(1.0_f64, |scale, value| scale.max(value.abs()));
        let worst = theirs.iter().zip(&self.logits).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale;
        assert!(worst <= 1e-4, "{}: {runtime} differs by {worst:e}: {theirs:?} instead of {:?}", self.title, self.logits);
    }
}
