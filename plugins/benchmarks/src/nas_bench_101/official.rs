//! The official files `nasbench_only108.tfrecord` and `nasbench_full.tfrecord`.
//!
//! A record is one training: a JSON list of the cell's hash, the epochs, the adjacency matrix (a digit an edge, row after row), the
//! operators, and, in base64, a protocol buffer with what was measured before, halfway through and after the training. Every cell
//! was trained three times. What is kept is what stands at the end of a training.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use assay_core::data::open_file;
use assay_core::plugin::import::{ImportError, Progress, Report};
use assay_spaces::nas_bench_101::{Cell, VertexOperator};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde::Deserialize;

use super::columns::SCHEDULES;
use crate::parts::official::tfrecord::{HEADER, RecordError, Records, is_begun};

/// Trainings of a cell by each schedule.
pub(super) const RUNS: usize = 3;

/// What is kept of a training: the accuracies of [`ACCURACIES`](super::columns::ACCURACIES) as fractions, and seconds.
pub(super) const QUANTITIES: usize = 4;

/// Bytes between two reports of progress.
const STEP: u64 = 1 << 20;

/// The trainings of one schedule by cell and run.
pub(super) type Trainings = Vec<[[f64; QUANTITIES]; RUNS]>;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Official {
    /// In the order of their first trainings.
    pub(super) cells: Vec<Cell>,
    pub(super) parameters: Vec<u32>,
    /// By schedule; none where the file has none of it.
    pub(super) trainings: [Option<Trainings>; SCHEDULES.len()],
}

/// The list that a record is.
#[derive(Deserialize)]
struct Row<'a>(
    #[serde(borrow)] Cow<'a, str>,
    u32,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
);

/// NAS-Bench-101's message `ModelMetrics`, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metrics {
    #[prost(message, repeated, tag = "1")]
    pub(super) evaluations: Vec<Evaluation>,
    #[prost(int32, optional, tag = "2")]
    pub(super) parameters: Option<i32>,
}

/// The message `EvaluationData`, as far as it is needed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Evaluation {
    #[prost(double, optional, tag = "2")]
    pub(super) seconds: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub(super) train: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub(super) valid: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub(super) test: Option<f64>,
}

/// Which evaluation is that after the training; the others are before it and halfway.
const LAST: usize = 2;

/// Whether the file is one of records, or is called so.
pub(super) fn is_it(file: &Path) -> bool {
    let mut start = Vec::new();
    let is_read = open_file(file).and_then(|file| file.take(HEADER as u64).read_to_end(&mut start)).is_ok();
    let is_called = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tfrecord"));
    is_read && (is_begun(&start) || is_called)
}

/// Reads a file of so many cells.
pub(super) fn read(file: &Path, count: usize, report: &mut Report<'_>) -> Result<Official, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: file.to_owned(), problem };
    let opened = open_file(file).and_then(|opened| opened.metadata().map(|metadata| (opened, metadata.len())));
    let (opened, total): (File, u64) = opened.map_err(|error| unreadable(error.to_string()))?;
    let mut records = Records::new(BufReader::with_capacity(1 << 20, opened));
    let mut reading = Reading { rows: HashMap::new(), records: Vec::new(), official: Official::empty() };
    let mut told = 0;
    loop {
        let at = records.at();
        if at >= told {
            told = at + STEP;
            if report(Progress::Reading { unit: "bytes", done: at.min(total), total }).is_break() {
                return Err(ImportError::Stopped);
            }
        }
        let next = records.next().map_err(|error: RecordError| unreadable(error.to_string()))?;
        let Some((number, record)) = next else { break };
        let place = || format!("record {number}, at byte {at}");
        let row = |problem: String| ImportError::Row { file: file.to_owned(), place: place(), problem };
        reading.add(number, record, count).map_err(row)?;
    }
    reading.finish(file, count)
}

impl Official {
    fn empty() -> Self {
        Self { cells: Vec::new(), parameters: Vec::new(), trainings: [const { None }; SCHEDULES.len()] }
    }
}

/// A file that is being read.
struct Reading {
    /// The row of each cell, by the hash that the file gives it.
    rows: HashMap<[u8; 16], usize>,
    /// By row, the number of the first record.
    records: Vec<u64>,
    official: Official,
}

/// A run that was not read yet. No accuracy and no time is below 0.
const MISSING: [f64; QUANTITIES] = [-1.0; QUANTITIES];

