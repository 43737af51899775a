//! Learning on the CPU: a step on several threads, with the same bits on any number of them.
//!
//! A batch is divided into chunks of images (`chunk`), which threads take in turn (`crew`). A graph becomes a program
//! (`program`) whose stages end where batch normalisation needs statistics over all chunks; `run` goes forward and back.

mod chunk;
mod crew;
pub(super) mod memory;
mod program;
mod run;

use std::sync::Arc;

use assay_core::data::Minibatch;
use assay_core::engine::learner::{
    Learned, Learner, LearnerState, Lesson, Move, ParameterGradients, Part, Rules, Test, Update, check_lesson, check_test,
};
use assay_core::engine::{EngineError, check_batch_of};
use assay_core::graph::{Graph, NodeId};
use assay_core::network::{Network, RunningMoments};
use assay_kernels::{Element, Kernels};

use self::chunk::{Chunk, Share};
use self::program::{Mode, Program, Purpose};
use self::run::{Run, Seen};
use crate::CpuEngine;
use crate::spare::Spare;

/// Programs that are kept: whole batches, the last of an epoch, and the same of a test.
const RIGS: usize = 4;

/// A network that learns on the CPU.
pub(super) struct CpuLearner<E: Element> {
    engine: CpuEngine,
    rules: Rules,
    whole: Part,
    state: LearnerState,
    /// What was run of late, the latest last.
    rigs: Vec<Rig>,
    /// The memory of each chunk's values and of its way back, whatever was run.
    spares: Vec<Spare<E>>,
    /// The gradients of the last pass, and what they are of.
    passed: Option<(Part, ParameterGradients)>,
}

/// A program for batches of one size.
struct Rig {
    purpose: Purpose,
    images: usize,
    shares: Vec<Share>,
    program: Program,
}

impl<E: Element> CpuLearner<E> {
    pub(super) fn new(engine: &CpuEngine, network: &Network, rules: &Rules) -> Self {
        let state = LearnerState::initial(network, rules);
        let whole = Part::whole(network.shared_graph());
        Self { engine: engine.clone(), rules: *rules, whole, state, rigs: Vec::new(), spares: Vec::new(), passed: None }
    }

    fn kernels(&self) -> &'static Kernels<E> {
        Kernels::get(self.engine.isa)
    }

    /// Takes the rig for this purpose and size out of those that are kept, or makes it.
    fn rig(&mut self, purpose: Purpose, images: usize) -> Result<Rig, EngineError> {
        if let Some(found) = self.rigs.iter().position(|rig| rig.images == images && rig.purpose.is(&purpose)) {
            return Ok(self.rigs.remove(found));
        }
        let lanes = self.kernels().lanes();
        let program = Program::new(&purpose);
        let shares = chunk::divide(images, lanes);
        // The weights are there already.
        self.engine.limit.holding(0).check(memory::of_maps::<E>(&program, &shares, lanes))?;
        Ok(Rig { purpose, images, shares, program })
    }

    /// Lends a rig's and the learner's memory and the part's parameters to `work`.
    fn with<T>(
        &mut self,
        part: &Part,
        batch: &Minibatch,
        purpose: Purpose,
        lesson: Option<&Lesson<'_>>,
        work: impl FnOnce(&Run<'_, E>, &mut [Chunk<E>], &LearnerState) -> T,
    ) -> Result<T, EngineError> {
        part.check_in(self.whole.graph())?;
        self.passed = None;
        let rig = self.rig(purpose, batch.len())?;
        let lanes = self.kernels().lanes();
        self.spares.resize_with(self.spares.len().max(rig.shares.len()), Spare::new);
        let mut chunks: Vec<Chunk<E>> = Vec::with_capacity(rig.shares.len());
        for (share, spare) in rig.shares.iter().zip(&mut self.spares) {
            let dropped = lesson.iter().flat_map(|lesson| lesson.dropped);
            let factors = dropped.map(|dropped| dropped.factors[share.first..share.first + share.count].to_vec()).collect();
            let lent = std::mem::replace(spare, Spare::none());
            chunks.push(Chunk::new(batch, *share, lanes, &rig.program.schedule, lent, factors));
        }
        let taken = part.parameters().iter().map(|position| std::mem::take(&mut self.state.parameters[*position])).collect();
        let network = Network::of(Arc::clone(part.graph()), taken).map_err(|error| EngineError::Learning { problem: error.to_string() })?;
        let run = Run {
            kernels: self.kernels(),
            meter: self.engine.meter(),
            threads: self.engine.threads,
            network: &network,
            program: &rig.program,
            images: batch.len(),
        };
        let result = work(&run, &mut chunks, &self.state);
        for (position, values) in part.parameters().iter().zip(network.into_parameters()) {
            self.state.parameters[*position] = values;
        }
        for (chunk, spare) in chunks.into_iter().zip(&mut self.spares) {
            *spare = chunk.into_memory(rig.program.plan.as_ref());
        }
        self.rigs.push(rig);
        if self.rigs.len() > RIGS {
            self.rigs.remove(0);
        }
        Ok(result)
    }

    /// Forward and back; with what batch normalisation saw, by the nodes of the whole network.
    fn learn(&mut self, batch: &Minibatch, lesson: &Lesson<'_>, part: &Part) -> Result<Found, EngineError> {
        check_lesson(part.graph(), batch, lesson)?;
        let found = self.with(part, batch, Purpose::learn(part, lesson), Some(lesson), |run, chunks, _| {
            let program = run.program;
            let seen = whole_nodes(program, part, run.forward(chunks));
            let output = Run::read(chunks, program.lowered.output);
            let (mut losses, mut cotangents) = (Vec::new(), Vec::new());
            for (loss, op) in lesson.losses.iter().zip(&program.losses) {
                let shape = part.graph().node(loss.node).shape;
                let (value, gradient) = lesson.judge(loss, &Run::read(chunks, *op), shape, batch);
                losses.push(value);
                cotangents.push(gradient);
            }
            let (gradients, mixtures) = program.plan.as_ref().map_or_else(Default::default, |plan| run.backward(chunks, plan, &cotangents));
            let norm = gradients.iter().flatten().flatten().map(|value| value * value).sum::<f64>().sqrt();
            Found { learned: Learned { losses, output, norm, mixtures }, gradients, seen }
        })?;
        Ok(found)
    }

    fn mix(&mut self, seen: &[(NodeId, Seen)], share: f64) {
        for (node, Seen { mean, variance, count, .. }) in seen {
            if let Some(running) = self.state.statistics.nodes.get_mut(node) {
                running.mix(mean, variance, *count, share);
            }
        }
    }
}

