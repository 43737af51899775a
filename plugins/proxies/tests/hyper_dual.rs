//! Second derivatives of whole networks, against engines and difference quotients of the first.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, Engine, Precision};
use assay_core::graph::Shape;
use assay_core::network::{Initialiser, Network, NormStatistics};
use assay_core::plugin::{MacroNet, Part, Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_cpu::CpuEngine;
use assay_proxies::parts::hyper_dual::{HyperDual, evaluate};
use assay_spaces as _;
use rand_distr::{Distribution, StandardNormal};

const IMAGES: usize = 2;

fn noise(count: usize, name: &str) -> Vec<f64> {
    let mut rng = Stream::new(3, name).rng();
    (0..count).map(|_| f64::from(Distribution::<f32>::sample(&StandardNormal, &mut rng))).collect()
}

/// Networks with pools, depthwise and dilated convolutions, joined channels and projections.
fn networks() -> Vec<(String, Network)> {
    let mut networks = Vec::new();
    for name in ["nas-bench-201", "darts", "nas-bench-101", "nas-bench-macro"] {
        let space = Registry::<dyn SearchSpace>::collect().unwrap().build(name, &Settings::none()).unwrap();
        let net = MacroNet { input: Shape::new(3, 16, 16), channels: 4, cells: 1, classes: 10, part: Part::Classifier };
        let net = if name == "darts" { MacroNet { cells: 3, ..net } } else { net };
        for architecture in draw_architectures(space.as_ref(), &Subspace::whole(space.layout()), 2, &Stream::new(1, "architectures")) {
            let graph = Arc::new(space.lower(&architecture, &net).unwrap());
            let network = Network::initialise(graph, Initialiser::KaimingNormalFanIn, &Stream::new(2, "parameters"));
            networks.push((format!("{name}: {architecture}"), network.clone()));
            networks.push((format!("{name} in inference mode: {architecture}"), network.by(NormStatistics::Running)));
        }
    }
    networks
}

#[test]
fn derivatives_of_networks_are_those_of_engines_and_of_quotients() {
    for (title, network) in networks() {
        let shape = network.graph().input_shape();
        let count = IMAGES * shape.elements();
        let (images, first, second, mixed) = (noise(count, "images"), noise(count, "first"), noise(count, "second"), noise(count, "mixed"));
        let moved = |step: f64| -> Vec<HyperDual> {
            let number = |pixel: usize| HyperDual {
                value: images[pixel] + step * second[pixel],
                // The first direction turns as the second is followed.
                first: first[pixel] + step * mixed[pixel],
                second: second[pixel],
                mixed: mixed[pixel],
            };
            (0..count).map(number).collect()
        };
        let output = evaluate(&network, moved(0.0)).unwrap();
        let pixels = images.iter().map(|pixel| *pixel as f32).collect();
        let batch = Minibatch::new(shape, pixels, vec![0; IMAGES]);
        let answer = CpuEngine::new().pass(&network, &batch, &Ask::new(), Precision::F64).unwrap();
        let scale = answer.output().iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (ours, engine) in output.iter().zip(answer.output()) {
            assert!((ours.value - engine).abs() <= 1e-10 * scale, "{title}: {} is not {engine}", ours.value);
        }
        const STEP: f64 = 1e-7;
        let (more, less) = (evaluate(&network, moved(STEP)).unwrap(), evaluate(&network, moved(-STEP)).unwrap());
        let largest = |part: fn(&HyperDual) -> f64| output.iter().fold(0.0_f64, |most, number| most.max(part(number).abs()));
        let (steepest, most) = (largest(|number| number.second), largest(|number| number.mixed));
        for (ours, (more, less)) in output.iter().zip(more.iter().zip(&less)) {
            let slope = (more.value - less.value) / (2.0 * STEP);
            assert!((ours.second - slope).abs() <= 1e-5 * steepest, "{title}: the derivative {} is not {slope}", ours.second);
            let bend = (more.first - less.first) / (2.0 * STEP);
            assert!((ours.mixed - bend).abs() <= 1e-4 * most, "{title}: the second derivative {} is not {bend}", ours.mixed);
        }
    }
}
