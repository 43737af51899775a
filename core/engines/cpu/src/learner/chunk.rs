//! A batch in chunks: the images that one thread works on at a time, and everything that it changes meanwhile.
//!
//! How a batch is divided depends on its size and the lanes of a vector, not on the number of threads. Sums over the batch are
//! added up chunk by chunk in order, so they have the same bits whoever computed which.

use assay_core::data::Minibatch;
use assay_kernels::Element;

use crate::activations::Activations;
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::spare::Spare;
use crate::spread::Spread;
use crate::tiles::Tiles;
use crate::workspace::Workspace;

/// Chunks at most: enough for as many threads as share a step well, few enough that their sums take little.
const MOST: usize = 8;

/// The images from `first`, `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) first: usize,
    pub(super) count: usize,
}

/// Divides a batch into chunks of whole tiles; only the last tile of all may lack images.
pub(super) fn divide(images: usize, lanes: usize) -> Vec<Share> {
    let tiles = images.div_ceil(lanes);
    let chunks = tiles.min(MOST);
    let start = |chunk: usize| (chunk * tiles / chunks * lanes).min(images);
    (0..chunks).map(|chunk| Share { first: start(chunk), count: start(chunk + 1) - start(chunk) }).collect()
}

/// Some images of a batch and all memory that is theirs.
pub(super) struct Chunk<E: Element> {
    pub(super) first: usize,
    pub(super) batch: Minibatch,
    pub(super) activations: Activations<E>,
    pub(super) spare: Spare<E>,
    /// While there is a way back.
    pub(super) workspace: Option<Workspace<E>>,
    /// Those of the values whose statistics batch normalisations need.
    pub(super) spreads: Vec<Option<Spread>>,
}

impl<E: Element> Chunk<E> {
    pub(super) fn new(batch: &Minibatch, share: Share, lanes: usize, schedule: &Schedule, spare: Spare<E>, factors: Vec<Vec<f32>>) -> Self {
        let tiles = tiles(share, lanes);
        let mut activations = Activations::new(tiles, schedule.maps.clone());
        activations.factors = factors;
        let batch = batch.part(share.first, share.count);
        Self { first: share.first, batch, activations, spare, workspace: None, spreads: vec![None; schedule.maps.len()] }
    }

    /// Takes what this way back needs, out of what is spare first.
    pub(super) fn prepare(&mut self, plan: &Plan) {
        self.workspace = Some(Workspace::lent(plan, &self.activations.tiles, &mut self.spare));
    }

    /// The memory alone, for the next call, which may be about another graph.
    pub(super) fn into_memory(mut self, plan: Option<&Plan>) -> Spare<E> {
        let maps = self.activations.maps;
        let tiles = self.activations.tiles;
        if let (Some(workspace), Some(plan)) = (self.workspace, plan) {
            workspace.give_back(plan, &tiles, &mut self.spare);
        }
        for buffers in [self.activations.values, self.activations.normalised] {
            for (map, buffer) in maps.iter().zip(buffers) {
                if let Some(buffer) = buffer {
                    self.spare.give(*map, &tiles, buffer);
                }
            }
        }
        self.spare
    }
}

/// The tiles of a chunk.
pub(super) fn tiles(share: Share, lanes: usize) -> Tiles {
    Tiles::new(share.count, lanes, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_tiles_that_follow_each_other() {
        let counts = |images: usize, lanes: usize| divide(images, lanes).iter().map(|share| share.count).collect::<Vec<_>>();
        assert_eq!(counts(64, 16), [16; 4]);
        assert_eq!(counts(256, 16), [32; 8]);
        assert_eq!(counts(33, 16), [16, 16, 1]);
        assert_eq!(counts(1, 8), [1]);
        let long = divide(96 * 3 + 5, 8);
        assert_eq!(long.iter().map(|share| share.count).sum::<usize>(), 96 * 3 + 5);
        assert!(long.windows(2).all(|pair| pair[0].first + pair[0].count == pair[1].first && pair[0].count % 8 == 0));
    }
}
