//! Operators by name.

use assay_core::plugin::{ArchitectureError, suggestion};
use assay_core::subspace::Layout;

use crate::notation::{Value, Written, short};

/// The position of an operator that a value names.
pub(super) fn operator(layout: &Layout, written: &Written<'_>, name: &Value) -> Result<usize, ArchitectureError> {
    let word = name.word().unwrap_or_default();
    let problem = || written.wrong(name.at, &format!("there is no operator `{}`; {}", short(word), suggestion(word, &layout.operators)));
    layout.operator(word).ok_or_else(problem)
}
