//! The engines that this build can make.

use std::sync::Arc;

use assay_core::engine::Engine;
use assay_core::engine::profile::Profile;
use assay_cpu::CpuEngine;

use crate::run::machine;

/// What an engine may use, and whom it tells about it.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Calls that run at once; they share the machine's available memory.
    pub calls: usize,
    /// What the times of its work are added to, by engines that know them.
    pub profile: Option<Arc<Profile>>,
}

/// One engine.
pub struct EngineChoice {
    /// Its name in experiment files.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    make: fn(&Resources) -> Result<Box<dyn Engine>, String>,
}

/// Every engine of this build; the first is the default.
pub const ENGINES: &[EngineChoice] = &[
    EngineChoice {
        name: "cpu",
        summary: "kernels of our own for the processor's vector units",
        make: |resources| Ok(Box::new(cpu(resources))),
    },
    EngineChoice { name: "burn-flex", summary: "burn's tensors on the processor", make: |_| Ok(Box::new(assay_burn::flex())) },
    #[cfg(feature = "cuda")]
    EngineChoice { name: "burn-cuda", summary: "burn's tensors on the first NVIDIA GPU", make: |_| cuda() },
];

/// Makes the engine of this name, which must be one of [`ENGINES`].
///
/// # Errors
/// If there is none of that name or the machine lacks what it needs; the message says what.
pub fn make(name: &str, resources: &Resources) -> Result<Box<dyn Engine>, String> {
    let choice = ENGINES.iter().find(|choice| choice.name == name);
    choice.ok_or_else(|| format!("there is no engine `{name}` in this build")).and_then(|choice| (choice.make)(resources))
}

fn cpu(resources: &Resources) -> CpuEngine {
    let engine = machine::available_memory().map_or_else(CpuEngine::new, |bytes| {
        CpuEngine::new().with_memory_limit(usize::try_from(bytes).unwrap_or(usize::MAX) / resources.calls.max(1))
    });
    match &resources.profile {
        Some(profile) => engine.with_profile(Arc::clone(profile)),
        None => engine,
    }
}

/// Whether this build and machine can use an NVIDIA GPU, or why not.
///
/// # Errors
/// If the build has no CUDA, or the machine no driver.
pub fn check_cuda() -> Result<(), String> {
    #[cfg(feature = "cuda")]
    return cuda().map(drop);
    #[cfg(not(feature = "cuda"))]
    Err("this build has no `burn-cuda`; build it with --features cuda, or set backend = \"burn-flex\"".into())
}

/// Without a driver, burn ends the process from a thread of its own; so the driver is looked for first.
#[cfg(feature = "cuda")]
#[allow(unsafe_code)]
fn cuda() -> Result<Box<dyn Engine>, String> {
    let name = if cfg!(windows) { "nvcuda.dll" } else { "libcuda.so.1" };
    // SAFETY: loading NVIDIA's driver library runs its initialisers only; burn loads the same library next.
    unsafe { libloading::Library::new(name) }
        .map_err(|error| format!("engine `burn-cuda` needs NVIDIA's driver, which is not here ({error}); use engine `cpu`"))?;
    Ok(Box::new(assay_burn::cuda()))
}
