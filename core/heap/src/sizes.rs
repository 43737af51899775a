//! The sizes that large blocks have: a few, so that a block fits many requests.

use std::alloc::Layout;

/// What is smaller is the C library's, as log₂: 256 KiB.
const SMALLEST: u32 = 18;

/// What is larger is the C library's, as log₂: 4 TiB, which no machine has.
const LARGEST: u32 = 42;

/// Sizes from one power of two to the next, as log₂: a block is at most an eighth larger than what it holds.
const STEPS: u32 = 3;

/// What is lent of a block starts after this many bytes, which say what block it is: a cache line, so that vectors stay aligned.
pub(crate) const HEAD: usize = 64;

/// The smallest pages that systems have.
#[cfg(test)]
const PAGE: usize = 4096;

/// How many sizes there are.
pub(crate) const COUNT: usize = ((LARGEST - SMALLEST) << STEPS) as usize + 1;

/// The size of a large block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Whole pages.
    pub(crate) bytes: usize,
    /// Its place among all sizes.
    pub(crate) position: usize,
}

impl Size {
    /// That of the smallest block for this layout, if that is a large one.
    pub(crate) fn of(layout: Layout) -> Option<Self> {
        let wanted = layout.size().checked_add(HEAD)?;
        if !(1 << SMALLEST..=1 << LARGEST).contains(&wanted) || layout.align() > HEAD {
            return None;
        }
        let bytes = wanted.next_multiple_of(1 << (wanted.ilog2() - STEPS));
        let power = bytes.ilog2();
        let step = (bytes >> (power - STEPS)) - (1 << STEPS);
        Some(Self { bytes, position: (((power - SMALLEST) as usize) << STEPS) + step })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Of a block that holds so many bytes with its head.
    fn of(bytes: usize) -> Option<Size> {
        Size::of(Layout::from_size_align(bytes - HEAD, 64).unwrap())
    }

    #[test]
    fn sizes_are_whole_pages_at_most_an_eighth_larger_and_have_a_place_each_in_their_order() {
        let mut before = of(1 << SMALLEST).unwrap();
        assert_eq!(before, Size { bytes: 1 << SMALLEST, position: 0 });
        for position in 1..COUNT {
            let size = of(before.bytes + 1).unwrap();
            assert_eq!(size.position, position);
            assert_eq!(of(size.bytes), Some(size), "the most that it holds");
            assert!(size.bytes.is_multiple_of(PAGE) && size.bytes - before.bytes <= before.bytes / 8, "{size:?} after {before:?}");
            before = size;
        }
        assert_eq!(before.bytes, 1 << LARGEST);
    }

    #[test]
    fn what_is_small_or_stands_at_rare_places_is_not_large() {
        assert_eq!(of((1 << SMALLEST) - 1), None);
        assert_eq!(of((1 << LARGEST) + 1), None);
        assert_eq!(Size::of(Layout::from_size_align(1 << 20, 128).unwrap()), None);
    }
}
