//! The shape of one image's activation.

use serde::{Deserialize, Serialize};

/// The most axes that a value of one image has.
pub const AXES: usize = 5;

/// The axes of one image's activation: channels × height × width, where the value is made of maps. The batch dimension is never
/// part of a graph.
///
/// Other values have up to five axes, which take the same places: a sequence is tokens × features, a head's weights of attention are
/// heads × tokens × tokens. Axes of extent 1 at the end don't count: a vector of n features is n × 1 × 1. Operators that
/// work along an axis therefore say which one, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Feature channels: the first axis.
    pub channels: usize,
    /// Rows: the second axis.
    pub height: usize,
    /// Columns: the third axis.
    pub width: usize,
    /// The axes after the third.
    #[serde(default = "no_further", skip_serializing_if = "are_no_further")]
    further: [usize; AXES - 3],
}

const fn no_further() -> [usize; AXES - 3] {
    [1; AXES - 3]
}

fn are_no_further(further: &[usize; AXES - 3]) -> bool {
    *further == no_further()
}

impl Shape {
    /// A shape of `channels` maps of `height` × `width`.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width, further: no_further() }
    }

    /// A vector of features, as a linear layer computes it.
    #[must_use]
    pub const fn vector(features: usize) -> Self {
        Self::new(features, 1, 1)
    }

    /// A shape of these axes, or nothing where there are more than five that count.
    #[must_use]
    pub fn of_axes(axes: &[usize]) -> Option<Self> {
        let mut all = [1; AXES];
        let (first, rest) = axes.split_at(axes.len().min(AXES));
        all[..first.len()].copy_from_slice(first);
        rest.iter().all(|extent| *extent == 1).then_some(Self::of(all))
    }

    const fn of([channels, height, width, fourth, fifth]: [usize; AXES]) -> Self {
        Self { channels, height, width, further: [fourth, fifth] }
    }

    /// All five axes; those that don't count are 1.
    #[must_use]
    pub const fn axes(&self) -> [usize; AXES] {
        [self.channels, self.height, self.width, self.further[0], self.further[1]]
    }

    /// The extent of an axis; beyond the fifth it is 1.
    #[must_use]
    pub fn axis(&self, axis: usize) -> usize {
        self.axes().get(axis).copied().unwrap_or(1)
    }

    /// The same with another extent at one of the five axes.
    ///
    /// # Panics
    /// If there is no such axis.
    #[must_use]
    pub fn with_axis(&self, axis: usize, extent: usize) -> Self {
        let mut axes = self.axes();
        axes[axis] = extent;
        Self::of(axes)
    }

    /// Whether it is channels × height × width.
    #[must_use]
    pub fn is_maps(&self) -> bool {
        are_no_further(&self.further)
    }

    /// Elements of one map: height × width, and what further axes there are.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.height * self.width * self.further[0] * self.further[1]
    }

    /// Elements of the whole activation.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.channels * self.area()
    }

    /// The shape of a sum or product of both, where an axis of extent 1 is repeated; nothing where they do not fit.
    #[must_use]
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        let mut axes = self.axes();
        for (own, other) in axes.iter_mut().zip(other.axes()) {
            match (*own, other) {
                (own, other) if own == other => {}
                (1, _) => *own = other,
                (_, 1) => {}
                _ => return None,
            }
        }
        Some(Self::of(axes))
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)?;
        let counting = self.further.iter().rposition(|extent| *extent != 1).map_or(0, |last| last + 1);
        self.further[..counting].iter().try_for_each(|extent| write!(f, "×{extent}"))
    }
}

/// More numbers than any machine holds of one activation or parameter, and few enough to be counted on with.
const TOO_MANY: usize = 1 << 40;

/// Checks that so many numbers can be counted on with.
pub(super) fn count(extents: &[usize]) -> Result<(), String> {
    let product = extents.iter().try_fold(1_usize, |product, extent| product.checked_mul(*extent));
    if product.is_some_and(|product| product < TOO_MANY) {
        return Ok(());
    }
    let last = extents.iter().rposition(|extent| *extent != 1).map_or(0, |last| last + 1).max(3).min(extents.len());
    let extents: Vec<String> = extents[..last].iter().map(usize::to_string).collect();
    Err(format!("{} numbers are more than any machine holds", extents.join("×")))
}
