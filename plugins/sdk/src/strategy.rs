//! The contract of a search strategy.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::subspace::Subspace;
use crate::{Error, Laboratory, Setting, Settings};

/// Searches a space by asking a [`Laboratory`] for measurements. It must be a deterministic function of what the laboratory
/// answers: no clock, and no random source but the laboratory's. An interrupted run is continued by searching again.
pub trait Strategy: Sized + Send + Sync + 'static {
    /// Its name in experiment files, in `kebab-case`.
    const NAME: &'static str;
    /// What it is, in one line, with its source.
    const SUMMARY: &'static str;
    /// Its settings.
    const SETTINGS: &'static [Setting] = &[];

    /// Makes one.
    ///
    /// # Errors
    /// If settings contradict each other.
    fn new(settings: &Settings) -> Result<Self, Error>;

    /// The proxies it will ask for.
    fn proxies(&self) -> Vec<ProxyUse>;

    /// One line for protocols: the variant and the settings that matter.
    fn protocol(&self) -> String;

    /// Searches, and returns the architecture it chose.
    ///
    /// # Errors
    /// If the laboratory fails, or the space leaves nothing to choose.
    fn search(&self, laboratory: &Laboratory<'_>) -> Result<Subspace, Error>;
}

/// A proxy that a strategy uses, under a name of the strategy's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProxyUse {
    /// The name used in [`Request::proxy`](crate::Request::proxy) and in the run's tables.
    pub label: String,
    /// The registered proxy.
    pub proxy: String,
    /// Its settings. The experiment file's `[proxies.<proxy>]` table fills in what is absent here.
    #[serde(default)]
    pub settings: Map<String, Value>,
}

impl ProxyUse {
    /// The proxy of this name under its own name, with the experiment file's settings.
    #[must_use]
    pub fn of(proxy: &str) -> Self {
        Self { label: proxy.into(), proxy: proxy.into(), settings: Map::new() }
    }
}
