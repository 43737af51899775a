//! Where the time of a run went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The times of a run. Apart from these and the machine, equal runs have equal summaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// By the strategy's proxy label.
    pub phases: BTreeMap<String, Phase>,
    /// Wall time of this session that went into no proxy: ranking, reading images, writing.
    pub rest_wall_seconds: f64,
    /// Wall time of this session.
    pub total_wall_seconds: f64,
    /// Processor time of this session, of all threads, as the system counts it.
    pub cpu_seconds: Option<f64>,
}

/// The time of one proxy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Measurements of this session.
    pub measured: usize,
    /// Measurements taken from the journal of an interrupted session.
    pub replayed: usize,
    /// Σ over this session's measurements of their time on their thread.
    pub thread_seconds: f64,
    /// The part of this session's wall time that went into it: while several proxies are measured at once, wall
    /// time is shared out in proportion to their thread time.
    pub wall_seconds: f64,
    /// Σ over replayed measurements of their time on their thread, in the session that measured them.
    pub replayed_thread_seconds: f64,
}

impl Times {
    /// The phase of a search that trains a network of all architectures: what was measured are its steps, those of candidates and of
    /// a controller among them.
    pub const SUPERNET: &str = "supernet";
}

impl Phase {
    /// Measurements of all sessions.
    #[must_use]
    pub fn measurements(&self) -> usize {
        self.measured + self.replayed
    }

    /// Σ over the measurements of all sessions of their time on their thread.
    #[must_use]
    pub fn all_thread_seconds(&self) -> f64 {
        self.thread_seconds + self.replayed_thread_seconds
    }
}
