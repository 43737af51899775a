//! `nas-bench-macro`: 6,561 networks of eight layers trained on CIFAR-10 (Su et al., CVPR 2021). An architecture is a digit
//! a layer: `02012100`.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Supply};
use assay_core::register;
use assay_spaces::nas_bench_macro::NasBenchMacro;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::parts::lookup::{Chosen, TablePath, WholeSpace};
use crate::parts::table::{Cell, Column, Content, Layout, RawTable, content, is_parquet, keep, runs_of, text};

/// The benchmark's name in experiment files.
pub(crate) const NAME: &str = "nas-bench-macro";

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of all 6,561 NAS-Bench-Macro networks on CIFAR-10 (Su et al., CVPR 2021)",
    settings: TablePath,
    build: |TablePath { path }| {
        Ok(Box::new(WholeSpace::new(&LAYOUT, Chosen { path, targets: vec![ACCURACY.into()], costs: Vec::new() }, &[])?))
    },
    importer: Importer { reads: "<nas-bench-macro_cifar10.json or table.csv>", extension: "parquet", import, supply: Supply::OwnCopy },
}

const ACCURACY: &str = "test_cifar10";

static SPACE: LazyLock<NasBenchMacro> = LazyLock::new(NasBenchMacro::new);

pub(crate) static LAYOUT: Layout = Layout {
    name: NAME,
    title: "NAS-Bench-Macro accuracies",
    count: 6_561,
    is_numbered: true,
    space: || &*SPACE,
    example: "eight digits such as 02012100, each 0, 1 or 2,",
    columns,
};

fn columns() -> &'static [Column] {
    const TRAINING: &str = "CIFAR-10, 50 epochs, mean of three runs";
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        vec![
            Column::new("index", Content::Index),
            Column::new("arch", Content::Architecture),
            Column::new(ACCURACY, Content::Accuracy { training: TRAINING, title: "CIFAR-10".into() }),
            Column::new(runs_of(ACCURACY), Content::Runs { training: TRAINING }),
        ]
    });
    &COLUMNS
}

/// Checks the benchmark's JSON file, or a table (CSV or parquet), and keeps it in the file `into`.
///
/// # Errors
/// If it is not complete and correct, or cannot be stored; `into` is then untouched.
fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let bytes = content(source)?;
    let is_json = !is_parquet(&bytes) && text(source, &bytes)?.trim_start().starts_with('{');
    let table = if is_json { published(source, &bytes)? } else { RawTable::of(source, &LAYOUT)? };
    keep(&table, &LAYOUT, into, report)
}

/// The published file: an object a network, under its digits.
fn published(file: &Path, bytes: &[u8]) -> Result<RawTable, ImportError> {
    let malformed = |error: serde_json::Error| ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let entries = json.deserialize_map(Entries).and_then(|entries| json.end().map(|()| entries)).map_err(malformed)?;
    let mut cells = vec![Vec::new(); 4];
    let mut names = Vec::with_capacity(entries.len());
    for (name, network) in entries {
        let Some(index) = LAYOUT.key(&name) else {
            let problem = format!("the name is not a network; {} is expected", LAYOUT.example.trim_end_matches(','));
            return Err(ImportError::Row { file: file.to_owned(), place: format!("entry `{name}`"), problem });
        };
        let runs = match network["test_acc"].as_array() {
            Some(runs) => Cell::Text(runs.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")),
            None => cell(&network["test_acc"]),
        };
        let row = [Cell::Number(index as f64), Cell::Text(name.clone()), cell(&network["mean_acc"]), runs];
        cells.iter_mut().zip(row).for_each(|(column, cell)| column.push(cell));
        names.push(name);
    }
    let columns: Vec<&str> = columns().iter().map(|column| column.name.as_str()).collect();
    Ok(RawTable::of_entries(file, &columns, names, cells))
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Missing,
        Value::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        other => Cell::Text(other.to_string()),
    }
}

/// The entries of an object in the order of the file. Of a repeated name all entries stay, so that it can be refused.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an entry for each network")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
