//! What was searched or scored, as far as pictures and tables need it: `space.json`.

use std::path::Path;

use assay_structure::subspace::Layout;
use serde::{Deserialize, Serialize};

use crate::checksums::read_if_any;
use crate::error::{ReadError, parse};
use crate::files;

/// A search space: its name, and what can be chosen in it. Masks in [`tables`](crate::tables) are subspaces of its layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its name in experiment files.
    pub name: String,
    /// Its operators, cells and edges.
    pub layout: Layout,
}

impl Space {
    /// The space of the run in this folder; `None` in a folder of the first 0.1.0, which did not write it.
    ///
    /// # Errors
    /// If the file cannot be read; then with the name of the field that is wrong.
    pub fn read(folder: &Path) -> Result<Option<Self>, ReadError> {
        let file = folder.join(files::SPACE);
        read_if_any(&file)?.map(|bytes| parse(&file, &bytes)).transpose()
    }
}
