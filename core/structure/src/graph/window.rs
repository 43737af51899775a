//! Operators that move a window over maps: convolutions and pools.

use serde::{Deserialize, Serialize};

use super::shape::{Shape, count};

/// Rows and columns. Where both are the same, it is written as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "WrittenExtent", into = "WrittenExtent")]
pub struct Extent {
    /// Along the height.
    pub rows: usize,
    /// Along the width.
    pub columns: usize,
}

impl Extent {
    /// The same along both.
    #[must_use]
    pub const fn square(side: usize) -> Self {
        Self { rows: side, columns: side }
    }

    /// The one number that stands for both, if they are the same.
    #[must_use]
    pub const fn side(&self) -> Option<usize> {
        if self.rows == self.columns { Some(self.rows) } else { None }
    }

    /// Rows and columns.
    #[must_use]
    pub const fn both(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Rows × columns.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.rows * self.columns
    }
}

impl From<usize> for Extent {
    fn from(side: usize) -> Self {
        Self::square(side)
    }
}

impl From<[usize; 2]> for Extent {
    fn from([rows, columns]: [usize; 2]) -> Self {
        Self { rows, columns }
    }
}

impl std::fmt::Display for Extent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.side() {
            Some(side) => write!(f, "{side}"),
            None => write!(f, "{}×{}", self.rows, self.columns),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenExtent {
    Square(usize),
    Both([usize; 2]),
}

impl From<WrittenExtent> for Extent {
    fn from(written: WrittenExtent) -> Self {
        match written {
            WrittenExtent::Square(side) => side.into(),
            WrittenExtent::Both(both) => both.into(),
        }
    }
}

impl From<Extent> for WrittenExtent {
    fn from(extent: Extent) -> Self {
        extent.side().map_or_else(|| Self::Both(extent.both()), Self::Square)
    }
}

/// What is added on each side of a map. Where all four are the same, it is written as one number, otherwise as top, left, bottom,
/// right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "WrittenSides", into = "WrittenSides")]
pub struct Sides {
    /// Above.
    pub top: usize,
    /// Left of it.
    pub left: usize,
    /// Below.
    pub bottom: usize,
    /// Right of it.
    pub right: usize,
}

impl Sides {
    /// The same on all four sides.
    #[must_use]
    pub const fn all(side: usize) -> Self {
        Self { top: side, left: side, bottom: side, right: side }
    }

    /// The one number that stands for all, if they are the same.
    #[must_use]
    pub const fn side(&self) -> Option<usize> {
        if self.top == self.left && self.top == self.bottom && self.top == self.right { Some(self.top) } else { None }
    }

    /// Before and after the rows, then before and after the columns.
    #[must_use]
    pub const fn pairs(&self) -> [[usize; 2]; 2] {
        [[self.top, self.bottom], [self.left, self.right]]
    }
}

impl From<usize> for Sides {
    fn from(side: usize) -> Self {
        Self::all(side)
    }
}

impl From<[usize; 4]> for Sides {
    fn from([top, left, bottom, right]: [usize; 4]) -> Self {
        Self { top, left, bottom, right }
    }
}

impl std::fmt::Display for Sides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.side() {
            Some(side) => write!(f, "{side}"),
            None => write!(f, "{}, {}, {}, {}", self.top, self.left, self.bottom, self.right),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenSides {
    All(usize),
    Each([usize; 4]),
}

impl From<WrittenSides> for Sides {
    fn from(written: WrittenSides) -> Self {
        match written {
            WrittenSides::All(side) => side.into(),
            WrittenSides::Each(sides) => sides.into(),
        }
    }
}

impl From<Sides> for WrittenSides {
    fn from(sides: Sides) -> Self {
        sides.side().map_or_else(|| Self::Each([sides.top, sides.left, sides.bottom, sides.right]), Self::All)
    }
}

/// A two-dimensional convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conv2d {
    /// Output channels.
    pub out_channels: usize,
    /// Rows and columns of the kernel.
    pub kernel: Extent,
    /// Step between output positions.
    pub stride: Extent,
    /// Zeros added on each side.
    pub padding: Sides,
    /// Step between kernel taps.
    pub dilation: Extent,
    /// Groups of channels that do not see each other; the input's channel count makes the convolution depthwise.
    pub groups: usize,
    /// Whether a bias is added to each output channel.
    pub bias: bool,
}

impl Conv2d {
    /// A dense convolution of stride 1 without padding or bias. One number is a square kernel.
    #[must_use]
    pub fn new(out_channels: usize, kernel: impl Into<Extent>) -> Self {
        let (stride, dilation) = (Extent::square(1), Extent::square(1));
        Self { out_channels, kernel: kernel.into(), stride, padding: Sides::all(0), dilation, groups: 1, bias: false }
    }

    /// With this stride.
    #[must_use]
    pub fn stride(mut self, stride: impl Into<Extent>) -> Self {
        self.stride = stride.into();
        self
    }

    /// With this padding: one number for all sides, or top, left, bottom and right.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Sides>) -> Self {
        self.padding = padding.into();
        self
    }

