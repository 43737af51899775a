//! Running a program on the chunks of a batch: forward, by the batch's statistics or by running ones, and back.

use std::num::NonZeroUsize;

use assay_core::engine::learner::{MixtureGradient, ParameterGradients};
use assay_core::engine::profile::{Meter, Work};
use assay_core::network::{Network, RunningMoments};
use assay_kernels::{Element, Kernels};

use super::chunk::Chunk;
use super::crew;
use super::program::Program;
use crate::activations::{Activations, Statistics, spread};
use crate::backward::{Arranged, Prepared};
use crate::forward::{Pass, conv_weights};
use crate::lower::Kind;
use crate::plan::{Plan, SumsPlan, WeighedPlan};
use crate::spare::Spare;

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
        self.by(chunks, &vec![None; self.program.lowered.ops.len()])
    }

    /// Forward by these statistics of some ops, and by the batch's own, which are returned, elsewhere.
    fn by(&self, chunks: &mut [Chunk<E>], running: &[Option<Statistics>]) -> Vec<Seen> {
        let Program { lowered, schedule, stages, .. } = self.program;
        let weights = self.weights();
        let mut all = Vec::new();
        let input = |op: usize| lowered.ops[op].inputs[0];
        let work = |stage: usize, _: usize, chunk: &mut Chunk<E>| {
            let Chunk { batch, activations, spare, .. } = chunk;
            let mut pass = self.pass(activations, spare);
            for op in &stages[stage].ops {
                match (&lowered.ops[*op].kind, &running[*op]) {
                    (Kind::Norm(_), Some(statistics)) => {
                        let operations = pass.norm_operations(*op);
                        self.meter.time(|| (Work::BatchNorm, operations), || pass.by_running(*op, statistics));
                    }
                    (Kind::Norm(_), None) => {
                        let Some(statistics) = pass.activations.statistics[*op].pop() else { continue };
                        let operations = pass.norm_operations(*op);
                        self.meter.time(|| (Work::BatchNorm, operations), || pass.by_statistics(*op, statistics));
                    }
                    _ => pass.compute(*op, batch, &weights[*op]),
                }
                pass.release(*op);
            }
            let activations = &chunk.activations;
            let measure = |op: &usize| self.meter.time(|| (Work::BatchNorm, 0), || spread(self.kernels, activations, input(*op)));
            chunk.spreads = stages[stage].measured.iter().map(measure).collect();
        };
        let between = |stage: usize, chunks: &mut [&mut Chunk<E>]| {
            for (position, op) in stages[stage].measured.iter().enumerate() {
                let Kind::Norm(epsilon) = lowered.ops[*op].kind else { continue };
                let seen = self.join(*op, schedule.maps[*op].area(), chunks, position);
                for chunk in chunks.iter_mut() {
                    chunk.activations.statistics[*op] = vec![Statistics::new(seen.mean.clone(), &seen.variance, epsilon)];
                }
                all.push(seen);
            }
        };
        crew::stages(self.threads, chunks, stages.len(), work, between);
        all
    }

    /// The statistics of all chunks together (Chan, Golub & LeVeque, 1979).
    fn join(&self, op: usize, area: usize, chunks: &[&mut Chunk<E>], position: usize) -> Seen {
        let total = (self.images * area) as f64;
        let channels = self.program.schedule.maps[op].channels;
        let count = |chunk: &Chunk<E>| (chunk.batch.len() * area) as f64;
        let mut mean = vec![0.0; channels];
        for chunk in chunks {
            for (mean, own) in mean.iter_mut().zip(&chunk.spreads[position].0) {
                *mean += own * (count(chunk) / total);
            }
        }
        let mut variance = vec![0.0; channels];
        for chunk in chunks {
            let (own_mean, own_spread) = &chunk.spreads[position];
            for (channel, variance) in variance.iter_mut().enumerate() {
                let off = own_mean[channel] - mean[channel];
                *variance += (own_spread[channel] + count(chunk) * off * off) / total;
            }
        }
        Seen { op, mean, variance, count: self.images * area }
    }

    /// Forward by running statistics, where there are any for one of the program's batch normalisations.
    pub(super) fn infer(&self, chunks: &mut [Chunk<E>], running: &[Option<&RunningMoments>]) {
        let Program { lowered, norms, .. } = self.program;
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|value| f64::from(*value)).collect() };
        let mut statistics = vec![None; lowered.ops.len()];
        for ((op, _), running) in norms.iter().zip(running) {
            if let (Kind::Norm(epsilon), Some(running)) = (&lowered.ops[*op].kind, running) {
                statistics[*op] = Some(Statistics::new(wide(&running.mean), &wide(&running.variance), *epsilon));
            }
        }
        self.by(chunks, &statistics);
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
        let arranged = Arranged::new(self.kernels, self.meter, self.network, lowered, &first.activations, plan);
        let classes: Vec<usize> = losses.iter().map(|op| lowered.ops[*op].shape.elements()).collect();
        let work = |level: usize, _: usize, chunk: &mut Chunk<E>| {
            let Some(workspace) = &mut chunk.workspace else { return };
            let way = Prepared::new(self.kernels, self.meter, self.network, lowered, &chunk.activations, plan, &arranged);
            if level == 0 {
                way.begin(workspace, 1, &|loss, _, image, class| cotangents[loss][(chunk.first + image) * classes[loss] + class]);
            }
            way.level(workspace, level, 1);
            let arena = plan.levels[level].arena;
            chunk.totals = self.meter.time(|| (Work::Collect, 0), || way.totals(workspace, arena, 0, arena, 0));
        };
        let between = |level: usize, chunks: &mut [&mut Chunk<E>]| {
            let totals = add_up(chunks);
            let read = |offset: usize, vectors: usize| totals[offset..][..vectors].to_vec();
            for weighed in &plan.levels[level].weighed {
                let WeighedPlan { mixture, term, sums, scale } = plan.weighed[*weighed];
                let SumsPlan { offset, vectors, .. } = plan.sums[sums];
                let gradient = scale * read(offset, vectors).iter().sum::<f64>();
                match term {
                    Some(term) => mixtures[mixture].terms[term] = gradient,
                    None => mixtures[mixture].constant = gradient,
                }
            }
            for unit in &plan.levels[level].finish {
                let mut give = |parameter: usize, values: &[f64]| gradients[parameter] = Some(values.to_vec());
                let activations = &chunks[0].activations;
                let way = Prepared::new(self.kernels, self.meter, self.network, lowered, activations, plan, &arranged);
                let statistics = plan.units[*unit].norm.and_then(|norm| activations.statistics(norm, 0));
                let Some(factors) = way.settle(*unit, self.images, statistics, &read, &mut give) else { continue };
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
fn add_up<E: Element>(chunks: &mut [&mut Chunk<E>]) -> Vec<f64> {
    let Some((first, others)) = chunks.split_first_mut() else { return Vec::new() };
    let mut totals = std::mem::take(&mut first.totals);
    for chunk in others {
        for (total, own) in totals.iter_mut().zip(&chunk.totals) {
            *total += own;
        }
    }
    totals
}
