//! `analog-nas-bench`: an independent training of all 15,625 NAS-Bench-201 cells on CIFAR-10, and what is left of their
//! accuracy on analog hardware (AnalogNAS-Bench; the PyPI package `analog-nasbench`).
//!
//! Its file `data.anb` is a pickle of objects with one attribute a figure, by NASLib's six numbers for a cell. The names
//! of the columns are the package's.

use std::path::Path;
use std::sync::LazyLock;

use assay_core::data::read_file;
use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Source, Supply};
use assay_core::{register, settings};
use assay_pickle::{Document, Value};

use crate::nas_bench_201::{CELLS, space};
use crate::parts::lookup::{Chosen, TablePath, WholeSpace};
use crate::parts::table::{Cell, Column, Content, Layout, RawTable, keep};
use assay_spaces::nas_bench_201::naslib_cell;

/// The benchmark's name in experiment files.
pub(crate) const NAME: &str = "analog-nas-bench";

const DIGITAL: &str = "AnalogNAS-Bench 0.1.3, digital training";
const ANALOG: &str = "AnalogNAS-Bench 0.1.3, simulated analog hardware";

/// The figures, how they came about, and names for people.
const FIGURES: [(&str, &str, &str); 13] = [
    ("baseline_accuracy", DIGITAL, "CIFAR-10"),
    ("ptq_accuracy", DIGITAL, "CIFAR-10, quantised after training"),
    ("qat_accuracy", DIGITAL, "CIFAR-10, trained with quantisation"),
    ("noisy_accuracy", ANALOG, "CIFAR-10, trained without noise and run with it"),
    ("analog_accuracy", ANALOG, "CIFAR-10, trained for analog hardware"),
    ("baseline_drift_60", ANALOG, "CIFAR-10, baseline after a minute of drift"),
    ("baseline_drift_3600", ANALOG, "CIFAR-10, baseline after an hour of drift"),
    ("baseline_drift_86400", ANALOG, "CIFAR-10, baseline after a day of drift"),
    ("baseline_drift_2592000", ANALOG, "CIFAR-10, baseline after 30 days of drift"),
    ("analog_drift_60", ANALOG, "CIFAR-10, trained for analog hardware, after a minute of drift"),
    ("analog_drift_3600", ANALOG, "CIFAR-10, trained for analog hardware, after an hour of drift"),
    ("analog_drift_86400", ANALOG, "CIFAR-10, trained for analog hardware, after a day of drift"),
    ("analog_drift_2592000", ANALOG, "CIFAR-10, trained for analog hardware, after 30 days of drift"),
];

/// Many more figures than an architecture has.
const MOST_FIGURES: usize = 1000;

/// The package's classes: an architecture's figures, and a mean with its uncertainty.
const CLASSES: [&str; 2] = ["analognasbench.data.Architecture", "analognasbench.data.DriftMeasurement"];

const PACKAGE: Source = Source::PythonPackage {
    package: "analog-nasbench==0.1.3",
    wheel: "analog_nasbench-0.1.3-py3-none-any.whl",
    sha256: "f7d4e56e416d249d25555b867a6d7c72886fa9d85a49bd1870708acbf5ee6fe2",
    member: "analognasbench/data.anb",
};

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report: baseline_accuracy, ptq_accuracy and qat_accuracy, or those on analog hardware
        targets: Vec<String> = vec!["baseline_accuracy".into()];
    }
}

register! {
    dyn Benchmark,
    name: NAME,
    summary: "an independent training of all 15,625 NAS-Bench-201 cells on CIFAR-10, digital and analog (AnalogNAS-Bench)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets }| {
        Ok(Box::new(WholeSpace::new(&LAYOUT, Chosen { path, targets, costs: Vec::new() }, &[])?))
    },
    importer: Importer { reads: "<data.anb or table.csv>", extension: "parquet", import, supply: Supply::Fetched(&[PACKAGE]) },
}

pub(crate) static LAYOUT: Layout = Layout {
    name: NAME,
    title: "CIFAR-10 accuracies of NAS-Bench-201's cells",
    count: CELLS,
    is_numbered: false,
    space,
    example: "a cell string such as |nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|",
    columns,
};

fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let first = [Column::new("index", Content::Index), Column::new("arch", Content::Architecture)];
        let figure =
            |(name, training, title): (&str, &'static str, &str)| Column::new(name, Content::Accuracy { training, title: title.into() });
        first.into_iter().chain(FIGURES.map(figure)).collect()
    });
    &COLUMNS
}

/// Checks the package's `data.anb`, or a table (CSV or parquet), and keeps it in the file `into`.
///
/// # Errors
/// If it is not complete and correct, or cannot be stored; `into` is then untouched.
fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: source.to_owned(), problem };
    let bytes = read_file(source).map_err(|error| unreadable(error.to_string()))?;
    if !bytes.starts_with(b"\x80") {
        return keep(&RawTable::of(source, &LAYOUT)?, &LAYOUT, into, report);
    }
    let document = Document::read(&bytes, &CLASSES).map_err(|error| unreadable(error.to_string()))?;
    let entries = document.root().entries().ok_or_else(|| unreadable("it is not a dictionary of architectures".into()))?;
    let mut columns = vec!["index", "arch"];
    columns.extend(FIGURES.map(|(name, ..)| name));
    let mut cells = vec![Vec::new(); columns.len()];
    let mut names: Vec<String> = Vec::new();
    for (key, figures) in entries {
        let numbers: Option<Vec<i64>> = key.items().and_then(|items| items.map(Value::integer).collect());
        let text = numbers.and_then(|numbers| naslib_cell(numbers.try_into().ok()?));
        let text = text.ok_or_else(|| unreadable(format!("entry {} is not under six numbers from 0 to 4", names.len())))?;
        // Objects may share their figures, which are looked through for each.
        if figures.entries().is_some_and(|mut figures| figures.nth(MOST_FIGURES).is_some()) {
            return Err(unreadable(format!("entry {} has more than {MOST_FIGURES} figures", names.len())));
        }
        // The package does not number architectures: they are kept in the order of their keys.
        cells[0].push(LAYOUT.key(&text).map_or(Cell::Missing, |key| Cell::Number(key as f64)));
        for ((name, ..), column) in FIGURES.iter().zip(&mut cells[2..]) {
            let figure = figures.get(name).and_then(|figure| figure.number().or_else(|| figure.get("value")?.number()));
            column.push(figure.map_or(Cell::Missing, Cell::Number));
        }
        names.push(text.clone());
        cells[1].push(Cell::Text(text));
    }
    keep(&RawTable::of_entries(source, &columns, names, cells), &LAYOUT, into, report)
}