/// What a step found.
struct Found {
    learned: Learned,
    gradients: ParameterGradients,
    seen: Vec<(NodeId, Seen)>,
}

/// What was seen, by the node in the whole network.
fn whole_nodes(program: &Program, part: &Part, seen: Vec<Seen>) -> Vec<(NodeId, Seen)> {
    let node = |op: usize| {
        let (_, own) = program.norms.iter().find(|(norm, _)| *norm == op)?;
        part.norm_in_whole(*own)
    };
    seen.into_iter().filter_map(|seen| Some((node(seen.op)?, seen))).collect()
}

impl<E: Element> Learner for CpuLearner<E> {
    fn graph(&self) -> &Graph {
        self.whole.graph()
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn pass(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<Learned, EngineError> {
        let part = Part::chosen(lesson.part, &self.whole).into_owned();
        let Found { learned, gradients, seen } = self.learn(batch, lesson, &part)?;
        self.mix(&seen, self.rules.statistics_share);
        self.passed = Some((part, gradients));
        Ok(learned)
    }

    fn passed(&self) -> ParameterGradients {
        self.passed.as_ref().map_or_else(Vec::new, |(_, gradients)| gradients.clone())
    }

    fn move_on(&mut self, by: &Move<'_>) -> Result<(), EngineError> {
        by.check(self.whole.graph())?;
        let (part, gradients) = self.passed.take().ok_or_else(Move::without_a_pass)?;
        let zeros = Vec::new();
        let mut gradient_of = vec![None; self.state.parameters.len()];
        for position in by.also {
            gradient_of[*position] = Some(&zeros);
        }
        for (position, gradient) in part.parameters().iter().zip(&gradients) {
            gradient_of[*position] = gradient.as_ref().or(gradient_of[*position]);
        }
        let LearnerState { parameters, memories, updates, .. } = &mut self.state;
        let all = parameters.iter_mut().zip(memories).zip(updates).zip(gradient_of).zip(self.whole.graph().parameters());
        let mut changed: Vec<_> = all.filter_map(|((state, gradient), spec)| Some((state, gradient?, spec))).collect();
        crew::each(self.engine.threads, &mut changed, |_, (((parameter, memories), updates), gradient, spec)| {
            **updates += 1;
            self.rules.update(self.rules.decay_of(spec), **updates, Update { rate: by.rate, cut: by.cut, gradient, parameter, memories });
        });
        Ok(())
    }

    fn gradients(&mut self, batch: &Minibatch, lesson: &Lesson<'_>) -> Result<(Learned, ParameterGradients), EngineError> {
        let part = Part::chosen(lesson.part, &self.whole);
        self.learn(batch, lesson, &part).map(|found| (found.learned, found.gradients))
    }

    fn test(&mut self, batch: &Minibatch, test: &Test<'_>) -> Result<Vec<f64>, EngineError> {
        let part = Part::chosen(test.part, &self.whole).into_owned();
        check_test(part.graph(), batch, test)?;
        self.with(&part, batch, Purpose::test(&part, test), None, |run, chunks, state| {
            let running = |own: &NodeId| state.statistics.nodes.get(&part.norm_in_whole(*own)?);
            let norms = run.program.norms.iter().map(|(_, own)| running(own).filter(|_| !test.by_batch.contains(own)));
            let running: Vec<Option<&RunningMoments>> = norms.collect();
            run.infer(chunks, &running);
            Run::read(chunks, run.program.lowered.output)
        })
    }

    fn observe(&mut self, batch: &Minibatch, part: Option<&Part>, share: f64) -> Result<Vec<f64>, EngineError> {
        let part = Part::chosen(part, &self.whole).into_owned();
        check_batch_of(part.graph(), batch)?;
        let purpose = Purpose { graph: Arc::clone(part.graph()), mode: Mode::Measure };
        let (seen, output) = self.with(&part, batch, purpose, None, |run, chunks, _| {
            let seen = whole_nodes(run.program, &part, run.forward(chunks));
            (seen, Run::read(chunks, run.program.lowered.output))
        })?;
        self.mix(&seen, share);
        Ok(output)
    }

    fn state(&self) -> LearnerState {
        self.state.clone()
    }

    fn restore(&mut self, state: LearnerState) -> Result<(), EngineError> {
        state.check(self.whole.graph(), &self.rules)?;
        self.state = state;
        self.passed = None;
        Ok(())
    }
}
