//! The settings that all searches of this kind have, and what the published codes give them.

use assay_core::data::Augmentation;
use assay_core::data::pretext::PretextError;
use assay_core::engine::learner::{Decayed, Optimiser, Rules};
use assay_core::graph::Shape;
use assay_core::objective::LearningObjective;
use assay_core::plugin::supernet::{Conditions, Idle, SharedForm, Statistics};
use assay_core::plugin::{Divided, MacroNet, Part, SettingsError, Split};

use super::alphas::AlphaRules;
use super::steps::WeightStep;

assay_core::words! {
    /// The published code whose schedule, network and order of steps a search takes.
    #[derive(Default)]
    pub enum Code {
        /// That of NATS-Bench.
        #[default]
        Nats = "nats" as "as the code of NATS-Bench has it",
        /// That of NAS-Bench-201.
        Nb201 = "nb201" as "as the code of NAS-Bench-201 has it",
        /// That of DARTS, on its own space.
        Darts = "darts" as "as the code of DARTS has it",
        /// That of CNAS, on the space of DARTS.
        Cnas = "cnas" as "as the code of CNAS has it",
        /// That of UnNAS, which is DARTS with another schedule.
        Unnas = "unnas" as "as the code of UnNAS has it",
        /// That of single path one-shot searches.
        Spos = "spos" as "as single path one-shot searches have it",
    }
}

assay_core::settings! {
    /// How the weights are trained.
    #[derive(Clone, Debug)]
    pub struct TrainingSettings {
        /// the published code that is followed where nothing else is given: that of NATS-Bench, of NAS-Bench-201, of DARTS, of CNAS, of UnNAS, or of SPOS
        pub code: Code = Code::Nats;
        /// what is learned: the labels of images, or without labels by how many quarters they were turned, the colours of their pixels, or the order in which their quarters were put (UnNAS); accuracies are then shares of such answers
        pub objective: LearningObjective = LearningObjective::Classification;
        /// epochs over one half of the images; of each stage, where there are stages
        pub epochs: Option<usize>, otherwise "as `code` has it: 100, 250 (DARTS 50), 50, 40, 2, or 120", in 1..=100_000;
        /// images of a step
        pub batch: Option<usize>, otherwise "64 (ENAS of NAS-Bench-201 128, CNAS 96, UnNAS's rotation and jigsaw 32, SPOS 1,024)", in 1..=65_536;
        /// which images weights learn from, a table; choices learn from the others
        pub halves: Option<Split>, otherwise "a half that the experiment's seed draws, the first as the codes of DARTS and UnNAS have it, or 40 % as that of CNAS has it";
        /// images of each half that are used
        pub images: Option<usize>, otherwise "all", in 1..=1_000_000_000;
        /// channels of the first stage
        pub channels: usize = 16, in 1..=4096;
        /// cells: of a stage in spaces with stages, in all in the others
        pub cells: Option<usize>, otherwise "5, or 8 as the codes of DARTS, CNAS and UnNAS have it", in 1..=100;
        /// learning rate of the first epoch
        pub learning_rate: Option<f64>, otherwise "0.025 (ENAS of NAS-Bench-201 0.05, CNAS 0.01, UnNAS 0.1 and with rotation and jigsaw 0.05, SPOS 0.5)", in 1e-9..=1e3;
        /// learning rate that the cosine ends at, or in SPOS the line
        pub final_learning_rate: Option<f64>, otherwise "0.001 (ENAS of NAS-Bench-201 0.0005, CNAS that of the first epoch, UnNAS and SPOS 0)", in 0.0..=1e3;
        /// share of a weight's velocity that stays
        pub momentum: f64 = 0.9, in 0.0..=0.999_999;
        /// λ of λ·w in the gradient, of all parameters
        pub weight_decay: Option<f64>, otherwise "5e-4 (ENAS of NAS-Bench-201 2.5e-4, the codes of DARTS and CNAS 3e-4, that of UnNAS 3e-5, SPOS 4e-5)", in 0.0..=1e3;
        /// norm that gradients are cut to; 0 for no cut
        pub clip: Option<f64>, otherwise "as `code` has it: none, 5 (SETN none), 5, none, 5, or none", in 0.0..=1e9;
        /// how images are varied
        pub augmentation: Augmentation = Augmentation::FlipAndCrop;
        /// what a step does with weights that were run once, and not in this step
        pub idle: Idle = Idle::Decay;
    }
}

assay_core::settings! {
    /// How what mixes operators is learnt.
    #[derive(Clone, Debug)]
    pub struct AlphaSettings {
        /// Adam's step of what mixes operators
        pub alpha_rate: Option<f64>, otherwise "3e-4 (UnNAS's rotation and jigsaw 1.5e-4)", in 1e-9..=1e3;
        /// λ of λ·α in its gradient
        pub alpha_decay: f64 = 1e-3, in 0.0..=1e3;
    }
}

