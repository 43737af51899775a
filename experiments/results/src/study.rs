//! The result of a correlation study.

pub use assay_structure::estimate::Ceiling;
use assay_structure::score::Direction;
use serde::{Deserialize, Serialize};

use crate::correlation::Correlation;
use crate::kind::Kind;
use crate::machine::Machine;
use crate::present::number::grouped;
use crate::published::Source;
use crate::shard::ShardTimes;
use crate::times::Times;

/// The result of a study. All of it but `times`, `machine` and `shards` is a function of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudySummary {
    /// [`SCHEMA`](Self::SCHEMA).
    pub schema: u32,
    /// [`Kind::Study`].
    pub kind: Kind,
    /// The version of the program.
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
    /// What gave scores: in the order of the study's tables, then what only aggregates are made of. Folders of the first
    /// 0.1.0 have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<Proxy>,
    /// What scores are compared with, in the order of the study's tables. Folders of the first 0.1.0 have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
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

/// A proxy, or an aggregate of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// What it is called in the study's tables.
    pub label: String,
    /// The name that it is registered under.
    pub name: String,
    /// What its scores are counted in; `None` of numbers without a unit, of plugins that cannot say it, and in folders of
    /// versions that did not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Which end of its scale is better. Aggregates are oriented: of them, more is better.
    pub direction: Direction,
    /// What it is, in one line, with its source.
    pub summary: String,
    /// Its settings, in one line.
    pub protocol: String,
    /// Whether it is made of the scores of others, and stands in the table of aggregates.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_aggregate: bool,
}

/// An accuracy or a cost that scores are compared with. Its values stand in [`tables::targets`](crate::tables::targets).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The benchmark's column.
    pub column: String,
    /// A name for people.
    pub title: String,
    /// `%` of an accuracy.
    pub unit: String,
    /// Which end is better.
    pub direction: Direction,
}

impl Target {
    /// Whether it is an accuracy, and not a cost.
    #[must_use]
    pub fn is_accuracy(&self) -> bool {
        self.direction == Direction::HigherIsBetter
    }
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
    /// The version of the summary's form.
    pub const SCHEMA: u32 = 1;

    /// What stands below each table: noise ceilings, reasons of undefined scores, and the protocol.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        notes(&self.ceilings, &self.undefined, &self.protocol)
    }
}

/// What stands below each table of a study with these ceilings, undefined scores and protocol.
#[must_use]
pub fn notes(ceilings: &[NoiseCeiling], undefined: &[Undefined], protocol: &str) -> Vec<String> {
    let reason = |undefined: &Undefined| {
        let Undefined { proxy, because, architectures } = undefined;
        format!("undefined: {proxy} of {} architectures, because {because}", grouped(*architectures as u128))
    };
    let ceilings = ceilings.iter().map(NoiseCeiling::describe);
    ceilings.chain(undefined.iter().map(reason)).chain([format!("protocol: {protocol}")]).collect()
}
