//! What a plugin exports. Functions that a plugin does not have are null where that is said to be allowed.

use core::ffi::c_void;

use super::{AssayHost, AssayLaboratory, AssayMessage, AssayPass, AssaySink, AssayStatus, AssayText};

/// The exported symbol `ASSAY_PLUGIN`. New fields only ever come after these.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayPlugin {
    /// `ASSAY_MAGIC`.
    pub magic: u64,
    /// `ASSAY_ABI_MAJOR` of the header that it was built with.
    pub abi_major: u32,
    /// `ASSAY_ABI_MINOR` of the header that it was built with.
    pub abi_minor: u32,
    /// Bytes of this table.
    pub size: u32,
    /// Bytes of an `AssayProxy`.
    pub proxy_size: u32,
    /// Bytes of an `AssaySpace`.
    pub space_size: u32,
    /// Bytes of an `AssayStrategy`.
    pub strategy_size: u32,
    /// The plugin's own version.
    pub version: AssayText,
    /// What compiled it; for people only.
    pub compiler: AssayText,
    /// Its proxies.
    pub proxies: *const AssayProxy,
    /// Its search spaces.
    pub spaces: *const AssaySpace,
    /// Its strategies.
    pub strategies: *const AssayStrategy,
    /// How many proxies.
    pub proxy_count: u32,
    /// How many spaces.
    pub space_count: u32,
    /// How many strategies.
    pub strategy_count: u32,
}

/// One setting. Users write it in experiment files, which are checked against it before anything runs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssaySetting {
    /// The key, in `snake_case`.
    pub name: AssayText,
    /// `ASSAY_INTEGER`, `ASSAY_NUMBER`, `ASSAY_FLAG`, `ASSAY_ANY_TEXT`, `ASSAY_CHOICE`, `ASSAY_PATH`, `ASSAY_TEXTS` or `ASSAY_NUMBERS`.
    pub kind: u32,
    /// Of numbers: the smallest.
    pub min: f64,
    /// Of numbers: the largest.
    pub max: f64,
    /// Of choices: the words, with `|` between them.
    pub words: AssayText,
    /// The value where users say nothing, as they would write it.
    pub standard: AssayText,
    /// What it does, in one line.
    pub help: AssayText,
}

/// A proxy. Its functions are called from several threads at once.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayProxy {
    /// Its name in experiment files, in `kebab-case`.
    pub name: AssayText,
    /// What it is, in one line, with its source.
    pub summary: AssayText,
    /// Its settings.
    pub settings: *const AssaySetting,
    /// How many settings.
    pub setting_count: u32,
    /// `ASSAY_PASS_SETTINGS` or 0.
    pub flags: u32,
    /// `ASSAY_HIGHER_IS_BETTER` or `ASSAY_LOWER_IS_BETTER`.
    pub direction: u32,
    /// Makes one from checked settings, a JSON object that lacks what users did not set. Null: it has no state.
    pub create: Option<unsafe extern "C" fn(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus>,
    /// Ends one. Null: nothing to end.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    /// Writes what a score depends on beside the passes, for protocol lines. Null: nothing.
    pub protocol: Option<unsafe extern "C" fn(instance: *const c_void, out: AssaySink)>,
    /// How many passes it needs. Null: one.
    pub pass_count: Option<unsafe extern "C" fn(instance: *const c_void) -> u32>,
    /// Changes a pass from what the users' settings or their defaults say. Null: it stays.
    pub pass: Option<
        unsafe extern "C" fn(instance: *const c_void, position: u32, pass: *mut AssayPass, message: *mut AssayMessage) -> AssayStatus,
    >,
    /// Asks the host for what the pass is to compute. Called more than once for a measurement, and must ask for the same.
    pub ask:
        Option<unsafe extern "C" fn(instance: *const c_void, pass: u32, host: *const AssayHost, message: *mut AssayMessage) -> AssayStatus>,
    /// Computes the score.
    pub score: Option<
        unsafe extern "C" fn(instance: *const c_void, host: *const AssayHost, out: *mut f64, message: *mut AssayMessage) -> AssayStatus,
    >,
}

/// A search space whose architectures have exactly one operator an edge.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssaySpace {
    /// Its name in experiment files, in `kebab-case`.
    pub name: AssayText,
    /// What it is, in one line, with its source.
    pub summary: AssayText,
    /// Its settings.
    pub settings: *const AssaySetting,
    /// How many settings.
    pub setting_count: u32,
    /// Makes one, as of a proxy. Null: it has no state.
    pub create: Option<unsafe extern "C" fn(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus>,
    /// Ends one. Null: nothing to end.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    /// Writes the layout as JSON.
    pub layout: Option<unsafe extern "C" fn(instance: *const c_void, out: AssaySink, message: *mut AssayMessage) -> AssayStatus>,
    /// Reads an architecture as the literature writes it; writes its mask.
    pub parse:
        Option<unsafe extern "C" fn(instance: *const c_void, text: AssayText, out: AssaySink, message: *mut AssayMessage) -> AssayStatus>,
    /// Writes the architecture of a mask.
    pub write:
        Option<unsafe extern "C" fn(instance: *const c_void, mask: AssayText, out: AssaySink, message: *mut AssayMessage) -> AssayStatus>,
    /// Writes one text for all architectures that compute the same function. Null: as `write`.
    pub canonical:
        Option<unsafe extern "C" fn(instance: *const c_void, mask: AssayText, out: AssaySink, message: *mut AssayMessage) -> AssayStatus>,
    /// Writes the graph, as JSON, of a subspace's network; `net` is JSON.
    pub lower: Option<
        unsafe extern "C" fn(
            instance: *const c_void,
            mask: AssayText,
            net: AssayText,
            out: AssaySink,
            message: *mut AssayMessage,
        ) -> AssayStatus,
    >,
}

/// A search strategy.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayStrategy {
    /// Its name in experiment files, in `kebab-case`.
    pub name: AssayText,
    /// What it is, in one line, with its source.
    pub summary: AssayText,
    /// Its settings.
    pub settings: *const AssaySetting,
    /// How many settings.
    pub setting_count: u32,
    /// Makes one, as of a proxy. Null: it has no state.
    pub create: Option<unsafe extern "C" fn(settings: AssayText, out: *mut *mut c_void, message: *mut AssayMessage) -> AssayStatus>,
    /// Ends one. Null: nothing to end.
    pub destroy: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    /// Writes the variant and the settings that matter, for protocol lines. Null: the name.
    pub protocol: Option<unsafe extern "C" fn(instance: *const c_void, out: AssaySink)>,
    /// Writes the JSON list of the proxies that it will ask for.
    pub proxies: Option<unsafe extern "C" fn(instance: *const c_void, out: AssaySink, message: *mut AssayMessage) -> AssayStatus>,
    /// Searches; writes the mask of the architecture it chose.
    pub search: Option<
        unsafe extern "C" fn(
            instance: *const c_void,
            laboratory: *const AssayLaboratory,
            out: AssaySink,
            message: *mut AssayMessage,
        ) -> AssayStatus,
    >,
}

macro_rules! shared {
    ($($table:ty),*) => {$(
        // SAFETY: tables do not change after they are made, what they point at lives as long as the library, and their
        // functions may be called from any thread.
        #[allow(unsafe_code)]
        unsafe impl Sync for $table {}
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe impl Send for $table {}
    )*};
}

shared! { AssayPlugin, AssayProxy, AssaySpace, AssayStrategy, AssaySetting }
