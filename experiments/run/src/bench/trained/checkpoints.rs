//! The checkpoints of the trainings of a run, in a folder of their own: what a longer training goes on from, and what an
//! interrupted one is continued with. They save time and nothing else: a training whose checkpoint is gone begins again, to the
//! same end.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use assay_core::data::{Content, read_file};
use assay_core::plugin::Request;
use assay_results::files::CHECKPOINTS;

/// The checkpoints in a run folder.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// Those of the run in this folder.
    pub(crate) fn of(run: &Path) -> Self {
        let folder = run.join(CHECKPOINTS);
        // What a killed session had not written to the end.
        assay_whole_file::remove_unfinished(&folder);
        Self { folder }
    }

    /// The file of the training that a request is answered by.
    pub(super) fn file(&self, request: &Request) -> PathBuf {
        let mut content = Content::default();
        content.add(request.subspace.to_string().as_bytes());
        content.add(request.parameters.as_bytes());
        self.folder.join(format!("{}.safetensors", content.finish()))
    }

    /// The checkpoint in a file; nothing if there is none.
    pub(super) fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
        match read_file(file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a checkpoint, whole or not at all.
    pub(super) fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        assay_whole_file::write(file, bytes)
    }

    /// Removes a checkpoint that nothing will be continued from.
    pub(super) fn remove(file: &Path) {
        if let Err(error) = fs::remove_file(file)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(file = %file.display(), %error, "a checkpoint cannot be removed");
        }
    }

    /// Removes all of them: the run is finished.
    pub(crate) fn remove_all(&self) {
        if let Err(error) = fs::remove_dir_all(&self.folder)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(folder = %self.folder.display(), %error, "checkpoints cannot be removed");
        }
    }
}
