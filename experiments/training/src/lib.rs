//! Training an architecture from scratch, by the recipe of an experiment file, on any engine that can learn.
//!
//! A [`Job`] says what is trained on which images by which [recipe](assay_core::experiment::Training); [`train`] does it, from
//! the start or from a checkpoint. Every draw (the first weights, the order of the images, their crops and cut-outs, the paths
//! dropped) is a function of seed, epoch and step, so a training that was stopped anywhere and resumed ends with the very
//! weights of one that was not.
//!
//! What a recipe can have: stochastic gradient descent with momentum and weight decay of all parameters, a cosine learning rate
//! with optional warm-up, gradients cut to a norm, label smoothing, an auxiliary head, drop-path that grows with the epochs, flips,
//! crops and cut-outs. Two are named: DARTS's (Liu, Simonyan & Yang, ICLR 2019, and its released evaluation code) and
//! NAS-Bench-201's (Dong & Yang, ICLR 2020, and its released code).
//! What is learned are the labels of images, or a [pretext task](assay_core::objective) that needs none.
//! On an NVIDIA GPU (feature `cuda`) layers may compute in bfloat16. That was compiled, and never run on a GPU, by this project.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod auxiliary;
mod drop_path;
mod images;
mod memory;
mod rates;
mod state;
#[cfg(test)]
mod tests;
mod trainer;

use std::num::NonZeroUsize;
use std::sync::Arc;

use assay_core::data::{DataError, Dataset};
use assay_core::engine::{Engine, EngineError};
use assay_core::experiment::{Training, TrainingBackend};
use assay_core::graph::{Graph, GraphError};
pub use assay_results::training::{EpochRecord, Tested};
use assay_weights::{Weights, WeightsError};

pub use rates::learning_rate;

use crate::trainer::Trainer;

/// A training: what, on which images, how.
#[derive(Clone)]
pub struct Job<'a> {
    /// How.
    pub recipe: &'a Training,
    /// The network of the recipe's architecture, with logits for output.
    pub graph: Arc<Graph>,
    /// Seeds every draw.
    pub seed: u64,
    /// The images to train on.
    pub train: &'a dyn Dataset,
    /// The images to test on.
    pub test: &'a dyn Dataset,
    /// Threads of a step, on engines that can use several. The result does not depend on it.
    pub threads: NonZeroUsize,
    /// Bytes of memory that the training may take, if the system tells.
    pub memory: Option<u64>,
    /// When it is tested.
    pub tests: Tests<'a>,
}

/// Which epochs end with a test.
#[derive(Clone, Copy, Debug)]
pub enum Tests<'a> {
    /// Each of them: the last on all test images, the others on as many as the recipe says.
    Each,
    /// These, counted from 1, on all test images. The others have a test of no image.
    After(&'a [usize]),
}

/// What a training reports while it goes on.
pub trait Observer {
    /// The processor time of this process so far, of all threads, in seconds, if the system tells.
    fn cpu_seconds(&self) -> Option<f64> {
        None
    }

    /// Whether to stop now: the state is saved and the training ends with [`TrainingError::Interrupted`].
    fn is_interrupted(&self) -> bool;

    /// How many steps there are in all, and how many of them are done already.
    fn expect(&mut self, steps: usize, done: usize);

    /// A step was made.
    fn step(&mut self);

    /// An epoch is over; all epochs so far are given.
    ///
    /// # Errors
    /// If that cannot be written down; the training ends with it.
    fn epoch(&mut self, curve: &[EpochRecord]) -> Result<(), String>;

