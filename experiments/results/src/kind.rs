//! The kinds of run.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// A kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Searches a space for an architecture.
    #[serde(rename = "search")]
    Search,
    /// Correlates scores with accuracies and costs.
    #[serde(rename = "correlation study")]
    Study,
    /// Measures a part of a study.
    #[serde(rename = "shard of a correlation study")]
    Shard,
    /// Trains an architecture.
    #[serde(rename = "training")]
    Training,
}

impl Kind {
    /// The command that begins and continues such runs: `assay run`.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Search => "run",
            Self::Study | Self::Shard => "correlate",
            Self::Training => "train",
        }
    }

    /// The command that continues the run in this folder.
    #[must_use]
    pub fn resume(self, folder: &Path) -> String {
        format!("assay {} --resume {}", self.command(), folder.display())
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Search => "search",
            Self::Study => "correlation study",
            Self::Shard => "shard of a correlation study",
            Self::Training => "training",
        })
    }
}