assay_core::settings! {
    /// How one of many candidates is chosen.
    #[derive(Clone, Debug)]
    pub struct ChoiceSettings {
        /// architectures that the supernet judges at the end
        pub candidates: usize = 100, in 1..=100_000;
        /// images of the other half that each of them is judged by
        pub validation_batch: Option<usize>, otherwise "512 (ENAS of NAS-Bench-201 128)", in 1..=65_536;
        /// whether all are judged by the same images; the published codes take others for each
        pub same_images: bool = false;
    }
}

impl AlphaSettings {
    /// The learning rate of what mixes operators.
    #[must_use]
    pub fn rate(&self, script: &Script) -> f64 {
        self.alpha_rate.unwrap_or(script.alpha_rate)
    }

    /// How what mixes operators is learnt.
    #[must_use]
    pub fn rules(&self, script: &Script) -> AlphaRules {
        AlphaRules { rate: self.rate(script), betas: [0.5, 0.999], epsilon: 1e-8, decay: self.alpha_decay }
    }
}

/// What a search of either code has where its settings do not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// Epochs.
    pub epochs: usize,
    /// The norm that gradients are cut to.
    pub clip: Option<f64>,
    /// Images of a step.
    pub batch: usize,
    /// The learning rate of the first epoch.
    pub rate: f64,
    /// The one that the cosine ends at; the first one, where there is none.
    pub floor: Option<f64>,
    /// Epochs in which the cosine goes down, and up again in as many; all, where there is none.
    pub period: Option<usize>,
    /// λ.
    pub decay: f64,
    /// Images that a candidate or a sample is judged by.
    pub judged: usize,
    /// Whether samples are judged by varied images.
    pub judged_varied: bool,
    /// What is cut together with the gradients of weights: α's too.
    pub joint: bool,
    /// Whether momentum looks ahead.
    pub nesterov: bool,
    /// Cells.
    pub cells: usize,
    /// Whether the halves are the first and the last half of the images, and the images of a step that choices learn from different
    /// ones; otherwise halves are drawn, and each image from all of its half.
    pub in_order: bool,
    /// How many per cent of the images weights learn from.
    pub percent: usize,
    /// Whether the images of an epoch that are fewer than a batch are left out.
    pub drop_last: bool,
    /// The learning rate of what mixes operators.
    pub alpha_rate: f64,
    /// Epochs before what mixes operators learns.
    pub alpha_from: usize,
    /// Whether the learning rate goes down in a line, and not by a cosine.
    pub linear: bool,
}

impl Script {
    /// What all of them have in common but one.
    #[must_use]
    pub fn usual(epochs: usize, clip: Option<f64>) -> Self {
        Self {
            epochs,
            clip,
            batch: 64,
            rate: 0.025,
            floor: Some(0.001),
            period: None,
            decay: 5e-4,
            judged: 512,
            judged_varied: false,
            joint: clip.is_some(),
            nesterov: true,
            cells: 5,
            in_order: false,
            percent: 50,
            drop_last: false,
            alpha_rate: 3e-4,
            alpha_from: 0,
            linear: false,
        }
    }

    /// That of DARTS's own code.
    #[must_use]
    pub fn of_darts() -> Self {
        Self { decay: 3e-4, joint: false, nesterov: false, cells: 8, in_order: true, ..Self::usual(50, Some(5.0)) }
    }

    /// Of MANAS, which has no code and takes what DARTS has.
    #[must_use]
    pub fn of_agents(code: Code) -> Self {
        match code {
            Code::Nats => Self::usual(100, None),
            Code::Nb201 => Self::usual(50, Some(5.0)),
            Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => Self::of_darts(),
        }
    }

    /// That of UnNAS's code, as it searches on ImageNet: no search on CIFAR-10 is among its configurations. Four turns or tiles an image
    /// are a batch of half as many images, and rates are half.
    #[must_use]
    pub fn of_unnas(objective: LearningObjective) -> Self {
        let (batch, rate, alpha_rate) = match objective {
            LearningObjective::Classification | LearningObjective::Colorization => (64, 0.1, 3e-4),
            LearningObjective::Rotation | LearningObjective::Jigsaw => (32, 0.05, 1.5e-4),
        };
        let own = Self { epochs: 2, batch, rate, floor: Some(0.0), decay: 3e-5, joint: true, ..Self::of_darts() };
        Self { drop_last: true, alpha_rate, alpha_from: 1, ..own }
    }

    /// Of a single path that is drawn uniformly (Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling",
    /// ECCV 2020): recalled, not checked. 150,000 steps of 1,024 images of ImageNet are 120 epochs.
    #[must_use]
    pub fn of_spos() -> Self {
        let usual = Self { batch: 1024, rate: 0.5, floor: Some(0.0), decay: 4e-5, nesterov: false, linear: true, ..Self::usual(120, None) };
        Self { judged: 200, ..usual }
    }

    /// That of CNAS's code, whose epochs are those of a stage.
    #[must_use]
    pub fn of_cnas() -> Self {
        let usual = Self { batch: 96, rate: 0.01, floor: None, decay: 3e-4, cells: 8, percent: 40, ..Self::usual(40, None) };
        Self { judged: usual.batch, judged_varied: true, ..usual }
    }
}

