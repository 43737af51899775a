//! A data directory for one test.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use assay_benchmarks as _;
use assay_core::plugin::import::{self, Imported, Progress};
use assay_core::plugin::{Benchmark, Registry, Settings};
use tempfile::TempDir;

pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Imports into this directory; of a failure, the message without the directory's name.
    pub(crate) fn import(&self, benchmark: &str, source: &Path) -> Result<Imported, String> {
        self.import_reporting(benchmark, source, &mut |_| ControlFlow::Continue(()))
    }

    pub(crate) fn import_reporting(
        &self,
        benchmark: &str,
        source: &Path,
        report: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Imported, String> {
        let outcome = import::import(benchmark, source, self.path(), report);
        outcome.map_err(|error| error.to_string().replace(&format!("{}/", self.path().display()), ""))
    }
}

/// The benchmark, reading this table.
pub(crate) fn benchmark(imported: &Imported, targets: &[&str], costs: &[&str]) -> Box<dyn Benchmark> {
    let settings = Settings::none().with("path", imported.file.to_str().unwrap()).with("targets", targets.to_vec());
    let settings = if costs.is_empty() { settings } else { settings.with("costs", costs.to_vec()) };
    Registry::<dyn Benchmark>::collect().unwrap().build(imported.benchmark, &settings).unwrap()
}

pub(crate) fn shared(name: &str) -> PathBuf {
    let shared =
        std::env::var_os("ASSAY_SHARED").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    shared.join(name)
}
