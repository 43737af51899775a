//! The `[study]` section: which architectures are scored with which proxies, and how the result is summarised.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use crate::plugin::{SettingType, SettingsError, ValueKind};

crate::settings! {
    /// What a study correlates. Targets are the benchmark's (`[benchmark]`, `targets`); without one, scores are compared with
    /// each other only.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct Study {
        /// what is correlated: proxies and aggregates, whose settings stand in `[proxies.NAME]`
        pub proxies: Vec<String>, must be given;
        /// how many different architectures are drawn, seeded
        #[serde(skip_serializing_if = "Option::is_none")]
        pub sample: Option<u64>, otherwise "all architectures of the space", in 2..=10_000_000;
        /// the architectures, as the space writes them; or the name of a file that lists them, one a line
        #[serde(skip_serializing_if = "Option::is_none")]
        pub architectures: Option<Vec<String>>, otherwise "all of the space";
        /// a table of scores that is read in place of measuring: one that assay collect wrote, a study's scores.parquet, or a study's folder
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scores: Option<PathBuf>, otherwise "scores are measured";
        /// the half of the architectures that is kept; the seed deals them out, whatever else the study is over, and those that compute the same together
        #[serde(skip_serializing_if = "Option::is_none")]
        pub half: Option<Half>, otherwise "both";
        /// whether architectures are kept that have an operator, other than the zero, on no path from input to output
        #[serde(skip_serializing_if = "Unreachable::is_kept")]
        pub unreachable: Unreachable = Unreachable::Keep;
        /// measurements of each architecture, with new weights and images, whose mean is its score
        pub repeats: usize = 1, in 1..=10_000;
        /// whether architectures that compute the same are measured each or once for all
        pub isomorphic: Isomorphic = Isomorphic::Each;
        /// resamples of the interval of τ-b; 0 for none
        #[serde(skip_serializing_if = "Option::is_none")]
        pub bootstrap: Option<usize>, otherwise "1000, of a whole space 0", in 0..=1_000_000;
        /// the k of precision@k and NDCG@k
        pub k: usize = 10, in 1..=10_000_000;
        /// whether figures of papers stand beside ours
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        pub published: bool = false;
        /// the part of the measurements that this run makes, as 2/4; assay merge joins the parts
        #[serde(skip_serializing_if = "Option::is_none")]
        pub shard: Option<Shard>, otherwise "all of it";
    }
}

crate::words! {
    /// How architectures that compute the same function, whatever the weights, are measured.
    pub enum Isomorphic {
        /// Each by itself.
        Each = "each",
        /// The first of them for all, except by structural proxies, which tell them apart.
        Once = "once",
    }
}

crate::words! {
    /// What becomes of architectures with an operator, other than the zero, on no path from input to output.
    pub enum Unreachable {
        /// They are a part of the study.
        Keep = "keep",
        /// They are not.
        LeaveOut = "leave-out",
    }
}

impl Unreachable {
    /// Whether such architectures are a part of the study.
    fn is_kept(&self) -> bool {
        *self == Self::Keep
    }
}

crate::words! {
    /// The two halves of a space: what is chosen on one is judged by the other.
    pub enum Half {
        /// To choose by.
        Development = "development",
        /// To judge by what was chosen.
        Test = "test",
    }
}

/// One of several parts of a study, written `2/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
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

/// Written as a text.
impl SettingType for Shard {
    const KIND: ValueKind = ValueKind::Text;
    type Range = ();

    fn read(key: &str, value: Value) -> Result<Self, SettingsError> {
        let text = String::read(key, value)?;
        text.parse().map_err(|error: ShardError| SettingsError::new(key, error.to_string()))
    }

    fn value(&self) -> Option<Value> {
        Some(self.to_string().into())
    }
}

impl Study {
    /// Resamples where the study does not say.
    pub const RESAMPLES: usize = 1000;
}

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
