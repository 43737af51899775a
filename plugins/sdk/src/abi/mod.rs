//! The stable binary interface between Assay and plugins that it loads at run time.
//!
//! `#[repr(C)]` data and `extern "C"` functions only, under the names that the C header gives them: the header
//! `include/assay_plugin.h` is generated from these files. Authors in Rust need none of it; [`export!`](crate::export)
//! writes it for them.
//!
//! A plugin is a shared library that exports one *data* symbol, `ASSAY_PLUGIN`, so that magic and version are read before
//! any code of the plugin runs. What may change in which version is said in `docs/plugins.md`.

mod host;
mod laboratory;
mod tables;
mod values;

pub use host::AssayHost;
pub use laboratory::AssayLaboratory;
pub use tables::{AssayPlugin, AssayProxy, AssaySetting, AssaySpace, AssayStrategy};
pub use values::{
    AssayBatch, AssayDoubles, AssayFloats, AssayLabels, AssayMatrix, AssayMessage, AssayMoments, AssayParameter, AssayPass, AssayPatterns,
    AssaySink, AssayStatus, AssayText, AssayWords,
};

/// The first field of every plugin: `ASSAYPLG`, read as a little-endian number.
pub const ASSAY_MAGIC: u64 = 0x474c_5059_4153_5341;
/// Another major version is another interface.
pub const ASSAY_ABI_MAJOR: u32 = 1;
/// A greater minor version has more at the ends of its tables.
///
/// 1 tells graphs of any network: operators beyond those of cells, values of up to five axes, and parameters of role
/// `ASSAY_OTHER`. Plugins of 0 are told of networks of cells only.
pub const ASSAY_ABI_MINOR: u32 = 1;

/// Status: done.
pub const ASSAY_OK: i32 = 0;
/// Status: the quantity does not exist for this network and batch; the message says why.
pub const ASSAY_UNDEFINED: i32 = 1;
/// Status: a fault; the message says which.
pub const ASSAY_FAILED: i32 = 2;
/// Status: the plugin panicked; the message says how.
pub const ASSAY_PANICKED: i32 = 3;
/// Status: a function of the host failed and the plugin gave up; the host knows why.
pub const ASSAY_HOST_FAILED: i32 = 4;

/// Direction: larger scores are better.
pub const ASSAY_HIGHER_IS_BETTER: u32 = 0;
/// Direction: smaller scores are better.
pub const ASSAY_LOWER_IS_BETTER: u32 = 1;

/// Kind of a setting: a whole number from `min` to `max`.
pub const ASSAY_INTEGER: u32 = 0;
/// Kind of a setting: a finite number from `min` to `max`.
pub const ASSAY_NUMBER: u32 = 1;
/// Kind of a setting: true or false.
pub const ASSAY_FLAG: u32 = 2;
/// Kind of a setting: any text.
pub const ASSAY_ANY_TEXT: u32 = 3;
/// Kind of a setting: one of `words`.
pub const ASSAY_CHOICE: u32 = 4;
/// Kind of a setting: a file or folder.
pub const ASSAY_PATH: u32 = 5;
/// Kind of a setting: a list of texts.
pub const ASSAY_TEXTS: u32 = 6;
/// Kind of a setting: a list of finite numbers.
pub const ASSAY_NUMBERS: u32 = 7;

/// Flag of a proxy: users set channels, cells, batch, initialiser, precision and augmentation, as for the proxies that come
/// with Assay; the host adds these settings and fills in each [`AssayPass`] from them.
pub const ASSAY_PASS_SETTINGS: u32 = 1;

/// Objective 0, always there: the mean over images of the cross-entropy between the softmax of the output and the labels.
pub const ASSAY_CROSS_ENTROPY: u32 = 0;
/// Objective 1, always there: the sum of the output over images and classes.
pub const ASSAY_OUTPUT_SUM: u32 = 1;

/// Wanted of an objective: the gradient with respect to every parameter.
pub const ASSAY_PARAMETER_GRADIENTS: u32 = 0;
/// Wanted of an objective: the gradient with respect to the value of a node.
pub const ASSAY_NODE_GRADIENT: u32 = 1;
/// Wanted of an objective: for a node, the sum of value times gradient over each map.
pub const ASSAY_NODE_PRODUCTS: u32 = 2;

/// Role of a parameter: a convolution's or linear layer's weight.
pub const ASSAY_WEIGHT: u32 = 0;
/// Role of a parameter: a convolution's or linear layer's bias.
pub const ASSAY_BIAS: u32 = 1;
/// Role of a parameter: batch normalisation's scale.
pub const ASSAY_SCALE: u32 = 2;
/// Role of a parameter: batch normalisation's shift.
pub const ASSAY_OFFSET: u32 = 3;
/// Role of a parameter: another learned value, as a class token. From minor version 1 on.
pub const ASSAY_OTHER: u32 = 4;
/// Images of a pass: different ones of the dataset.
pub const ASSAY_SAMPLED_IMAGES: u32 = 0;
/// Images of a pass: pixels from the standard normal distribution; every label is 0.
pub const ASSAY_NORMAL_IMAGES: u32 = 1;
/// Precision of a pass: 32-bit floats.
pub const ASSAY_F32: u32 = 0;
/// Precision of a pass: 64-bit floats.
pub const ASSAY_F64: u32 = 1;
/// Augmentation: images as they are.
pub const ASSAY_NO_AUGMENTATION: u32 = 0;
/// Augmentation: a mirror image half the time, then a crop out of the padded image.
pub const ASSAY_FLIP_AND_CROP: u32 = 1;
/// Draws: uniform in 0 to 1, without 1.
pub const ASSAY_UNIFORM_DRAWS: u32 = 0;
/// Draws: from the standard normal distribution.
pub const ASSAY_NORMAL_DRAWS: u32 = 1;
