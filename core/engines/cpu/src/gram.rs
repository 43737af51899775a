//! The tangent Gram matrix: one backward pass a sample, all after one forward pass.
//!
//! Where memory does not hold all rows of J, their inner products are added up over some of its columns at a time, and
//! the backward passes are run again for the next ones. That costs as many passes over the rows as J is larger than the
//! memory, has no least size but a block of columns, and gives the same bits: products are added up block by block
//! anyway.

use std::sync::Mutex;

use assay_core::data::Minibatch;
use assay_core::engine::profile::Work;
use assay_core::engine::{EngineError, Gram, MemoryBudget, Precision};
use assay_core::graph::ParameterSpec;
use assay_core::network::Network;
use assay_kernels::{Buffer, Element, GramRows, Kernels};

use super::CpuEngine;
use super::backward::{Arranged, Prepared};
use super::columns::Columns;
use super::forward;
use super::lower::Lowered;
use super::memory::{self, Backward};
use super::plan::{Cotangents, Goal, Plan};
use super::schedule::{Footprint, Schedule};
use super::tiles::Tiles;
use super::workspace::Workspace;

/// Cotangents that one backward pass carries at most; more would need more memory than the lanes they save are worth.
const MOST_TOGETHER: usize = 4;

/// How a Gram matrix is computed within a limit of memory. The result does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrangement {
    tiles: Tiles,
    threads: usize,
    /// Columns of J that are held at a time.
    columns: usize,
    /// The memory that it takes, in bytes.
    pub(super) bytes: usize,
}

/// A network as its Gram matrix needs it.
pub(super) struct Subject<'a> {
    network: &'a Network,
    lowered: Lowered,
    schedule: Schedule,
    plan: Plan,
    columns: Columns,
    batch: usize,
}

impl<'a> Subject<'a> {
    pub(super) fn new(network: &'a Network, batch: usize) -> Self {
        let lowered = Lowered::with_gradients(network.graph(), &[], &[]);
        let schedule = Schedule::new(network, &lowered, true);
        let plan = Plan::new(&lowered, Cotangents::Many, &Goal::parameters(&lowered));
        let columns = Columns::new(network, ParameterSpec::is_named_weight);
        Self { network, lowered, schedule, plan, columns, batch }
    }

    /// The fastest arrangement that fits: threads, cotangents a backward pass, and columns held at a time.
    pub(super) fn arrange<E: Element>(&self, engine: &CpuEngine) -> Result<Arrangement, EngineError> {
        let budget = |images| engine.limit.budget(self.network, images);
        let of_one = || {
            let least = Self::new(self.network, 1).within::<E>(engine, budget(1));
            budget(1).needed(least.map_or_else(|least| least, |arrangement| arrangement.bytes))
        };
        let own = budget(self.batch);
        self.within::<E>(engine, own).map_err(|least| own.too_large(least).with_one_image(self.batch, of_one))
    }

    /// The fastest arrangement within a budget, or the bytes of the one that takes least, of which there is too little.
    fn within<E: Element>(&self, engine: &CpuEngine, budget: MemoryBudget) -> Result<Arrangement, usize> {
        let kernels = Kernels::<E>::get(engine.isa);
        let element = size_of::<E>();
        let block = block_columns(kernels);
        let order = self.batch;
        // Inner products, and a block of rows in float64.
        let products = order * order * size_of::<f64>();
        let blocks = order * block * size_of::<f64>();
        let length = self.columns.len();
        let mut best: Option<(usize, Arrangement)> = None;
        let mut least = usize::MAX;
        for together in (1..=MOST_TOGETHER.min(order)).rev() {
            let tiles = Tiles::new(order, kernels.lanes(), together);
            if tiles.copies != together {
                continue;
            }
            let Footprint { most, kept } = memory::forward::<E>(self.network, &self.lowered, &self.schedule, &tiles);
            let backward = Backward::new::<E>(self.network.graph().parameters(), &self.lowered, &self.plan, &tiles);
            let groups = order.div_ceil(together);
            for threads in (1..=engine.threads.get().min(groups)).rev() {
                let fixed = kept + backward.prepared + products;
                let bytes = |columns: usize| {
                    let running = order * columns * element + (threads * backward.workspace).max(blocks);
                    most.max(fixed + backward.preparing.max(running))
                };
                let room = budget.bytes().saturating_sub(fixed + (threads * backward.workspace).max(blocks)) / (order * element);
                let columns = if room >= length { length } else { room / block * block };
                let fits = columns > 0 && budget.check(bytes(columns)).is_ok();
                least = least.min(bytes(block.min(length)));
                if !fits && length > 0 {
                    continue;
                }
                let passes = length.div_ceil(columns.max(1));
                let work = passes * groups.div_ceil(threads) * tiles.backward().len();
                if best.as_ref().is_none_or(|(other, _)| work < *other) {
                    best = Some((work, Arrangement { tiles, threads, columns, bytes: bytes(columns) }));
                }
            }
        }
        best.map(|(_, arrangement)| arrangement).ok_or(least)
    }
}

