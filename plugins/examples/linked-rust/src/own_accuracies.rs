//! `own-accuracies`: accuracies of networks that the user trained, a line an architecture, `TEXT,PER CENT`.
//!
//! A benchmark and its importer, registered together: `assay benchmark import own-accuracies measured.csv` checks every line
//! and keeps the table in the user's data directory, where the benchmark opens it. `assay benchmark fetch own-accuracies` would
//! download it first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Source, Supply, table_file};
use assay_core::plugin::{Accuracy, Benchmark, BenchmarkError};

const NAME: &str = "own-accuracies";

/// Where the table would be published: an address that nobody has, and the checksum of an empty file.
const PUBLISHED: Source = Source::Address {
    url: "https://tables.invalid/measured.csv",
    file: "measured.csv",
    sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
};

assay_core::settings! {
    /// Where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        /// a table to use instead of the imported one
        path: Option<PathBuf>, otherwise "what `assay benchmark import` kept";
    }
}

assay_core::register! {
    dyn Benchmark,
    name: NAME,
    summary: "accuracies of your own trainings, a line an architecture",
    settings: Given,
    build: |Given { path }| Ok(Box::new(OwnAccuracies { path, table: OnceLock::new() })),
    importer: Importer { reads: "<measured.csv>", extension: "csv", import, supply: Supply::Fetched(&[PUBLISHED]) },
}

/// Accuracies by the text of the architecture.
type Table = BTreeMap<String, f64>;

/// The benchmark; its table is read when it is first needed.
#[derive(Debug)]
pub struct OwnAccuracies {
    path: Option<PathBuf>,
    table: OnceLock<Result<Table, BenchmarkError>>,
}

/// Reads a table, every line of it.
fn read(file: &Path) -> Result<Table, ImportError> {
    let unreadable = |error: std::io::Error| ImportError::Unreadable { file: file.to_owned(), problem: error.to_string() };
    let mut table = Table::new();
    for (number, line) in (1..).zip(fs::read_to_string(file).map_err(unreadable)?.lines()) {
        let wrong = |problem: &str| ImportError::Row { file: file.to_owned(), place: format!("line {number}"), problem: problem.into() };
        let (architecture, percent) =
            line.rsplit_once(',').ok_or_else(|| wrong("an architecture, a comma and an accuracy are expected"))?;
        let percent = percent.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
        let percent = percent.ok_or_else(|| wrong("the accuracy must be a number from 0 to 100"))?;
        if table.insert(architecture.trim().to_owned(), percent).is_some() {
            return Err(wrong("this architecture stands in an earlier line too"));
        }
    }
    Ok(table)
}

fn import(source: &Path, into: &Path, _: &mut Report<'_>) -> Result<Imported, ImportError> {
    let table = read(source)?;
    let text: String = table.iter().map(|(architecture, percent)| format!("{architecture},{percent}\n")).collect();
    let folder = into.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| assay_whole_file::write(into, text.as_bytes()));
    written.map_err(|error| ImportError::Store { file: into.to_owned(), problem: error.to_string() })?;
    Ok(Imported {
        benchmark: NAME,
        file: into.to_owned(),
        bytes: text.len() as u64,
        architectures: table.len(),
        columns: vec!["own".into()],
        kept: Vec::new(),
        ignored: Vec::new(),
        left_out: Vec::new(),
    })
}

impl OwnAccuracies {
    fn table(&self) -> Result<&Table, BenchmarkError> {
        let open = || {
            let file = table_file(NAME, self.path.as_deref())?;
            read(&file).map_err(|error| BenchmarkError::Unreadable(error.to_string()))
        };
        self.table.get_or_init(open).as_ref().map_err(Clone::clone)
    }
}

impl Benchmark for OwnAccuracies {
    fn describe(&self) -> String {
        "own trainings".into()
    }

    fn check(&self) -> Result<(), BenchmarkError> {
        self.table().map(drop)
    }

    fn accuracies(&self, architecture: &str) -> Result<Vec<Accuracy>, BenchmarkError> {
        let percent = self.table()?.get(architecture).copied();
        let percent = percent.ok_or_else(|| BenchmarkError::UnknownArchitecture(architecture.to_owned()))?;
        Ok(vec![Accuracy { target: "own".into(), title: "own trainings".into(), percent }])
    }

    fn architectures(&self) -> Result<Option<Vec<String>>, BenchmarkError> {
        Ok(Some(self.table()?.keys().cloned().collect()))
    }
}
