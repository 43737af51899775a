//! What an aggregate compares an architecture with that is scored by itself: a sample of the space, drawn by the seed.
//!
//! It is measured once and kept in the data directory, with the readings of each component and the quantiles of the score. A file
//! belongs to the conditions that its readings were made under, and its name is drawn from them. A larger sample begins with the
//! smaller ones, so a file grows; a file that an interruption left short is completed.

use std::path::{Path, PathBuf};

use assay_core::data::user_data_directory;
use assay_core::plugin::{Aggregate, Column, Request, called, draw_architectures};
use assay_core::score::{Direction, Reading, Score};
use assay_core::stream::Stream;
use assay_core::subspace::Subspace;
use assay_run::Observer;
use assay_run::bench::forecast::Forecast;
use assay_run::bench::records::Record;
use assay_run::bench::workbench::{Workbench, repeats};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The version of the file's form.
const SCHEMA: u32 = 1;
/// Architectures that are measured before the file is written again.
const KEPT_TOGETHER: usize = 16;

/// A sample of the space with what the components of an aggregate read of it.
pub(crate) struct Reference {
    kept: Kept,
    directions: Vec<Direction>,
}

/// The file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    schema: u32,
    /// The conditions of the readings.
    protocol: String,
    components: Vec<String>,
    architectures: Vec<Compared>,
    /// The smallest score of the sample, its deciles, and the largest, among the whole sample.
    quantiles: Vec<f64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    architecture: String,
    /// One a component, the mean over repeats.
    readings: Vec<Reading>,
}

/// An aggregate to be judged by, and the conditions of what it joins.
pub(crate) struct Judged<'a> {
    pub(crate) name: &'a str,
    pub(crate) aggregate: &'a Aggregate,
    /// The space as the experiment names it, with its settings.
    pub(crate) space: String,
    pub(crate) repeats: usize,
}

/// What an architecture is worth among the sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) score: Reading,
    /// How many in a hundred of the sample are worse; half of those that are equal. Nothing where the score is undefined.
    pub(crate) percentile: Option<f64>,
}

impl Reference {
    /// The sample of `size` architectures, or all where the space has no more. What is not kept is measured, with the draws of
    /// `purpose`, and kept.
    ///
    /// # Errors
    /// If the file cannot be read or written, a measurement fails, or the user interrupts.
    pub(crate) fn of(
        judged: &Judged<'_>,
        size: usize,
        purpose: &str,
        workbench: &Workbench,
        observer: &dyn Observer,
    ) -> Result<Self, Failure> {
        let components: Vec<String> = judged.aggregate.components().iter().map(|component| component.proxy.clone()).collect();
        let planned = components.iter().map(|component| workbench.proxy(component)).collect::<Result<Vec<_>, _>>();
        let planned = planned.map_err(|error| Failure::new(error.to_string()))?;
        let protocols: Vec<String> = planned.iter().map(|planned| planned.proxy.protocol()).collect();
        let filter = workbench.space.filter().map_or_else(String::new, |filter| format!("architectures kept by {filter}; "));
        let protocol = format!(
            "{}; {filter}images {}; {}; {} repeats; seed {}; engine {}; version {}",
            judged.space,
            workbench.dataset.describe(),
            protocols.join("; "),
            judged.repeats,
            workbench.seed,
            workbench.engine().name(),
            env!("CARGO_PKG_VERSION"),
        );
        let path = path(judged, &protocol)?;
        let kept = read(&path)?.unwrap_or_else(|| Kept {
            schema: SCHEMA,
            protocol: protocol.clone(),
            components: components.clone(),
            architectures: Vec::new(),
            quantiles: Vec::new(),
        });
        let fits = kept.schema == SCHEMA && kept.protocol == protocol && kept.components == components;
        if !fits || kept.architectures.iter().any(|compared| compared.readings.len() != components.len()) {
            return Err(damaged(&path, "it is not of this score"));
        }
        let space = workbench.space.as_ref();
        let stream = Stream::new(workbench.seed, "reference");
        let drawn = draw_architectures(space, &Subspace::whole(space.layout()), size, &stream);
        let written = |architecture: &Subspace| space.write(architecture).map_err(|error| Failure::new(error.to_string()));
        let texts = drawn.iter().map(written).collect::<Result<Vec<_>, _>>()?;
        if kept.architectures.iter().zip(&texts).any(|(compared, text)| compared.architecture != *text) {
            return Err(damaged(&path, "its architectures are not those that the seed draws"));
        }
        let directions: Vec<Direction> = planned.iter().map(|planned| planned.proxy.direction()).collect();
        let mut reference = Self { kept, directions };
        let missing = &drawn[reference.kept.architectures.len().min(drawn.len())..];
        if !missing.is_empty() {
            observer.phase("measuring the reference");
            observer.expect(missing.len() * components.len() * judged.repeats);
        }
        let forecast = workbench.forecast();
        for (number, group) in missing.chunks(KEPT_TOGETHER).enumerate() {
            let left = missing.len() - number * KEPT_TOGETHER;
            let readings = reference.measured((group, left), (judged.repeats, purpose), workbench, &forecast, observer)?;
            for readings in readings {
                let architecture = texts[reference.kept.architectures.len()].clone();
                reference.kept.architectures.push(Compared { architecture, readings });
            }
            reference.kept.quantiles = reference.quantiles(judged.aggregate)?;
            reference.write(&path)?;
        }
        reference.kept.architectures.truncate(size);
        Ok(reference)
    }

