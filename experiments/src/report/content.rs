//! What a report shows: parts, each of them a table or a group of charts with its protocol.

use super::chart::Drawing;
use super::scored::Scored;
use super::source::Found;
use super::{ReportError, Run, Settings, comparison, label, search, study, training};
use crate::study::grid::Grid;

/// All of a report.
pub struct Content {
    /// What it is about.
    pub title: String,
    /// The version of the program that made the runs.
    pub(super) versions: Vec<String>,
    /// Chapters: the comparison if there are several runs, then each run.
    pub(super) chapters: Vec<Chapter>,
}

/// A run, or the comparison of several.
pub(super) struct Chapter {
    pub(super) title: String,
    /// A sentence below the title.
    pub(super) about: String,
    pub(super) parts: Vec<Part>,
}

/// One thing to be shown.
pub struct Part {
    /// The stem of its files.
    pub name: String,
    pub(super) title: String,
    /// How to read it.
    pub(super) explanation: String,
    pub(super) body: Body,
    /// Its protocol, last, after what else it needs to be understood.
    pub notes: Vec<String>,
}

/// What a part shows.
pub(super) enum Body {
    Table(Table),
    Charts(Charts),
    /// Nothing, for a reason that the explanation gives.
    Nothing,
}

/// A table.
pub struct Table {
    /// Its cells.
    pub grid: Grid,
    /// Whether a terminal shows it.
    pub is_short: bool,
    /// Whether its rows are of one kind, so that another order of them makes sense.
    pub is_sortable: bool,
}

/// Charts that belong together.
pub(super) struct Charts {
    /// Groups of which one is seen at a time, with their names; a single group has none.
    pub(super) groups: Vec<(String, Vec<Chart>)>,
    /// What the page's script needs to colour the points by another operator.
    pub(super) recolour: Option<String>,
}

/// A chart with the rest of its file's name.
pub(super) struct Chart {
    pub(super) name: String,
    pub(super) drawing: Drawing,
    /// Attributes by which the page's script finds what it is drawn from.
    pub(super) place: Option<[usize; 2]>,
}

impl Content {
    /// The parts in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.chapters.iter().flat_map(|chapter| &chapter.parts)
    }

    /// What could not be shown, and why: one sentence each.
    pub fn left_out(&self) -> impl Iterator<Item = String> + '_ {
        self.parts().filter(|part| matches!(part.body, Body::Nothing)).map(|part| format!("{}: {}", part.title, part.explanation))
    }
}

/// What all parts of one run share.
pub(super) struct PartsOf<'a> {
    /// What the names of their files begin with.
    pub(super) prefix: &'a str,
    pub(super) notes: Vec<String>,
}

impl PartsOf<'_> {
    pub(super) fn part(&self, name: &str, title: &str, explanation: &str, body: Body) -> Part {
        Part {
            name: format!("{}{name}", self.prefix),
            title: title.to_owned(),
            explanation: explanation.to_owned(),
            body,
            notes: self.notes.clone(),
        }
    }
}

impl Body {
    /// Charts that are seen at once.
    pub(super) fn charts(charts: Vec<Chart>) -> Self {
        Self::Charts(Charts { groups: vec![(String::new(), charts)], recolour: None })
    }
}

impl Part {
    /// Its table, if it is one.
    #[must_use]
    pub fn table(&self) -> Option<&Table> {
        match &self.body {
            Body::Table(table) => Some(table),
            Body::Charts(_) | Body::Nothing => None,
        }
    }

    pub(super) fn charts(&self) -> Option<&Charts> {
        match &self.body {
            Body::Charts(charts) => Some(charts),
            Body::Table(_) | Body::Nothing => None,
        }
    }
}

pub(super) fn of(runs: &[Run], settings: &Settings) -> Result<Content, ReportError> {
    let labels = label(runs);
    let mut chapters = comparison::chapters(runs, &labels);
    let is_alone = runs.len() == 1;
    for (run, label) in runs.iter().zip(&labels) {
        // The files of several runs are told apart by the run's name.
        let prefix = if is_alone { String::new() } else { format!("{}-", file_name(label)) };
        chapters.push(match &run.found {
            Found::Study(found) => study::chapter(found, label, &prefix, chosen_operator(&found.scored, label, settings)?),
            Found::Search(found) => search::chapter(found, label, &prefix, runs),
            Found::Training(found) => training::chapter(found, label, &prefix, runs),
        });
    }
    let mut versions: Vec<String> = runs.iter().map(|run| run.version().to_owned()).collect();
    versions.dedup();
    if let Some(caption) = &settings.caption {
        for part in chapters.iter_mut().flat_map(|chapter| &mut chapter.parts) {
            part.notes.insert(0, caption.clone());
        }
    }
    let title = if is_alone { labels[0].clone() } else { format!("{} runs side by side", runs.len()) };
    Ok(Content { title, versions, chapters })
}

fn chosen_operator<'a>(scored: &'a Scored, run: &str, settings: &Settings) -> Result<Option<&'a str>, ReportError> {
    let Some(wanted) = &settings.colour else { return Ok(scored.most_telling_operator().map(|operator| operator.name.as_str())) };
    let found = scored.operators.iter().find(|operator| operator.name == *wanted);
    found.map(|operator| Some(operator.name.as_str())).ok_or_else(|| ReportError::Operator {
        run: run.to_owned(),
        operator: wanted.clone(),
        known: scored.operators.iter().map(|operator| operator.name.clone()).collect(),
    })
}

/// A text as the part of a file's name: small letters, digits and hyphens.
pub(super) fn file_name(text: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    let words: String = text.chars().map(plain).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
