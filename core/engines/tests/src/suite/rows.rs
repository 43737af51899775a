//! Losses of rows of logits that are not one an image, as pretext tasks have them.

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Learner, Lesson, Logits, Loss, Rules, Targets};
use assay_core::engine::{Engine, Precision};
use assay_core::graph::{Conv2d, Graph, GraphBuilder, NodeId, Operator, Shape};
use assay_core::network::{Initialiser, Network};
use assay_core::stream::Stream;
use rand::RngExt;

use super::difference;
use crate::plain::PlainLearner;

const INPUT: Shape = Shape::new(2, 7, 6);

/// A stem, and behind it what `head` builds.
fn network(head: impl FnOnce(&mut GraphBuilder, NodeId) -> NodeId) -> Network {
    let mut b = GraphBuilder::new(INPUT).unwrap();
    let stem = b.conv("stem", b.input(), Conv2d::new(4, 3).padding(1).stride(2)).unwrap();
    let stem = b.batch_norm("stem.norm", stem).unwrap();
    let stem = b.relu("stem.relu", stem).unwrap();
    let output = head(&mut b, stem);
    let graph: Graph = b.finish(output);
    Network::initialise(Arc::new(graph), Initialiser::UniformFanIn, &Stream::new(1, "parameters"))
}

/// A map of a channel a class.
fn map() -> Network {
    network(|b, stem| b.conv("map", stem, Conv2d::new(5, 1).bias(true)).unwrap())
}

/// Of each of three images of a group its share of four logits.
fn shares() -> Network {
    network(|b, stem| {
        let pooled = b.add("pool", Operator::GlobalAvgPool, &[stem]).unwrap();
        let place = |b: &mut GraphBuilder, place: usize| b.linear(format!("place.{place}"), pooled, 4, place == 0).unwrap();
        let places = [place(b, 0), place(b, 1), place(b, 2)];
        b.add("places", Operator::CONCAT, &places).unwrap()
    })
}

fn pixels(images: usize) -> Vec<f32> {
    let mut rng = Stream::new(3, "noise").rng();
    (0..images * INPUT.elements()).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect()
}

fn labels(count: usize, classes: u32) -> Vec<u32> {
    (0..count as u32).map(|row| row * 7 % classes).collect()
}

/// Losses, gradients and what ten steps lead to, of rows a group of images and rows a pixel.
pub fn rows_of_groups_and_of_pixels_are_learned_as_plain_loops_learn_them(engines: &[Box<dyn Engine>]) {
    let by_pixel = Minibatch::of_pixels(INPUT, pixels(19), labels(19 * INPUT.area(), 5));
    let by_group = Minibatch::new(INPUT, pixels(21), labels(21, 4));
    for (network, batch, logits) in [(map(), by_pixel, Logits::Pixels), (shares(), by_group, Logits::Groups(3))] {
        let losses = [Loss { node: network.graph().output(), factor: 0.7 }];
        let lesson = Lesson { targets: Targets::Labels { smoothing: 0.1 }, logits, ..Lesson::of(&losses, 0.2) };
        let rules = Rules { precision: Precision::F64, ..Rules::default() };
        for engine in engines {
            let mut plain = PlainLearner::new(&network, &rules);
            let mut learner = engine.learner(network.clone(), &rules).unwrap();
            let first = plain.gradients(&batch, &lesson).unwrap();
            let found = learner.gradients(&batch, &lesson).unwrap();
            let name = engine.name();
            assert!(difference(&found.0.losses, &first.0.losses) < 1e-6, "{logits:?}, {name}");
            for (found, expected) in found.1.iter().zip(&first.1) {
                assert!(difference(found.as_ref().unwrap(), expected.as_ref().unwrap()) < 1e-5, "{logits:?}, {name}");
            }
            let shape = network.graph().node(network.graph().output()).shape;
            let correct = |output: &[f64]| logits.correct(output, shape, &batch);
            let mut last = first.0.clone();
            for _ in 0..30 {
                last = plain.step(&batch, &lesson).unwrap();
                let found = learner.step(&batch, &lesson).unwrap();
                assert!(difference(&found.losses, &last.losses) < 1e-4, "{logits:?}, {name}");
            }
            assert!(last.losses[0] < first.0.losses[0], "{logits:?} is learned: {:?} to {:?}", first.0.losses, last.losses);
            let tested = [learner.evaluate(&batch, None).unwrap(), plain.evaluate(&batch, None).unwrap()];
            assert!(difference(&tested[0], &tested[1]) < 1e-3, "{logits:?}, {name}");
            assert!(correct(&tested[0]) > 0 && correct(&tested[0]) <= logits.rows(batch.len(), INPUT));
        }
    }
}

/// Batches that have other rows than a lesson asks for.
pub fn rows_that_a_batch_does_not_have_are_refused_with_a_reason(engines: &[Box<dyn Engine>]) {
    let (map, shares) = (map(), shares());
    for engine in engines {
        let refused = |network: &Network, batch: &Minibatch, logits: Logits, targets: Targets| {
            let losses = [Loss { node: network.graph().output(), factor: 1.0 }];
            let lesson = Lesson { targets, logits, ..Lesson::of(&losses, 0.1) };
            let mut learner = engine.learner(network.clone(), &Rules::default()).unwrap();
            learner.step(batch, &lesson).unwrap_err().to_string()
        };
        let plain = || Targets::Labels { smoothing: 0.0 };
        let by_image = |images: usize, classes: u32| Minibatch::new(INPUT, pixels(images), labels(images, classes));
        let by_pixel = |classes: u32| Minibatch::of_pixels(INPUT, pixels(2), labels(2 * INPUT.area(), classes));
        let said = [
            refused(&map, &by_image(2, 4), Logits::Pixels, plain()),
            refused(&map, &by_pixel(8), Logits::Pixels, plain()),
            refused(&map, &by_pixel(5), Logits::Images, plain()),
            refused(&shares, &by_image(4, 4), Logits::Groups(3), plain()),
            refused(&shares, &by_image(10, 4), Logits::Groups(5), plain()),
            refused(&shares, &by_image(3, 4), Logits::Groups(0), plain()),
            refused(&shares, &by_image(6, 4), Logits::Groups(3), Targets::Given(vec![0.25; 24])),
        ];
        let expected = [
            "the loss at `map` needs a label a pixel: 84, not 2",
            "an image has label 7, but node `map` has 5 classes (labels count from 0)",
            "the loss at `map` needs a label an image: 2, not 84",
            "the loss at `places` tells something of groups of 3 images, and 4 images are not whole groups",
            "the loss at `places` has 12 elements, which are not the logits of each of 5 images",
            "the loss at `places` tells something of groups of no image",
            "the loss at `places` needs 8 targets, was given 24",
        ];
        assert_eq!(said, expected, "{}", engine.name());
    }
}
