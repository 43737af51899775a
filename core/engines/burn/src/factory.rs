//! The engines `burn-flex` and, with the feature `cuda`, `burn-cuda` of experiment files.

use assay_core::engine::{Engine, EngineError, EngineFactory, Resources};
use assay_core::plugin::NoSettings;

struct BurnFlex;

impl EngineFactory for BurnFlex {
    fn make(&self, resources: &Resources) -> Result<Box<dyn Engine>, EngineError> {
        let engine = crate::flex();
        Ok(Box::new(match resources.memory {
            Some(bytes) => engine.sharing(usize::try_from(bytes).unwrap_or(usize::MAX), resources.calls),
            None => engine,
        }))
    }
}

assay_core::register! {
    dyn EngineFactory,
    name: "burn-flex",
    summary: "burn's tensors on the processor",
    settings: NoSettings,
    build: |_| Ok(Box::new(BurnFlex)),
}

#[cfg(feature = "cuda")]
struct BurnCuda;

#[cfg(feature = "cuda")]
impl EngineFactory for BurnCuda {
    fn make(&self, _: &Resources) -> Result<Box<dyn Engine>, EngineError> {
        crate::cuda::check()?;
        Ok(Box::new(crate::cuda::engine()))
    }
}

#[cfg(feature = "cuda")]
assay_core::register! {
    dyn EngineFactory,
    name: "burn-cuda",
    summary: "burn's tensors on the first NVIDIA GPU",
    settings: NoSettings,
    build: |_| Ok(Box::new(BurnCuda)),
}
