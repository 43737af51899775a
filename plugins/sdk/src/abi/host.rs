//! What a proxy asks of the host, and what the host lends it.

use core::ffi::c_void;

use super::{AssayBatch, AssayDoubles, AssayMatrix, AssayMoments, AssayParameter, AssayPatterns, AssayStatus, AssayText};

/// The functions of the host. The first argument of each is `context`. Whatever does not return `ASSAY_OK` left its result
/// untouched, and `problem` says why. `pass` counts the proxy's passes from 0, `node` and `parameter` those of the network.
///
/// In `ask`, the functions `ask_…` say what a pass is to compute, and what it will compute is not there yet. In `score`
/// everything that was asked for is there. `graph`, parameters, `batch` and `draw` are there in both.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayHost {
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

    /// The network's graph as JSON.
    pub graph: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut AssayText) -> AssayStatus,
    /// How many parameters the network has.
    pub parameter_count: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut u32) -> AssayStatus,
    /// One parameter with its values.
    pub parameter: unsafe extern "C" fn(context: *const c_void, pass: u32, parameter: u32, out: *mut AssayParameter) -> AssayStatus,
    /// The minibatch.
    pub batch: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut AssayBatch) -> AssayStatus,
    /// Fills `out` with `count` random numbers, which depend on the run's seed, the measurement and `purpose` only.
    pub draw:
        unsafe extern "C" fn(context: *const c_void, purpose: AssayText, distribution: u32, out: *mut f64, count: usize) -> AssayStatus,

    /// Asks for the value of a node.
    pub ask_value: unsafe extern "C" fn(context: *const c_void, pass: u32, node: u32) -> AssayStatus,
    /// Asks for mean and variance of each channel of a node.
    pub ask_moments: unsafe extern "C" fn(context: *const c_void, pass: u32, node: u32) -> AssayStatus,
    /// Asks for the signs of all ReLUs.
    pub ask_patterns: unsafe extern "C" fn(context: *const c_void, pass: u32) -> AssayStatus,
    /// Names another objective, the sum of `cotangent` times the value of a node (`[images, channels, height, width]`), and
    /// gives its number. A `cotangent` of no numbers stands for ones. The same calls give the same numbers.
    pub objective:
        unsafe extern "C" fn(context: *const c_void, pass: u32, node: u32, cotangent: AssayDoubles, out: *mut u32) -> AssayStatus,
    /// Asks for gradients of an objective: `ASSAY_PARAMETER_GRADIENTS` (`node` is not looked at), `ASSAY_NODE_GRADIENT` or
    /// `ASSAY_NODE_PRODUCTS`.
    pub ask_gradients: unsafe extern "C" fn(context: *const c_void, pass: u32, objective: u32, wanted: u32, node: u32) -> AssayStatus,

    /// The network's output, `[images, classes]`; always there.
    pub output: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut AssayDoubles) -> AssayStatus,
    /// The value of a node, `[images, channels, height, width]`.
    pub value: unsafe extern "C" fn(context: *const c_void, pass: u32, node: u32, out: *mut AssayDoubles) -> AssayStatus,
    /// Mean and variance of each channel of a node.
    pub moments: unsafe extern "C" fn(context: *const c_void, pass: u32, node: u32, out: *mut AssayMoments) -> AssayStatus,
    /// The signs of all ReLUs.
    pub patterns: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut AssayPatterns) -> AssayStatus,
    /// The gradient of an objective with respect to a parameter, of the parameter's shape.
    pub parameter_gradient:
        unsafe extern "C" fn(context: *const c_void, pass: u32, objective: u32, parameter: u32, out: *mut AssayDoubles) -> AssayStatus,
    /// The gradient of an objective with respect to the value of a node, of the value's shape.
    pub node_gradient:
        unsafe extern "C" fn(context: *const c_void, pass: u32, objective: u32, node: u32, out: *mut AssayDoubles) -> AssayStatus,
    /// The sum of value times gradient over each map of a node, `[images, channels]`.
    pub node_products:
        unsafe extern "C" fn(context: *const c_void, pass: u32, objective: u32, node: u32, out: *mut AssayDoubles) -> AssayStatus,
    /// The tangent Gram matrix (TE-NAS, Eq. 2). It is measured when it is first read: one backward pass an image.
    pub gram: unsafe extern "C" fn(context: *const c_void, pass: u32, out: *mut AssayMatrix) -> AssayStatus,
}
