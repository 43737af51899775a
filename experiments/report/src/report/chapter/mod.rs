//! The kinds of run, one module each: what its folder holds, its chapter, and how several of the kind stand side by side.
//!
//! This is the list of them. Nothing else of a report knows which kinds there are.

mod comparison;
pub(super) mod search;
pub(super) mod study;
pub(super) mod training;

use std::path::Path;

use assay_core::experiment::Plugins;

use super::content::{Chapter, Subject};
use super::error::ReportError;
use crate::study::summary::Finished;
use crate::training::summary::TrainingSummary;
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

impl Found {
    /// Reads the rest of a finished run whose summary is this.
    pub(super) fn read(folder: &Path, summary: &[u8], plugins: &Plugins) -> Result<Self, ReportError> {
        Ok(match Finished::from_json(summary) {
            Some(Finished::Whole(summary)) => Self::Study(Box::new(Study::read(folder, *summary, plugins)?)),
            Some(Finished::Shard(shard)) => {
                return Err(ReportError::Shard { folder: folder.to_owned(), shard: shard.part.shard.to_string() });
            }
            None => match TrainingSummary::from_json(summary) {
                Some(summary) => Self::Training(Box::new(summary)),
                None => Self::Search(Box::new(Search::read(folder, summary, plugins)?)),
            },
        })
    }

    /// The chapter of a run among all that the report shows; `colour` is the operator by which points are coloured.
    pub(super) fn chapter(&self, subject: &Subject<'_>, all: &[(&str, &Self)], colour: Option<&str>) -> Result<Chapter, ReportError> {
        Ok(match self {
            Self::Study(study) => study::chapter(study, subject, colour)?,
            Self::Search(search) => search::chapter(search, subject, &kind(all, Self::search)),
            Self::Training(summary) => training::chapter(summary, subject, &kind(all, Self::training)),
        })
    }

    /// The experiment's name and seed.
    pub(super) fn name_and_seed(&self) -> (&str, u64) {
        match self {
            Self::Study(study) => (&study.summary.experiment, study.summary.seed),
            Self::Search(search) => (&search.summary.experiment, search.summary.seed),
            Self::Training(summary) => (&summary.experiment, summary.seed),
        }
    }

    /// The version of the program that made it.
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Study(study) => &study.summary.assay,
            Self::Search(search) => &search.summary.assay,
            Self::Training(summary) => &summary.assay,
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