    /// With this dilation.
    #[must_use]
    pub fn dilation(mut self, dilation: impl Into<Extent>) -> Self {
        self.dilation = dilation.into();
        self
    }

    /// With this many groups.
    #[must_use]
    pub const fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// With a bias.
    #[must_use]
    pub const fn bias(mut self, bias: bool) -> Self {
        self.bias = bias;
        self
    }

    /// Whether kernel, stride and dilation are the same along both axes, and the padding on all sides.
    #[must_use]
    pub const fn is_square(&self) -> bool {
        self.kernel.side().is_some() && self.stride.side().is_some() && self.dilation.side().is_some() && self.padding.side().is_some()
    }

    /// The output's shape on this input, or what is wrong with it.
    pub(super) fn shape(&self, input: Shape) -> Result<Shape, String> {
        let Self { out_channels, kernel, stride, padding, dilation, groups, .. } = *self;
        let extents = [kernel, stride, dilation];
        if extents.iter().any(|extent| extent.both().contains(&0)) || out_channels == 0 || groups == 0 {
            return Err("channels, kernel, stride, dilation and groups must all be at least 1".into());
        }
        maps(input)?;
        if !input.channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            return Err(format!("{} input and {out_channels} output channels do not split into {groups} groups", input.channels));
        }
        count(&[out_channels, input.channels / groups, kernel.rows, kernel.columns])?;
        let [rows, columns] = padding.pairs();
        let reach = |kernel: usize, dilation: usize| dilation.checked_mul(kernel - 1)?.checked_add(1);
        let height = positions(input.height, reach(kernel.rows, dilation.rows), stride.rows, rows);
        let width = positions(input.width, reach(kernel.columns, dilation.columns), stride.columns, columns);
        match (height, width) {
            (Some(height), Some(width)) => Ok(Shape::new(out_channels, height, width)),
            _ => {
                let [rows, columns] = kernel.both();
                Err(format!("a {rows}×{columns} kernel of dilation {dilation} does not fit {input} with padding {padding}"))
            }
        }
    }
}

/// A pooling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pool {
    /// Rows and columns of the window.
    pub kernel: Extent,
    /// Step between windows.
    pub stride: Extent,
    /// Positions added on each side.
    pub padding: Sides,
    /// Whether an average divides by padded positions too. Otherwise it divides by the positions inside the image.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_padding: bool,
    /// Whether a last window that reaches beyond the padding is one too, if it begins before the padding behind the image does
    /// (ONNX: `ceil_mode`). What lies beyond never counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ceil: bool,
}

impl Pool {
    /// A square window of `kernel` × `kernel`; padding does not count.
    #[must_use]
    pub const fn new(kernel: usize, stride: usize, padding: usize) -> Self {
        let (kernel, stride) = (Extent::square(kernel), Extent::square(stride));
        Self { kernel, stride, padding: Sides::all(padding), counts_padding: false, ceil: false }
    }

    /// Whether window and stride are the same along both axes and the padding on all sides, windows lie within the padding, and
    /// padding does not count.
    #[must_use]
    pub const fn is_square(&self) -> bool {
        let same = self.kernel.side().is_some() && self.stride.side().is_some() && self.padding.side().is_some();
        same && !self.counts_padding && !self.ceil
    }

    /// The output's shape on this input, or what is wrong with it.
    pub(super) fn shape(&self, input: Shape) -> Result<Shape, String> {
        let Self { kernel, stride, padding, ceil, .. } = *self;
        if [kernel, stride].iter().any(|extent| extent.both().contains(&0)) {
            return Err("kernel and stride must be at least 1".into());
        }
        maps(input)?;
        let pairs = padding.pairs();
        for (pair, kernel) in pairs.iter().zip(kernel.both()) {
            if let Some(side) = pair.iter().find(|side| **side > kernel / 2) {
                return Err(format!("padding {side} is more than half the window of {kernel}: a window could lie outside the image"));
            }
        }
        let along = |size: usize, kernel: usize, stride: usize, [before, after]: [usize; 2]| {
            let whole = positions(size, Some(kernel), stride, [before, after])?;
            let reached = (whole - 1) * stride + kernel;
            let one_more = ceil && reached < size + before + after && whole * stride < size + before;
            Some(whole + usize::from(one_more))
        };
        let height = along(input.height, kernel.rows, stride.rows, pairs[0]);
        let width = along(input.width, kernel.columns, stride.columns, pairs[1]);
        match (height, width) {
            (Some(height), Some(width)) => Ok(Shape::new(input.channels, height, width)),
            _ => {
                let [rows, columns] = kernel.both();
                Err(format!("a window of {rows}×{columns} does not fit {input} with padding {padding}"))
            }
        }
    }
}

fn maps(input: Shape) -> Result<(), String> {
    if input.is_maps() { Ok(()) } else { Err(format!("moves a window over maps, was given {input}")) }
}

fn positions(size: usize, reach: Option<usize>, stride: usize, [before, after]: [usize; 2]) -> Option<usize> {
    size.checked_add(before)?.checked_add(after)?.checked_sub(reach?).map(|free| free / stride + 1)
}
