//! The steps of a search with the names that their positions stand for: `trajectory.json`.

use std::path::Path;

use assay_structure::subspace::{Choice, Layout};
pub use assay_structure::trajectory::{Removal, Step};
use serde::{Deserialize, Serialize};

use crate::error::{ReadError, parse};
use crate::files;

/// The steps of a search, with the names that their positions stand for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trajectory {
    /// Operator names; a mask has one digit for each.
    pub operators: Vec<String>,
    /// Kinds of cell with the names of their edges.
    pub cells: Vec<(String, Vec<String>)>,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Trajectory {
    /// The steps of a search among the choices of this layout.
    #[must_use]
    pub fn new(layout: &Layout, steps: Vec<Step>) -> Self {
        let Layout { operators, cells } = layout;
        let texts = |names: &[&'static str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Self { operators: texts(operators), cells: cells.iter().map(|cell| (cell.kind.into(), texts(&cell.edges))).collect(), steps }
    }

    /// The steps of the search in this folder.
    ///
    /// # Errors
    /// If the file cannot be read; then with the name of the field that is wrong.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let file = folder.join(files::TRAJECTORY);
        let bytes = std::fs::read(&file).map_err(|error| ReadError::File { file: file.clone(), error })?;
        parse(&file, &bytes)
    }

    /// `cell 1<-0 nor_conv_3x3`.
    #[must_use]
    pub fn describe(&self, choice: Choice) -> Option<String> {
        let (kind, edges) = self.cells.get(choice.cell)?;
        Some(format!("{kind} {} {}", edges.get(choice.edge)?, self.operators.get(choice.operator)?))
    }
}