pub(super) fn tangent_gram<E: Element>(
    engine: &CpuEngine,
    network: &Network,
    batch: &Minibatch,
    precision: Precision,
) -> Result<Gram, EngineError> {
    let kernels = Kernels::<E>::get(engine.isa);
    let subject = Subject::new(network, batch.len());
    let order = batch.len();
    if subject.columns.len() == 0 {
        return Ok(Gram::new(order, vec![0.0; order * order], 0.0));
    }
    let arrangement = subject.arrange::<E>(engine)?;
    let Subject { lowered, schedule, plan, columns, .. } = &subject;
    let meter = engine.meter();
    let activations = forward::run(kernels, meter, network, lowered, schedule, batch, arrangement.tiles);
    let arranged = Arranged::new(kernels, meter, network, lowered, &activations, plan);
    let prepared = Prepared::new(kernels, meter, network, lowered, &activations, plan, &arranged);
    let together = activations.tiles.copies;
    let mut rows = vec![E::ZERO; order * arrangement.columns];
    let mut entries = vec![0.0; order * order];
    for (pass, columns) in columns.chunks(arrangement.columns).enumerate() {
        let rows = &mut rows[..order * columns.len()];
        if pass > 0 {
            // The gradients of parameters that the output does not depend on are never written.
            rows.fill(E::ZERO);
        }
        // Every group of rows is computed alone, so who computes it does not show in the result.
        let work = Mutex::new(rows.chunks_mut(together * columns.len()).enumerate());
        let run = || {
            let mut workspace = Workspace::new(plan, &arrangement.tiles);
            while let Some((group, chunk)) = work.lock().ok().and_then(|mut work| work.next()) {
                let first = group * together;
                let mut rows: Vec<&mut [E]> = chunk.chunks_mut(columns.len()).collect();
                let count = rows.len();
                let enters = |_: usize, row: usize, image: usize, _: usize| f64::from(u8::from(image == first + row));
                let mut put = |row: usize, parameter: usize, values: Vec<f64>| columns.put(parameter, &values, rows[row]);
                prepared.run(&mut workspace, count, &enters, &mut put);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..arrangement.threads {
                // Where the system has no more threads, those that there are do all of the work.
                drop(std::thread::Builder::new().spawn_scoped(scope, run));
            }
            run();
        });
        let operations = (order * (order + 1) * columns.len()) as u64;
        meter.time(|| (Work::Gram, operations), || add_products(kernels, rows, columns.len(), order, &mut entries));
    }
    for row in 0..order {
        for column in row + 1..order {
            entries[row * order + column] = entries[column * order + row];
        }
    }
    Ok(Gram::new(order, entries, Gram::resolution(order, precision)).profiled(engine.profile.clone()))
}

/// Columns whose products are added up at a time.
fn block_columns<E: Element>(kernels: &Kernels<E>) -> usize {
    64 * kernels.gram_lanes()
}

/// Adds the lower half of rows times rows, in float64, where products of float32 numbers are exact.
fn add_products<E: Element>(kernels: &Kernels<E>, rows: &[E], length: usize, order: usize, entries: &mut [f64]) {
    let columns = block_columns(kernels);
    let mut block = Buffer::<f64>::zeros(order * columns);
    for first in (0..length).step_by(columns) {
        let width = columns.min(length - first);
        for row in 0..order {
            let to = &mut block[row * columns..][..columns];
            for (to, from) in to.iter_mut().zip(&rows[row * length + first..][..width]) {
                *to = from.to_f64();
            }
            to[width..].fill(0.0);
        }
        kernels.gram(GramRows { rows: &block, order, length: columns, products: entries });
    }
}
