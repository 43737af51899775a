//! A part of a study: `summary.json` of a shard.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::machine::Machine;
use crate::times::Times;

/// A finished shard: its measurements are in the journal of its folder, and wait for the others to be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// [`SCHEMA`](Self::SCHEMA).
    pub schema: u32,
    /// [`Kind::Shard`].
    pub kind: Kind,
    /// The version of the program.
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

impl ShardSummary {
    /// The version of the summary's form.
    pub const SCHEMA: u32 = 1;
}

/// Where the time of one shard went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardTimes {
    /// Which shard, of how many: `2/4`.
    pub shard: String,
    /// Where its time went.
    pub times: Times,
    /// What it ran on.
    pub machine: Machine,
}