    /// How many architectures it compares with.
    pub(crate) fn size(&self) -> usize {
        self.kept.architectures.len()
    }

    /// For each of these architectures, one reading a component; as many are left, with these.
    fn measured(
        &self,
        (architectures, left): (&[Subspace], usize),
        (count, purpose): (usize, &str),
        workbench: &Workbench,
        forecast: &Forecast,
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<Reading>>, Failure> {
        let components = &self.kept.components;
        let of = |architecture| components.iter().flat_map(move |component| repeats(component, architecture, purpose, count));
        let requests: Vec<Request> = architectures.iter().flat_map(of).collect();
        let ahead = left * components.len() * count;
        let records = workbench.measure_told(&Vec::from_iter(&requests), ahead, forecast, observer)?;
        // It is kept for later, when there may be more memory.
        if let Some(Record { request, reading, .. }) = records.iter().find(|record| record.lacked_memory) {
            let what = called(workbench.space.as_ref(), &request.subspace);
            let problem = format!("`{}` of {what}, which others are compared with, is {reading}", request.label);
            return Err(Failure::new(problem));
        }
        let mean = |(records, direction): (&[Record], &Direction)| {
            let readings: Vec<Reading> = records.iter().map(|record| record.reading.clone()).collect();
            Score::of(*direction, &readings).reading
        };
        let of_architecture = |records: &[Record]| records.chunks(count).zip(&self.directions).map(mean).collect();
        Ok(records.chunks(count * components.len()).map(of_architecture).collect())
    }

    /// What an architecture of these readings, one a component, is worth.
    pub(crate) fn standing(&self, aggregate: &Aggregate, readings: &[Reading]) -> Result<Standing, Failure> {
        let mut scores = self.scores(aggregate, Some(readings))?;
        let score = scores.pop().unwrap_or_else(|| Reading::undefined("nothing was compared"));
        let percentile = score.value().map(|own| {
            // Undefined ones are worse than any.
            let worse = |other: &Reading| match other.value() {
                Some(other) if other == own => 0.5,
                Some(other) if other > own => 0.0,
                _ => 1.0,
            };
            100.0 * scores.iter().map(worse).sum::<f64>() / scores.len().max(1) as f64
        });
        Ok(Standing { score, percentile })
    }

    /// The scores of the sample, and of one more architecture.
    fn scores(&self, aggregate: &Aggregate, more: Option<&[Reading]>) -> Result<Vec<Reading>, Failure> {
        let column = |component: usize| -> Vec<Reading> {
            let sample = self.kept.architectures.iter().map(|compared| compared.readings[component].clone());
            sample.chain(more.map(|readings| readings[component].clone())).collect()
        };
        let readings: Vec<Vec<Reading>> = (0..self.directions.len()).map(column).collect();
        let columns: Vec<Column<'_>> =
            self.directions.iter().zip(&readings).map(|(direction, readings)| Column { direction: *direction, readings }).collect();
        aggregate.combine(&columns).map_err(|error| Failure::new(error.to_string()))
    }

    fn quantiles(&self, aggregate: &Aggregate) -> Result<Vec<f64>, Failure> {
        let mut scores: Vec<f64> = self.scores(aggregate, None)?.iter().filter_map(Reading::value).collect();
        scores.sort_by(f64::total_cmp);
        let at = |tenth: usize| scores[(tenth * (scores.len() - 1) + 5) / 10];
        Ok(if scores.is_empty() { Vec::new() } else { (0..=10).map(at).collect() })
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let unwritable = |error: String| Failure::new(format!("{} cannot be written: {error}", path.display()));
        let text = serde_json::to_vec_pretty(&self.kept).map_err(|error| unwritable(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| unwritable(error.to_string()))?;
        }
        assay_whole_file::write(path, &text).map_err(|error| unwritable(error.to_string()))
    }
}

/// Where the sample of these conditions is kept.
fn path(judged: &Judged<'_>, protocol: &str) -> Result<PathBuf, Failure> {
    let folder = user_data_directory().map_err(|error| Failure::new(error.to_string()))?;
    // The aggregate's own settings tell its samples apart, too: they have quantiles of its score.
    let conditions = format!("{}; {protocol}", judged.aggregate.protocol());
    Ok(folder.join("reference").join(format!("{}-{:016x}.json", judged.name, fingerprint(&conditions))))
}

/// FNV-1a of a text: a name for a file, whose content says the conditions in full.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn read(path: &Path) -> Result<Option<Kept>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| damaged(path, &error.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", path.display()))),
    }
}

fn damaged(path: &Path, problem: &str) -> Failure {
    let message = format!("the reference {} cannot be used: {problem}", path.display());
    Failure::new(message).with_help("delete the file; the sample is measured anew then")
}
