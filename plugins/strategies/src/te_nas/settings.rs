//! TE-NAS's settings: what the user gave, and what follows from the variant.

use assay_core::data::Augmentation;
use assay_core::engine::Precision;
use assay_core::network::Initialiser;
use assay_core::plugin::{Setting, Settings, SettingsError, ValueKind};
use serde::Deserialize;

use super::decision::{Combination, Difference, Rule};
use super::draws::{INDICATORS, Measured, Pairing, Variant};
use crate::parts::exclusion::Exclusion;

const fn whole(name: &'static str, max: i64, default: &'static str, help: &'static str) -> Setting {
    Setting { name, kind: ValueKind::Integer { min: 1, max }, default: Setting::said(default), help }
}

const fn word(name: &'static str, words: &'static [&'static str], default: &'static str, help: &'static str) -> Setting {
    Setting { name, kind: ValueKind::Choice(words), default: Setting::said(default), help }
}

/// What `te-nas` understands.
pub(super) const SETTINGS: &[Setting] = &[
    word("variant", &["code", "paper"], "code", "whose defaults and draws: the released code's or the paper's"),
    word(
        "pairing",
        &["common", "independent"],
        "common",
        "whether all candidates of a round see the same draws, or each its own as originally",
    ),
    whole("repeats", 10_000, "3", "measurements of each candidate"),
    whole("batch", 65_536, "72, in the paper 32", "images of the tangent kernel"),
    whole("channels", 4096, "3", "channels of the first stage of the kernel's network"),
    whole("region_channels", 4096, "1", "channels of the regions' network and of its crops"),
    whole("crops", 10_000_000, "3000, in the paper 5000", "crops that linear regions are counted on"),
    whole("crop_batch", 1_000_000, "1000", "crops that share batch statistics; must divide `crops`"),
    whole("crop_size", 4096, "3", "height and width of a crop"),
    word(
        "ntk_initialiser",
        Initialiser::NAMES,
        "uniform-fan-in, in the paper kaiming-normal-fan-out",
        "first weights of the kernel's network",
    ),
    word(
        "region_initialiser",
        Initialiser::NAMES,
        "uniform-fan-in, in the paper kaiming-normal-fan-in",
        "first weights of the regions' network",
    ),
    word("precision", &["f32", "f64"], "f32", "floating-point type of the kernel matrix"),
    whole("rounding", 15, "3", "decimals of each relative change, and significant figures that candidates are sorted by"),
    word("difference", &["relative", "absolute"], "relative, in the paper absolute", "how the change that a removal makes is expressed"),
    Setting {
        name: "exclude",
        kind: ValueKind::Texts,
        default: Setting::said("[\"none\"], in the paper []"),
        help: "operators removed before the search",
    },
    Setting {
        name: "indicators",
        kind: ValueKind::Texts,
        default: Setting::said("[\"ntk-condition\", \"linear-regions\"]"),
        help: "what removals are judged by: both, or one of them alone",
    },
    word("combination", Combination::NAMES, "rank-sum", "how the two verdicts on a removal are joined: the rows of the paper's table 5"),
    whole("prune_number", 63, "1", "operators that an edge loses in a round"),
    word("augment", &["none", "flip-and-crop"], "flip-and-crop", "how the kernel's images are varied"),
];

/// The settings as they were given.
#[derive(Debug, Deserialize)]
struct Given {
    #[serde(default)]
    variant: Variant,
    #[serde(default)]
    pairing: Pairing,
    repeats: Option<usize>,
    batch: Option<usize>,
    channels: Option<usize>,
    region_channels: Option<usize>,
    crops: Option<usize>,
    crop_batch: Option<usize>,
    crop_size: Option<usize>,
    ntk_initialiser: Option<Initialiser>,
    region_initialiser: Option<Initialiser>,
    #[serde(default)]
    precision: Precision,
    rounding: Option<usize>,
    difference: Option<Difference>,
    exclude: Option<Vec<String>>,
    prune_number: Option<usize>,
    augment: Option<Augmentation>,
    indicators: Option<Vec<String>>,
    #[serde(default)]
    combination: Combination,
}

/// Every setting, with the variant's defaults filled in.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) variant: Variant,
    pub(super) pairing: Pairing,
    pub(super) repeats: usize,
    pub(super) batch: usize,
    pub(super) channels: usize,
    pub(super) region_channels: usize,
    pub(super) crops: usize,
    pub(super) crop_batch: usize,
    pub(super) crop_size: usize,
    pub(super) ntk_initialiser: Initialiser,
    pub(super) region_initialiser: Initialiser,
    pub(super) precision: Precision,
    pub(super) rule: Rule,
    pub(super) exclusion: Exclusion,
    pub(super) augment: Augmentation,
    /// In the order in which their rank lists break ties.
    pub(super) indicators: Vec<Measured>,
}

impl Resolved {
    pub(super) fn from(settings: &Settings) -> Result<Self, SettingsError> {
        let given: Given = settings.parse()?;
        let code = given.variant == Variant::Code;
        let by_variant = |code_default: usize, paper_default: usize| if code { code_default } else { paper_default };
        let initialiser = |paper: Initialiser| if code { Initialiser::UniformFanIn } else { paper };
        let excluded: &'static [&'static str] = if code { &["none"] } else { &[] };
        Ok(Self {
            variant: given.variant,
            pairing: given.pairing,
            repeats: given.repeats.unwrap_or(3),
            batch: given.batch.unwrap_or(by_variant(72, 32)),
            channels: given.channels.unwrap_or(3),
            region_channels: given.region_channels.unwrap_or(1),
            crops: given.crops.unwrap_or(by_variant(3000, 5000)),
            crop_batch: given.crop_batch.unwrap_or(1000),
            crop_size: given.crop_size.unwrap_or(3),
            ntk_initialiser: given.ntk_initialiser.unwrap_or(initialiser(Initialiser::KaimingNormalFanOut)),
            region_initialiser: given.region_initialiser.unwrap_or(initialiser(Initialiser::KaimingNormalFanIn)),
            precision: given.precision,
            rule: Rule {
                difference: given.difference.unwrap_or(if code { Difference::Relative } else { Difference::Absolute }),
                combination: given.combination,
                rounding: given.rounding.unwrap_or(3),
                prune_number: given.prune_number.unwrap_or(1),
            },
            exclusion: Exclusion::new(given.exclude, excluded),
            augment: given.augment.unwrap_or(Augmentation::FlipAndCrop),
            indicators: given.indicators.map_or_else(|| Ok(INDICATORS.to_vec()), |given| indicators(&given))?,
        })
    }
}

/// The indicators of these names; in the order of the paper, whatever the order given.
fn indicators(given: &[String]) -> Result<Vec<Measured>, SettingsError> {
    let known = INDICATORS.map(Measured::proxy);
    if let Some(unknown) = given.iter().find(|name| !known.contains(&name.as_str())) {
        let problem = format!("`{unknown}` is not an indicator of te-nas; they are {}", known.join(" and "));
        return Err(SettingsError::new("indicators", problem));
    }
    if given.is_empty() {
        return Err(SettingsError::new("indicators", format!("names none; write one or both of {}", known.join(" and "))));
    }
    Ok(INDICATORS.into_iter().filter(|indicator| given.iter().any(|name| name == indicator.proxy())).collect())
}
