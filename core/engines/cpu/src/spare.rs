//! Buffers that are used again.

use std::collections::HashMap;

use assay_kernels::{Buffer, Element, Map};

use super::tiles::Tiles;

/// Memory that was used and is free, by layout and number of tiles: the zeros around its maps are still there.
pub(super) struct Spare<E> {
    keeps: bool,
    free: HashMap<(Map, usize), Vec<Buffer<E>>>,
}

impl<E: Element> Spare<E> {
    /// Keeps what is given back.
    pub(super) fn new() -> Self {
        Self { keeps: true, free: HashMap::new() }
    }

    /// Gives memory back to the system, so that all that is taken is zeros.
    pub(super) fn none() -> Self {
        Self { keeps: false, free: HashMap::new() }
    }

    /// Memory of this layout: zeros around every map, and anything within.
    pub(super) fn take(&mut self, map: Map, tiles: &Tiles) -> Buffer<E> {
        let free = self.free.get_mut(&(map, tiles.count())).and_then(Vec::pop);
        free.unwrap_or_else(|| Buffer::zeros(tiles.count() * map.vectors() * tiles.lanes))
    }

    /// Takes memory of this layout back.
    pub(super) fn give(&mut self, map: Map, tiles: &Tiles, buffer: Buffer<E>) {
        if self.keeps {
            self.free.entry((map, tiles.count())).or_default().push(buffer);
        }
    }
}
