//! What a run ran on.

use serde::{Deserialize, Serialize};

/// The machine and the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Logical cores.
    pub cores: usize,
    /// Worker threads of this session.
    pub threads: usize,
    /// Operating system and version.
    pub os: String,
    /// What compiled the program.
    pub rustc: String,
    /// What it was compiled for.
    pub target: String,
}
