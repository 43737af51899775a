//! How the space of a search writes the architectures among its states.

use std::collections::HashMap;
use std::path::Path;

use assay_results::Kind;
use assay_results::tables::architectures::{ARCH, MASK, TABLE};
use assay_structure::subspace::Subspace;

use crate::report::error::ReportError;
use crate::report::table::RunTable;

/// The texts of architectures by their masks; versions before this one did not store them.
pub(super) struct Written(Option<HashMap<String, String>>);

impl Written {
    /// Of the search in this folder.
    pub(super) fn read(folder: &Path) -> Result<Self, ReportError> {
        let Some(table) = RunTable::read_if_any(folder, &TABLE)? else { return Ok(Self(None)) };
        let pairs = table.texts(MASK)?.into_iter().zip(table.texts(ARCH)?);
        Ok(Self(Some(pairs.collect())))
    }

    /// A state as the space writes it, or its mask where it is not an architecture or nothing was stored.
    pub(super) fn of(&self, state: &Subspace) -> String {
        let mask = state.to_string();
        self.0.as_ref().and_then(|texts| texts.get(&mask)).cloned().unwrap_or(mask)
    }

    /// What a reader has to know of a table of architectures, if anything.
    pub(super) fn note(&self) -> String {
        let command = Kind::Search.command();
        match self.0 {
            Some(_) => String::new(),
            None => format!(
                " Architectures are given by the masks of their operators: this search was made by a version of assay that did not \
                 store how the space writes them; run `assay {command}` again to have them."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::tests::{Cells, write};

    #[test]
    fn an_architecture_is_written_as_its_space_does_and_by_its_mask_where_that_was_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Written::read(folder.path()).unwrap();
        let state = |mask: &str| Subspace::try_from(mask.to_owned()).unwrap();
        assert_eq!(read().of(&state("01.10")), "01.10");
        assert!(read().note().contains("run `assay run` again"), "{}", read().note());
        write(folder.path(), TABLE.file, &[(ARCH, Cells::Texts(vec!["|conv~0|"])), (MASK, Cells::Texts(vec!["01.10"]))]);
        assert_eq!(["01.10", "11.11"].map(|mask| read().of(&state(mask))), ["|conv~0|", "11.11"]);
        assert_eq!(read().note(), "");
    }
}
