//! What a strategy searches with.

use core::ffi::c_void;

use super::{AssayStatus, AssayText};

/// The functions of the laboratory. The first argument of each is `context`. Whatever does not return `ASSAY_OK` left its
/// result untouched; the strategy should then return `ASSAY_HOST_FAILED` (the user may have pressed Ctrl-C). Texts that are
/// lent stay until the search ends. A subspace is written as masks: `01000.00100`, an edge after the other, `/` between
/// kinds of cells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayLaboratory {
    /// Bytes of this table; a greater minor version has more.
    pub size: u32,
    /// The host's minor version.
    pub abi_minor: u32,
    /// The first argument of every function.
    pub context: *const c_void,
    /// Why the last function that failed did so.
    pub problem: unsafe extern "C" fn(context: *const c_void) -> AssayText,
    /// Writes a line to the run's log. Level: 1 error, 2 warning, 3 information, 4 debugging.
    pub log: unsafe extern "C" fn(context: *const c_void, level: u32, line: AssayText),
    /// The space's layout as JSON.
    pub layout: unsafe extern "C" fn(context: *const c_void, out: *mut AssayText) -> AssayStatus,
    /// How the space writes an architecture.
    pub write: unsafe extern "C" fn(context: *const c_void, architecture: AssayText, out: *mut AssayText) -> AssayStatus,
    /// Different architectures within a subspace, drawn uniformly by the run's seed and `purpose`: a JSON list of masks, of
    /// fewer than `wanted` where there are fewer. A longer draw begins with a shorter one.
    pub draw: unsafe extern "C" fn(
        context: *const c_void,
        within: AssayText,
        purpose: AssayText,
        wanted: u64,
        out: *mut AssayText,
    ) -> AssayStatus,
    /// Fills `out` with `count` random words, which depend on the run's seed, `purpose` and `block` only.
    pub random: unsafe extern "C" fn(context: *const c_void, purpose: AssayText, block: u64, out: *mut u64, count: usize) -> AssayStatus,
    /// Which end of a proxy's scale, or a column's, is better: `ASSAY_HIGHER_IS_BETTER` or `ASSAY_LOWER_IS_BETTER`.
    pub direction: unsafe extern "C" fn(context: *const c_void, label: AssayText, out: *mut u32) -> AssayStatus,
    /// Measures a JSON list of requests, in parallel; gives the JSON list of readings in their order.
    pub measure: unsafe extern "C" fn(context: *const c_void, requests: AssayText, out: *mut AssayText) -> AssayStatus,
    /// Says how many different measurements are still to come, for the progress bar.
    pub expect: unsafe extern "C" fn(context: *const c_void, measurements: u64),
    /// Adds a step, as JSON, to the run's trajectory.
    pub record: unsafe extern "C" fn(context: *const c_void, step: AssayText) -> AssayStatus,
}
