//! The registries of all kinds of plugin.

use crate::data::Dataset;
use crate::engine::EngineFactory;
use crate::plugin::{Aggregate, Benchmark, Proxy, Registry, RegistryError, SearchSpace, SearchStrategy};

/// Every plugin that is linked into the program or was loaded.
pub struct Plugins {
    /// Search spaces.
    pub spaces: Registry<dyn SearchSpace>,
    /// Zero-cost proxies.
    pub proxies: Registry<Proxy>,
    /// Aggregates of proxies.
    pub aggregates: Registry<Aggregate>,
    /// Search strategies.
    pub strategies: Registry<dyn SearchStrategy>,
    /// Benchmarks.
    pub benchmarks: Registry<dyn Benchmark>,
    /// Datasets.
    pub datasets: Registry<dyn Dataset>,
    /// Engines.
    pub engines: Registry<dyn EngineFactory>,
    /// Why plugins that were to be loaded are not here. Where failures become undefined scores, so do the proxies that are
    /// then missing.
    pub unavailable: Vec<String>,
}

impl Plugins {
    /// Everything registered.
    ///
    /// # Errors
    /// If two plugins of one kind share a name; the error names both crates.
    pub fn collect() -> Result<Self, RegistryError> {
        Ok(Self {
            spaces: Registry::collect()?,
            proxies: Registry::collect()?,
            aggregates: Registry::collect()?,
            strategies: Registry::collect()?,
            benchmarks: Registry::collect()?,
            datasets: Registry::collect()?,
            engines: Registry::collect()?,
            unavailable: Vec::new(),
        })
    }
}
