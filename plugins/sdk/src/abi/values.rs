//! Values that cross the border. What is lent is valid until the function that was called with it returns, or, of what
//! host functions lend, until the plugin's own function returns.

use core::ffi::{c_char, c_void};

/// 0 is done; see `ASSAY_OK` and its siblings. A number that is none of them is a fault.
pub type AssayStatus = i32;

/// A lent text: UTF-8, not ended by a zero byte.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayText {
    /// The first byte; may be null where `len` is 0.
    pub data: *const c_char,
    /// Bytes.
    pub len: usize,
}

/// Lent 32-bit floats.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayFloats {
    /// The first number.
    pub data: *const f32,
    /// How many.
    pub len: usize,
}

/// Lent 64-bit floats.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayDoubles {
    /// The first number.
    pub data: *const f64,
    /// How many.
    pub len: usize,
}

/// Lent 64-bit words.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayWords {
    /// The first word.
    pub data: *const u64,
    /// How many.
    pub len: usize,
}

/// Lent labels: classes, counted from 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayLabels {
    /// The first label.
    pub data: *const u32,
    /// How many.
    pub len: usize,
}

/// Room that the host lends for a text of the plugin's: why a score is undefined, what went wrong.
#[repr(C)]
#[derive(Debug)]
pub struct AssayMessage {
    /// Where the text goes, UTF-8.
    pub data: *mut c_char,
    /// Bytes that fit.
    pub capacity: usize,
    /// Bytes written, by the plugin; 0 before. A longer text is cut off.
    pub len: usize,
}

/// Where a plugin writes a text of any length, in one piece or several.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssaySink {
    /// Handed back with every piece.
    pub context: *mut c_void,
    /// Takes a piece; the text is the pieces one after the other.
    pub write: unsafe extern "C" fn(context: *mut c_void, piece: AssayText),
}

/// One pass over a network: which network, which images, how precisely. Proxies whose passes are equal share them.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AssayPass {
    /// Channels of the network's first stage.
    pub channels: u32,
    /// Cells (a stage, in spaces with stages).
    pub cells: u32,
    /// Images of the minibatch.
    pub batch: u32,
    /// How parameters are drawn: the position in the list of initialisers (`docs/plugins.md`).
    pub initialiser: u32,
    /// `ASSAY_F32` or `ASSAY_F64`.
    pub precision: u32,
    /// `ASSAY_NO_AUGMENTATION` or `ASSAY_FLIP_AND_CROP`.
    pub augmentation: u32,
    /// `ASSAY_SAMPLED_IMAGES` or `ASSAY_NORMAL_IMAGES`.
    pub images: u32,
    /// Which minibatch of the measurement: 0 is the one that proxies share which need only one.
    pub draw: u32,
}

/// One parameter.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayParameter {
    /// Its path, unique in the network: `cells.0.edges.1<-0.nor_conv_3x3.conv.weight`.
    pub path: AssayText,
    /// The node it belongs to.
    pub node: u32,
    /// `ASSAY_WEIGHT`, `ASSAY_BIAS`, `ASSAY_SCALE`, `ASSAY_OFFSET` or `ASSAY_OTHER`.
    pub role: u32,
    /// Dimensions.
    pub rank: u64,
    /// The first `rank` of these are its shape, outermost first.
    pub shape: [u64; 4],
    /// Inputs that reach one output unit.
    pub fan_in: u64,
    /// Output units that one input reaches.
    pub fan_out: u64,
    /// Its values, row-major.
    pub values: AssayFloats,
}

/// The minibatch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayBatch {
    /// How many images.
    pub images: u64,
    /// Channels of one.
    pub channels: u64,
    /// Rows of one.
    pub height: u64,
    /// Columns of one.
    pub width: u64,
    /// Normalised pixels, `[images, channels, height, width]`.
    pub pixels: AssayFloats,
    /// One label an image.
    pub labels: AssayLabels,
}

/// Which ReLU units are on: a row of bits an image, the units in the order of the network's ReLUs.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayPatterns {
    /// Rows.
    pub images: u64,
    /// Bits of a row that mean a unit.
    pub units: u64,
    /// Words of a row; bit b of word w is unit 64 w + b, and bits beyond the units are zero.
    pub words_a_row: u64,
    /// `[images, words_a_row]`.
    pub words: AssayWords,
}

/// A symmetric matrix.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayMatrix {
    /// Rows and columns.
    pub order: u64,
    /// `[order, order]`.
    pub entries: AssayDoubles,
    /// The ratio of the smallest to the largest eigenvalue below which rounding alone explains the smallest.
    pub resolution: f64,
}

/// Statistics of a node's value over all images and positions.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AssayMoments {
    /// The mean of each channel.
    pub mean: AssayDoubles,
    /// The biased variance of each channel.
    pub variance: AssayDoubles,
}

impl AssayText {
    /// Lends a text.
    #[must_use]
    pub const fn of(text: &str) -> Self {
        Self { data: text.as_ptr().cast(), len: text.len() }
    }
}

macro_rules! lend {
    ($($view:ident: $number:ty),*) => {$(
        impl $view {
            /// Lends numbers.
            #[must_use]
            pub const fn of(numbers: &[$number]) -> Self {
                Self { data: numbers.as_ptr(), len: numbers.len() }
            }
        }
    )*};
}

lend! { AssayFloats: f32, AssayDoubles: f64, AssayWords: u64, AssayLabels: u32 }
