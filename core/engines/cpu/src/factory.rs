//! The engine `cpu` of experiment files.

use std::sync::Arc;

use assay_core::engine::{Engine, EngineError, EngineFactory, Resources};
use assay_core::plugin::NoSettings;

use crate::CpuEngine;

struct Cpu;

impl EngineFactory for Cpu {
    fn make(&self, resources: &Resources) -> Result<Box<dyn Engine>, EngineError> {
        let mut engine = CpuEngine::new();
        if let Some(bytes) = resources.memory {
            engine = engine.sharing(usize::try_from(bytes).unwrap_or(usize::MAX), resources.calls);
        }
        if let Some(profile) = &resources.profile {
            engine = engine.with_profile(Arc::clone(profile));
        }
        Ok(Box::new(engine))
    }
}

assay_core::register! {
    dyn EngineFactory,
    name: "cpu",
    summary: "kernels of our own for the processor's vector units",
    settings: NoSettings,
    build: |_| Ok(Box::new(Cpu)),
}
