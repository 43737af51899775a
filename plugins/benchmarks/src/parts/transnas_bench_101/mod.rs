//! What the tables of the two spaces of TransNAS-Bench-101 share: their columns, and the official file.
//!
//! A column is a task and what is recorded of it, as the benchmark calls them: `class_scene_test_top1`, `jigsaw_valid_top5`,
//! `segmentsemantic_test_mIoU`, `normal_test_ssim`, `room_layout_test_loss`, `class_object_model_params`. Those of trainings are, as the
//! benchmark's own code answers unless it is told otherwise, of the best epoch by that very number: the largest accuracy, the smallest
//! loss. With `final_` before their names they are of the last epoch. Accuracies are in per cent, and SSIM is a hundred times what it is
//! there. `room_layout` has losses alone, which are costs: less is better.

mod columns;
mod official;

use std::path::{Path, PathBuf};

use assay_core::plugin::SettingsError;
use assay_core::plugin::import::{ImportError, Imported, Report};

pub(crate) use columns::columns;

use crate::parts::lookup::{AnyOfSpace, TablePath};
use crate::parts::official as files;
use crate::parts::table::{Held, Layout};

/// What an importer reads.
pub(crate) const READS: &str = "<transnas-bench_v10141024.pth or table.csv>";

/// Where the official file is to be had.
pub(crate) const BY_HAND: &str = "its official file is in a shared folder of its authors, which hands it out to a browser only. Download by hand\n  \
     transnas-bench_v10141024.pth (linked from https://github.com/yawen-d/TransNASBench);\n\
     then import it: assay benchmark import transnas-bench-101-micro transnas-bench_v10141024.pth\n\
     A table of your own, with the column `arch` and others such as `class_scene_test_top1`, is imported in the same way.";

/// The accuracies that are reported where nothing was chosen.
const USUAL: [&str; 6] = [
    "class_scene_test_top1",
    "class_object_test_top1",
    "jigsaw_test_top1",
    "segmentsemantic_test_mIoU",
    "normal_test_ssim",
    "autoencoder_test_ssim",
];

assay_core::settings! {
    /// The columns to report, and where the table is.
    #[derive(Clone, Debug)]
    pub(crate) struct Given {
        with table: TablePath;
        /// the accuracies to report: a task and what is recorded of it, as jigsaw_valid_top1; final_* of the last epoch and not the best
        targets: Option<Vec<String>>, otherwise "of each task in the table the test top-1, mIoU or SSIM";
        /// losses, numbers of parameters and times to report, of which less is better: room_layout_test_loss, jigsaw_inference_time, …
        costs: Vec<String> = Vec::new();
    }
}

/// The benchmark of a table with this layout.
pub(crate) fn benchmark(layout: &'static Layout, given: Given) -> Result<AnyOfSpace, SettingsError> {
    let Given { table: TablePath { path }, targets, costs } = given;
    AnyOfSpace::new(layout, path, (targets, costs), &USUAL)
}

/// Checks the official file or a table (CSV or parquet), and keeps what it has of this layout's space in the file `into`, beside what an
/// earlier import left there.
///
/// # Errors
/// If something of it is wrong, or it cannot be stored; `into` is then untouched.
pub(crate) fn import(layout: &'static Layout, source: &Path, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    if source.is_dir() {
        let problem = "it is a folder; give the file transnas-bench_v10141024.pth itself, or a table".into();
        return Err(ImportError::Unreadable { file: PathBuf::from(source), problem });
    }
    let (held, left_out) = match files::form(source)? {
        Some(form) => {
            let (table, left_out) = official::read(source, form, layout, report)?;
            (Held::of(&table, layout)?, left_out)
        }
        None => (Held::read(source, layout)?, Vec::new()),
    };
    Ok(Imported { left_out, ..held.keep(layout, into, report)? })
}
