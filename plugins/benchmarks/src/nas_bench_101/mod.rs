//! `nas-bench-101`: 423,624 cells trained on CIFAR-10 (Ying et al., ICML 2019).
//!
//! A table has a row a cell: `index`, `n_vertices`, `adj_bits` (the edge from x to y is bit x + y(y − 1)/2), `ops` (a digit
//! an inner vertex: 0 3×3 convolution, 1 1×1 convolution, 2 maximum), `test_acc_mean108` (the mean test accuracy after 108
//! epochs, as a fraction) and, as far as the user's copy has them, the columns of [`columns`]: `params` and what an import of the
//! [official files](official) adds. A cell is found whatever the numbering of its vertices.

mod columns;
mod official;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use assay_core::plugin::import::{ImportError, Importer, Report, Supply};
use assay_core::plugin::{ArchitectureError, Benchmark};
use assay_core::{register, settings};
use assay_spaces::nas_bench_101::{Cell as Graph, NasBench101 as Space, VertexOperator};
use polars::prelude::Column as Series;

use crate::parts::lookup::{self, Chosen, Records, Sample, SomeOfSpace, TablePath, Targets, further, rows};
use crate::parts::table::{Cell, Column, RawTable, Values, runs_of};
use columns::{ACCURACIES, PARAMETERS, SCHEDULES, TARGET};
use official::{Official, Trainings};

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report, all of one training: test_cifar10, valid_cifar10, train_cifar10; of shorter trainings ep36_*, …
        targets: Vec<String> = vec![TARGET.into()];
        /// times to report, of which less is better, and the number of parameters: train_s_cifar10, ep12_train_s_cifar10, …, params
        costs: Vec<String> = Vec::new();
    }
}

register! {
    dyn Benchmark,
    name: NasBench101::NAME,
    summary: "recorded accuracies of 423,624 NAS-Bench-101 cells on CIFAR-10 (Ying et al., ICML 2019)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets, costs }| {
        Ok(Box::new(SomeOfSpace::<NasBench101>::new(Chosen { path, targets, costs })?))
    },
    importer: Importer {
        reads: "<nasbench_only108.tfrecord, nasbench_full.tfrecord or nb101_compact.csv.gz>",
        extension: "parquet",
        import: lookup::import::<NasBench101>,
        supply: Supply::ByHand(BY_HAND),
    },
}

const BY_HAND: &str = "download by hand nasbench_only108.tfrecord (or nasbench_full.tfrecord, which has shorter trainings too; both are\n\
     linked from https://github.com/google-research/nasbench), and import it:\n\
     assay benchmark import nas-bench-101 nasbench_only108.tfrecord";

const VERTICES: &str = "n_vertices";
const EDGES: &str = "adj_bits";
const OPERATORS: &str = "ops";
const ACCURACY: &str = "test_acc_mean108";
const COLUMNS: [&str; 4] = [VERTICES, EDGES, OPERATORS, ACCURACY];

/// The table.
#[derive(Debug)]
pub(crate) struct NasBench101;

impl Sample for NasBench101 {
    type Architecture = Graph;
    type Key = u64;

    const NAME: &'static str = "nas-bench-101";
    const COUNT: usize = 423_624;
    const EXAMPLE: &'static str = "the operators of the inner vertices and the edges, conv3x3-bn-relu,maxpool3x3|0>1,0>3,1>2,2>3, or the \
        matrix and all operators";

    fn describe(targets: &Targets) -> String {
        match &targets.accuracies[..] {
            [only] if only.column == TARGET => {
                "NAS-Bench-101 accuracies, CIFAR-10 test, 108 epochs, mean of three runs, 423,624 architectures".into()
            }
            _ => format!("NAS-Bench-101 accuracies, {}, 423,624 architectures", targets.training),
        }
    }

    fn columns() -> &'static [Column] {
        columns::columns()
    }

    fn read(file: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Records<Graph, u64>, ImportError> {
        let is_figure = |name: &str| columns::columns().iter().any(|column| column.name == name && name != TARGET);
        let table = RawTable::read(file, &COLUMNS, &|name| COLUMNS.contains(&name) || is_figure(name) && wanted(name))?;
        let vertices =
            table.values(VERTICES, "a number of vertices, 2 to 7", |cell| cell.whole().filter(|count| (2..=7).contains(count)))?;
        let edges = table.values(EDGES, "21 bits of an adjacency matrix", |cell| cell.whole().and_then(|bits| u32::try_from(bits).ok()))?;
        let operators = table.values(OPERATORS, "a digit from 0 to 2 for each inner vertex", digits)?;
        let fractions = table.values(ACCURACY, "an accuracy as a fraction (0 to 1)", |cell| cell.number_in(0.0, 1.0))?;
        let mut architectures = Vec::with_capacity(table.rows);
        for row in 0..table.rows {
            let wrong = |problem: String| ImportError::Row {
                file: table.file.clone(),
                place: table.place(row),
                problem: format!("columns `{VERTICES}`, `{EDGES}` and `{OPERATORS}`: {problem}"),
            };
            let operators: Vec<VertexOperator> =
                operators[row].bytes().map(|digit| VertexOperator::ALL[usize::from(digit - b'0')]).collect();
            architectures.push(Graph::new(vertices[row] as usize, edges[row], &operators).map_err(wrong)?);
        }
        let rows = rows::<Self>(&table, &architectures)?;
        let mut figures = vec![target(&fractions)];
        figures.extend(further::<Self>(&table, wanted)?);
        let vertices: Vec<u32> = vertices.iter().map(|count| *count as u32).collect();
        let ignored = table.unknown.iter().filter(|name| *name != "index" && !is_figure(name)).cloned().collect();
        Ok(Records { architectures, rows, figures, columns: identity(vertices, edges, operators, fractions), ignored })
    }

    fn read_source(source: &Path, report: &mut Report<'_>) -> Result<Records<Graph, u64>, ImportError> {
        if official::is_it(source) {
            return records(source, official::read(source, Self::COUNT, report)?);
        }
        Self::read(source, &|_| true)
    }

    fn parse(text: &str) -> Result<Graph, ArchitectureError> {
        Space::read(text)
    }

    fn key(architecture: &Graph) -> u64 {
        architecture.canonical().key()
    }
}

