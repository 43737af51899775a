//! Derivatives of each image's outputs with respect to chosen elements of parameters: forward once, backward once a cotangent,
//! for as many images at a time as a tile has lanes.
//!
//! Sums are made for the chosen elements alone, so that a pass backward costs what the gradients of values do, and takes no
//! memory for those of parameters.

use assay_core::data::Minibatch;
use assay_core::engine::{EngineError, JacobianOf};
use assay_core::network::Network;
use assay_kernels::{Element, Kernels};

use super::CpuEngine;
use super::activations::Statistics;
use super::backward::{Arranged, Prepared};
use super::chosen::{Chosen, Parameters};
use super::columns::Columns;
use super::lower::Lowered;
use super::ops::Kind;
use super::plan::{Cotangents, Goal, Plan};
use super::schedule::Schedule;
use super::tiles::Tiles;
use super::workspace::Workspace;
use super::{forward, memory};

/// Bytes for each element, of what says where its derivative is summed and put.
const LISTS: usize = 256;

/// A network as Jacobians of it need it.
pub(super) struct Subject<'a> {
    network: &'a Network,
    of: JacobianOf<'a>,
    lowered: Lowered,
    schedule: Schedule,
    plan: Plan,
    columns: Columns,
    /// Where each element is in a row.
    places: Vec<Option<usize>>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(network: &'a Network, of: JacobianOf<'a>) -> Self {
        let lowered = Lowered::with_gradients(network.graph(), &[], &[]);
        let schedule = Schedule::new(network, &lowered, true);
        let chosen = Chosen::new(of.elements);
        let places = of.elements.iter().map(|place| chosen.position(place)).collect();
        let columns = Columns::of(&chosen, network.graph().parameters().len());
        let parameters = Parameters::Chosen(chosen);
        let goal = Goal { parameters, fixed: lowered.fixed(network), ..Goal::values(vec![lowered.output]) };
        let plan = Plan::new(&lowered, Cotangents::One, &goal);
        Self { network, of, lowered, schedule, plan, columns, places }
    }

    /// The most memory that it takes for so many images at a time, in bytes.
    pub(super) fn memory<E: Element>(&self, images: usize, lanes: usize) -> usize {
        let images = images.min(lanes);
        let tiles = Tiles::isolated(images, lanes);
        let footprint = memory::forward::<E>(self.network, &self.lowered, &self.schedule, &tiles);
        let rows = images * self.columns.len();
        let backward = memory::gradients::<E>(self.network, &self.lowered, &self.plan, &tiles, rows);
        let (statistics, normalising) = self.normalisations::<E>(images, lanes);
        let results = images * self.of.len() * size_of::<f64>();
        let copied = images * self.network.graph().input_shape().elements() * size_of::<f32>();
        let lists = self.of.elements.len() * LISTS;
        lists + copied + statistics + (footprint.most + normalising).max(footprint.kept + backward + results)
    }

    /// What batch normalisations take beside their values: statistics of each image, and for a moment, where they are an image's
    /// own, what is centred about its mean and not yet divided.
    fn normalisations<E: Element>(&self, images: usize, lanes: usize) -> (usize, usize) {
        let (mut statistics, mut normalising) = (0, 0);
        for (position, op) in self.lowered.ops.iter().enumerate().filter(|(_, op)| matches!(op.kind, Kind::Norm(_))) {
            statistics += images * (size_of::<Statistics>() + 2 * op.shape.channels * size_of::<f64>());
            if self.network.running(op.node).is_none() {
                let vectors = 2 * self.schedule.maps[position].vectors() + 3 * op.shape.channels;
                normalising = normalising.max(vectors * lanes * size_of::<E>());
            }
        }
        (statistics, normalising)
    }

    /// The Jacobians of as many images as fit in a tile.
    fn of_tile<E: Element>(&self, engine: &CpuEngine, images: &Minibatch) -> Vec<Vec<f64>> {
        let Self { network, of, lowered, schedule, plan, columns, places } = self;
        let kernels = Kernels::<E>::get(engine.isa);
        let tiles = Tiles::isolated(images.len(), kernels.lanes());
        let activations = forward::run(kernels, engine.meter(), network, lowered, schedule, images, tiles);
        let arranged = Arranged::new(kernels, engine.meter(), network, lowered, &activations, plan);
        let prepared = Prepared::new(kernels, engine.meter(), network, lowered, &activations, plan, &arranged);
        let mut workspace = Workspace::new(plan, &tiles);
        let mut jacobians = vec![Vec::with_capacity(of.len()); images.len()];
        for cotangent in of.cotangents {
            let mut all = vec![vec![E::ZERO; columns.len()]; images.len()];
            let mut rows: Vec<&mut [E]> = all.iter_mut().map(Vec::as_mut_slice).collect();
            let mut put = |image: usize, parameter: usize, values: Vec<f64>| columns.put(parameter, &values, rows[image]);
            prepared.run(&mut workspace, images.len(), &|_, _, _, output| cotangent[output], &mut put);
            for (jacobian, row) in jacobians.iter_mut().zip(&all) {
                jacobian.extend(places.iter().map(|place| place.map_or(0.0, |place| row[place].to_f64())));
            }
        }
        jacobians
    }
}

/// Computes the Jacobian of each image.
pub(super) fn run<E: Element>(
    engine: &CpuEngine,
    network: &Network,
    batch: &Minibatch,
    of: JacobianOf<'_>,
    visit: &mut dyn FnMut(&[f64]),
) -> Result<(), EngineError> {
    let lanes = Kernels::<E>::get(engine.isa).lanes();
    let subject = Subject::new(network, of);
    engine.limit.check(network, batch.len(), |images| subject.memory::<E>(images, lanes))?;
    for first in (0..batch.len()).step_by(lanes) {
        let images = batch.part(first, lanes.min(batch.len() - first));
        subject.of_tile::<E>(engine, &images).iter().for_each(|jacobian| visit(jacobian));
    }
    Ok(())
}