impl ChoiceSettings {
    /// Images that a candidate is judged by.
    #[must_use]
    pub fn validation_batch(&self, script: &Script) -> usize {
        self.validation_batch.unwrap_or(script.judged)
    }

    /// For protocols.
    #[must_use]
    pub fn protocol(&self, script: &Script) -> String {
        let images = if self.same_images { "the same" } else { "other" };
        format!("{} candidates judged by {} images each, {images} for each", self.candidates, self.validation_batch(script))
    }
}

impl TrainingSettings {
    /// The halves of so many images, where the settings say which they are.
    ///
    /// # Errors
    /// If they cannot be had, or one of them has no image.
    pub fn divided(&self, images: usize) -> Result<Option<Divided>, SettingsError> {
        let Some(split) = &self.halves else { return Ok(None) };
        let divided = split.divide("halves", None, images)?;
        let count = divided.is_in.iter().filter(|is_in| **is_in).count();
        if count == 0 || count == images {
            let (key, value) = split.file.as_ref().map_or(("share", "another share of"), |_| ("file", "a file that marks some of"));
            let problem = format!("a search needs images for weights and others for choices: give {value} the {images} images");
            return Err(SettingsError::new(key, problem).within("halves"));
        }
        Ok(Some(divided))
    }

    /// How many epochs there are.
    #[must_use]
    pub fn epochs(&self, script: &Script) -> usize {
        self.epochs.unwrap_or(script.epochs)
    }

    /// How weights move in an epoch, from 0.
    #[must_use]
    pub fn weight_step(&self, script: &Script, epoch: usize) -> WeightStep {
        let first = self.learning_rate.unwrap_or(script.rate);
        let last = self.final_learning_rate.or(script.floor).unwrap_or(first);
        let over = epoch as f64 / script.period.unwrap_or_else(|| self.epochs(script)) as f64;
        let share = if script.linear { 1.0 - over } else { (1.0 + (std::f64::consts::PI * over).cos()) / 2.0 };
        let rate = last + (first - last) * share;
        WeightStep { rate, clip: self.clip.or(script.clip).filter(|clip| *clip > 0.0), joint: script.joint }
    }

    /// Images of a step.
    #[must_use]
    pub fn batch(&self, script: &Script) -> usize {
        self.batch.unwrap_or(script.batch)
    }

    /// λ of all parameters.
    #[must_use]
    pub fn decay(&self, script: &Script) -> f64 {
        self.weight_decay.unwrap_or(script.decay)
    }

    /// What holds for all weight steps.
    #[must_use]
    pub fn rules(&self, script: &Script) -> Rules {
        let optimiser = Optimiser::Sgd { momentum: self.momentum, nesterov: script.nesterov && self.momentum > 0.0 };
        Rules { optimiser, weight_decay: self.decay(script), decayed: Decayed::All, ..Rules::default() }
    }

    /// Steps of weights in an epoch over so many images.
    #[must_use]
    pub fn weight_steps(&self, script: &Script, images: usize) -> usize {
        let batch = self.batch(script);
        if script.drop_last { images / batch } else { images.div_ceil(batch) }
    }

    /// How the supernet is run, for images of this shape and so many classes.
    ///
    /// # Errors
    /// If such images cannot be asked for what is learned.
    pub fn conditions(&self, script: &Script, images: Shape, classes: usize) -> Result<Conditions, PretextError> {
        let (channels, cells) = (self.channels, self.cells.unwrap_or(script.cells));
        let net = self.objective.net(MacroNet { input: images, channels, cells, classes, part: Part::Classifier })?;
        let (last_affine, statistics) = match self.code {
            Code::Nats => (false, Statistics::Batch),
            Code::Nb201 | Code::Darts | Code::Cnas | Code::Unnas | Code::Spos => (true, Statistics::Running),
        };
        Ok(Conditions { form: SharedForm { net, last_affine }, objective: self.objective, idle: self.idle, statistics })
    }

    /// One line for protocols, with how long is trained.
    #[must_use]
    pub fn protocol(&self, script: &Script, schedule: &str) -> String {
        let parts = match script.percent {
            percent if percent == 50 || self.halves.is_some() => "halves of the images".to_owned(),
            percent => format!("parts of {percent} and {} % of the images", 100 - percent),
        };
        let images = self.images.map_or_else(String::new, |images| format!(" of {images} images each"));
        let halves = self.halves.as_ref().map_or_else(String::new, |split| format!(" ({})", split.words()));
        let objective = match self.objective {
            LearningObjective::Classification => String::new(),
            pretext => format!(" to tell {pretext}"),
        };
        format!(
            "weights shared in a supernet of C={}, {} cells, trained{objective} {schedule} of batches of {} on {parts}{halves}{images}; {}; {}",
            self.channels,
            self.cells.unwrap_or(script.cells),
            self.batch(script),
            self.code,
            self.idle,
        )
    }
}
