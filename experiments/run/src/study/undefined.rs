//! Why what a study wants to know is undefined.

use std::collections::BTreeMap;

use assay_core::score::Reading;
use assay_results::study::Undefined;

use super::StudyRun;
use crate::bench::workbench::FAILED;

impl StudyRun {
    /// Why scores are undefined: of each architecture the first reason, counted.
    pub(super) fn undefined(&self, readings: &[Vec<Vec<Reading>>]) -> Vec<Undefined> {
        let of_proxies = self.workbench.proxies.iter().zip(readings);
        of_proxies.flat_map(|(planned, readings)| reasons_of(&planned.label, readings)).collect()
    }
}

/// Why what has this label is undefined: of each architecture the first reason, counted.
pub(super) fn reasons_of<'r>(
    label: &str,
    architectures: impl IntoIterator<Item = impl IntoIterator<Item = &'r Reading>>,
) -> Vec<Undefined> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for readings in architectures {
        let because = readings.into_iter().find_map(|reading| match reading {
            Reading::Undefined { because } => Some(clause(because)),
            Reading::Value(_) => None,
        });
        if let Some(because) = because {
            *reasons.entry(because).or_default() += 1;
        }
    }
    let undefined =
        |(because, architectures): (&str, usize)| Undefined { proxy: label.to_owned(), because: because.to_owned(), architectures };
    reasons.into_iter().map(undefined).collect()
}

/// A reason without what differs from one architecture to the next, which stands behind its colon.
fn clause(because: &str) -> &str {
    let begin = if because.starts_with(FAILED) { FAILED.len() } else { 0 };
    because[begin..].find(':').map_or(because, |end| &because[..begin + end])
}
