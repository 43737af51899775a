//! `nas-bench-201`: 15,625 cells trained on three datasets (Dong & Yang, ICLR 2020; Dong et al., TPAMI 2021).
//!
//! The table holds, by cell, `test_*`, `valid_*`, … (NATS-Bench topology v1.0), `v11_*` (NAS-Bench-201 v1.1), `v10_*` and
//! the 12-epoch schedules of each, as far as they were imported, and HW-NAS-Bench's latencies and energies (`hw_*`).
//! About one cell in six differs between v1.0 and v1.1, so a benchmark answers for one training only.

mod columns;
mod hardware;

use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Supply};
use assay_core::plugin::{Benchmark, SearchSpace};
use assay_core::{register, settings};
use assay_spaces::nas_bench_201::NasBench201;

use crate::parts::lookup::{Chosen, TablePath, WholeSpace};
use crate::parts::official;
use crate::parts::table::{Layout, RawTable, keep};

/// The benchmark's name in experiment files.
pub(crate) const NAME: &str = "nas-bench-201";

const BY_HAND: &str = "its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand one of\n  \
     NATS-tss-v1_0-3ffb9-simple.tar (NATS-Bench topology v1.0, linked from https://github.com/D-X-Y/NATS-Bench), and unpack it\n  \
     NAS-Bench-201-v1_1-096897.pth (NAS-Bench-201 v1.1, linked from https://github.com/D-X-Y/NAS-Bench-201)\n\
     and import it: assay benchmark import nas-bench-201 NATS-tss-v1_0-3ffb9-simple\n\
     (an import adds its columns to those of earlier imports)";

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report, all of one training: test_* or valid_* (NATS-Bench v1.0), v11_* (v1.1), ep12_* (12 epochs), …
        targets: Vec<String> = official::test_accuracies();
        /// latencies, energies and times to report, of which less is better: hw_edgegpu_latency_cifar10, nats_ep12_cost_s_cifar10, …
        costs: Vec<String> = Vec::new();
    }
}

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of all 15,625 NAS-Bench-201 cells (Dong & Yang, ICLR 2020)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets, costs }| {
        Ok(Box::new(WholeSpace::new(&LAYOUT, Chosen { path, targets, costs }, &[columns::COMMON_RUNS])?))
    },
    importer: Importer {
        reads: "<table.csv, NAS-Bench-201-v1_1-096897.pth, NATS-tss-v1_0-3ffb9-simple or HW-NAS-Bench-v1_0.pickle>",
        extension: "parquet",
        import,
        supply: Supply::ByHand(BY_HAND),
    },
}

/// Cells of the space: five operators on each of six edges.
pub(crate) const CELLS: usize = 5_usize.pow(6);

/// The space whose cells these are.
pub(crate) fn space() -> &'static dyn SearchSpace {
    static SPACE: LazyLock<NasBench201> = LazyLock::new(NasBench201::new);
    &*SPACE
}

pub(crate) static LAYOUT: Layout = Layout {
    name: NAME,
    title: "NAS-Bench-201 accuracies",
    count: CELLS,
    is_numbered: true,
    space,
    example: "a cell string such as |nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|",
    columns: columns::columns,
};

/// Checks a table (CSV or parquet), an official torch file, NATS-Bench's folder or pickle of the topology space, or the
/// pickle or a CSV file of HW-NAS-Bench, and keeps it in the file `into`. Columns of an earlier import that this one does not have stay.
///
/// # Errors
/// If it is not complete and correct, or cannot be stored; `into` is then untouched.
fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    if let Some(form) = official::form(source)? {
        let release = match (form, official::name_contains(source, "v1_0"), official::name_contains(source, "v1_1")) {
            (official::Form::Torch(_), true, false) => columns::VERSION_1_0,
            (official::Form::Torch(_), false, true) => columns::VERSION_1_1,
            (official::Form::Torch(_), ..) => {
                let problem = "the file's name does not say which release of NAS-Bench-201 it is; give it its official name, \
                               NAS-Bench-201-v1_1-096897.pth or NAS-Bench-201-v1_0-e61699.pth";
                return Err(ImportError::Unreadable { file: source.to_owned(), problem: problem.into() });
            }
            _ => columns::NATS_BENCH,
        };
        return official::import(source, form, &release, &LAYOUT, into, report);
    }
    if official::is_pickle(source)? {
        return keep(&hardware::pickled::read(source)?, &LAYOUT, into, report);
    }
    let mut table = RawTable::read(source, &["index"], &|name| LAYOUT.knows(name) || hardware::knows(name))?;
    if hardware::is_it(&table) {
        table = hardware::translate(table)?;
    }
    table.require(&["index", "arch"])?;
    keep(&table, &LAYOUT, into, report)
}
