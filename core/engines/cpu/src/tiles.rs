//! How a batch is laid out in the lanes of tiles.

use std::ops::Range;

/// The batch in tiles of `lanes` images. The last tile, if the batch does not fill it, holds each of the `rest` images
/// `copies` times, so that a backward pass can carry several cotangents through it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tiles {
    pub(super) batch: usize,
    pub(super) lanes: usize,
    /// Full tiles.
    pub(super) full: usize,
    /// Images of the last, shared tile; 0 if there is none.
    pub(super) rest: usize,
    /// Copies of each of them, and cotangents that one backward pass carries.
    pub(super) copies: usize,
    /// Whether the copies are images of their own, each a batch of one with its own statistics.
    pub(super) isolated: bool,
}

impl Tiles {
    pub(super) fn new(batch: usize, lanes: usize, most_copies: usize) -> Self {
        let rest = batch % lanes;
        let copies = lanes.checked_div(rest).map_or(1, |copies| copies.clamp(1, most_copies));
        Self { batch, lanes, full: batch / lanes, rest, copies, isolated: false }
    }

    /// One tile of at most `lanes` images, each a batch of one.
    pub(super) fn isolated(images: usize, lanes: usize) -> Self {
        Self { batch: 1, lanes, full: 0, rest: 1, copies: images, isolated: true }
    }

    /// Sets of sums and factors that a backward pass needs: one a cotangent for full tiles, and one for the shared tile.
    pub(super) fn targets(&self) -> usize {
        self.shared_target() + usize::from(self.rest > 0)
    }

    /// The set of the shared tile.
    pub(super) fn shared_target(&self) -> usize {
        if self.full > 0 { self.copies } else { 0 }
    }

    /// Images that are seen: those of the batch, or of all the batches of one.
    pub(super) fn images(&self) -> usize {
        if self.isolated { self.copies } else { self.batch }
    }

    /// Tiles of one forward pass.
    pub(super) fn count(&self) -> usize {
        self.full + usize::from(self.rest > 0)
    }

    /// Lanes of a tile that count once each; the others repeat them or are empty.
    pub(super) fn counted(&self, tile: usize) -> usize {
        if tile < self.full { self.lanes } else { self.rest }
    }

    /// The image in a lane.
    pub(super) fn image(&self, tile: usize, lane: usize) -> Option<usize> {
        if tile < self.full {
            Some(tile * self.lanes + lane)
        } else if lane < self.rest * self.copies {
            Some(if self.isolated { lane } else { self.full * self.lanes + lane % self.rest })
        } else {
            None
        }
    }

    /// The tile and the first lane of an image.
    pub(super) fn place(&self, image: usize) -> (usize, usize) {
        (image / self.lanes, image % self.lanes)
    }

    /// The lanes of the shared tile that carry one cotangent.
    pub(super) fn share(&self, cotangent: usize) -> Range<usize> {
        cotangent * self.rest..(cotangent + 1) * self.rest
    }

    /// The tiles of a backward pass of `copies` cotangents: for each, the forward tile whose activations it needs and the
    /// cotangent that it belongs to (`None` for the shared tile).
    pub(super) fn backward(&self) -> Vec<(usize, Option<usize>)> {
        let full = (0..self.full).flat_map(|tile| (0..self.copies).map(move |cotangent| (tile, Some(cotangent))));
        full.chain((self.rest > 0).then_some((self.full, None))).collect()
    }
}
