//! The gradients of each image alone, as a batch of one: as many images at a time as a tile has lanes.
//!
//! A tile of isolated images is run like the last tile of a batch of one image that carries several cotangents, except
//! that its lanes hold different images and batch normalisation has statistics for each lane.

use assay_core::data::Minibatch;
use assay_core::engine::{Ask, EngineError, cotangent};
use assay_core::network::Network;
use assay_kernels::{Element, Kernels};

use super::CpuEngine;
use super::backward::{Arranged, Prepared};
use super::columns::Columns;
use super::forward;
use super::pass::Subject;
use super::tiles::Tiles;
use super::workspace::Workspace;

/// Runs the backward pass of an ask's one objective.
pub(super) fn run<E: Element>(
    engine: &CpuEngine,
    network: &Network,
    batch: &Minibatch,
    ask: &Ask,
    visit: &mut dyn FnMut(&[Vec<f64>]),
) -> Result<(), EngineError> {
    let graph = network.graph();
    let kernels = Kernels::<E>::get(engine.isa);
    let subject = Subject::new(network, ask);
    let columns = Columns::new(network, |_| true);
    let needed = |images: usize| {
        let together = kernels.lanes().min(images);
        together * columns.len() * size_of::<E>() + subject.memory::<E>(&Tiles::isolated(together, kernels.lanes()))
    };
    engine.limit.check(network, batch.len(), needed)?;
    for first in (0..batch.len()).step_by(kernels.lanes()) {
        let images = batch.part(first, kernels.lanes().min(batch.len() - first));
        let tiles = Tiles::isolated(images.len(), kernels.lanes());
        let activations = forward::run(kernels, engine.meter(), network, &subject.lowered, &subject.schedule, &images, tiles);
        let mut all = vec![E::ZERO; images.len() * columns.len()];
        for (objective, wanted) in &ask.gradients {
            let (Some(from), Some(plan)) = (subject.lowered.op_of_node[objective.node.0], subject.plan(objective, wanted)) else {
                continue;
            };
            let shape = graph.node(objective.node).shape;
            let value = activations.read(from);
            let elements = shape.elements();
            let cotangents: Vec<Vec<f64>> = (0..images.len())
                .map(|image| cotangent(objective, shape, &images.part(image, 1), || value[image * elements..][..elements].to_vec()))
                .collect();
            let arranged = Arranged::new(kernels, engine.meter(), network, &subject.lowered, &activations, &plan);
            let prepared = Prepared::new(kernels, engine.meter(), network, &subject.lowered, &activations, &plan, &arranged);
            let mut rows: Vec<&mut [E]> = all.chunks_mut(columns.len().max(1)).collect();
            let enters = |_: usize, _: usize, image: usize, element: usize| cotangents[image][element];
            let mut put = |image: usize, parameter: usize, values: Vec<f64>| columns.put(parameter, &values, rows[image]);
            prepared.run(&mut Workspace::new(&plan, &tiles), images.len(), &enters, &mut put);
        }
        for image in 0..images.len() {
            visit(&columns.split(graph, &all[image * columns.len()..][..columns.len()]));
        }
    }
    Ok(())
}
