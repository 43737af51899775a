//! What a cell must have to be drawn.

use assay_structure::subspace::{Layout, SketchError, Wiring};

/// How each kind of cell is wired.
pub(super) fn wirings(layout: &Layout) -> Result<Vec<&Wiring>, SketchError> {
    layout.cells.iter().map(|cell| cell.wiring.as_ref().ok_or_else(|| SketchError::NoWiring { kind: cell.kind.clone() })).collect()
}
