//! Writing a checked table.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use assay_core::plugin::import::{ImportError, Imported, Report};
use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter};

use super::lock::Lock;
use super::seal::seal;
use super::{Checked, Layout, RawTable};

/// Checks a table and keeps it in the file `into`. Columns that the file has and the table does not have stay. While another
/// import writes that file, this one waits.
pub(crate) fn keep(table: &RawTable, layout: &Layout, into: &Path, report: &mut Report<'_>) -> Result<Imported, ImportError> {
    let mut checked = Checked::of(table, layout)?;
    let mut kept = Vec::new();
    // Until the table is written: what another import adds meanwhile would be lost.
    let _lock = Lock::of(into, report)?;
    if into.exists() {
        let unfit = |problem: String| ImportError::Earlier { file: into.to_owned(), problem };
        let earlier = Checked::read(into, layout).map_err(|error| unfit(error.to_string()))?;
        kept = checked.keep(earlier, layout).map_err(unfit)?;
    }
    let ignored = checked.ignored.clone();
    let columns = checked.names().map(str::to_owned).collect();
    let architectures = checked.keys.len();
    let stored = |problem: String| ImportError::Store { file: into.to_owned(), problem };
    let mut frame = checked.frame().map_err(|error| stored(error.to_string()))?;
    let bytes = store(into, |sink| encode(&mut frame, sink))?;
    Ok(Imported { benchmark: layout.name, file: into.to_owned(), bytes, architectures, columns, kept, ignored, left_out: Vec::new() })
}

/// Writes a data frame as parquet with a checksum; the same frame gives the same bytes.
pub(crate) fn encode(frame: &mut DataFrame, sink: &mut dyn Write) -> io::Result<()> {
    let mut file = Vec::new();
    let writer = ParquetWriter::new(&mut file).with_compression(ParquetCompression::Zstd(None)).set_parallel(false);
    writer.finish(frame).map_err(io::Error::other)?;
    sink.write_all(&seal(file))
}

/// Writes `into` whole or not at all. Gives the file's size.
pub(crate) fn store(into: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<u64, ImportError> {
    let folder = into.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fill = |file: &mut File| {
        write(file)?;
        Ok(file.metadata()?.len())
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| assay_whole_file::write_with(into, fill));
    written.map_err(|error| ImportError::Store { file: into.to_owned(), problem: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_leaves_what_was_there_before_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("table.parquet");
        std::fs::write(&target, b"before").unwrap();
        let error = store(&target, |sink| {
            sink.write_all(b"half of")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        let message = error.to_string().replace(&folder.path().display().to_string(), "DATA");
        insta::assert_snapshot!(message, @"cannot write DATA/table.parquet: no storage space");
        assert_eq!(std::fs::read(&target).unwrap(), b"before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("benchmarks"), b"a file, not a folder").unwrap();
        let error = store(&folder.path().join("benchmarks/table.parquet"), |_| Ok(())).unwrap_err();
        assert!(matches!(&error, ImportError::Store { .. }), "{error}");
        assert!(error.to_string().contains("benchmarks/table.parquet"), "{error}");
    }
}
