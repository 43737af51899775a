//! What a learner promises beside its numbers: parts, states, moves one by one, and refusals.

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Dropped, LearnerState, Lesson, Loss, Mixture, Move, Optimiser, Part, Rules, Targets, Test, Update};
use assay_core::engine::{Engine, Precision};
use assay_core::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;
use rand::RngExt;

use super::difference;
use super::learning::{rules, wide};

/// Two branches of one name each, or one of them, behind a common stem.
fn branches(of: &[&str]) -> Graph {
    let mut b = GraphBuilder::new(Shape::new(3, 8, 8)).unwrap();
    let stem = b.conv("stem", b.input(), Conv2d::new(4, 3).padding(1)).unwrap();
    let stem = b.batch_norm("stem.norm", stem).unwrap();
    let terms: Vec<(f32, NodeId)> = of
        .iter()
        .map(|name| {
            let relu = b.relu(format!("{name}.relu"), stem).unwrap();
            let conv = b.conv(format!("{name}.conv"), relu, Conv2d::new(4, 3).padding(1)).unwrap();
            (1.0, b.batch_norm(format!("{name}.norm"), conv).unwrap())
        })
        .collect();
    let sum = b.weighted_sum("sum", &terms).unwrap();
    let pooled = b.add("pool", Operator::GlobalAvgPool, &[sum]).unwrap();
    let output = b.linear("out", pooled, 5, true).unwrap();
    b.finish(output)
}

fn noise(images: usize) -> Minibatch {
    let mut rng = Stream::new(3, "noise").rng();
    let shape = Shape::new(3, 8, 8);
    let pixels = (0..images * shape.elements()).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect();
    Minibatch::new(shape, pixels, (0..images as u32).map(|image| image % 5).collect())
}

fn drawn(graph: Graph) -> Network {
    Network::initialise(Arc::new(graph), Initialiser::UniformFanIn, &Stream::new(1, "parameters"))
}

/// A lesson with one loss and nothing else.
fn simple<'a>(losses: &'a [Loss], part: Option<&'a Part>) -> Lesson<'a> {
    Lesson { part, ..Lesson::of(losses, 0.1) }
}

/// Steps of single paths of a supernet.
pub fn a_part_learns_as_if_alone_and_leaves_the_rest_of_the_network_untouched(engines: &[Box<dyn Engine>]) {
    let whole = drawn(branches(&["a", "b"]));
    let part = Part::of(whole.graph(), Arc::new(branches(&["b"]))).unwrap();
    let batch = noise(19);
    let losses = [Loss { node: part.graph().output(), factor: 1.0 }];
    for engine in engines {
        let rules = rules(Precision::F32);
        let mut alone = engine.learner(drawn(branches(&["b"])), &rules).unwrap();
        let mut supernet = engine.learner(whole.clone(), &rules).unwrap();
        for _ in 0..3 {
            let expected = alone.step(&batch, &simple(&losses, None)).unwrap();
            assert_eq!(supernet.step(&batch, &simple(&losses, Some(&part))).unwrap(), expected, "{}", engine.name());
        }
        assert_eq!(supernet.evaluate(&batch, Some(&part)).unwrap(), alone.evaluate(&batch, None).unwrap());
        let (found, expected, before) = (supernet.state(), alone.state(), LearnerState::initial(&whole, &rules));
        for position in 0..found.parameters.len() {
            match part.parameters().iter().position(|own| *own == position) {
                Some(own) => assert_eq!(found.parameters[position], expected.parameters[own], "{}", engine.name()),
                None => {
                    assert_eq!(found.parameters[position], before.parameters[position]);
                    assert_eq!((found.updates[position], &found.memories[position]), (0, &before.memories[position]));
                }
            }
        }
        for (id, moments) in &found.statistics.nodes {
            match part.norms().iter().find(|(_, whole)| whole == id) {
                Some((own, _)) => assert_eq!(moments, &expected.statistics.nodes[own]),
                None => assert_eq!(moments, &before.statistics.nodes[id]),
            }
        }
    }
}

