//! Ground truth that a study makes: its architectures are trained before they are scored.

use assay_core::plugin::{Request, TrainingUse};
use assay_core::score::{Direction, Score};
use assay_results::study::{NoiseCeiling, Undefined};
use assay_results::tables::trained;
use polars::prelude::Column;

use super::StudyRun;
use super::measurements::Part;
use super::selection::Selected;
use super::truth::{Target, ceilings};
use super::undefined::reasons_of;
use crate::RunError;
use crate::bench::records::Record;
use crate::bench::trained::Trainings;
use crate::folder::RunFolder;
use crate::tables::write_csv;

/// How the architectures of a study are trained, and what is asked of each.
pub(super) struct Made {
    pub(super) trainings: Trainings,
    pub(super) uses: Vec<TrainingUse>,
}

/// An accuracy that was trained for: of each architecture the records of its repeats.
struct Accuracy<'r> {
    label: String,
    records: Vec<&'r [&'r Record]>,
}

impl StudyRun {
    /// The trainings of the whole study or of one of its parts, by accuracy, architecture and repeat. Isomorphic architectures are
    /// trained each, as recorded ones were.
    pub(super) fn trained(&self, part: Option<Part<'_>>) -> Vec<Request> {
        let Some(made) = &self.made else { return Vec::new() };
        let is_in = |position: usize| part.is_none_or(|part| part.of[position] + 1 == part.shard.number());
        let architectures = self.selection.architectures.iter().enumerate().filter(|(position, _)| is_in(*position));
        let architectures: Vec<&Selected> = architectures.map(|(_, selected)| selected).collect();
        let mut requests = Vec::new();
        for used in &made.uses {
            for selected in &architectures {
                requests.extend((1..=used.repeats).map(|repeat| used.request(&selected.subspace, repeat)));
            }
        }
        requests
    }
}

impl Made {
    /// The epochs of so many trainings.
    pub(super) fn epochs(&self, trained: &[Request]) -> usize {
        let longest = self.uses.iter().map(|used| used.epochs).max().unwrap_or(0);
        trained.len() / self.uses.len().max(1) * longest
    }

    /// The targets, without values.
    pub(super) fn described(&self) -> Vec<Target> {
        let target = |used: &TrainingUse| Target {
            column: used.label(),
            title: used.label().replace('_', " "),
            unit: "%".into(),
            direction: Direction::HigherIsBetter,
            values: Vec::new(),
        };
        self.uses.iter().map(target).collect()
    }

    /// The targets: of each architecture the mean over its trainings; nothing where one gave no accuracy.
    pub(super) fn targets(&self, records: &[&Record]) -> Vec<Target> {
        let mean = |records: &&[&Record]| {
            let readings: Vec<_> = records.iter().map(|record| record.reading.clone()).collect();
            Score::of(Direction::HigherIsBetter, &readings).reading.value()
        };
        let filled = |(target, accuracy): (Target, Accuracy<'_>)| Target { values: accuracy.records.iter().map(mean).collect(), ..target };
        self.described().into_iter().zip(self.accuracies(records)).map(filled).collect()
    }

    /// What one training reaches against the others of the same architecture.
    pub(super) fn ceilings(&self, records: &[&Record]) -> Result<Vec<NoiseCeiling>, RunError> {
        let runs = |accuracy: Accuracy<'_>| {
            let runs = accuracy.records.iter().filter_map(|records| runs(records));
            (format!("{} (single trainings)", accuracy.label), runs.collect::<Vec<Vec<f64>>>())
        };
        ceilings(self.accuracies(records).into_iter().map(runs).collect())
    }

    /// Why architectures have no accuracy, counted.
    pub(super) fn undefined(&self, records: &[&Record]) -> Vec<Undefined> {
        let accuracies = self.accuracies(records);
        let reasons = |accuracy: Accuracy<'_>| {
            reasons_of(&accuracy.label, accuracy.records.iter().map(|records| records.iter().map(|record| &record.reading)))
        };
        accuracies.into_iter().flat_map(reasons).collect()
    }

    /// Writes the table that others import: a row an architecture, and of each accuracy its mean and its single trainings.
    pub(super) fn write(
        &self,
        folder: &RunFolder,
        architectures: &[Selected],
        training: &str,
        records: &[&Record],
    ) -> Result<(), RunError> {
        let height = architectures.len();
        let mut columns = vec![
            Column::new(trained::ARCH.into(), architectures.iter().map(|selected| selected.text.as_str()).collect::<Vec<_>>()),
            Column::new(trained::TRAINING.into(), vec![training; height]),
        ];
        for (target, accuracy) in self.targets(records).into_iter().zip(self.accuracies(records)) {
            let written = |runs: Vec<f64>| runs.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
            let seeds: Vec<Option<String>> = accuracy.records.iter().map(|records| runs(records).map(written)).collect();
            columns.push(Column::new(accuracy.label.as_str().into(), target.values));
            columns.push(Column::new(trained::seeds(&accuracy.label).into(), seeds));
        }
        write_csv(folder, trained::FILE, &columns, height)
    }

    /// The records by accuracy and architecture, in the order of [`StudyRun::trained`].
    fn accuracies<'r>(&self, records: &'r [&'r Record]) -> Vec<Accuracy<'r>> {
        let each = records.len() / self.uses.len().max(1);
        let of = |(used, records): (&TrainingUse, &'r [&'r Record])| Accuracy {
            label: used.label(),
            records: records.chunks(used.repeats).collect(),
        };
        self.uses.iter().zip(records.chunks(each.max(1))).map(of).collect()
    }
}

/// The accuracies of the trainings of one architecture, if all have one.
fn runs(records: &[&Record]) -> Option<Vec<f64>> {
    records.iter().map(|record| record.reading.value()).collect()
}
