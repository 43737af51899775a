//! What a cell must have to be drawn.

use assay_structure::subspace::{Layout, Wiring};

use super::error::DrawError;

/// How each kind of cell is wired.
pub(super) fn wirings(layout: &Layout) -> Result<Vec<&Wiring>, DrawError> {
    layout.cells.iter().map(|cell| cell.wiring.as_ref().ok_or_else(|| DrawError::NoWiring { kind: cell.kind.clone() })).collect()
}
