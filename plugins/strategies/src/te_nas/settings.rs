//! TE-NAS's settings: what the user gave, and what follows from the variant.

use assay_core::data::Augmentation;
use assay_core::engine::Precision;
use assay_core::network::Initialiser;
use assay_core::plugin::SettingsError;

use super::decision::{Combination, Difference, PruningRule};
use super::draws::{INDICATORS, Pairing, Quantity, Variant};
use crate::parts::exclusion::Exclusion;

assay_core::settings! {
    /// The settings as they were given.
    #[derive(Clone, Debug)]
    pub struct TeNasSettings {
        /// whose defaults and draws: the released code's or the paper's
        variant: Variant = Variant::Code;
        /// whether all candidates of a round see the same draws, or each its own as originally
        pairing: Pairing = Pairing::Common;
        /// measurements of each candidate
        repeats: usize = 3, in 1..=10_000;
        /// images of the tangent kernel
        batch: Option<usize>, otherwise "72, in the paper 32", in 1..=65_536;
        /// channels of the first stage of the kernel's network
        channels: usize = 3, in 1..=4096;
        /// channels of the regions' network and of its crops
        region_channels: usize = 1, in 1..=4096;
        /// crops that linear regions are counted on
        crops: Option<usize>, otherwise "3000, in the paper 5000", in 1..=10_000_000;
        /// crops that share batch statistics; must divide `crops`
        crop_batch: usize = 1000, in 1..=1_000_000;
        /// height and width of a crop
        crop_size: usize = 3, in 1..=4096;
        /// first weights of the kernel's network
        ntk_initialiser: Option<Initialiser>, otherwise "\"uniform-fan-in\", in the paper \"kaiming-normal-fan-out\"";
        /// first weights of the regions' network
        region_initialiser: Option<Initialiser>, otherwise "\"uniform-fan-in\", in the paper \"kaiming-normal-fan-in\"";
        /// floating-point type of the kernel matrix
        precision: Precision = Precision::F32;
        /// decimals of each relative change, and significant figures that candidates are sorted by
        rounding: usize = 3, in 1..=15;
        /// how the change that a removal makes is expressed
        difference: Option<Difference>, otherwise "\"relative\", in the paper \"absolute\"";
        /// operators removed before the search
        exclude: Option<Vec<String>>, otherwise "[\"none\"], in the paper []";
        /// what removals are judged by: both, or one of them alone
        indicators: Vec<String> = INDICATORS.map(|indicator| indicator.proxy().to_owned()).to_vec();
        /// how the two verdicts on a removal are joined: the rows of the paper's table 5
        combination: Combination = Combination::RankSum;
        /// operators that an edge loses in a round
        prune_number: usize = 1, in 1..=63;
        /// how the kernel's images are varied
        augment: Augmentation = Augmentation::FlipAndCrop;
    }
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
    pub(super) rule: PruningRule,
    pub(super) exclusion: Exclusion,
    pub(super) augment: Augmentation,
    /// In the order in which their rank lists break ties.
    pub(super) indicators: Vec<Quantity>,
}

impl Resolved {
    pub(super) fn from(given: TeNasSettings) -> Result<Self, SettingsError> {
        let code = given.variant == Variant::Code;
        let by_variant = |code_default: usize, paper_default: usize| if code { code_default } else { paper_default };
        let initialiser = |paper: Initialiser| if code { Initialiser::UniformFanIn } else { paper };
        let excluded: &'static [&'static str] = if code { &["none"] } else { &[] };
        Ok(Self {
            variant: given.variant,
            pairing: given.pairing,
            repeats: given.repeats,
            batch: given.batch.unwrap_or(by_variant(72, 32)),
            channels: given.channels,
            region_channels: given.region_channels,
            crops: given.crops.unwrap_or(by_variant(3000, 5000)),
            crop_batch: given.crop_batch,
            crop_size: given.crop_size,
            ntk_initialiser: given.ntk_initialiser.unwrap_or(initialiser(Initialiser::KaimingNormalFanOut)),
            region_initialiser: given.region_initialiser.unwrap_or(initialiser(Initialiser::KaimingNormalFanIn)),
            precision: given.precision,
            rule: PruningRule {
                difference: given.difference.unwrap_or(if code { Difference::Relative } else { Difference::Absolute }),
                combination: given.combination,
                rounding: given.rounding,
                prune_number: given.prune_number,
            },
            exclusion: Exclusion::or_default(given.exclude, excluded),
            augment: given.augment,
            indicators: indicators(&given.indicators)?,
        })
    }
}

/// The indicators of these names; in the order of the paper, whatever the order given.
fn indicators(given: &[String]) -> Result<Vec<Quantity>, SettingsError> {
    let known = INDICATORS.map(Quantity::proxy);
    if let Some(unknown) = given.iter().find(|name| !known.contains(&name.as_str())) {
        let problem = format!("`{unknown}` is not an indicator of te-nas; they are {}", known.join(" and "));
        return Err(SettingsError::new("indicators", problem));
    }
    if given.is_empty() {
        return Err(SettingsError::new("indicators", format!("names none; write one or both of {}", known.join(" and "))));
    }
    Ok(INDICATORS.into_iter().filter(|indicator| given.iter().any(|name| name == indicator.proxy())).collect())
}
