//! `transnas-bench-101-macro`: 3,256 networks trained for seven tasks (Duan et al., CVPR 2021). An architecture is `64-1234-basic`.
//!
//! A table may have any of them, and any of the [columns](crate::parts::transnas_bench_101).

use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Supply};
use assay_core::register;
use assay_spaces::transnas_bench_101_macro::Macro;

use crate::parts::table::Layout;
use crate::parts::transnas_bench_101::{self as transnas, BY_HAND, Given, READS};

/// The benchmark's name in experiment files.
const NAME: &str = "transnas-bench-101-macro";

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of TransNAS-Bench-101's 3,256 networks on seven tasks (Duan et al., CVPR 2021)",
    settings: Given,
    build: |given| Ok(Box::new(transnas::benchmark(&LAYOUT, given)?)),
    importer: Importer { reads: READS, extension: "parquet", import, supply: Supply::ByHand(BY_HAND) },
}

static SPACE: LazyLock<Macro> = LazyLock::new(Macro::new);

static LAYOUT: Layout = Layout {
    name: NAME,
    title: "accuracies of TransNAS-Bench-101's networks",
    count: 3_256,
    is_numbered: false,
    space: || &*SPACE,
    example: "a network such as 64-1234-basic,",
    columns: transnas::columns,
};

fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    transnas::import(&LAYOUT, source, into, report)
}
