//! The `[training]` section: how architectures are trained from scratch, and which one `assay train` trains. The defaults are DARTS's evaluation on
//! CIFAR-10 (Liu et al., ICLR 2019), with the drop-path of 0.3 that most of its successors use.

use serde::Serialize;

use crate::data::Augmentation;
use crate::network::Initialiser;
use crate::objective::LearningObjective;

crate::settings! {
    /// What is trained, and how. Images come from `[dataset]`, those that it is tested on from `[test]`.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct Training {
        /// the architecture that assay train trains, as the space writes it
        #[serde(skip_serializing_if = "Option::is_none")]
        pub architecture: Option<String>, otherwise "what a search or a study trains";
        /// whose settings hold where none are given: those listed here, or those of NAS-Bench-201 (16 channels, 5 cells, 200 epochs of batches of 256, a rate of 0.1 with Nesterov's look ahead, a decay of 5e-4, no cut of gradients, auxiliary head, drop-path or cut-out); a run keeps the settings, not this word
        #[serde(skip)]
        pub recipe: TrainingRecipe = TrainingRecipe::Darts;
        /// what is learned: the labels of images, or without labels by how many quarters they were turned, the colours of their pixels, or the order in which their quarters were put (UnNAS); the accuracy is then the share of such answers that are right
        #[serde(skip_serializing_if = "is_default")]
        pub objective: LearningObjective = LearningObjective::Classification;
        /// channels of the first stage
        pub channels: usize = 36, in 1..=4096;
        /// cells (a stage, in spaces with stages)
        pub cells: usize = 20, in 1..=100;
        /// how weights are drawn
        pub initialiser: Initialiser = Initialiser::UniformFanIn;
        /// passes over the images
        pub epochs: usize = 600, in 1..=100_000;
        /// images a step
        pub batch: usize = 96, in 2..=65_536;
        /// the first learning rate; it falls by the schedule, epoch by epoch
        pub learning_rate: f64 = 0.025, in 0.0..=100.0;
        /// how the learning rate falls: along half a cosine or a straight line to 0, or in steps
        #[serde(skip_serializing_if = "is_default")]
        pub schedule: RateSchedule = RateSchedule::Cosine;
        /// epochs before each step of schedule = "steps"
        #[serde(skip_serializing_if = "is_one")]
        pub step_epochs: usize = 1, in 1..=100_000;
        /// what the learning rate is multiplied by in each step of schedule = "steps"
        #[serde(skip_serializing_if = "is_darts_on_imagenet")]
        pub step_factor: f64 = 0.97, in 0.0..=1.0;
        /// epochs in which the learning rate first rises, in equal steps
        pub warm_up: usize = 0, in 0..=1_000;
        /// how a step follows from a gradient
        #[serde(skip_serializing_if = "is_default")]
        pub optimiser: TrainingOptimiser = TrainingOptimiser::Sgd;
        /// momentum of stochastic gradient descent; for Adam the share of the first moment that stays
        pub momentum: f64 = 0.9, in 0.0..=0.999_999;
        /// Nesterov's look ahead, of stochastic gradient descent
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub nesterov: bool = false;
        /// weight decay
        pub weight_decay: f64 = 3e-4, in 0.0..=1.0;
        /// which parameters decay: all, or the weights of convolutions and linear layers (no batch normalisation, no biases)
        #[serde(skip_serializing_if = "is_default")]
        pub decayed: DecayedParameters = DecayedParameters::All;
        /// the norm that the gradient of all parameters together is cut to; 0 for none
        pub clip: f64 = 5.0, in 0.0..=1e9;
        /// the probability that targets spread evenly over all classes
        pub label_smoothing: f64 = 0.0, in 0.0..=0.999;
        /// the weight of the auxiliary head's loss; 0 for no head
        pub auxiliary: f64 = 0.4, in 0.0..=100.0;
        /// the probability, reached at the end, that an operator's output is dropped
        pub drop_path: f64 = 0.3, in 0.0..=0.999;
        /// how images are varied
        pub augmentation: Augmentation = Augmentation::FlipAndCrop;
        /// the side of the square that is cut out of each image; 0 for none
        pub cutout: usize = 16, in 0..=4096;
        /// how many images are trained on, drawn from the dataset
        #[serde(skip_serializing_if = "Option::is_none")]
        pub images: Option<usize>, otherwise "all", in 1..=i64::MAX;
        /// how many images it is tested on after each epoch but the last, drawn likewise
        #[serde(skip_serializing_if = "Option::is_none")]
        pub test_images: Option<usize>, otherwise "all", in 1..=i64::MAX;
        /// the engine: the processor by kernels of our own, or burn's tensors on it or on the first NVIDIA GPU (in a build with --features cuda)
        pub backend: TrainingBackend = TrainingBackend::Cpu;
        /// convolutions and linear layers in 16 bits (bfloat16), on burn's backends
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub mixed_precision: bool = false;
    }
}

/// Settings at their default are not written, so that recipes of earlier versions stay as they are.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_one(value: &usize) -> bool {
    *value == 1
}

#[expect(clippy::float_cmp, reason = "the default itself")]
fn is_darts_on_imagenet(factor: &f64) -> bool {
    *factor == 0.97
}

crate::words! {
    /// Whose way of training.
    #[derive(Default)]
    pub enum TrainingRecipe {
        /// DARTS's evaluation on CIFAR-10 (Liu et al., ICLR 2019): the defaults of [`Training`].
        #[default]
        Darts = "darts",
        /// That of all cells of NAS-Bench-201 (Dong & Yang, ICLR 2020, and its released code) over 200 epochs. Its trainings of
        /// fewer epochs are the same with `epochs` set, so that the learning rate falls to 0 within them.
        NasBench201 = "nas-bench-201",
    }
}

crate::words! {
    /// How a learning rate falls.
    #[derive(Default)]
    pub enum RateSchedule {
        /// To 0 along half a cosine (Loshchilov & Hutter, ICLR 2017).
        #[default]
        Cosine = "cosine",
        /// To 0 in a straight line.
        Linear = "linear",
        /// By a factor, every so many epochs.
        Steps = "steps",
    }
}

crate::words! {
    /// The optimisers of a training.
    #[derive(Default)]
    pub enum TrainingOptimiser {
        /// Stochastic gradient descent with momentum.
        #[default]
        Sgd = "sgd",
        /// Adam (Kingma & Ba, ICLR 2015), with the decay in the gradient and a share of 0.999 of the second moment.
        Adam = "adam",
    }
}

crate::words! {
    /// Which parameters decay.
    #[derive(Default)]
    pub enum DecayedParameters {
        /// All of them.
        #[default]
        All = "all",
        /// The weights of convolutions and linear layers.
        Weights = "weights",
    }
}

crate::words! {
    /// The backends that can train.
    pub enum TrainingBackend {
        /// Kernels of our own for the processor's vector units.
        Cpu = "cpu",
        /// burn's tensors on the processor.
        BurnFlex = "burn-flex",
        /// burn's tensors on the first NVIDIA GPU.
        BurnCuda = "burn-cuda",
    }
}
