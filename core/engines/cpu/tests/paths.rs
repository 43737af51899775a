//! Paths and mixtures of a supernet in turn: what was run before shows neither in the bits of a step nor in its memory.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::Engine;
use assay_core::engine::learner::{Learner, Lesson, Loss, Mixture, Optimiser, Part, Rules, StepMemory};
use assay_core::graph::Shape;
use assay_core::network::{Initialiser, Network};
use assay_core::plugin::supernet::{Kept, PerChoice, SharedForm, SharedNet};
use assay_core::plugin::{MacroNet, Part as Whole, Registry, SearchSpace, Settings, draw_architectures};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_cpu::CpuEngine;
use assay_spaces as _;
use peak_alloc::PeakAlloc;
use rand::RngExt;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The most bytes allocated at once beyond those before.
fn allocated(work: impl FnOnce()) -> usize {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    work();
    ALLOCATED.peak_usage() - before
}

struct Searched {
    space: Box<dyn SearchSpace>,
    whole: SharedNet,
    paths: Vec<SharedNet>,
    batch: Minibatch,
}

impl Searched {
    fn new(images: usize) -> Self {
        let space = Registry::<dyn SearchSpace>::collect().unwrap().build("nas-bench-201", &Settings::none()).unwrap();
        let net = MacroNet { input: Shape::new(3, 16, 16), channels: 8, cells: 1, classes: 10, part: Whole::Classifier };
        let form = SharedForm { net, last_affine: false };
        let all = Subspace::whole(space.layout());
        let whole = space.shared_net(Kept::Shared(&all), &form).unwrap();
        let drawn = draw_architectures(space.as_ref(), &all, 12, &Stream::new(2, "paths"));
        let paths = drawn.iter().map(|path| space.shared_net(Kept::Shared(path), &form).unwrap()).collect();
        let mut rng = Stream::new(1, "images").rng();
        let pixels = (0..images * net.input.elements()).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
        let batch = Minibatch::new(net.input, pixels, (0..images as u32).map(|image| image % 10).collect());
        Self { space, whole, paths, batch }
    }

    fn learner(&self, rules: &Rules) -> Box<dyn Learner> {
        let network = Network::initialise(self.whole.graph.clone(), Initialiser::UniformFanIn, &Stream::new(0, "weights"));
        // Parameters are drawn when they are first read, and are not part of what steps take.
        let count = network.graph().parameters().len();
        assert_eq!((0..count).map(|parameter| size_of_val(network.parameter(parameter))).sum::<usize>(), network.bytes());
        CpuEngine::new().threads(NonZeroUsize::new(2).unwrap()).learner(network, rules).unwrap()
    }

    fn losses(net: &SharedNet) -> [Loss; 1] {
        [Loss { node: net.graph.output(), factor: 1.0 }]
    }

    /// Weights that differ from step to step.
    fn mixtures(&self, step: usize) -> Vec<Mixture> {
        let mut weights = PerChoice::filled(self.space.layout(), 0.2);
        for (position, choice) in Subspace::whole(self.space.layout()).choices().enumerate() {
            *weights.at_mut(choice) += 0.1 * ((7 * step + position) as f64).sin();
        }
        self.whole.mixtures(&weights)
    }

    fn of_path(&self, learner: &mut dyn Learner, path: &SharedNet) -> String {
        let part = Part::of(&self.whole.graph, Arc::clone(&path.graph)).unwrap();
        let losses = Self::losses(path);
        let learned = learner.step(&self.batch, &Lesson { part: Some(&part), ..Lesson::of(&losses, 0.05) }).unwrap();
        format!("{learned:?}")
    }

    fn of_mixture(&self, learner: &mut dyn Learner, step: usize) -> String {
        let (losses, mixtures) = (Self::losses(&self.whole), self.mixtures(step));
        format!("{:?}", learner.step(&self.batch, &Lesson { mixtures: &mixtures, ..Lesson::of(&losses, 0.05) }).unwrap())
    }
}

/// Both at once: tests of one process share its memory.
#[test]
fn what_was_run_before_shows_neither_in_bits_nor_in_memory() {
    let rules = Rules { optimiser: Optimiser::Sgd { momentum: 0.9, nesterov: true }, weight_decay: 5e-4, ..Rules::default() };
    for images in [40, 80, 150] {
        let searched = Searched::new(images);
        let mut used = searched.learner(&rules);
        for (position, path) in searched.paths.iter().enumerate() {
            let mut fresh = searched.learner(&rules);
            fresh.restore(used.state()).unwrap();
            assert_eq!(searched.of_path(used.as_mut(), path), searched.of_path(fresh.as_mut(), path), "path {position}");
            fresh.restore(used.state()).unwrap();
            assert_eq!(searched.of_mixture(used.as_mut(), position), searched.of_mixture(fresh.as_mut(), position), "mixture {position}");
        }
        drop(used);
        let (losses, mixtures) = (Searched::losses(&searched.whole), searched.mixtures(0));
        let lesson = Lesson { mixtures: &mixtures, ..Lesson::of(&losses, 0.05) };
        let engine = CpuEngine::new();
        let StepMemory { kept, passing } = engine.step_memory(&searched.whole.graph, &lesson, images, &rules).unwrap();
        let mut learner = searched.learner(&rules);
        let slack = 256 * 1024;
        let paths = allocated(|| searched.paths.iter().for_each(|path| drop(searched.of_path(learner.as_mut(), path))));
        assert!(paths <= kept + passing + slack, "{images} images: predicted {kept} + {passing}, paths took {paths}");
        let mut learner = searched.learner(&rules);
        let mixed = allocated(|| drop(searched.of_mixture(learner.as_mut(), 0)));
        assert!(mixed <= kept + passing + slack && mixed + slack >= (kept + passing) / 3 * 2, "{kept} + {passing}, mixed {mixed}");
        let again = allocated(|| (1..8).for_each(|step| drop(searched.of_mixture(learner.as_mut(), step))));
        assert!(again <= passing + slack, "{images} images: predicted {passing}, other weights took {again}");
    }
}
