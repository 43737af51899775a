//! The shape of one image's activation.

use serde::{Deserialize, Serialize};

/// Channels × height × width of one image's activation. The batch dimension is never part of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Feature channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// A shape of `channels` maps of `height` × `width`.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// A vector of features, as a linear layer computes it.
    #[must_use]
    pub const fn vector(features: usize) -> Self {
        Self::new(features, 1, 1)
    }

    /// Elements of one map: height × width.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.height * self.width
    }

    /// Elements of the whole activation.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.channels * self.area()
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}
