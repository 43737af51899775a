//! The pass that most proxies read: the whole network, at initialisation, on one minibatch.

use assay_core::data::{Augmentation, Dataset};
use assay_core::engine::Precision;
use assay_core::network::Initialiser;
use assay_core::plugin::{DefaultValue, Images, Pass, Setting, Settings, SettingsError, ValueKind};
use serde::Deserialize;

use crate::whole_network::WholeNetwork;

/// What enters the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Images of the dataset, with their labels.
    #[default]
    Dataset,
    /// Pixels from the standard normal distribution, with labels drawn uniformly.
    Normal,
}

/// The settings of such a pass. Proxies whose settings are equal share it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WholePass {
    /// Channels of the network's first stage.
    pub channels: usize,
    /// Cells (a stage, in spaces with stages).
    pub cells: usize,
    /// Images of the minibatch.
    pub batch: usize,
    /// How parameters are drawn.
    pub initialiser: Initialiser,
    /// The floating-point type of values and gradients.
    pub precision: Precision,
    /// How images of the dataset are varied.
    pub augmentation: Augmentation,
    /// What enters the network.
    pub images: Source,
}

impl Default for WholePass {
    fn default() -> Self {
        let WholeNetwork { channels, cells } = WholeNetwork::default();
        let (initialiser, precision, augmentation) = (Initialiser::UniformFanIn, Precision::F32, Augmentation::None);
        Self { channels, cells, batch: 64, initialiser, precision, augmentation, images: Source::Dataset }
    }
}

/// What proxies over [`WholePass`] understand.
pub const SETTINGS: &[Setting] = &WholePass::settings("64", "uniform-fan-in", "dataset");

impl WholePass {
    /// What a proxy over such a pass understands, with these defaults.
    #[must_use]
    pub const fn settings(batch: &'static str, initialiser: &'static str, images: &'static str) -> [Setting; 7] {
        [
            Setting {
                name: "channels",
                kind: ValueKind::Integer { min: 1, max: 4096 },
                default: Setting::said("16"),
                help: "channels of the first stage",
            },
            Setting {
                name: "cells",
                kind: ValueKind::Integer { min: 1, max: 100 },
                default: Setting::said("5"),
                help: "cells (a stage, in spaces with stages)",
            },
            Setting {
                name: "batch",
                kind: ValueKind::Integer { min: 1, max: 65_536 },
                default: Setting::said(batch),
                help: "images of the minibatch",
            },
            Setting {
                name: "initialiser",
                kind: ValueKind::Choice(Initialiser::NAMES),
                default: Setting::said(initialiser),
                help: "how parameters are drawn (uniform-fan-in is PyTorch's default)",
            },
            Setting {
                name: "precision",
                kind: ValueKind::Choice(&["f32", "f64"]),
                default: Setting::said("f32"),
                help: "floating-point type of values and gradients",
            },
            Setting {
                name: "augmentation",
                kind: ValueKind::Choice(&["none", "flip-and-crop"]),
                default: Setting::said("none"),
                help: "how images of the dataset are varied when they are drawn",
            },
            Setting {
                name: "images",
                kind: ValueKind::Choice(&["dataset", "normal"]),
                default: Setting::said(images),
                help: "what enters the network: images of the dataset, or pixels from the standard normal distribution",
            },
        ]
    }

    /// The same with PyTorch's weights and the dataset's images, and one setting more.
    #[must_use]
    pub const fn settings_and(more: Setting) -> [Setting; 8] {
        let [channels, cells, batch, initialiser, precision, augmentation, images] = Self::settings("64", "uniform-fan-in", "dataset");
        [channels, cells, batch, initialiser, precision, augmentation, images, more]
    }

    /// Reads what a user gave, and takes the rest from the declared defaults.
    ///
    /// # Errors
    /// If a setting is unknown or has a wrong value.
    pub fn parse(given: &Settings, declared: &[Setting]) -> Result<Self, SettingsError> {
        given.clone().or(&defaults(declared)).parse()
    }

    /// The pass over the measurement's minibatch, or over another one of it where `draw` is not 0.
    #[must_use]
    pub fn pass(&self, dataset: &dyn Dataset, draw: usize) -> Pass {
        let Self { channels, cells, batch, initialiser, precision, augmentation, images } = *self;
        let net = WholeNetwork { channels, cells }.net(dataset);
        let images = match images {
            Source::Dataset => Images::Sampled { batch, augmentation, draw },
            Source::Normal => Images::Normal { batch, draw },
        };
        Pass { net, initialiser, images, precision }
    }
}

/// The declared defaults of integer, number and word settings, as settings.
#[must_use]
pub fn defaults(declared: &[Setting]) -> Settings {
    declared.iter().fold(Settings::none(), |settings, setting| {
        let DefaultValue::Words(default) = setting.default else { return settings };
        match setting.kind {
            ValueKind::Integer { .. } => match default.parse::<i64>() {
                Ok(number) => settings.with(setting.name, number),
                Err(_) => settings,
            },
            ValueKind::Number { .. } => match default.parse::<f64>() {
                Ok(number) => settings.with(setting.name, number),
                Err(_) => settings,
            },
            _ => settings.with(setting.name, default),
        }
    })
}

impl std::fmt::Display for WholePass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { channels, cells, batch, initialiser, precision, augmentation, images } = self;
        let precision = if *precision == Precision::F32 { "float32" } else { "float64" };
        write!(f, "C={channels}, {cells} cell(s), batch {batch} (")?;
        match images {
            Source::Dataset => write!(f, "{augmentation}")?,
            Source::Normal => write!(f, "standard normal pixels")?,
        }
        write!(f, "), {initialiser}, batch statistics, {precision}")
    }
}
