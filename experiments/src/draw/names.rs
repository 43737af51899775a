//! What is drawn by name: the operators of a space, its kinds of cell and their edges.

use super::error::DrawError;
use super::shape::Shape;

/// The names of operators, and of each kind of cell and its edges.
pub(super) struct Names {
    pub(super) operators: Vec<String>,
    pub(super) cells: Vec<(String, Vec<String>)>,
}

impl Names {
    /// The nodes and edges of each kind of cell.
    pub(super) fn shapes(&self) -> Result<Vec<Shape>, DrawError> {
        self.cells.iter().map(|(kind, edges)| Shape::of(kind, edges)).collect()
    }
}
