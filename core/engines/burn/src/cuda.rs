//! burn's CUDA backend.

use assay_core::engine::EngineError;

use crate::BurnEngine;

/// The engine on the first device. Call [`check`] before: without a driver, burn ends the process from a thread of its own.
#[must_use]
pub fn engine() -> BurnEngine<burn_cuda::Cuda> {
    BurnEngine::new("burn-cuda", burn_cuda::CudaDevice::default())
}

/// Whether this machine has NVIDIA's driver.
///
/// # Errors
/// If it has none, or the driver cannot be loaded.
#[allow(unsafe_code)]
pub fn check() -> Result<(), EngineError> {
    let name = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };
    // SAFETY: loading NVIDIA's driver library runs its initialisers only; burn loads the same library next.
    unsafe { libloading::Library::new(name) }.map(drop).map_err(|error| EngineError::Unsupported {
        engine: "burn-cuda".into(),
        problem: format!("needs NVIDIA's driver, which is not here ({error}); use engine `cpu`"),
    })
}
