//! The engine for CPUs: hand-written vector kernels over batch-innermost tiles.
//!
//! A graph is lowered once a call (`lower`), its memory is planned (`schedule`, `memory`), it is run forward tile by tile
//! (`forward`), and differentiated by a plan (`plan`) that is run for each cotangent (`backward`).
//! `pass`, `by_image`, `jacobian` and `gram` put these together for the four measurements there are, and `learner` for steps of learning,
//! which store no normalised values (`fold`).
//! The kernels are in `assay_kernels`.
//!
//! It runs the networks of cells and those that mobile networks are made of: what it has kernels for is said in `supported`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod activations;
mod backward;
mod by_image;
mod chosen;
mod columns;
mod compose;
mod factory;
mod fold;
mod forward;
mod general;
mod geometry;
mod gram;
mod jacobian;
mod learner;
mod lower;
mod memory;
mod moves;
mod ops;
mod pass;
mod plan;
mod schedule;
mod spare;
mod spread;
mod supported;
mod tiles;
mod workspace;

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{Learner, Lesson, Rules, StepMemory};
use assay_core::engine::profile::{Meter, Profile};
use assay_core::engine::{
    Answer, Ask, Engine, EngineError, Gram, JacobianOf, MemoryLimit, Objective, Precision, Wanted, check_ask, check_batch,
};
use assay_core::graph::Graph;
use assay_core::network::Network;
use assay_kernels::{Element, Kernels};
pub use assay_kernels::{Isa, fused_multiply_add_peak};

use self::learner::CpuLearner;
pub use self::memory::Call;
use self::tiles::Tiles;

/// Runs networks on the CPU with the best instruction set that the processor has.
#[derive(Clone, Debug)]
pub struct CpuEngine {
    isa: Isa,
    threads: NonZeroUsize,
    limit: MemoryLimit,
    profile: Option<Arc<Profile>>,
}

impl Default for CpuEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl CpuEngine {
    /// The best instruction set, one thread a call, as much memory as a call wants.
    #[must_use]
    pub fn new() -> Self {
        Self::with_isa(Isa::best())
    }

    /// This instruction set, for tests and comparisons.
    ///
    /// # Panics
    /// If the processor does not have it; [`Isa::available`] lists those it has.
    #[must_use]
    pub fn with_isa(isa: Isa) -> Self {
        assert!(Isa::available().contains(&isa), "this processor has no {isa:?}");
        Self { isa, threads: NonZeroUsize::MIN, limit: MemoryLimit::NONE, profile: None }
    }

    /// Uses this many threads for one tangent Gram matrix, and for each call of a learner. The result does not depend on it.
    #[must_use]
    pub fn threads(&self, threads: NonZeroUsize) -> Self {
        Self { threads, ..self.clone() }
    }

    /// Takes at most this many bytes a call, beside the network and the images. A tangent Gram matrix that needs more at once is
    /// computed from some columns of the Jacobian at a time, with fewer threads, or with fewer cotangents at a time,
    /// whichever is fastest, and has the same bits; a call that cannot be made smaller fails before it starts.
    #[must_use]
    pub fn with_memory_limit(&self, bytes: usize) -> Self {
        Self { limit: MemoryLimit::Beside(bytes), ..self.clone() }
    }

    /// Takes so many bytes for all of this many calls at once, each with a network and images of its own; otherwise as
    /// [`with_memory_limit`](Self::with_memory_limit).
    #[must_use]
    pub fn sharing(&self, bytes: usize, calls: usize) -> Self {
        Self { limit: MemoryLimit::Shared { bytes, calls }, ..self.clone() }
    }

    /// Adds the time of every kind of work to this profile.
    #[must_use]
    pub fn with_profile(&self, profile: Arc<Profile>) -> Self {
        Self { profile: Some(profile), ..self.clone() }
    }

    /// The most memory, in bytes, that a call takes beside the network and the images, as this engine runs it within
    /// its limit.
    ///
    /// # Errors
    /// If the call would fail because its memory exceeds the limit.
    pub fn memory(&self, network: &Network, batch: usize, call: Call<'_>, precision: Precision) -> Result<usize, EngineError> {
        match precision {
            Precision::F32 => self.memory_of::<f32>(network, batch, call),
            Precision::F64 => self.memory_of::<f64>(network, batch, call),
        }
    }

