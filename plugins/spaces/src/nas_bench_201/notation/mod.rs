//! Cells as people and tools write them, read by what they look like.

mod dictionary;
pub(super) mod naslib;
mod operator;
mod pairs;
mod unwrapped;

use assay_core::plugin::ArchitectureError;
use assay_core::subspace::{Layout, Subspace};

use super::{FORM, text};
use crate::notation::{Kind, Reader, Written};
use unwrapped::unwrapped;

/// Reads the benchmark's own text, also in `Structure(4 nodes with …)` and behind a label; NASLib's six numbers; tuples of
/// operators and sources; and dictionaries.
pub(super) fn parse(layout: &Layout, given: &str) -> Result<Subspace, ArchitectureError> {
    let written = Written::new(given, FORM)?;
    let trimmed = given.trim();
    if !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit()) {
        return text::parse(layout, &naslib::digits(&written, trimmed)?);
    }
    match written.literal() {
        Some(at) if !given[..at].contains('|') && !given[at..].starts_with("Structure") => {
            let mut reader = Reader::new(&written, at);
            let value = reader.value()?;
            reader.end()?;
            match &value.bare().kind {
                Kind::Dictionary(entries) => dictionary::read(layout, &written, &value, entries),
                Kind::List(items) if items.iter().all(|item| item.integer().is_some()) => {
                    text::parse(layout, &naslib::numbers(&written, &value)?)
                }
                Kind::List(nodes) => pairs::read(layout, &written, &value, nodes),
                _ => Err(written.wrong(at, "this is not a cell")),
            }
        }
        _ => text::read(layout, &written, unwrapped(given)),
    }
}
