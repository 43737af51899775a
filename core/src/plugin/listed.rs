//! Lists of architectures that users write: each architecture once, however often and in whatever notations it is there.

use std::collections::HashMap;
use std::fmt;

use super::{ArchitectureError, SearchSpace};
use crate::subspace::Subspace;

/// The architectures of a list, each once.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Each architecture, where it is written first.
    pub architectures: Vec<Subspace>,
    /// For each row the position of its architecture.
    pub rows: Vec<usize>,
    /// What is written again.
    pub repeated: Vec<Repeated>,
}

/// An architecture that a list has again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The row where it is again, counted from 0, and how it is written there.
    pub again: (usize, String),
    /// The row where it is first, and how it is written there.
    pub first: (usize, String),
}

/// What in a list is not an architecture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {}: {error}", .row + 1)]
pub struct NotListed {
    /// The row, counted from 0.
    pub row: usize,
    /// What is wrong with it.
    pub error: ArchitectureError,
}

/// Characters that a message shows of one notation; a genotype of DARTS has some 400.
const SHOWN: usize = 600;

impl Listed {
    /// Reads a list, one architecture a row. Which architectures are the same, the space
    /// [says](SearchSpace::representative).
    ///
    /// # Errors
    /// If a row is not an architecture of the space.
    pub fn read<T: AsRef<str>>(space: &dyn SearchSpace, texts: &[T]) -> Result<Self, NotListed> {
        let mut listed = Self::default();
        let mut first: HashMap<Subspace, usize> = HashMap::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            let text = text.as_ref();
            let architecture = space.parse(text).map_err(|error| NotListed { row, error })?;
            let first = *first.entry(space.representative(&architecture)).or_insert(row);
            if first == row {
                listed.rows.push(listed.architectures.len());
                listed.architectures.push(architecture);
            } else {
                listed.rows.push(listed.rows[first]);
                listed.repeated.push(Repeated { again: (row, text.to_owned()), first: (first, texts[first].as_ref().to_owned()) });
            }
        }
        Ok(listed)
    }
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((again, text), (first, earlier)) = (&self.again, &self.first);
        let (again, first) = (again + 1, first + 1);
        if text == earlier {
            return write!(f, "row {again} has the same architecture as row {first}, `{}`", shown(text));
        }
        write!(f, "`{}`, row {again}, is the same architecture as `{}`, row {first}", shown(text), shown(earlier))
    }
}

/// The beginning of a long notation.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