/// A pass in which statistics move alone, and a step in which parameters take part that no loss depends on.
pub fn statistics_move_in_a_pass_and_parameters_when_they_are_told_to(engines: &[Box<dyn Engine>]) {
    let whole = drawn(branches(&["a", "b"]));
    let part = Part::of(whole.graph(), Arc::new(branches(&["b"]))).unwrap();
    let batch = noise(19);
    let losses = [Loss { node: part.graph().output(), factor: 1.0 }];
    let also: Vec<usize> = (0..whole.graph().parameters().len()).collect();
    for engine in engines {
        let name = engine.name();
        let rules = rules(Precision::F32);
        let mut at_once = engine.learner(whole.clone(), &rules).unwrap();
        let mut by_hand = engine.learner(whole.clone(), &rules).unwrap();
        let lesson = Lesson { also: &also, ..simple(&losses, Some(&part)) };
        for step in 0..3 {
            let before = by_hand.state();
            let expected = by_hand.gradients(&batch, &lesson).unwrap();
            let learned = by_hand.pass(&batch, &lesson).unwrap();
            assert_eq!((&learned, &by_hand.passed()), (&expected.0, &expected.1), "{name}");
            let moved = by_hand.state();
            assert_eq!((&moved.parameters, &moved.memories, &moved.updates), (&before.parameters, &before.memories, &before.updates));
            assert_ne!(moved.statistics, before.statistics, "{name}");
            let mut looking = engine.learner(whole.clone(), &rules).unwrap();
            looking.restore(before.clone()).unwrap();
            assert_eq!(looking.look(&batch, Some(&part)).unwrap(), learned.output, "{name}");
            assert!(looking.state() == moved, "{name}");
            by_hand.move_on(&Move { rate: lesson.rate, cut: 1.0, also: &also }).unwrap();
            assert_eq!(at_once.step(&batch, &lesson).unwrap(), learned, "{name}");
            assert!(at_once.state() == by_hand.state(), "{name}");
            // What no loss depends on decays, where it decays at all, and is carried on.
            for (position, spec) in whole.graph().parameters().iter().enumerate().filter(|(_, spec)| spec.path.starts_with("a.")) {
                let (mut parameter, mut memories) = (before.parameters[position].clone(), before.memories[position].clone());
                let update = Update { rate: 0.1, cut: 1.0, gradient: &[], parameter: &mut parameter, memories: &mut memories };
                rules.update(rules.decay_of(spec), step + 1, update);
                let found = by_hand.state();
                assert!(difference(&wide(&found.parameters[position]), &wide(&parameter)) < 1e-6, "{}, {name}", spec.path);
                assert_eq!(found.updates[position], step + 1);
            }
        }
        let refused = by_hand.move_on(&Move { rate: 0.1, cut: 1.0, also: &[] }).unwrap_err().to_string();
        assert_eq!(refused, "a learner moves on by the gradients of a pass, and there was none since it last did", "{name}");
        let mut values = by_hand.values();
        values[0][0] = 0.5;
        let before = by_hand.state();
        by_hand.set_values(&values).unwrap();
        assert_eq!(by_hand.values(), values, "{name}");
        assert_eq!((by_hand.state().memories, by_hand.state().statistics), (before.memories, before.statistics), "{name}");
    }
}

/// A state that is read and given back, to the same learner and to another.
pub fn a_learner_goes_on_from_its_state_to_the_very_weights(engines: &[Box<dyn Engine>]) {
    let network = drawn(branches(&["a", "b"]));
    let losses = [Loss { node: network.graph().output(), factor: 1.0 }];
    let adam = Optimiser::Adam { betas: [0.9, 0.999], epsilon: 1e-8 };
    for engine in engines {
        for optimiser in [Optimiser::Sgd { momentum: 0.9, nesterov: false }, adam] {
            let rules = Rules { optimiser, weight_decay: 1e-3, ..Rules::default() };
            let mut one = engine.learner(network.clone(), &rules).unwrap();
            let learn = |learner: &mut Box<dyn assay_core::engine::learner::Learner>, images: usize| {
                learner.step(&noise(images), &simple(&losses, None)).unwrap().losses[0]
            };
            let first = learn(&mut one, 20);
            // One image alone is a batch, too.
            learn(&mut one, 1);
            let state = one.state();
            let expected: Vec<f64> = (0..30).map(|_| learn(&mut one, 20)).collect();
            assert!(expected[29] < first - 0.05, "{} learns: {first} to {}", engine.name(), expected[29]);
            let mut other = engine.learner(drawn(branches(&["a", "b"])), &rules).unwrap();
            other.restore(state).unwrap();
            let found: Vec<f64> = (0..30).map(|_| learn(&mut other, 20)).collect();
            assert_eq!(found, expected, "{}", engine.name());
            assert!(other.state() == one.state(), "{}", engine.name());
        }
    }
}

