//! The `[study]` section: which architectures are scored with which proxies, and how the result is summarised.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::plugin::{Setting, ValueKind};

/// What a study correlates. Targets are the benchmark's (`[benchmark]`, `targets`); without one, scores are compared with each
/// other only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Study {
    /// The proxies and aggregates, by registered name; their settings stand in `[proxies.NAME]`.
    pub proxies: Vec<String>,
    /// How many architectures are drawn; `None` for all, or those of `architectures`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<u64>,
    /// The architectures, as the space writes them; `None` for all, or a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architectures: Option<Vec<String>>,
    /// Measurements of each architecture, whose mean is its score.
    #[serde(default = "once")]
    pub repeats: usize,
    /// How architectures that compute the same are measured.
    #[serde(default)]
    pub isomorphic: Isomorphic,
    /// Resamples of the bootstrap interval of τ-b; `None` for [`Study::RESAMPLES`] of a part of the space and none of a
    /// whole one, of which nothing was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<usize>,
    /// The k of precision@k and NDCG@k.
    #[serde(default = "ten")]
    pub k: usize,
    /// Whether figures of papers stand beside ours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub published: bool,
    /// The part of the measurements that this run makes; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// How architectures that compute the same function, whatever the weights, are measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isomorphic {
    /// Each by itself.
    #[default]
    Each,
    /// The first of them for all, except by structural proxies, which tell them apart.
    Once,
}

/// One of several parts of a study, written `2/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: u32,
    of: u32,
}

/// A text that does not name a shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shard: write 2/4 for the second of four (of at most {max})", max = Shard::MOST)]
pub struct ShardError(String);

impl Shard {
    /// The most parts of a study: numbers of folders have four digits.
    pub const MOST: u32 = 9_999;

    /// Which it is, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.number
    }

    /// Of how many.
    #[must_use]
    pub fn of(self) -> u32 {
        self.of
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = text.split_once('/').and_then(|(number, of)| Some(Self { number: number.parse().ok()?, of: of.parse().ok()? }));
        parsed.filter(|shard| (1..=shard.of).contains(&shard.number) && shard.of <= Self::MOST).ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

fn once() -> usize {
    1
}

fn ten() -> usize {
    10
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Study {
    /// Resamples where the study does not say.
    pub const RESAMPLES: usize = 1000;
}

/// What the section understands.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "proxies", kind: ValueKind::Texts, default: Setting::said("(required)"), help: "what is correlated" },
    Setting {
        name: "sample",
        kind: ValueKind::Integer { min: 2, max: 10_000_000 },
        default: Setting::said("all architectures of the space"),
        help: "how many different architectures are drawn, seeded",
    },
    Setting {
        name: "architectures",
        kind: ValueKind::Texts,
        default: Setting::said("all of the space"),
        help: "the architectures, as the space writes them",
    },
    Setting {
        name: "repeats",
        kind: ValueKind::Integer { min: 1, max: 10_000 },
        default: Setting::said("1"),
        help: "measurements of each architecture, with new weights and images, whose mean is its score",
    },
    Setting {
        name: "isomorphic",
        kind: ValueKind::Choice(&["each", "once"]),
        default: Setting::said("\"each\""),
        help: "whether architectures that compute the same are measured each or once for all",
    },
    Setting {
        name: "bootstrap",
        kind: ValueKind::Integer { min: 0, max: 1_000_000 },
        default: Setting::said("1000, of a whole space 0"),
        help: "resamples of the interval of τ-b; 0 for none",
    },
    Setting {
        name: "k",
        kind: ValueKind::Integer { min: 1, max: 10_000_000 },
        default: Setting::said("10"),
        help: "the k of precision@k and NDCG@k",
    },
    Setting {
        name: "published",
        kind: ValueKind::Flag,
        default: Setting::said("false"),
        help: "whether figures of papers stand beside ours",
    },
    Setting {
        name: "shard",
        kind: ValueKind::Text,
        default: Setting::said("all of it"),
        help: "the part of the measurements that this run makes, as 2/4; assay merge joins the parts",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_several_counted_from_one() {
        let shard: Shard = "2/4".parse().unwrap();
        assert_eq!((shard.number(), shard.of(), shard.to_string().as_str()), (2, 4, "2/4"));
        assert!("1/1".parse::<Shard>().is_ok());
        for wrong in ["0/4", "5/4", "0/0", "2", "a/4", "2/", "-1/4", "1/10000", ""] {
            let error = wrong.parse::<Shard>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` is not a shard: write 2/4")), "{error}");
        }
    }
}
