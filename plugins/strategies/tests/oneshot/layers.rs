//! Networks of layers that share weights compute what the network of each architecture computes with the same weights.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Learner, Rules};
use assay_core::graph::{ParameterRole, ParameterSpec, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, Kept, PerChoice, Run, SharedForm, Statistics, Supernet};
use assay_core::plugin::{MacroNet, Part, SearchSpace};
use assay_core::stream::Stream;
use assay_core::subspace::{Choice, Subspace};
use assay_engine_tests::plain::PlainLearner;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use assay_spaces::nats_bench_size::NatsBenchSize;
use rand::RngExt;

use crate::recorded::close;

type Weights = BTreeMap<String, Vec<f32>>;

fn net() -> MacroNet {
    MacroNet { input: Shape::new(3, 8, 8), channels: 4, cells: 1, classes: 5, part: Part::Classifier }
}

fn batch() -> Minibatch {
    let mut rng = Stream::new(1, "images").rng();
    Minibatch::new(Shape::new(3, 8, 8), (0..3 * 192).map(|_| rng.random_range(-1.0..1.0)).collect(), vec![0, 1, 4])
}

/// A supernet in plain loops, with its weights by their paths.
fn supernet(space: &dyn SearchSpace) -> (Supernet<'_>, Weights) {
    let form = SharedForm { net: net(), last_affine: true };
    let conditions = Conditions { form, objective: LearningObjective::Classification, idle: Idle::Decay, statistics: Statistics::Running };
    let whole = Supernet::net(space, &conditions).unwrap();
    let network = Network::initialise(Arc::clone(&whole.graph), Initialiser::UniformFanIn, &Stream::new(3, "weights"));
    let paths = whole.graph.parameters().iter().enumerate();
    let weights = paths.map(|(position, spec)| (spec.path.clone(), network.parameter(position).to_vec())).collect();
    let learner = PlainLearner::new(&network, &Rules::default());
    (Supernet::new(space, conditions, whole, Box::new(learner)), weights)
}

/// Compares an architecture in its supernet with its own network, whose weights are these.
fn same(space: &dyn SearchSpace, architecture: &str, weight: impl Fn(&ParameterSpec, &Weights) -> Vec<f32>) {
    let (mut supernet, weights) = supernet(space);
    let subspace = space.parse(architecture).unwrap();
    let graph = Arc::new(space.lower(&subspace, &net()).unwrap());
    let of = |spec: &ParameterSpec| match spec.role {
        // What normalises layers of a supernet has neither.
        ParameterRole::Scale => vec![1.0; spec.elements()],
        ParameterRole::Offset => vec![0.0; spec.elements()],
        ParameterRole::Weight | ParameterRole::Bias | ParameterRole::Other => weight(spec, &weights),
    };
    let own = Network::of(Arc::clone(&graph), graph.parameters().iter().map(of).collect()).unwrap();
    let expected = PlainLearner::new(&own, &Rules::default()).look(&batch(), None).unwrap();
    let path = supernet.path(Kept::Shared(&subspace)).unwrap();
    close(&supernet.look(&batch(), &path).unwrap(), &expected, architecture);
}

#[test]
fn a_path_of_nas_bench_macro_computes_what_its_own_network_computes() {
    let space = NasBenchMacro::new();
    for architecture in ["02012100", "11122000", "00000000", "22222222"] {
        same(&space, architecture, |spec, weights| weights[&spec.path].clone());
    }
}

#[test]
fn a_layer_of_nats_bench_size_runs_with_the_first_weights_of_the_widest() {
    let block = |spec: &ParameterSpec, weights: &Weights| -> Vec<f32> {
        let (layer, kind) = spec.path.rsplit_once('.').unwrap();
        if kind == "bias" {
            return weights[&format!("{layer}.0.bias")].clone();
        }
        let (outputs, inputs) = (spec.shape[0], spec.shape[1]);
        let taps: usize = spec.shape[2..].iter().product();
        let of = |output: usize, input: usize| -> &[f32] {
            // Weights between eight outputs and eight inputs; of images there are three, and all classes are outputs of each block.
            let (name, row, width) = if layer == "classifier" {
                (format!("classifier.{}.weight", input / 8), output, 8)
            } else {
                (format!("{layer}.{}<-{}.weight", output / 8, input / 8), output % 8, inputs.min(8))
            };
            &weights[&name][(row * width + input % 8) * taps..][..taps]
        };
        (0..outputs).flat_map(|output| (0..inputs).flat_map(move |input| of(output, input).to_vec())).collect()
    };
    let space = NatsBenchSize::new();
    for architecture in ["8:8:8:8:8", "16:8:24:8:16", "24:16:16:32:32"] {
        same(&space, architecture, block);
    }
    let both = Subspace::new(space.layout(), vec![vec![[0, 1].into_iter().collect(); 5]]);
    let Err(error) = supernet(&space).0.path(Kept::Shared(&both)) else { panic!("a layer cannot have two widths") };
    assert!(error.to_string().contains("keeps 2 widths"), "{error}");
}

/// The gradient with respect to what mixes operators of a layer, against differences of the loss.
#[test]
fn the_operators_of_a_layer_can_be_mixed() {
    let space = NasBenchMacro::new();
    let layout = space.layout();
    let mut rng = Stream::new(5, "mixture").rng();
    let mut weights = PerChoice::filled(layout, 0.0);
    weights.0.iter_mut().flatten().flatten().for_each(|weight| *weight = rng.random_range(0.2..0.5));
    let (mut supernet, _) = supernet(&space);
    let found = supernet.pass(&batch(), Run::mixture(&weights)).unwrap().gradients.unwrap().terms;
    for choice in [(0, 1), (1, 0), (4, 2), (7, 0)].map(|(edge, operator)| Choice { cell: 0, edge, operator }) {
        let mut loss = |by: f64| {
            let mut moved = weights.clone();
            *moved.at_mut(choice) += by;
            supernet.pass(&batch(), Run::mixture(&moved)).unwrap().loss
        };
        let slope = (loss(1e-7) - loss(-1e-7)) / 2e-7;
        assert!((slope - found.at(choice)).abs() < 1e-4 * slope.abs().max(0.1), "{choice:?}: {} is not {slope}", found.at(choice));
    }
}
