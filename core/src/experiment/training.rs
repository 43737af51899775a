//! The `[training]` section: one architecture and how it is trained from scratch. The defaults are DARTS's evaluation on
//! CIFAR-10 (Liu et al., ICLR 2019), with the drop-path of 0.3 that most of its successors use.

use serde::{Deserialize, Serialize};

use crate::data::Augmentation;
use crate::network::Initialiser;
use crate::plugin::{Setting, ValueKind};

/// What is trained, and how. Images come from `[dataset]`, those that it is tested on from `[test]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The architecture, as the space writes it.
    pub architecture: String,
    /// Channels of the first stage.
    #[serde(default = "defaults::channels")]
    pub channels: usize,
    /// Cells: a stage in spaces with stages, in all in the others.
    #[serde(default = "defaults::cells")]
    pub cells: usize,
    /// How the weights are drawn.
    #[serde(default = "defaults::initialiser")]
    pub initialiser: Initialiser,
    /// Passes over the images.
    #[serde(default = "defaults::epochs")]
    pub epochs: usize,
    /// Images a step.
    #[serde(default = "defaults::batch")]
    pub batch: usize,
    /// The first learning rate, which falls to 0 along half a cosine, epoch by epoch.
    #[serde(default = "defaults::learning_rate")]
    pub learning_rate: f64,
    /// Epochs in which the learning rate first rises, in equal steps.
    #[serde(default)]
    pub warm_up: usize,
    /// Momentum of stochastic gradient descent.
    #[serde(default = "defaults::momentum")]
    pub momentum: f64,
    /// Weight decay, of all parameters.
    #[serde(default = "defaults::weight_decay")]
    pub weight_decay: f64,
    /// The norm that the gradient of all parameters together is cut to; 0 for none.
    #[serde(default = "defaults::clip")]
    pub clip: f64,
    /// The probability that targets spread evenly over the classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The weight of the auxiliary head's loss; 0 for no head.
    #[serde(default = "defaults::auxiliary")]
    pub auxiliary: f64,
    /// The probability, reached at the end, with which an operator's output is dropped.
    #[serde(default = "defaults::drop_path")]
    pub drop_path: f64,
    /// Flips and crops.
    #[serde(default = "defaults::augmentation")]
    pub augmentation: Augmentation,
    /// The side of the square that is cut out of each image; 0 for none.
    #[serde(default = "defaults::cutout")]
    pub cutout: usize,
    /// How many images are trained on, drawn from the dataset; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<usize>,
    /// How many images it is tested on after each epoch, drawn likewise; `None` for all. After the last it is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_images: Option<usize>,
    /// Where tensors live.
    #[serde(default)]
    pub backend: TrainingBackend,
    /// Whether convolutions and linear layers compute in 16 bits (bfloat16).
    #[serde(default, skip_serializing_if = "is_false")]
    pub mixed_precision: bool,
}

/// The backends that can train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingBackend {
    /// burn's tensors on the processor.
    #[default]
    BurnFlex,
    /// burn's tensors on the first NVIDIA GPU.
    BurnCuda,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

mod defaults {
    use super::{Augmentation, Initialiser};

    pub(super) fn channels() -> usize {
        36
    }
    pub(super) fn cells() -> usize {
        20
    }
    pub(super) fn initialiser() -> Initialiser {
        Initialiser::UniformFanIn
    }
    pub(super) fn epochs() -> usize {
        600
    }
    pub(super) fn batch() -> usize {
        96
    }
    pub(super) fn learning_rate() -> f64 {
        0.025
    }
    pub(super) fn momentum() -> f64 {
        0.9
    }
    pub(super) fn weight_decay() -> f64 {
        3e-4
    }
    pub(super) fn clip() -> f64 {
        5.0
    }
    pub(super) fn auxiliary() -> f64 {
        0.4
    }
    pub(super) fn drop_path() -> f64 {
        0.3
    }
    pub(super) fn augmentation() -> Augmentation {
        Augmentation::FlipAndCrop
    }
    pub(super) fn cutout() -> usize {
        16
    }
}

const fn count(name: &'static str, min: i64, max: i64, default: &'static str, help: &'static str) -> Setting {
    Setting { name, kind: ValueKind::Integer { min, max }, default: Setting::said(default), help }
}

const fn number(name: &'static str, max: f64, default: &'static str, help: &'static str) -> Setting {
    Setting { name, kind: ValueKind::Number { min: 0.0, max }, default: Setting::said(default), help }
}

/// What the section understands.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "architecture",
        kind: ValueKind::Text,
        default: Setting::said("(required)"),
        help: "the architecture, as the space writes it",
    },
    count("channels", 1, 4096, "36", "channels of the first stage"),
    count("cells", 1, 100, "20", "cells (a stage, in spaces with stages)"),
    Setting {
        name: "initialiser",
        kind: ValueKind::Choice(Initialiser::NAMES),
        default: Setting::said("\"uniform-fan-in\""),
        help: "how weights are drawn",
    },
    count("epochs", 1, 100_000, "600", "passes over the images"),
    count("batch", 2, 65_536, "96", "images a step"),
    number("learning_rate", 100.0, "0.025", "the first learning rate; it falls to 0 along half a cosine"),
    count("warm_up", 0, 1_000, "0", "epochs in which the learning rate first rises"),
    number("momentum", 0.999_999, "0.9", "momentum of stochastic gradient descent"),
    number("weight_decay", 1.0, "3e-4", "weight decay, of all parameters"),
    number("clip", 1e9, "5", "the norm that the gradient is cut to; 0 for none"),
    number("label_smoothing", 0.999, "0", "the probability that targets spread over all classes"),
    number("auxiliary", 100.0, "0.4", "the weight of the auxiliary head's loss; 0 for no head"),
    number("drop_path", 0.999, "0.3", "the probability, reached at the end, that an operator's output is dropped"),
    Setting {
        name: "augmentation",
        kind: ValueKind::Choice(&["none", "flip-and-crop"]),
        default: Setting::said("\"flip-and-crop\""),
        help: "how images are varied",
    },
    count("cutout", 0, 4096, "16", "the side of the square that is cut out of each image; 0 for none"),
    count("images", 1, i64::MAX, "all", "how many images are trained on"),
    count("test_images", 1, i64::MAX, "all", "how many images it is tested on after each epoch but the last"),
    Setting {
        name: "backend",
        kind: ValueKind::Choice(&["burn-flex", "burn-cuda"]),
        default: Setting::said("\"burn-flex\""),
        help: "the processor, or the first NVIDIA GPU (in a build with --features cuda)",
    },
    Setting {
        name: "mixed_precision",
        kind: ValueKind::Flag,
        default: Setting::said("false"),
        help: "convolutions and linear layers in bfloat16",
    },
];
