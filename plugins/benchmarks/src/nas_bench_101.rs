//! `nas-bench-101`: 423,624 cells trained on CIFAR-10 (Ying et al., ICML 2019).
//!
//! The table has a row a cell: `index`, `n_vertices`, `adj_bits` (the edge from x to y is bit x + y(y − 1)/2), `ops` (a digit
//! an inner vertex: 0 3×3 convolution, 1 1×1 convolution, 2 maximum), `test_acc_mean108` (the mean test accuracy after 108
//! epochs, as a fraction) and, if the user's copy has it, `params`. A cell is found whatever the numbering of its vertices.

use std::path::Path;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Importer, Supply};
use assay_core::register;
use assay_spaces::nas_bench_101::{Cell as Graph, VertexOperator};
use polars::prelude::Column as Series;

use crate::parts::lookup::{self, Records, Sample, SomeOfSpace, TablePath, rows};
use crate::parts::table::{Cell, RawTable};

register! {
    dyn Benchmark,
    name: NasBench101::NAME,
    summary: "recorded accuracies of 423,624 NAS-Bench-101 cells on CIFAR-10 (Ying et al., ICML 2019)",
    settings: TablePath,
    build: |table| Ok(Box::new(SomeOfSpace::<NasBench101>::new(table))),
    importer: Importer { reads: "<nb101_compact.csv.gz>", extension: "parquet", import: lookup::import::<NasBench101>, supply: Supply::OwnCopy },
}

const VERTICES: &str = "n_vertices";
const EDGES: &str = "adj_bits";
const OPERATORS: &str = "ops";
const ACCURACY: &str = "test_acc_mean108";
const COLUMNS: [&str; 4] = [VERTICES, EDGES, OPERATORS, ACCURACY];
/// What a table may have beside them.
const FURTHER: [&str; 2] = ["index", "params"];

/// The table.
#[derive(Debug)]
pub(crate) struct NasBench101;

impl Sample for NasBench101 {
    type Architecture = Graph;
    type Key = u64;

    const NAME: &'static str = "nas-bench-101";
    const DESCRIPTION: &'static str = "NAS-Bench-101 accuracies, CIFAR-10 test, 108 epochs, mean of three runs, 423,624 architectures";
    const TARGET: (&'static str, &'static str) = ("test_cifar10", "CIFAR-10");
    const COUNT: usize = 423_624;

    fn read(file: &Path) -> Result<Records<Graph, u64>, ImportError> {
        let table = RawTable::read(file, &COLUMNS, &|name| COLUMNS.contains(&name))?;
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
        let percent = fractions.iter().map(|fraction| fraction * 100.0).collect();
        let vertices: Vec<u32> = vertices.iter().map(|count| *count as u32).collect();
        let columns = vec![
            Series::new(VERTICES.into(), vertices),
            Series::new(EDGES.into(), edges),
            Series::new(OPERATORS.into(), operators),
            Series::new(ACCURACY.into(), fractions),
        ];
        let ignored = table.unknown.iter().filter(|name| !FURTHER.contains(&name.as_str())).cloned().collect();
        Ok(Records { architectures, rows, percent, columns, ignored })
    }

    fn parse(text: &str) -> Option<Graph> {
        text.parse().ok()
    }

    fn key(architecture: &Graph) -> u64 {
        architecture.canonical().key()
    }
}

/// The digits of the operators. A cell of two vertices has no inner vertex, so its text is empty.
fn digits(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Missing => Some(String::new()),
        Cell::Text(text) => text.bytes().all(|digit| (b'0'..=b'2').contains(&digit)).then(|| text.clone()),
        Cell::Number(_) => None,
    }
}