/// What does not fit a network or its rules.
pub fn what_cannot_be_learned_is_refused_with_a_reason(engines: &[Box<dyn Engine>]) {
    let network = drawn(branches(&["a", "b"]));
    let output = network.graph().output();
    let losses = [Loss { node: output, factor: 1.0 }];
    let batch = noise(3);
    let other = drawn(branches(&["a"]));
    for engine in engines {
        let mut learner = engine.learner(network.clone(), &Rules::default()).unwrap();
        let before = learner.state();
        let factors = |count: usize| vec![Dropped { node: NodeId(1), factors: vec![1.0; count] }];
        let (short, twice) = (factors(2), [factors(3), factors(3)].concat());
        let unknown = [Loss { node: NodeId(99), factor: 1.0 }];
        let wrong = Minibatch::new(batch.shape(), batch.pixels().to_vec(), vec![0, 5, 1]);
        let mut refused = |batch: &Minibatch, lesson: &Lesson<'_>| learner.step(batch, lesson).unwrap_err().to_string();
        let lesson = || simple(&losses, None);
        let stranger = Part::whole(other.shared_graph());
        let mut said = vec![
            refused(&batch, &simple(&[], None)),
            refused(&batch, &simple(&unknown, None)),
            refused(&wrong, &lesson()),
            refused(&batch, &Lesson { targets: Targets::Given(vec![0.2; 3]), ..lesson() }),
            refused(&batch, &Lesson { dropped: &short, ..lesson() }),
            refused(&batch, &Lesson { dropped: &twice, ..lesson() }),
            refused(&batch, &simple(&[Loss { node: other.graph().output(), factor: 1.0 }], Some(&stranger))),
        ];
        let mixture = |name: &str, weights: usize| {
            let node = network.graph().find(name).unwrap();
            vec![Mixture { node, weights: vec![0.5; weights] }]
        };
        let (few, stem, again) = (mixture("sum", 1), mixture("stem", 2), [mixture("sum", 2), mixture("sum", 2)].concat());
        for mixtures in [&few, &stem, &again] {
            said.push(refused(&batch, &Lesson { mixtures, ..lesson() }));
        }
        let stem = network.graph().find("stem").unwrap();
        said.push(learner.test(&batch, &Test { by_batch: &[stem], ..Test::default() }).unwrap_err().to_string());
        learner.pass(&batch, &lesson()).unwrap();
        said.push(learner.move_on(&Move { rate: 0.1, cut: 1.0, also: &[11] }).unwrap_err().to_string());
        learner.restore(before.clone()).unwrap();
        said.push(learner.restore(LearnerState::initial(&other, &Rules::default())).unwrap_err().to_string());
        let adam = Rules { optimiser: Optimiser::Adam { betas: [0.9, 0.999], epsilon: 1e-8 }, ..Rules::default() };
        said.push(learner.restore(LearnerState::initial(&network, &adam)).unwrap_err().to_string());
        let expected = [
            "a step needs a loss",
            "the ask names node 99, but the network has 12 nodes",
            "an image has label 5, but node `out` has 5 classes (labels count from 0)",
            "the loss at `out` needs 15 targets, was given 3",
            "`stem` is dropped by 2 factors, but there are 3 images",
            "`stem` is dropped twice",
            "this is a part of another network, where `out.weight` has another place",
            "the sum `sum` has 2 terms, was given 1 weights",
            "`stem` is not a sum, so it has no terms to weigh",
            "the sum `sum` is given weights twice",
            "`stem` is not a batch normalisation",
            "there is no parameter 11: the network has 11",
            "the network has 11 parameters, the state 8",
            "`stem.weight` needs 108 values, and the optimiser 1 for each of them; the state has others",
        ];
        assert_eq!(said, expected, "{}", engine.name());
        assert!(learner.state() == before, "what is refused changes nothing, {}", engine.name());
    }
}
