//! What a study leaves in its folder for whoever reads it next: `summary.json`.

use assay_core::experiment::Shard;
use assay_statistics::ceiling::Ceiling;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::correlation::Correlation;
use super::published::Source;
use crate::run::machine::Machine;
use crate::run::protocol::grouped;
use crate::run::times::Times;

/// The version of the summaries' form.
pub(super) const SCHEMA: u32 = 1;
/// What tells a study's summary from a search's.
pub(super) const STUDY: &str = "correlation study";
/// What tells a shard's summary from a study's.
pub(super) const SHARD: &str = "shard of a correlation study";

/// The result of a study. All of it but `times`, `machine` and `shards` is a function of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudySummary {
    /// The version of the summary's form.
    pub schema: u32,
    /// `correlation study`.
    pub kind: String,
    /// The version of this program.
    pub assay: String,
    /// The experiment's name.
    pub experiment: String,
    /// The experiment's seed.
    pub seed: u64,
    /// Under which conditions all this holds, in one line.
    pub protocol: String,
    /// The k of precision@k and NDCG@k.
    pub k: usize,
    /// How many architectures were scored.
    pub architectures: usize,
    /// By proxy and target.
    pub correlations: Vec<Correlation>,
    /// Why scores are undefined, by proxy and reason.
    #[serde(default)]
    pub undefined: Vec<Undefined>,
    /// What single training runs reach.
    pub ceilings: Vec<NoiseCeiling>,
    /// The proxies that each aggregate in `correlations` is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<(String, Vec<String>)>,
    /// What papers print of these proxies, if the study wants it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Source>,
    /// Where time went.
    pub times: Times,
    /// What it ran on.
    pub machine: Machine,
    /// The shards that it was merged of, if it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardTimes>,
}

/// How often one proxy left a score undefined for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undefined {
    /// The proxy.
    pub proxy: String,
    /// The reason, up to its first colon: what follows is of one architecture.
    pub because: String,
    /// Of how many architectures.
    pub architectures: usize,
}

/// What training once reaches against training again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseCeiling {
    /// The column, and the training it records: not always that of the study's targets.
    pub target: String,
    /// Training runs of each architecture that enters.
    pub runs: usize,
    /// The agreement of one run with the mean of the others.
    #[serde(flatten)]
    pub ceiling: Ceiling,
}

/// Where the time of one shard went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardTimes {
    /// Which shard.
    pub shard: Shard,
    /// Where its time went.
    pub times: Times,
    /// What it ran on.
    pub machine: Machine,
}

/// A finished shard: its measurements are in the journal of its folder, and wait for the others to be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// The version of the summary's form.
    pub schema: u32,
    /// `shard of a correlation study`.
    pub kind: String,
    /// The version of this program.
    pub assay: String,
    /// The experiment's name.
    pub experiment: String,
    /// The experiment's seed.
    pub seed: u64,
    /// Under which conditions the whole study is made, in one line.
    pub protocol: String,
    /// How many architectures it measured, of how many of the whole study.
    pub architectures: (usize, usize),
    /// How many measurements it made.
    pub measurements: usize,
    /// Which shard, where its time went, and what it ran on.
    #[serde(flatten)]
    pub part: ShardTimes,
}

/// What a session of a study ended with.
#[derive(Clone, Debug)]
pub enum Finished {
    /// All of it.
    Whole(Box<StudySummary>),
    /// Its part.
    Shard(Box<ShardSummary>),
}

impl NoiseCeiling {
    /// One line for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let tau = self.ceiling.tau_b.map_or("undefined".into(), |tau| format!("{tau:.3}"));
        let (others, count) = (self.runs - 1, grouped(self.ceiling.architectures as u128));
        format!("noise ceiling: τ-b {tau} of one training run against the mean of {others} others, {}, {count} architectures", self.target)
    }
}

impl StudySummary {
    /// What stands below each table: noise ceilings, reasons of undefined scores, and the protocol.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        notes(&self.ceilings, &self.undefined, &self.protocol)
    }

    /// Reads one, if this is a study's summary at all.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        read::<Self>(bytes).filter(|summary| summary.kind == STUDY)
    }
}

impl Finished {
    /// Reads a study's summary or a shard's, if this is one of the two.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        let shard = || read::<ShardSummary>(bytes).filter(|summary| summary.kind == SHARD).map(|shard| Self::Shard(Box::new(shard)));
        StudySummary::from_json(bytes).map(|study| Self::Whole(Box::new(study))).or_else(shard)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

pub(super) fn notes(ceilings: &[NoiseCeiling], undefined: &[Undefined], protocol: &str) -> Vec<String> {
    let reason = |undefined: &Undefined| {
        let Undefined { proxy, because, architectures } = undefined;
        format!("undefined: {proxy} of {} architectures, because {because}", grouped(*architectures as u128))
    };
    let ceilings = ceilings.iter().map(NoiseCeiling::describe);
    ceilings.chain(undefined.iter().map(reason)).chain([format!("protocol: {protocol}")]).collect()
}
