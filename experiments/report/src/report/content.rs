//! What a report shows: sections, each of them a table or a group of charts with its protocol.

use assay_results::present::grid::Grid;

use crate::picture::canvas::Drawing;

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
    pub(super) sections: Vec<Section>,
}

/// One thing to be shown.
pub struct Section {
    /// The stem of its files.
    pub name: String,
    pub(super) title: String,
    /// How to read it.
    pub(super) explanation: String,
    pub(super) body: Body,
    /// Its protocol, last, after what else it needs to be understood.
    pub notes: Vec<String>,
}

/// What a section shows.
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
    /// The sections in order.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.chapters.iter().flat_map(|chapter| &chapter.sections)
    }

    /// What could not be shown, and why: one sentence each.
    pub fn left_out(&self) -> impl Iterator<Item = String> + '_ {
        self.sections()
            .filter(|section| matches!(section.body, Body::Nothing))
            .map(|section| format!("{}: {}", section.title, section.explanation))
    }
}

/// The run that a chapter is about, as one of those that the report shows.
pub(super) struct Subject<'a> {
    /// What it is called.
    pub(super) label: &'a str,
    /// What the names of its files begin with.
    pub(super) prefix: &'a str,
    /// Whether it is the only run.
    pub(super) is_alone: bool,
}

/// What all sections of one run share.
pub(super) struct SectionsOf<'a> {
    /// What the names of their files begin with.
    pub(super) prefix: &'a str,
    pub(super) notes: Vec<String>,
}

impl SectionsOf<'_> {
    pub(super) fn section(&self, name: &str, title: &str, explanation: &str, body: Body) -> Section {
        Section {
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

impl Section {
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

/// A text as the part of a file's name: small letters, digits and hyphens.
pub(super) fn file_name(text: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' };
    let words: String = text.chars().map(plain).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