    fn memory_of<E: Element>(&self, network: &Network, batch: usize, call: Call<'_>) -> Result<usize, EngineError> {
        match call {
            Call::TangentGram => gram::Subject::new(network, batch).arrange::<E>(self).map(|arrangement| arrangement.bytes),
            Call::Jacobians(of) => {
                let lanes = Kernels::<E>::get(self.isa).lanes();
                let subject = jacobian::Subject::new(network, of);
                self.limit.check(network, batch, |images| subject.memory::<E>(images, lanes))
            }
            Call::Pass(ask) => {
                let subject = pass::Subject::new(network, ask);
                self.limit.check(network, batch, |images| subject.memory::<E>(&self.tiles::<E>(images)))
            }
        }
    }

    fn meter(&self) -> Meter<'_> {
        Meter(self.profile.as_deref())
    }

    fn tiles<E: Element>(&self, batch: usize) -> Tiles {
        Tiles::new(batch, Kernels::<E>::get(self.isa).lanes(), 1)
    }
}

impl Engine for CpuEngine {
    fn name(&self) -> String {
        format!("cpu-{}", self.isa.name())
    }

    fn on_threads(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        Some(Box::new(self.threads(threads)))
    }

    fn alone(&self, threads: NonZeroUsize) -> Option<Box<dyn Engine>> {
        Some(Box::new(Self { limit: self.limit.of_one_call(), ..self.threads(threads) }))
    }

    fn supports(&self, graph: &Graph) -> Result<(), EngineError> {
        let Some(id) = supported::first_that_is_not(graph) else { return Ok(()) };
        let node = graph.node(id);
        let problem = format!("has no kernel for node `{}` ({}); engines of burn have", node.name, node.operator.kind());
        Err(EngineError::Unsupported { engine: self.name(), problem })
    }

    fn room(&self, bytes: usize) -> Result<(), EngineError> {
        self.limit.room(bytes)
    }

    fn pass(&self, network: &Network, batch: &Minibatch, ask: &Ask, precision: Precision) -> Result<Answer, EngineError> {
        self.supports(network.graph())?;
        check_ask(network, batch, ask)?;
        match precision {
            Precision::F32 => pass::run::<f32>(self, network, batch, ask),
            Precision::F64 => pass::run::<f64>(self, network, batch, ask),
        }
    }

    fn gradients_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        objective: &Objective,
        precision: Precision,
        visit: &mut dyn FnMut(&[Vec<f64>]),
    ) -> Result<(), EngineError> {
        self.supports(network.graph())?;
        check_batch(network, batch)?;
        let ask = Ask::new().gradients(objective.clone(), Wanted::parameters());
        check_ask(network, &batch.part(0, 1), &ask)?;
        match precision {
            Precision::F32 => by_image::run::<f32>(self, network, batch, &ask, visit),
            Precision::F64 => by_image::run::<f64>(self, network, batch, &ask, visit),
        }
    }

    fn jacobians_by_image(
        &self,
        network: &Network,
        batch: &Minibatch,
        of: JacobianOf<'_>,
        precision: Precision,
        visit: &mut dyn FnMut(&[f64]),
    ) -> Result<(), EngineError> {
        self.supports(network.graph())?;
        check_batch(network, batch)?;
        of.check(network)?;
        match precision {
            Precision::F32 => jacobian::run::<f32>(self, network, batch, of, visit),
            Precision::F64 => jacobian::run::<f64>(self, network, batch, of, visit),
        }
    }

    fn tangent_gram(&self, network: &Network, batch: &Minibatch, precision: Precision) -> Result<Gram, EngineError> {
        self.supports(network.graph())?;
        check_batch(network, batch)?;
        match precision {
            Precision::F32 => gram::tangent_gram::<f32>(self, network, batch, precision),
            Precision::F64 => gram::tangent_gram::<f64>(self, network, batch, precision),
        }
    }

    fn learner(&self, network: Network, rules: &Rules) -> Result<Box<dyn Learner>, EngineError> {
        if rules.narrow {
            let problem = "computes in 32 bits only; train in 32 bits, or on an engine of burn".into();
            return Err(EngineError::Unsupported { engine: self.name(), problem });
        }
        self.supports(network.graph())?;
        Ok(match rules.precision {
            Precision::F32 => Box::new(CpuLearner::<f32>::new(self, &network, rules)),
            Precision::F64 => Box::new(CpuLearner::<f64>::new(self, &network, rules)),
        })
    }

    fn step_memory(&self, graph: &Arc<Graph>, lesson: &Lesson<'_>, images: usize, rules: &Rules) -> Option<StepMemory> {
        Some(match rules.precision {
            Precision::F32 => learner::memory::of_step::<f32>(graph, lesson, images, Kernels::<f32>::get(self.isa).lanes()),
            Precision::F64 => learner::memory::of_step::<f64>(graph, lesson, images, Kernels::<f64>::get(self.isa).lanes()),
        })
    }
}