    /// A state to continue from: at the end of each epoch, now and then within a long one, and before an interruption ends it.
    ///
    /// # Errors
    /// If it cannot be saved; the training ends with it.
    fn checkpoint(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// What came of a training.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The trained network with its running statistics, without the auxiliary head.
    pub weights: Weights,
    /// Every epoch.
    pub curve: Vec<EpochRecord>,
    /// The test after the last epoch, on all images.
    pub test: Tested,
    /// Steps made.
    pub steps: usize,
    /// Seconds spent on training and testing, of all sessions.
    pub seconds: f64,
    /// Seconds of processor time of the same, if that is known of every epoch.
    pub cpu_seconds: Option<f64>,
}

/// Why a training did not end with weights.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The observer asked to stop.
    #[error("the training was interrupted")]
    Interrupted,
    /// The recipe does not fit the network or the images.
    #[error("{0}")]
    Recipe(String),
    /// The network cannot be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// An image cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A step cannot be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The checkpoint is not one of this training.
    #[error("the checkpoint cannot be continued: {0}")]
    Checkpoint(String),
    /// Weights cannot be written or read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The training diverged.
    #[error("the loss of step {step} of epoch {epoch} is not a number: the training diverged; use a lower learning_rate")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step in it, from 1.
        step: usize,
    },
    /// The observer could not keep something.
    #[error("{0}")]
    Observer(String),
    /// There is not enough memory for the network and its steps.
    #[error("{}", memory::too_little(*values_mib, *batch_mib, *images, *available_mib))]
    Memory {
        /// What the network's values take, with their gradients and what the optimiser remembers.
        values_mib: usize,
        /// What a batch takes.
        batch_mib: usize,
        /// The images of a batch.
        images: usize,
        /// What there is.
        available_mib: usize,
    },
    /// This build or machine lacks the backend.
    #[error("{0}")]
    Backend(String),
}

/// Checks what can be checked before anything is trained.
///
/// # Errors
/// If the recipe does not fit network and images, there is too little memory, or this build lacks the backend.
pub fn check(job: &Job<'_>) -> Result<(), TrainingError> {
    check_backend(job.recipe.backend)?;
    if job.recipe.mixed_precision && job.recipe.backend == TrainingBackend::Cpu {
        let problem = "mixed_precision needs a backend of burn's; set backend = \"burn-flex\" or \"burn-cuda\", or leave it out";
        return Err(TrainingError::Recipe(problem.into()));
    }
    Trainer::new(job, engine(job)?)?.check_memory()
}

/// The bytes of memory that a training takes at the least, of whatever is available.
///
/// # Errors
/// If the recipe does not fit network and images, or this build lacks the backend.
pub fn memory(job: &Job<'_>) -> Result<usize, TrainingError> {
    Ok(Trainer::new(job, engine(job)?)?.needed().bytes())
}

/// Checks that this build and machine have the backend.
///
/// # Errors
/// If the build has no CUDA, or the machine no driver for it.
pub fn check_backend(backend: TrainingBackend) -> Result<(), TrainingError> {
    match backend {
        TrainingBackend::Cpu | TrainingBackend::BurnFlex => Ok(()),
        #[cfg(feature = "cuda")]
        TrainingBackend::BurnCuda => assay_burn::cuda::check().map_err(|error| TrainingError::Backend(error.to_string())),
        #[cfg(not(feature = "cuda"))]
        TrainingBackend::BurnCuda => Err(no_cuda()),
    }
}

#[cfg(not(feature = "cuda"))]
fn no_cuda() -> TrainingError {
    TrainingError::Backend("this build has no `burn-cuda`; build it with --features cuda, or set backend = \"cpu\"".into())
}

/// The engine that a job is trained on.
fn engine(job: &Job<'_>) -> Result<Box<dyn Engine>, TrainingError> {
    Ok(match job.recipe.backend {
        TrainingBackend::Cpu => Box::new(assay_cpu::CpuEngine::new().threads(job.threads)),
        TrainingBackend::BurnFlex => Box::new(assay_burn::flex()),
        #[cfg(feature = "cuda")]
        TrainingBackend::BurnCuda => Box::new(assay_burn::cuda::engine()),
        #[cfg(not(feature = "cuda"))]
        TrainingBackend::BurnCuda => return Err(no_cuda()),
    })
}

/// Trains from the start, or from a checkpoint of the same job, to the end.
///
/// # Errors
/// If the recipe does not fit, an image cannot be read, the training diverges or is interrupted.
pub fn train(job: &Job<'_>, checkpoint: Option<&[u8]>, observer: &mut dyn Observer) -> Result<Outcome, TrainingError> {
    Trainer::new(job, engine(job)?)?.run(checkpoint, observer)
}

/// Trains from the start, or from a checkpoint of the same job, until so many epochs are over, and gives all epochs so far. The
/// training can be continued from the checkpoint that the observer has then: a schedule of all epochs goes on.
///
/// # Errors
/// As [`train`].
pub fn train_until(
    job: &Job<'_>,
    epochs: usize,
    checkpoint: Option<&[u8]>,
    observer: &mut dyn Observer,
) -> Result<Vec<EpochRecord>, TrainingError> {
    Trainer::new(job, engine(job)?)?.run_until(epochs, checkpoint, observer)
}
