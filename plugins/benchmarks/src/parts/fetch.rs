//! Fetching ground truth that a registry offers.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_core::plugin::import::{Imported, Importer, import};
pub use assay_fetch::{FetchError, Progress, Report};
use assay_fetch::{Package, Registry, make_folder, pack, put, staging, tell};

use crate::{analog_nas_bench, nas_bench_201, nats_bench_size};

/// The wheel is a zip archive; its code is not run.
const ANALOG_NASBENCH: Package = Package {
    registry: Registry::Pip,
    name: "analog-nasbench==0.1.3",
    archive: "analog_nasbench-0.1.3-py3-none-any.whl",
    sha256: "f7d4e56e416d249d25555b867a6d7c72886fa9d85a49bd1870708acbf5ee6fe2",
};

/// The file of the wheel that holds the table.
const ANALOG_DATA: &str = "analognasbench/data.anb";

/// What must be downloaded by hand.
const BY_HAND: &[(&str, &str)] = &[
    (
        nas_bench_201::NAME,
        "its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand one of\n  \
         NATS-tss-v1_0-3ffb9-simple.tar (NATS-Bench topology v1.0, linked from https://github.com/D-X-Y/NATS-Bench), and unpack it\n  \
         NAS-Bench-201-v1_1-096897.pth (NAS-Bench-201 v1.1, linked from https://github.com/D-X-Y/NAS-Bench-201)\n\
         and import it: assay benchmark import nas-bench-201 NATS-tss-v1_0-3ffb9-simple\n\
         (an import adds its columns to those of earlier imports)",
    ),
    (
        nats_bench_size::NAME,
        "its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand\n  \
         NATS-sss-v1_0-50262-simple.tar (linked from https://github.com/D-X-Y/NATS-Bench), and unpack it;\n\
         then import it: assay benchmark import nats-bench-size NATS-sss-v1_0-50262-simple",
    ),
];

/// The benchmarks whose ground truth [`fetch`] can get.
pub fn fetchable() -> impl Iterator<Item = &'static str> {
    std::iter::once(analog_nas_bench::NAME)
}

/// Downloads a benchmark's ground truth and imports it into the data directory.
///
/// `analog-nas-bench` comes from the PyPI package `analog-nasbench` 0.1.3, through `pip download` and the index that the
/// user has configured. No code of the package is run.
///
/// # Errors
/// [`FetchError::NotFetchable`] for other benchmarks, with what to download by hand and how to import it;
/// [`FetchError::NoSource`] if the package cannot be had; [`FetchError::Write`]; [`FetchError::Stopped`].
pub fn fetch(name: &str, data_directory: &Path, report: &mut Report<'_>) -> Result<Imported, FetchError> {
    if name != analog_nas_bench::NAME {
        let by_hand = BY_HAND.iter().find(|(benchmark, _)| *benchmark == name).map(|(_, help)| (*help).to_owned());
        let help = by_hand.unwrap_or_else(|| match Importer::of(name) {
            Ok(importer) => format!("no registry has it; import your copy: assay benchmark import {name} {}", importer.reads),
            Err(_) => format!("only {} can be", fetchable().collect::<Vec<_>>().join(", ")),
        });
        return Err(FetchError::NotFetchable { name: name.to_owned(), help });
    }
    let source = format!("the PyPI package {}", ANALOG_NASBENCH.name);
    tell(report, Progress::Asking { source: &source })?;
    make_folder(data_directory)?;
    let staged = staging(data_directory)?;
    let outcome = pack(&ANALOG_NASBENCH, staged.path(), report).and_then(|wheel: PathBuf| {
        let data = staged.path().join("data.anb");
        put(&data, &member(&wheel, ANALOG_DATA)?)?;
        let mut go_on = |_| std::ops::ControlFlow::Continue(());
        import(name, &data, data_directory, &mut go_on).map_err(|error| FetchError::Source(error.to_string()))
    });
    outcome.map_err(|error| match error {
        FetchError::Source(reason) => FetchError::NoSource {
            name: analog_nas_bench::NAME,
            reasons: format!("\n  {source}: {reason}"),
            remedy: format!(
                "bring {} from another machine, take {ANALOG_DATA} out of it (it is a zip archive), and import that: \
                 assay benchmark import {name} data.anb",
                ANALOG_NASBENCH.archive
            ),
        },
        other => other,
    })
}

/// A member of a zip archive.
fn member(archive: &Path, name: &str) -> Result<Vec<u8>, FetchError> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut archive = zip::ZipArchive::new(File::open(archive)?)?;
        let mut bytes = Vec::new();
        archive.by_name(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| FetchError::Source(format!("{name} cannot be taken out of {}: {error}", archive.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn what_cannot_be_fetched_is_refused_with_the_way_to_get_it() {
        let message = |name: &str| fetch(name, Path::new("nowhere"), &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        insta::assert_snapshot!(message("nas-bench-201"), @"
        `nas-bench-201` cannot be fetched: its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand one of
          NATS-tss-v1_0-3ffb9-simple.tar (NATS-Bench topology v1.0, linked from https://github.com/D-X-Y/NATS-Bench), and unpack it
          NAS-Bench-201-v1_1-096897.pth (NAS-Bench-201 v1.1, linked from https://github.com/D-X-Y/NAS-Bench-201)
        and import it: assay benchmark import nas-bench-201 NATS-tss-v1_0-3ffb9-simple
        (an import adds its columns to those of earlier imports)
        ");
        insta::assert_snapshot!(message("nats-bench-size"), @"
        `nats-bench-size` cannot be fetched: its official files are on Google Drive, which hands files of this size out to a browser only. Download by hand
          NATS-sss-v1_0-50262-simple.tar (linked from https://github.com/D-X-Y/NATS-Bench), and unpack it;
        then import it: assay benchmark import nats-bench-size NATS-sss-v1_0-50262-simple
        ");
        insta::assert_snapshot!(message("nas-bench-301"), @"`nas-bench-301` cannot be fetched: only analog-nas-bench can be");
    }
}
