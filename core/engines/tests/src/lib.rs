//! For tests of engines and of what measures with them: the engines, random networks, and a network in plain loops.

#![allow(clippy::unwrap_used)]

pub mod random;
pub mod reference;

use assay_core::engine::Engine;
use assay_cpu::CpuEngine;

/// Every engine that runs without a GPU, as it is made by default.
#[must_use]
pub fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(CpuEngine::new()), Box::new(assay_burn::flex())]
}
