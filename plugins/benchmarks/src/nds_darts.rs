//! `nds-darts`: genotypes of DARTS's space from "On Network Design Spaces for Visual Recognition" (Radosavovic et al., ICCV 2019), trained
//! with one width and one depth: the file `DARTS_fix-w-d.json` (CIFAR-10), or `DARTS_fix-w-d_in.json` (ImageNet).
//!
//! The file is a list of trainings, or has two lists, `top` and `mid`. Of each `net.genotype` says what was trained, `net.width` and
//! `net.depth` how wide and deep it was, and `test_ep_top1` the test errors after the epochs in per cent. The layout is that of published
//! code which reads these files; the files themselves were never seen by this project. What is kept is 100 less the error after the last
//! epoch, and less the smallest, which is also there as `min_test_top1`; of several trainings of a genotype, the mean. Inputs of a node
//! were drawn by themselves: an experiment needs `inputs = "free"` in its `[space]`. A table with `arch` and these columns is read too.

use std::path::Path;
use std::sync::LazyLock;

use assay_core::plugin::Benchmark;
use assay_core::plugin::import::{ImportError, Imported, Importer, Report, Supply};
use assay_core::{register, settings};
use assay_spaces::darts::{Darts, Inputs};
use serde_json::Value;

use crate::parts::lookup::{AnyOfSpace, TablePath};
use crate::parts::results::{Results, json};
use crate::parts::table::{Column, Content, Held, Layout};

/// The benchmark's name in experiment files.
const NAME: &str = "nds-darts";

settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    struct Given {
        with table: TablePath;
        /// the accuracies to report: test_top1 after the last epoch, or best_test_top1
        targets: Option<Vec<String>>, otherwise "test_top1";
        /// numbers to report of which less is better: params_m, flops_m
        costs: Vec<String> = Vec::new();
    }
}

const BY_HAND: &str = "its official files are in one archive. Download by hand the data linked from https://github.com/facebookresearch/nds, \
     and unpack it;\nthen import the file of networks of one width and depth: assay benchmark import nds-darts DARTS_fix-w-d.json";

register! {
    dyn Benchmark,
    name: NAME,
    summary: "recorded accuracies of random DARTS genotypes of one width and depth (NDS, Radosavovic et al., ICCV 2019)",
    settings: Given,
    build: |Given { table: TablePath { path }, targets, costs }| {
        Ok(Box::new(AnyOfSpace::new(&LAYOUT, path, (targets, costs), &["test_top1"])?))
    },
    importer: Importer { reads: "<DARTS_fix-w-d.json or table.csv>", extension: "parquet", import, supply: Supply::ByHand(BY_HAND) },
}

static SPACE: LazyLock<Darts> = LazyLock::new(|| Darts::new().inputs(Inputs::Free));

static LAYOUT: Layout = Layout {
    name: NAME,
    title: "accuracies of DARTS genotypes in NDS",
    // Nobody has all genotypes.
    count: usize::MAX,
    is_numbered: false,
    space: || &*SPACE,
    example: "a genotype as DARTS writes it, Genotype(normal=[('sep_conv_3x3', 1), …], …),",
    columns,
};

fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        vec![
            Column::new("arch", Content::Architecture),
            Column::new("test_top1", Content::Accuracy { training: "NDS, last epoch", title: "test".into() }),
            Column::new("best_test_top1", Content::Accuracy { training: "NDS, best epoch", title: "test, best epoch".into() }),
            Column::new("params_m", Content::Cost { title: "parameters".into(), unit: "M", source: None }),
            Column::new("flops_m", Content::Cost { title: "multiply-adds".into(), unit: "M", source: None }),
        ]
    });
    &COLUMNS
}

fn import(source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let Some(file) = json(source)? else { return Held::read(source, &LAYOUT)?.keep(&LAYOUT, into, report) };
    let mut results = Results::new(source, &LAYOUT);
    for (place, training) in trainings(&file) {
        let net = &training["net"];
        results.same(&place, "width", &net["width"])?;
        results.same(&place, "depth", &net["depth"])?;
        let errors: Option<Vec<f64>> = training["test_ep_top1"].as_array().map(|errors| errors.iter().filter_map(Value::as_f64).collect());
        let last = errors.as_ref().and_then(|errors| errors.last().copied());
        let least = training["min_test_top1"].as_f64().or_else(|| errors.and_then(|errors| errors.into_iter().reduce(f64::min)));
        let numbers = [
            last.map(|error| 100.0 - error),
            least.map(|error| 100.0 - error),
            training["params"].as_f64().map(millions),
            training["flops"].as_f64().map(millions),
        ];
        results.add(&place, &net["genotype"], numbers)?;
    }
    results.keep(into, report)
}

fn millions(number: f64) -> f64 {
    number / 1e6
}

/// The trainings, each with where it is.
fn trainings(file: &Value) -> Vec<(String, &Value)> {
    match file {
        Value::Array(_) => numbered("", file),
        _ => [("top ", &file["top"]), ("mid ", &file["mid"])].into_iter().flat_map(|(name, list)| numbered(name, list)).collect(),
    }
}

fn numbered<'v>(name: &str, list: &'v Value) -> Vec<(String, &'v Value)> {
    let items = list.as_array().into_iter().flatten().enumerate();
    items.map(|(number, training)| (format!("{name}training {number}"), training)).collect()
}
