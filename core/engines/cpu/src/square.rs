//! Convolutions with square kernels: those that the kernels run.

use assay_core::graph::Conv2d;

/// A convolution that is the same along both axes and on all sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SquareConv {
    /// Output channels.
    pub(super) out_channels: usize,
    /// Rows and columns of the kernel.
    pub(super) kernel: usize,
    /// Step between output positions.
    pub(super) stride: usize,
    /// Zeros added on each side.
    pub(super) padding: usize,
    /// Step between kernel taps.
    pub(super) dilation: usize,
    /// Groups of channels that do not see each other.
    pub(super) groups: usize,
}

impl SquareConv {
    /// A [square](Conv2d::is_square) convolution.
    pub(super) const fn of(conv: &Conv2d) -> Self {
        let Conv2d { out_channels, kernel, stride, padding, dilation, groups, .. } = *conv;
        Self { out_channels, kernel: kernel.rows, stride: stride.rows, padding: padding.top, dilation: dilation.rows, groups }
    }
}
