//! Genotypes as people and tools write them, read by what they look like.

mod cell;
mod configuration;
mod genotype;

use assay_core::plugin::ArchitectureError;

use super::FORM;
use super::genotype::Genotype;
use crate::notation::{Kind, Reader, Written};

/// What is read, and where in the text each of the two cells begins.
pub(super) struct Found {
    pub(super) genotype: Genotype,
    pub(super) at: [usize; 2],
}

/// Reads `Genotype(…)`, also behind what a log or a Python file puts before it; dictionaries and lists of the same; and the
/// configurations of NAS-Bench-301.
pub(super) fn parse(text: &str) -> Result<(Found, Written<'_>), ArchitectureError> {
    let written = Written::new(text, FORM)?;
    let at = genotype::begins(text).or_else(|| written.literal());
    let at = at.ok_or_else(|| written.wrong(0, "this is not a genotype"))?;
    let mut reader = Reader::new(&written, at);
    let value = reader.value()?;
    reader.end()?;
    let found = match &value.bare().kind {
        Kind::Dictionary(entries) if configuration::is_one(entries) => configuration::read(&written, &value, entries),
        Kind::Dictionary(entries) => genotype::fields(&written, &value, entries.iter().map(|(key, value)| (key.word(), value))),
        Kind::Call(name, arguments) if name.rsplit('.').next() == Some("Genotype") => {
            genotype::fields(&written, &value, arguments.iter().map(|(key, value)| (key.as_deref(), value)))
        }
        Kind::List(items) => genotype::fields(&written, &value, items.iter().map(|value| (None, value))),
        _ => Err(written.wrong(value.at, "this is not a genotype")),
    }?;
    Ok((found, written))
}
