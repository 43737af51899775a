//! For tests: a suite that every engine passes, the engines that a test links, a learner in plain loops, and random networks.
//!
//! An engine runs the suite in a test of its own crate:
//!
//! ```
//! # use assay_core::engine::Engine;
//! fn engines() -> Vec<Box<dyn Engine>> {
//!     vec![/* the engine, once for each way in which it can be made */]
//! }
//! assay_engine_tests::engine_suite!(&engines());
//! ```

#![allow(clippy::unwrap_used, clippy::needless_range_loop)]

pub mod plain;
pub mod random;
mod reference;
pub mod suite;

use assay_core::engine::{Engine, EngineError, EngineFactory, Resources};
use assay_core::plugin::{Registry, Settings};

/// Every engine that the test links (`use assay_cpu as _;`) and that this machine can run, as it is made by default.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn engines() -> Vec<Box<dyn Engine>> {
    let registry = Registry::<dyn EngineFactory>::collect().unwrap();
    let made = registry.iter().filter_map(|entry| {
        let factory = registry.build(entry.name, &Settings::none()).unwrap();
        match factory.make(&Resources::default()) {
            // An engine for another machine, such as one with a GPU.
            Err(EngineError::Unsupported { .. }) => None,
            made => Some(made.unwrap()),
        }
    });
    let engines: Vec<Box<dyn Engine>> = made.collect();
    assert!(!engines.is_empty(), "the test links no engine");
    engines
}
