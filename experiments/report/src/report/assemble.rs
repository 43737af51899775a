//! From runs to what a report shows of them.

use super::chapter;
use super::content::{Content, Subject, file_name};
use super::error::ReportError;
use super::run::{Run, label};

/// How a report looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// The operator whose count colours scatter plots; without one, that whose count goes best with the accuracy.
    pub colour: Option<String>,
    /// A sentence below every chart and table, before the protocol: what a paper prints of the same.
    pub caption: Option<String>,
}

/// What a report shows.
///
/// # Errors
/// If no architecture has the operator to colour by.
pub fn content(runs: &[Run], appearance: &Appearance) -> Result<Content, ReportError> {
    let labels = label(runs);
    let labelled: Vec<(&str, &chapter::Found)> = labels.iter().map(String::as_str).zip(runs.iter().map(|run| &run.found)).collect();
    let is_alone = runs.len() == 1;
    let mut chapters = Vec::new();
    if runs.len() > 1 {
        chapters.push(chapter::comparison_of(&labelled));
    }
    for (label, found) in &labelled {
        // With several runs, the names of files begin with that of the run.
        let prefix = if is_alone { String::new() } else { format!("{}-", file_name(label)) };
        let subject = Subject { label, prefix: &prefix, is_alone };
        chapters.push(found.chapter(&subject, &labelled, appearance.colour.as_deref())?);
    }
    let mut versions: Vec<String> = runs.iter().map(|run| run.version.clone()).collect();
    versions.dedup();
    if let Some(caption) = &appearance.caption {
        for section in chapters.iter_mut().flat_map(|chapter| &mut chapter.sections) {
            section.notes.insert(0, caption.clone());
        }
    }
    let title = if is_alone { labels[0].clone() } else { format!("{} runs side by side", runs.len()) };
    Ok(Content { title, versions, chapters })
}
