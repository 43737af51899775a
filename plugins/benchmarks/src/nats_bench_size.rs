//! `nats-bench-size`: 32,768 networks of five widths, 8 to 64 channels, trained on three datasets (Dong et al., TPAMI
//! 2021). An architecture is its channels: `64:64:64:64:64`.

use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Supply};
use assay_core::{register, settings};
use assay_spaces::nats_bench_size::NatsBenchSize;

use crate::parts::lookup::{Chosen, TablePath, WholeSpace};
use crate::parts::official::{self, Release, Schedule};
use crate::parts::table::{Column, Content, Layout, RawTable, keep};

/// The benchmark's name in experiment files.
pub(crate) const NAME: &str = "nats-bench-size";

/// The folder `NATS-sss-v1_0-50262-simple`.
const RELEASE: Release = Release {
    title: "NATS-Bench size v1.0",
    schedules: &[
        Schedule { key: "90", prefix: "", training: "NATS-Bench size v1.0, 90 epochs, mean over trials" },
        Schedule { key: "12", prefix: "ep12_", training: "NATS-Bench size v1.0, 12 epochs, mean over trials" },
        Schedule { key: "01", prefix: "ep01_", training: "NATS-Bench size v1.0, 1 epoch, mean over trials" },
    ],
};

const BY_HAND: &str = "its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand\n  \
     NATS-sss-v1_0-50262-simple.tar (linked from https://github.com/D-X-Y/NATS-Bench), and unpack it;\n\
     then import it: assay benchmark import nats-bench-size NATS-sss-v1_0-50262-simple";

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report, all of one training: test_*, valid_* (90 epochs), ep12_* or ep01_*
        targets: Vec<String> = official::test_accuracies();
        /// times to report, of which less is better: cost_s_cifar10, ep12_epoch_s_cifar100, …
        costs: Vec<String> = Vec::new();
    }
}

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of all 32,768 networks of NATS-Bench's size space (Dong et al., TPAMI 2021)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets, costs }| {
        Ok(Box::new(WholeSpace::new(&LAYOUT, Chosen { path, targets, costs }, &[])?))
    },
    importer: Importer { reads: "<NATS-sss-v1_0-50262-simple or table.csv>", extension: "parquet", import, supply: Supply::ByHand(BY_HAND) },
}

static SPACE: LazyLock<NatsBenchSize> = LazyLock::new(NatsBenchSize::new);

pub(crate) static LAYOUT: Layout = Layout {
    name: NAME,
    title: "NATS-Bench size accuracies",
    count: 32_768,
    is_numbered: true,
    space: || &*SPACE,
    example: "five widths such as 64:64:64:64:64, each 8, 16, …, 64,",
    columns,
};

fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let first = [Column::new("index", Content::Index), Column::new("arch", Content::Architecture)];
        first.into_iter().chain(RELEASE.columns()).collect()
    });
    &COLUMNS
}

/// Checks the official folder or pickle, or a table (CSV or parquet), and keeps it in the file `into`. Columns of an earlier
/// import that this one does not have stay.
///
/// # Errors
/// If it is not complete and correct, or cannot be stored; `into` is then untouched.
fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    match official::form(source)? {
        Some(form) => official::import(source, form, &RELEASE, &LAYOUT, into, report),
        None => keep(&RawTable::of(source, &LAYOUT)?, &LAYOUT, into, report),
    }
}
