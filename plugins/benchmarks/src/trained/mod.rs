//! `trained`: accuracies of one's own, of any space and any images.
//!
//! With `train`, a study trains its architectures first, as `[training]` says, and tests them on `[test]`; it leaves a table in its
//! run folder. Without, the accuracies are those of such a table: the imported one, or the one that `path` names. An architecture
//! whose training diverged has no accuracy, and is not among those that a table holds.

mod own;
mod table;

use std::path::PathBuf;

use assay_core::plugin::import::{Importer, Supply};
use assay_core::plugin::{Benchmark, SettingsError, TrainingUse};
use assay_core::register;

use own::Own;

/// The benchmark's name in experiment files.
const NAME: &str = "trained";

register! {
    dyn Benchmark,
    name: NAME,
    summary: "accuracies of one's own, of any space and images: a study trains its architectures, or reads what another one trained",
    settings: Trained,
    build: |trained| Ok(Box::new(trained.made()?)),
    importer: Importer { reads: "<trained.csv of a study>", extension: "parquet", import: table::import, supply: Supply::OwnCopy },
}

assay_core::settings! {
    /// What is trained, or which table is read.
    #[derive(Clone, Debug)]
    pub(crate) struct Trained {
        /// epochs after which the architectures of a study are judged, ascending; they are trained by `[training]` and tested on `[test]`
        train: Option<Vec<f64>>, otherwise "nothing is trained: the accuracies are those of a table";
        /// trainings of each architecture, each by another seed, whose mean counts; several give a noise ceiling
        repeats: Option<usize>, otherwise "1 with `train`", in 1..=1000;
        /// a table that a study left, to use instead of the imported one
        path: Option<PathBuf>, otherwise "what `assay benchmark import` kept";
        /// the columns of accuracies of the table
        targets: Option<Vec<String>>, otherwise "all of them";
    }
}

impl Trained {
    fn made(self) -> Result<Own, SettingsError> {
        let Self { train, repeats, path, targets } = self;
        let uses = train.as_deref().map(|epochs| TrainingUse::all("train", epochs, repeats.unwrap_or(1))).transpose()?;
        let of_table = [("path", path.is_some()), ("targets", targets.is_some())];
        if let Some((key, _)) = of_table.into_iter().find(|(_, given)| *given && uses.is_some()) {
            return Err(SettingsError::new(key, "is of a table, and with `train` the accuracies are made; remove one of them"));
        }
        if repeats.is_some() && uses.is_none() {
            return Err(SettingsError::new("repeats", "goes only with train; a table has as many as were made"));
        }
        Ok(Own::new(uses.unwrap_or_default(), path, targets))
    }
}
