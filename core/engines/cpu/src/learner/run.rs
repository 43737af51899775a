//! Running a program on the chunks of a batch: forward, by the batch's statistics or by running ones, and back.

use std::num::NonZeroUsize;

use assay_core::engine::learner::{MixtureGradient, ParameterGradients};
use assay_core::engine::profile::{Meter, Work};
use assay_core::network::{Network, RunningMoments};
use assay_kernels::{Element, Kernels};

use super::chunk::Chunk;
use super::crew;
use super::program::{Program, Stage};
use crate::activations::{Activations, Statistics};
use crate::backward::{Arranged, Prepared};
use crate::forward::{Pass, conv_weights};
use crate::ops::Kind;
use crate::plan::{Plan, Room, WeighedPlan};
use crate::spare::Spare;
use crate::spread::Spread;

/// What is the same for all chunks of a call.
pub(super) struct Run<'a, E: Element> {
    pub(super) kernels: &'static Kernels<E>,
    pub(super) meter: Meter<'a>,
    pub(super) threads: NonZeroUsize,
    pub(super) network: &'a Network,
    pub(super) program: &'a Program,
    /// Images of all chunks.
    pub(super) images: usize,
}

/// What a batch normalisation saw of a batch.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Its op.
    pub(super) op: usize,
    pub(super) mean: Vec<f64>,
    /// Biased.
    pub(super) variance: Vec<f64>,
    /// Values a channel.
    pub(super) count: usize,
}