/// The figure of every table, from fractions.
fn target(fractions: &[f64]) -> (&'static Column, Values) {
    (&columns::columns()[0], Values::Numbers(fractions.iter().map(|fraction| fraction * 100.0).collect()))
}

/// The columns that say which cell it is, and its accuracy.
fn identity(vertices: Vec<u32>, edges: Vec<u32>, operators: Vec<String>, fractions: Vec<f64>) -> Vec<Series> {
    vec![
        Series::new(VERTICES.into(), vertices),
        Series::new(EDGES.into(), edges),
        Series::new(OPERATORS.into(), operators),
        Series::new(ACCURACY.into(), fractions),
    ]
}

/// What is kept of an official file.
fn records(source: &Path, official: Official) -> Result<Records<Graph, u64>, ImportError> {
    let Official { cells, parameters, trainings } = official;
    let mut rows = HashMap::with_capacity(cells.len());
    for (row, cell) in cells.iter().enumerate() {
        if let Some(first) = rows.insert(NasBench101::key(cell), row) {
            let [first, second] = [first, row].map(|row| format!("cell {row}"));
            return Err(ImportError::Duplicate { file: source.to_owned(), what: format!("architecture {cell}"), first, second });
        }
    }
    let mut figures = Vec::new();
    let mut fractions = Vec::new();
    for (schedule, trainings) in SCHEDULES.iter().zip(&trainings) {
        let Some(trainings) = trainings else { continue };
        for (quantity, (name, _)) in ACCURACIES.iter().enumerate() {
            let name = schedule.accuracy(name);
            let means = means(trainings, quantity);
            let percent = means.iter().map(|mean| mean * 100.0).collect();
            let texts = trainings.iter().map(|runs| runs.map(|run| (run[quantity] * 100.0).to_string()).join(" ")).collect();
            figures.extend([(name.clone(), Values::Numbers(percent)), (runs_of(&name), Values::Texts(texts))]);
            if name == TARGET {
                fractions = means;
            }
        }
        let seconds = means(trainings, ACCURACIES.len()).into_iter().map(Some).collect();
        figures.push((schedule.seconds(), Values::Partial(seconds)));
    }
    figures.push((PARAMETERS.into(), Values::Partial(parameters.into_iter().map(|count| Some(f64::from(count))).collect())));
    let column = |name: &str| columns::columns().iter().find(|column| column.name == name);
    let figures = figures.into_iter().filter_map(|(name, values)| Some((column(&name)?, values))).collect();
    let has = |cell: &Graph, from, to| u32::from(cell.has(from, to)) << (from + to * (to - 1) / 2);
    let edges = cells.iter().map(|cell| (1..cell.vertices()).flat_map(|to| (0..to).map(move |from| has(cell, from, to))).sum());
    let digit = |cell: &Graph, vertex| VertexOperator::ALL.iter().position(|operator| *operator == cell.operator(vertex));
    let digits = |cell: &Graph| (1..cell.vertices() - 1).filter_map(|vertex| digit(cell, vertex)).map(|digit| digit.to_string()).collect();
    let vertices = cells.iter().map(|cell| cell.vertices() as u32).collect();
    let columns = identity(vertices, edges.collect(), cells.iter().map(digits).collect(), fractions);
    Ok(Records { architectures: cells, rows, figures, columns, ignored: Vec::new() })
}

/// The mean of a quantity over the runs of each cell.
fn means(trainings: &Trainings, quantity: usize) -> Vec<f64> {
    trainings.iter().map(|runs| runs.iter().map(|run| run[quantity]).sum::<f64>() / runs.len() as f64).collect()
}

/// The digits of the operators. A cell of two vertices has no inner vertex, so its text is empty.
fn digits(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Missing => Some(String::new()),
        Cell::Text(text) => text.bytes().all(|digit| (b'0'..=b'2').contains(&digit)).then(|| text.clone()),
        Cell::Number(_) => None,
    }
}
