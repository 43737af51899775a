//! The kinds of run, one module each: what its folder holds, its chapter, and how several of the kind stand side by side.
//!
//! This is the list of them. Nothing else of a report knows which kinds there are.

mod comparison;
pub(super) mod search;
pub(super) mod study;
pub(super) mod training;

use std::path::Path;

use assay_results::{Summary, TrainingSummary};

use super::content::{Chapter, Subject};
use super::error::ReportError;
use search::Search;
use study::Study;

/// What a run found.
pub enum Found {
    /// How scores correlate with accuracies.
    Study(Box<Study>),
    /// An architecture.
    Search(Box<Search>),
    /// How well an architecture does once it is trained.
    Training(Box<TrainingSummary>),
}

/// What every run says of itself.
pub(super) struct Heading<'a> {
    /// The experiment's name.
    pub(super) experiment: &'a str,
    pub(super) seed: u64,
    /// The version of the program that made it.
    pub(super) version: &'a str,
}

impl Found {
    /// Reads what the folder of a finished run holds beside its summary.
    pub(super) fn read(folder: &Path, summary: Summary) -> Result<Self, ReportError> {
        match summary {
            Summary::Study(summary) => Ok(Self::Study(Box::new(Study::read(folder, *summary)?))),
            Summary::Search(summary) => Ok(Self::Search(Box::new(Search::read(folder, *summary)?))),
            Summary::Training(summary) => Ok(Self::Training(summary)),
            Summary::Shard(shard) => Err(ReportError::Shard { folder: folder.to_owned(), shard: shard.part.shard.to_string() }),
        }
    }

    /// The chapter of a run among all that the report shows; `colour` is the operator by which points are coloured.
    pub(super) fn chapter(&self, subject: &Subject<'_>, all: &[(&str, &Self)], colour: Option<&str>) -> Result<Chapter, ReportError> {
        Ok(match self {
            Self::Study(study) => study::chapter(study, subject, colour)?,
            Self::Search(search) => search::chapter(search, subject, &kind(all, Self::search)),
            Self::Training(summary) => training::chapter(summary, subject, &kind(all, Self::training)),
        })
    }

    /// What the run says of itself.
    pub(super) fn heading(&self) -> Heading<'_> {
        macro_rules! of {
            ($summary:expr) => {
                Heading { experiment: &$summary.experiment, seed: $summary.seed, version: &$summary.assay }
            };
        }
        match self {
            Self::Study(study) => of!(study.summary),
            Self::Search(search) => of!(search.summary),
            Self::Training(summary) => of!(summary),
        }
    }

    /// The study, if it is one.
    #[must_use]
    pub fn study(&self) -> Option<&Study> {
        if let Self::Study(study) = self { Some(study) } else { None }
    }

    /// The search, if it is one.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        if let Self::Search(search) = self { Some(search) } else { None }
    }

    /// The training, if it is one.
    #[must_use]
    pub fn training(&self) -> Option<&TrainingSummary> {
        if let Self::Training(summary) = self { Some(summary) } else { None }
    }
}

/// The chapter that compares: each kind of run with its like.
pub(super) fn comparison_of(runs: &[(&str, &Found)]) -> Chapter {
    let sections = [
        study::comparison(&kind(runs, Found::study)),
        search::comparison(&kind(runs, Found::search)),
        training::comparison(&kind(runs, Found::training)),
    ];
    let about = format!("{} runs side by side.", runs.len());
    Chapter { title: "Comparison".into(), about, sections: sections.into_iter().flatten().collect() }
}

/// The runs of one kind, with their labels.
fn kind<'a, T>(runs: &[(&'a str, &'a Found)], of: fn(&Found) -> Option<&T>) -> Vec<(&'a str, &'a T)> {
    runs.iter().filter_map(|(label, found)| Some((*label, of(found)?))).collect()
}
