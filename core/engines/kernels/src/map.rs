//! Where the pixels of a tile lie.

/// The layout of a tile: channel planes of `height` × `width` vectors with a border of `pad` zero vectors around each.
/// All distances are in vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Map {
    /// Channel planes.
    pub channels: usize,
    /// Rows, without the border.
    pub height: usize,
    /// Columns, without the border.
    pub width: usize,
    /// Rows and columns of zeros on each side.
    pub pad: usize,
}

impl Map {
    /// From one row to the next.
    #[must_use]
    pub const fn row_step(&self) -> usize {
        self.width + 2 * self.pad
    }

    /// From one channel to the next.
    #[must_use]
    pub const fn channel_step(&self) -> usize {
        self.row_step() * (self.height + 2 * self.pad)
    }

    /// All vectors of a tile, border included.
    #[must_use]
    pub const fn vectors(&self) -> usize {
        self.channels * self.channel_step()
    }

    /// Where the pixel in row 0, column 0 of a channel is.
    #[must_use]
    pub const fn origin(&self, channel: usize) -> usize {
        channel * self.channel_step() + self.pad * self.row_step() + self.pad
    }

    /// Where a pixel is.
    #[must_use]
    pub const fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        self.origin(channel) + row * self.row_step() + column
    }

    /// Pixels of one channel, without the border.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.height * self.width
    }
}
