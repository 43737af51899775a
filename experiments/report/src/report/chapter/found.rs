//! What a run found, of whichever kind it is.

use std::any::Any;
use std::path::Path;

use assay_results::{Kind, Summary, match_kind};

use crate::report::content::{Chapter, Section, Subject};
use crate::report::error::ReportError;

/// What the folder of a run of one kind holds, as a report shows it.
pub(super) trait Shown: Any {
    /// Its chapter among `all` runs of the report; `colour` is the operator by which points are coloured.
    fn chapter(&self, subject: &Subject<'_>, all: &[(&str, &Found)], colour: Option<&str>) -> Result<Chapter, ReportError>;

    /// The runs of its kind among `all` side by side.
    fn comparison(&self, all: &[(&str, &Found)]) -> Vec<Section>;
}

/// The summary of a kind of run, to which a report reads the rest of the folder.
pub(super) trait Reported {
    /// Reads what the folder holds beside this summary.
    fn found(self, folder: &Path) -> Result<Box<dyn Shown>, ReportError>;
}

/// What a run found.
pub struct Found {
    kind: Kind,
    shown: Box<dyn Shown>,
}

impl Found {
    /// Reads what the folder of a finished run holds beside its summary.
    pub(in crate::report) fn read(folder: &Path, summary: Summary) -> Result<Self, ReportError> {
        let kind = summary.kind();
        let shown = match_kind!(summary, summary => summary.found(folder))?;
        Ok(Self { kind, shown })
    }

    /// What was found, if it is this: a [`Study`](crate::Study), a [`Search`](crate::Search), the summary of a training.
    #[must_use]
    pub fn of<T: 'static>(&self) -> Option<&T> {
        let shown: &dyn Any = self.shown.as_ref();
        shown.downcast_ref()
    }

    /// The chapter of a run among all that the report shows.
    pub(in crate::report) fn chapter(
        &self,
        subject: &Subject<'_>,
        all: &[(&str, &Self)],
        colour: Option<&str>,
    ) -> Result<Chapter, ReportError> {
        self.shown.chapter(subject, all, colour)
    }
}

/// The chapter that compares: each kind of run with its like.
pub(in crate::report) fn comparison_of(runs: &[(&str, &Found)]) -> Chapter {
    let first = |kind: &Kind| runs.iter().find(|(_, found)| found.kind == *kind);
    let sections = Kind::ALL.iter().filter_map(first).flat_map(|(_, found)| found.shown.comparison(runs)).collect();
    Chapter { title: "Comparison".into(), about: format!("{} runs side by side.", runs.len()), sections }
}

/// The runs of one kind, with their labels.
pub(super) fn of_kind<'a, T: 'static>(runs: &[(&'a str, &'a Found)]) -> Vec<(&'a str, &'a T)> {
    runs.iter().filter_map(|(label, found)| Some((*label, found.of()?))).collect()
}
