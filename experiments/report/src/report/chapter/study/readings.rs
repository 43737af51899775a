//! What every proxy of a study read of every architecture.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use assay_results::StudySummary;
use assay_results::present::grid::Grid;
use assay_results::present::number::grouped;
use assay_results::tables::{aggregates, scores};
use assay_structure::score::{Direction, Reading, Score};

use crate::report::error::ReportError;
use crate::report::table::RunTable;

/// The readings of a study, means over its repeats.
pub(super) struct Readings {
    /// As the space writes them.
    pub(super) architectures: Vec<String>,
    /// By proxy or aggregate, in the order of the study's own tables, and architecture.
    pub(super) by_proxy: Vec<(String, Vec<Reading>)>,
}

impl Readings {
    /// Reads the scores of the study with this summary, and what was made of them.
    pub(super) fn read(folder: &Path, summary: &StudySummary) -> Result<Self, ReportError> {
        let table = RunTable::read(folder, &scores::TABLE)?;
        let mut all = Self::of(&table, [scores::ARCH, scores::PROXY, scores::VALUE, scores::UNDEFINED_BECAUSE])?;
        if !summary.aggregates.is_empty() {
            use aggregates::{AGGREGATE, ARCH, TABLE, UNDEFINED_BECAUSE, VALUE};
            let table = RunTable::read(folder, &TABLE)?;
            let made = Self::of(&table, [ARCH, AGGREGATE, VALUE, UNDEFINED_BECAUSE])?;
            if made.architectures != all.architectures {
                return Err(table.wrong(&format!("its architectures are not those of {}", scores::FILE)));
            }
            all.by_proxy.extend(made.by_proxy);
        }
        let place = |label: &str| summary.correlations.iter().position(|row| row.proxy == label);
        all.by_proxy.sort_by_key(|(label, _)| place(label).unwrap_or(usize::MAX));
        Ok(all)
    }

    /// Of a table in long form with these columns; architectures and labels in the order in which they first occur.
    fn of(table: &RunTable, [arch, label, value, undefined_because]: [&str; 4]) -> Result<Self, ReportError> {
        let (mut architectures, mut labels) = (Names::default(), Names::default());
        let mut repeats: Vec<Vec<Vec<Reading>>> = Vec::new();
        let cells = table.texts(arch)?.into_iter().zip(table.texts(label)?).zip(table.readings(value, undefined_because)?);
        for ((architecture, label), reading) in cells {
            let (architecture, label) = (architectures.position(&architecture), labels.position(&label));
            repeats.resize(labels.names.len().max(repeats.len()), Vec::new());
            let of_label = &mut repeats[label];
            of_label.resize(architectures.names.len().max(of_label.len()), Vec::new());
            of_label[architecture].push(reading);
        }
        // The mean does not depend on which end of the scale is better.
        let mean = |repeats: &Vec<Reading>| Score::of(Direction::HigherIsBetter, repeats).reading;
        let means = |mut of_label: Vec<Vec<Reading>>| -> Vec<Reading> {
            of_label.resize(architectures.names.len(), Vec::new());
            of_label.iter().map(mean).collect()
        };
        let by_proxy = labels.names.into_iter().zip(repeats.into_iter().map(means)).collect();
        Ok(Self { architectures: architectures.names, by_proxy })
    }

    /// How many scores are undefined and why, with a sentence that sums it up.
    pub(super) fn undefined(&self) -> (Grid, String) {
        let row = |(label, readings): &(String, Vec<Reading>)| {
            let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
            for reading in readings {
                if let Reading::Undefined { because } = reading {
                    *reasons.entry(because).or_insert(0) += 1;
                }
            }
            let count: usize = reasons.values().sum();
            let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let reasons = reasons.into_iter().map(|(reason, count)| format!("{count}: {reason}")).collect::<Vec<_>>().join("; ");
            vec![label.clone(), (readings.len() - count).to_string(), count.to_string(), reasons]
        };
        let rows: Vec<Vec<String>> = self.by_proxy.iter().map(row).collect();
        let is_complete = self.by_proxy.iter().flat_map(|(_, readings)| readings).all(|reading| reading.value().is_some());
        let explanation = if is_complete {
            format!("Every proxy has a score for each of the {} architectures.", grouped(self.architectures.len() as u128))
        } else {
            "An architecture whose score is undefined in one repeat is left out of that proxy's statistics, and counted.".into()
        };
        let head = ["proxy", "scored", "undefined", "reasons"].map(str::to_owned).to_vec();
        (Grid { title: "Undefined scores".into(), head, rows }, explanation)
    }
}

/// Names in the order in which they first occur.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Names {
    fn position(&mut self, name: &str) -> usize {
        if let Some(position) = self.positions.get(name) {
            return *position;
        }
        self.positions.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}
