//! A tarball that is the same to the last byte whenever it is made of the same files.

use std::collections::BTreeMap;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use miette::{IntoDiagnostic, WrapErr};
use sha2::{Digest, Sha256};

/// What goes in, by paths within it.
pub(crate) struct Archive {
    folder: String,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    bytes: Vec<u8>,
    is_program: bool,
}

impl Archive {
    /// An empty one, whose files lie in one folder of this name.
    pub(crate) fn new(folder: &str) -> Self {
        Self { folder: folder.to_owned(), entries: BTreeMap::new() }
    }

    pub(crate) fn bytes(&mut self, path: &str, bytes: Vec<u8>) {
        self.entries.insert(path.to_owned(), Entry { bytes, is_program: false });
    }

    pub(crate) fn text(&mut self, path: &str, text: &str) {
        self.bytes(path, text.as_bytes().to_vec());
    }

    /// A file that can be run.
    pub(crate) fn program(&mut self, path: &str, file: &Path) -> miette::Result<()> {
        let bytes = read(file)?;
        self.entries.insert(path.to_owned(), Entry { bytes, is_program: true });
        Ok(())
    }

    /// A file, or a folder with all that is in it.
    pub(crate) fn path(&mut self, path: &str, from: &Path) -> miette::Result<()> {
        if !from.is_dir() {
            let bytes = read(from)?;
            self.bytes(path, bytes);
            return Ok(());
        }
        let failed = || format!("{} cannot be read", from.display());
        for entry in std::fs::read_dir(from).into_diagnostic().wrap_err_with(failed)? {
            let entry = entry.into_diagnostic().wrap_err_with(failed)?;
            self.path(&format!("{path}/{}", entry.file_name().to_string_lossy()), &entry.path())?;
        }
        Ok(())
    }

    /// Writes it, and gives the SHA-256 of the file.
    pub(crate) fn write(&self, file: &Path) -> miette::Result<String> {
        let failed = || format!("{} cannot be written", file.display());
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        for (path, Entry { bytes, is_program }) in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(if *is_program { 0o755 } else { 0o644 });
            // Of no time, user or machine.
            header.set_mtime(0);
            header.set_uid(0);
            header.set_gid(0);
            tar.append_data(&mut header, format!("{}/{path}", self.folder), bytes.as_slice()).into_diagnostic().wrap_err_with(failed)?;
        }
        let packed = tar.into_inner().and_then(GzEncoder::finish).into_diagnostic().wrap_err_with(failed)?;
        assay_whole_file::write(file, &packed).into_diagnostic().wrap_err_with(failed)?;
        Ok(Sha256::digest(&packed).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn read(file: &Path) -> miette::Result<Vec<u8>> {
    std::fs::read(file).into_diagnostic().wrap_err_with(|| format!("{} cannot be read", file.display()))
}