impl Reading {
    fn add(&mut self, number: u64, record: &[u8], count: usize) -> Result<(), String> {
        let form = "a list of hash, epochs, adjacency, operations and metrics";
        let Row(hash, epochs, adjacency, operations, metrics) =
            serde_json::from_slice(record).map_err(|error| format!("it is not {form}: {error}"))?;
        let hash = hash_of(&hash).ok_or_else(|| format!("`{hash}` is not a hash of 32 hexadecimal digits"))?;
        let schedule = SCHEDULES.iter().position(|schedule| schedule.epochs == epochs);
        let schedule = schedule.ok_or_else(|| format!("trainings of {epochs} epochs are not known; 4, 12, 36 and 108 are"))?;
        let metrics = STANDARD.decode(metrics.as_bytes()).map_err(|error| format!("its metrics are not base64: {error}"))?;
        let metrics = Metrics::decode(metrics.as_slice()).map_err(|error| format!("its metrics are not a message: {error}"))?;
        let Official { cells, parameters, trainings } = &mut self.official;
        let row = match self.rows.get(&hash) {
            Some(row) => *row,
            None if cells.len() == count => return Err(format!("it is of another cell than the {count} that the benchmark has")),
            None => {
                cells.push(cell(&adjacency, &operations)?);
                let own = metrics.parameters.and_then(|count| u32::try_from(count).ok());
                parameters.push(own.ok_or("it tells no number of trainable parameters")?);
                self.records.push(number);
                self.rows.insert(hash, cells.len() - 1);
                cells.len() - 1
            }
        };
        let trained = trained(&metrics)?;
        let trainings = trainings[schedule].get_or_insert_default();
        trainings.resize(trainings.len().max(cells.len()), [MISSING; RUNS]);
        let run = trainings[row].iter_mut().find(|run| **run == MISSING);
        *run.ok_or_else(|| format!("it is a fourth training of {epochs} epochs of its cell, of which there are three"))? = trained;
        Ok(())
    }

    fn finish(self, file: &Path, count: usize) -> Result<Official, ImportError> {
        let Self { records, official, .. } = self;
        let all = |problem: String| ImportError::Row { file: file.to_owned(), place: "all records".into(), problem };
        let found = official.cells.len();
        if found < count {
            return Err(all(format!("{found} cells, but {count} are expected; is the file cut short?")));
        }
        if official.trainings[0].is_none() {
            return Err(all(format!("there is no training of {} epochs, which every table needs", SCHEDULES[0].epochs)));
        }
        for (schedule, trainings) in SCHEDULES.iter().zip(&official.trainings) {
            let Some(trainings) = trainings else { continue };
            let missing = |row: &usize| trainings.get(*row).is_none_or(|runs| runs.contains(&MISSING));
            if let Some(row) = (0..found).find(missing) {
                let runs = trainings.get(row).map_or(0, |runs| runs.iter().filter(|run| **run != MISSING).count());
                let epochs = schedule.epochs;
                let problem = format!(
                    "cell {row}, which record {} is the first of, has {runs} of {RUNS} trainings of {epochs} epochs; is the file cut short?",
                    records[row]
                );
                return Err(all(problem));
            }
        }
        Ok(official)
    }
}

/// A hash in hexadecimal digits.
fn hash_of(text: &str) -> Option<[u8; 16]> {
    let is_hash = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hash.then(|| u128::from_str_radix(text, 16).ok()).flatten().map(u128::to_be_bytes)
}

/// The cell of an adjacency matrix, a digit an edge, and of the operators of all vertices.
fn cell(adjacency: &str, operations: &str) -> Result<Cell, String> {
    let operators: Vec<&str> = operations.split(',').collect();
    let vertices = operators.len();
    let digits = adjacency.as_bytes();
    if digits.len() != vertices * vertices || !digits.iter().all(|digit| matches!(digit, b'0' | b'1')) {
        return Err(format!("`{adjacency}` is not the adjacency matrix, in digits 0 and 1, of the {vertices} vertices `{operations}`"));
    }
    if vertices > 7 {
        return Err(format!("a cell has at most 7 vertices, not {vertices}"));
    }
    let mut edges = 0_u32;
    for (place, _) in digits.iter().enumerate().filter(|(_, digit)| **digit == b'1') {
        let (from, to) = (place / vertices, place % vertices);
        if from >= to {
            return Err(format!("an edge leads from vertex {from} to vertex {to}, but edges lead to later vertices"));
        }
        edges |= 1 << (from + to * (to - 1) / 2);
    }
    let ["input", inner @ .., "output"] = &operators[..] else {
        return Err(format!("the vertices `{operations}` do not begin with input and end with output"));
    };
    let operator = |name: &&str| {
        let known = VertexOperator::ALL.into_iter().find(|operator| operator.name() == *name);
        known.ok_or_else(|| format!("there is no operator `{name}`"))
    };
    let inner: Vec<VertexOperator> = inner.iter().map(operator).collect::<Result<_, _>>()?;
    Cell::new(vertices, edges, &inner)
}

/// What is kept of a training.
fn trained(metrics: &Metrics) -> Result<[f64; QUANTITIES], String> {
    let last = metrics.evaluations.get(LAST);
    let last = last.ok_or_else(|| format!("it has {} evaluations, but the third is that after the training", metrics.evaluations.len()))?;
    let fraction = |value: Option<f64>, name: &str| {
        let value = value.ok_or_else(|| format!("it has no {name} accuracy"))?;
        if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("its {name} accuracy is {value}, not a fraction (0 to 1)")) }
    };
    let seconds = last.seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).ok_or("it has no time of training")?;
    Ok([fraction(last.test, "test")?, fraction(last.valid, "validation")?, fraction(last.train, "training")?, seconds])
}
