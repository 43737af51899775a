//! `nas-bench-301`: genotypes of DARTS's space that the surrogates of NAS-Bench-301 were made from (Zela et al., ICLR 2022), trained on
//! CIFAR-10.
//!
//! A training is a JSON file: `optimized_hyperparamater_config` says which architecture it is, and among much else of how many `layers`
//! and `init_channels`; `budget` for how many epochs it was trained; `info` in its first entry the `val_accuracy`, and `test_accuracy`
//! the other, both in per cent. The source is such a file, or a folder in which, at any depth, files that end with `.json` are such. The
//! layout is that of the benchmark's published code; the files themselves were never seen by this project. Trainings have to be of one
//! budget and size; of several of a genotype the mean is kept. A table with `arch` and these columns is read too. There is no surrogate.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Progress, Report, Supply};
use assay_core::{register, settings};
use assay_spaces::darts::Darts;

use crate::parts::lookup::{AnyOfSpace, TablePath};
use crate::parts::results::{Results, json};
use crate::parts::table::{Column, Content, Held, Layout};

/// The benchmark's name in experiment files.
const NAME: &str = "nas-bench-301";

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report: valid_cifar10, test_cifar10
        targets: Option<Vec<String>>, otherwise "valid_cifar10";
        /// numbers to report of which less is better: runtime_s, params_m
        costs: Vec<String> = Vec::new();
    }
}

const BY_HAND: &str = "its trainings are in an archive. Download by hand nasbench_301_data (linked as the dataset from \
     https://github.com/automl/nasbench301), and unpack it;\nthen import a folder of trainings of one size: assay benchmark import \
     nas-bench-301 nb_301_v13/rs";

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of DARTS genotypes on CIFAR-10 (NAS-Bench-301's trainings, Zela et al., ICLR 2022)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets, costs }| {
        Ok(Box::new(AnyOfSpace::new(&LAYOUT, path, (targets, costs), &["valid_cifar10"])?))
    },
    importer: Importer {
        reads: "<folder of results_*.json, one of them, or table.csv>",
        extension: "parquet",
        import,
        supply: Supply::ByHand(BY_HAND),
    },
}

static SPACE: LazyLock<Darts> = LazyLock::new(Darts::new);

static LAYOUT: Layout = Layout {
    name: NAME,
    title: "accuracies of NAS-Bench-301's trainings",
    // Nobody has all genotypes.
    count: usize::MAX,
    is_numbered: false,
    space: || &*SPACE,
    example: "a genotype as DARTS writes it, Genotype(normal=[('sep_conv_3x3', 1), …], …),",
    columns,
};

fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let training = "NAS-Bench-301's data";
        vec![
            Column::new("arch", Content::Architecture),
            Column::new("valid_cifar10", Content::Accuracy { training, title: "CIFAR-10 validation".into() }),
            Column::new("test_cifar10", Content::Accuracy { training, title: "CIFAR-10".into() }),
            Column::new("runtime_s", Content::Cost { title: "training".into(), unit: "GPU s", source: None }),
            Column::new("params_m", Content::Cost { title: "parameters".into(), unit: "M", source: None }),
        ]
    });
    &COLUMNS
}

/// What the configuration's keys begin with.
const KEY: &str = "NetworkSelectorDatasetInfo:darts:";

fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let files = if source.is_dir() { files(source)? } else { vec![source.to_owned()] };
    let mut results = Results::new(source, &LAYOUT);
    for (done, file) in files.iter().enumerate() {
        let progress = Progress::Reading { unit: "trainings", done: done as u64, total: files.len() as u64 };
        if report(progress).is_break() {
            return Err(ImportError::Stopped);
        }
        let Some(training) = json(file)? else {
            return Held::read(file, &LAYOUT)?.keep(&LAYOUT, into, report);
        };
        let place = file.strip_prefix(source).ok().filter(|path| path.file_name().is_some()).unwrap_or(file).display().to_string();
        let configuration = &training["optimized_hyperparamater_config"];
        results.same(&place, "number of epochs", &training["budget"])?;
        results.same(&place, "number of layers", &configuration[format!("{KEY}layers")])?;
        results.same(&place, "number of channels", &configuration[format!("{KEY}init_channels")])?;
        let info = &training["info"][0];
        let numbers = [
            info["val_accuracy"].as_f64(),
            training["test_accuracy"].as_f64(),
            training["runtime"].as_f64(),
            info["model_parameters"].as_f64().map(|count| count / 1e6),
        ];
        results.add(&place, configuration, numbers)?;
    }
    results.keep(into, report)
}

/// The JSON files in a folder and in those below it, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let unreadable = |problem: String| ImportError::Unreadable { file: folder.to_owned(), problem };
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(error.to_string()))? {
            let entry = entry.map_err(|error| unreadable(error.to_string()))?;
            // A link is not followed: it may lead back.
            let kind = entry.file_type().map_err(|error| unreadable(error.to_string()))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && entry.path().extension().is_some_and(|extension| extension == "json") {
                found.push(entry.path());
            }
        }
    }
    if found.is_empty() {
        return Err(unreadable("the folder holds no file that ends with .json".into()));
    }
    found.sort_unstable();
    Ok(found)
}