impl<E: Element> Run<'_, E> {
    /// Forward by the batch's own statistics, which are returned.
    pub(super) fn forward(&self, chunks: &mut [Chunk<E>]) -> Vec<Seen> {
        let Program { lowered, stages, .. } = self.program;
        let weights = self.weights();
        let mut all = Vec::new();
        let work = |stage: usize, _: usize, chunk: &mut Chunk<E>| self.stage(&stages[stage], chunk, &weights);
        let between = |stage: usize, chunks: &mut [&mut Chunk<E>]| {
            for norm in &stages[stage].norms {
                let Kind::Norm(epsilon) = lowered.ops[*norm].kind else { continue };
                let value = lowered.ops[*norm].inputs[0];
                let mut spread = Spread::none(self.program.schedule.maps[value].channels);
                for own in chunks.iter().filter_map(|chunk| chunk.spreads[value].as_ref()) {
                    spread.join(own);
                }
                let variance = spread.variance();
                for chunk in chunks.iter_mut() {
                    chunk.activations.normalise_by(*norm, Statistics::new(spread.mean.clone(), &variance, epsilon));
                }
                all.push(Seen { op: *norm, mean: spread.mean, variance, count: spread.count });
            }
        };
        crew::stages(self.threads, chunks, stages.len(), work, between);
        all
    }

    /// Computes the ops of a stage on a chunk.
    fn stage(&self, stage: &Stage, chunk: &mut Chunk<E>, weights: &[Vec<Vec<E>>]) {
        let Program { folds, is_measured, .. } = self.program;
        let Chunk { batch, activations, spare, spreads, .. } = chunk;
        let mut pass = self.pass(activations, spare);
        for op in &stage.ops {
            match &folds.sums[*op] {
                Some(sum) => {
                    pass.add_terms(*op, sum);
                    spreads[*op] = is_measured[*op].then(|| pass.spread(*op));
                }
                None if is_measured[*op] => spreads[*op] = Some(pass.compute_measured(*op, batch, &weights[*op])),
                None => pass.compute(*op, batch, &weights[*op]),
            }
            pass.release(*op);
        }
    }

    /// Forward by running statistics, where there are any for one of the program's batch normalisations.
    pub(super) fn infer(&self, chunks: &mut [Chunk<E>], running: &[Option<&RunningMoments>]) {
        let Program { lowered, norms, .. } = self.program;
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|value| f64::from(*value)).collect() };
        for ((op, _), running) in norms.iter().zip(running) {
            if let (Kind::Norm(epsilon), Some(running)) = (&lowered.ops[*op].kind, running) {
                let statistics = Statistics::new(wide(&running.mean), &wide(&running.variance), *epsilon);
                for chunk in chunks.iter_mut() {
                    chunk.activations.normalise_by(*op, statistics.clone());
                }
            }
        }
        self.forward(chunks);
    }

    /// The values of an op on all images, `[images, channels, height, width]`.
    pub(super) fn read(chunks: &[Chunk<E>], op: usize) -> Vec<f64> {
        chunks.iter().flat_map(|chunk| chunk.activations.read(op)).collect()
    }

    /// Back from the losses: the gradient of each parameter, none where no loss depends on it, and those of the weights of sums.
    /// `cotangents` are those of the losses, `[images, classes]` each.
    pub(super) fn backward(
        &self,
        chunks: &mut [Chunk<E>],
        plan: &Plan,
        cotangents: &[Vec<f64>],
    ) -> (ParameterGradients, Vec<MixtureGradient>) {
        let Program { lowered, losses, .. } = self.program;
        let mut gradients: ParameterGradients = vec![None; self.network.graph().parameters().len()];
        let mut mixtures: Vec<MixtureGradient> = lowered.mixed.iter().map(|mixed| MixtureGradient::zero(mixed.terms.len())).collect();
        let Some(first) = chunks.first() else { return (gradients, mixtures) };
        let mut arranged = Arranged::begin(self.kernels, self.meter, lowered, &first.activations, plan);
        crew::each(self.threads, &mut arranged.slots(plan), |_, slot| slot.fill(self.network, lowered, &first.activations, plan));
        let classes: Vec<usize> = losses.iter().map(|op| lowered.ops[*op].shape.elements()).collect();
        let work = |level: usize, _: usize, chunk: &mut Chunk<E>| {
            if level == 0 {
                chunk.prepare(plan);
            }
            let Some(workspace) = &mut chunk.workspace else { return };
            let way = Prepared::new(self.kernels, self.meter, self.network, lowered, &chunk.activations, plan, &arranged);
            if level == 0 {
                way.begin(workspace, 1, &|loss, _, image, class| cotangents[loss][(chunk.first + image) * classes[loss] + class]);
            }
            way.level(workspace, level, 1);
        };
        let between = |level: usize, chunks: &mut [&mut Chunk<E>]| {
            let totals = self.meter.time(|| (Work::Collect, 0), || add_up(chunks, &plan.levels[level].lists));
            for weighed in &plan.levels[level].weighed {
                let WeighedPlan { mixture, term, sums, scale } = plan.weighed[*weighed];
                let gradient = scale * totals[plan.sums[sums].room.list].iter().sum::<f64>();
                match term {
                    Some(term) => mixtures[mixture].terms[term] = gradient,
                    None => mixtures[mixture].constant = gradient,
                }
            }
            let mut read = |room: &Room| totals[room.list].clone();
            let mut give = |parameter: usize, values: Vec<f64>| gradients[parameter] = Some(values);
            for unit in &plan.levels[level].finish {
                let activations = &chunks[0].activations;
                let way = Prepared::new(self.kernels, self.meter, self.network, lowered, activations, plan, &arranged);
                let statistics = plan.units[*unit].norm.and_then(|norm| activations.statistics(norm, 0));
                let Some(factors) = way.settle(*unit, self.images, statistics, &mut read, &mut give) else { continue };
                for chunk in chunks.iter_mut() {
                    let Some(workspace) = &mut chunk.workspace else { continue };
                    let way = Prepared::new(self.kernels, self.meter, self.network, lowered, &chunk.activations, plan, &arranged);
                    way.set_factors(workspace, *unit, 0, &factors);
                }
            }
        };
        crew::stages(self.threads, chunks, plan.levels.len(), work, between);
        (gradients, mixtures)
    }

    fn pass<'c>(&'c self, activations: &'c mut Activations<E>, spare: &'c mut Spare<E>) -> Pass<'c, E> {
        let Program { lowered, schedule, .. } = self.program;
        Pass { kernels: self.kernels, meter: self.meter, network: self.network, lowered, schedule, activations, spare }
    }

    /// The weights of every convolution as the way forward reads them.
    fn weights(&self) -> Vec<Vec<Vec<E>>> {
        let lowered = &self.program.lowered;
        let mut weights: Vec<Vec<Vec<E>>> = vec![Vec::new(); lowered.ops.len()];
        crew::each(self.threads, &mut weights, |op, weights| *weights = conv_weights(self.network, lowered, op));
        weights
    }
}

/// The sums of a level over all chunks, in their order.
fn add_up<E: Element>(chunks: &[&mut Chunk<E>], lists: &[usize]) -> Vec<Vec<f64>> {
    let mut totals: Vec<Vec<f64>> = lists.iter().map(|count| vec![0.0; *count]).collect();
    for own in chunks.iter().filter_map(|chunk| chunk.workspace.as_ref()?.totals.as_ref()) {
        for (totals, own) in totals.iter_mut().zip(own) {
            for (total, own) in totals.iter_mut().zip(own) {
                *total += own;
            }
        }
    }
    totals
}
